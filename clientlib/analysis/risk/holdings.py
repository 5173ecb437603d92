"""Who holds what, added up and with today's prices: a few bytes a position, as there may be millions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.prices import PriceHistory

_INT64_BITS = 63


@dataclass(frozen=True)
class Holdings:
    """Positions added up per client and security; arrays in step, sorted by both.

    `client` and `security` point into `clients` and `securities`. Of each of `securities` (not of each
    position) there is `price_of`, NaN when it has none, `reason_of`, why it has none, and `row_of`, its row
    in the price history (−1: no price of it is known). What follows for the positions is made when asked.
    """

    clients: pd.Index
    securities: pd.Index
    client: NDArray[np.int32]
    security: NDArray[np.int32]
    quantity: FloatArray
    price_of: FloatArray
    row_of: NDArray[np.intp]
    reason_of: NDArray[np.object_]

    @property
    def price(self) -> FloatArray:
        return self.price_of[self.security]

    @property
    def value(self) -> FloatArray:
        """Market value of each position, NaN where it cannot be priced."""
        return self.quantity * self.price

    @property
    def row(self) -> NDArray[np.intp]:
        return self.row_of[self.security]

    @property
    def reason(self) -> pd.Index:
        """Why each position has no value, empty where it has one: no_quantity, or a reason of the price."""
        names = pd.Index([*self.reason_of, "no_quantity"], dtype="str")
        return names.take(np.where(np.isnan(self.quantity), len(names) - 1, self.security))

    def frame(self) -> pd.DataFrame:
        """client_id, security_id, quantity, price, market_value, reason (empty when priced)."""
        return pd.DataFrame(
            {
                "client_id": self.clients[self.client],
                "security_id": self.securities[self.security],
                "quantity": self.quantity,
                "price": self.price,
                "market_value": self.value,
                "reason": self.reason,
            }
        )

    def part(self, rows: slice) -> Holdings:
        """The holdings of some clients that follow each other; nothing large is copied."""
        start, stop, _ = rows.indices(len(self.clients))
        own = slice(*np.searchsorted(self.client, np.array([start, stop], dtype=self.client.dtype)))
        return replace(
            self,
            clients=self.clients[start:stop],
            client=self.client[own] - np.int32(start),
            security=self.security[own],
            quantity=self.quantity[own],
        )

    def weights(self) -> sparse.csr_array:
        """Client × security in the price history: value as a share of the client's gross value."""
        value, n = self.value, len(self.clients)
        # What has no price is NaN; what several clients' holdings cancel to is nothing.
        weighs = np.abs(value) > 0
        client, value = self.client[weighs], value[weighs]
        gross = np.bincount(client, np.abs(value), minlength=n)
        starts = np.concatenate([[0], np.cumsum(np.bincount(client, minlength=n))])
        shape = (n, int(self.row_of.max(initial=-1)) + 1)
        return sparse.csr_array((value / gross[client], self.row[weighs], starts), shape=shape)


def price_holdings(positions: pd.DataFrame, history: PriceHistory) -> Holdings:
    """Add up positions (client_id, security_id, quantity) per client and security, and price them."""
    named = positions.reindex(columns=["client_id", "security_id", "quantity"])
    known = named["client_id"].notna() & named["security_id"].notna()
    named = named if known.all() else named[known]
    security, securities = _coded(named["security_id"])
    client, clients = _coded(named["client_id"])
    quantity = pd.to_numeric(named["quantity"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(quantity).all():
        quantity = np.where(np.isfinite(quantity), quantity, np.nan)
    pairs = _added_up(client, security, quantity)
    return Holdings(clients.rename("client_id"), securities, *pairs, *history.price_of(securities))


def _coded(ids: pd.Series) -> tuple[NDArray[np.int64], pd.Index]:
    """Each id as its place among the different ones, which are in order."""
    code, found = pd.factorize(ids)
    names = pd.Index(found).astype("str")
    if names.is_monotonic_increasing:
        return code, names
    order = names.argsort()
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    return place[code], names[order]


def _added_up(
    client: NDArray[np.int64], security: NDArray[np.int64], quantity: FloatArray
) -> tuple[NDArray[np.int32], NDArray[np.int32], FloatArray]:
    """Each client and security once, in order, with the sum of its quantities, unless that is nothing."""
    bits = int(security.max(initial=0)).bit_length()
    pair = (client << bits) | security
    if not (pair[1:] > pair[:-1]).all():
        pair, order = _sorted(pair)
        quantity = quantity[order]
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        if len(first) < len(pair):
            pair, quantity = pair[first], np.add.reduceat(quantity, first)
    held = quantity != 0
    if not held.all():
        pair, quantity = pair[held], quantity[held]
    return (pair >> bits).astype(np.int32), (pair & ((1 << bits) - 1)).astype(np.int32), quantity


def _sorted(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The keys in order, and where each was; equal ones stay in the order that they had."""
    bits = len(key).bit_length()
    if int(key.max()).bit_length() + bits > _INT64_BITS:
        order = np.argsort(key, kind="stable")
        return key[order], order
    # Numbers are sorted much faster than an order is found: so each takes its place along.
    both = (key << bits) | np.arange(len(key))
    both.sort()
    return both >> bits, both & ((1 << bits) - 1)


def total(holdings: Holdings, groups: NDArray[np.intp] | None = None, n: int = 1) -> Holdings:
    """All clients' holdings as those of one, or of `n` groups (`groups`: each client's, −1 for none)."""
    width = max(len(holdings.securities), 1)
    taken = ~np.isnan(holdings.quantity) & ~np.isnan(holdings.price_of)[holdings.security]
    pair = holdings.security.astype(np.int64)
    if groups is not None:
        group = groups[holdings.client]
        taken &= group >= 0
        pair += group * width
    pair, quantity = pair[taken], holdings.quantity[taken]
    held = np.flatnonzero(np.bincount(pair, minlength=n * width))
    client, security = np.divmod(held, width)
    return replace(
        holdings,
        clients=pd.RangeIndex(n),
        client=client.astype(np.int32),
        security=security.astype(np.int32),
        quantity=np.bincount(pair, quantity, minlength=n * width)[held].astype(float),
    )
