"""The lots that plant facts: purchases which ordinary clients of the demo would not make."""

from __future__ import annotations

import numpy as np

from clientlib.simulate.clientele import CLOSED, Clientele
from clientlib.simulate.market import Market
from clientlib.simulate.streams import Flags, Floats, Ints
from clientlib.simulate.trading import Desk, Lots, join, ordinary_lots

TRADED_ABOVE = 18
"""Purchases above the level by each client who trades so."""
ORDINARY_DAYS = 130
"""Trading days for which such a client was like the others at first."""


def make_desk(seed: int, piece: int, clients: Clientele, market: Market, limit: Ints, members: Ints) -> Desk:
    """The desk of a piece of the clients: when each may trade, in trading-day numbers."""
    start = np.maximum(clients.opened + 1, np.datetime64(clients.cast.start))
    first = np.searchsorted(market.days, start)
    last_buy = market.day_on_or_before(clients.buys_until)
    last = market.day_on_or_before(clients.until)
    # Who closes sells all on the last day at the latest, and nothing is sold on the day it was bought.
    last_buy = np.where(clients.status == CLOSED, np.minimum(last_buy, last - 1), last_buy)
    return Desk(seed, piece, clients, market, limit, members, first, last_buy, last)


def lots_of(desk: Desk, taste: Floats) -> Lots:
    """All lots of a piece: the ordinary ones, and in place of some or besides them the planted ones."""
    lots = ordinary_lots(desk, taste)
    lots = lots.only(_kept(desk, lots))
    parts = [
        _over_level(desk),
        _breach(desk),
        _concentrated(desk),
        _above_level_trades(desk),
        _unpriced(desk),
    ]
    return join(lots, *parts)


def _kept(desk: Desk, lots: Lots) -> Flags:
    cast = desk.clients.cast
    single = cast.flag("concentrated")[lots.client]
    changed = cast.flag("above_level_trader")[lots.client] & (
        lots.bought > desk.first[lots.client] + ORDINARY_DAYS
    )
    return ~single & ~changed


def _members(desk: Desk, group: str) -> Ints:
    return np.intersect1d(desk.clients.cast.groups[group], desk.members)


def _above(rng: np.random.Generator, desk: Desk, client: Ints) -> Ints:
    """A share or fund above each client's level that has a price on every day."""
    market = desk.market
    plain = market.quoted.all(axis=0) & np.isin(market.kind, ("stock", "fund"))
    chosen = np.empty(len(client), dtype=np.int64)
    for place, limit in enumerate(desk.limit[client]):
        # Not the distressed share: a portfolio in it alone might be worth little by the end.
        fits = np.flatnonzero(plain & (market.level > max(limit, 2)) & (market.level < 5))
        chosen[place] = fits[rng.integers(len(fits))]
    return chosen


def _kept_lots(client: Ints, security: Ints, bought: Ints, money: Floats) -> Lots:
    return Lots(client, security, bought, np.full(len(client), -1), np.ones(len(client)), money)


def _late(rng: np.random.Generator, desk: Desk, size: int, latest: int, earliest: int) -> Ints:
    """Trading days between `earliest` and `latest` before the end."""
    return len(desk.market.days) - 1 - rng.integers(latest, earliest, size)


def _over_level(desk: Desk) -> Lots:
    """Two large lots above the level, bought within the last year and kept."""
    rng = desk.rng("over_level")
    client = np.repeat(_members(desk, "over_level"), 2)
    money = desk.clients.account[client] * rng.uniform(0.8, 1.2, len(client))
    return _kept_lots(client, _above(rng, desk, client), _late(rng, desk, len(client), 20, 220), money)


def _breach(desk: Desk) -> Lots:
    """Something that is not R1, held by clients of the lowest class."""
    rng = desk.rng("breach")
    client = _members(desk, "lowest_class_breach")
    money = desk.clients.account[client] * 0.3
    return _kept_lots(client, _above(rng, desk, client), _late(rng, desk, len(client), 20, 220), money)


def _concentrated(desk: Desk) -> Lots:
    """Four lots of one share, and a pinch of something else."""
    rng = desk.rng("concentrated")
    client = _members(desk, "concentrated")
    market = desk.market
    shares = np.isin(market.kind, ("stock",)) & market.quoted.all(axis=0) & (market.level < 5)
    main = np.repeat(rng.choice(np.flatnonzero(shares), len(client)), 4)
    owner = np.repeat(client, 4)
    money = desk.clients.account[owner] * rng.uniform(0.2, 0.35, len(owner))
    large = _kept_lots(owner, main, _late(rng, desk, len(owner), 30, 250), money)
    cash_like = market.kind.index("money_market")
    pinch = desk.clients.account[client] * 0.01
    small = _kept_lots(client, np.full(len(client), cash_like), _late(rng, desk, len(client), 30, 250), pinch)
    return join(large, small)


def _above_level_trades(desk: Desk) -> Lots:
    """Bought above the level time and again, and sold within weeks: nothing of it is held at the end."""
    rng = desk.rng("above_level")
    client = np.repeat(_members(desk, "above_level_trader"), TRADED_ABOVE)
    size = len(client)
    bought = _late(rng, desk, size, 60, 245)
    sold = bought + rng.integers(2, 40, size)
    money = desk.clients.account[client] * rng.uniform(0.05, 0.2, size)
    return Lots(client, _above(rng, desk, client), bought, sold, np.ones(size), money)


def _unpriced(desk: Desk) -> Lots:
    """A private fund that nobody quotes."""
    rng = desk.rng("unpriced")
    client = _members(desk, "unpriced_holder")
    fund = desk.market.kind.index("private_fund")
    money = desk.clients.account[client] * 0.2
    return _kept_lots(client, np.full(len(client), fund), _late(rng, desk, len(client), 60, 250), money)
