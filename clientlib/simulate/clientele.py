"""What is true of each client of the demo and drives what they do: age, money, level, temper.

Arrays of one value a client, made once; the areas are written from them. Nothing here is a name.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from clientlib.simulate import vocabulary as words
from clientlib.simulate.cast import Cast
from clientlib.simulate.streams import Days, Flags, Floats, Ints, stream

INDIVIDUAL, INSTITUTION, PRODUCT = 0, 1, 2
ACTIVE, DORMANT, CLOSED = 0, 1, 2
STYLES = 4
"""Share picker, fund saver, income seeker, a bit of everything."""
DAYS_TO_18 = 6600
"""A little over eighteen years."""
DRIFT_DAYS = 182
"""So long before the end a drifting client stops buying."""
DRIFT_GONE_DAYS = 80
"""So long before the end the last trade of a drifting client lies."""
VERY_ACTIVE = 55.0
"""Purchases a year of the active high-value clients."""


@dataclass(frozen=True)
class Clientele:
    """One entry a client in each array.

    Attributes
    ----------
    kind : 0 individual, 1 institution, 2 product
    birth : birth date (of institutions too, where it is not written)
    male : sex
    branch : number in `vocabulary.BRANCHES`
    opened : opening day, a weekday
    status : 0 active, 1 dormant, 2 closed; as at the end
    until : last day on which the client may trade
    buys_until : last day on which the client may buy
    income, assets : yearly income and financial assets when first stated, in CNY
    account : size of the account with this firm, in CNY
    experience : years of investing when the account was opened
    professional : not bound to a level
    ability : mean questionnaire score, -1 for the lowest class
    style : habit, see `STYLES`
    rate : purchases a year
    """

    cast: Cast
    kind: Ints
    birth: Days
    male: Flags
    branch: Ints
    opened: Days
    status: Ints
    until: Days
    buys_until: Days
    income: Floats
    assets: Floats
    account: Floats
    experience: Floats
    professional: Flags
    ability: Floats
    style: Ints
    rate: Floats

    @property
    def size(self) -> int:
        return self.cast.size


def make_clientele(seed: int, cast: Cast, limits: tuple[float, float, float]) -> Clientele:
    """The clients of the demo. `limits`: financial assets, income and years that make a professional."""
    kind = _kinds(seed, cast)
    birth, opened = _dates(seed, cast)
    status, until, buys_until = _ends(seed, cast, opened)
    rng = stream(seed, "clientele.sex")
    male = (rng.random(cast.size) < 0.54)[cast.person]
    share = np.array([b.share for b in words.BRANCHES])
    branch = stream(seed, "clientele.branch").choice(len(share), size=cast.size, p=share / share.sum())
    income, assets, account = _money(seed, cast, kind)
    experience = _rounded(np.minimum(stream(seed, "clientele.experience").gamma(2.0, 3.0, cast.size), 40), 1)
    professional = _professionals(seed, cast, kind, (income, assets, experience), limits)
    ability = _abilities(seed, cast, birth, professional)
    style = stream(seed, "clientele.style").integers(0, STYLES, cast.size)
    return Clientele(
        cast=cast,
        kind=kind,
        birth=birth,
        male=male,
        branch=branch.astype(np.int64),
        opened=opened,
        status=status,
        until=until,
        buys_until=buys_until,
        income=income,
        assets=assets,
        account=account,
        experience=experience,
        professional=professional,
        ability=ability,
        style=style,
        rate=_rates(seed, cast),
    )


def _kinds(seed: int, cast: Cast) -> Ints:
    kind = stream(seed, "clientele.kind").choice(
        [INDIVIDUAL, INSTITUTION, PRODUCT], cast.size, p=[0.965, 0.03, 0.005]
    )
    # What is planted is planted in people: the rules of suitability are about them.
    return np.where(cast.planted, INDIVIDUAL, kind).astype(np.int64)


def _dates(seed: int, cast: Cast) -> tuple[Days, Days]:
    """Birth and opening: opened as an adult, a third of all within the last three years."""
    rng = stream(seed, "clientele.dates")
    end = np.datetime64(cast.end)
    age = 20.5 + 66 * rng.beta(2.0, 2.6, cast.size)
    birth = end - (age * 365.25).astype(np.int64)
    earliest = np.maximum(birth + DAYS_TO_18, end - 12 * 365)
    # Those with a part to play were here before the first trade.
    latest = np.where(cast.planted, np.datetime64(cast.start) - 5, end - 12)
    # An assessment cannot run out before it is as old as it may get.
    latest = np.where(cast.flag("expired_assessment"), np.minimum(latest, end - 900), latest)
    earliest = np.minimum(earliest, latest - 30)
    birth = np.minimum(birth, earliest - DAYS_TO_18)
    twins = cast.groups["duplicate"], cast.groups["duplicated"]
    birth[twins[0]] = birth[twins[1]] = np.minimum(birth[twins[0]], birth[twins[1]])
    span = (latest - earliest).astype(np.int64)
    opened = earliest + (span * rng.beta(1.3, 1.0, cast.size)).astype(np.int64)
    return birth, np.busday_offset(opened, 0, roll="backward")


def _ends(seed: int, cast: Cast, opened: Days) -> tuple[Ints, Days, Days]:
    """How the relation stands at the end, and until when the client may trade and buy."""
    rng = stream(seed, "clientele.ends")
    end = np.datetime64(cast.end)
    old_enough = (opened < end - 500) & ~cast.planted
    status = rng.choice([ACTIVE, DORMANT, CLOSED], cast.size, p=[0.87, 0.10, 0.03])
    status = np.where(old_enough, status, ACTIVE).astype(np.int64)
    known = np.maximum(opened, np.datetime64(cast.start)) + 60
    room = np.maximum((end - 400 - known).astype(np.int64), 1)
    stopped = np.minimum(known + (room * rng.random(cast.size)).astype(np.int64), end - 400)
    stopped = np.maximum(stopped, opened + 1)
    until = np.where(status == ACTIVE, end, stopped)
    drifting = cast.flag("drifting")
    until = np.where(drifting, end - DRIFT_GONE_DAYS, until)
    buys_until = np.where(drifting, end - DRIFT_DAYS, until)
    return status, until, buys_until


def _money(seed: int, cast: Cast, kind: Ints) -> tuple[Floats, Floats, Floats]:
    """Income, financial assets and account size: log-normal, correlated."""
    rng = stream(seed, "clientele.money")
    common = rng.normal(size=cast.size)
    legal = kind != INDIVIDUAL
    income = np.exp(11.9 + 0.55 * common + 0.35 * rng.normal(size=cast.size) + 3.0 * legal)
    assets = np.exp(12.9 + 0.85 * common + 0.55 * rng.normal(size=cast.size) + 3.0 * legal)
    rich = cast.flag("active_high_value")
    assets = np.where(rich, 4e6 * np.exp(0.4 * rng.normal(size=cast.size)), assets)
    income = np.where(rich, np.maximum(income, 420_000.0), income)
    account = assets * rng.uniform(0.2, 0.8, cast.size)
    # Enough to buy a whole lot of the few things that those with a part must hold.
    account = np.where(cast.planted, np.maximum(account, 120_000.0), np.maximum(account, 8_000.0))
    assets = np.maximum(assets, account)
    return _rounded(income, -2), _rounded(assets, -2), account


def _rounded(values: Floats, decimals: int) -> Floats:
    rounded: Floats = np.round(values, decimals)
    return rounded


def _professionals(
    seed: int,
    cast: Cast,
    kind: Ints,
    of_client: tuple[Floats, Floats, Floats],
    limits: tuple[float, float, float],
) -> Flags:
    income, assets, experience = of_client
    least_assets, least_income, least_years = limits
    draw = stream(seed, "clientele.professional").random(cast.size)
    able = ((assets >= least_assets) | (income >= least_income)) & (experience >= least_years)
    chance = np.select([kind == PRODUCT, kind == INSTITUTION], [1.0, 0.4], np.where(able, 0.5, 0.0))
    # The facts about levels would not hold for professionals; the rich and active may be either.
    bound = cast.planted & ~cast.flag("active_high_value")
    return (draw < chance) & ~bound


def _abilities(seed: int, cast: Cast, birth: Days, professional: Flags) -> Floats:
    """The mean score of a client's questionnaires; the old score lower."""
    rng = stream(seed, "clientele.ability")
    age = (np.datetime64(cast.end) - birth).astype(np.int64) / 365.25
    ability = np.clip(rng.normal(47, 19, cast.size) - 0.35 * (age - 47), 2, 98)
    ability = np.where((rng.random(cast.size) < 0.012) & ~professional, -1.0, ability)
    middle = np.where(rng.random(cast.size) < 0.5, 28.0, 45.0)
    keen = ("margin_watch", "margin_warn", "margin_close_out", "margin_healthy", "concentrated")
    chosen: list[tuple[Flags, Floats]] = [
        (cast.flag("lowest_class_breach"), np.full(cast.size, -1.0)),
        (cast.flag("over_level", "above_level_trader"), middle),
        (cast.flag(*keen, "active_high_value", "unpriced_holder"), np.full(cast.size, 90.0)),
        (cast.flag("drifting"), np.maximum(ability, 45.0)),
    ]
    return np.select([c[0] for c in chosen], [c[1] for c in chosen], ability)


def _rates(seed: int, cast: Cast) -> Floats:
    """Purchases a year: many seldom, some often."""
    rng = stream(seed, "clientele.rate")
    temper = rng.choice(3, cast.size, p=[0.5, 0.36, 0.14])
    rate = np.array([1.6, 5.0, 13.0])[temper] * np.exp(0.3 * rng.normal(size=cast.size))
    # Who is to be missed must have been there: a drifting client traded often before.
    rate = np.where(cast.flag("drifting"), np.maximum(rate, 11.0), rate)
    rate = np.where(cast.flag("above_level_trader"), np.maximum(rate, 9.0), rate)
    return np.where(
        cast.flag("active_high_value"), VERY_ACTIVE * np.exp(0.15 * rng.normal(size=cast.size)), rate
    )


def years_before(day: dt.date, count: int) -> dt.date:
    """The same day so many years before; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - count)
    except ValueError:
        return day.replace(year=day.year - count, day=28)
