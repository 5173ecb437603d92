"""What was checked goes into the book: one batch, all of it or none, and what became of each row."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from clientlib.book.audit.folding import BatchTrail
from clientlib.book.batch import CHANGED, NEW, UNCHANGED, Batch, Described
from clientlib.book.connection import is_damage
from clientlib.book.files import EPOCH
from clientlib.book.holders import account
from clientlib.book.storage import COUNTS
from clientlib.book.unfinished import Chunk, Outcome, seen
from clientlib.errors import BookError, ClientlibError, Words, system_says
from clientlib.intake.result import FINDINGS, CheckResult
from clientlib.tables import AreaInfo

_REFERENCES = ["area", "field", "rows", "ids"]
AS_IT_WAS = Words("Nothing of it was taken; the book is as it was.", "未保留任何内容，台账保持原样。")
GOES_ON = Words(
    "The book is as it was. Import the same hand-in again, and it goes on where it stopped.",
    "台账保持原样。请再次导入同一文件，将从中断处继续。",
)
_AT = "_at"
_CONTRADICTION = (
    "This row has the key of an earlier row of the hand-in but other contents. Keep the right one of both.",
    "本行与同一批次中较早的一行主键相同但内容不同。请保留正确的一行。",
)


@dataclass(frozen=True)
class ImportResult:
    """What an import came to.

    Attributes
    ----------
    batch : int or None
        The number of the batch; None when nothing was new, and so nothing was changed.
    areas : pandas.DataFrame
        A row for each area of the hand-in (index `area`): `rows_in` = `accepted` + `rejected`; of the
        accepted ones `new`, `changed` (they correct a record of the same key) and `unchanged` (known
        already, not stored again); `pending` of them still lack a required cell.
    findings : polars.DataFrame
        As intake gives them, and one for each row that contradicts an earlier one of the same hand-in.
    unknown_references : pandas.DataFrame
        `area`, `field`, `rows`, `ids`: rows stored now that name a client, security or campaign the book
        does not have (yet: hand-ins come in any order).
    withheld : bool
        Nothing was taken because a row was refused and all or nothing was asked for.
    resumed_rows : int
        So many rows were stored already by an import of the same hand-in that was broken off.
    dropped_rows : int
        So many rows, seen by nobody, of an import that was broken off and not gone on with were taken away.
    """

    batch: int | None
    areas: pd.DataFrame
    findings: pl.DataFrame
    unknown_references: pd.DataFrame
    withheld: bool = False
    resumed_rows: int = 0
    dropped_rows: int = 0


@dataclass
class Parts:
    """What an import needs to commit parts, and to go on where one was broken off.

    Attributes
    ----------
    fingerprint : str
        Of the hand-in.
    rows : int
        A part has at least so many rows of the hand-in.
    done : sequence of Chunk
        What became of the first chunks, in parts committed before.
    """

    fingerprint: str
    rows: int
    done: Sequence[Chunk] = ()
    _at: int = 0
    _since: list[Chunk] = field(default_factory=list)
    _rows_since: int = 0

    def known(self, batch: Batch, chunk: CheckResult) -> Chunk | None:
        """What became of the next chunk, if that is known already."""
        self._at += 1
        if self._at > len(self.done):
            return None
        known = self.done[self._at - 1]
        met = {name: seen(batch.areas[name], frame) for name, frame in chunk.accepted.items()}
        if met != {name: outcome.seen for name, outcome in known.items()}:
            raise _reads_otherwise(batch)
        return known

    def took(self, chunk: Chunk, rows: int) -> None:
        self._since.append(chunk)
        self._rows_since += rows

    def end_part(self, batch: Batch) -> None:
        """Commit a part if it is time for one. Call it before a chunk: the last part ends with the batch."""
        if self._rows_since >= self.rows and batch.stored:
            batch.commit_part(self.fingerprint, self._at - len(self._since), self._since)
            self._since, self._rows_since = [], 0

    def end(self, batch: Batch) -> None:
        """Make sure that the hand-in had all the chunks that are known."""
        if self._at < len(self.done):
            raise _reads_otherwise(batch)


def _reads_otherwise(batch: Batch) -> BookError:
    batch.forget_parts()
    return BookError(
        "The hand-in reads otherwise than when its import was broken off, though its files are the same. "
        "What was stored of it was taken away. Import it again, and it begins anew.",
        "文件未变，但读取结果与上次中断时不同。已存入的内容已移除。请重新导入，将从头开始。",
    )


@dataclass
class _Tally:
    """Counts and findings while chunks go by."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    findings: list[pl.DataFrame] = field(default_factory=lambda: [FINDINGS.to_frame()])
    files: dict[str, None] = field(default_factory=dict)
    unknown: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_REFERENCES))

    @property
    def refused(self) -> int:
        return sum(counts["rejected"] for counts in self.counts.values())

    def count(self, area: str, **numbers: int) -> None:
        self.counts.setdefault(area, Counter()).update(numbers)

    def note_files(self, frame: pl.DataFrame) -> None:
        for name in frame["_file"].unique(maintain_order=True):
            self.files[Path(name).name] = None

    def frame(self) -> pl.DataFrame:
        rows = [
            {"area": area, **{name: counts[name] for name in COUNTS}} for area, counts in self.counts.items()
        ]
        return pl.DataFrame(rows, schema={"area": pl.String} | dict.fromkeys(COUNTS, pl.Int64))


def take_in(
    batch: Batch,
    chunks: Iterable[CheckResult],
    *,
    source: str,
    after: dt.datetime | None,
    landed: Callable[[int], bool],
    trail: BatchTrail,
    all_or_nothing: bool = False,
    only_look: bool = False,
    parts: Parts | None = None,
    described: Described | None = None,
) -> ImportResult:
    """Take chunks in as one batch, and end it: committed, or abandoned.

    Parameters
    ----------
    batch : Batch
        Begun, nothing in it yet.
    chunks : iterable of CheckResult
        What intake found; read one at a time.
    source : str
        What the hand-in is called; of a path only the last part is kept.
    after : datetime or None
        When the last batch was recorded; this one is recorded later, whatever the clock says.
    landed : callable
        Looks whether a batch is in the book: asked when the engine broke down while committing.
    trail : BatchTrail
        What the audit does beside it.
    all_or_nothing : bool
        Whether one refused row withholds all the others.
    only_look : bool
        Whether the batch is abandoned in any case: only what would become of the rows is wanted.
    parts : Parts, optional
        If parts of the batch may be committed before its end. Not where it may be withheld or abandoned.
    described : Described, optional
        What the batch is, should it be no import of files.

    Raises
    ------
    BookError
        The engine refused, e.g. because the disk is full. The book is as it was.
    """
    tally = _Tally()
    resumed = batch.stored

    def fill() -> Described | None:
        for chunk in chunks:
            if parts is not None:
                parts.end_part(batch)
            _take_chunk(batch, chunk, tally, parts)
        if parts is not None:
            parts.end(batch)
        tally.unknown = _unknown(batch)
        if only_look or not batch.stored or (all_or_nothing and tally.refused):
            return None
        return described or Described(Path(source).name, account(), sorted(tally.files))

    file = Path(source).name
    what = Words(f"import of {file}", f"导入 {file}")
    number = append(batch, fill, what=what, after=after, landed=landed, trail=trail, tally=tally)
    areas = tally.frame().to_pandas().set_index("area")
    withheld = all_or_nothing and tally.refused > 0
    dropped = batch.dropped if number is not None else 0
    return ImportResult(
        number, areas, pl.concat(tally.findings), tally.unknown, withheld, resumed, dropped_rows=dropped
    )


def append(
    batch: Batch,
    fill: Callable[[], Described | None],
    *,
    what: Words,
    after: dt.datetime | None,
    landed: Callable[[int], bool],
    trail: BatchTrail,
    tally: _Tally | None = None,
) -> int | None:
    """Fill a batch and end it: committed, or abandoned and the book as it was.

    Parameters
    ----------
    batch : Batch
        Begun, nothing in it yet.
    fill : callable
        Puts into the batch what belongs there and describes it; None: there is nothing to record.
    what : Words
        How to call it where it could not be finished.
    after, landed, trail
        As for `take_in`.
    tally : _Tally, optional
        The counts to record with it.

    Returns
    -------
    int or None
        The number of the batch; None when nothing was recorded.
    """
    broken: Words | None = None
    described: Described | None = None
    try:
        described = fill()
        if described is None:
            batch.abandon()
        else:
            _write_down(batch, described, after, (tally or _Tally()).frame(), trail)
            batch.commit()
            trail.landed()
    except (duckdb.Error, OSError, MemoryError) as error:
        broken = told_reason(error)
    except ClientlibError as error:
        batch.abandon()
        trail.broken_off()
        error.continue_with(_how_it_is(batch))
        raise
    except BaseException as error:
        batch.abandon()
        if isinstance(error.__cause__, KeyboardInterrupt):
            # DuckDB turns Ctrl-C during a statement into a RuntimeError.
            raise KeyboardInterrupt from None
        error.add_note(_how_it_is(batch).en)
        raise
    if broken is not None:
        batch.abandon()
        if not (trail.recorded and landed(batch.number)):
            trail.broken_off()
            how = _how_it_is(batch)
            raise BookError(
                f"The {what.en} stopped: {broken.en}. {how.en}", f"{what.zh}未能完成：{broken.zh}。{how.zh}"
            )
        trail.landed()
    return batch.number if described is not None else None


def _write_down(
    batch: Batch, described: Described, after: dt.datetime | None, counts: pl.DataFrame, trail: BatchTrail
) -> None:
    """The batch itself, and its record in the audit: all that goes before the commit."""
    stamp = recorded_after(after)
    batch.record(stamp.isoformat(sep=" "), described, counts)
    stored = {
        name: {area: rows for area, rows in counts.select("area", name).iter_rows() if rows}
        for name in (NEW, CHANGED)
    }
    details = {"source": described.source, "undoes": described.undoes, **stored}
    entry = trail.entry(
        described.event,
        {name: value for name, value in details.items() if value},
        clients=described.clients,
        reason=described.reason,
    )
    batch.audited(trail, entry, (stamp - EPOCH) // dt.timedelta(microseconds=1))


def _how_it_is(batch: Batch) -> Words:
    return GOES_ON if batch.mark.part else AS_IT_WAS


def _take_chunk(batch: Batch, chunk: CheckResult, tally: _Tally, parts: Parts | None) -> None:
    tally.findings.append(chunk.findings)
    for name, frame in chunk.rejected.items():
        tally.count(name, rows_in=frame.height, rejected=frame.height)
        tally.note_files(frame)
    known = parts.known(batch, chunk) if parts is not None else None
    outcomes = dict(known) if known is not None else {}
    for name, frame in chunk.accepted.items():
        area = batch.areas[name]
        if known is None:
            outcomes[name] = _stored(batch, area, frame, again=parts is not None)
        _tell(tally, area, frame, outcomes[name])
    if parts is not None and known is None:
        parts.took(outcomes, chunk.rows_accepted)


def _stored(batch: Batch, area: AreaInfo, frame: pl.DataFrame, *, again: bool) -> Outcome:
    """What became of rows handed to the batch; `again`: if they must be known again later."""
    met, contradicted = batch.take(area, frame.with_row_index(_AT))
    known_by = seen(area, frame) if again else 0
    return Outcome(known_by, met[NEW], met[CHANGED], met[UNCHANGED], tuple(contradicted[_AT]))


def _tell(tally: _Tally, area: AreaInfo, frame: pl.DataFrame, outcome: Outcome) -> None:
    """Count what became of rows, and find fault with the contradicted ones."""
    contradicted = frame[pl.Series(outcome.contradicted, dtype=pl.UInt32)]
    refused = contradicted.height
    tally.count(
        area.name,
        rows_in=frame.height,
        accepted=frame.height - refused,
        rejected=refused,
        new=outcome.new,
        changed=outcome.changed,
        unchanged=outcome.unchanged,
        pending=int(frame["_pending"].sum()) - int(contradicted["_pending"].sum()),
    )
    tally.note_files(frame)
    if refused:
        tally.findings.append(_contradictions(area, contradicted))


def _contradictions(area: AreaInfo, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        file=pl.col("_file"),
        sheet=pl.col("_sheet"),
        row=pl.col("_row"),
        area=pl.lit(area.name),
        field=pl.lit(area.key[0]),
        value=pl.col(area.key[0]),
        rule=pl.lit("contradicts_earlier_row"),
        severity=pl.lit("error"),
        message_en=pl.lit(_CONTRADICTION[0]),
        message_zh=pl.lit(_CONTRADICTION[1]),
    ).cast(FINDINGS)


def _unknown(batch: Batch) -> pd.DataFrame:
    return pd.DataFrame(batch.unknown_references(), columns=_REFERENCES)


def recorded_after(after: dt.datetime | None) -> dt.datetime:
    """When a batch is recorded: now, and in any case later than the last one."""
    now = dt.datetime.now(dt.UTC)
    if after is not None and now <= after:
        # The machine's clock was set back; record time never is.
        now = after + dt.timedelta(microseconds=1)
    return now


def told_reason(error: BaseException) -> Words:
    """Why something stopped, for a person: the engine's own words may quote a row, so only their kind."""
    said = str(error)
    if "No space left" in said or "File too large" in said or "Disk quota" in said:
        return Words("the disk is full", "磁盘已满")
    if isinstance(error, duckdb.Error) and is_damage(error):
        return Words(
            "the book or its vault is damaged; put both back from a backup",
            "台账或身份库已损坏，请用备份一并恢复",
        )
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return Words("the memory is full", "内存不足")
    if isinstance(error, OSError) and error.strerror:
        return system_says(error)
    kind = type(error).__name__
    return Words(f"the database engine gave up ({kind})", f"数据库引擎停止工作（{kind}）")
