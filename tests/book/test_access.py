"""What a role sees and may do, wherever it is asked."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clientlib import config
from clientlib.book import Book, account, open_book, usual_role
from clientlib.book.access import grant
from clientlib.errors import ParameterError, PermissionRefused, SettingsError, Words
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

from .conftest import SETTINGS, HandIn

LATER = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
PEOPLE = f"""
[people.{account()}]
roles = ["advisor", "auditor", "data_entry", "desk", "service"]
advisor = "A1"
branch = "North"

[people.wang]
roles = ["administrator"]

[roles.desk]
areas = "all"
sensitivity = "N"
identity = "masked"
rows = "branch"
bands = true
may_edit = true
"""


@pytest.fixture(scope="module")
def firm(
    copied: Callable[[Path], Workbook],
    tmp_path_factory: pytest.TempPathFactory,
    hand_in: HandIn,
    client: Callable[..., dict[str, Any]],
    trade: Callable[..., dict[str, Any]],
) -> Workbook:
    """Three clients: C001 and C002 of A1 in the North, C002 since it moved there; C003 has left both."""
    made = copied(tmp_path_factory.mktemp("access") / "firm")
    clients = [
        client(1, advisor="A1"),
        client(2, advisor="A2", branch="South"),
        client(2, advisor="A1", branch="North", updated_at=LATER),
        client(3, advisor="A1", branch="North"),
        client(3, advisor="A2", branch="South", updated_at=LATER),
    ]
    trades = [trade(number, client_id=f"C00{number}") for number in (1, 2, 3)]
    finances = [
        {"client_id": f"C00{n}", "as_of": dt.date(2024, 1, 1), "annual_income": income, "currency": "CNY"}
        for n, income in ((1, 99_999.5), (2, 200_000.0), (3, 1.0))
    ]
    with open_book(made, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=clients, trades=trades, finances=finances)], source="one.csv")
    (made.folder / "workbook.toml").write_text(SETTINGS + PEOPLE, "utf-8")
    return Workbook(made.folder)


# ------------------------------------------------------------------------------ whose rows
@pytest.mark.parametrize(("role", "own"), [("advisor", ["C001", "C002"]), ("desk", ["C001", "C002"])])
def test_only_the_rows_of_own_clients_are_seen(firm: Workbook, role: str, own: list[str]) -> None:
    with open_book(firm, role=role) as book:
        assert sorted(set(book.area("clients")["client_id"])) == own
        assert book.area("trades")["client_id"].tolist() == own


def test_views_and_counts_hold_the_same_rows_as_frames(firm: Workbook) -> None:
    with open_book(firm, role="advisor") as book, book.views() as views:
        assert views.execute("SELECT count(*) FROM trades").fetchone() == (2,)
        assert book.counts()["trades"] == 2


def test_whose_a_client_is_the_newest_record_says_at_any_moment(firm: Workbook) -> None:
    with open_book(firm, role="advisor") as book:
        clients = book.area("clients", as_of="2024-06-30")
    assert clients["client_id"].tolist() == ["C001", "C002"]
    assert clients["branch"].tolist() == ["North", "South"]


def test_a_role_of_own_clients_needs_to_know_whose_they_are(firm: Workbook) -> None:
    with pytest.raises(PermissionRefused, match=r"\[people\.li\] advisor"):
        grant(config.load(None), AREAS, "advisor", "li")


# ---------------------------------------------------------------------------------- bands
def test_money_above_the_class_shows_in_bands(firm: Workbook) -> None:
    with open_book(firm, role="desk") as book:
        assert book.area("finances")["annual_income"].tolist() == ["50,000–99,999", "200,000–499,999"]


def test_a_birth_date_above_the_class_shows_in_bands(firm: Workbook) -> None:
    with open_book(firm, role="desk") as book, book.views() as views:
        assert views.execute("SELECT DISTINCT birth_date FROM clients").fetchall() == [("1980–1989",)]


def test_a_text_above_the_class_is_not_there(firm: Workbook) -> None:
    with open_book(firm, role="desk") as book:
        assert "employer" not in book.area("clients")


# ---------------------------------------------------------------------------- who may what
def test_a_role_that_is_not_granted_is_refused_and_says_who_grants_it(firm: Workbook) -> None:
    with pytest.raises(PermissionRefused, match=r"may not take the role \"analyst\".*\(wang\) grants it"):
        open_book(firm, role="analyst")


def test_who_sees_own_clients_only_changes_nobodys_rows(firm: Workbook) -> None:
    with pytest.raises(PermissionRefused, match="own clients only, so may not add rows of any"):
        open_book(firm, role="desk", write=True)


def test_rows_of_an_area_that_the_role_does_not_see_are_not_taken(
    copied: Callable[[Path], Workbook], tmp_path: Path, hand_in: HandIn, trade: Callable[..., dict[str, Any]]
) -> None:
    made = copied(tmp_path / "firm")
    narrow = '[roles.front]\nareas = ["clients"]\nsensitivity = "I"\nidentity = "plain"\nmay_edit = true\n'
    (made.folder / "workbook.toml").write_text(narrow, "utf-8")
    with (
        open_book(made.folder, role="front", write=True) as book,
        pytest.raises(PermissionRefused, match='does not see the area "trades"'),
    ):
        book.import_checked([hand_in(trades=[trade(1)])], source="trades.csv")


def test_nobody_becomes_somebody_else_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = account()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert account() == before


def test_a_command_runs_in_a_role_that_the_person_may_take(firm: Workbook) -> None:
    assert usual_role(firm.settings, "report") == "advisor"
    assert usual_role(firm.settings, "data_entry") == "data_entry"
    assert usual_role(config.load(None), "report", "anybody") == "report"


def test_a_slip_in_the_name_of_a_role_is_told(firm: Workbook) -> None:
    with pytest.raises(PermissionRefused, match="Did you mean auditor"):
        open_book(firm, role="auditr")


def test_a_right_that_is_missing_names_the_roles_that_have_it(firm: Workbook) -> None:
    with open_book(firm, role="service") as book, pytest.raises(PermissionRefused, match="risk, marketing"):
        book.access.needs("may_export", Words("export rows", "导出数据"))


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_keeps_or_audits_sees_no_area(role: str) -> None:
    access = grant(config.load(None), AREAS, role, "anybody")
    assert access.areas == []


# --------------------------------------------------------------------------------- looked up
@pytest.fixture
def service(firm: Workbook) -> Iterator[Book]:
    with open_book(firm, role="service") as book:
        yield book


def test_a_client_is_looked_up_plain_for_a_reason(service: Book) -> None:
    assert service.look_up("clients", ["C001"], "asked by phone")["full_name"].tolist() == ["王小001"]
    assert service.area("clients")["full_name"].iloc[0] == "王**"


def test_without_a_reason_nobody_is_looked_up(service: Book) -> None:
    with pytest.raises(ParameterError, match="why"):
        service.look_up("clients", ["C001"], " ")


def test_a_role_without_the_right_looks_nobody_up(firm: Workbook) -> None:
    with open_book(firm, role="desk") as book, pytest.raises(PermissionRefused, match="see who a client is"):
        book.look_up("clients", ["C001"], "curious about it")


# --------------------------------------------------------------------------------- the account
@pytest.mark.skipif(os.name != "posix", reason="the system knows the account on POSIX only")
def test_nobody_becomes_another_account_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = account()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "wang")
    assert account() == before


def test_a_role_with_an_area_that_there_is_not_is_answered_with_what_was_meant(firm: Workbook) -> None:
    role = firm.settings.roles["desk"].model_copy(update={"areas": ("client",)})
    settings = firm.settings.model_copy(update={"roles": {"desk": role}, "people": {}})
    with pytest.raises(SettingsError, match=r"\[roles\.desk\] areas: .*Did you mean clients\?"):
        grant(settings, AREAS, "desk")


# ------------------------------------------------------------------------ what is told beside
def test_decisions_about_other_peoples_clients_are_not_told(
    firm: Workbook, tmp_path: Path, hand_in: HandIn, client: Callable[..., dict[str, Any]]
) -> None:
    mine = Workbook(Path(shutil.copytree(firm.folder, tmp_path / "firm")))
    with open_book(mine, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(4, advisor="A2")])], source="two.csv")
        book.keep_apart("C001", "C003", "they differ")
        book.keep_apart("C004", "C003", "they differ")
    with open_book(mine, role="advisor") as book:
        assert list(book.decisions()["kept"]) == ["C001"]
    with open_book(mine, role="auditor") as book:
        assert book.decisions().empty


def test_a_preview_tells_nothing_that_the_role_does_not_see(
    firm: Workbook, tmp_path: Path, hand_in: HandIn, client: Callable[..., dict[str, Any]]
) -> None:
    mine = Workbook(Path(shutil.copytree(firm.folder, tmp_path / "firm")))
    narrow = (
        '[roles.data_entry]\nareas = ["clients"]\nsensitivity = "N"\nidentity = "hidden"\nmay_edit = true\n'
    )
    (mine.folder / "workbook.toml").write_text(SETTINGS + narrow, "utf-8")
    handed_in = hand_in(
        clients=[client(1, branch="West", full_name="李四", birth_date=dt.date(1999, 1, 1))],
    )
    with open_book(Workbook(mine.folder), role="data_entry", write=True) as book:
        told = book.preview([handed_in], source="x.csv").changes
    assert set(zip(told["area"], told["field"], strict=True)) == {
        ("clients", "branch"),
        ("clients", "advisor"),
    }
