"""Level against behaviour: who trades above it, whose finances no longer carry it, whose score is lower.

Each is a reason for a new assessment, not proof of wrong-doing. Codes and numbers only. What the book does
not tell is missing, and never counts as a no.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from clientlib.analysis.suitability import (
    LEVELS,
    LOWEST,
    PROFESSIONAL,
    judge,
    levels_on_days,
    newest_per_client,
    product_levels,
)
from clientlib.config import Settings
from clientlib.config.risk import BehaviourRules

FINANCES_REASONS = ("no_net_assets", "net_assets_fell", "debt", "credit_default")
"""From the most to the least telling: the first that holds is what the alert is about."""
BEHAVIOUR_REASONS = {"trades_above": "buys_above", "finances_weaker": "finances", "score_lower": "score"}
"""Each yes-or-no column and its code in `reasons`: the rule of the alert that it becomes."""
_MONEY = ["total_assets", "net_assets", "liabilities"]


def review_behaviour(
    levels: pd.DataFrame,
    trades: pd.DataFrame | None,
    finances: pd.DataFrame | None,
    preferences: pd.DataFrame,
    clients: pd.DataFrame,
    securities: pd.DataFrame,
    as_of: dt.date,
    settings: Settings,
    *,
    currency: str,
) -> pd.DataFrame:
    """Hold what clients buy and own against their level.

    Parameters
    ----------
    levels : DataFrame
        From `client_levels` as of `as_of`.
    trades, finances : DataFrame or None
        The book's areas; None, or not a row in them: nothing is known of them. Rows dated after `as_of`
        are not read.
    preferences, clients, securities : DataFrame
        The book's areas.
    as_of : date
        The day asked about.
    settings : Settings
        `risk.behaviour` says from when on it counts.
    currency : str
        The one that purchases are added up in.

    Returns
    -------
    DataFrame, index client_id (as `levels`)
        n_buys (purchases in the last months), n_buys_above, n_buys_unjudged, buys_above_share (of the
        amount that could be judged); statement_then, statement_now (dates), net_assets_then,
        net_assets_now, net_assets_change (−0.5: fell by half), debt_share (liabilities over all assets,
        infinite for debts without assets), finances_reason (of `FINANCES_REASONS`, joined by ";"); level,
        score_level; trades_above, finances_weaker, score_lower (nullable); reasons (codes of those that
        hold, joined by ";").

    Notes
    -----
    - trades_above: at least `least_buys` purchases lay above the level that counted on their day, and made
      up `buys_above` of the amount that could be judged. A purchase cannot be judged without such a level,
      without a product level, or in another currency; where such purchases might turn no into yes it is
      missing.
    - finances_weaker: against the statement that stood at the assessment (the newest up to that day), net
      assets fell by `net_assets_fall`; or, by the newest statement, liabilities make up `debt_share` of all
      assets, net assets are not positive, or a credit default is known (nothing stated: none is known).
      Missing when none of these holds and one cannot be told. Two statements in different currencies are
      not compared.
    - score_lower: the score's level is below the level that counts. At C1, a score of 0 is below it save
      for the lowest class.
    - The last two are asked only of ordinary clients whose level counts; missing for the others.
    """
    rules = settings.risk.behaviour
    asked = levels["level"].notna() & levels["standing"].ne(PROFESSIONAL)
    bought = _bought(levels.index, trades, preferences, clients, securities, as_of, settings, currency)
    owned = _owned(levels, finances, as_of, rules)
    found = pd.concat([bought, owned, levels[["level", "score_level"]]], axis=1)
    found["finances_weaker"] = found["finances_weaker"].where(asked)
    found["finances_reason"] = found["finances_reason"].where(asked, "")
    found["score_lower"] = _score_lower(levels).where(asked)
    flags = list(BEHAVIOUR_REASONS)
    found = found[[*(name for name in found.columns if name not in flags), *flags]]
    holds = {code: found[name].fillna(False).astype(bool) for name, code in BEHAVIOUR_REASONS.items()}
    found["reasons"] = _joined(holds, levels.index)
    return found


def _joined(holds: dict[str, pd.Series], index: pd.Index) -> pd.Series:
    text = pd.Series("", index=index, dtype="str")
    for code, held in holds.items():
        text = text + np.where(held, code + ";", "")
    return text.str.rstrip(";")


# ------------------------------------------------------------------ what was bought
def local_days(instants: pd.Series, time_zone: str) -> pd.Series:
    """The firm's day of each instant; without a zone it is taken as the firm's already."""
    moments = pd.to_datetime(instants)
    if moments.dt.tz is not None:
        moments = moments.dt.tz_convert(time_zone).dt.tz_localize(None)
    return moments.dt.normalize()


def _bought(
    index: pd.Index,
    trades: pd.DataFrame | None,
    preferences: pd.DataFrame,
    clients: pd.DataFrame,
    securities: pd.DataFrame,
    as_of: dt.date,
    settings: Settings,
    currency: str,
) -> pd.DataFrame:
    rules = settings.risk.behaviour
    columns = ["n_buys", "n_buys_above", "n_buys_unjudged", "buys_above_share", "trades_above"]
    if trades is None or trades.empty:
        nothing = pd.DataFrame(index=index, columns=columns)
        kinds = dict.fromkeys(columns[:3], "Int64")
        return nothing.astype({**kinds, "buys_above_share": "float64", "trades_above": "boolean"})
    buys = _purchases(trades, as_of, rules.months, settings.firm.time_zone)
    days = buys[["client_id", "day"]].drop_duplicates()
    then = levels_on_days(days, preferences, clients, settings.suitability)
    standing = buys.merge(then, on=["client_id", "day"], how="left")["standing"]
    allowed, _ = judge(standing, product_levels(buys["security_id"], securities), settings.suitability)
    verdict = pd.Series(allowed).where(buys["amount"].notna() & buys["currency"].eq(currency))
    above, unjudged = verdict.eq(False).fillna(False).astype(bool), verdict.isna()
    amount = buys["amount"].where(buys["currency"].eq(currency))
    flat = pd.DataFrame(
        {
            "n_buys": 1,
            "n_buys_above": above.astype(int),
            "n_buys_unjudged": unjudged.astype(int),
            "above": amount.where(above, 0.0),
            "judged": amount.where(~unjudged, 0.0),
            # Of an amount that cannot be told, any might be above.
            "open": amount.where(unjudged, 0.0).fillna(np.inf),
        }
    )
    sums = flat.groupby(buys["client_id"]).sum().reindex(index).fillna(0.0)
    result = sums[columns[:3]].astype("Int64")
    result["buys_above_share"] = sums["above"] / sums["judged"].where(sums["judged"] > 0)
    result["trades_above"] = _trades_above(sums, result["buys_above_share"], rules)
    return result


def _purchases(trades: pd.DataFrame, as_of: dt.date, months: int, time_zone: str) -> pd.DataFrame:
    """client_id, security_id, day, amount, currency of the purchases of the last months."""
    names = ["client_id", "security_id", "traded_at", "side", "amount", "currency"]
    known = trades.reindex(columns=names).dropna(subset=["client_id", "traded_at"])
    known = known[known["side"].eq("buy").fillna(False).astype(bool)]
    day = local_days(known["traded_at"], time_zone)
    until = pd.Timestamp(as_of)
    recent = (day <= until) & (day > until - pd.DateOffset(months=months))
    bought = known.assign(day=day, amount=pd.to_numeric(known["amount"], errors="coerce").astype(float))
    return bought[recent].astype({"client_id": "str"}).reset_index(drop=True)


def _trades_above(sums: pd.DataFrame, share: pd.Series, rules: BehaviourRules) -> pd.Series:
    # A hair of rounding decides nothing.
    yes = (sums["n_buys_above"] >= rules.least_buys) & (share >= rules.buys_above - 1e-12)
    most = sums["n_buys_above"] + sums["n_buys_unjudged"]
    room = sums["above"] + sums["open"] >= (rules.buys_above - 1e-12) * (sums["judged"] + sums["open"])
    might = (sums["n_buys_unjudged"] > 0) & (most >= rules.least_buys) & room
    return yes.astype("boolean").mask(~yes & might)


# ------------------------------------------------------------------ what is owned and owed
def _owned(
    levels: pd.DataFrame, finances: pd.DataFrame | None, as_of: dt.date, rules: BehaviourRules
) -> pd.DataFrame:
    names = ["client_id", "as_of", *_MONEY, "currency", "credit_default"]
    stated = (pd.DataFrame() if finances is None else finances).reindex(columns=names)
    day = pd.to_datetime(stated["as_of"])
    assessed_on = levels["assessed_on"].reindex(pd.Index(stated["client_id"])).to_numpy()
    stood = stated[day.to_numpy() <= assessed_on]
    then, now = (_statements(rows, as_of, levels.index) for rows in (stood, stated))
    comparable = then["currency"].eq(now["currency"]).fillna(False).astype(bool)
    before, after = then["net_assets"], now["net_assets"]
    change = (after / before.where(before > 0) - 1).where(comparable)
    found = pd.DataFrame(
        {
            "statement_then": then["as_of"],
            "statement_now": now["as_of"],
            "net_assets_then": before,
            "net_assets_now": after,
            "net_assets_change": change,
            "debt_share": _debt_share(now),
        },
        index=levels.index,
    )
    # From nothing or less there is no share to fall by: that is told by what is owned now.
    fell = _at_most(change, -rules.net_assets_fall).mask(comparable & (before <= 0), False)
    debt = _at_most(-found["debt_share"], -rules.debt_share)
    default = now["credit_default"].fillna(False).mask(now["as_of"].isna())
    signs = dict(zip(FINANCES_REASONS, (_at_most(after, 0.0), fell, debt, default), strict=True))
    found["finances_weaker"] = signs["no_net_assets"] | fell | debt | default
    found["finances_reason"] = _joined(
        {code: sign.fillna(False).astype(bool) for code, sign in signs.items()}, levels.index
    )
    return found


def _statements(finances: pd.DataFrame, as_of: dt.date, index: pd.Index) -> pd.DataFrame:
    """Each client's newest statement; of all assets, debts and what is left, two give the third."""
    newest = newest_per_client(finances, "as_of", as_of)
    newest = newest.reindex(index=index, columns=["as_of", *_MONEY, "currency", "credit_default"])
    money = newest[_MONEY].apply(pd.to_numeric, errors="coerce").astype(float)
    total, net, debts = (money[name] for name in _MONEY)
    return newest.assign(
        as_of=pd.to_datetime(newest["as_of"]),
        total_assets=total.fillna(net + debts),
        net_assets=net.fillna(total - debts),
        liabilities=debts.fillna(total - net),
        credit_default=newest["credit_default"].astype("boolean"),
    )


def _debt_share(now: pd.DataFrame) -> pd.Series:
    total, debts = now["total_assets"], now["liabilities"]
    share = debts / total.where(total > 0)
    return share.mask((total <= 0) & (debts > 0), np.inf).mask((total <= 0) & (debts <= 0), 0.0)


def _at_most(value: pd.Series, bound: float) -> pd.Series:
    return value.le(bound + 1e-12).astype("boolean").mask(value.isna())


# ------------------------------------------------------------------ what the score says
def _score_lower(levels: pd.DataFrame) -> pd.Series:
    rank = {level: place for place, level in enumerate(LEVELS, start=1)}
    by_score, level = (levels[name].map(rank).astype(float) for name in ("score_level", "level"))
    by_score = by_score.mask(levels["score"].eq(0) & by_score.eq(1), 0.0)
    level = level.mask(levels["standing"].eq(LOWEST), 0.0)
    return by_score.lt(level).astype("boolean").mask(by_score.isna() | level.isna())
