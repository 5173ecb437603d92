"""The areas `campaigns` and `campaign_contacts` of the demo, each with a control arm left alone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from clientlib.simulate import vocabulary as words
from clientlib.simulate.clientele import Clientele
from clientlib.simulate.people import client_ids, instants, office_seconds
from clientlib.simulate.streams import Days, stream, text

EVERY_DAYS, LASTS_DAYS = 180, 45
SHARE = 0.12
"""Of the clients who agreed to be written to, taken into each campaign."""
TREATED = 0.7
BOUGHT_TREATED, BOUGHT_CONTROL = 0.10, 0.04


def campaigns_area(seed: int, start: dt.date, end: dt.date) -> pl.DataFrame:
    """A campaign every half-year, the last one over before the end."""
    rng = stream(seed, "campaigns")
    latest = np.datetime64(end) - LASTS_DAYS - 15
    begins = np.arange(latest, np.datetime64(start) + 30, -EVERY_DAYS)[::-1]
    if not len(begins):
        begins = np.array([max(latest, np.datetime64(start))])
    kinds = [words.CAMPAIGNS[k % len(words.CAMPAIGNS)] for k in range(len(begins))]
    length = LASTS_DAYS - rng.integers(0, 15, len(begins))
    return pl.DataFrame(
        {
            "campaign_id": [f"M{number:03d}" for number in range(1, len(begins) + 1)],
            "name": [
                f"{day.astype('datetime64[Y]')}年{kind[0]}" for day, kind in zip(begins, kinds, strict=True)
            ],
            "product_filter": [kind[1] for kind in kinds],
            "starts_on": pl.Series(begins).cast(pl.Date),
            "ends_on": pl.Series(begins + length).cast(pl.Date),
            "remarks": text([None] * len(begins)),
        }
    )


def contacts_of(
    seed: int, clients: Clientele, contacts: pl.DataFrame, campaigns: pl.DataFrame
) -> pl.DataFrame:
    """Whom each campaign reached, and whom it left alone; only clients with consent at its start."""
    consent = _consent(clients, contacts)
    parts = [
        _one(seed, number, clients, consent, campaign)
        for number, campaign in enumerate(campaigns.iter_rows(named=True))
    ]
    return pl.concat(parts)


def _consent(clients: Clientele, contacts: pl.DataFrame) -> Days:
    """The first day of consent of each client, NaT without one."""
    given = contacts.group_by("client_id").agg(pl.col("consent_on").min())
    known = pl.DataFrame({"client_id": client_ids(np.arange(clients.size))})
    days: Days = known.join(given, on="client_id", how="left", maintain_order="left")["consent_on"].to_numpy()
    return days.astype("datetime64[D]")


def _one(
    seed: int, number: int, clients: Clientele, consent: Days, campaign: dict[str, dt.date]
) -> pl.DataFrame:
    rng = stream(seed, "campaigns.contacts", number)
    begins = np.datetime64(campaign["starts_on"])
    asked = (consent < begins) & (clients.until > begins)
    client = np.flatnonzero(asked & (rng.random(clients.size) < SHARE))
    size = len(client)
    treated = rng.random(size) < TREATED
    length = int((campaign["ends_on"] - campaign["starts_on"]).days)
    day = begins + rng.integers(0, max(length // 2, 1), size)
    later = day + rng.integers(1, max(length // 2, 2), size)
    bought = rng.random(size) < np.where(treated, BOUGHT_TREATED, BOUGHT_CONTROL)
    draw = rng.random(size)
    other = np.select([draw < 0.35, draw < 0.42, draw < 0.47], ["opened", "replied", "refused"], "none")
    outcome = np.select([bought, treated], [np.full(size, "bought"), other], "none")
    contacted = instants(day, office_seconds(rng, size))
    came = instants(later, office_seconds(rng, size))
    return pl.DataFrame(
        {
            "campaign_id": text([campaign["campaign_id"]] * size),
            "client_id": client_ids(client),
            "arm": text(np.where(treated, "treated", "control")),
            "contacted_at": contacted,
            "outcome": text(outcome),
            "outcome_at": came,
            "remarks": text([None] * size),
        }
    ).with_columns(
        contacted_at=pl.when(pl.col("arm") == "treated").then("contacted_at"),
        outcome_at=pl.when(pl.col("outcome") != "none").then("outcome_at"),
    )
