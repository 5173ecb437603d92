"""An area's rows looked at once, for every question that is asked of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import polars as pl

from clientlib.analysis.quality.repeats import repeats
from clientlib.analysis.quality.rows import DAY, NUMBER, typed_rows
from clientlib.analysis.quality.rules import FAULTS, INVALID, judge
from clientlib.config import Settings
from clientlib.tables import AreaInfo, Areas

LAST_DAY = "_last_day"
"""Of a row: the last day on which it is current; null where its area has no review period."""
UNKNOWN_REFERENCE = "unknown_reference"
HOMES = {
    "client_id": "clients",
    "related_client_id": "clients",
    "security_id": "securities",
    "campaign_id": "campaigns",
}
"""Where what a field names has a row of its own."""
EXPIRY = {"preferences": "expires_on"}
"""The field in which a row says itself how long it holds."""


@dataclass(frozen=True)
class Examined:
    """All versions of an area's rows (`rows.typed_rows`, with the counts of `rules.Judged.rows` and
    `LAST_DAY`), and their `FAULTS`."""

    area: AreaInfo
    rows: pl.DataFrame
    faults: pl.DataFrame

    @property
    def of_clients(self) -> bool:
        return "client_id" in self.rows.columns


def examine(records: Mapping[str, pd.DataFrame], areas: Areas, settings: Settings) -> dict[str, Examined]:
    """Look at every area that holds a row; of areas without any nothing can be said, so they are left out."""
    held = {name: records[name] for name in areas if name in records and len(records[name])}
    zone = settings.firm.time_zone
    typed = {name: typed_rows(frame, areas[name], zone) for name, frame in held.items()}
    return {name: _examined(areas[name], rows, typed, settings) for name, rows in typed.items()}


def _examined(
    area: AreaInfo, rows: pl.DataFrame, typed: Mapping[str, pl.DataFrame], settings: Settings
) -> Examined:
    judged = judge(rows, area)
    counted = rows.join(judged.rows, on=NUMBER, how="left", maintain_order="left")
    counted = counted.with_columns(_last_day(area, rows, settings).alias(LAST_DAY))
    faults = [judged.faults, repeats(rows, area), *_unknown(area, rows, typed)]
    return Examined(area, counted, pl.concat(faults))


def _unknown(area: AreaInfo, rows: pl.DataFrame, typed: Mapping[str, pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Rows that name a client, security or campaign which the book does not have."""
    for field, home in HOMES.items():
        if field not in rows.columns or home not in typed or home == area.name:
            continue
        known = typed[home].get_column(area_key(field))
        lost = rows.filter(pl.col(field).is_not_null() & ~pl.col(field).is_in(known.unique().implode()))
        yield lost.select(
            NUMBER,
            pl.lit(field).alias("field"),
            pl.lit(UNKNOWN_REFERENCE).alias("rule"),
            pl.lit(INVALID).alias("kind"),
        ).match_to_schema(FAULTS)


def area_key(field: str) -> str:
    """What a field that names something is called where that thing has its row."""
    return field.removeprefix("related_")


def _last_day(area: AreaInfo, rows: pl.DataFrame, settings: Settings) -> pl.Expr:
    period = review_period(area.name, settings)
    if period is None:
        return pl.lit(None, pl.Date)
    reviewed = pl.col(DAY).dt.offset_by(period)
    own = EXPIRY.get(area.name)
    return pl.coalesce(own, reviewed) if own in rows.columns else reviewed


def review_period(area: str, settings: Settings) -> str | None:
    """How long a row of an area is current, as Polars writes durations (`12mo`, `31d`); None: always."""
    rules = settings.quality
    months = {**rules.review_months, "preferences": settings.suitability.valid_months}
    days = {str(name): count for name, count in rules.review_days.items()}
    if area in days:
        return f"{days[area]}d"
    return f"{dict(months)[area]}mo" if area in months else None
