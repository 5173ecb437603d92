"""A book of a few clients in order, which a test then puts out of order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.quality import DataQuality, review_quality
from clientlib.config import Settings, load

AS_OF = dt.date(2026, 6, 30)
ZONE = "Asia/Shanghai"
Records = dict[str, pd.DataFrame]


@pytest.fixture
def settings() -> Settings:
    return load()


@pytest.fixture
def records() -> Records:
    """Ten active clients of East and ten of West, all reviewed two months before; `_pending` is told."""
    ids = [f"{branch}{n}" for branch in ("East", "West") for n in range(10)]
    lately = pd.Timestamp("2026-05-01 10:00", tz=ZONE)
    clients = pd.DataFrame(
        {
            "client_id": ids,
            "client_type": "individual",
            "id_type": "id_card",
            "birth_date": pd.Timestamp("1980-01-01"),
            "investor_class": "ordinary",
            "branch": [i[:4] for i in ids],
            "advisor": [f"{i[0]}1" for i in ids],
            "opened_on": pd.Timestamp("2020-01-02"),
            "status": "active",
            "updated_at": lately,
        }
    )
    contacts = pd.DataFrame(
        {"client_id": ids, "marketing_consent": False, "consent_on": pd.NaT, "updated_at": lately}
    )
    finances = pd.DataFrame(
        {
            "client_id": ids,
            "as_of": pd.Timestamp("2025-06-01"),
            "annual_income": 100_000.0,
            "financial_assets": [1000.0 * n for n in range(20)],
            "currency": "CNY",
        }
    )
    preferences = pd.DataFrame(
        {
            "client_id": ids,
            "assessed_on": pd.Timestamp("2025-06-01"),
            "risk_level": "C3",
            "expires_on": pd.Timestamp("2027-05-31"),
        }
    )
    frames = {"clients": clients, "contacts": contacts, "finances": finances, "preferences": preferences}
    return {name: f.assign(remarks=None, _pending=False) for name, f in frames.items()}


@pytest.fixture
def review(settings: Settings) -> Callable[..., DataQuality]:
    """Review records with the default settings."""

    def run(records: Records, as_of: dt.date = AS_OF, **more: Any) -> DataQuality:
        return review_quality(records, as_of, settings, **more)

    return run
