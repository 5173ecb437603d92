"""Which product levels a client may hold: levels as of a date, holdings matched against them, the evidence.

It judges nobody: a holding above the level is a mismatch to review, not proof of wrong-doing. It sells,
recommends and words nothing; out come codes and numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from clientlib.codes import CODES
from clientlib.config import Suitability

LEVELS: tuple[str, ...] = CODES["client_level"].values
PRODUCT_LEVELS: tuple[str, ...] = CODES["product_level"].values
LOWEST, PROFESSIONAL, NO_LEVEL = "C1_lowest", "professional", "none"
STANDINGS: tuple[str, ...] = (LOWEST, *LEVELS, PROFESSIONAL, NO_LEVEL)
"""Rows of the permission table: what a client is matched by."""
PREDICTED_PREFIX = "Predicted_"

_PREFERENCES = (
    "assessed_on",
    "questionnaire_score",
    "risk_level",
    "level_source",
    "lowest_class",
    "expires_on",
    "experience_years",
)


# ------------------------------------------------------------------ levels as of a date
def newest_per_client(frame: pd.DataFrame, date_column: str, as_of: dt.date) -> pd.DataFrame:
    """The newest row of each client dated on or before `as_of`, indexed by client_id in sorted order.

    Rows without a date or a client count for nobody; of two rows of one day the later in `frame` counts.
    A frame without the columns (an area that the book does not hold) gives no rows.
    """
    if not {"client_id", date_column} <= set(frame.columns):
        return pd.DataFrame(index=pd.Index([], name="client_id", dtype="str"))
    dated = frame.assign(**{date_column: pd.to_datetime(frame[date_column])})
    known = dated[(dated[date_column] <= pd.Timestamp(as_of)) & dated["client_id"].notna()]
    newest = known.sort_values(date_column, kind="stable").drop_duplicates("client_id", keep="last")
    return newest.set_index("client_id").sort_index()


def from_scheme(words: pd.Series, scheme: Mapping[str, str]) -> pd.DataFrame:
    """A source's own levels in ours: `level` (missing where the scheme has no such word) and `predicted`.

    `Predicted_Income` is read as the scheme's `Income`, marked as an estimate. C1 to C5 stand for themselves.
    """
    text = words.astype("str")
    predicted = text.str.startswith(PREDICTED_PREFIX).fillna(False).astype(bool)
    known = {**scheme, **{level: level for level in LEVELS}}
    level = text.str.removeprefix(PREDICTED_PREFIX).map(known).astype("str")
    return pd.DataFrame({"level": level, "predicted": predicted}, index=words.index)


def client_levels(
    preferences: pd.DataFrame, clients: pd.DataFrame, as_of: dt.date, suitability: Suitability
) -> pd.DataFrame:
    """The risk level that counts for each client on the day `as_of`, and what it rests on.

    Parameters
    ----------
    preferences : DataFrame
        Assessments, any number a client; those dated after `as_of` are not read.
    clients : DataFrame
        client_id and investor_class, one row a client (of several, the last counts).
    as_of : date
        The day asked about.
    suitability : Suitability
        The firm's rules.

    Returns
    -------
    DataFrame, index client_id (all of `clients`, and any other that was assessed)
        level (missing: none counts), stated_level (as assessed, also when expired), status (valid,
        expiring, expired, none: never assessed, unknown_level: no level that a scheme knows),
        standing (one of `STANDINGS`), lowest_class, investor_class, predicted, score, score_level (by the
        score bands), assessed_on, expires_on (last day that counts), days_left (negative: expired),
        experience_years, rule_version.

    Notes
    -----
    An assessment counts up to and including its `expires_on`; where that is missing, up to the same
    day of the month `valid_months` later (or that month's last day). An unstated level source is taken as
    assessed. A lowest class marked on a level above C1 contradicts it, and the stricter one counts.
    Missing `lowest_class` with a score of 0 at C1 is the lowest class, as in the published bands.
    """
    newest = newest_per_client(preferences, "assessed_on", as_of).reindex(columns=list(_PREFERENCES))
    classes = _investor_classes(clients)
    index = pd.Index(newest.index.union(classes.index), name="client_id")
    investor_class = classes.reindex(index).astype("str").fillna("ordinary")
    return _rated(newest.reindex(index), investor_class, pd.Timestamp(as_of), suitability)


def levels_on_days(
    days: pd.DataFrame, preferences: pd.DataFrame, clients: pd.DataFrame, suitability: Suitability
) -> pd.DataFrame:
    """The risk level that counted for clients on days of their own, e.g. the days of their trades.

    Parameters
    ----------
    days : DataFrame
        client_id and day, none missing.
    preferences, clients, suitability
        As for `client_levels`. The investor class is today's: the book's clients are one row each.

    Returns
    -------
    DataFrame, one row a row of `days` in their order (index 0 …)
        client_id, day, and the columns of `client_levels` as of that day.
    """
    asked = pd.DataFrame({"client_id": days["client_id"].astype("str"), "day": _days(days["day"])})
    asked = asked.reset_index(drop=True)
    known = preferences.reindex(columns=["client_id", *_PREFERENCES]).dropna(
        subset=["client_id", "assessed_on"]
    )
    known = known.assign(client_id=known["client_id"].astype("str"), assessed_on=_days(known["assessed_on"]))
    row = pd.merge_asof(
        asked.rename_axis("place").reset_index().sort_values("day", kind="stable"),
        known.sort_values("assessed_on", kind="stable"),
        left_on="day",
        right_on="assessed_on",
        by="client_id",
    )
    row = row.set_index("place").sort_index()
    classes = row["client_id"].map(_investor_classes(clients)).astype("str").fillna("ordinary")
    return asked.join(_rated(row, classes, row["day"], suitability))


def _days(dates: pd.Series) -> pd.Series:
    return pd.to_datetime(dates).astype("datetime64[us]")


def as_assessed(levels: pd.DataFrame) -> pd.DataFrame:
    """`client_levels` as on the day of each client's newest assessment, whatever has run out since."""
    then = levels.assign(level=levels["stated_level"])
    then["status"] = levels["status"].where(levels["stated_level"].isna(), "valid")
    then["standing"] = _standing(then)
    return then


def _rated(
    row: pd.DataFrame, investor_class: pd.Series, day: pd.Timestamp | pd.Series, suitability: Suitability
) -> pd.DataFrame:
    """What each assessment (a row; all missing: none) comes to on `day`."""
    found = from_scheme(row["risk_level"], _one_scheme(suitability))
    score = pd.to_numeric(row["questionnaire_score"], errors="coerce").astype(float)
    assessed_on = pd.to_datetime(row["assessed_on"])
    last_day = pd.to_datetime(row["expires_on"])
    last_day = last_day.fillna(assessed_on + pd.DateOffset(months=suitability.valid_months))
    days_left = (last_day - day).dt.days.astype("Int64")
    levels = pd.DataFrame(
        {
            "stated_level": found["level"],
            "status": _status(assessed_on, found["level"], days_left, suitability.warn_days),
            "lowest_class": _lowest_class(row["lowest_class"], found["level"], score),
            "investor_class": investor_class,
            "predicted": found["predicted"] | row["level_source"].eq("predicted").fillna(False).astype(bool),
            "score": score,
            "score_level": _level_of_score(score, suitability),
            "assessed_on": assessed_on,
            "expires_on": last_day,
            "days_left": days_left,
            "experience_years": pd.to_numeric(row["experience_years"], errors="coerce").astype(float),
            "rule_version": suitability.rule_version,
        },
        index=row.index,
    )
    counts = levels["status"].isin(["valid", "expiring"])
    levels.insert(0, "level", levels["stated_level"].where(counts))
    levels.insert(3, "standing", _standing(levels))
    return levels


def _investor_classes(clients: pd.DataFrame) -> pd.Series:
    if "client_id" not in clients.columns:
        return pd.Series([], index=pd.Index([], name="client_id", dtype="str"), dtype="str")
    known = clients[clients["client_id"].notna()].drop_duplicates("client_id", keep="last")
    return known.reindex(columns=["client_id", "investor_class"]).set_index("client_id")["investor_class"]


def _one_scheme(suitability: Suitability) -> dict[str, str]:
    """All schemes in one; a word that two schemes read differently is left out rather than guessed."""
    meanings: dict[str, set[str]] = {}
    for scheme in suitability.schemes.values():
        for word, level in scheme.items():
            meanings.setdefault(word, set()).add(level)
    return {word: next(iter(levels)) for word, levels in meanings.items() if len(levels) == 1}


def _status(assessed_on: pd.Series, level: pd.Series, days_left: pd.Series, warn_days: int) -> np.ndarray:
    left = days_left.to_numpy(dtype=float, na_value=np.nan)
    return np.select(
        [assessed_on.isna(), level.isna(), left < 0, left <= warn_days],
        ["none", "unknown_level", "expired", "expiring"],
        default="valid",
    )


def _lowest_class(marked: pd.Series, level: pd.Series, score: pd.Series) -> pd.Series:
    by_score = level.eq("C1").fillna(False) & score.eq(0)
    return marked.astype("boolean").fillna(by_score.astype("boolean")).astype(bool)


def _level_of_score(score: pd.Series, suitability: Suitability) -> pd.Series:
    bands = sorted(suitability.score_bands.items(), key=lambda band: band[1])
    edges = np.array([lowest for _, lowest in bands], dtype=float)
    place = np.searchsorted(edges, score.to_numpy(), side="right") - 1
    names = np.array([level for level, _ in bands], dtype=object)
    found = pd.Series(names[np.maximum(place, 0)], index=score.index, dtype="str")
    return found.where(score.notna() & (place >= 0))


def _standing(levels: pd.DataFrame) -> np.ndarray:
    level = levels["level"].astype(object).where(levels["level"].notna(), NO_LEVEL)
    return np.select(
        [
            levels["investor_class"].eq("professional"),
            level.eq(NO_LEVEL),
            levels["lowest_class"],
        ],
        [PROFESSIONAL, NO_LEVEL, LOWEST],
        default=level.to_numpy(dtype="U12"),
    )


# ------------------------------------------------------------------ holdings against levels
def permissions(suitability: Suitability) -> pd.DataFrame:
    """Standing × product level: True may hold, False above the level, missing: cannot be judged.

    Returns
    -------
    DataFrame of nullable booleans, index `STANDINGS`, columns R1 to R5.
    """
    allowed: dict[str, tuple[str, ...]] = {
        LOWEST: suitability.lowest_class_match,
        PROFESSIONAL: PRODUCT_LEVELS,
    }
    allowed |= {level: suitability.match.get(level, ()) for level in suitability.match}
    rows = {
        standing: [product in allowed[standing] for product in PRODUCT_LEVELS]
        if standing in allowed
        else [pd.NA] * len(PRODUCT_LEVELS)
        for standing in STANDINGS
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(PRODUCT_LEVELS)).astype("boolean")


def match_holdings(
    positions: pd.DataFrame, securities: pd.DataFrame, levels: pd.DataFrame, suitability: Suitability
) -> pd.DataFrame:
    """Each holding with the verdict of the matching table and the evidence that it rests on.

    Parameters
    ----------
    positions : DataFrame
        client_id, security_id; quantity and market_value are taken along where they are there.
    securities : DataFrame
        security_id and risk_level (R1 to R5).
    levels : DataFrame
        From `client_levels`. A client who is not in it has no level.
    suitability : Suitability
        The firm's rules.

    Returns
    -------
    DataFrame, one row a position in the order given
        client_id, security_id, quantity, market_value, level, standing, lowest_class, predicted, score,
        assessed_on, expires_on, product_level, allowed (nullable: missing cannot be judged),
        excess_steps (product levels above the highest permitted one, 0 when allowed), reason
        (within, professional, above_level, above_lowest_class, no_level, expired, unknown_level,
        no_product_level), rule_version.
    """
    kept = positions.reindex(columns=["client_id", "security_id", "quantity", "market_value"])
    who = levels.index.get_indexer(pd.Index(kept["client_id"]))
    evidence = [
        "level",
        "standing",
        "lowest_class",
        "predicted",
        "score",
        "assessed_on",
        "expires_on",
        "status",
    ]
    known = levels.reindex(columns=evidence).reset_index(drop=True).reindex(who)
    result = pd.concat([kept.reset_index(drop=True), known.reset_index(drop=True)], axis=1)
    result["standing"] = result["standing"].astype("str").fillna(NO_LEVEL)
    result = result.astype({"lowest_class": "boolean", "predicted": "boolean"})
    result["product_level"] = product_levels(kept["security_id"], securities)
    result["allowed"], result["excess_steps"] = judge(
        result["standing"], result["product_level"], suitability
    )
    result["reason"] = _reasons(result)
    result["rule_version"] = suitability.rule_version
    return result.drop(columns="status")


def product_levels(security_ids: pd.Series, securities: pd.DataFrame) -> pd.Series:
    """The level of each security in the order given (index 0 …), missing where `securities` has none."""
    reference = securities.reindex(columns=["security_id", "risk_level"]).dropna()
    unique = reference.drop_duplicates("security_id", keep="last").set_index("security_id")["risk_level"]
    known = unique[unique.isin(PRODUCT_LEVELS)]
    place = known.index.get_indexer(pd.Index(security_ids))
    return known.reset_index(drop=True).reindex(place).reset_index(drop=True).astype("str")


def judge(standing: pd.Series, product: pd.Series, suitability: Suitability) -> tuple[Any, Any]:
    """Whether a client of each standing may hold a product of each level, and how many levels it is above.

    Returns
    -------
    allowed, excess_steps : nullable arrays of bool and int
        Missing where it cannot be judged; see `match_holdings`.
    """
    table = permissions(suitability).astype("Int8").fillna(-1).to_numpy(dtype=int)
    ranks = np.arange(len(PRODUCT_LEVELS))
    # Rank −1: a standing that may hold nothing at all is above its level from R1 on.
    highest = np.where(table == 1, ranks, -1).max(axis=1)
    row = pd.Index(STANDINGS).get_indexer(pd.Index(standing))
    column = pd.Index(PRODUCT_LEVELS).get_indexer(pd.Index(product))
    # A product without a level cannot be judged, save for those whom no level limits.
    without = np.where(row == STANDINGS.index(PROFESSIONAL), 1, -1)
    found = np.where(column >= 0, table[row, column], without)
    steps = np.where(found == 0, np.maximum(column - highest[row], 0), 0)
    unknown = found < 0
    verdict = pd.arrays.BooleanArray(found == 1, unknown.copy())
    return verdict, pd.arrays.IntegerArray(steps.astype(np.int64), unknown)


def _reasons(result: pd.DataFrame) -> np.ndarray:
    status = result["status"].astype(object).where(result["status"].notna(), "none")
    return np.select(
        [
            result["standing"].eq(PROFESSIONAL),
            result["standing"].eq(NO_LEVEL) & status.eq("expired"),
            result["standing"].eq(NO_LEVEL) & status.eq("unknown_level"),
            result["standing"].eq(NO_LEVEL),
            result["product_level"].isna(),
            result["allowed"].fillna(True).astype(bool),
            result["standing"].eq(LOWEST),
        ],
        [
            "professional",
            "expired",
            "unknown_level",
            "no_level",
            "no_product_level",
            "within",
            "above_lowest_class",
        ],
        default="above_level",
    )


# ------------------------------------------------------------------ what follows for clients and the firm
def mismatch_by_client(matches: pd.DataFrame) -> pd.DataFrame:
    """How much of each client's holdings lies above the level, by value.

    Parameters
    ----------
    matches : DataFrame
        From `match_holdings`, with market_value (a short position counts by its size; a missing value
        counts as a holding, not in the value).

    Returns
    -------
    DataFrame, index client_id
        n_holdings, value, value_above, share_above (of value; missing when nothing could be judged), n_above,
        value_unjudged (no level on one of the two sides), worst_steps, and of the largest holding above
        the level top_security, top_product_level, top_value.
    """
    value = matches["market_value"].astype(float).abs()
    above = matches["allowed"].eq(False).fillna(False).astype(bool)
    unjudged = matches["allowed"].isna()
    flat = pd.DataFrame(
        {
            "client_id": matches["client_id"],
            "n_holdings": 1,
            "value": value,
            "value_above": value.where(above, 0.0),
            "n_above": above.astype(int),
            "value_unjudged": value.where(unjudged, 0.0),
        }
    )
    result = flat.groupby("client_id", sort=True).sum()
    steps = matches["excess_steps"].fillna(0).astype(int)
    result["worst_steps"] = steps.groupby(matches["client_id"], sort=True).max()
    judged = (result["value"] > 0) & (result["value_unjudged"] < result["value"])
    share = result["value_above"] / result["value"].where(judged)
    result.insert(3, "share_above", share)
    worst = matches[above].assign(top_value=value[above])
    worst = worst.sort_values(["top_value", "security_id"], ascending=[False, True], na_position="last")
    worst = worst.drop_duplicates("client_id").set_index("client_id")
    top = worst.rename(columns={"security_id": "top_security", "product_level": "top_product_level"})
    return result.join(top[["top_security", "top_product_level", "top_value"]])


def level_matrix(matches: pd.DataFrame, suitability: Suitability) -> pd.DataFrame:
    """Standing × product level over the whole book: what is held where, and whether it may be.

    Returns
    -------
    DataFrame, one row for each of `STANDINGS` × R1–R5, empty cells included
        standing, product_level, allowed (nullable), n_clients, n_holdings, value (positions by size,
        unpriced ones count in n_holdings only). Products without a level are not in it.
    """
    value = matches["market_value"].astype(float).abs()
    cells = matches.assign(value=value).groupby(["standing", "product_level"], sort=False)
    found = cells.agg(
        n_clients=("client_id", "nunique"), n_holdings=("client_id", "size"), value=("value", "sum")
    )
    table = permissions(suitability).rename_axis(index="standing", columns="product_level")
    every = pd.MultiIndex.from_product([STANDINGS, PRODUCT_LEVELS], names=["standing", "product_level"])
    result = found.reindex(every)
    result = result.fillna({"n_clients": 0, "n_holdings": 0, "value": 0.0})
    result = result.astype({"n_clients": int, "n_holdings": int, "value": float})
    result.insert(0, "allowed", pd.Series(table.to_numpy().ravel(), index=every, dtype="boolean"))
    return result.reset_index()
