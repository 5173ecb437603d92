"""The risk review: every client's risk, suitability and margin in one result, and whom to call today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clientlib.analysis.behaviour import BEHAVIOUR_REASONS, review_behaviour
from clientlib.analysis.professional import professional_evidence
from clientlib.analysis.risk import limits
from clientlib.analysis.risk.acknowledged import quiet_alerts
from clientlib.analysis.risk.areas import read_area
from clientlib.analysis.risk.backtest import count_exceedances
from clientlib.analysis.risk.day import ExaminedDay, Records, book_exchange, examine_day
from clientlib.analysis.risk.deadlines import margin_deadlines
from clientlib.analysis.risk.drift import level_drift
from clientlib.analysis.risk.earlier import replay_days
from clientlib.analysis.risk.holdings import total
from clientlib.analysis.risk.liquidity import crowded_securities, liquidity_by_client, market_volumes
from clientlib.analysis.risk.plan import AdjustmentPlans, plan_adjustments
from clientlib.analysis.risk.portfolio import blocks
from clientlib.analysis.risk.prices import Exchange, PriceHistory, price_history
from clientlib.analysis.risk.reverse import bearable_loss, reverse_stress
from clientlib.analysis.risk.stress import StressTest, stress_test
from clientlib.analysis.risk.summary import summarise
from clientlib.analysis.suitability import STANDINGS, level_matrix
from clientlib.config import Settings

_BEHAVIOUR = ["n_buys_above", "buys_above_share", "net_assets_change", "debt_share", "finances_reason"]
_BEHAVIOUR += list(BEHAVIOUR_REASONS)
"""What `by_client` tells of behaviour; `score_level` it has already."""


@dataclass(frozen=True)
class RiskReview:
    """What the review found, as of a day. Money is in `currency`, shares and risks are fractions.

    Attributes
    ----------
    as_of : date
    currency : str
        The firm's, or the one that all holdings are in should none be in the firm's.
    by_client : DataFrame, index client_id
        Every client: client_type, branch, advisor, client_status; the columns of `client_levels`,
        `portfolio_risk`, `mismatch_by_client` and `concentration`; ratio and line; worst_scenario and
        worst_loss_share; the columns of `reverse_stress`, `liquidity_by_client` and `level_drift`; of
        `review_behaviour` those that an alert tells of; segment, where segments are given; severity of the
        gravest alert (missing: none) and n_alerts.
    alerts : DataFrame
        See `limits.find_alerts`; and act_by (of rule margin, see `margin_deadlines`), quiet (see
        `quiet_alerts`: such alerts are not in the call list).
    call_list : DataFrame
        See `limits.rank_calls`.
    plans : AdjustmentPlans
        What brings those on the call list back inside their limits; see `plan.AdjustmentPlans`.
    matches : DataFrame
        A row a holding: the verdict and the evidence it rests on; see `match_holdings`.
    matrix : DataFrame
        Standing × product level; see `level_matrix`.
    summary : DataFrame
        Firm, branches, advisors, standings, segments; see `summary.summarise`.
    stress, stress_by_client, worst_hit : DataFrame
        See `stress.stress_of_firm`, `stress.stress_by_client`, `reverse.worst_hit`.
    scenarios, unknown_shocks : DataFrame
        How each scenario was played, and shocks that name nothing; see `ScenarioShocks`.
    crowded : DataFrame
        Securities that make up much of what many clients hold; see `crowded_securities`.
    margin : DataFrame
        See `margin.margin_accounts`; since, act_by, days_to_act of those with an alert: see
        `margin_deadlines`.
    unpriced : DataFrame
        client_id, security_id, quantity, reason, price_date (of the last close, if ever there was one).
    price_problems : DataFrame
        Closes that were not used; see `PriceHistory`.
    behaviour : DataFrame, index client_id
        Level against behaviour; see `review_behaviour`.
    professional : DataFrame
        See `professional_evidence`; empty without finances.
    backtest : DataFrame, index standing and "firm"
        See `backtest.count_exceedances`.
    available : DataFrame, index part
        market_risk, suitability, margin, stress: available (bool) and reason (empty, or no_positions,
        no_prices, prices_stale, no_assessments, no_securities, no_balances).
    """

    as_of: dt.date
    currency: str
    by_client: pd.DataFrame
    alerts: pd.DataFrame
    call_list: pd.DataFrame
    plans: AdjustmentPlans
    matches: pd.DataFrame
    matrix: pd.DataFrame
    summary: pd.DataFrame
    stress: pd.DataFrame
    stress_by_client: pd.DataFrame
    worst_hit: pd.DataFrame
    scenarios: pd.DataFrame
    unknown_shocks: pd.DataFrame
    crowded: pd.DataFrame
    margin: pd.DataFrame
    unpriced: pd.DataFrame
    price_problems: pd.DataFrame
    behaviour: pd.DataFrame
    professional: pd.DataFrame
    backtest: pd.DataFrame
    available: pd.DataFrame


def review_risk(
    positions: pd.DataFrame,
    prices: pd.DataFrame,
    securities: pd.DataFrame,
    clients: pd.DataFrame,
    preferences: pd.DataFrame,
    balances: pd.DataFrame,
    as_of: dt.date,
    settings: Settings,
    finances: pd.DataFrame | None = None,
    *,
    trades: pd.DataFrame | None = None,
    acknowledgements: pd.DataFrame | None = None,
    segments: pd.Series | None = None,
    exchange: Exchange | None = None,
) -> RiskReview:
    """Review every client's holdings as of a day.

    Parameters
    ----------
    positions : DataFrame
        client_id, security_id, quantity on that day; negative is short.
    prices, securities, clients, preferences, balances, finances, trades, acknowledgements : DataFrame
        The book's areas of these names. Rows dated after `as_of` are not read; an area that the book
        does not hold is an empty frame. `clients` has one row a client. Without trades, what is held is taken
        to have been held all along when alerts are traced back.
    as_of : date
        The day asked about.
    settings : Settings
        The firm's rules, limits and scenarios.
    segments : Series, index client_id, optional
        The segment of each client, by which `summary` is then cut as well.
    exchange : Exchange, optional
        From `book_exchange` of everybody's positions, when those of some clients only are reviewed.

    Returns
    -------
    RiskReview
        Also where parts cannot be had: `available` says which and why, and their frames are empty or
        missing. No client and no position is left out.

    Raises
    ------
    ParameterError
        A column of days holds what is no date.

    Notes
    -----
    Positions are valued by `prices` as in `portfolio_risk`, in one currency by the settings' exchange
    rates. A security in a currency that has none is listed as unpriced rather than added up.
    """
    rules, zone = settings.risk, settings.firm.time_zone
    positions = read_area("positions", positions)
    records = Records.read(prices, securities, clients, preferences, balances, time_zone=zone)
    finances, trades, known = (
        None if frame is None else read_area(name, frame, zone)
        for name, frame in (
            ("finances", finances),
            ("trades", trades),
            ("acknowledgements", acknowledgements),
        )
    )
    exchange = exchange or book_exchange(positions, records.securities, settings)
    day = examine_day(positions, records, as_of, settings, exchange=exchange)
    stressed = stress_test(day.held, records.securities, records.prices, day.margin, as_of, rules, exchange)
    volumes = market_volumes(records.prices, as_of, rules.liquidity.volume_days)
    behaviour = _behaviour(day, records, trades, finances, settings)
    by_client = _measured(day, records, stressed, volumes, behaviour, trades, settings)
    if segments is not None:
        by_client["segment"] = _segments(segments, by_client.index)
    alerts, margin = _alerts(by_client, day, records, trades, known, behaviour, settings)
    by_client = by_client.join(_gravest(alerts))
    by_client["n_alerts"] = by_client["n_alerts"].fillna(0).astype(int)
    calls = limits.rank_calls(alerts[~alerts["quiet"]], by_client, margin, rules)
    return RiskReview(
        as_of=as_of,
        currency=exchange.currency,
        by_client=by_client,
        alerts=alerts,
        call_list=calls,
        plans=plan_adjustments(
            calls["client_id"], day, records.securities, records.balances, settings, alerts
        ),
        matches=day.matches,
        matrix=level_matrix(day.matches, settings.suitability),
        summary=summarise(by_client, alerts, calls),
        stress=stressed.firm,
        stress_by_client=stressed.by_client,
        worst_hit=stressed.worst_hit,
        scenarios=stressed.scenarios,
        unknown_shocks=stressed.unknown,
        crowded=crowded_securities(
            day.held, records.clients, volumes, records.securities, rules.crowding, rules.liquidity
        ),
        margin=margin,
        unpriced=_unpriced(day.held, day.history),
        price_problems=day.history.problems,
        behaviour=behaviour,
        professional=_professional(records.clients, finances, day.levels, as_of, settings),
        backtest=_backtest(day, records.prices, settings),
        available=_available(positions, day, records),
    )


# ------------------------------------------------------------------ what each client comes to
def _behaviour(
    day: ExaminedDay,
    records: Records,
    trades: pd.DataFrame | None,
    finances: pd.DataFrame | None,
    settings: Settings,
) -> pd.DataFrame:
    return review_behaviour(
        day.levels,
        trades,
        finances,
        records.preferences,
        records.clients,
        records.securities,
        day.as_of,
        settings,
        currency=day.exchange.currency,
    )


def _measured(
    day: ExaminedDay,
    records: Records,
    stressed: StressTest,
    volumes: pd.Series,
    behaviour: pd.DataFrame,
    trades: pd.DataFrame | None,
    settings: Settings,
) -> pd.DataFrame:
    """What the day's examination found of each client, and what the parts of the review add to it."""
    securities = records.securities
    by_client = day.by_client.join(_worst(stressed.by_client))
    bearable = bearable_loss(records.preferences, day.as_of)
    liquidity = liquidity_by_client(day.held, volumes, securities, settings.risk.liquidity)
    drift = level_drift(
        day.matches,
        trades,
        records.prices,
        securities,
        day.levels,
        day.as_of,
        settings,
        exchange=day.exchange,
    )
    by_client = by_client.join(reverse_stress(by_client, bearable, stressed.by_client))
    return by_client.join(liquidity).join(behaviour[_BEHAVIOUR]).join(drift)


def _segments(segments: pd.Series, clients: pd.Index) -> pd.Series:
    named = segments.set_axis(segments.index.astype("str"))
    return named[~named.index.duplicated(keep="last")].reindex(clients).astype("str")


def _alerts(
    by_client: pd.DataFrame,
    day: ExaminedDay,
    records: Records,
    trades: pd.DataFrame | None,
    acknowledgements: pd.DataFrame | None,
    behaviour: pd.DataFrame,
    settings: Settings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All alerts, and the margin accounts with by when who is under a line has to act."""
    rules = settings.risk
    replay = replay_days(day, records, trades, settings)
    warn_days = settings.suitability.warn_days
    alerts = limits.find_alerts(by_client, day.margin, rules, warn_days, replay, behaviour)
    deadlines = margin_deadlines(alerts, day.history.days, day.as_of, rules.margin_days)
    owing = alerts["client_id"].where(alerts["rule"].eq("margin"))
    alerts["act_by"] = deadlines["act_by"].reindex(pd.Index(owing)).to_numpy()
    known = pd.DataFrame() if acknowledgements is None else acknowledgements
    alerts["quiet"] = quiet_alerts(alerts, known, day.as_of, rules.alerts)
    return alerts, day.margin.join(deadlines)


def _worst(stressed: pd.DataFrame) -> pd.DataFrame:
    ordered = stressed.sort_values(["loss_share", "scenario"], ascending=[False, True])
    worst = ordered.drop_duplicates("client_id").set_index("client_id")
    worst = worst[worst["loss_share"] > 0][["scenario", "loss_share"]]
    return worst.rename(columns={"scenario": "worst_scenario", "loss_share": "worst_loss_share"})


def _gravest(alerts: pd.DataFrame) -> pd.DataFrame:
    # Alerts come gravest first.
    groups = alerts.groupby("client_id")["severity"]
    return pd.DataFrame({"severity": groups.first(), "n_alerts": groups.size()})


def _unpriced(held: pd.DataFrame, history: PriceHistory) -> pd.DataFrame:
    missing = held[held["market_value"].isna()]
    dates = pd.Series(history.price_date, index=history.securities)
    result = missing[["client_id", "security_id", "quantity", "reason"]].reset_index(drop=True)
    result["price_date"] = dates.reindex(result["security_id"]).to_numpy()
    return result


def _professional(
    clients: pd.DataFrame,
    finances: pd.DataFrame | None,
    levels: pd.DataFrame,
    as_of: dt.date,
    settings: Settings,
) -> pd.DataFrame:
    known = pd.DataFrame() if finances is None else finances
    people = clients if len(known) else clients.iloc[:0]
    return professional_evidence(
        people, known, levels, as_of, settings.suitability, currency=settings.firm.currency
    )


def _backtest(day: ExaminedDay, prices: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """All clients together, and those of each standing, over as many days as a window is long."""
    rules = settings.risk
    holdings = day.holdings
    longer = price_history(prices, day.as_of, 2 * rules.window, rules.stale_days, day.exchange)
    standing = day.levels["standing"].reindex(holdings.clients).fillna("none")
    groups = pd.Index(STANDINGS).get_indexer(pd.Index(standing)).astype(np.intp)
    wholes = [total(holdings), total(holdings, groups, len(STANDINGS))]
    parts = [returns for whole in wholes for _, returns, _ in blocks(whole.weights(), longer)]
    names = pd.Index(["firm", *STANDINGS], name="standing")
    return count_exceedances(np.vstack(parts), names, rules.window, rules.level, rules.backtest)


def _available(positions: pd.DataFrame, day: ExaminedDay, records: Records) -> pd.DataFrame:
    held = "" if len(positions) else "no_positions"
    priced = "" if day.history.status == "ok" else day.history.status
    rated = "" if len(records.securities) else "no_securities"
    assessed = "" if day.levels["status"].ne("none").any() else "no_assessments"
    reasons = {
        "market_risk": held or priced,
        "suitability": held or rated or assessed,
        "stress": held or priced or rated,
        "margin": held or priced or ("" if len(records.balances) else "no_balances"),
    }
    reason = pd.Series(reasons, name="reason", dtype="str").rename_axis("part")
    return pd.DataFrame({"available": reason.eq(""), "reason": reason})
