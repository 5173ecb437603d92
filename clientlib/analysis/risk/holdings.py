"""Who holds what, added up and with today's prices: a few bytes a position, as there may be millions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from clientlib.analysis.risk.areas import LARGEST
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.prices import PriceHistory

Places: TypeAlias = NDArray[np.int32] | NDArray[np.int64]
POSITIONS = 1_000_000
"""Positions that are added up at a time: bounds the memory."""
_INT32_BITS, _INT64_BITS = 31, 63


@dataclass(frozen=True)
class Holdings:
    """Positions added up per client and security; arrays in step, sorted by both.

    `client` and `security` point into `clients` and `securities`. Of each of `securities` (not of each
    position) there is `price_of`, NaN when it has none, `reason_of`, why it has none, and `row_of`, its row
    in the price history (−1: no price of it is known). What follows for the positions is made when asked.
    """

    clients: pd.Index
    securities: pd.Index
    client: Places
    security: Places
    quantity: FloatArray
    price_of: FloatArray
    row_of: Places
    reason_of: NDArray[np.object_]

    @property
    def price(self) -> FloatArray:
        return self.price_of[self.security]

    @cached_property
    def value(self) -> FloatArray:
        """Market value of each position, NaN where it cannot be priced."""
        return self.quantity * self.price

    @property
    def row(self) -> Places:
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
            client=np.subtract(self.client[own], start, dtype=np.int64),
            security=self.security[own],
            quantity=self.quantity[own],
        )

    def weights(self) -> sparse.csr_array:
        """Client × security in the price history: value as a share of the client's gross value."""
        n, size = len(self.clients), np.abs(self.value)
        client, row, value = self.client, self.row, self.value
        # What has no price is NaN; what several clients' holdings cancel to is nothing.
        if not (weighs := size > 0).all():
            client, row, value, size = client[weighs], row[weighs], value[weighs], size[weighs]
        gross = np.bincount(client, size, minlength=n)
        starts = np.concatenate([[0], np.cumsum(np.bincount(client, minlength=n))]).astype(np.int32)
        shape = (n, int(self.row_of.max(initial=-1)) + 1)
        return sparse.csr_array((value / gross[client], row, starts), shape=shape)


def price_holdings(positions: pd.DataFrame, history: PriceHistory) -> Holdings:
    """Add up positions (client_id, security_id, quantity) per client and security, and price them.

    Much is done in place: at millions of positions each array that is not made counts.
    """
    named = positions.reindex(columns=["client_id", "security_id", "quantity"])
    known = named["client_id"].notna() & named["security_id"].notna()
    named = named if known.all() else named[known]
    pair, bits, clients, securities = _pairs(named)
    quantity = _numbers(named["quantity"])
    kept = np.ones(len(pair), dtype=bool)
    if not (pair[1:] > pair[:-1]).all():
        quantity = quantity[_sort(pair)]
        np.not_equal(pair[1:], pair[:-1], out=kept[1:])
        _add_up(quantity, np.flatnonzero(~kept))
    kept &= quantity != 0
    if not kept.all():
        pair = pair[kept]
        quantity = quantity[kept]
    security = _low_bits(pair, bits)
    pair >>= bits
    client = pair.astype(np.int32)
    price, row, reason = history.price_of(securities)
    names = clients.rename("client_id")
    return Holdings(names, securities, client, security, quantity, price, row.astype(np.int32), reason)


def _numbers(column: pd.Series) -> FloatArray:
    """What can be a quantity, otherwise NaN; the column's own memory where it can be."""
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.dtype != np.float64:
        numbers = pd.Series(numbers.to_numpy(dtype=float, na_value=np.nan))
    quantity = numbers.to_numpy()
    known = np.abs(quantity) <= LARGEST
    return quantity if known.all() else np.where(known, quantity, np.nan)


def _coded(ids: pd.Series) -> tuple[NDArray[np.int32], pd.Index]:
    """Each id as its place among the different ones, which are in order."""
    code, found = pd.factorize(ids)
    names = pd.Index(found).astype("str")
    order = names.argsort()
    place = np.empty(len(names), dtype=np.int32)
    place[order] = np.arange(len(names))
    return place[code], names[order]


def _pairs(ids: pd.DataFrame) -> tuple[NDArray[np.int64], int, pd.Index, pd.Index]:
    """Client and security of each row in one number, the security in its last so many bits; their names."""
    security, securities = _coded(ids["security_id"])
    client, clients = _coded(ids["client_id"])
    bits = len(securities).bit_length()
    pair = client.astype(np.int64)
    pair <<= bits
    pair |= security
    return pair, bits, clients, securities


def _add_up(quantity: FloatArray, again: NDArray[np.intp]) -> None:
    """Add what stands at the places `again` to the last one before that is none of them."""
    follows = np.diff(again, prepend=-2) == 1
    run = np.cumsum(~follows) - 1
    np.add.at(quantity, again[~follows][run] - 1, quantity[again])


def _sort(key: NDArray[np.int64]) -> NDArray[np.int32] | NDArray[np.int64]:
    """Sort the keys in place and tell where each was; equal ones stay in the order that they had."""
    bits = len(key).bit_length()
    if int(key.max()).bit_length() + bits > _INT64_BITS:
        order = np.argsort(key, kind="stable")
        key[:] = key[order]
        return order
    # Numbers are sorted much faster than an order is found: so each takes its place along.
    key <<= bits
    for start in range(0, len(key), POSITIONS):
        some = key[start : start + POSITIONS]
        some |= np.arange(start, start + len(some))
    key.sort()
    places = _low_bits(key, bits) if bits <= _INT32_BITS else key & ((1 << bits) - 1)
    key >>= bits
    return places


def _low_bits(key: NDArray[np.int64], bits: int) -> NDArray[np.int32]:
    low = np.empty(len(key), dtype=np.int32)
    np.bitwise_and(key, (1 << bits) - 1, out=low, casting="unsafe")
    return low


def total(holdings: Holdings, groups: NDArray[np.intp] | None = None, n: int = 1) -> Holdings:
    """All clients' holdings as those of one, or of `n` groups (`groups`: each client's, −1 for none)."""
    width = max(len(holdings.securities), 1)
    quantity, count = np.zeros(n * width), np.zeros(n * width, dtype=np.int64)
    has_price = ~np.isnan(holdings.price_of)
    for start in range(0, len(holdings.client), POSITIONS):
        some = slice(start, start + POSITIONS)
        group = 0 if groups is None else groups[holdings.client[some]]
        taken = ~np.isnan(holdings.quantity[some]) & has_price[holdings.security[some]] & (group >= 0)
        pair = (group * width + holdings.security[some])[taken]
        quantity += np.bincount(pair, holdings.quantity[some][taken], minlength=n * width)
        count += np.bincount(pair, minlength=n * width)
    held = np.flatnonzero(count)
    client, security = np.divmod(held, width)
    return replace(
        holdings,
        clients=pd.RangeIndex(n),
        client=client.astype(np.int32),
        security=security.astype(np.int32),
        quantity=quantity[held],
    )
