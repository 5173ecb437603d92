"""A small book in which one client has something in every area, versions and corrections among them."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib.book import open_book
from clientlib.intake.result import CheckResult
from clientlib.workbook import Workbook

ANN, BOB, CLOSED_ON = "C001", "C002", dt.date(2024, 6, 1)
PLANTED = (
    "欧阳翡翠",
    "欧阳琥珀",
    "E7654321",
    "+8613987650123",
    "rare.ann@example.com",
    "Zinnober Lane",
    "Quokka Works",
    "quagga painting",
    "wants a lepidolite",
    "liked the okapi",
)
"""Rare strings in what is held on Ann."""


def day(year: int, month: int = 1, date: int = 1) -> dt.datetime:
    return dt.datetime(year, month, date, 4, tzinfo=dt.UTC)


def _ann(client: Callable[..., dict[str, Any]], hand_in: Callable[..., CheckResult]) -> list[CheckResult]:
    ann = {
        "full_name": "欧阳翡翠",
        "id_number": "E7654321",
        "employer": "Quokka Works",
        "interests": "quagga painting",
    }
    contact = {"client_id": ANN, "mobile": "+8613987650123", "marketing_consent": False}
    first = hand_in(
        clients=[client(1, **ann), client(2, full_name="王小二")],
        contacts=[
            contact | {"email": "rare.ann@example.com", "address": "Zinnober Lane", "updated_at": day(2023)},
            contact | {"client_id": BOB, "mobile": "+8613800000002", "updated_at": day(2023)},
        ],
        finances=[{"client_id": ANN, "as_of": dt.date(2023, 1, 1), "annual_income": 1.0, "currency": "CNY"}],
        preferences=[{"client_id": ANN, "assessed_on": dt.date(2023, 1, 1), "risk_level": "C3"}],
        balances=[_balance(dt.date(2004, 1, 1)), _balance(dt.date(2024, 1, 1))],
        securities=[
            {
                "security_id": "S1",
                "name": "Amber Fund",
                "asset_class": "fund",
                "risk_level": "R2",
                "currency": "CNY",
            }
        ],
        campaigns=[
            {
                "campaign_id": "K1",
                "name": "Spring",
                "starts_on": dt.date(2024, 1, 1),
                "ends_on": dt.date(2024, 2, 1),
            }
        ],
        campaign_contacts=[
            {"campaign_id": "K1", "client_id": ANN, "arm": "treated", "contacted_at": day(2024)}
        ],
        service_requests=[
            {
                "request_id": "Q1",
                "client_id": ANN,
                "opened_at": day(2024),
                "category": "advice",
                "status": "open",
                "text": "wants a lepidolite",
            }
        ],
        feedback=[
            {
                "feedback_id": "F1",
                "client_id": ANN,
                "given_at": day(2024),
                "csat": 5,
                "comment": "liked the okapi",
            },
            {
                "feedback_id": "F2",
                "client_id": BOB,
                "given_at": day(2024),
                "csat": 4,
                "comment": "greet 13987650123",
            },
        ],
        relations=[
            {"relation_id": "R1", "client_id": BOB, "related_client_id": ANN, "kind": "spouse"},
            {
                "relation_id": "R2",
                "client_id": BOB,
                "related_name": "欧阳翡翠",
                "related_mobile": "+8613987650123",
                "kind": "agent",
            },
            {"relation_id": "R3", "client_id": BOB, "related_name": "欧阳翡翠", "kind": "household"},
            {
                "relation_id": "R4",
                "client_id": BOB,
                "related_name": "欧阳翡翠",
                "related_mobile": "+8613811111111",
                "kind": "agent",
            },
            {"relation_id": "R5", "client_id": ANN, "related_client_id": BOB, "kind": "spouse"},
        ],
    )
    later = ann | {
        "full_name": "欧阳琥珀",
        "status": "closed",
        "updated_at": dt.datetime.combine(CLOSED_ON, dt.time(4), dt.UTC),
    }
    return [first, hand_in(clients=[client(1, **later)])]


def _balance(as_of: dt.date) -> dict[str, Any]:
    return {
        "client_id": ANN,
        "as_of": as_of,
        "cash": 5.0,
        "margin_loan": 0.0,
        "short_value": 0.0,
        "accrued_interest": 0.0,
        "currency": "CNY",
    }


@pytest.fixture(scope="session")
def filled(
    copied: Callable[[Path], Workbook],
    client: Callable[..., dict[str, Any]],
    trade: Callable[..., dict[str, Any]],
    hand_in: Callable[..., CheckResult],
    tmp_path_factory: pytest.TempPathFactory,
) -> Workbook:
    """Three batches: what is held, then the closing of Ann's account, then trades, one of them Bob's."""
    made = copied(tmp_path_factory.mktemp("filled") / "firm")
    trades = hand_in(trades=[trade(1, client_id=ANN), trade(2, client_id=BOB), trade(3, client_id=ANN)])
    with open_book(made, role="data_entry", write=True) as book:
        for number, chunk in enumerate([*_ann(client, hand_in), trades], start=1):
            book.import_checked([chunk], source=f"{number}.csv")
    return made


@pytest.fixture
def mine(filled: Workbook, tmp_path: Path) -> Workbook:
    """A copy of that book, to do anything to."""
    return Workbook(Path(shutil.copytree(filled.folder, tmp_path / "firm")))
