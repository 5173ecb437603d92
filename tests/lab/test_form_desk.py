"""Rows of the entry form: checked as the intake checks, found again, and saved without losing anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from clientlib import open_book
from clientlib.errors import BookBusy, BookError, ClientlibError
from clientlib.examples import example
from clientlib.lab.form_desk import Change, Checked, Desk, Saved, Texts, ToAgree, identifiers, sit_down
from clientlib.lab.form_wording import Hindrance
from clientlib.tables import AREAS
from clientlib.workbook import Workbook


@pytest.fixture
def desk(firm: Workbook) -> Desk:
    return sit_down(firm)


def row(desk: Desk, area: str, **texts: str) -> Texts:
    """The example of every field of an area, as a person types it."""
    return {field.name: example(field, "en") for field in desk.areas[area].fields} | texts


def checked(desk: Desk, area: str, **texts: str) -> Checked:
    return desk.check(desk.areas[area], row(desk, area, **texts))


def saved(desk: Desk, area: str, **texts: str) -> Saved:
    outcome = desk.save(checked(desk, area, **texts))
    assert isinstance(outcome, Saved)
    return outcome


def asked(desk: Desk, area: str, **texts: str) -> ToAgree:
    outcome = desk.save(checked(desk, area, **texts))
    assert isinstance(outcome, ToAgree)
    return outcome


def found(desk: Desk, area: str, **wanted: str) -> Texts:
    return desk.find(desk.areas[area], wanted)


# ------------------------------------------------------------------------------------ checked
@pytest.mark.parametrize("area", AREAS)
def test_a_row_of_every_area_is_saved_and_found_again(desk: Desk, area: str) -> None:
    typed = row(desk, area)
    first = desk.check(desk.areas[area], typed)
    assert first.errors == ()
    assert isinstance(desk.save(first), Saved)
    again = found(desk, area, **{name: typed[name] for name in identifiers(desk.areas[area])})
    second = desk.check(desk.areas[area], again)
    assert first.result.accepted[area].equals(second.result.accepted[area])


def test_an_empty_required_field_is_told_in_both_languages(desk: Desk) -> None:
    (note,) = checked(desk, "clients", branch="", remarks="").errors
    assert (note.field, note.rule) == ("branch", "required")
    assert note.text("en").startswith("Branch is empty")
    assert note.text("zh").startswith("“营业部”为空")


def test_what_only_the_remarks_excuse_is_pending(desk: Desk) -> None:
    result = checked(desk, "clients", branch="", remarks="follows")
    assert [note.field for note in result.pending] == ["branch"]
    assert result.errors == ()


def test_it_is_pending_also_while_something_else_is_wrong(desk: Desk) -> None:
    result = checked(desk, "clients", branch="", opened_on="2019-13-01", remarks="follows")
    assert [note.field for note in result.pending] == ["branch"]
    assert [note.rule for note in result.errors] == ["no_such_date"]


def test_remarks_without_a_gap_make_nothing_pending(desk: Desk) -> None:
    assert checked(desk, "clients", remarks="a good client").pending == ()


def test_what_cannot_be_read_is_quoted(desk: Desk) -> None:
    (note,) = checked(desk, "finances", liabilities="8OOO00").errors
    assert '"8OOO00" is not a number' in note.en


def test_identity_is_masked_in_what_is_said_of_it(desk: Desk) -> None:
    notes = checked(desk, "contacts", mobile="1601234").errors
    assert [note.rule for note in notes] == ["pattern"]
    assert "1601234" not in notes[0].en + notes[0].zh


def test_another_form_of_a_value_is_told(desk: Desk) -> None:
    result = checked(desk, "preferences", assessed_on="2026年3月21日", goal="无")
    assert result.taken_as["assessed_on"] == "2026-03-21"
    assert result.taken_as["goal"] == ""


def test_a_firms_own_field_is_checked_like_any_other(desk: Desk) -> None:
    (note,) = checked(desk, "clients", habits="lazy").errors
    assert note.field == "habits"


def test_the_moment_of_a_version_is_proposed_and_nothing_else(desk: Desk) -> None:
    proposed = {name: list(desk.proposed(area)) for name, area in desk.areas.items()}
    assert {name: fields for name, fields in proposed.items() if fields} == {
        "clients": ["updated_at"],
        "contacts": ["updated_at"],
    }


def test_what_is_proposed_is_sound(desk: Desk) -> None:
    assert checked(desk, "clients", **desk.proposed(desk.areas["clients"])).errors == ()


# -------------------------------------------------------------------------------------- saved
def test_a_new_row_is_one_batch_of_the_form(desk: Desk) -> None:
    outcome = saved(desk, "clients")
    assert (outcome.key, outcome.batch, outcome.stood, outcome.changes) == ("C000123", 1, False, ())
    with open_book(desk.workbook) as book:
        assert book.batches().loc[1, "source"] == "entry form"


def test_a_change_is_asked_about_before_it_is_saved(desk: Desk) -> None:
    saved(desk, "clients")
    changed = {"advisor": "A0001", "updated_at": "2026-04-01 09:00:00"}
    question = asked(desk, "clients", **changed)
    assert question.changes == (Change("advisor", "A0457", "A0001"),)
    assert found(desk, "clients", client_id="C000123")["advisor"] == "A0457"
    outcome = desk.save(checked(desk, "clients", **changed), question.changes)
    assert isinstance(outcome, Saved)
    assert (outcome.batch, outcome.stood, outcome.changes) == (2, True, question.changes)


def test_the_newest_version_is_found(desk: Desk) -> None:
    saved(desk, "contacts", updated_at="2026-05-01 09:00:00")
    older = asked(desk, "contacts", updated_at="2026-06-01 09:00:00", postcode="200002")
    desk.save(checked(desk, "contacts", updated_at="2026-06-01 09:00:00", postcode="200002"), older.changes)
    assert found(desk, "contacts", client_id="C000123")["postcode"] == "200002"


def test_a_version_without_a_change_confirms_the_one_before(desk: Desk) -> None:
    saved(desk, "clients")
    outcome = saved(desk, "clients", updated_at="2026-04-01 09:00:00")
    assert (outcome.batch, outcome.stood, outcome.changes) == (2, True, ())


def test_the_very_same_row_is_not_stored_again(desk: Desk) -> None:
    saved(desk, "clients")
    assert saved(desk, "clients").batch is None


def test_a_version_older_than_the_newest_says_so(desk: Desk) -> None:
    saved(desk, "clients")
    outcome = saved(desk, "clients", updated_at="2025-01-01 09:00:00")
    assert (outcome.stood, outcome.newer) == (False, "2026-03-21 10:31:00")


def test_a_statement_of_the_same_day_is_corrected(desk: Desk) -> None:
    saved(desk, "finances")
    question = asked(desk, "finances", annual_income="360000", capacity_band="")
    assert question.changes == (
        Change("annual_income", "350000", "360000"),
        Change("capacity_band", "CAP_80K_300K", None),
    )


def test_a_row_with_a_number_of_its_own_is_corrected(desk: Desk) -> None:
    saved(desk, "feedback")
    assert asked(desk, "feedback", csat="1").changes == (Change("csat", "4", "1"),)


def test_identity_is_masked_in_a_question(desk: Desk) -> None:
    saved(desk, "clients")
    question = asked(desk, "clients", full_name="Zhou Hua", updated_at="2026-04-01 09:00:00")
    assert "Zhou Hua" not in str(question)
    assert [change.field for change in question.changes] == ["full_name"]


def test_a_book_that_changed_meanwhile_is_asked_about_again(desk: Desk) -> None:
    saved(desk, "feedback")
    question = asked(desk, "feedback", csat="1")
    desk.save(checked(desk, "feedback", csat="2"), (Change("csat", "4", "2"),))
    again = desk.save(checked(desk, "feedback", csat="1"), question.changes)
    assert isinstance(again, ToAgree)
    assert again.changes == (Change("csat", "2", "1"),)


def test_a_client_whom_the_book_does_not_know_is_named(desk: Desk) -> None:
    assert saved(desk, "feedback").unknown == {"client_id": "C000123"}


def test_a_pending_row_is_saved_and_says_so(desk: Desk) -> None:
    assert saved(desk, "clients", branch="", remarks="follows").pending


# ----------------------------------------------------------------------------------- hindered
def test_a_busy_book_takes_nothing_and_the_row_can_be_saved_after(desk: Desk) -> None:
    ready = checked(desk, "clients")
    with open_book(desk.workbook), pytest.raises(BookBusy):
        desk.save(ready)
    assert isinstance(desk.save(ready), Saved)


def test_a_record_that_is_not_there_is_told(desk: Desk) -> None:
    with pytest.raises(Hindrance, match="no record of C9"):
        found(desk, "clients", client_id="C9")


def test_a_number_that_cannot_be_read_is_not_there(desk: Desk) -> None:
    with pytest.raises(Hindrance, match="no record"):
        found(desk, "prices", security_id="SE600001", date="yesterday")


@pytest.mark.parametrize(
    ("role", "key"), [("analyst", "may_not_edit"), ("branch_desk", "sees_too_little")], ids=str
)
def test_a_role_that_could_empty_what_it_does_not_see_is_refused(firm: Workbook, role: str, key: str) -> None:
    with pytest.raises(Hindrance) as refused:
        sit_down(firm, role)
    assert refused.value.key == key


def test_without_the_vaults_key_nothing_is_filled_in(firm: Workbook) -> None:
    (firm.keys / "vault.key").unlink()
    with pytest.raises(Hindrance) as refused:
        sit_down(firm)
    assert refused.value.key == "no_vault_key"


def test_without_a_book_it_is_told_at_once(firm: Workbook) -> None:
    firm.book_file.unlink()
    with pytest.raises(BookError):
        sit_down(firm)


def test_no_workbook_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClientlibError, match="no workbook folder"):
        sit_down(tmp_path)


def test_a_role_fills_in_only_its_areas(firm: Workbook) -> None:
    own = (firm.folder / "workbook.toml").read_text("utf-8").replace('"masked"', '"plain"')
    (firm.folder / "workbook.toml").write_text(own, "utf-8")
    assert list(sit_down(Workbook(firm.folder), "branch_desk").areas) == ["clients", "contacts"]
