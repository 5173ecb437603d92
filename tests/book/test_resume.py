"""A long import that is broken off goes on where it was: nobody sees half a batch, and it ends like others.

What a book must come to is told by a twin: a copy that the same hand-ins went into without parts and without
interruption.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clientlib import intake
from clientlib.book import ImportResult, open_book
from clientlib.book.batch import Batch
from clientlib.errors import BookError, PermissionRefused
from clientlib.intake.fingerprint import fingerprint
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.tables import AREAS, AreaInfo
from clientlib.workbook import Workbook

PART = 5
"""Rows of a part here; a chunk of the long hand-in has four or five."""
MOMENT = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
BEFORE, LONG, OTHER = "before", "long", "other"
posix = pytest.mark.skipif(os.name != "posix", reason="a process is killed by a signal of POSIX")


# ---------------------------------------------------------------------------------- hand-ins
def frame(area: str, first: int, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {field.name: field.dtype for field in AREAS[area].fields}
    return pl.DataFrame(
        [{name: row.get(name) for name in schema} for row in rows], schema=schema
    ).with_columns(
        _file=pl.lit(f"{area}.csv"),
        _sheet=pl.lit(""),
        _row=pl.int_range(first, first + len(rows), dtype=pl.UInt32),
        _pending=pl.Series([bool(row.get("_pending")) for row in rows], dtype=pl.Boolean),
    )


def result(first: int, refused: int = 0, **areas: list[dict[str, Any]]) -> CheckResult:
    """A chunk whose rows begin with row `first`; `refused` rows of trades come with a finding each."""
    accepted = {area: frame(area, first, rows) for area, rows in areas.items()}
    names = [field.name for field in AREAS["trades"].fields]
    raw = frame("trades", first + 100, [{}] * refused).select(
        pl.col(names).cast(pl.String), pl.exclude(*names, "_pending")
    )
    findings = raw.select(
        file="_file", sheet="_sheet", row="_row", area=pl.lit("trades"), field=pl.lit("side"),
        value=pl.lit("?"), rule=pl.lit("code"), severity=pl.lit("error"),
        message_en=pl.lit("no"), message_zh=pl.lit("否"),
    )  # fmt: skip
    rejected = {"trades": raw} if refused else {}
    rows_in = refused + sum(len(rows) for rows in areas.values())
    return CheckResult(accepted, rejected, findings.cast(dict(FINDINGS)), CHANGES.to_frame(), rows_in)  # type: ignore[arg-type]


def client(number: int, **values: Any) -> dict[str, Any]:
    known = {"client_id": f"C{number}", "full_name": f"王{number}", "id_number": f"E{number}"}
    return known | {"branch": "North", "updated_at": MOMENT} | values


def trade(number: int, **values: Any) -> dict[str, Any]:
    known = {"trade_id": f"T{number}", "client_id": f"C{number}", "security_id": "S1"}
    return known | {"price": 2.0, "traded_at": MOMENT} | values


def chunks_of(hand_in: str) -> list[CheckResult]:
    """Hand-ins with every way for a row to go, in chunks."""
    if hand_in == BEFORE:
        return [result(2, clients=[client(n) for n in range(8)], trades=[trade(n) for n in range(4)])]
    if hand_in == OTHER:
        return [
            result(2, clients=[client(0, branch="West"), client(11, full_name="other")], trades=[trade(20)])
        ]
    return [
        result(2, clients=[client(0), client(1, full_name="new name"), client(10), client(2, branch="East")]),
        result(6, clients=[client(n) for n in range(11, 15)], refused=2),
        result(10, clients=[client(15, _pending=True), client(11), client(12, branch="again"), client(16)]),
        result(14, trades=[trade(10), trade(11), trade(99), trade(1, price=3.0)], clients=[client(17)]),
        result(18, trades=[trade(n) for n in range(30, 34)], refused=1),
        # Rows of the very first parts once more: the same one, and one that contradicts it.
        result(22, clients=[client(10), client(13, full_name="third"), client(40), client(30)]),
        result(26, trades=[trade(2), trade(10, price=9.0), trade(40), trade(41)]),
    ]


def do_import(workbook: Workbook, hand_in: str, chunks: Any = None, **options: Any) -> ImportResult:
    with open_book(workbook, role="data_entry", write=True) as book:
        given_in = chunks_of(hand_in) if chunks is None else chunks
        return book.import_checked(given_in, source=f"{hand_in}.csv", **options)


def in_parts(workbook: Workbook, hand_in: str = LONG, chunks: Any = None, **options: Any) -> ImportResult:
    return do_import(workbook, hand_in, chunks, **{"fingerprint": hand_in, "part_rows": PART} | options)


# ------------------------------------------------------------------------------- a dying process
STAGES = {
    "while a row is stored": "_store",
    "before a commit": "_commit_both",
    "between vault and book": "commit_book",
    "after a part": "_begin",
    "before the batch is written down": "record",
    "after all": "_close",
}
"""What is being done when the process dies → the method of `Batch` that is not reached (any more)."""


def die_at(stage: str, turn: int) -> None:
    """From now on this very process dies when it comes to a stage for the `turn`th time."""
    turns = itertools.count(1)
    original = getattr(Batch, STAGES[stage])

    def method(*given: Any, **named: Any) -> Any:
        if next(turns) == turn:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*given, **named)

    setattr(Batch, STAGES[stage], method)


if __name__ == "__main__":
    die_at(sys.argv[2], int(sys.argv[3]))
    in_parts(Workbook(Path(sys.argv[1])))


def killed(workbook: Workbook, stage: str, turn: int) -> None:
    """Let a process of its own import the long hand-in, and be killed."""
    command = [sys.executable, __file__, str(workbook.folder), stage, str(turn)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == -signal.SIGKILL, done.stderr


class Broken(BaseException):
    """What ends an import at once, as Ctrl-C does."""


def broken_off(workbook: Workbook, after: int = 6, hand_in: str = LONG, **options: Any) -> None:
    """Import a hand-in, and break off after so many chunks."""

    def breaking() -> Iterator[CheckResult]:
        yield from chunks_of(hand_in)[:after]
        raise Broken

    with pytest.raises(Broken):
        in_parts(workbook, hand_in, breaking(), **options)


# ------------------------------------------------------------------------------------ compared
def contents(workbook: Workbook, **clocks: Any) -> dict[str, pd.DataFrame]:
    """All that can be seen of a book, identity included, without the hour at which it was recorded."""
    with open_book(workbook, role="data_entry") as book:
        found = {area: book.area(area, **clocks) for area in book.areas}
        found["batches"] = book.batches().drop(columns="recorded_at")
        found["batch_areas"] = book.batch_areas()
        with book.views(**clocks) as views:
            found["counted"] = views.execute(
                "SELECT branch, count(*) FROM clients GROUP BY ALL ORDER BY ALL"
            ).df()
        found["counts"] = pd.DataFrame(book.counts(**clocks), index=[0])
    return found


def stored(workbook: Workbook) -> dict[str, list[Any]]:
    """Every row that lies in the two files, visible or not."""
    found = {}
    with open_book(workbook, role="data_entry", write=True) as book:
        connection = book._files.writer().connection
        for file, tables in {
            "book": ("clients", "trades", "_unfinished"),
            "vault": ("clients", "_batches"),
        }.items():
            for table in tables:
                listed = "batch" if table == "_batches" else "*"
                query = f"SELECT {listed} FROM {file}.main.{table} ORDER BY ALL"
                found[f"{file}.{table}"] = connection.execute(query).fetchall()
    return found


def assert_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    for name, value in left.items():
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(value, right[name])
        else:
            assert value == right[name], name


def assert_same_result(left: ImportResult, right: ImportResult) -> None:
    pd.testing.assert_frame_equal(left.areas, right.areas)
    pd.testing.assert_frame_equal(left.unknown_references, right.unknown_references)
    assert left.findings.equals(right.findings)
    assert left.batch == right.batch


@pytest.fixture(scope="module")
def started(copied: Callable[[Path], Workbook], tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """A book with one batch, to be copied."""
    made = copied(tmp_path_factory.mktemp("started") / "firm")
    do_import(made, BEFORE)
    return made


@pytest.fixture
def workbook(started: Workbook, tmp_path: Path) -> Workbook:
    return Workbook(Path(shutil.copytree(started.folder, tmp_path / "firm")))


@pytest.fixture
def twin(started: Workbook, tmp_path: Path) -> Workbook:
    """The same book, for imports that are not broken off."""
    return Workbook(Path(shutil.copytree(started.folder, tmp_path / "twin")))


# ---------------------------------------------------------------------------------------- killed
KILLS = [
    ("while a row is stored", 1, 0),
    ("while a row is stored", 5, 7),
    ("before a commit", 2, 7),
    ("between vault and book", 1, 0),
    ("between vault and book", 2, 7),
    ("between vault and book", 4, 20),
    ("after a part", 2, 7),
    ("after a part", 4, 20),
    ("before the batch is written down", 1, 20),
]
"""Where it dies, at which time of coming there, and how many rows parts have stored by then."""


@posix
@pytest.mark.slow
@pytest.mark.parametrize(("stage", "turn", "rows"), KILLS)
def test_an_import_that_was_killed_is_seen_by_nobody_and_goes_on(
    started: Workbook, workbook: Workbook, twin: Workbook, stage: str, turn: int, rows: int
) -> None:
    killed(workbook, stage, turn)
    for clocks in ({}, {"as_of": "2030-01-01"}, {"known_at": "2999-01-01"}):
        assert_same(contents(workbook, **clocks), contents(started, **clocks))

    again = in_parts(workbook)
    assert again.resumed_rows == rows
    assert_same_result(again, do_import(twin, LONG))
    assert_same(contents(workbook), contents(twin))
    assert_same(stored(workbook), stored(twin))


@posix
@pytest.mark.slow
def test_an_import_that_was_killed_when_all_was_done_is_there(workbook: Workbook, twin: Workbook) -> None:
    killed(workbook, "after all", 1)
    do_import(twin, LONG)
    assert_same(contents(workbook), contents(twin))


@posix
@pytest.mark.slow
def test_an_import_killed_again_and_again_comes_to_its_end(workbook: Workbook, twin: Workbook) -> None:
    for turn in (1, 2, 2):
        killed(workbook, "between vault and book", turn)
    assert_same_result(in_parts(workbook), do_import(twin, LONG))
    assert_same(stored(workbook), stored(twin))


# ------------------------------------------------------------------------------------ goes on
def test_what_was_stored_of_it_is_known_before_it_goes_on(workbook: Workbook) -> None:
    broken_off(workbook)
    with open_book(workbook, role="data_entry", write=True) as book:
        assert (book.unfinished_rows(LONG), book.unfinished_rows(OTHER)) == (14, 0)


def test_rows_that_are_stored_are_not_compared_again(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off(workbook)
    taken: list[int] = []
    original = Batch.take

    def take(batch: Batch, area: AreaInfo, rows: pl.DataFrame) -> Any:
        taken.append(rows.height)
        return original(batch, area, rows)

    monkeypatch.setattr(Batch, "take", take)
    in_parts(workbook)
    assert taken == [4, 4, 4]


def test_ctrl_c_says_that_it_will_go_on(workbook: Workbook) -> None:
    def breaking() -> Iterator[CheckResult]:
        yield from chunks_of(LONG)[:6]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as told:
        in_parts(workbook, LONG, breaking())
    assert "goes on where it stopped" in told.value.__notes__[0]


def test_a_book_that_was_open_for_writing_does_not_see_its_own_parts(workbook: Workbook) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:

        def looking() -> Iterator[CheckResult]:
            yield from chunks_of(LONG)[:6]
            known = dict(book._natural_keys())["id_number"]
            assert set(known["client_id"]) == {f"C{n}" for n in range(8)}
            raise Broken

        with pytest.raises(Broken):
            book.import_checked(looking(), source="long.csv", fingerprint=LONG, part_rows=PART)
        assert set(book.area("clients")["client_id"]) == {f"C{n}" for n in range(8)}


def test_a_repeat_after_it_came_to_its_end_changes_nothing(workbook: Workbook) -> None:
    same = [result(2, clients=[client(n) for n in range(first, first + 4)]) for first in (50, 54, 58, 62)]

    def breaking() -> Iterator[CheckResult]:
        yield from same[:3]
        raise Broken

    with pytest.raises(Broken):
        in_parts(workbook, LONG, breaking())
    assert in_parts(workbook, LONG, same).resumed_rows == 8
    before = contents(workbook)
    again = in_parts(workbook, LONG, same)
    assert (again.batch, again.resumed_rows) == (None, 0)
    assert_same(contents(workbook), before)


def test_a_real_file_goes_on(workbook: Workbook, twin: Workbook, tmp_path: Path) -> None:
    header = "trade_id,client_id,traded_at,security_id,side,quantity,price,amount,fee,currency\n"
    rows = [
        f"T{n},C{n % 3},2024-03-01 10:00,S1,{'bye' if n % 9 == 5 else 'buy'},10,2,20,0,CNY\n"
        for n in range(60)
    ]
    file = tmp_path / "trades.csv"
    file.write_text(header + "".join([*rows, rows[3], rows[4].replace("S1", "S2")]), "utf-8")

    def stream(limit: int | None = None) -> Iterator[CheckResult]:
        yield from itertools.islice(intake.stream(file, chunk_rows=10), limit)
        if limit is not None:
            raise Broken

    with pytest.raises(Broken):
        in_parts(workbook, LONG, stream(5), fingerprint=fingerprint(file))
    done = in_parts(workbook, LONG, stream(), fingerprint=fingerprint(file))
    assert done.resumed_rows > 20
    assert_same_result(done, do_import(twin, LONG, stream()))
    assert_same(stored(workbook), stored(twin))


# ------------------------------------------------------------------------- what does not go on
@pytest.mark.parametrize(
    "options", [{"fingerprint": "mended"}, {"fingerprint": None}, {"all_or_nothing": True}]
)
def test_another_hand_in_or_another_way_begins_anew(
    workbook: Workbook, twin: Workbook, options: dict[str, Any]
) -> None:
    broken_off(workbook)
    chunks = chunks_of(LONG)
    chunks[1] = result(6, clients=[client(n, branch="mended") for n in range(11, 15)])
    chunks[4] = result(18, trades=[trade(n) for n in range(30, 34)])
    chunks = chunks[:2] + chunks[3:5]
    again = in_parts(workbook, LONG, chunks, **options)
    assert (again.resumed_rows, again.dropped_rows) == (0, 14)
    assert_same_result(again, do_import(twin, LONG, chunks))
    assert_same(stored(workbook), stored(twin))


def test_a_hand_in_that_reads_otherwise_under_the_same_fingerprint_is_not_mixed(
    workbook: Workbook, twin: Workbook, started: Workbook
) -> None:
    broken_off(workbook)
    chunks = chunks_of(LONG)
    chunks[1] = result(6, clients=[client(n, branch="mended") for n in range(11, 15)])
    with pytest.raises(BookError, match=r"reads otherwise.*begins anew.*as it was"):
        in_parts(workbook, LONG, chunks)
    assert_same(contents(workbook), contents(started))
    assert_same_result(in_parts(workbook, LONG, chunks), do_import(twin, LONG, chunks))
    assert_same(stored(workbook), stored(twin))


def test_a_hand_in_that_became_shorter_under_the_same_fingerprint_is_not_taken(
    workbook: Workbook, started: Workbook
) -> None:
    broken_off(workbook)
    with pytest.raises(BookError, match="reads otherwise"):
        in_parts(workbook, LONG, chunks_of(LONG)[:3])
    assert_same(stored(workbook), stored(started))


def test_a_vault_of_another_time_is_not_gone_on_with(
    workbook: Workbook, twin: Workbook, tmp_path: Path
) -> None:
    broken_off(workbook, after=3)
    shutil.copy(workbook.vault_file, tmp_path / "vault of one part")
    broken_off(workbook, after=6)
    shutil.copy(tmp_path / "vault of one part", workbook.vault_file)
    again = in_parts(workbook)
    assert again.resumed_rows == 0
    assert_same_result(again, do_import(twin, LONG))
    assert_same(stored(workbook), stored(twin))


# ------------------------------------------------------------------------------ other acts between
@pytest.mark.parametrize(
    "act",
    [
        lambda book: book.import_checked(chunks_of(OTHER), source="other.csv"),
        lambda book: book.undo(1),
        lambda book: book.merge("C0", "C1"),
        lambda book: book.keep_apart("C0", "C1"),
    ],
    ids=["import", "undo", "merge", "keep apart"],
)
def test_another_act_takes_the_rows_away_and_is_as_if_they_had_never_been(
    workbook: Workbook, twin: Workbook, caplog: pytest.LogCaptureFixture, act: Callable[[Any], object]
) -> None:
    broken_off(workbook)
    for each in (workbook, twin):
        with open_book(each, role="data_entry", write=True) as book:
            act(book)
    assert [record.message for record in caplog.records] == [
        "An import that was broken off was dropped: 14 rows, seen by nobody."
    ]
    assert_same(stored(workbook), stored(twin))
    again = in_parts(workbook)
    assert again.resumed_rows == 0
    assert_same_result(again, do_import(twin, LONG))
    assert_same(contents(workbook), contents(twin))


def test_a_look_at_another_hand_in_leaves_it_alone_and_sees_nothing_of_it(
    workbook: Workbook, twin: Workbook
) -> None:
    broken_off(workbook)
    seen = []
    for each in (workbook, twin):
        with open_book(each, role="data_entry", write=True) as book:
            seen.append(book.preview(chunks_of(OTHER), source="other.csv"))
    assert_same_result(seen[0].result, seen[1].result)
    pd.testing.assert_frame_equal(seen[0].changes, seen[1].changes)
    assert in_parts(workbook).resumed_rows == 14


def test_an_import_of_nothing_new_leaves_it_alone(workbook: Workbook) -> None:
    broken_off(workbook)
    assert do_import(workbook, BEFORE).dropped_rows == 0
    assert in_parts(workbook).resumed_rows == 14


@pytest.mark.parametrize(
    "options",
    [{"all_or_nothing": True}, {"part_rows": 1000}, {"fingerprint": None}],
    ids=["all or nothing", "a small hand-in", "no fingerprint"],
)
def test_no_part_is_committed(workbook: Workbook, started: Workbook, options: dict[str, Any]) -> None:
    broken_off(workbook, **options)
    assert_same(stored(workbook), stored(started))


def test_a_reader_cannot_go_on_with_an_import(workbook: Workbook) -> None:
    with open_book(workbook, role="data_entry") as book, pytest.raises(PermissionRefused, match="write=True"):
        book.import_checked(chunks_of(LONG), source="long.csv", fingerprint=LONG)


# ------------------------------------------------------------------------------------ any order
@st.composite
def hand_ins(draw: st.DrawFn) -> tuple[CheckResult, ...]:
    made = []
    for at in range(draw(st.integers(1, 5))):
        numbers = draw(st.lists(st.integers(0, 12), min_size=1, max_size=4, unique=True))
        branches = draw(st.lists(st.sampled_from(["North", "East"]), min_size=4, max_size=4))
        names = draw(st.lists(st.sampled_from(["王", "李"]), min_size=4, max_size=4))
        rows = [client(n, branch=b, full_name=f) for n, b, f in zip(numbers, branches, names, strict=False)]
        made.append(result(2 + 4 * at, clients=rows))
    return tuple(made)


BREAKS = ("chunk", "_store", "commit_book", "record", "_commit_both", "_begin")


def run_broken(
    workbook: Workbook, number: int, chunks: tuple[CheckResult, ...], where: str, turn: int
) -> bool:
    """Import in small parts with a break somewhere; whether it came to its end all the same."""
    turns = itertools.count(1)

    def step(original: Callable[..., Any]) -> Callable[..., Any]:
        def method(*given: Any, **named: Any) -> Any:
            if next(turns) == turn:
                raise Broken
            return original(*given, **named)

        return method

    def stream() -> Iterator[CheckResult]:
        for chunk in chunks:
            yield step(lambda chunk=chunk: chunk)() if where == "chunk" else chunk

    with pytest.MonkeyPatch.context() as patch:
        if where != "chunk":
            patch.setattr(Batch, where, step(getattr(Batch, where)))
        try:
            in_parts(workbook, LONG, stream(), fingerprint=str(number), part_rows=3)
        except Broken:
            return False
    return True


Step = tuple[str, Any, Any, Any]
steps = st.one_of(
    st.tuples(st.just("broken"), st.integers(0, 1), st.sampled_from(BREAKS), st.integers(1, 6)),
    st.tuples(st.just("whole"), st.integers(0, 1), st.none(), st.none()),
    st.tuples(st.just("undo"), st.none(), st.none(), st.none()),
)


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.tuples(hand_ins(), hand_ins()), acts=st.lists(steps, min_size=2, max_size=6))
def test_whatever_is_broken_off_and_done_between_the_book_is_that_of_whole_imports(
    started: Workbook, tmp_path_factory: pytest.TempPathFactory, files: Any, acts: list[Step]
) -> None:
    folder = tmp_path_factory.mktemp("any order")
    ours, twin = (Workbook(Path(shutil.copytree(started.folder, folder / name))) for name in ("ours", "twin"))
    for kind, number, where, turn in [*acts, ("whole", 0, None, None)]:
        if kind == "undo":
            for each in (ours, twin):
                with open_book(each, role="data_entry", write=True) as book:
                    if (last := int(book.batches().index.max())) > 1:
                        book.undo(last)
        elif kind == "whole":
            done = in_parts(ours, LONG, files[number], fingerprint=str(number), part_rows=3)
            assert_same_result(done, do_import(twin, LONG, files[number]))
        elif run_broken(ours, number, files[number], where, turn):
            do_import(twin, LONG, files[number])
        assert_same(contents(ours), contents(twin))
    assert_same(stored(ours), stored(twin))
