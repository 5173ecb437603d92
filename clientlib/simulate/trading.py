"""What the clients of the demo buy and sell: lots bought by habit, sold (or not) later.

A sale always belongs to one earlier purchase and is no larger, so nobody sells what they do not
hold. Prices are the day's close. Cash is worked out afterwards (`balances`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from clientlib.simulate.clientele import CLOSED, STYLES, Clientele
from clientlib.simulate.market import Market
from clientlib.simulate.people import UTC_OFFSET_SECONDS, client_ids
from clientlib.simulate.profile import HIGHEST_LEVEL
from clientlib.simulate.streams import Flags, Floats, Ints, stream, text

PIECE = 100_000
"""Clients worked on at once: what bounds memory in a very large demo."""
FAVOURITES = 3
MOST_STARTERS = 6
HOLDING_DAYS = 90.0
"""Mean of trading days between purchase and sale, of what is sold."""
LIQUIDATION_DAYS = 60
"""Trading days in which a leaving client sells."""
STYLE_TASTE: dict[str, tuple[float, float, float, float]] = {
    "stock": (3.0, 0.5, 0.3, 1.0),
    "fund": (0.8, 4.0, 1.5, 2.0),
    "bond": (0.4, 1.0, 4.0, 1.5),
    "money_market": (0.5, 1.2, 2.0, 1.0),
    "structured": (0.2, 0.6, 1.5, 1.0),
    "derivative": (0.5, 0.05, 0.02, 0.3),
    "private_fund": (0.0, 0.0, 0.0, 0.0),
}
PAR = 1.0
"""Price of a trade in the security that has no quotes."""


@dataclass(frozen=True)
class Lots:
    """Purchases of clients. One entry each.

    Attributes
    ----------
    client, security : numbers
    bought : trading-day number
    sold : trading-day number of the sale, -1 while held
    share : share of the lot that is sold
    money : what was meant to be spent
    """

    client: Ints
    security: Ints
    bought: Ints
    sold: Ints
    share: Floats
    money: Floats

    def only(self, keep: Flags) -> Lots:
        return Lots(*(getattr(self, name)[keep] for name in _LOT_FIELDS))


_LOT_FIELDS = ("client", "security", "bought", "sold", "share", "money")


def join(*parts: Lots) -> Lots:
    """The lots of several makers, one after another."""
    return Lots(*(np.concatenate([getattr(part, name) for part in parts]) for name in _LOT_FIELDS))


@dataclass(frozen=True)
class Desk:
    """All that decides a trade, for one piece of the clients."""

    seed: int
    piece: int
    clients: Clientele
    market: Market
    limit: Ints
    members: Ints
    first: Ints
    """(clients,) trading-day number of the first possible purchase, of the last one, of the last trade."""
    last_buy: Ints
    last: Ints

    def rng(self, part: str) -> np.random.Generator:
        return stream(self.seed, f"trading.{part}", self.piece)


# ----------------------------------------------------------------------- habits and taste


def tastes(seed: int, market: Market) -> Floats:
    """(5, styles, S) cumulative chances of each security, for each level limit and style."""
    popularity = np.exp(stream(seed, "trading.popularity").normal(0, 0.7, len(market.kind)))
    liking = np.array([STYLE_TASTE[kind] for kind in market.kind]).T
    chances = np.empty((HIGHEST_LEVEL, STYLES, len(market.kind)))
    for limit in range(1, HIGHEST_LEVEL + 1):
        # Near the own limit is where most like to be; never above it.
        near = np.where(market.level <= limit, 0.55 ** np.abs(limit - market.level), 0.0)
        chances[limit - 1] = popularity * liking * near
    total = chances.sum(axis=2, keepdims=True)
    return np.cumsum(chances / total, axis=2)


def draw_securities(rng: np.random.Generator, taste: Floats, limit: Ints, style: Ints) -> Ints:
    """A security for each pair of level limit and style."""
    draw = rng.random(len(limit))
    chosen = np.empty(len(limit), dtype=np.int64)
    for level in range(1, HIGHEST_LEVEL + 1):
        for kind in range(STYLES):
            here = (limit == level) & (style == kind)
            chosen[here] = np.searchsorted(taste[level - 1, kind], draw[here], side="right")
    within: Ints = np.minimum(chosen, taste.shape[2] - 1)
    return within


def _on_offer(market: Market, lots: Lots, limit: Ints) -> Lots:
    """What had no price on its day is replaced by something that always has one."""
    always: Flags = np.all(market.quoted, axis=0)
    fallback = np.array([_fallback(market, always, level) for level in range(1, HIGHEST_LEVEL + 1)])
    missing = ~market.quoted[lots.bought, lots.security]
    security = np.where(missing, fallback[limit[lots.client] - 1], lots.security)
    return Lots(lots.client, security, lots.bought, lots.sold, lots.share, lots.money)


def _fallback(market: Market, always: Flags, level: int) -> int:
    fits = np.flatnonzero(always & (market.level <= level))
    return int(fits[np.argmax(market.level[fits])])


def _starters(desk: Desk, taste: Floats) -> Lots:
    """The first portfolio of each client: three to six things at once, or in the first weeks."""
    rng = desk.rng("starters")
    count = rng.integers(3, MOST_STARTERS + 1, len(desk.members))
    client = np.repeat(desk.members, count)
    size = len(client)
    security = draw_securities(rng, taste, desk.limit[client], desk.clients.style[client])
    wait = np.minimum(rng.exponential(20.0, size), 120).astype(np.int64)
    bought = np.minimum(desk.first[client] + wait, desk.last_buy[client])
    money = desk.clients.account[client] * rng.uniform(0.6, 1.4, size) * 0.8 / np.repeat(count, count)
    sold, share = _sales(rng, bought, 0.25)
    return Lots(client, security, bought, sold, share, money)


def _regular(desk: Desk, taste: Floats) -> Lots:
    """Purchases at the client's own pace; half of them from a few favourites."""
    rng = desk.rng("regular")
    span = np.maximum(desk.last_buy - desk.first, 0)[desk.members]
    count = rng.poisson(desk.clients.rate[desk.members] * span / 261.0)
    client = np.repeat(desk.members, count)
    size = len(client)
    style, limit = desk.clients.style, desk.limit
    liked = np.column_stack(
        [draw_securities(rng, taste, limit[desk.members], style[desk.members]) for _ in range(FAVOURITES)]
    )
    row = np.repeat(np.arange(len(desk.members)), count)
    favourite = liked[row, rng.integers(0, FAVOURITES, size)]
    fresh = draw_securities(rng, taste, limit[client], style[client])
    security = np.where(rng.random(size) < 0.5, favourite, fresh)
    bought = desk.first[client] + (rng.random(size) * (span[row] + 1)).astype(np.int64)
    money = desk.clients.account[client] * 0.05 * np.exp(rng.normal(0, 0.6, size))
    sold, share = _sales(rng, bought, 0.62)
    return Lots(client, security, np.minimum(bought, desk.last_buy[client]), sold, share, money)


def _sales(rng: np.random.Generator, bought: Ints, chance: float) -> tuple[Ints, Floats]:
    """When each lot is sold (-1 never) and how much of it; never on the day of purchase (T+1)."""
    hold = 1 + rng.exponential(HOLDING_DAYS, len(bought)).astype(np.int64)
    sold = np.where(rng.random(len(bought)) < chance, bought + hold, -1)
    share = np.where(rng.random(len(bought)) < 0.7, 1.0, 0.5)
    return sold, share


# ------------------------------------------------------------------------------- endings


def _leaving(desk: Desk, lots: Lots) -> Lots:
    """Nobody trades after their last day; who closes sells all before it, who drifts most."""
    rng = desk.rng("leaving")
    last = desk.last[lots.client]
    sold = np.where(lots.sold > last, -1, lots.sold)
    closed = desk.clients.status[lots.client] == CLOSED
    drifts = desk.clients.cast.flag("drifting")[lots.client]
    open_still = (sold < 0) | (lots.share < 1)
    forced = open_still & (closed | (drifts & (rng.random(len(sold)) < 0.9)))
    window = np.maximum(lots.bought + 1, last - LIQUIDATION_DAYS)
    room = np.maximum(last - window, 0)
    day = window + (rng.random(len(sold)) * (room + 1)).astype(np.int64)
    sold = np.where(forced, np.minimum(day, last), sold)
    share = np.where(forced, 1.0, lots.share)
    return Lots(lots.client, lots.security, lots.bought, sold, share, lots.money)


def _sellable(market: Market, lots: Lots, last: Ints) -> Lots:
    """A sale waits for a day with a price; when none comes in time, the lot is kept."""
    days = len(market.days)
    waiting = np.where(market.quoted, np.arange(days)[:, None], days)
    next_day = np.minimum.accumulate(waiting[::-1], axis=0)[::-1]
    meant = np.minimum(lots.sold, days - 1)
    possible = next_day[meant, lots.security]
    never = (lots.sold < 0) | (possible > last[lots.client])
    return Lots(
        lots.client, lots.security, lots.bought, np.where(never, -1, possible), lots.share, lots.money
    )


# -------------------------------------------------------------------------------- trades


def ordinary_lots(desk: Desk, taste: Floats) -> Lots:
    """What the clients of a piece buy and sell when nobody plants anything."""
    lots = join(_starters(desk, taste), _regular(desk, taste))
    lots = _on_offer(desk.market, lots, desk.limit)
    return lots.only(desk.last_buy[lots.client] >= desk.first[lots.client])


def finish(desk: Desk, lots: Lots) -> pl.DataFrame:
    """The trades of lots, unnumbered: both sides, quantities in whole steps, fees, times, channels."""
    lots = _sellable(desk.market, _leaving(desk, lots), desk.last)
    price = _price(desk.market, lots.bought, lots.security)
    lot = desk.market.lot[lots.security]
    steps = np.maximum(np.floor(lots.money / (price * lot)), 1.0)
    quantity = _in_steps(steps, lot)
    sold_steps = np.where(lots.share < 1, np.floor(steps * lots.share), steps)
    sold_quantity = _in_steps(np.where(sold_steps < 1, steps, sold_steps), lot)
    sale = lots.sold >= 0
    rng = desk.rng("orders")
    client = np.concatenate([lots.client, lots.client[sale]])
    security = np.concatenate([lots.security, lots.security[sale]])
    day = np.concatenate([lots.bought, lots.sold[sale]])
    buys = np.arange(len(client)) < len(lots.client)
    quantity = np.concatenate([quantity, sold_quantity[sale]])
    quoted = _price(desk.market, day, security)
    amount = np.round(quantity * quoted, 2)
    return pl.DataFrame(
        {
            "client": client,
            "security": security,
            "micros": _moments(rng, desk.market, day),
            "buy": buys,
            "quantity": quantity,
            "price": quoted,
            "amount": amount,
            "fee": _fees(desk.market, security, amount, buys),
            "channel": rng.choice(4, len(client), p=[0.74, 0.16, 0.05, 0.05]),
        }
    )


def _in_steps(steps: Floats, lot: Floats) -> Floats:
    """Whole steps as a quantity; hundredths of a unit without binary dust."""
    parts = np.round(1 / np.minimum(lot, 1.0))
    return np.where(lot < 1, np.round(steps) / parts, np.round(steps) * lot)


def _price(market: Market, day: Ints, security: Ints) -> Floats:
    close = market.close[day, security]
    return np.where(np.isnan(close), PAR, close)


def _fees(market: Market, security: Ints, amount: Floats, buys: Flags) -> Floats:
    """Shares: 0.025 %, at least 5, and stamp duty of 0.05 % on sales; others 0.01 %."""
    share = np.array([kind == "stock" for kind in market.kind])[security]
    stock_fee = np.maximum(amount * 0.00025, 5.0) + np.where(buys, 0.0, amount * 0.0005)
    return np.round(np.where(share, stock_fee, amount * 0.0001), 2).astype(np.float64)


def _moments(rng: np.random.Generator, market: Market, day: Ints) -> Ints:
    """Moments in UTC microseconds: 9:30–11:30 and 13:00–15:00 in Shanghai, busier at the edges."""
    # A U-shaped share of the four trading hours.
    place = (rng.beta(0.7, 0.8, len(day)) * 4 * 3600).astype(np.int64)
    second = np.where(place < 7200, 9 * 3600 + 1800 + place, 13 * 3600 + place - 7200)
    midnight = market.days[day].astype("datetime64[D]").astype(np.int64) * 86_400
    return (midnight + second - UTC_OFFSET_SECONDS) * 1_000_000


def numbered(trades: pl.DataFrame, market: Market) -> pl.DataFrame:
    """The area `trades`, in order of time."""
    channels = np.array(["app", "web", "phone", "branch"])
    trades = trades.sort("micros", "client", maintain_order=True)
    serial = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(9)
    return trades.select(
        trade_id=pl.concat_str(pl.lit("T"), serial),
        client_id=client_ids(trades["client"]),
        traded_at=pl.col("micros").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        security_id=market.securities["security_id"][trades["security"]],
        side=pl.when("buy").then(pl.lit("buy")).otherwise(pl.lit("sell")),
        quantity="quantity",
        price="price",
        amount="amount",
        fee="fee",
        currency=pl.lit("CNY"),
        channel=text(channels)[trades["channel"]],
        remarks=pl.lit(None, dtype=pl.String),
    )
