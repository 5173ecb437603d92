"""The areas `preferences`, `finances` and `relations` of the demo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from clientlib.config import Suitability
from clientlib.simulate import identity
from clientlib.simulate import vocabulary as words
from clientlib.simulate.clientele import INDIVIDUAL, INSTITUTION, Clientele
from clientlib.simulate.people import client_ids
from clientlib.simulate.streams import Days, Flags, Floats, Ints, pick, stream, text

HIGHEST_LEVEL = 5


@dataclass(frozen=True)
class Assessments:
    """Every questionnaire answered: one entry each in arrays sorted by client, then day.

    Attributes
    ----------
    client : client number
    day : day of the questionnaire
    score : 0 to 100
    level : 1 to 5
    lowest : of the lowest class
    limit : per client, the highest product level that no assessment of theirs forbids
    """

    client: Ints
    day: Days
    score: Floats
    level: Ints
    lowest: Flags
    limit: Ints


def make_assessments(seed: int, clients: Clientele, rules: Suitability) -> Assessments:
    """Questionnaires at the opening and before each ran out; some let the last one run out."""
    client, day = _assessment_days(seed, clients, rules.valid_months)
    rng = stream(seed, "profile.scores")
    ability = clients.ability[client]
    noise = np.clip(rng.normal(0, 5, len(client)), -6, 6)
    score = np.where(ability < 0, 0.0, np.clip(np.round(ability + noise), 1, 100))
    bands = np.array([rules.score_bands[name] for name in ("C1", "C2", "C3", "C4", "C5")])
    level = np.searchsorted(bands, score, side="right").astype(np.int64)
    limit = np.full(clients.size, HIGHEST_LEVEL, dtype=np.int64)
    np.minimum.at(limit, client, level)
    limit[clients.professional] = HIGHEST_LEVEL
    return Assessments(client, day, score, level, score == 0, limit)


def _assessment_days(seed: int, clients: Clientele, valid_months: int) -> tuple[Ints, Days]:
    rng = stream(seed, "profile.days")
    end, start = np.datetime64(clients.cast.end), np.datetime64(clients.cast.start)
    valid_days = int(valid_months * 30.4)
    # Questionnaires that had run out long before the first trade were never keyed in.
    first = np.maximum(clients.opened, start - valid_days + rng.integers(5, 300, clients.size))
    pace = valid_days - rng.integers(5, 60, clients.size)
    last = np.minimum(end, clients.until)
    # Whoever lets it run out does not answer again within a validity (and a month) of the end.
    expired = clients.cast.flag("expired_assessment")
    last = np.where(expired, end - valid_days - 31, last)
    first = np.where(expired, np.minimum(first, last), first)
    most = int((end - start).astype(int) / max(valid_days - 60, 1)) + 3
    turn = np.arange(most)
    days = first[:, None] + turn * pace[:, None]
    there = (days <= last[:, None]) | (turn == 0)
    client, place = np.nonzero(there)
    return client.astype(np.int64), days[client, place]


def preferences_area(seed: int, made: Assessments, clients: Clientele, rules: Suitability) -> pl.DataFrame:
    """One row an assessment."""
    rng = stream(seed, "profile.preferences")
    size = len(made.client)
    level = made.level
    years = (made.day - clients.opened[made.client]).astype(np.int64) / 365.25
    bearable = np.array([0.0, 0.03, 0.08, 0.15, 0.3, 0.5])[level] * rng.uniform(0.6, 1.4, size)
    frame = pl.DataFrame(
        {
            "client_id": client_ids(made.client),
            "assessed_on": pl.Series(made.day).cast(pl.Date),
            "questionnaire_score": made.score,
            "risk_level": text(np.array(["", "C1", "C2", "C3", "C4", "C5"])[level]),
            "lowest_class": made.lowest,
            "goal": text(_by_level(rng, level, ["preserve", "income", "growth", "speculation"])),
            "horizon": text(_by_level(rng, level, ["lt1", "1to3", "3to5", "gt5"])),
            "product_types": text(_product_types(rng, level)),
            "max_loss": np.round(np.minimum(bearable, 0.8), 2),
            "experience_years": np.round(clients.experience[made.client] + np.maximum(years, 0), 1),
        }
    )
    return frame.with_columns(
        level_source=pl.lit("assessed"),
        expires_on=pl.col("assessed_on").dt.offset_by(f"{rules.valid_months}mo"),
        remarks=pl.lit(None, dtype=pl.String),
    )


def _by_level(rng: np.random.Generator, level: Ints, codes: list[str]) -> object:
    """One of four codes, the later ones for the higher levels."""
    place = np.round((level - 1) * 0.75 + rng.normal(0, 0.7, len(level)))
    return np.array(codes, dtype=object)[np.clip(place, 0, 3).astype(np.int64)]


def _product_types(rng: np.random.Generator, level: Ints) -> object:
    choices = np.array(
        [
            ["money_market", "bond;money_market", "bond"],
            ["bond;money_market", "bond;fund", "fund;money_market"],
            ["fund;stock", "bond;fund;stock", "bond;stock"],
            ["fund;stock", "stock", "fund;stock;structured"],
            ["derivative;stock", "derivative;fund;stock", "private_fund;stock"],
        ],
        dtype=object,
    )
    return choices[level - 1, rng.integers(0, 3, len(level))]


# ------------------------------------------------------------------------------ finances


def finances_area(seed: int, made: Assessments, clients: Clientele) -> pl.DataFrame:
    """A statement with each questionnaire: what the client earns, owns and owes."""
    rng = stream(seed, "profile.finances")
    size, client = len(made.client), made.client
    years = (made.day - clients.opened[client]).astype(np.int64) / 365.25
    growth = np.exp(0.04 * np.maximum(years, 0) + rng.normal(0, 0.05, size))
    # Never below the first statement: it is what a professional's standing rests on.
    financial = np.round(clients.assets[client] * np.maximum(growth, 1.0), 2)
    property_value = np.where(rng.random(size) < 0.7, np.exp(rng.normal(14.2, 0.7, size)), 0.0)
    total = np.round(financial + property_value, 2)
    debts = np.round(property_value * rng.uniform(0, 0.6, size) * (rng.random(size) < 0.5), 2)
    legal = clients.kind[client] != INDIVIDUAL
    age = (made.day - clients.birth[client]).astype(np.int64) / 365.25
    source = pick(rng, ["salary", "business", "investment", "property", "other"], size, [62, 16, 10, 6, 6])
    source = np.where(legal, "business", np.where(age > 61, "pension", source))
    return pl.DataFrame(
        {
            "client_id": client_ids(client),
            "as_of": pl.Series(made.day).cast(pl.Date),
            "annual_income": np.round(clients.income[client] * np.maximum(growth, 1.0), -2),
            "income_source": text(source),
            "total_assets": total,
            "financial_assets": financial,
            "net_assets": np.round(total - debts, 2),
            "liabilities": debts,
            "currency": text(["CNY"] * size),
            "capacity_band": text([None] * size),
            "credit_default": rng.random(size) < 0.008,
            "remarks": text([None] * size),
        }
    )


# ----------------------------------------------------------------------------- relations


def relations_area(seed: int, clients: Clientele) -> pl.DataFrame:
    """Couples among the clients, parents who are strangers, and who stands behind institutions."""
    rng = stream(seed, "profile.relations")
    people = rng.permutation(np.flatnonzero((clients.kind == INDIVIDUAL) & ~clients.cast.planted))
    couples = len(people) // 25
    left, right = people[:couples], people[couples : 2 * couples]
    children = people[2 * couples : 2 * couples + len(people) // 40]
    firms = np.flatnonzero(clients.kind >= INSTITUTION)
    parts = [
        _related(rng, clients, left, "spouse", other=right),
        _related(rng, clients, right, "spouse", other=left),
        _related(rng, clients, children, "parent"),
        _related(rng, clients, firms, "legal_representative"),
        _related(rng, clients, firms[::2], "beneficial_owner"),
    ]
    rows = pl.concat(parts)
    serial = pl.Series(np.arange(1, rows.height + 1)).cast(pl.String).str.zfill(7)
    return rows.with_columns(relation_id=pl.concat_str(pl.lit("L"), serial))


def _related(
    rng: np.random.Generator, clients: Clientele, own: Ints, kind: str, *, other: Ints | None = None
) -> pl.DataFrame:
    size = len(own)
    stranger = other is None
    surname = pick(rng, words.SURNAMES, size)
    name = surname + pick(rng, words.GIVEN_SECOND, size) + pick(rng, words.GIVEN_MALE, size)
    phone = identity.mobiles(rng, size)
    nothing = text([None] * size)
    return pl.DataFrame(
        {
            "client_id": client_ids(own),
            "related_client_id": nothing if other is None else client_ids(other),
            "related_name": text(name) if stranger else nothing,
            "related_mobile": phone if stranger else nothing,
            "kind": text([kind] * size),
            "since": pl.Series(clients.opened[own]).cast(pl.Date),
            "until": pl.Series([None] * size, dtype=pl.Date),
            "remarks": nothing,
        }
    )
