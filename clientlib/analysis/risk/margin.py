"""Margin accounts: the maintenance ratio (维持担保比例), the line it is under, the fall to the next."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from clientlib.analysis.suitability import newest_per_client
from clientlib.config.risk import MarginLines

LINES = ("watch", "warn", "close_out")
"""From the mildest to the gravest."""
FIGURES = ["cash", "margin_loan", "short_value", "accrued_interest"]


def margin_accounts(
    balances: pd.DataFrame,
    exposure: pd.DataFrame,
    as_of: dt.date,
    lines: MarginLines,
    *,
    currency: str,
) -> pd.DataFrame:
    """Maintenance ratio of every client who owes money or securities.

    Parameters
    ----------
    balances : DataFrame
        client_id, as_of, cash, margin_loan, short_value, accrued_interest, currency; a client's newest
        row up to `as_of` counts. A loan, short value or interest below nought is as if not stated.
    exposure : DataFrame
        From `exposure_by_client`: long and short market value, and how much could not be priced.
    as_of : date
        The day asked about.
    lines : MarginLines
        Ratios under which a client is to be watched, warned, closed out.
    currency : str
        Of the prices; a balance in another currency cannot be added to them.

    Returns
    -------
    DataFrame, index client_id
        balance_date, cash, securities (long positions), debt (loan + short value + interest), ratio
        (cash + securities over debt), line (above, watch, warn, close_out, unknown), fall_to_watch,
        fall_to_warn, fall_to_close_out (fraction by which the securities must fall to reach that line:
        0 when under it already, missing when no fall reaches it), cash_to_watch (to pay in to be at the
        watch line again), n_unpriced (positions left out: the true ratio is then higher), reason (empty, or
        why there is no ratio: other_currency, incomplete, unpriced).

    Notes
    -----
    A client is under a line when the ratio is less than it, at the line not yet. Short value is the
    balance's, or that of the short positions held where this is larger. In the fall short positions keep
    their value: the fall is the smallest that can reach the line.
    """
    newest = newest_per_client(balances, "as_of", as_of).reindex(columns=["as_of", *FIGURES, "currency"])
    figures = newest[FIGURES].apply(pd.to_numeric, errors="coerce").astype(float)
    # Nobody owes less than nothing: such a figure is wrong, and a ratio made of it would be as well.
    figures[FIGURES[1:]] = figures[FIGURES[1:]].where(figures[FIGURES[1:]] >= 0)
    held = exposure.reindex(newest.index).fillna(0.0)
    short = np.maximum(figures["short_value"], held["short"])
    accounts = pd.DataFrame(
        {
            "balance_date": newest["as_of"],
            "cash": figures["cash"],
            "securities": held["long"],
            "debt": figures["margin_loan"] + short + figures["accrued_interest"],
            "n_unpriced": held["n_unpriced"].astype(int),
        }
    )
    accounts["reason"] = _reasons(accounts, held, newest["currency"], currency)
    accounts = accounts[~accounts["debt"].eq(0)]
    return _with_lines(accounts, lines)


def exposure_by_client(holdings: pd.DataFrame) -> pd.DataFrame:
    """Index client_id: long and short market value (both positive), n_priced, n_unpriced positions."""
    value = holdings["market_value"]
    parts = pd.DataFrame(
        {
            "client_id": holdings["client_id"],
            "long": value.clip(lower=0),
            "short": -value.clip(upper=0),
            "n_priced": value.notna().astype(int),
            "n_unpriced": value.isna().astype(int),
        }
    )
    return parts.groupby("client_id").sum()


def _reasons(accounts: pd.DataFrame, held: pd.DataFrame, has: pd.Series, currency: str) -> np.ndarray:
    return np.select(
        [
            has.ne(currency).fillna(False) & has.notna(),
            accounts[["cash", "debt"]].isna().any(axis=1),
            (held["n_unpriced"] > 0) & (held["n_priced"] == 0),
        ],
        ["other_currency", "incomplete", "unpriced"],
        default="",
    )


def _with_lines(accounts: pd.DataFrame, lines: MarginLines) -> pd.DataFrame:
    known = accounts["reason"].eq("")
    assets = (accounts["cash"] + accounts["securities"]).where(known)
    ratio = assets / accounts["debt"]
    result = accounts.assign(ratio=ratio)
    result["line"] = np.select(
        [~known, *(ratio < getattr(lines, name) for name in reversed(LINES))],
        ["unknown", *reversed(LINES)],
        default="above",
    )
    securities = accounts["securities"]
    for name in LINES:
        fall = (assets - getattr(lines, name) * accounts["debt"]) / securities.where(securities > 0)
        result[f"fall_to_{name}"] = (
            fall.where(fall <= 1).clip(lower=0).mask(ratio < getattr(lines, name), 0.0)
        )
    result["cash_to_watch"] = (lines.watch * accounts["debt"] - assets).clip(lower=0)
    order = ["balance_date", "cash", "securities", "debt", "ratio", "line"]
    order += [f"fall_to_{name}" for name in LINES] + ["cash_to_watch", "n_unpriced", "reason"]
    return result[order]
