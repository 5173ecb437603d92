"""Columns of text → typed columns, with every change of form recorded and every unreadable cell named.

Cells in the plain form are converted by Polars at once; only the others are looked at one by one, each
distinct text once, by `cells.read`.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from clientlib.declare import Field
from clientlib.intake.cells import EMPTY_WORDS, Reading, read
from clientlib.intake.result import PROBLEMS
from clientlib.tables import AreaInfo

YUAN = "CNY"
_ID_LIKE = r"^[0-9A-Za-z][0-9A-Za-z._\-]*$"
_TRIM_OR_CHECK = r"^[\s\p{Cf}#]|[\s\p{Cf}]$|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{fffe}\x{ffff}]"
_PLAIN_INSTANT = "%Y-%m-%d %H:%M:%S"
_CLOCK = r"[ T]\d{1,2}:[0-5]?\d"
# Other common forms of an instant: what it looks like, its format, and the kind of change.
_INSTANT_FORMS: tuple[tuple[str, str, str | None], ...] = (
    (rf"^\d{{4}}-\d\d-\d\d{_CLOCK}$", "%Y-%m-%d %H:%M", None),
    (rf"^\d{{4}}-\d\d-\d\d{_CLOCK}:[0-5]\d(?:\.\d{{1,9}})?$", "%Y-%m-%d %H:%M:%S%.f", None),
    (rf"^\d{{4}}/\d{{1,2}}/\d{{1,2}}{_CLOCK}$", "%Y/%m/%d %H:%M", "date_form"),
    (rf"^\d{{4}}/\d{{1,2}}/\d{{1,2}}{_CLOCK}:[0-5]\d$", "%Y/%m/%d %H:%M:%S", "date_form"),
)
CHANGE = pl.Schema(
    {"row": pl.UInt32, "field": pl.String, "before": pl.String, "after": pl.String, "kind": pl.String}
)
"""A cell whose form was changed, on its way."""


@dataclass(frozen=True)
class Normalised:
    """Rows in the types of their area, in the order in which they came.

    Attributes
    ----------
    typed : polars.DataFrame
        The area's fields and `_row`; a cell that could not be read is null.
    problems : polars.DataFrame
        The cells that could not be read (`PROBLEMS`; `value` as typed, not yet masked).
    changes : polars.DataFrame
        row, field, before, after, kind: the cells whose form was changed, not yet masked. What means the
        same and is a plain form too (a code's label, a T between date and time) is no change.
    """

    typed: pl.DataFrame
    problems: pl.DataFrame
    changes: pl.DataFrame


def normalise(raw: pl.DataFrame, area: AreaInfo, time_zone: str) -> Normalised:
    """Read every cell of an area's rows.

    Parameters
    ----------
    raw : polars.DataFrame
        One text column per recognised field, and `_row`. Fields that are not there become null.
    area : AreaInfo
        What the rows are.
    time_zone : str
        IANA name: the zone of times that state none.
    """
    zone = ZoneInfo(time_zone)
    present = [field for field in area.fields if field.name in raw.columns]
    plain = raw.select(_plain(field, time_zone).alias(field.name) for field in present)
    columns: dict[str, pl.Series] = {}
    problems, changes = [PROBLEMS.to_frame()], [CHANGE.to_frame()]
    for field in present:
        text, fast = raw.get_column(field.name), plain.get_column(field.name)
        left = (fast.is_null() & (text != "")).fill_null(False)
        if left.any():
            column = _Column(field, time_zone, zone, raw.get_column("_row"), text)
            fast = column.completed(fast, left.arg_true())
            problems.append(column.problems())
            changes.append(column.changes())
        columns[field.name] = fast
    typed = pl.DataFrame(
        [
            columns.get(
                field.name, pl.Series(field.name, [None], dtype=field.dtype).new_from_index(0, raw.height)
            ).alias(field.name)
            for field in area.fields
        ]
    ).with_columns(raw.get_column("_row"))
    return _without_foreign_yuan(Normalised(typed, pl.concat(problems), pl.concat(changes)))


# ---------------------------------------------------------------------- the plain forms
def _plain(field: Field, time_zone: str) -> pl.Expr:
    """The value where the cell has the plainest form, null elsewhere: fast, and never wrong."""
    text = pl.col(field.name)
    if field.kind in ("number", "money", "fraction"):
        number = text.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite()).then(number)
    if field.kind == "integer":
        return text.cast(pl.Int64, strict=False)
    if field.kind == "date":
        return pl.when(text.str.len_bytes() == 10).then(text.str.to_date("%Y-%m-%d", strict=False))
    if field.kind == "instant":
        # The parser takes second 60 for the next minute's first: that is left to the exact reading.
        whole = (text.str.len_bytes() == 19) & ~text.str.ends_with(":60")
        return pl.when(whole).then(_in_utc(_parsed(text, _PLAIN_INSTANT), time_zone))
    if field.kind in ("code", "codes"):
        return pl.when(text.is_in(field.choices.values)).then(text)
    if field.kind == "yes_no":
        return pl.when(text == "yes").then(pl.lit(True)).when(text == "no").then(pl.lit(False))
    return pl.when(_is_plain_text(text, field)).then(text)


def _is_plain_text(text: pl.Expr, field: Field) -> pl.Expr:
    if field.kind == "phone":
        return text.str.contains(r"^\+[0-9]{6,15}$")
    if field.kind == "id_number":
        return text.str.contains(r"^[0-9A-Z][0-9A-Z()\-]*$") & ~_is_empty_word(text)
    if field.kind == "email":
        return text.str.contains(r"^[0-9A-Za-z][!-~]*@[!-~]+$")
    if field.pattern is not None:
        return text.str.contains(_ID_LIKE) & ~_is_empty_word(text)
    return (text != "") & ~text.str.contains(_TRIM_OR_CHECK) & ~_is_empty_word(text)


def _is_empty_word(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().is_in(list(EMPTY_WORDS))


def _parsed(text: pl.Expr, form: str) -> pl.Expr:
    return text.str.to_datetime(form, strict=False, time_unit="us")


def _in_utc(local: pl.Expr, time_zone: str) -> pl.Expr:
    return local.dt.replace_time_zone(time_zone, ambiguous="null", non_existent="null").dt.convert_time_zone(
        "UTC"
    )


def _second_forms(field: Field, time_zone: str) -> list[tuple[pl.Expr, str | None]]:
    """Further forms that whole files come in: the value where a cell has that form, and the change."""
    text = pl.col("before")
    if field.kind == "instant":
        spaced = text.str.replace("T", " ", literal=True)
        return [
            (pl.when(text.str.contains(look)).then(_in_utc(_parsed(spaced, form), time_zone)), kind)
            for look, form, kind in _INSTANT_FORMS
        ]
    if field.kind in ("number", "money"):
        grouped = text.str.contains(r"^-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$")
        return [
            (
                pl.when(grouped).then(
                    text.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
                ),
                "thousands",
            )
        ]
    if field.kind == "phone":
        return [
            (
                pl.when(text.str.contains(r"^1[3-9][0-9]{9}$")).then(pl.concat_str(pl.lit("+86"), text)),
                "phone",
            )
        ]
    return []


# ------------------------------------------------------------------------ all the others
class _Column:
    """The cells of one column that are not in the plain form."""

    def __init__(
        self, field: Field, time_zone: str, zone: ZoneInfo, rows: pl.Series, text: pl.Series
    ) -> None:
        self.field, self.time_zone, self.zone = field, time_zone, zone
        self.rows, self.text = rows, text
        self.cells = pl.DataFrame()

    def completed(self, fast: pl.Series, places: pl.Series) -> pl.Series:
        """`fast` with the cells at `places` read."""
        cells = pl.DataFrame({"row": self.rows.gather(places), "before": self.text.gather(places)})
        text = pl.lit(None, pl.String)
        cells = cells.with_columns(
            pl.lit(None, self.field.dtype).alias("value"),
            *(text.alias(n) for n in ("kind", "rule", "detail")),
        )
        for value, kind in _second_forms(self.field, self.time_zone):
            form = pl.when(pl.col("value").is_null()).then(value)
            cells = (
                cells.with_columns(form.alias("form"))
                .with_columns(
                    pl.coalesce("value", "form").alias("value"),
                    pl.when(pl.col("form").is_not_null())
                    .then(pl.lit(kind, pl.String))
                    .otherwise("kind")
                    .alias("kind"),
                )
                .drop("form")
            )
        self.cells = self._read(cells)
        return fast.scatter(places, self.cells.get_column("value"))

    def _read(self, cells: pl.DataFrame) -> pl.DataFrame:
        unread = pl.col("value").is_null()
        texts = cells.filter(unread).get_column("before").unique()
        if texts.is_empty():
            return cells
        readings = [read(text, self.field, self.zone) for text in texts]
        found = _readings_frame(texts, readings, self.field)
        joined = cells.select("row", "before", "value", "kind").join(
            found, on="before", how="left", suffix="_read", maintain_order="left"
        )
        return joined.select(
            "row",
            "before",
            pl.coalesce("value", "value_read").alias("value"),
            pl.when(unread).then("kind_read").otherwise("kind").alias("kind"),
            pl.when(unread).then("rule").alias("rule"),
            pl.when(unread).then("detail").alias("detail"),
        )

    def problems(self) -> pl.DataFrame:
        broken = self.cells.filter(pl.col("rule").is_not_null())
        return broken.select(
            "row", pl.lit(self.field.name).alias("field"), pl.col("before").alias("value"), "rule", "detail"
        )

    def changes(self) -> pl.DataFrame:
        changed = self.cells.filter(pl.col("kind").is_not_null())
        after = shown(pl.col("value"), self.field, self.time_zone)
        return changed.select(
            "row", pl.lit(self.field.name).alias("field"), "before", after.alias("after"), "kind"
        )


def _readings_frame(texts: pl.Series, readings: list[Reading], field: Field) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "before": texts,
            "value": pl.Series([reading.value for reading in readings], dtype=field.dtype),
            "kind": pl.Series([reading.change for reading in readings], dtype=pl.String),
            "rule": pl.Series([reading.rule for reading in readings], dtype=pl.String),
            "detail": pl.Series([reading.detail for reading in readings], dtype=pl.String),
        }
    )


def shown(value: pl.Expr, field: Field, time_zone: str) -> pl.Expr:
    """A typed value as a person would type it: instants in the firm's time zone, 1000 without a point.

    Read again it is the same value; so a time that the firm's clocks showed twice is written in UTC.
    """
    if field.kind == "instant":
        local = value.dt.convert_time_zone(time_zone)
        twice = _in_utc(local.dt.replace_time_zone(None), time_zone).is_null()
        return (
            pl.when(twice)
            .then(value.dt.strftime(f"{_PLAIN_INSTANT}%.fZ"))
            .otherwise(local.dt.strftime(f"{_PLAIN_INSTANT}%.f"))
        )
    if field.kind == "yes_no":
        return pl.when(value).then(pl.lit("yes")).when(~value).then(pl.lit("no"))
    if field.kind in ("number", "money", "fraction"):
        return value.cast(pl.String).str.strip_suffix(".0")
    return value.cast(pl.String)


def _without_foreign_yuan(found: Normalised) -> Normalised:
    """An amount that says yuan in a row whose currency is another one is refused, not converted."""
    yuan = found.changes.filter(pl.col("kind") == "currency_word")
    if yuan.is_empty() or "currency" not in found.typed.columns:
        return found
    foreign = found.typed.filter(pl.col("currency") != YUAN).select("_row", "currency")
    clash = yuan.join(foreign, left_on="row", right_on="_row", how="inner")
    if clash.is_empty():
        return found
    typed = found.typed
    for name in clash.get_column("field").unique():
        rows = clash.filter(pl.col("field") == name).get_column("row")
        typed = typed.with_columns(
            pl.when(~pl.col("_row").is_in(rows.implode())).then(pl.col(name)).alias(name)
        )
    problems = clash.select(
        "row",
        "field",
        pl.col("before").alias("value"),
        pl.lit("currency_conflict").alias("rule"),
        pl.col("currency").alias("detail"),
    )
    changes = found.changes.join(clash, on=["row", "field"], how="anti", maintain_order="left")
    return Normalised(typed, pl.concat([found.problems, problems]), changes)
