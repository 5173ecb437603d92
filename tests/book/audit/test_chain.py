"""A chain that was altered in any one way is found out, by a sentence that names the place."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.book.audit.anchor import Anchor
from clientlib.book.audit.chain import Found, Remark, check
from clientlib.book.audit.record import BACK_TO, BATCH, SO_FAR, STAMP, START, Entry, Event, Link, digest

FOLDED, LAST = 8, 12
"""The tables have the records up to FOLDED, the last of which tells of batch 1; the journal has the rest."""
START_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
STAMPED = 1_767_225_600_000_000


def chain(entries: Sequence[Entry], first: int = 1, before: str = START) -> list[Link]:
    links = []
    for seq, entry in enumerate(entries, first):
        text = entry.text(seq, START_AT + dt.timedelta(minutes=seq), 1)
        before = digest(before, text)
        links.append(Link(seq, text, before))
    return links


def entry(event: Event = "search", outcome: str = "done", details: dict[str, int] | None = None) -> Entry:
    return Entry.of(event, who="wang", role="analyst", outcome=outcome, details=details)


def of_batch(number: int, outcome: str = "done") -> Entry:
    return entry("import", outcome, {BATCH: number, STAMP: STAMPED + number})


def usual() -> list[Link]:
    entries = [entry("begin", details={SO_FAR: 0}), *(entry(details={"rows": n}) for n in range(2, LAST + 1))]
    entries[FOLDED - 1] = of_batch(1)
    return chain(entries)


def found(links: Sequence[Link], folded: int = FOLDED, **others: object) -> Found:
    """As a book has them: the journal keeps the last record that both files have, and goes on from it."""
    table = [link for link in links if link.seq <= folded]
    rest = [link for link in links if link.seq >= folded]
    anchor = Anchor("a-book", links[-1].seq, links[-1].hash, 1, STAMPED + 1)
    whole = Found(table, table, rest, anchor, "a-book", {1: STAMPED + 1})
    return dataclasses.replace(whole, **others)  # type: ignore[arg-type]


def defects(what: Found) -> list[Remark]:
    return [remark for remark in check(what) if remark.defect]


def kinds(what: Found) -> set[str]:
    return {remark.kind for remark in defects(what)}


# --------------------------------------------------------------------------------- untouched
@given(folded=st.integers(FOLDED, LAST))
def test_an_untouched_chain_has_no_defect(folded: int) -> None:
    assert check(found(usual(), folded)) == []


def test_without_the_vaults_key_a_note_says_what_was_not_looked_at() -> None:
    assert [(r.kind, r.defect) for r in check(found(usual(), vault=None))] == [("vault_not_looked_at", False)]


def test_an_anchor_behind_is_what_a_crash_leaves() -> None:
    links = usual()
    assert check(found(links, anchor=Anchor("a-book", 11, links[10].hash, 0, 0))) == []


# ---------------------------------------------------------------------------------- tampered
def rewritten(link: Link) -> Link:
    return dataclasses.replace(link, text=link.text.replace("wang", "li"))


def rewritten_with_its_hash(links: list[Link], at: int) -> list[Link]:
    before = links[at - 1].hash if at else START
    changed = rewritten(links[at])
    return [*links[:at], dataclasses.replace(changed, hash=digest(before, changed.text)), *links[at + 1 :]]


def rechained(links: list[Link], at: int) -> list[Link]:
    """The record changed, and every later one in this place tied anew: what only a key holder can do."""
    before = links[at - 1].hash if at else START
    made = links[:at]
    for link in [rewritten(links[at]), *links[at + 1 :]]:
        before = digest(before, link.text)
        made.append(dataclasses.replace(link, hash=before))
    return made


Tamper = Callable[[list[Link], int], list[Link]]
TAMPERS: dict[str, Tamper] = {
    "changed": lambda links, at: [*links[:at], rewritten(links[at]), *links[at + 1 :]],
    "changed with its hash": rewritten_with_its_hash,
    "changed and all after it tied anew": rechained,
    "hash changed": lambda links, at: [
        *links[:at],
        dataclasses.replace(links[at], hash="0" * 64),
        *links[at + 1 :],
    ],
    "removed": lambda links, at: links[:at] + links[at + 1 :],
    "cut off from there": lambda links, at: links[:at],
    "put in twice": lambda links, at: [*links[: at + 1], *links[at:]],
    "another put in": lambda links, at: [*links[:at], rewritten(links[at]), *links[at:]],
    "moved to the end": lambda links, at: [*links[:at], *links[at + 1 :], links[at]],
    "texts of two exchanged": lambda links, at: [
        *links[: at - 1],
        dataclasses.replace(links[at], seq=links[at - 1].seq),
        dataclasses.replace(links[at - 1], seq=links[at].seq),
        *links[at + 1 :],
    ],
}


@given(source=st.sampled_from(["book", "vault"]), how=st.sampled_from(sorted(TAMPERS)), at=st.integers(1, 7))
def test_whatever_is_done_to_a_record_in_a_file_is_found(source: str, how: str, at: int) -> None:
    links = usual()
    table = TAMPERS[how](links[:FOLDED], at)
    if table != links[:FOLDED]:
        altered = found(links, book=table) if source == "book" else found(links, vault=table)
        assert defects(altered) != []


@given(how=st.sampled_from(sorted(TAMPERS)), at=st.integers(1, 4))
def test_whatever_is_done_to_a_record_that_only_the_journal_has_is_found(how: str, at: int) -> None:
    links = usual()
    journal = TAMPERS[how](links[FOLDED - 1 :], at)
    if journal != links[FOLDED - 1 :]:
        assert defects(found(links, journal=journal)) != []


@given(how=st.sampled_from(sorted(TAMPERS)), at=st.integers(1, 6))
def test_the_same_done_to_both_files_is_found(how: str, at: int) -> None:
    links = usual()
    table = TAMPERS[how](links[:FOLDED], at)
    if table != links[:FOLDED]:
        assert defects(found(links, book=table, vault=table)) != []


@given(at=st.integers(1, LAST - 1))
def test_everything_tied_anew_is_found_by_the_anchor(at: int) -> None:
    links = usual()
    assert "anchor_disagrees" in kinds(found(rechained(links, at), anchor=found(links).anchor))


@given(end=st.integers(FOLDED, LAST - 1))
def test_an_end_cut_off_everywhere_is_found_by_the_anchor(end: int) -> None:
    links = usual()
    cut = found(links[:end], anchor=found(links).anchor)
    assert [(d.kind, d.values) for d in defects(cut)] == [("end_gone", {"first": end + 1, "last": LAST})]


def test_the_sentence_names_the_record_that_was_changed() -> None:
    links = usual()
    changed = TAMPERS["changed"](links[:FOLDED], 4)
    assert "Record 5 in the book does not follow from record 4" in " ".join(
        map(str, defects(found(links, book=changed)))
    )


def test_the_sentence_names_the_records_that_are_missing() -> None:
    links = usual()
    assert str(defects(found(links, book=[*links[:3], *links[5:FOLDED]]))[0]) == (
        "Records 4 to 5 are missing in the book."
    )


def test_every_sentence_is_there_in_chinese() -> None:
    links = usual()
    told = [r.sentence("zh") for r in check(found(links, book=links[:4], journal=[None], anchor=None))]
    assert told
    assert all(sentence.endswith("。") for sentence in told)


def test_a_line_that_cannot_be_read_is_named() -> None:
    links = usual()
    journal = [links[7], None, *links[9:]]
    assert {"unreadable", "missing"} <= kinds(found(links, journal=journal))


def test_a_record_put_in_behind_the_anchor_is_found() -> None:
    links = usual()
    forged = chain([entry(outcome="forged")], LAST + 1, links[-1].hash)
    table = [*links, *forged]
    assert "beyond_anchor" in kinds(found(links, book=table, vault=table))


# ----------------------------------------------------------------------------------- anchor
def test_a_missing_anchor_is_told() -> None:
    assert kinds(found(usual(), anchor=None)) == {"no_anchor"}


def test_an_anchor_of_another_book_is_told() -> None:
    assert kinds(found(usual(), anchor=Anchor("other"))) == {"foreign_anchor"}


def test_an_alarm_is_a_defect_until_a_verification_told_of_it() -> None:
    links = usual()
    rest = chain([entry("alarm", "anchor gone"), entry("verify")], LAST + 1, links[-1].hash)
    assert kinds(found([*links, rest[0]])) == {"alarm_anchor_gone"}
    assert kinds(found([*links, *rest])) == set()


# ---------------------------------------------------------------------------------- batches
def book_of(*entries: Entry, stamps: dict[int, int]) -> Found:
    links = chain([entry("begin", details={SO_FAR: 0}), *entries])
    last = max(stamps, default=0)
    anchor = Anchor("a-book", links[-1].seq, links[-1].hash, last, stamps.get(last, 0))
    return found(links, len(links), anchor=anchor, stamps=stamps)


STAMPS = {1: STAMPED + 1, 2: STAMPED + 2}


def test_a_batch_without_a_record_is_found() -> None:
    assert kinds(book_of(of_batch(1), stamps=STAMPS)) == {"batch_without_record"}


def test_a_record_whose_batch_is_gone_is_found() -> None:
    assert kinds(book_of(of_batch(1), of_batch(2), of_batch(3), stamps={1: STAMPED + 1})) == {
        "record_without_batch"
    }


def test_a_batch_recorded_at_another_time_is_found() -> None:
    assert kinds(book_of(of_batch(1), stamps={1: STAMPED + 99})) == {"other_batch"}


def test_a_batch_that_was_broken_off_needs_none() -> None:
    assert (
        kinds(book_of(of_batch(1), of_batch(2), of_batch(2, "broken off"), stamps={1: STAMPED + 1})) == set()
    )


def test_the_batch_after_the_last_may_have_died_before_its_commit() -> None:
    died = book_of(of_batch(1), of_batch(2), stamps={1: STAMPED + 1})
    assert [(r.kind, r.defect) for r in check(died)] == [("under_way", False)]


def test_a_batch_that_was_cut_off_with_its_record_is_found_by_the_anchor() -> None:
    whole = book_of(of_batch(1), of_batch(2), stamps=STAMPS)
    cut = dataclasses.replace(
        whole, book=whole.book[:2], vault=whole.book[:2], journal=whole.book[1:2], stamps={1: STAMPED + 1}
    )
    assert {"end_gone", "batch_gone"} <= kinds(cut)


def test_batches_after_the_one_that_was_gone_back_to_are_not_missed() -> None:
    back = entry("restore", details={BACK_TO: 1, SO_FAR: 1})
    assert kinds(book_of(of_batch(1), of_batch(2), back, stamps={1: STAMPED + 1})) == set()


@pytest.mark.parametrize("so_far", [2, 5])
def test_batches_from_before_the_audit_began_need_no_record(so_far: int) -> None:
    links = chain([entry("begin", details={SO_FAR: so_far})])
    assert kinds(found(links, 1, anchor=None, stamps=STAMPS)) == {"no_anchor"}
