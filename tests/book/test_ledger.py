"""The book against a ledger kept in plain Python: what is visible at both clocks and what the history tells,
whatever was handed in, corrected, taken back, brought back or merged before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clientlib.book import Book, open_book
from clientlib.book.merges import order
from clientlib.errors import BookError
from clientlib.tables import AREAS
from clientlib.workbook import Workbook
from tests.book.ledger import CLIENTS, DAYS, MAKERS, SHANGHAI, TOLD, Ledger, Row, made

Look = Callable[[Book, Ledger, st.DataObject], None]


# --------------------------------------------------------------------------- what may be done
areas = st.sampled_from([*MAKERS, "clients", "clients"])
rows = st.tuples(areas, st.sampled_from(CLIENTS), st.integers(0, 3), st.integers(0, 2))
hand_ins = st.lists(rows, min_size=1, max_size=8).map(lambda told: ("import", told))
pairs = st.permutations(CLIENTS).map(lambda three: tuple(three[:2]))
undoings = st.integers(0, 99).map(lambda number: ("undo", number))
again = st.just(("undo", 0))
merges = pairs.map(lambda pair: ("merge", pair))
apart = pairs.map(lambda pair: ("keep_apart", pair))
steps = st.lists(st.one_of(hand_ins, hand_ins, undoings, again, merges, apart), min_size=6, max_size=14)


# ----------------------------------------------------------------------------------- both at once
MET = ("new", "changed", "unchanged", "rejected")


def step(book: Book, ledger: Ledger, hand_in: Any, what: str, told: Any) -> None:
    """The same change in book and ledger, which agree on what became of it."""
    if what == "import":
        by_area: dict[str, list[Row]] = {}
        for area, *of in told:
            by_area.setdefault(area, []).append(made(area, *of))
        met = ledger.take(by_area)
        counts = book.import_checked([hand_in(**by_area)], source="hand-in.csv").areas.sum()
        assert {name: counts[name] for name in MET} == {name: met[name] for name in MET}
    elif what == "undo":
        if counted := ledger.counted(len(ledger.entries)):
            # 0 is the newest, so that undoings of undoings come often.
            number = counted[-1 - told % len(counted)].number
            ledger.undo(number)
            book.undo(number)
    elif what == "merge":
        done(lambda: book.merge(*told), possible=ledger.merge(*told))
    else:
        done(lambda: book.keep_apart(*told), possible=ledger.keep_apart(*told))


def done(act: Callable[[], Any], *, possible: bool) -> None:
    if possible:
        act()
    else:
        with pytest.raises(BookError):
            act()


def as_told(value: Any) -> Any:
    """A value of a frame as the ledger has it."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime() if value.tzinfo else value.date()
    return value


def frame_rows(frame: pd.DataFrame) -> list[Row]:
    return [{str(name): as_told(value) for name, value in row.items()} for row in frame.to_dict("records")]


# ------------------------------------------------------------------------------- the clocks
def agree(book: Book, ledger: Ledger, as_of: dt.date | None, known: int) -> None:
    """Frames, views and counts tell what the ledger tells."""
    known_at = book.batches()["recorded_at"][known].to_pydatetime()
    counts = book.counts(as_of, known_at)
    with book.views(as_of, known_at) as connection:
        for area in TOLD:
            expected = ledger.visible(area, as_of, known)
            assert frame_rows(book.area(area.name, as_of, known_at)) == expected
            assert counts[area.name] == len(expected)
            fields = [each.name for each in area.fields if each.sensitivity != "I"]
            viewed = connection.table(area.name).order(", ".join(order(area))).fetchall()
            assert viewed == [tuple(row[name] for name in fields) for row in expected]


def look_around(book: Book, ledger: Ledger, data: st.DataObject) -> None:
    """Look at both in some moments."""
    for _ in range(4):
        as_of, known = data.draw(st.sampled_from([None, *DAYS])), len(ledger.entries)
        agree(book, ledger, as_of, data.draw(st.integers(1, known)))


# ------------------------------------------------------------------------------- the history
State = dict[str, dict[str, dict[str, str]]]
"""Area → key → field → value, all as text."""


def as_text(value: Any) -> str:
    """A value of the ledger as a person would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(value).removesuffix(".0")
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S.%f}".removesuffix(".000000")
    return str(value)


def theirs(ledger: Ledger, numbers: set[str], known: int) -> State:
    """What the ledger has of some clients after the first `known` batches, as it was recorded."""
    found: State = {area.name: {} for area in TOLD}
    for area in TOLD:
        for key, row in ledger.recorded(area, known).items():
            if row["client_id"] in numbers:
                filled = {name: as_text(value) for name, value in row.items() if value is not None}
                found[area.name][" · ".join(map(as_text, key))] = filled
    return found


def replay(state: State, lines: pd.DataFrame) -> None:
    """Do to what was there before a batch what the lines of that batch tell.

    A new row is the version before it with what its lines say; one whose key is no longer its own is gone.
    """
    for (area, key), told in lines.groupby(["area", "key"]):
        area, key = str(area), str(key)
        rows = state[area]
        row = dict(rows.pop(key) if key in rows else _version_before(area, rows, key))
        for line in told.itertuples():
            assert row.pop(str(line.field), None) == as_told(line.before)
            if (after := as_told(line.after)) is not None:
                row[str(line.field)] = after
        if key == " · ".join(row.get(name, "") for name in AREAS[area].key):
            rows[key] = row


def _version_before(area: str, rows: dict[str, dict[str, str]], key: str) -> dict[str, str]:
    client = key.split(" · ")[0]
    earlier = [other for other in rows if other.split(" · ")[0] == client and other < key]
    return rows[max(earlier)] if AREAS[area].versioned and earlier else {}


def retell(book: Book, ledger: Ledger, _: st.DataObject) -> None:
    """The history of each client leads, batch by batch, to the rows that the ledger has."""
    for client in ledger.ever():
        numbers, lines = ledger.numbers(client), book.history(client)
        state: State = {area.name: {} for area in TOLD}
        for known in range(1, len(ledger.entries) + 1):
            replay(state, lines[(lines["batch"] == known) & lines["area"].notna()])
            assert state == theirs(ledger, numbers, known)


# ------------------------------------------------------------------------------- held together
@pytest.fixture
def over(
    copied: Callable[[Path], Workbook], tmp_path_factory: pytest.TempPathFactory, hand_in: Any
) -> Callable[..., None]:
    """Looks at so many new books, and at ledgers to which the same was done."""

    def run(examples: int, *looks: Look) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # A book a try: to look for the smallest takes minutes, and the steps read well as they are.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        )
        @given(steps, st.data())
        def holds(steps: list[tuple[str, Any]], data: st.DataObject) -> None:
            workbook, ledger = copied(tmp_path_factory.mktemp("ledger") / "firm"), Ledger()
            with open_book(workbook, role="data_entry", write=True) as book:
                for what, told in steps:
                    step(book, ledger, hand_in, what, told)
                for look in looks if ledger.entries else ():
                    look(book, ledger, data)

        holds()

    return run


def test_the_clocks_show_what_a_ledger_shows(over: Callable[..., None]) -> None:
    over(6, look_around)


def test_the_history_leads_to_the_rows_of_a_ledger(over: Callable[..., None]) -> None:
    over(6, retell)


@pytest.mark.slow
def test_clocks_and_history_agree_with_a_ledger_over_many_books(over: Callable[..., None]) -> None:
    over(25, look_around, retell)
