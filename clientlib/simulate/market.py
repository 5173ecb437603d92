"""The demo market: about sixty invented securities, and daily prices that move like prices.

Returns are factor + sector + own part, each Student t under a common volatility that comes in
clusters (GARCH), with one crash; what trades on an exchange has a volume, more on rough days, and a few
small shares have hardly any. No security, code or issuer here exists.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from clientlib.simulate import vocabulary as words
from clientlib.simulate.streams import Days, Flags, Floats, Ints, stream, student

MARKET_VOLATILITY = 0.009
"""Of one quiet day, as a fraction."""
MARKET_DRIFT = 0.08
"""Mean return a year, the crash included."""
CRASH_PATH = (-0.072, -0.031, 0.012, -0.044, -0.018, -0.026)
"""What the crash adds to the market's return, day by day."""
CRASH_AT = 0.66
"""Where in the price history it falls: more than a year before the end, with three years of trades."""
SUSPENDED_DAYS, SUSPENDED_BEFORE_END = 25, 90
ILLIQUID = 4
"""Shares of which so little is traded that a large holding takes weeks to sell."""
RECENT_DAYS = 70
"""Trading days since the youngest listing."""

_PLANTED = ("S3002", "S8004")
"""The share that is suspended for weeks, and the one listed lately."""

_CLASSES: tuple[tuple[str, dict[str, Any]], ...] = (
    # prefix, what is common to the class: loads on the market, own daily volatility, yearly drift
    ("stock", {"beta": 1.0, "own": 0.0125, "drift": 0.04, "lot": 100.0, "decimals": 2}),
    ("index", {"beta": 1.0, "own": 0.0012, "drift": 0.0, "lot": 0.01, "decimals": 4}),
    ("mixed", {"beta": 0.6, "own": 0.0035, "drift": 0.02, "lot": 0.01, "decimals": 4}),
    ("bond_fund", {"beta": 0.04, "own": 0.0009, "drift": 0.035, "lot": 0.01, "decimals": 4}),
    ("government", {"beta": -0.01, "own": 0.0010, "drift": 0.025, "lot": 10.0, "decimals": 3}),
    ("corporate", {"beta": 0.03, "own": 0.0016, "drift": 0.04, "lot": 10.0, "decimals": 3}),
    ("convertible", {"beta": 0.4, "own": 0.0080, "drift": 0.04, "lot": 10.0, "decimals": 3}),
    ("money", {"beta": 0.0, "own": 0.000004, "drift": 0.017, "lot": 0.01, "decimals": 4}),
    ("structured", {"beta": 0.12, "own": 0.0015, "drift": 0.035, "lot": 10.0, "decimals": 4}),
    ("option", {"beta": 3.0, "own": 0.0200, "drift": 0.0, "lot": 10_000.0, "decimals": 4}),
    ("private", {"beta": 0.5, "own": 0.0060, "drift": 0.02, "lot": 0.01, "decimals": 4}),
)
_TRAITS = dict(_CLASSES)


@dataclass(frozen=True)
class Market:
    """The market as the other parts of the demo see it. S securities over D weekdays.

    Attributes
    ----------
    securities : polars.DataFrame
        The area, and row by row in the order of the arrays.
    days : (D,) days, ascending
    close : (D, S) closing prices, rounded as quoted; NaN where there is none
    volume : (D, S) units traded; NaN where there is no price, and off the exchange
    level : (S,) product levels 1 to 5
    lot : (S,) smallest step of a quantity
    kind : (S,) asset class
    facts : what was planted here
    """

    securities: pl.DataFrame
    days: Days
    close: Floats
    volume: Floats
    level: Ints
    lot: Floats
    kind: list[str]
    facts: dict[str, Any]

    @property
    def quoted(self) -> Flags:
        """(D, S) whether there is a price on the day."""
        return ~np.isnan(self.close)

    def day_on_or_before(self, days: Days) -> Ints:
        """Positions in `days` of the last trading day on or before each day; -1 before the first."""
        return np.searchsorted(self.days, days, side="right") - 1

    def prices(self) -> pl.DataFrame:
        """The area `prices`: one row per security and day that has a price."""
        day, security = np.nonzero(self.quoted)
        ids = self.securities["security_id"]
        return pl.DataFrame(
            {
                "security_id": ids[security],
                "date": pl.Series(self.days[day]).cast(pl.Date),
                "close": self.close[day, security],
                "volume": pl.Series(self.volume[day, security], nan_to_null=True),
                "remarks": pl.Series([None] * len(day), dtype=pl.String),
            }
        )


def make_market(seed: int, first: dt.date, last: dt.date) -> Market:
    """Securities and their prices on the weekdays from `first` to `last`."""
    listed = _listings(stream(seed, "market.listing"))
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    days = days[np.is_busday(days)]
    crash = int(len(days) * CRASH_AT)
    returns = _returns(seed, listed, len(days), crash)
    close = _prices(listed, returns)
    facts = _plant(listed, days, close) | {"crash": _crash_fact(days, crash)}
    volume, illiquid = _volumes(stream(seed, "market.volume"), listed, close)
    facts["illiquid"] = illiquid
    securities = listed.select(
        "security_id", "name", "asset_class", "risk_level", "currency", "issuer", "market", "sector"
    ).with_columns(remarks=pl.lit(None, dtype=pl.String))
    level = listed["risk_level"].str.slice(1).cast(pl.Int64).to_numpy()
    lot = np.array([_TRAITS[trait]["lot"] for trait in listed["trait"]])
    return Market(securities, days, close, volume, level, lot, listed["asset_class"].to_list(), facts)


# ------------------------------------------------------------------------------- listing


def _listings(rng: np.random.Generator) -> pl.DataFrame:
    """All securities with what drives their prices: trait, sector number (-1 none), first price."""
    rows = [*_stocks(rng), *_funds(), *_bonds(), *_others()]
    return pl.DataFrame(rows, orient="row", schema=_LISTING)


_LISTING = {
    "security_id": pl.String,
    "name": pl.String,
    "asset_class": pl.String,
    "risk_level": pl.String,
    "currency": pl.String,
    "issuer": pl.String,
    "market": pl.String,
    "sector": pl.String,
    "trait": pl.String,
    "sector_number": pl.Int64,
    "first_price": pl.Float64,
}
_Row = tuple[Any, ...]


def _stocks(rng: np.random.Generator) -> list[_Row]:
    rows: list[_Row] = []
    for number, (sector, names) in enumerate(zip(words.SECTORS, words.STOCK_WORDS, strict=True)):
        for place, name in enumerate(names):
            # Growth sectors are rated a step higher; the last real-estate share is in distress.
            level = "R4" if sector in ("电子", "计算机", "医药") and place >= 1 else "R3"
            level = "R5" if sector == "房地产" and place == len(names) - 1 else level
            market = "SZ" if place % 2 else "SH"
            first = float(np.round(np.exp(rng.normal(3.0, 0.6)), 2))
            code = f"S{number + 1}{place + 1:03d}"
            rows.append(
                (code, name, "stock", level, "CNY", name, market, sector, "stock", number, max(first, 6.0))
            )
    return rows


def _funds() -> list[_Row]:
    funds = [
        ("F1001", "宽基三百指数ETF", "R3", "index", -1),
        ("F1002", "中盘五百指数ETF", "R3", "index", -1),
        ("F1003", "科创成长ETF", "R4", "index", 7),
        ("F1004", "医药行业ETF", "R4", "index", 2),
        ("F1005", "银行行业ETF", "R3", "index", 0),
        ("F2001", "稳进混合A", "R3", "mixed", -1),
        ("F2002", "均衡优选混合A", "R3", "mixed", -1),
        ("F2003", "锐进成长混合A", "R4", "mixed", 1),
        ("F3001", "安泰纯债A", "R2", "bond_fund", -1),
        ("F3002", "信用增利债A", "R2", "bond_fund", -1),
        ("F3003", "短债宝A", "R2", "bond_fund", -1),
        ("F3004", "同业存单指数A", "R2", "bond_fund", -1),
    ]
    return [
        (
            code,
            name,
            "fund",
            level,
            "CNY",
            f"{name[:2]}基金",
            "OTC" if code > "F2" else "SH",
            None,
            trait,
            n,
            1.5,
        )
        for code, name, level, trait, n in funds
    ]


def _bonds() -> list[_Row]:
    bonds = [
        ("B1001", "记账式国债01", "R1", "government", "财政部（演示）"),
        ("B1002", "记账式国债02", "R1", "government", "财政部（演示）"),
        ("B1003", "地方债01", "R1", "government", "演示省"),
        ("B1004", "政金债01", "R1", "government", "演示政策银行"),
        ("B2001", "青禾公司债01", "R2", "corporate", "青禾控股"),
        ("B2002", "远山公司债01", "R2", "corporate", "远山集团"),
        ("B2003", "北辰中票01", "R2", "corporate", "北辰实业"),
        ("B3001", "驰原转债", "R3", "convertible", "驰原汽车"),
    ]
    return [
        (code, name, "bond", level, "CNY", issuer, "IB", None, trait, -1, 100.0)
        for code, name, level, trait, issuer in bonds
    ]


def _others() -> list[_Row]:
    others = [
        ("M1001", "日日金货币A", "money_market", "R1", "money", 100.0),
        ("M1002", "现金添益货币", "money_market", "R1", "money", 100.0),
        ("M1003", "活期宝货币B", "money_market", "R1", "money", 100.0),
        ("N1001", "固收收益凭证A", "structured", "R2", "structured", 1.0),
        ("N1002", "挂钩收益凭证B", "structured", "R3", "structured", 1.0),
        ("N1003", "雪球收益凭证C", "structured", "R4", "structured", 1.0),
        ("O1001", "三百指数认购期权", "derivative", "R5", "option", 0.3),
        ("O1002", "五百指数认购期权", "derivative", "R5", "option", 0.4),
        ("Q1001", "演示一号私募", "private_fund", "R5", "private", 1.0),
    ]
    return [
        (
            code,
            name,
            kind,
            level,
            "CNY",
            "本公司" if kind == "structured" else None,
            "OTC",
            None,
            trait,
            -1,
            first,
        )
        for code, name, kind, level, trait, first in others
    ]


# -------------------------------------------------------------------------------- prices


def _volatility(rng: np.random.Generator, size: int, crash: int) -> tuple[Floats, Floats]:
    """GARCH(1,1) market returns with the crash in them, and each day's volatility over a quiet day's."""
    shocks = student(rng, 5.0, size)
    quiet = MARKET_VOLATILITY**2
    variance, returns, relative = quiet, np.empty(size), np.empty(size)
    for day in range(size):
        extra = CRASH_PATH[day - crash] if 0 <= day - crash < len(CRASH_PATH) else 0.0
        relative[day] = np.sqrt(variance / quiet)
        returns[day] = np.clip(np.sqrt(variance) * shocks[day], -0.06, 0.06) * (0.3 if extra else 1) + extra
        variance = 0.03 * quiet + 0.10 * returns[day] ** 2 + 0.87 * variance
    # Every seed's market ends about where it should: only the way there differs.
    return returns - returns.mean() + MARKET_DRIFT / 252, relative


def _returns(seed: int, listed: pl.DataFrame, size: int, crash: int) -> Floats:
    """(size, S) daily returns."""
    market, relative = _volatility(stream(seed, "market.factor"), size, crash)
    sector = student(stream(seed, "market.sectors"), 5.0, (size, len(words.SECTORS))) * 0.007
    own = student(stream(seed, "market.own"), 4.0, (size, listed.height))
    tilt = stream(seed, "market.betas").normal(0.0, 0.15, listed.height)
    traits = [_TRAITS[name] for name in listed["trait"]]
    beta = np.array([t["beta"] for t in traits]) * (1 + tilt)
    scale = np.array([t["own"] for t in traits])
    drift = np.array([t["drift"] for t in traits]) / 252
    number = listed["sector_number"].to_numpy()
    of_sector = np.where(number >= 0, sector[:, number], 0.0)
    returns = drift + beta * market[:, None] + (of_sector + own * scale) * relative[:, None]
    # The exchange's daily limit; an option moves further, money funds do not fall.
    limit = np.array([0.35 if name == "option" else 0.10 for name in listed["trait"]])
    returns = np.clip(returns, -limit, limit)
    never_falls = (listed["trait"] == "money").to_numpy()
    floored: Floats = np.where(never_falls, np.maximum(returns, 0.0), returns)
    return floored


def _prices(listed: pl.DataFrame, returns: Floats) -> Floats:
    path = listed["first_price"].to_numpy() * np.cumprod(1 + returns, axis=0)
    decimals = np.array([_TRAITS[name]["decimals"] for name in listed["trait"]])
    scale = 10.0**decimals
    # At least fifty ticks: below that rounding alone would make returns.
    rounded: Floats = np.maximum(np.round(path * scale), 50.0) / scale
    return rounded


def _plant(listed: pl.DataFrame, days: Days, close: Floats) -> dict[str, Any]:
    """Takes prices away: one share suspended for weeks, one listed lately, one never quoted."""
    ids = listed["security_id"].to_list()
    suspended, recent, unpriced = (ids.index(name) for name in (*_PLANTED, "Q1001"))
    stop = max(len(days) - SUSPENDED_BEFORE_END, 1)
    resume = min(stop + SUSPENDED_DAYS, len(days) - 1)
    close[resume:, suspended] *= 0.93
    close[:, suspended] = np.round(close[:, suspended], 2)
    close[stop:resume, suspended] = np.nan
    close[: max(len(days) - RECENT_DAYS, 0), recent] = np.nan
    close[:, unpriced] = np.nan
    return {
        "suspended": {
            "what": "A share without prices for some weeks.",
            "security_id": ids[suspended],
            "from": str(days[stop]),
            "to": str(days[resume - 1]),
        },
        "recently_listed": {
            "what": "A share listed lately: its history is shorter than a year.",
            "security_id": ids[recent],
            "first_day": str(days[max(len(days) - RECENT_DAYS, 0)]),
        },
        "unpriced": {"what": "A security without any price.", "security_id": ids[unpriced]},
    }


def _volumes(rng: np.random.Generator, listed: pl.DataFrame, close: Floats) -> tuple[Floats, dict[str, Any]]:
    """Units traded each day: some persistence, more when the price moves, in lots of a hundred."""
    n_days, n = close.shape
    share = np.flatnonzero(listed["trait"] == "stock")
    steady = np.setdiff1d(share, [listed["security_id"].to_list().index(name) for name in _PLANTED])
    illiquid = np.sort(rng.choice(steady, ILLIQUID, replace=False))
    usual = np.exp(rng.normal(14.5, 0.9, n))
    usual[illiquid] = np.exp(rng.normal(10.0, 0.4, ILLIQUID))
    mood = rng.normal(0.0, 0.25, (n_days, n))
    for day in range(1, n_days):
        mood[day] += 0.7 * mood[day - 1]
    move = np.zeros((n_days, n))
    move[1:] = np.nan_to_num(np.abs(close[1:] / close[:-1] - 1))
    lots: Floats = np.round(usual * np.exp(mood) * (1 + 20 * move) / 100) * 100
    exchange = listed["market"].is_in(["SH", "SZ"]).to_numpy()
    fact = {
        "what": "Shares of which hardly any are traded.",
        "security_ids": [listed["security_id"][int(i)] for i in illiquid],
    }
    return np.where(exchange & ~np.isnan(close), lots, np.nan), fact


def _crash_fact(days: Days, crash: int) -> dict[str, Any]:
    return {
        "what": "The market's largest fall in a day.",
        "date": str(days[crash]),
        "until": str(days[min(crash + len(CRASH_PATH), len(days)) - 1]),
    }
