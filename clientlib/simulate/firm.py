"""Puts the demo firm together: every part in turn, then the list of what was planted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from clientlib import config
from clientlib.errors import ParameterError
from clientlib.simulate import (
    campaigns,
    facts,
    identity,
    people,
    planting,
    profile,
    reviews,
    service,
    trading,
    unfit,
)
from clientlib.simulate.acknowledgements import acknowledgements_area
from clientlib.simulate.balances import balances_area
from clientlib.simulate.cast import choose_cast
from clientlib.simulate.clientele import Clientele, make_clientele, years_before
from clientlib.simulate.market import Market, make_market
from clientlib.tables import AREAS

MOST_CLIENTS = 9_999_999
"""Client numbers have seven digits."""


@dataclass(frozen=True)
class Demo:
    """A firm that does not exist.

    Attributes
    ----------
    areas : dict of str to polars.DataFrame
        Every area of `tables.AREAS`, with its fields in declared order and type.
    planted : dict
        What reports must find, by the name of the fact: a sentence (`what`), and the clients,
        branches, securities or dates that carry it. Can be written as JSON.
    """

    areas: dict[str, pl.DataFrame]
    planted: dict[str, Any]


def demo(seed: int = 7, clients: int = 5000, end: dt.date = dt.date(2026, 6, 30), years: int = 3) -> Demo:
    """Invent a firm: its clients, a market, and `years` years of trades, service and feedback.

    Parameters
    ----------
    seed : int, default 7
        The same seed gives the same firm. Each part draws from a stream of its own.
    clients : int, default 5000
        How many clients; 1 to about a million on an ordinary machine. Clients have several dated
        rows, so `areas["clients"]` is longer than this.
    end : date, default 2026-06-30
        The last day on which anything happens.
    years : int, default 3
        Years of trades before `end`; prices begin a year earlier.

    Returns
    -------
    Demo
        Missing values: what a client need not say is null; a few contacts lack their number and say
        why in the remarks; control arms of campaigns have no time of contact.

    Raises
    ------
    ParameterError
        A seed below 0, fewer than one client, or fewer than one year.

    Examples
    --------
    >>> from clientlib import simulate
    >>> firm = simulate.demo(seed=1, clients=3, years=1)
    >>> firm.areas["clients"]["client_id"].n_unique()
    3
    """
    _refuse_impossible(seed, clients, years)
    settings = config.load()
    start = years_before(end, years)
    cast = choose_cast(seed, clients, start, end)
    rules = settings.suitability
    limits = (
        rules.professional_financial_assets,
        rules.professional_income,
        rules.professional_years,
    )
    clientele = make_clientele(seed, cast, limits)
    names = identity.identities(seed, clientele)
    market = make_market(seed, years_before(end, years + 1), end)
    assessments = profile.make_assessments(seed, clientele, rules)
    misfits = unfit.choose_unfit(seed, clientele, assessments)
    orders = _orders(seed, clientele, market, assessments.limit)
    asked = service.requests_area(seed, clientele)
    answers, named = service.feedback_area(seed, clientele, asked, names)
    contacts = people.contacts_area(seed, clientele, names)
    offers = campaigns.campaigns_area(seed, start, end)
    stated = profile.finances_area(seed, assessments, clientele)
    assessed = profile.preferences_area(seed, assessments, clientele, rules)
    preferences = unfit.with_low_scores(seed, assessments, misfits, assessed, rules)
    made = {
        "clients": reviews.with_reviews(seed, clientele, people.clients_area(seed, clientele, names)),
        "contacts": reviews.with_reviews(seed, clientele, contacts),
        "finances": reviews.without_some_incomes(
            seed, clientele, unfit.with_setbacks(seed, clientele, assessments, misfits, stated)
        ),
        "preferences": preferences,
        "relations": profile.relations_area(seed, clientele),
        "trades": trading.numbered(orders, market),
        "service_requests": asked,
        "feedback": answers,
        "balances": balances_area(seed, clientele, market, orders, settings.risk.margin_lines),
        "acknowledgements": acknowledgements_area(seed, preferences, end),
        "securities": market.securities,
        "prices": market.prices(),
        "campaigns": offers,
        "campaign_contacts": campaigns.contacts_of(seed, clientele, contacts, offers),
    }
    areas = {name: _as_declared(name, made[name]) for name in AREAS}
    return Demo(areas, facts.planted(seed, clientele, misfits, market, areas, named))


def _refuse_impossible(seed: int, clients: int, years: int) -> None:
    if seed < 0:
        raise ParameterError(
            f"seed {seed}: a seed is 0 or larger, e.g. 7.", f"seed {seed}：种子应为0或更大，例如 7。"
        )
    if not 1 <= clients <= MOST_CLIENTS:
        raise ParameterError(
            f"clients {clients}: a demo has 1 to {MOST_CLIENTS:,} clients, e.g. 5000.",
            f"clients {clients}：演示数据应有1至{MOST_CLIENTS:,}位客户，例如 5000。",
        )
    if not 1 <= years <= 20:
        raise ParameterError(
            f"years {years}: a demo has 1 to 20 years of trades, e.g. 3.",
            f"years {years}：演示数据应有1至20年的交易，例如 3。",
        )


def _orders(seed: int, clients: Clientele, market: Market, limit: Any) -> pl.DataFrame:
    """All trades, unnumbered, made piece by piece so that memory stays bounded."""
    taste = trading.tastes(seed, market)
    parts = []
    for piece, low in enumerate(range(0, clients.size, trading.PIECE)):
        members = np.arange(low, min(low + trading.PIECE, clients.size))
        desk = planting.make_desk(seed, piece, clients, market, limit, members)
        parts.append(trading.finish(desk, planting.lots_of(desk, taste)))
    return pl.concat(parts)


def _as_declared(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(field.name).cast(field.dtype) for field in AREAS[name].fields)
