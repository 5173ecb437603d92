"""Who the clients are: levels, capacities, groups, branches, the age of assessments, and what is missing.

It describes what the table says on a day. It judges no holding (see `suitability`), cuts no segments (see
`segments`), and words nothing: out come codes and numbers.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clientlib.analysis.suitability import LEVELS, PREDICTED_PREFIX, client_levels, newest_per_client
from clientlib.config import Suitability
from clientlib.tables import AREAS

NONE = "none"
"""The group of clients of whom a thing is not known."""
AGE_EDGES: tuple[float, ...] = (0, 1, 2, 3, 4, 5, 7, 10, np.inf)
"""Bounds in years of the bands in which assessments are counted; the lower one belongs to the band."""
STANDINGS: tuple[str, ...] = ("valid", "expiring", "expired", "predicted", NONE)
"""What a client's level rests on: an assessment that counts, one that soon does not, one that no longer
does, an estimate only, or nothing."""

_AREAS = ("clients", "preferences", "finances")
_LEVEL_COUNTS = ("assessed", "predicted", "valid", "expiring", "expired")
_UNITS = {"": 1.0, "K": 1e3, "W": 1e4, "M": 1e6}
_AMOUNT = re.compile(r"(LT|LE|GT|GE|[<>])?[_\s]*(\d+(?:\.\d+)?)([KMW]?)(?![0-9A-Z])", re.IGNORECASE)


@dataclass(frozen=True)
class ClientProfile:
    """What the client table says on one day. Shares are fractions; unless said otherwise, of all clients.

    Attributes
    ----------
    as_of : date
        The day described.
    headlines : DataFrame, index figure
        value, count and base (value = count / base; for `clients` and `median_assessment_age` value is no
        share and count is the clients it rests on). Figures: clients, assessed, predicted, without_level,
        predicted_of_levels (base: clients with a level), expired_of_assessed and older_than_valid (base:
        assessed clients), median_assessment_age (years), pending. Value is missing where base is 0.
    by_client : DataFrame, index client_id
        level (stated, also when expired), standing (one of `STANDINGS`), assessed_on (missing unless
        assessed), age_years, capacity_band, capacity_predicted, pending.
    by_level : DataFrame, index level (C1 to C5, none)
        n, share, assessed, predicted, valid, expiring, expired. All levels are listed, also empty ones.
    by_capacity : DataFrame, index capacity_band (from small to large, none last)
        n, share, stated, predicted, lower, upper (bounds read from the band's name, in the source's
        currency; missing where the name holds none).
    by_group, by_type, by_branch : DataFrame, index client_group, client_type, branch
        n, share, assessed, predicted, without_level, expired, median_age_years; the largest first.
    assessment_age : DataFrame, index band ("0-1", …, "10+")
        from_years, to_years, n, share (of assessed clients). Estimates have no assessment, hence no age.
    level_by_capacity : DataFrame, index level, columns capacity bands
        Clients; both margins add up to `by_level.n` and `by_capacity.n`.
    completeness : DataFrame, index (area, field)
        required, rows, filled, share. Of the fields that hold no identity; an area's missing column
        counts as empty.
    areas : DataFrame, index area
        rows (clients with a row), pending (of them, with a required field still to be filled in), share.
    """

    as_of: dt.date
    headlines: pd.DataFrame
    by_client: pd.DataFrame
    by_level: pd.DataFrame
    by_capacity: pd.DataFrame
    by_group: pd.DataFrame
    by_type: pd.DataFrame
    by_branch: pd.DataFrame
    assessment_age: pd.DataFrame
    level_by_capacity: pd.DataFrame
    completeness: pd.DataFrame
    areas: pd.DataFrame


def describe_clients(
    clients: pd.DataFrame,
    preferences: pd.DataFrame,
    finances: pd.DataFrame,
    as_of: dt.date,
    suitability: Suitability,
) -> ClientProfile:
    """Describe the clients of the table on the day `as_of`.

    Parameters
    ----------
    clients : DataFrame
        The clients area, one row a client (of several, the last counts): client_id, client_type, branch,
        client_group … They are whom the profile is about; what other frames say of others is left out.
    preferences : DataFrame
        The preferences area: any number of assessments a client, those after `as_of` are not read.
    finances : DataFrame
        The finances area: any number of statements a client, those after `as_of` are not read.
    as_of : date
        The day described.
    suitability : Suitability
        The firm's rules: how long an assessment holds, and what a source's levels mean.

    Returns
    -------
    ClientProfile

    Notes
    -----
    A level is *assessed* when a row states one and does not mark it as predicted, whether or not it has
    expired since. A predicted level rests on no questionnaire: its date (FAR-Trans writes 2000-01-01) says
    nothing, so it has neither an age nor an expiry here, and the same holds for a row without a level.
    Age in years is whole years since the assessment plus the part of the current one in days. An
    assessment is *older than valid* after the same day of the month `valid_months` later, whatever end
    the row itself states; *expired* goes by the stated end, where there is one.
    A row is *pending* when its `_pending` mark says so or, without that mark, when a required field that
    holds no identity is empty. A client is pending when any of the three rows that count is.
    """
    who = _one_row_each(clients)
    chosen = {
        "clients": who,
        "preferences": _of(who.index, newest_per_client(preferences, "assessed_on", as_of)),
        "finances": _of(who.index, newest_per_client(finances, "as_of", as_of)),
    }
    by_client = _by_client(chosen, preferences, as_of, suitability)
    everybody = who.reindex(columns=["client_group", "client_type", "branch"]).join(by_client)
    by_level = _by_level(by_client)
    by_capacity = _by_capacity(by_client)
    return ClientProfile(
        as_of=as_of,
        headlines=_headlines(by_client, as_of, suitability.valid_months),
        by_client=by_client,
        by_level=by_level,
        by_capacity=by_capacity,
        by_group=_grouped(everybody, "client_group"),
        by_type=_grouped(everybody, "client_type"),
        by_branch=_grouped(everybody, "branch"),
        assessment_age=_assessment_age(by_client["age_years"]),
        level_by_capacity=_cross(by_client, by_level.index, by_capacity.index),
        completeness=_completeness(chosen),
        areas=_areas(chosen),
    )


# ------------------------------------------------------------------ one row a client
def _one_row_each(clients: pd.DataFrame) -> pd.DataFrame:
    if "client_id" not in clients.columns:
        return pd.DataFrame(index=pd.Index([], name="client_id", dtype="str"))
    known = clients[clients["client_id"].notna()].drop_duplicates("client_id", keep="last")
    return known.set_index("client_id").sort_index()


def _of(client_ids: pd.Index, rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows.index.isin(client_ids)]


def _by_client(
    chosen: dict[str, pd.DataFrame], preferences: pd.DataFrame, as_of: dt.date, suitability: Suitability
) -> pd.DataFrame:
    index = chosen["clients"].index
    who = chosen["clients"].reindex(columns=["investor_class"]).astype("str").reset_index()
    levels = client_levels(preferences, who, as_of, suitability).reindex(index)
    level = levels["stated_level"].astype("str").fillna(NONE)
    predicted = levels["predicted"].fillna(False).astype(bool)
    standing = np.select(
        [level.eq(NONE), predicted], [NONE, "predicted"], default=levels["status"].astype("str").fillna(NONE)
    )
    assessed = level.ne(NONE) & ~predicted
    assessed_on = levels["assessed_on"].where(assessed)
    band, band_predicted = _capacity(chosen["finances"], index)
    return pd.DataFrame(
        {
            "level": level,
            "standing": pd.Series(standing, index=index, dtype="str"),
            "assessed_on": assessed_on,
            "age_years": _years_between(assessed_on, as_of),
            "capacity_band": band,
            "capacity_predicted": band_predicted,
            "pending": _any_pending(chosen, index),
        },
        index=index,
    )


def _capacity(finances: pd.DataFrame, index: pd.Index) -> tuple[pd.Series, pd.Series]:
    written = finances.reindex(columns=["capacity_band"])["capacity_band"].reindex(index).astype("str")
    predicted = written.str.startswith(PREDICTED_PREFIX).fillna(False).astype(bool)
    return written.str.removeprefix(PREDICTED_PREFIX).fillna(NONE), predicted


def _years_between(days: pd.Series, as_of: dt.date) -> pd.Series:
    """Whole years by the calendar, plus the days since the last anniversary by the length of that year."""
    end = pd.Timestamp(as_of)
    years = end.year - days.dt.year
    anniversary = _anniversary(days, years)
    years = years - (anniversary > end)
    anniversary = _anniversary(days, years)
    length = (_anniversary(days, years + 1) - anniversary).dt.days
    age: pd.Series = (years + (end - anniversary).dt.days / length).astype(float)
    return age


def _anniversary(days: pd.Series, years: pd.Series) -> pd.Series:
    # 29 February has its anniversary on 1 March of a common year.
    first = pd.to_datetime(
        pd.DataFrame({"year": days.dt.year + years, "month": days.dt.month, "day": 1}), errors="coerce"
    )
    anniversary: pd.Series = first + pd.to_timedelta(days.dt.day - 1, unit="D")
    return anniversary


def _any_pending(chosen: dict[str, pd.DataFrame], index: pd.Index) -> pd.Series:
    marks = [_pending(area, rows).reindex(index, fill_value=False) for area, rows in chosen.items()]
    return pd.concat(marks, axis=1).any(axis=1).astype(bool)


def _pending(area: str, rows: pd.DataFrame) -> pd.Series:
    if "_pending" in rows.columns:
        return rows["_pending"].fillna(False).astype(bool)
    required = [f.name for f in AREAS[area].fields if f.required and f.sensitivity != "I" and not f.key]
    return rows.reindex(columns=required).isna().any(axis=1)


# ------------------------------------------------------------------ counts
def _share(part: pd.Series, whole: float) -> pd.Series:
    return part / whole if whole else part.astype(float) * np.nan


def _by_level(by_client: pd.DataFrame) -> pd.DataFrame:
    names = pd.Index([*LEVELS, NONE], name="level")
    standings = pd.crosstab(by_client["level"], by_client["standing"])
    counts = standings.reindex(index=names, columns=list(STANDINGS), fill_value=0).astype("int64")
    table = pd.DataFrame({"n": counts.sum(axis=1)})
    table["share"] = _share(table["n"], len(by_client))
    counts["assessed"] = counts[["valid", "expiring", "expired"]].sum(axis=1)
    return table.join(counts[list(_LEVEL_COUNTS)])


def band_bounds(band: str) -> tuple[float, float]:
    """The smallest and largest amount that a band's name tells of; missing where it tells none.

    Parameters
    ----------
    band : str
        e.g. CAP_30K_80K, CAP_LT30K, CAP_GT300K, 10W-50W (W: ten thousand).

    Returns
    -------
    (lower, upper) : floats, upper infinite for an open band, both NaN for a name without a number.
    """
    found = [
        (sign.upper(), float(number) * _UNITS[unit.upper()]) for sign, number, unit in _AMOUNT.findall(band)
    ]
    if not found:
        return np.nan, np.nan
    sign, first = found[0]
    if len(found) > 1:
        return first, found[1][1]
    return (0.0, first) if sign in ("LT", "LE", "<") else (first, np.inf)


def _by_capacity(by_client: pd.DataFrame) -> pd.DataFrame:
    bounds = {band: band_bounds(band) for band in by_client["capacity_band"].unique() if band != NONE}
    order = sorted(
        bounds, key=lambda band: (np.nan_to_num(bounds[band][0], nan=np.inf), bounds[band][1], band)
    )
    names = pd.Index([*order, NONE], name="capacity_band", dtype="str")
    n = by_client["capacity_band"].value_counts().reindex(names, fill_value=0).astype("int64")
    predicted = by_client.groupby("capacity_band")["capacity_predicted"].sum().reindex(names, fill_value=0)
    table = pd.DataFrame({"n": n, "share": _share(n, len(by_client)), "predicted": predicted.astype("int64")})
    table.insert(2, "stated", (table["n"] - table["predicted"]).where(names != NONE, 0))
    table["lower"] = [bounds.get(band, (np.nan, np.nan))[0] for band in names]
    table["upper"] = [bounds.get(band, (np.nan, np.nan))[1] for band in names]
    return table


def _grouped(everybody: pd.DataFrame, column: str) -> pd.DataFrame:
    flags = pd.DataFrame(
        {
            column: everybody[column].astype("str").fillna(NONE),
            "n": 1,
            "assessed": everybody["age_years"].notna(),
            "predicted": everybody["standing"].eq("predicted"),
            "without_level": everybody["level"].eq(NONE),
            "expired": everybody["standing"].eq("expired"),
        }
    )
    table = flags.groupby(column).sum().astype("int64")
    table.insert(1, "share", _share(table["n"], len(everybody)))
    table["median_age_years"] = everybody["age_years"].groupby(flags[column]).median()
    order = table.assign(unknown=table.index == NONE).reset_index()
    order = order.sort_values(["unknown", "n", column], ascending=[True, False, True])
    return order.set_index(column).drop(columns="unknown")


def _assessment_age(age: pd.Series) -> pd.DataFrame:
    lower, upper = np.array(AGE_EDGES[:-1]), np.array(AGE_EDGES[1:])
    names = [f"{a:g}-{b:g}" if np.isfinite(b) else f"{a:g}+" for a, b in zip(lower, upper, strict=True)]
    place = np.searchsorted(lower, age.dropna().to_numpy(), side="right") - 1
    table = pd.DataFrame({"from_years": lower, "to_years": upper}, index=pd.Index(names, name="band"))
    table["n"] = np.bincount(place, minlength=len(names))
    table["share"] = _share(table["n"], int(table["n"].sum()))
    return table


def _cross(by_client: pd.DataFrame, levels: pd.Index, bands: pd.Index) -> pd.DataFrame:
    table = pd.crosstab(by_client["level"], by_client["capacity_band"])
    return table.reindex(index=levels, columns=bands, fill_value=0).astype("int64")


# ------------------------------------------------------------------ what is missing, and the figures on top
def _completeness(chosen: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = [
        {
            "area": area,
            "field": field.name,
            "required": field.required,
            "rows": len(chosen[area]),
            "filled": int(chosen[area][field.name].notna().sum()) if field.name in chosen[area] else 0,
        }
        for area in _AREAS
        for field in AREAS[area].fields
        if field.sensitivity != "I" and not field.key and field.name != "remarks"
    ]
    table = pd.DataFrame(rows).set_index(["area", "field"])
    table["share"] = (table["filled"] / table["rows"].where(table["rows"] > 0)).astype(float)
    return table


def _areas(chosen: dict[str, pd.DataFrame]) -> pd.DataFrame:
    counts = {area: (len(rows), int(_pending(area, rows).sum())) for area, rows in chosen.items()}
    table = pd.DataFrame.from_dict(counts, orient="index", columns=["rows", "pending"]).rename_axis("area")
    table["share"] = (table["pending"] / table["rows"].where(table["rows"] > 0)).astype(float)
    return table


def _headlines(by_client: pd.DataFrame, as_of: dt.date, valid_months: int) -> pd.DataFrame:
    n = len(by_client)
    standing, age = by_client["standing"], by_client["age_years"]
    assessed, predicted = int(age.notna().sum()), int(standing.eq("predicted").sum())
    last_day = by_client["assessed_on"] + pd.DateOffset(months=valid_months)
    counts = {
        "assessed": (assessed, n),
        "predicted": (predicted, n),
        "without_level": (int(by_client["level"].eq(NONE).sum()), n),
        "predicted_of_levels": (predicted, assessed + predicted),
        "expired_of_assessed": (int(standing.eq("expired").sum()), assessed),
        "older_than_valid": (int((last_day < pd.Timestamp(as_of)).sum()), assessed),
        "pending": (int(by_client["pending"].sum()), n),
    }
    rows = {name: (count / base if base else np.nan, count, base) for name, (count, base) in counts.items()}
    rows = {"clients": (float(n), n, n), **rows, "median_assessment_age": (age.median(), assessed, assessed)}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "count", "base"]).rename_axis(
        "figure"
    )
