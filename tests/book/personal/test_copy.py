"""The copy for a person is complete, names nobody else, and is recorded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib import custom
from clientlib.book import account, open_book
from clientlib.book.personal import PersonalCopy, copy_for, erase
from clientlib.book.personal.copy import SCHEMA
from clientlib.errors import BookError, ParameterError, PermissionRefused
from clientlib.intake import stream
from clientlib.intake.result import CheckResult
from clientlib.report.person_page import person_page
from clientlib.workbook import Workbook
from tests.book.personal.conftest import ANN, BOB, PLANTED

WHY = "asked in writing"
CLIENT_WITH_OWN_FIELDS = (
    "client_id,full_name,client_type,id_type,id_number,birth_date,investor_class,branch,opened_on,status,"
    "updated_at,club,nickname\n"
    "C009,王小九,individual,passport,E7654329,1980-01-01,ordinary,North,2020-01-01,closed,2024-06-01 12:00,"
    "Chess,Nine\n"
)


@pytest.fixture(scope="module")
def own(filled: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """A copy of the book: that somebody was given one is in its audit from then on."""
    return Workbook(Path(shutil.copytree(filled.folder, tmp_path_factory.mktemp("own") / "firm")))


@pytest.fixture(scope="module")
def copy(own: Workbook) -> PersonalCopy:
    return copy_for(own, ANN, WHY)


@pytest.fixture(scope="module")
def told(own: Workbook, copy: PersonalCopy) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(copy.as_json(own)))
    return found


def test_every_planted_value_is_in_it(told: dict[str, Any]) -> None:
    text = json.dumps(told, ensure_ascii=False)
    assert [value for value in PLANTED if value not in text] == []


def test_all_rows_of_all_areas_are_in_it(copy: PersonalCopy) -> None:
    assert {name: len(records) for name, records in copy.areas.items()} == {
        "clients": 2,
        "contacts": 1,
        "finances": 1,
        "preferences": 1,
        "relations": 1,
        "trades": 2,
        "service_requests": 1,
        "feedback": 1,
        "balances": 2,
        "campaign_contacts": 1,
    }


def test_the_json_says_its_form(told: dict[str, Any]) -> None:
    assert told["schema"] == SCHEMA


def test_instants_are_told_in_the_firms_zone(told: dict[str, Any]) -> None:
    assert told["areas"]["clients"]["records"][1]["values"]["updated_at"] == "2024-06-01T12:00:00+08:00"


def test_of_others_relations_only_what_they_say_of_the_person_is_told(copy: PersonalCopy) -> None:
    assert [dict(one.values) for one in copy.named_by_others] == [
        {"kind": "spouse"},
        {"kind": "agent", "related_name": "欧阳翡翠", "related_mobile": "+8613987650123"},
        {"kind": "household", "related_name": "欧阳翡翠"},
    ]


def test_nobody_elses_identity_is_in_it(told: dict[str, Any]) -> None:
    text = json.dumps(told, ensure_ascii=False)
    assert [value for value in ("王小二", "+8613800000002", "+8613811111111") if value in text] == []


def test_a_name_that_another_client_bears_is_not_taken_for_the_persons(
    mine: Workbook,
    hand_in: Callable[..., Any],
    client: Callable[..., dict[str, Any]],
) -> None:
    with open_book(mine, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(3, full_name="欧阳翡翠")])], source="4.csv")
    assert len(copy_for(mine, ANN, WHY).named_by_others) == 2


def test_where_it_came_from_is_told(copy: PersonalCopy) -> None:
    assert [(one.batch, one.name) for one in copy.sources] == [(1, "1.csv"), (2, "2.csv"), (3, "3.csv")]


def test_numbers_are_given_their_names(copy: PersonalCopy) -> None:
    assert copy.names == {"security_id": {"S1": "Amber Fund"}, "campaign_id": {"K1": "Spring"}}


def test_a_corrected_row_is_told_apart_from_the_standing_one(
    mine: Workbook, hand_in: Callable[..., Any], trade: Callable[..., dict[str, Any]]
) -> None:
    with open_book(mine, role="data_entry", write=True) as book:
        book.import_checked([hand_in(trades=[trade(1, client_id=ANN, fee=1.0)])], source="4.csv")
        book.undo(1)
    copy = copy_for(mine, ANN, WHY)
    assert [(one.batch, one.state) for one in copy.areas["trades"]] == [
        (3, "earlier"),
        (4, "standing"),
        (3, "standing"),
    ]
    assert {one.state for one in copy.areas["contacts"]} == {"taken_back"}


def test_a_row_that_a_correction_made_anothers_does_not_stand(
    mine: Workbook, hand_in: Callable[..., CheckResult], trade: Callable[..., dict[str, Any]]
) -> None:
    for client in (ANN, BOB):
        with open_book(mine, role="data_entry", write=True) as book:
            book.import_checked([hand_in(trades=[trade(9, client_id=client)])], source="moved")
    states = {one.values["trade_id"]: one.state for one in copy_for(mine, ANN, WHY).areas["trades"]}
    assert states["T009"] == "earlier"


def test_merged_numbers_are_one_person(mine: Workbook) -> None:
    with open_book(mine, role="data_entry", write=True) as book:
        book.merge(BOB, ANN)
    copy = copy_for(mine, ANN, WHY)
    assert copy.numbers == (BOB, ANN)
    assert [(one.kept, one.other) for one in copy.merges] == [(BOB, ANN)]
    assert len(copy.areas["trades"]) == 3


FIELDS = """
[clients.club]
title_en = "Club"
title_zh = "俱乐部"
type = "text"

[clients.nickname]
title_en = "Nickname"
title_zh = "昵称"
type = "text"
sensitivity = "I"
"""


@pytest.mark.parametrize("still_declared", [True, False])
def test_a_firms_own_fields_are_in_it_also_when_they_were_taken_out_of_the_table(
    mine: Workbook, still_declared: bool
) -> None:
    (mine.folder / custom.FIELDS_FILE).write_text(FIELDS, "utf-8")
    handed_in = mine.folder / "clients.csv"
    handed_in.write_text(CLIENT_WITH_OWN_FIELDS, "utf-8")
    own = Workbook(mine.folder)
    with open_book(own, role="data_entry", write=True) as book:
        book.import_checked(stream(handed_in, areas=own.areas), source=handed_in.name)
    if not still_declared:
        (mine.folder / custom.FIELDS_FILE).write_text("", "utf-8")
        own = Workbook(mine.folder)
    values = copy_for(own, "C009", WHY).areas["clients"][0].values
    assert (values["club"], values["nickname"]) == ("Chess", "Nine")
    assert "Nine" in person_page(copy_for(own, "C009", WHY), "en", own, "x.json")


def test_who_looked_is_told_by_role_and_without_the_reason(mine: Workbook) -> None:
    with open_book(mine, role="service") as book:
        book.look_up("clients", [ANN], "a strange suspicion")
    copy = copy_for(mine, ANN, WHY)
    assert [(one.event, one.role) for one in copy.looks] == [("look_up", "service")]
    assert "suspicion" not in json.dumps(copy.as_json(mine))


def test_looks_are_told_also_when_a_batch_has_taken_them_over(mine: Workbook) -> None:
    with open_book(mine, role="service") as book:
        book.look_up("clients", [ANN], "called")
    with open_book(mine, role="data_entry", write=True) as book:
        book.undo(3)
    assert len(copy_for(mine, ANN, WHY).looks) == 1


def test_the_copy_is_recorded_with_its_reason(mine: Workbook) -> None:
    copy_for(mine, ANN, WHY)
    with open_book(mine, role="auditor") as book:
        records = book.audit_records()
    made = records[records["event"] == "export_person"].iloc[-1]
    assert (made["clients"], made["reason"]) == (ANN, WHY)


def test_of_an_erased_client_the_locked_rows_are_told_and_not_shown(mine: Workbook) -> None:
    erase(mine, ANN, WHY)
    copy = copy_for(mine, ANN, WHY)
    assert copy.areas == {}
    assert sum(one.rows for one in copy.locked) == 8
    assert copy.erased_by == 4


@pytest.mark.parametrize("role", ["analyst", "administrator", "auditor", "data_entry"])
def test_a_role_that_may_not_answer_is_refused(own: Workbook, role: str) -> None:
    with pytest.raises(PermissionRefused, match="These may: service"):
        copy_for(own, ANN, WHY, role)


def test_without_the_vaults_key_there_is_no_copy(mine: Workbook) -> None:
    (mine.keys / "vault.key").unlink()
    with pytest.raises(PermissionRefused, match="vault's key"):
        copy_for(mine, ANN, WHY)


def test_a_role_answers_for_its_own_clients_only(mine: Workbook) -> None:
    settings = mine.folder / "workbook.toml"
    text = settings.read_text("utf-8") + '\n[roles.service]\nrows = "branch"\n'
    text += f'[people.{account()}]\nroles = ["service"]\nbranch = "South"\n'
    settings.write_text(text, "utf-8")
    with pytest.raises(PermissionRefused, match="own clients only"):
        copy_for(Workbook(mine.folder), ANN, WHY)


def test_without_a_reason_there_is_no_copy(own: Workbook) -> None:
    with pytest.raises(ParameterError, match="--reason"):
        copy_for(own, ANN, " ")


def test_an_unknown_number_is_a_sentence(own: Workbook) -> None:
    with pytest.raises(BookError, match='no client "C999"'):
        copy_for(own, "C999", WHY)
