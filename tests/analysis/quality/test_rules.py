"""Which cells count as required, missing or invalid in rows that are stored already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dataframely as dy
import pandas as pd
import polars as pl
import pytest

from clientlib import declare
from clientlib.analysis.quality.rows import NUMBER, typed_rows
from clientlib.analysis.quality.rules import CELLS, GAPS, WRONG, Judged, judge
from clientlib.declare import describe, schema_key
from clientlib.tables import AREAS, AreaInfo, Contacts

ZONE = "Asia/Shanghai"
PLAIN: dict[str, dict[str, Any]] = {
    "clients": {
        "client_id": "K1",
        "client_type": "individual",
        "id_type": "id_card",
        "birth_date": pd.Timestamp("1980-01-01"),
        "investor_class": "ordinary",
        "branch": "East",
        "opened_on": pd.Timestamp("2020-01-02"),
        "status": "active",
        "updated_at": pd.Timestamp("2026-05-01", tz=ZONE),
    },
    "contacts": {
        "client_id": "K1",
        "marketing_consent": True,
        "consent_on": pd.Timestamp("2026-01-01"),
        "updated_at": pd.Timestamp("2026-05-01", tz=ZONE),
    },
    "service_requests": {
        "request_id": "R1",
        "client_id": "K1",
        "opened_at": pd.Timestamp("2026-05-01", tz=ZONE),
        "category": "advice",
        "closed_at": pd.Timestamp("2026-05-02", tz=ZONE),
        "status": "closed",
    },
}


def judged(name: str, area: AreaInfo | None = None, **cells: Any) -> Judged:
    """One row in order but for `cells`."""
    row = {"remarks": None, **PLAIN[name], **cells}
    info = area or AREAS[name]
    return judge(typed_rows(pd.DataFrame([row]), info, ZONE), info)


def faults(found: Judged) -> list[tuple[str, str, str]]:
    return found.faults.select("field", "rule", "kind").rows()


@pytest.mark.parametrize("name", PLAIN)
def test_a_row_in_order_has_no_fault(name: str) -> None:
    assert faults(judged(name)) == []


def test_a_required_cell_without_a_value_is_missing() -> None:
    assert faults(judged("clients", status=None)) == [("status", "required", "missing")]


def test_a_remark_excuses_but_does_not_fill() -> None:
    found = judged("clients", status=None, remarks="asked for")
    assert found.rows.select(GAPS, WRONG).row(0) == (1, False)


def test_the_birth_date_of_a_person_is_required() -> None:
    assert faults(judged("clients", birth_date=None)) == [("birth_date", "birth_date_of_person", "missing")]


def test_an_institution_needs_no_birth_date() -> None:
    person, firm = judged("clients"), judged("clients", client_type="institution", birth_date=None)
    assert faults(firm) == []
    assert person.rows[CELLS][0] - firm.rows[CELLS][0] == 1


def test_the_date_of_a_consent_is_required_with_yes_only() -> None:
    assert faults(judged("contacts", consent_on=None)) == [("consent_on", "consent_has_date", "missing")]
    assert faults(judged("contacts", consent_on=None, marketing_consent=False)) == []


def test_a_cell_that_two_rules_require_is_missing_once() -> None:
    assert judged("service_requests", closed_at=None).rows[GAPS][0] == 1


def test_identity_counts_among_the_cells_to_be_filled() -> None:
    required = [f.name for f in AREAS["contacts"].fields if f.required and not f.key]
    assert required == ["mobile", "marketing_consent"]
    assert judged("contacts").rows[CELLS][0] == len(required) + 1, "and the date of the consent"


def test_a_pending_row_with_all_that_is_seen_lacks_identity() -> None:
    told: dict[str, Any] = {"remarks": "new number to come", "_pending": True}
    assert faults(judged("contacts", **told)) == [("mobile", "required", "missing")]
    assert faults(judged("clients", **told)) == [("full_name;id_number", "required", "missing")]


def test_a_pending_row_with_a_gap_that_is_seen_is_explained_by_it() -> None:
    found = judged("clients", status=None, remarks="asked for", _pending=True)
    assert faults(found) == [("status", "required", "missing")]


def test_a_value_that_no_code_list_has_is_invalid() -> None:
    assert faults(judged("clients", status="asleep")) == [("status", "code", "invalid")]


def test_a_contradiction_is_invalid_and_not_a_gap() -> None:
    assert faults(judged("service_requests", status="open")) == [("closed_at", "closed_has_time", "invalid")]


def test_rules_about_identity_are_not_judged() -> None:
    # The gender would have to agree with the ID number, which is not here.
    assert faults(judged("clients", gender="2")) == []


def test_a_rule_that_the_firm_narrowed_finds_older_rows() -> None:
    class Narrower(Contacts):
        postcode = declare.text(
            "Postcode", "邮编", "Six digits.", "六位数字。", required=True, pattern=r"\d{6}"
        )

    fields = describe("contacts", Narrower, schema_key(Narrower))
    area = replace(AREAS["contacts"], schema=Narrower, fields=fields)
    assert faults(judged("contacts", area, postcode="SW1A 1AA")) == [("postcode", "pattern", "invalid")]
    assert faults(judged("contacts", area, postcode=None)) == [("postcode", "required", "missing")]


def test_a_field_that_the_frame_lacks_is_not_judged() -> None:
    rows = pd.DataFrame([PLAIN["clients"]]).drop(columns="status")
    assert judge(typed_rows(rows, AREAS["clients"], ZONE), AREAS["clients"]).faults.is_empty()


@pytest.mark.parametrize("name", AREAS)
def test_every_area_can_be_judged_without_a_row(name: str) -> None:
    area = AREAS[name]
    empty = pd.DataFrame({f.name: [] for f in area.fields})
    found = judge(typed_rows(empty, area, ZONE), area)
    assert (found.rows.height, found.faults.height) == (0, 0)


def test_what_the_intake_finds_is_found_again() -> None:
    # dataframely's own filter is the reference, for rules that look at nothing hidden.
    area = AREAS["service_requests"]
    row = {**PLAIN["service_requests"], "category": "gossip", "priority": "huge", "remarks": None}
    row["first_response_at"] = pd.Timestamp("2026-04-01", tz=ZONE)
    typed = typed_rows(pd.DataFrame([row]), area, ZONE)
    whole = typed.with_columns(
        pl.lit(None, f.dtype).alias(f.name) for f in area.fields if f.name not in typed.columns
    )
    schema: type[dy.Schema] = area.schema
    _, failure = schema.filter(whole.select(f.name for f in area.fields))
    expected = {name.partition("|")[2].removeprefix("check__") or name for name in failure.counts()}
    assert set(judge(typed, area).faults["rule"]) == expected
    assert typed[NUMBER].to_list() == [0]
