"""Rows of one hand-in that have the same key: the first is taken, the later ones are refused.

Keys are kept as they are, so the answer is exact, also over chunks and files; what is kept per row is its
key, its place and a hash of its content.
"""

from __future__ import annotations

import polars as pl

from clientlib.intake.result import PROBLEMS
from clientlib.tables import AreaInfo

_PLACE = ("_source", "_first", "_content")


class KeyLedger:
    """The keys of one area seen so far."""

    def __init__(self, area: AreaInfo) -> None:
        self.area = area
        self._key = list(area.key)
        self._content = [f.name for f in area.fields]
        self._seen: list[pl.DataFrame] = []
        self._sources: list[str] = []

    def repeated(self, rows: pl.DataFrame, source: str) -> pl.DataFrame:
        """The rows whose key was there before, and the others are remembered.

        Parameters
        ----------
        rows : polars.DataFrame
            Valid rows: the area's fields and `_row`.
        source : str
            How to name the file and sheet of these rows in a message.

        Returns
        -------
        polars.DataFrame
            `PROBLEMS`: rule "repeat" (all fields alike) or "contradiction"; `detail` names the first row.
        """
        if not self._sources or self._sources[-1] != source:
            self._sources.append(source)
        number = len(self._sources) - 1
        keyed = rows.select(
            *self._key,
            pl.struct(self._key).hash().alias("_hash"),
            pl.lit(number, pl.UInt32).alias("_source"),
            pl.col("_row").alias("_first"),
            pl.struct(self._content).hash().alias("_content"),
        )
        firsts = keyed.unique(self._key, keep="first", maintain_order=True)
        known = self._known(firsts)
        new = firsts.join(known, on=self._key, how="anti", maintain_order="left")
        self._seen.append(new)
        if new.height == keyed.height:
            return PROBLEMS.to_frame()
        return self._described(keyed, pl.concat([known, new]), number)

    def _known(self, firsts: pl.DataFrame) -> pl.DataFrame:
        """The remembered rows that may have one of these keys: found by hash, to be compared by key."""
        # The few hashes are looked up in, the many only pass by: no table of all keys is ever built.
        hashes = firsts.get_column("_hash").implode()
        return pl.concat(
            [firsts.clear(), *(part.filter(pl.col("_hash").is_in(hashes)) for part in self._seen)]
        )

    def _described(self, keyed: pl.DataFrame, known: pl.DataFrame, number: int) -> pl.DataFrame:
        first = known.rename({name: f"{name}_known" for name in _PLACE})
        late = keyed.join(first, on=self._key, how="left", maintain_order="left").filter(
            (pl.col("_source") != pl.col("_source_known")) | (pl.col("_first") != pl.col("_first_known"))
        )
        here = pl.format("row {}", "_first_known")
        names = pl.col("_source_known").replace_strict(
            dict(enumerate(self._sources)), return_dtype=pl.String, default=None
        )
        there = pl.format("{}, row {}", names, "_first_known")
        return late.select(
            pl.col("_first").alias("row"),
            pl.lit(self._key[0]).alias("field"),
            pl.concat_str([pl.col(k).cast(pl.String) for k in self._key], separator="; ").alias("value"),
            pl.when(pl.col("_content") == pl.col("_content_known"))
            .then(pl.lit("repeat"))
            .otherwise(pl.lit("contradiction"))
            .alias("rule"),
            pl.when(pl.col("_source_known") == number).then(here).otherwise(there).alias("detail"),
        )
