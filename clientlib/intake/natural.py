"""Which client a row is about, where it has no client number but an ID number or a mobile that tells.

The book knows whose they are; here the number is only filled in, never guessed: what belongs to nobody, or
to several clients, is refused with the mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from clientlib import masks
from clientlib.declare import Field
from clientlib.intake.cells import read
from clientlib.intake.normalise import CHANGE
from clientlib.intake.result import PROBLEMS
from clientlib.tables import AREAS, AreaInfo

CLIENT = "client_id"
KEYS: dict[str, Field] = {
    "id_number": AREAS["clients"].field("id_number"),
    "mobile": AREAS["contacts"].field("mobile"),
}
"""The fields that can stand for a client's number; of two that are given the first is looked at first."""
PREFIX = "_by_"
"""Before the name of such a field that the area itself does not have, as a column of its rows."""


@dataclass(frozen=True)
class Filled:
    """Rows with the client's number filled in, what could not be, and where it was."""

    rows: pl.DataFrame
    problems: pl.DataFrame
    changes: pl.DataFrame


class NaturalKeys:
    """Whose ID numbers and mobiles are whose.

    Parameters
    ----------
    load : callable
        Gives (field name, frame of that field and `client_id`) for each of `KEYS`; called when first needed.
    """

    def __init__(self, load: Callable[[], Iterable[tuple[str, pl.DataFrame]]]) -> None:
        self._load = load

    @cached_property
    def _owners(self) -> dict[str, pl.DataFrame]:
        """For each key its values and who has them; a value that several clients have names none of them."""
        found = {}
        for name, frame in self._load():
            known = frame.select(pl.col(name).alias("value"), CLIENT).drop_nulls().unique()
            found[name] = known.group_by("value").agg(
                owner=pl.when(pl.len() == 1).then(pl.col(CLIENT).first()), shared=pl.len() > 1
            )
        return found

    def fill(self, rows: pl.DataFrame, area: AreaInfo, zone: ZoneInfo) -> Filled:
        """Fill in numbers that are missing, and hold those that are there against the columns beside them.

        Parameters
        ----------
        rows : polars.DataFrame
            Text by field name, with `_row`; also columns named `PREFIX` + a key of `KEYS`.
        area : AreaInfo
            What the rows are.
        zone : ZoneInfo
            As for `cells.read`.
        """
        untouched = Filled(rows, PROBLEMS.to_frame(), CHANGE.to_frame())
        given = given_in(rows, area)
        if not given:
            return untouched
        if CLIENT not in rows.columns:
            rows = rows.with_columns(pl.lit(None, pl.String).alias(CLIENT))
        typed = rows.select(row="_row", typed=pl.col(CLIENT).str.strip_chars().replace("", None))
        asked = pl.concat(self._asked(rows, name, column, typed) for name, column in given.items())
        if asked.is_empty():
            return untouched
        told = self._owned(asked, zone).join(typed, on="row", how="left", maintain_order="left")
        told = told.with_columns(rule=_verdict(), field=pl.lit(CLIENT)).sort("row")
        filled = told.filter(pl.col("rule").is_null() & pl.col("typed").is_null())
        into = filled.select(pl.col("row").alias("_row"), "owner")
        rows = rows.join(into, on="_row", how="left", maintain_order="left")
        return Filled(
            rows=rows.with_columns(pl.coalesce("owner", CLIENT).alias(CLIENT)).drop("owner"),
            problems=told.filter(pl.col("rule").is_not_null()).select(PROBLEMS.names()),
            changes=filled.select(
                "row",
                "field",
                before=pl.lit(None, pl.String),
                after="owner",
                kind=pl.lit("natural_key"),
            ),
        )

    def _asked(self, rows: pl.DataFrame, name: str, column: str, typed: pl.DataFrame) -> pl.DataFrame:
        """The cells that may tell whose a row is: row, key, text.

        A field of the area itself (a client's new mobile) contradicts no number that was typed beside it.
        """
        cells = rows.select(row="_row", key=pl.lit(name), text=column)
        cells = cells.filter(pl.col("text").str.strip_chars() != "")
        if column.startswith(PREFIX):
            return cells
        return cells.join(
            typed.filter(pl.col("typed").is_null()), on="row", how="semi", maintain_order="left"
        )

    def _owned(self, asked: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
        """Row by row: whose it is, by how many different owners, and the first value asked for, masked."""
        parts = []
        for (name,), cells in asked.partition_by("key", as_dict=True, maintain_order=True).items():
            key = KEYS[str(name)]
            texts = cells.get_column("text").unique()
            values = [read(text, key, zone).value for text in texts]
            forms = pl.DataFrame({"text": texts, "value": pl.Series(values, dtype=pl.String)})
            known = forms.join(self._owners[str(name)], on="value", how="left")
            shown = masks.mask_expr(pl.coalesce("value", "text"), masks.kind_of(key))
            parts.append(cells.join(known.with_columns(value=shown), on="text", how="left"))
        return (
            pl.concat(parts)
            .group_by("row")
            .agg(
                owner=pl.col("owner").drop_nulls().first(),
                owners=pl.col("owner").drop_nulls().n_unique(),
                shared=pl.col("shared").any(),
                value=pl.col("value").first(),
                detail=pl.col("key").first(),
            )
        )


def given_in(rows: pl.DataFrame, area: AreaInfo) -> dict[str, str]:
    """The keys that the rows have, and the columns that they stand in."""
    if all(field.name != CLIENT for field in area.fields):
        return {}
    own = {field.name for field in area.fields}
    columns = {name: name if name in own else PREFIX + name for name in KEYS}
    return {name: column for name, column in columns.items() if column in rows.columns}


def _verdict() -> pl.Expr:
    """The rule that a row breaks; null: its number stands, or is found."""
    typed, owner = pl.col("typed"), pl.col("owner")
    return (
        pl.when(pl.col("owners") > 1)
        .then(pl.lit("natural_conflict"))
        .when((typed != owner).fill_null(False))
        .then(pl.lit("natural_mismatch"))
        .when(typed.is_null() & owner.is_null() & pl.col("shared"))
        .then(pl.lit("natural_shared"))
        .when(typed.is_null() & owner.is_null())
        .then(pl.lit("natural_unknown"))
    )
