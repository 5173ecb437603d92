"""What a record says, and that it is tied to the one before it."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from clientlib.book.audit.record import LONGEST, NAMED, START, Batched, Entry, Link, digest, written

AT = dt.datetime(2026, 6, 30, 10, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def said(**values: object) -> dict[str, object]:
    entry = Entry.of("look_up", who="wang", role="service", **values)  # type: ignore[arg-type]
    read: dict[str, object] = json.loads(entry.text(7, AT, 99))
    return read


def test_instants_are_told_in_utc_with_microseconds() -> None:
    assert said()["at"] == "2026-06-30T02:00:00.000000+00:00"


def test_later_instants_are_greater_texts() -> None:
    assert written(AT) < written(AT + dt.timedelta(microseconds=1))


@pytest.mark.parametrize("typed", ["13812345678", "ann@example.com", "11010519491231002X"])
def test_numbers_and_addresses_in_a_reason_or_a_detail_are_masked(typed: str) -> None:
    told = json.dumps(said(reason=f"call {typed}", details={"query": [typed], "more": {"a": typed}}))
    assert typed not in told


def test_few_clients_are_named() -> None:
    assert said(clients=["C1", "C2"])["clients"] == ["C1", "C2"]


def test_of_many_clients_only_the_number_is_kept() -> None:
    told = said(clients=[f"C{n}" for n in range(NAMED + 1)])
    assert (told["clients"], told["details"]) == ([], {"client_count": NAMED + 1})


def test_a_detail_of_another_kind_is_kept_as_text() -> None:
    assert said(details={"as_of": dt.date(2026, 6, 30)})["details"] == {"as_of": "2026-06-30"}


def test_a_record_follows_only_the_one_it_was_written_after() -> None:
    link = Link(1, "text", digest(START, "text"))
    assert link.follows(START)
    assert not link.follows(digest(START, "other"))


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '"text"'])
def test_a_text_that_is_no_record_says_nothing(text: str) -> None:
    assert Link(1, text, "").read() == {}


@pytest.mark.parametrize(
    "told",
    [{}, {"details": "x"}, {"details": {"batch": "1", "recorded_at_us": 5}}, {"details": {"batch": 1}}],
)
def test_a_record_of_something_else_is_not_of_a_batch(told: dict[str, object]) -> None:
    assert Batched.of(told) is None


def test_of_an_endless_reason_a_page_is_kept_and_no_part_of_a_number() -> None:
    typed = "x" * (LONGEST - 14) + "，13812345678" * 3
    kept = Entry.of("look_up", who="wang", role="advisor", reason=typed).reason
    assert len(kept) <= LONGEST
    assert "1381" not in kept.replace("138****5678", "")


def test_what_was_typed_in_another_encoding_is_recorded_with_marks() -> None:
    typed = "张".encode("gbk").decode("utf-8", "surrogateescape")
    entry = Entry.of("look_up", who="wang", role="advisor", clients=[typed], reason=typed)
    assert entry.text(1, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 1).encode("utf-8")
