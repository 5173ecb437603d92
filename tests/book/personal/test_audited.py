"""To whom a client's rows were given, as far as the audit knows; and reasons that name nobody."""

from __future__ import annotations

import pytest

from clientlib.book import open_book
from clientlib.book.audit.record import NAMED
from clientlib.book.personal import copy_for, erase
from clientlib.errors import PermissionRefused
from clientlib.workbook import Workbook
from tests.book.personal.conftest import ANN, BOB

WHY = "asked in writing"


def test_shares_and_exports_that_may_hold_the_client_are_named(mine: Workbook) -> None:
    with open_book(mine, role="data_entry") as book:
        book.audit.record("share", to="warehouse/firm", departments=["risk"])
        book.audit.record("export", clients=[ANN, BOB], file="both.csv")
        book.audit.record("export", clients=[BOB], file="bob.csv")
        book.audit.record("export", clients=[f"X{n}" for n in range(NAMED + 1)], file="many.csv")
        book.audit.record("export", clients=[ANN], file="never.csv", outcome="broken off")
    given = erase(mine, ANN, WHY, only_look=True).given
    assert [one.to for one in given] == ["warehouse/firm", "both.csv", "many.csv"]


def test_a_share_is_named_once_with_its_last_day(mine: Workbook) -> None:
    with open_book(mine, role="data_entry") as book:
        for _ in range(2):
            book.audit.record("share", to="warehouse/firm")
    assert len(erase(mine, ANN, WHY, only_look=True).given) == 1


def test_a_reason_does_not_tell_who_the_client_is(mine: Workbook) -> None:
    why = "欧阳翡翠, passport E7654321, called from 13987650123"
    copy_for(mine, ANN, why)
    erase(mine, ANN, why)
    with open_book(mine, role="auditor") as book:
        records = book.audit_records()
    reasons = records[records["event"].isin(["export_person", "erase"])]["reason"]
    assert set(reasons) == {"欧**, passport ****, called from ****"}


def test_an_answer_without_the_vaults_key_is_recorded_as_refused(mine: Workbook) -> None:
    (mine.keys / "vault.key").rename(mine.folder / "vault.key")
    with pytest.raises(PermissionRefused, match="vault's key"):
        copy_for(mine, ANN, WHY)
    with open_book(mine, role="auditor") as book:
        assert (book.audit_records()["event"] == "refused").sum() == 1
