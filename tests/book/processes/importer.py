"""A process that changes a book, batch by batch, and tells of each that is committed; made to be killed.

It reads orders, a line of JSON each: the folder of a workbook and what to do there (`Order`). For each it
forks a child, which starts with everything imported, so that a kill meets work and not a start. The child
tells what it does by lines of two words: `pid N`, `begin KIND` before and `done N` after each deed, and
`at PHASE` in between. When it is dead its parent says `dead SIGNAL`.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict

import polars as pl

from clientlib import custom
from clientlib.book import Book, open_book, prove_encryption
from clientlib.book.audit.folding import BatchTrail
from clientlib.book.batch import Batch
from clientlib.book.files import Files
from clientlib.errors import ClientlibError
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.tables import Areas
from clientlib.workbook import Workbook

PHASES = {
    "open": (Files, "writer"),
    "take": (Batch, "take"),
    "part": (Batch, "commit_part"),
    "audit": (BatchTrail, "before_commit"),
    "vault": (Batch, "commit"),
    "book": (Batch, "commit_book"),
    "checkpoint": (Batch, "_close"),
    "landed": (BatchTrail, "landed"),
    "close": (Files, "close"),
}
"""Where a child says that it has come to, and by the call of which method it is known."""
deadly: set[str] = set()
"""Phases at which this child dies by its own hand."""


class Deed(TypedDict, total=False):
    """One thing to do: an import (in chunks, in parts if `parts`), an undoing, a merge; one batch each."""

    kind: str
    clients: list[int]
    version: int
    chunks: int
    parts: bool
    fields: list[str]
    undoes: int
    kept: int
    other: int


class Order(TypedDict, total=False):
    folder: str
    deeds: list[Deed]
    die_at: str
    largest_file: int


def tell(line: str) -> None:
    # In one call: a line is whole, or not there.
    os.write(1, f"{line}\n".encode())


# ----------------------------------------------------------------------------- hand-ins
def chunk(areas: Areas, numbers: Sequence[int], deed: Deed) -> CheckResult:
    """Clients with identity and a trade of each; every value tells the version it came with."""
    version, count = deed["version"], len(numbers)
    identifiers = [f"C{number:04}" for number in numbers]
    clients: dict[str, list[Any]] = {
        "client_id": identifiers,
        "full_name": [f"name {number} of {version}" for number in numbers],
        "employer": [f"employer {number} of {version}" for number in numbers],
        "updated_at": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * count,
    }
    clients |= {name: [f"{name} {version}"] * count for name in deed["fields"]}
    trades: dict[str, list[Any]] = {
        "trade_id": [f"T{number:04}" for number in numbers],
        "client_id": identifiers,
        "traded_at": [dt.datetime(2024, 3, 1, tzinfo=dt.UTC)] * count,
        "quantity": [float(version)] * count,
    }
    accepted = {"clients": frame(areas, "clients", clients), "trades": frame(areas, "trades", trades)}
    return CheckResult(accepted, {}, FINDINGS.to_frame(), CHANGES.to_frame(), 2 * count)


def frame(areas: Areas, area: str, values: dict[str, list[Any]]) -> pl.DataFrame:
    schema = {field.name: field.dtype for field in areas[area].fields}
    count = len(next(iter(values.values())))
    empty = {name: [None] * count for name in schema}
    return pl.DataFrame(empty | values, schema=schema).with_columns(
        _file=pl.lit("a.csv"),
        _sheet=pl.lit(""),
        _row=pl.int_range(2, count + 2, dtype=pl.UInt32),
        _pending=pl.lit(True),
    )


def chunks(areas: Areas, deed: Deed) -> Iterator[CheckResult]:
    size = -(-len(deed["clients"]) // deed["chunks"])
    for first in range(0, len(deed["clients"]), size):
        yield chunk(areas, deed["clients"][first : first + size], deed)


# -------------------------------------------------------------------------------- deeds
def declare(folder: Path, fields: Sequence[str]) -> None:
    """Add fields to the table as a firm does; every second one is identity, so that both files get some."""
    lines = [
        f'[clients.{name}]\ntitle_en = "{name}"\ntitle_zh = "{name}"\ntype = "text"\n'
        f'sensitivity = "{"I" if place % 2 else "N"}"\n'
        for place, name in enumerate(fields)
    ]
    (folder / custom.FIELDS_FILE).write_text("\n".join(lines), "utf-8")


def do(book: Book, deed: Deed) -> int | None:
    """The number of the batch that it came to."""
    if deed["kind"] == "undo":
        return book.undo(deed["undoes"])
    if deed["kind"] == "merge":
        return book.merge(f"C{deed['kept']:04}", f"C{deed['other']:04}", "the same passport")
    parts: dict[str, Any] = {"fingerprint": f"v{deed['version']}", "part_rows": 1} if deed["parts"] else {}
    result = book.import_checked(chunks(book.areas, deed), source="a.csv", **parts)
    if result.resumed_rows:
        tell("at resumed")
    return result.batch


def obey(order: Order) -> None:
    folder = Path(order["folder"])
    deeds = list(order["deeds"])
    deadly.add(order.get("die_at", ""))
    while deeds:
        # What declares a field begins anew, as a process that reads the settings does.
        fields = deeds[0].get("fields", [])
        if deeds[0]["kind"] == "import":
            declare(folder, fields)
        with open_book(Workbook(folder), role="data_entry", write=True) as book:
            while deeds and deeds[0].get("fields", fields) == fields:
                deed = deeds.pop(0)
                tell(f"begin {deed['kind']}")
                tell(f"done {do(book, deed)}")


def begin(order: Order) -> None:
    """Obey, on a disk where no file may become larger than the order says."""
    if "largest_file" not in order:
        obey(order)
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"], resource.RLIM_INFINITY))
    try:
        obey(order)
    except ClientlibError:
        tell("at refusal")


def announced(phase: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        tell(f"at {phase}")
        if phase in deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*args, **kwargs)

    return call


def main() -> None:
    # Once for all children: the module's signature, which takes longer than what they do with a book.
    prove_encryption()
    for phase, (owner, name) in PHASES.items():
        setattr(owner, name, announced(phase, getattr(owner, name)))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            tell(f"pid {os.getpid()}")
            begin(json.loads(line))
            os._exit(0)
        tell(f"dead {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


if __name__ == "__main__":
    main()
