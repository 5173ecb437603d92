"""What named scenarios would cost each client and the firm's clients together."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from clientlib.config.risk import MarginLines, Scenario


def stress_by_client(
    holdings: pd.DataFrame, securities: pd.DataFrame, scenarios: Mapping[str, Scenario]
) -> pd.DataFrame:
    """Loss of each client in each scenario.

    Parameters
    ----------
    holdings : DataFrame
        client_id, security_id, market_value; positions without a value have no part in it.
    securities : DataFrame
        security_id, asset_class.
    scenarios : mapping of name to Scenario
        A shock (−0.3: a fall by 30 %) per security id or asset class; the security's own goes first,
        and what has none stays as it is.

    Returns
    -------
    DataFrame, one row a client and scenario
        client_id, scenario, gross_value, loss (positive when money is lost; a short position gains by a
        fall), long_loss (of the long positions alone), loss_share (of gross_value).
    """
    priced = holdings[holdings["market_value"].notna()]
    value = priced["market_value"].astype(float)
    asset_class = priced["security_id"].map(_asset_classes(securities))
    gross = value.abs().groupby(priced["client_id"]).sum()
    parts = []
    for name, scenario in scenarios.items():
        shock = priced["security_id"].map(scenario.shocks).astype(float)
        shock = shock.fillna(asset_class.map(scenario.shocks).astype(float)).fillna(0.0)
        # 0 − x rather than −x: what no shock touches loses 0, not −0.
        loss = pd.DataFrame({"loss": 0 - value * shock, "long_loss": 0 - value.clip(lower=0) * shock})
        part = loss.groupby(priced["client_id"]).sum()
        part.insert(0, "gross_value", gross)
        part["loss_share"] = part["loss"] / gross.where(gross > 0)
        part.insert(0, "scenario", name)
        parts.append(part.rename_axis("client_id").reset_index())
    columns = ["client_id", "scenario", "gross_value", "loss", "long_loss", "loss_share"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


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
        before, after = _closed_out(margin, part.set_index("client_id")["long_loss"], lines)
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


def _closed_out(margin: pd.DataFrame, long_loss: pd.Series, lines: MarginLines) -> tuple[int, int]:
    loss = long_loss.reindex(margin.index).fillna(0.0)
    after = (margin["cash"] + margin["securities"] - loss) / margin["debt"]
    known = margin["ratio"].notna()
    return int((margin["ratio"] < lines.close_out).sum()), int((after[known] < lines.close_out).sum())
