"""What the explorer shows, read from the book in one go: the book is open for that moment only.

A book that stands open keeps every writer out, so nothing here holds on to one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from clientlib import config, features
from clientlib.analysis import suitability
from clientlib.book import open_book
from clientlib.declare import Field
from clientlib.errors import ParameterError, Words
from clientlib.lab.scrubbing import without_identity
from clientlib.masks import HIDDEN, kind_of, mask
from clientlib.tables import AREAS, AreaInfo, Areas
from clientlib.workbook import Workbook

ONE_ROW_AREAS = ("clients", "contacts", "preferences", "finances")
"""Areas of which a client has one newest row; their fields stand side by side in `Snapshot.clients`."""
MANY_ROW_AREAS = ("trades", "service_requests", "feedback", "securities")
ROLE = "analyst"


@dataclass(frozen=True)
class Snapshot:
    """The book as of a date, as an analyst may see it.

    Attributes
    ----------
    as_of : date or None
        Business date of everything in it; None when the book is empty.
    currency : str
        Of all market values in `clients`, as `features.client_features` chose it.
    settings : Settings
        The firm's settings.
    table : mapping of str to AreaInfo
        The client management table, with the fields that the firm added.
    clients : DataFrame, index client_id
        One row a client: the fields of the areas in `ONE_ROW_AREAS` (a name that two areas share belongs to
        the first), what `analysis.suitability.client_levels` says of the level (level, stated_level,
        level_status, level_until, days_left, predicted_level), the feature market_value, and last_trade
        (missing: none). Identity is masked.
    positions : DataFrame
        As `features.positions`, with name, asset_class and risk_level of the security, and allowed
        (nullable: whether the level permits it).
    trades, service_requests, feedback : DataFrame
        As in the book, free text scrubbed of identity.
    notice : Words or None
        Why there is nothing to show; None when there is, or when the book is merely empty.
    """

    as_of: dt.date | None
    currency: str
    settings: config.Settings
    table: Areas
    clients: pd.DataFrame
    positions: pd.DataFrame
    trades: pd.DataFrame
    service_requests: pd.DataFrame
    feedback: pd.DataFrame
    notice: Words | None = None


def take(path: Path | Workbook | None = None, as_of: dt.date | str | None = None) -> Snapshot:
    """Read what the explorer needs, then close the book.

    Parameters
    ----------
    path : Path or Workbook, optional
        The workbook folder; found as every command finds it when left out.
    as_of : date or str, optional
        Business date (`2026-06-30`); the newest in the book when left out.

    Raises
    ------
    ClientlibError
        There is no workbook, no key, no book, or another process is writing.
    """
    with open_book(path, role=ROLE) as book:
        newest = book.latest_as_of()
        if newest is None:
            return nothing(book.settings, table=book.areas)
        day = newest if as_of is None else _day(as_of)
        areas = {name: book.area(name, as_of=day) for name in ONE_ROW_AREAS + MANY_ROW_AREAS}
        held = features.positions(book, day)
        worked_out = features.client_features(book, day)
        settings, table = book.settings, book.areas
    return assemble(areas, held, worked_out, day, settings, table)


def nothing(
    settings: config.Settings | None = None, notice: Words | None = None, table: Areas = AREAS
) -> Snapshot:
    """A snapshot without clients, which says why when there is a reason to tell."""
    known = settings or config.load()
    areas = {name: pd.DataFrame(columns=_columns(table[name])) for name in ONE_ROW_AREAS + MANY_ROW_AREAS}
    held = pd.DataFrame(columns=["client_id", "security_id", "currency"])
    worked_out = pd.DataFrame(columns=["currency", "market_value"])
    empty = assemble(areas, held, worked_out, dt.date.today(), known, table)
    return replace(empty, as_of=None, notice=notice)


def assemble(
    areas: Mapping[str, pd.DataFrame],
    positions: pd.DataFrame,
    worked_out: pd.DataFrame,
    as_of: dt.date,
    settings: config.Settings,
    table: Areas = AREAS,
) -> Snapshot:
    """A snapshot from the frames of the areas, `features.positions` and `features.client_features`."""
    levels = suitability.client_levels(areas["preferences"], areas["clients"], as_of, settings.suitability)
    clients = _one_row_each(areas, table)
    clients["remarks"] = without_identity(clients["remarks"], clients["full_name"])
    clients = clients.join(_renamed(levels)).join(worked_out["market_value"].astype(float))
    last_trade = areas["trades"].groupby("client_id")["traded_at"].max()
    clients["last_trade"] = pd.to_datetime(last_trade, utc=True)
    return Snapshot(
        as_of=as_of,
        currency=str(worked_out["currency"].iloc[0]) if len(worked_out) else settings.firm.currency,
        settings=settings,
        table=table,
        clients=clients.sort_index(),
        positions=_held(positions, areas["securities"], levels, settings),
        trades=areas["trades"],
        service_requests=_scrubbed(areas["service_requests"], "text", clients["full_name"]),
        feedback=_scrubbed(areas["feedback"], "comment", clients["full_name"]),
    )


def _day(as_of: dt.date | str) -> dt.date:
    try:
        return dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError:
        raise ParameterError(
            f'as_of is "{as_of}", which is no date. Write it as 2026-06-30.',
            f"as_of 为“{as_of}”，不是日期。请写成如 2026-06-30。",
        ) from None


def _columns(area: AreaInfo) -> list[str]:
    return [field.name for field in area.fields]


def _one_row_each(areas: Mapping[str, pd.DataFrame], table: Areas) -> pd.DataFrame:
    """The newest row of each client in every such area, side by side, identity masked."""
    joined = pd.DataFrame(
        index=pd.Index(areas["clients"]["client_id"].unique(), name="client_id", dtype="str")
    )
    for name in ONE_ROW_AREAS:
        fields = [f for f in table[name].fields if f.name not in ("client_id", *joined.columns)]
        newest = areas[name].drop_duplicates("client_id", keep="last").set_index("client_id")
        newest = newest.reindex(columns=[f.name for f in fields])
        for field in fields:
            if field.sensitivity == "I":
                kind = kind_of(field)
                newest[field.name] = [_masked(value, kind) for value in newest[field.name]]
        joined = joined.join(newest)
    return joined


def own_fields(table: Areas) -> list[Field]:
    """The fields that the firm added to the areas in `ONE_ROW_AREAS`: columns of `Snapshot.clients`."""
    found: dict[str, Field] = {}
    for name in ONE_ROW_AREAS:
        for field in table[name].fields:
            if field.custom:
                found.setdefault(field.name, field)
    return list(found.values())


def _masked(value: object, kind: str) -> str | None:
    # The book masks already; a firm that lets its analysts see identity does not mean it in a notebook.
    if not isinstance(value, str):
        return None
    return value if HIDDEN in value else mask(value, kind)  # type: ignore[arg-type]


def _scrubbed(frame: pd.DataFrame, column: str, names: pd.Series) -> pd.DataFrame:
    if column not in frame.columns:
        return frame
    return frame.assign(**{column: without_identity(frame[column], frame["client_id"].map(names))})


def _renamed(levels: pd.DataFrame) -> pd.DataFrame:
    names = {
        "level": "level",
        "stated_level": "stated_level",
        "status": "level_status",
        "expires_on": "level_until",
        "days_left": "days_left",
        "predicted": "predicted_level",
    }
    return levels[list(names)].rename(columns=names)


def _held(
    positions: pd.DataFrame, securities: pd.DataFrame, levels: pd.DataFrame, settings: config.Settings
) -> pd.DataFrame:
    wanted = ("quantity", "cost", "price", "price_date", "market_value", "unrealised_profit")
    held = positions.reindex(columns=["client_id", "security_id", "currency", *wanted])
    held = held.reset_index(drop=True)
    about = securities.drop_duplicates("security_id", keep="last").set_index("security_id")
    about = about.reindex(columns=["name", "asset_class", "risk_level"])
    verdict = suitability.match_holdings(held, securities, levels, settings.suitability)
    return held.join(about, on="security_id").assign(allowed=verdict["allowed"].array)
