"""What clients held at the end of earlier days, and its worth: today's holdings less the trades since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from clientlib.analysis.behaviour import local_days
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.prices import PriceHistory

NOTHING_LEFT = 1e-6
"""A quantity up to this is none: the ledger's own rule."""
_PAIR = ["client_id", "security_id"]


@dataclass(frozen=True)
class Rewound:
    """Positions of some clients on some days, oldest first; a row a client and security, sorted by client.

    `client` points into `clients`, `row` into the price histories (−1: never a price). `value` of shape
    (n_positions, n_days) is 0 where nothing was held and NaN where it could not be priced; `there` tells
    whether anything was held. Every client has at least one row.
    """

    clients: pd.Index
    client: NDArray[np.intp]
    row: NDArray[np.intp]
    there: NDArray[np.bool_]
    value: FloatArray

    def sums(self, amounts: FloatArray | NDArray[np.bool_]) -> FloatArray:
        """Amounts of shape (n_positions, n_days) added up for each client and day."""
        return np.add.reduceat(amounts, self._first, axis=0, dtype=float)

    @property
    def size(self) -> FloatArray:
        """Value by size; 0 where it is not known."""
        return np.nan_to_num(np.abs(self.value))

    @property
    def largest(self) -> FloatArray:
        """The largest size of each client and day."""
        return np.maximum.reduceat(self.size, self._first, axis=0)

    @property
    def _first(self) -> NDArray[np.intp]:
        return np.flatnonzero(np.diff(self.client, prepend=-1))

    def weights(self, some: NDArray[np.intp], day: int, n_rows: int) -> sparse.csr_array:
        """Some clients × rows of the price history, on one day: value as a share of the gross value."""
        place = np.full(len(self.clients), -1)
        place[some] = np.arange(len(some))
        value = self.value[:, day]
        weighs = (np.abs(value) > 0) & (place[self.client] >= 0)
        own, value = place[self.client[weighs]], value[weighs]
        gross = np.bincount(own, np.abs(value), minlength=len(some))
        return sparse.csr_array((value / gross[own], (own, self.row[weighs])), shape=(len(some), n_rows))


def rewind(
    clients: pd.Index,
    held: pd.DataFrame,
    undone: pd.DataFrame,
    days: pd.DatetimeIndex,
    histories: Sequence[PriceHistory],
) -> Rewound:
    """Wind holdings back.

    Parameters
    ----------
    clients : Index
        Whose; sorted.
    held : DataFrame
        client_id, security_id, quantity: what is held now, a row a pair.
    undone : DataFrame
        From `trades_since`.
    days : DatetimeIndex
        Ends of the days asked for, oldest first.
    histories : sequence of PriceHistory
        Of these days, all of the same securities; see `price_histories`.

    Notes
    -----
    A sale of more than was held is undone as a whole. A trade without a quantity leaves it unknown before.
    """
    nobody = pd.DataFrame({"client_id": clients, "security_id": "", "quantity": 0.0})
    own = undone[undone["client_id"].isin(clients)]
    pairs = pd.concat([held[held["client_id"].isin(clients)], own[_PAIR].assign(quantity=0.0), nobody])
    pairs = pairs.drop_duplicates(_PAIR)
    client = clients.get_indexer(pd.Index(pairs["client_id"]))
    order = np.argsort(client, kind="stable")
    pairs, client = pairs.iloc[order], client[order]
    row = histories[0].securities.get_indexer(pd.Index(pairs["security_id"]))
    place = pd.MultiIndex.from_frame(pairs[_PAIR]).get_indexer(pd.MultiIndex.from_frame(own[_PAIR]))
    # A trade is undone for the days before its own.
    change = np.zeros((len(pairs), len(days) + 1))
    np.add.at(change, (place, days.searchsorted(pd.DatetimeIndex(own["day"]))), own["quantity"].to_numpy())
    before = np.cumsum(change[:, ::-1], axis=1)[:, -2::-1]
    quantity = pairs["quantity"].to_numpy(dtype=float)[:, None] + before
    there = ~(np.abs(quantity) <= NOTHING_LEFT)
    price = np.column_stack([np.append(history.price, np.nan)[row] for history in histories])
    return Rewound(clients, client, row, there, np.where(there, quantity * price, 0.0))


def trades_since(
    trades: pd.DataFrame | None,
    who: pd.Index,
    start: pd.Timestamp,
    until: pd.Timestamp,
    time_zone: str,
) -> pd.DataFrame:
    """client_id, security_id, day and the quantity to add to undo it, of each trade after the day `start`."""
    names = [*_PAIR, "traded_at", "side", "quantity"]
    given = pd.DataFrame(columns=names) if trades is None else trades.reindex(columns=names)
    own = given[given["client_id"].isin(who) & given["security_id"].notna()]
    own = own.assign(day=local_days(own["traded_at"], time_zone))
    own = own[(own["day"] > start) & (own["day"] <= until)]
    sign = own["side"].map({"buy": -1.0, "sell": 1.0}).astype(float)
    return own.assign(quantity=pd.to_numeric(own["quantity"], errors="coerce").astype(float) * sign)
