"""What scenarios would cost each client and the firm's clients together."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clientlib.analysis.risk.prices import Exchange, carried_closes
from clientlib.analysis.risk.reverse import worst_hit
from clientlib.analysis.risk.scenarios import scenario_shocks
from clientlib.config.risk import MarginLines, Risk

_BY_CLIENT = ["client_id", "scenario", "gross_value", "loss", "long_loss", "loss_share"]


@dataclass(frozen=True)
class StressTest:
    """All scenarios over all clients.

    Attributes
    ----------
    by_client, firm, worst_hit : DataFrame
        See `stress_by_client`, `stress_of_firm`, `reverse.worst_hit`.
    scenarios, unknown : DataFrame
        See `ScenarioShocks.about` and `.unknown`: how each scenario was played, and misspelt shocks.
    """

    by_client: pd.DataFrame
    firm: pd.DataFrame
    worst_hit: pd.DataFrame
    scenarios: pd.DataFrame
    unknown: pd.DataFrame


def stress_test(
    holdings: pd.DataFrame,
    securities: pd.DataFrame,
    prices: pd.DataFrame,
    margin: pd.DataFrame,
    as_of: dt.date,
    settings: Risk,
    exchange: Exchange | None = None,
) -> StressTest:
    """Play every scenario of the settings on today's holdings.

    Parameters
    ----------
    holdings : DataFrame
        client_id, security_id, market_value.
    securities, prices : DataFrame
        The book's areas; prices after `as_of` are not read.
    margin : DataFrame
        From `margin_accounts`, before the shock.
    as_of : date
        The day of the holdings.
    settings : Risk
        Scenarios, margin lines, stale_days.
    exchange : Exchange, optional
        How closes in other currencies are converted: what is replayed holds the move of the rate as well.

    Returns
    -------
    StressTest
    """
    past = any(not scenario.shocks for scenario in settings.scenarios.values())
    closes = carried_closes(prices if past else prices.iloc[:0], as_of, settings.stale_days, exchange)
    played = scenario_shocks(holdings, securities, settings.scenarios, closes, settings.stale_days)
    by_client = stress_by_client(holdings, played.shocks)
    unknown = unclassified_value(holdings, securities)
    firm = stress_of_firm(by_client, margin, settings.margin_lines, unknown)
    return StressTest(by_client, firm, worst_hit(by_client), played.about, played.unknown)


def stress_by_client(holdings: pd.DataFrame, shocks: pd.DataFrame) -> pd.DataFrame:
    """Loss of each client in each scenario.

    Parameters
    ----------
    holdings : DataFrame
        client_id, security_id, market_value; positions without a value have no part in it.
    shocks : DataFrame, index security_id, one column a scenario
        Change of each security's price as a fraction of it; see `ScenarioShocks`. What has no row stays.

    Returns
    -------
    DataFrame, one row a client and scenario
        client_id, scenario, gross_value, loss (positive when money is lost; a short position gains by a
        fall), long_loss (of the long positions alone), loss_share (of gross_value).
    """
    priced = holdings[holdings["market_value"].notna()]
    if priced.empty or shocks.columns.empty:
        return pd.DataFrame(columns=_BY_CLIENT)
    value = priced["market_value"].to_numpy(dtype=float)
    client, names = pd.factorize(priced["client_id"], sort=True)
    row = shocks.index.get_indexer(pd.Index(priced["security_id"]))
    gross = np.bincount(client, np.abs(value))
    parts = []
    for scenario in shocks.columns:
        # 0 − x rather than −x: what no shock touches loses 0, not −0.
        lost = 0.0 - value * np.append(shocks[scenario].to_numpy(dtype=float), 0.0)[row]
        loss = np.bincount(client, lost)
        columns = {"client_id": names, "scenario": scenario, "gross_value": gross, "loss": loss}
        columns["long_loss"] = np.bincount(client, np.where(value > 0, lost, 0.0))
        columns["loss_share"] = np.divide(loss, gross, out=np.full(len(gross), np.nan), where=gross > 0)
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def stress_of_firm(
    by_client: pd.DataFrame, margin: pd.DataFrame, lines: MarginLines, unclassified: float
) -> pd.DataFrame:
    """Each scenario over all clients, gravest loss first.

    Parameters
    ----------
    by_client : DataFrame
        From `stress_by_client`.
    margin : DataFrame
        From `margin_accounts`, before the shock.
    lines : MarginLines
        The close-out line counts here.
    unclassified : float
        Value of holdings whose asset class is not known: a scenario by class leaves them as they are.

    Returns
    -------
    DataFrame, one row a scenario
        scenario, n_clients, n_losing, gross_value, loss, loss_share, worst_client, worst_client_loss_share,
        n_close_out_before, n_close_out_after (margin clients under the close-out line), unclassified_value.
    """
    columns = ["scenario", "n_clients", "n_losing", "gross_value", "loss", "loss_share", "worst_client"]
    columns += ["worst_client_loss_share", "n_close_out_before", "n_close_out_after", "unclassified_value"]
    rows = []
    for name, part in by_client.groupby("scenario", sort=False):
        worst = part.sort_values(["loss_share", "client_id"], ascending=[False, True]).iloc[0]
        losing = bool(worst["loss_share"] > 0)
        gross, loss = float(part["gross_value"].sum()), float(part["loss"].sum())
        before, after = _closed_out(margin, part.set_index("client_id")[["loss", "long_loss"]], lines)
        rows.append(
            {
                "scenario": name,
                "n_clients": len(part),
                "n_losing": int((part["loss"] > 0).sum()),
                "gross_value": gross,
                "loss": loss,
                "loss_share": loss / gross if gross > 0 else float("nan"),
                "worst_client": worst["client_id"] if losing else None,
                "worst_client_loss_share": worst["loss_share"] if losing else float("nan"),
                "n_close_out_before": before,
                "n_close_out_after": after,
                "unclassified_value": unclassified,
            }
        )
    firm = pd.DataFrame(rows, columns=columns)
    return firm.sort_values(["loss", "scenario"], ascending=[False, True], ignore_index=True)


def unclassified_value(holdings: pd.DataFrame, securities: pd.DataFrame) -> float:
    """Gross value of the holdings whose asset class is not known."""
    unknown = holdings["security_id"].map(_asset_classes(securities)).isna()
    return float(holdings.loc[unknown, "market_value"].abs().sum())


def _asset_classes(securities: pd.DataFrame) -> pd.Series:
    known = securities.reindex(columns=["security_id", "asset_class"]).dropna()
    return known.drop_duplicates("security_id", keep="last").set_index("security_id")["asset_class"]


def _closed_out(margin: pd.DataFrame, losses: pd.DataFrame, lines: MarginLines) -> tuple[int, int]:
    lost = losses.reindex(margin.index).fillna(0.0)
    # A rise of what was sold short is owed; a fall of it does not count, as in `margin_accounts`.
    owed = (lost["loss"] - lost["long_loss"]).clip(lower=0)
    after = (margin["cash"] + margin["securities"] - lost["long_loss"]) / (margin["debt"] + owed)
    known = margin["ratio"].notna()
    return int((margin["ratio"] < lines.close_out).sum()), int((after[known] < lines.close_out).sum())
