"""A process that changes a book is killed, or its disk full, again and again: what it said was done is there.

What the book should hold is worked out by `Ledger`, in plain Python, from what was done to it.
"""

from __future__ import annotations

import math
import os
import random
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clientlib.book import open_book
from clientlib.book.audit.verify import verify
from clientlib.workbook import Workbook
from tests.ordered import OrderedProcess

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="kills are POSIX")]

SCRIPT = Path(__file__).parent / "processes" / "importer.py"
KILLS, KILLS_OF_A_BOOK = 200, 20
FULL_DISKS = 20
BASE = list(range(20))
"""Clients of the first batch, which is never taken back: the ones to merge."""
MOST_FIELDS = 4
AIMED_AT = (
    "open",
    "begin",
    "take",
    "part",
    "audit",
    "vault",
    "book",
    "checkpoint",
    "landed",
    "done",
    "close",
)
Deed = dict[str, Any]


# ------------------------------------------------------------------------------- ledger
@dataclass
class Ledger:
    """What was done to a book, batch by batch, and what it has to hold by that."""

    deeds: list[Deed] = field(default_factory=list)

    def undone(self) -> set[int]:
        found: set[int] = set()
        for number in range(len(self.deeds), 0, -1):
            if self.deeds[number - 1]["kind"] == "undo" and number not in found:
                found.add(self.deeds[number - 1]["undoes"])
        return found

    def standing(self) -> list[Deed]:
        undone = self.undone()
        return [deed for number, deed in enumerate(self.deeds, 1) if number not in undone]

    def merged(self) -> dict[int, int]:
        return {deed["other"]: deed["kept"] for deed in self.standing() if deed["kind"] == "merge"}

    def newest(self) -> dict[int, Deed]:
        """The import that each client's rows come from."""
        imports = [deed for deed in self.standing() if deed["kind"] == "import"]
        newest = {number: deed for deed in imports for number in deed["clients"]}
        return {number: newest[number] for number in sorted(newest)}

    def clients(self, fields: list[str]) -> list[tuple[str | None, ...]]:
        rows = []
        for number, deed in self.newest().items():
            if number not in self.merged():
                version = deed["version"]
                told = [f"name {number} of {version}", f"employer {number} of {version}"]
                extra = [f"{name} {version}" if name in deed["fields"] else None for name in fields]
                rows.append((f"C{number:04}", *told, *extra))
        return rows

    def trades(self) -> list[tuple[str, str, float]]:
        merged = self.merged()
        return [
            (f"T{number:04}", f"C{merged.get(number, number):04}", float(deed["version"]))
            for number, deed in self.newest().items()
        ]


class Planner:
    """Thinks up what is done next, such that it can be done."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.version = 0
        self.fields: list[str] = []

    def plan(self, ledger: Ledger, count: int) -> list[Deed]:
        planned = Ledger(list(ledger.deeds))
        for _ in range(count):
            planned.deeds.append(self._next(planned))
        return planned.deeds[len(ledger.deeds) :]

    def base(self) -> Deed:
        return self._import(BASE, chunks=1, parts=False)

    def _next(self, ledger: Ledger) -> Deed:
        kind = self.draw.choices(["import", "undo", "merge"], [6, 2, 2])[0]
        undoable = set(range(2, len(ledger.deeds) + 1)) - ledger.undone()
        pairs = [(kept, kept + 1) for kept in BASE[::2] if kept + 1 not in ledger.merged()]
        if kind == "undo" and undoable:
            return {"kind": kind, "undoes": self.draw.choice(sorted(undoable))}
        if kind == "merge" and pairs:
            kept, other = self.draw.choice(pairs)
            return {"kind": kind, "kept": kept, "other": other}
        if len(self.fields) < MOST_FIELDS and self.draw.random() < 0.15:
            self.fields = [*self.fields, f"own_{len(self.fields)}"]
        first = self.draw.randrange(60)
        clients = list(range(first, first + self.draw.randint(1, 25)))
        return self._import(clients, chunks=self.draw.randint(1, 4), parts=self.draw.random() < 0.5)

    def _import(self, clients: list[int], *, chunks: int, parts: bool) -> Deed:
        self.version += 1
        return {
            "kind": "import",
            "clients": clients,
            "version": self.version,
            "chunks": chunks,
            "parts": parts,
            "fields": self.fields,
        }


# ------------------------------------------------------------------------------- killing
@dataclass(frozen=True)
class Strike:
    """When to kill: so long after it has come to a phase for the so-manieth time."""

    phase: str
    turn: int
    delay: float

    @classmethod
    def drawn(cls, draw: random.Random) -> Strike:
        if draw.random() < 0.5:
            return cls("begin", 1, draw.uniform(0, 0.3))
        phase = draw.choice(AIMED_AT)
        return cls(phase, draw.choice([1, 1, 2]), draw.choice([0, draw.uniform(0, 0.004)]))


@dataclass
class Death:
    """How far a process came: the phase it was in, the batches it said were done, what it was at."""

    killed: bool = False
    phase: str = "open"
    begun: int = 0
    done: list[int] = field(default_factory=list)
    resumed: int = 0


class Importer(OrderedProcess):
    """The process that has children do something, and kills them."""

    def does(self, folder: Path, deeds: list[Deed], strike: Strike | None = None, **limits: int) -> Death:
        """Have it done by a child, and strike that child if told to."""
        self.order(folder=str(folder), deeds=deeds, **limits)
        death, met, child, due = Death(), 0, 0, math.inf
        while True:
            line = self.line_until(due)
            if line is None:
                os.kill(child, signal.SIGKILL)
                due = math.inf
                continue
            word, what = line.split()
            if word == "dead":
                assert what in ("0", "-9"), f"the child ended with {what}"
                death.killed = what == "-9"
                return death
            if word == "pid":
                child = int(what)
            met += _note(death, word, what, strike)
            if strike is not None and met == strike.turn and due == math.inf:
                due, strike = time.monotonic() + strike.delay, None


def _note(death: Death, word: str, what: str, strike: Strike | None) -> bool:
    """Write down what a child said; whether that is what the strike waits for."""
    if what == "resumed":
        death.resumed += 1
        return False
    if word == "begin":
        death.begun += 1
    if word == "done":
        death.done.append(int(what))
    if word != "pid":
        death.phase = what if word == "at" else word
    return strike is not None and death.phase == strike.phase


@pytest.fixture(scope="module")
def importer() -> Iterator[Importer]:
    started = Importer(SCRIPT)
    yield started
    started.end()


# ------------------------------------------------------------------------------- looking
def found_in(folder: Path, ledger: Ledger, in_flight: Deed | None) -> Ledger:
    """The ledger by which the book holds exactly what it should: with what was in flight, or without."""
    with open_book(Workbook(folder), role="data_entry") as book:
        batches = book.batches()
        clients, trades = book.area("clients"), book.area("trades")
        fields = [name for name in book.areas["clients"].schema.columns() if name.startswith("own_")]
    if len(batches) > len(ledger.deeds) and in_flight is not None:
        ledger = Ledger([*ledger.deeds, in_flight])
    assert batches.index.tolist() == list(range(1, len(ledger.deeds) + 1))
    assert rows(clients, "client_id", "full_name", "employer", *fields) == ledger.clients(fields)
    assert rows(trades, "trade_id", "client_id", "quantity") == ledger.trades()
    assert [str(defect) for defect in verify(Workbook(folder)).defects] == []
    return ledger


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    plain = frame[list(columns)].astype(object)
    return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


@dataclass
class Tally:
    """How many kills met which phase, and what else happened."""

    phases: Counter[str] = field(default_factory=Counter)
    landed: int = 0
    resumed: int = 0
    batches: int = 0

    def __str__(self) -> str:
        told = ", ".join(f"{phase} {count}" for phase, count in self.phases.most_common())
        return (
            f"{self.phases.total()} kills ({told}); {self.batches} batches committed, {self.landed} of them "
            f"in flight when killed; {self.resumed} broken-off imports went on"
        )


def torment(folder: Path, importer: Importer, planner: Planner, kills: int, tally: Tally) -> None:
    """Kill so many processes that work on one book, and look at it after each."""
    base = planner.base()
    importer.does(folder, [base])
    ledger = found_in(folder, Ledger([base]), None)
    broken_off: Deed | None = None
    before = tally.phases.total()
    while tally.phases.total() < before + kills:
        first = [broken_off] if broken_off is not None and planner.draw.random() < 0.5 else []
        deeds = first + planner.plan(Ledger(ledger.deeds + first), 3 - len(first))
        death = importer.does(folder, deeds, Strike.drawn(planner.draw))
        done = Ledger(ledger.deeds + deeds[: len(death.done)])
        assert death.done == list(range(len(ledger.deeds) + 1, len(done.deeds) + 1))
        in_flight = deeds[len(death.done)] if death.begun > len(death.done) else None
        ledger = found_in(folder, done, in_flight)
        landed = len(ledger.deeds) > len(done.deeds)
        broken_off = in_flight if in_flight is not None and not landed and in_flight.get("parts") else None
        tally.landed += landed
        tally.resumed += death.resumed
        tally.batches += len(ledger.deeds) - len(done.deeds) + len(death.done)
        tally.phases.update([death.phase] if death.killed else [])


def test_after_every_kill_the_book_holds_exactly_the_batches_that_were_committed(
    copied: Callable[[Path], Workbook],
    tmp_path: Path,
    importer: Importer,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    longer = request.config.getoption("--benchmarks")
    seed = secrets.randbits(32) if longer else 20_260_701
    draw, tally, began = random.Random(seed), Tally(), time.monotonic()
    for turn in range((KILLS * 10 if longer else KILLS) // KILLS_OF_A_BOOK):
        try:
            folder = copied(tmp_path / f"firm{turn}").folder
            torment(folder, importer, Planner(draw), KILLS_OF_A_BOOK, tally)
        except BaseException as error:
            error.add_note(f"Seed {seed}, book {turn}: {tally}")
            raise
    assert tally.phases.keys() >= {"take", "audit", "vault", "book", "landed", "close"}
    if longer:
        with capsys.disabled():
            sys.stdout.write(f"\n{tally}; {time.monotonic() - began:.0f} s, seed {seed}\n")


def test_on_a_disk_that_is_full_at_any_place_a_batch_is_there_whole_or_refused(
    workbook: Workbook, importer: Importer, request: pytest.FixtureRequest
) -> None:
    longer = request.config.getoption("--benchmarks")
    seed = secrets.randbits(32) if longer else 20_260_703
    draw, refused = random.Random(seed), 0
    planner, folder = Planner(draw), workbook.folder
    base = planner.base()
    importer.does(folder, [base])
    ledger = Ledger([base])
    for turn in range(FULL_DISKS * 10 if longer else FULL_DISKS):
        size = max(path.stat().st_size for path in workbook.book_file.parent.glob("*.duckdb"))
        deeds = planner.plan(ledger, 2)
        death = importer.does(folder, deeds, largest_file=int(size ** draw.uniform(0.5, 1.02)))
        refused += death.phase == "refusal"
        try:
            ledger = found_in(folder, Ledger(ledger.deeds + deeds[: len(death.done)]), None)
        except BaseException as error:
            error.add_note(f"Seed {seed}, disk {turn}, {death}")
            raise
    assert refused
