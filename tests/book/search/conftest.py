"""A small book of clients who are easily taken for one another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clientlib.book import Book, open_book
from clientlib.workbook import Workbook

SETTINGS = """
[book]
wait_seconds = 0

[roles.branch_desk]
areas = "all"
sensitivity = "S"
identity = "masked"
rows = "branch"
"""
NAMES = ["王小明", "王小美", "單雄信", "尉迟恭", "John Smith", "上海明月贸易有限公司", "欧阳小明", "张伟"]
BRANCHES = ["上海浦东", "上海徐汇", "北京朝阳"]
LEVELS = ["C1", "C4", "C5", "C4"]
ASSETS = [100_000.0, 150_000.0, 1_500_000.0, 4_000_000.0]


@pytest.fixture(scope="session")
def searched(
    copied: Callable[[Path], Workbook],
    hand_in: Callable[..., Any],
    client: Callable[..., dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Workbook:
    """A workbook of eight clients. Read it, never change it."""
    made = copied(tmp_path_factory.mktemp("searched") / "firm")
    (made.folder / "workbook.toml").write_text(SETTINGS, "utf-8")
    made = Workbook(made.folder)
    updated = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    clients = [
        client(
            n,
            full_name=name,
            updated_at=dt.datetime(2023, 1, 1, tzinfo=dt.UTC),
            id_type="id_card",
            id_number=f"31010119800101{n:03}X",
            branch=BRANCHES[n % 3],
            advisor=f"A{n % 2}",
            birth_date=dt.date(1940 + 5 * n, 1, 1),
            opened_on=dt.date(2019 + n, 3, 1),
            status="dormant" if n == 3 else "active",
            interests="网球;tea" if n == 2 else None,
        )
        for n, name in enumerate(NAMES)
    ]
    contacts = [
        {
            "client_id": f"C{n:03}",
            "mobile": f"+8613812345{n}78",
            "marketing_consent": False,
            "updated_at": updated,
        }
        | {"email": f"person{n}@example.com"}
        for n in range(len(NAMES))
    ]
    finances = [
        {"client_id": f"C{n:03}", "as_of": dt.date(year, 1, 1), "annual_income": 1.0, "currency": "CNY"}
        | {"total_assets": ASSETS[n % 4] * (1 if year == 2024 else 10)}
        for n in range(7)
        for year in (2023, 2024)
    ]
    preferences = [
        {"client_id": f"C{n:03}", "assessed_on": dt.date(2024, 1, 1), "risk_level": LEVELS[n % 4]}
        for n in range(7)
    ]
    requests = [
        {"request_id": "R1", "client_id": "C005", "opened_at": updated, "category": "advice"}
        | {"status": "open", "text": "想了解搬家后的手续 moving"}
    ]
    with open_book(made, role="data_entry", write=True) as book:
        rows = hand_in(
            clients=clients,
            contacts=contacts,
            finances=finances,
            preferences=preferences,
            service_requests=requests,
        )
        book.import_checked([rows], source="clients")
    return made


@pytest.fixture(scope="session")
def plain(searched: Workbook) -> Iterator[Book]:
    """The book as one sees it to whom identity is plain."""
    with open_book(searched, role="data_entry") as book:
        yield book


@pytest.fixture
def as_role(searched: Workbook) -> Iterator[Callable[[str], Book]]:
    """Opens the book in a role."""
    opened: list[Book] = []

    def open_as(role: str) -> Book:
        opened.append(open_book(searched, role=role))
        return opened[-1]

    yield open_as
    for book in opened:
        book.close()
