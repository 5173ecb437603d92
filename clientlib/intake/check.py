"""The way of a hand-in: read → normalise → validate → accept or reject, chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import polars as pl

from clientlib import masks
from clientlib.declare import Field
from clientlib.intake import messages, notices
from clientlib.intake.cells import EMPTY_WORDS
from clientlib.intake.duplicates import KeyLedger
from clientlib.intake.natural import PREFIX, Filled, NaturalKeys
from clientlib.intake.normalise import CHANGE, normalise
from clientlib.intake.recognise.confirmed import UNCONFIRMED, Confirmed
from clientlib.intake.recognise.shapes import PERSON
from clientlib.intake.result import CHANGES, FINDINGS, PROBLEMS, UNRECOGNISED, CheckResult
from clientlib.intake.tables_in import Notice
from clientlib.intake.validate import validate
from clientlib.tables import AREAS, AreaInfo, Areas

_EXCERPT = 5


@dataclass(frozen=True)
class Piece:
    """Rows on their way: of one area (text columns by field name, and `_row`), of none, or only notices."""

    file: str
    sheet: str = ""
    area: AreaInfo | None = None
    rows: pl.DataFrame | None = None
    problems: pl.DataFrame = field(default_factory=PROBLEMS.to_frame)
    notices: Sequence[Notice] = ()

    @property
    def place(self) -> str:
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file


class Checker:
    """Checks the pieces of one hand-in, remembering the keys that went by."""

    def __init__(
        self,
        time_zone: str,
        areas: Areas = AREAS,
        natural_keys: NaturalKeys | None = None,
        confirmed: Confirmed = UNCONFIRMED,
    ) -> None:
        self.time_zone = time_zone
        self.areas = areas
        self.natural_keys = natural_keys
        self.confirmed = confirmed
        self._retitled: set[tuple[str, str]] = set()
        self._ledgers: dict[str, KeyLedger] = {}

    def check(self, piece: Piece) -> CheckResult:
        """What a piece comes to."""
        noticed = _noticed(piece, self.areas)
        if piece.rows is None or piece.rows.is_empty():
            return CheckResult({}, {}, noticed, CHANGES.to_frame(), 0)
        if piece.area is None:
            return _unrecognised(piece, noticed)
        return self._check_area(piece, self.areas[piece.area.name], piece.rows, noticed)

    def _check_area(
        self, piece: Piece, area: AreaInfo, rows: pl.DataFrame, noticed: pl.DataFrame
    ) -> CheckResult:
        told = self._told_apart(rows, area)
        read, replaced = self.confirmed.sorted_words(told.rows, area)
        normal = normalise(read, area, self.time_zone)
        # Where a whole row is wrong, its cells may stand in the wrong columns: nothing is said of them.
        whole = piece.problems.filter(pl.col("field").is_null()).get_column("row").implode()
        sound = ~pl.col("row").is_in(whole)
        unread = pl.concat([piece.problems, *(p.filter(sound) for p in (told.problems, normal.problems))])
        validated = validate(normal.typed, area, unread)
        repeated = self._ledger(area).repeated(validated.valid, piece.place)
        valid = validated.valid
        if repeated.height:
            valid = valid.filter(~pl.col("_row").is_in(repeated.get_column("row").implode()))
        problems = pl.concat([unread, validated.problems.filter(sound), repeated])
        raw = _complete(rows, area)
        rejected = raw.join(valid.select("_row"), on="_row", how="anti", maintain_order="left")
        findings = _findings(problems, raw, area, piece)
        changes = pl.concat([told.changes, replaced, normal.changes]).filter(sound)
        return CheckResult(
            accepted={area.name: _placed(valid, area, piece, pending=True)} if valid.height else {},
            rejected={area.name: _placed(rejected, area, piece)} if rejected.height else {},
            findings=pl.concat([noticed, findings]),
            changes=self._changes(changes, area, piece),
            rows_in=rows.height,
        )

    def _told_apart(self, rows: pl.DataFrame, area: AreaInfo) -> Filled:
        if self.natural_keys is None:
            return Filled(rows, PROBLEMS.to_frame(), CHANGE.to_frame())
        return self.natural_keys.fill(rows, area, ZoneInfo(self.time_zone))

    def _changes(self, changes: pl.DataFrame, area: AreaInfo, piece: Piece) -> pl.DataFrame:
        """The cells that were put into another form; before those of a table's first rows, its columns."""
        table = (piece.file, piece.sheet)
        found = _changes(changes, area, piece)
        if table in self._retitled:
            return found
        self._retitled.add(table)
        return pl.concat([self.confirmed.column_changes(*table), found])

    def _ledger(self, area: AreaInfo) -> KeyLedger:
        return self._ledgers.setdefault(area.name, KeyLedger(area))


# ------------------------------------------------------------------------------- the rows
def _complete(rows: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    """All fields of the area as text, and what beside them tells whose a row is; those that the file does
    not have are null."""
    names = [f.name for f in area.fields]
    missing = [pl.lit(None, pl.String).alias(name) for name in names if name not in rows.columns]
    beside = [name for name in rows.columns if name.startswith(PREFIX)]
    keys = [pl.col(name).alias(name.removeprefix(PREFIX)) for name in beside]
    return rows.with_columns(missing).select(*names, *keys, "_row")


def _placed(rows: pl.DataFrame, area: AreaInfo, piece: Piece, pending: bool = False) -> pl.DataFrame:
    names = [f.name for f in area.fields]
    beside = [name for name in rows.columns if name not in (*names, "_row", "_pending")]
    place = [pl.lit(piece.file).alias("_file"), pl.lit(piece.sheet).alias("_sheet"), pl.col("_row")]
    return rows.select(*names, *beside, *place, *(["_pending"] if pending else []))


def _unrecognised(piece: Piece, noticed: pl.DataFrame) -> CheckResult:
    rows = piece.rows if piece.rows is not None else pl.DataFrame()
    place = [pl.lit(piece.file).alias("_file"), pl.lit(piece.sheet).alias("_sheet"), pl.col("_row")]
    problems = rows.select(
        pl.col("_row").alias("row"),
        *(pl.lit(None, pl.String).alias(n) for n in ("field", "value")),
        pl.lit("unrecognised_sheet").alias("rule"),
        pl.lit("").alias("detail"),
    )
    findings = _findings(problems, rows, None, piece)
    rejected = {UNRECOGNISED: rows.select(pl.exclude("_row"), *place)}
    return CheckResult({}, rejected, pl.concat([noticed, findings]), CHANGES.to_frame(), rows.height)


# --------------------------------------------------------------------------- what was found
def _findings(problems: pl.DataFrame, raw: pl.DataFrame, area: AreaInfo | None, piece: Piece) -> pl.DataFrame:
    """Problems as findings: the value as it was typed, masked where it is identity, and the messages."""
    if problems.is_empty():
        return FINDINGS.to_frame()
    parts = []
    groups = problems.with_row_index("_order").partition_by("field", "rule", maintain_order=True)
    for group in groups:
        name, rule = group.row(0, named=True)["field"], group.row(0, named=True)["rule"]
        described = area.field(name) if area and name else None
        group = _with_value(group, raw, described, rule)
        parts.append(_with_messages(group, described, rule, area))
    stacked = pl.concat(parts).sort("row", "_order")
    return stacked.select(
        pl.lit(piece.file).alias("file"),
        pl.lit(piece.sheet).alias("sheet"),
        "row",
        pl.lit(area.name if area else None, pl.String).alias("area"),
        "field",
        "value",
        "rule",
        pl.lit("error").alias("severity"),
        "message_en",
        "message_zh",
    )


def _with_value(group: pl.DataFrame, raw: pl.DataFrame, described: Field | None, rule: str) -> pl.DataFrame:
    if described is None:
        return group
    if rule not in ("repeat", "contradiction"):
        typed = raw.select(pl.col("_row").alias("row"), pl.col(described.name).alias("_typed"))
        group = group.join(typed, on="row", how="left", maintain_order="left").with_columns(
            pl.coalesce("value", "_typed").alias("value")
        )
        group = group.drop("_typed")
    return group.with_columns(may_be_shown(pl.col("value"), described).alias("value"))


def _with_messages(
    group: pl.DataFrame, described: Field | None, rule: str, area: AreaInfo | None
) -> pl.DataFrame:
    words = messages.of_rule(area, rule) if area else None
    if words is not None:
        return group.with_columns(message_en=pl.lit(words.en), message_zh=pl.lit(words.zh))
    distinct = group.select("value", "detail").unique(maintain_order=True)
    texts = [_message(described, rule, value, detail) for value, detail in distinct.rows()]
    distinct = distinct.with_columns(
        message_en=pl.Series([text.en for text in texts], dtype=pl.String),
        message_zh=pl.Series([text.zh for text in texts], dtype=pl.String),
    )
    return group.join(distinct, on=["value", "detail"], how="left", nulls_equal=True, maintain_order="left")


def _message(described: Field | None, rule: str, value: str | None, detail: str | None) -> messages.Message:
    if described is None or rule in ("repeat", "contradiction"):
        return messages.of_row(rule, detail or "")
    return messages.of_cell(described, rule, value, detail)


def may_be_shown(value: pl.Expr, described: Field) -> pl.Expr:
    """A typed value as a finding may quote it: identity masked, sensitive free text only by its beginning."""
    if described.sensitivity == "I":
        # Words that stand for "nothing" name nobody.
        empty = value.str.to_lowercase().is_in(list(EMPTY_WORDS))
        return pl.when(empty).then(value).otherwise(masks.mask_expr(value, masks.kind_of(described)))
    if described.kind == "text" and described.sensitivity == "S":
        long = value.str.len_chars() > _EXCERPT
        shown = pl.when(long).then(pl.concat_str(value.str.head(_EXCERPT), pl.lit("…"))).otherwise(value)
    else:
        # A column that slipped may hold what belongs into the next one.
        shown = value if described.key or described.pattern else masks.scrub_expr(value)
    slipped = value.str.contains(rf"^\s*(?:{PERSON})\s*$")
    return pl.when(slipped).then(masks.mask_expr(value.str.strip_chars(), "name")).otherwise(shown)


def _noticed(piece: Piece, areas: Areas) -> pl.DataFrame:
    rows = []
    for notice in piece.notices:
        area = piece.area or areas.get(notice.area or "")
        words = notices.of_sheet(notice.rule, notice.detail, area)
        name = area.name if area else None
        place = (piece.file, piece.sheet, notice.row, name, notice.field, notice.value)
        rows.append((*place, notice.rule, "notice", words.en, words.zh))
    return pl.DataFrame(rows, schema=FINDINGS, orient="row")


def _changes(changes: pl.DataFrame, area: AreaInfo, piece: Piece) -> pl.DataFrame:
    if changes.is_empty():
        return CHANGES.to_frame()
    before, after = pl.col("before"), pl.col("after")
    for name in area.identity:
        kind = masks.kind_of(area.field(name))
        mine = pl.col("field") == name
        before = pl.when(mine).then(masks.mask_expr(pl.col("before"), kind)).otherwise(before)
        after = pl.when(mine).then(masks.mask_expr(pl.col("after"), kind)).otherwise(after)
    return changes.select(
        pl.lit(piece.file).alias("file"),
        pl.lit(piece.sheet).alias("sheet"),
        "row",
        pl.lit(area.name).alias("area"),
        "field",
        before.alias("before"),
        after.alias("after"),
        "kind",
    )
