"""A small firm as frames: sixty clients, of whom the first few are told about one by one in the tests."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pytest

from clientlib import config
from clientlib.book import create_book
from clientlib.lab.snapshot import Snapshot, assemble
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

AS_OF = dt.date(2026, 6, 30)
BRANCHES = ("上海浦东", "北京朝阳", "广州天河")
LEVELS = ("C1", "C2", "C3", "C4", "C5")
COUNT = 60


def _frame(area: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = [field.name for field in AREAS[area].fields]
    return pd.DataFrame(rows).reindex(columns=columns)


def _utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def _clients() -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for n in range(1, COUNT + 1):
        row: dict[str, object] = {
            "client_id": f"K{n:04d}",
            "full_name": f"{'张王李'[n % 3]}**",
            "client_type": "individual",
            "id_type": "id_card",
            "id_number": "3****…****4",
            "birth_date": pd.Timestamp("1980-02-03"),
            "gender": "1",
            "investor_class": "ordinary",
            "branch": BRANCHES[n % 3],
            "advisor": f"A{n % 4:03d}",
            "opened_on": pd.Timestamp("2019-05-06"),
            "status": "dormant" if n % 10 == 0 else "active",
            "updated_at": _utc("2026-01-01"),
        }
        rows.append(row)
    rows[0] |= {"interests": "网球", "remarks": "张三丰 wants a call on 13812345678", "full_name": "张**"}
    return _frame("clients", rows)


def _preferences() -> pd.DataFrame:
    """K0001: valid, K0002: expired, K0003: expires within weeks, K0004: predicted; K0060: never assessed."""
    assessed = {2: "2023-01-10", 3: "2024-07-20"}
    rows: list[dict[str, object]] = [
        {
            "client_id": f"K{n:04d}",
            "assessed_on": pd.Timestamp(assessed.get(n, "2026-01-15")),
            "questionnaire_score": 45.0,
            "risk_level": LEVELS[n % 5],
            "level_source": "predicted" if n == 4 else "assessed",
            "lowest_class": False,
            "goal": "growth",
            "horizon": "1to3",
            "max_loss": 0.2,
            "experience_years": 5.0,
            "expires_on": pd.NaT,
        }
        for n in range(1, COUNT)
    ]
    return _frame("preferences", rows)


def _contacts() -> pd.DataFrame:
    rows: list[dict[str, object]] = [
        {
            "client_id": f"K{n:04d}",
            "mobile": f"138****{n:04d}",
            "email": "a***@example.com",
            "preferred_channel": "wechat",
            "marketing_consent": True,
            "updated_at": _utc("2026-01-01"),
        }
        for n in range(1, COUNT + 1)
    ]
    return _frame("contacts", rows)


def _finances() -> pd.DataFrame:
    row = {
        "client_id": "K0001",
        "as_of": pd.Timestamp("2026-01-01"),
        "net_assets": -1500000.0,
        "currency": "CNY",
    }
    return _frame("finances", [row])


def _trade(
    number: int, client: str, when: str, side: str, amount: float, currency: str = "CNY"
) -> dict[str, object]:
    return {
        "trade_id": f"T{number}",
        "client_id": client,
        "traded_at": _utc(when),
        "security_id": "600001",
        "side": side,
        "quantity": amount / 10,
        "price": 10.0,
        "amount": amount,
        "currency": currency,
    }


def _trades() -> pd.DataFrame:
    # The first one is on 1 February in Shanghai, though still January in UTC.
    return _frame(
        "trades",
        [
            _trade(1, "K0001", "2026-01-31 17:00", "buy", 1000.0),
            _trade(2, "K0001", "2026-04-02 02:00", "buy", 500.0),
            _trade(3, "K0001", "2026-04-03 02:00", "sell", 200.0),
            _trade(4, "K0001", "2026-04-04 02:00", "buy", 9999.0, "USD"),
            _trade(5, "K0002", "2026-05-04 02:00", "buy", 300.0),
        ],
    )


def _securities() -> pd.DataFrame:
    rows: list[dict[str, object]] = [
        {
            "security_id": "600001",
            "name": "甲股份",
            "asset_class": "stock",
            "risk_level": "R5",
            "currency": "CNY",
        },
        {
            "security_id": "600002",
            "name": "乙债",
            "asset_class": "bond",
            "risk_level": "R1",
            "currency": "CNY",
        },
        {
            "security_id": "600003",
            "name": "<b>丙</b>",
            "asset_class": "fund",
            "risk_level": None,
            "currency": "CNY",
        },
    ]
    return _frame("securities", rows)


def _positions() -> pd.DataFrame:
    """K0001 holds a share above its C2, a bond within it, and a fund without a price."""
    rows = [
        ("K0001", "600001", "CNY", 100.0, 900.0, 30.0, 3000.0, 2100.0),
        ("K0001", "600002", "CNY", 10.0, 1000.0, 100.0, 1000.0, 0.0),
        ("K0001", "600003", "CNY", 5.0, 50.0, None, None, None),
        ("K0002", "600002", "CNY", 1.0, 100.0, 100.0, 100.0, 0.0),
    ]
    columns = ["client_id", "security_id", "currency", "quantity", "cost"]
    frame = pd.DataFrame(rows, columns=[*columns, "price", "market_value", "unrealised_profit"])
    return frame.assign(price_date=pd.Timestamp("2026-06-30"))


def _features() -> pd.DataFrame:
    index = pd.Index([f"K{n:04d}" for n in range(1, COUNT + 1)], name="client_id")
    frame = pd.DataFrame({"currency": "CNY", "market_value": 0.0}, index=index)
    frame.loc["K0001", "market_value"] = 4000.0
    frame.loc["K0002", "market_value"] = 100.0
    return frame


def _requests() -> pd.DataFrame:
    common = {"client_id": "K0001", "category": "complaint", "channel": "app", "priority": "high"}
    older = {
        "request_id": "Q1",
        "opened_at": _utc("2026-05-01 03:00"),
        "status": "closed",
        "text": "张三丰要求回电",
    }
    newer = {
        "request_id": "Q2",
        "opened_at": _utc("2026-06-01 03:00"),
        "status": "open",
        "text": "13812345678",
    }
    times = {"first_response_at": _utc("2026-05-01 05:00"), "closed_at": _utc("2026-05-02 05:00")}
    open_times = {"first_response_at": pd.NaT, "closed_at": pd.NaT}
    return _frame("service_requests", [common | older | times, common | newer | open_times])


def _feedback() -> pd.DataFrame:
    row = {
        "feedback_id": "F1",
        "client_id": "K0001",
        "given_at": _utc("2026-05-03 03:00"),
        "csat": 4,
        "nps": 9,
    }
    return _frame("feedback", [row | {"comment": "<script>alert(1)</script> 很好"}])


@pytest.fixture(scope="session")
def areas() -> dict[str, pd.DataFrame]:
    """The frames as a book gives them to an analyst."""
    return {
        "clients": _clients(),
        "contacts": _contacts(),
        "preferences": _preferences(),
        "finances": _finances(),
        "trades": _trades(),
        "securities": _securities(),
        "service_requests": _requests(),
        "feedback": _feedback(),
    }


@pytest.fixture(scope="session")
def snapshot(areas: dict[str, pd.DataFrame]) -> Snapshot:
    """The small firm as of 2026-06-30. Shared: never changed."""
    return assemble(areas, _positions(), _features(), AS_OF, config.load())


# ------------------------------------------------------------------------------ a book to fill in
OWN_SETTINGS = """
[book]
wait_seconds = 0

[roles.branch_desk]
areas = ["clients", "contacts"]
sensitivity = "S"
identity = "masked"
may_edit = true
"""
OWN_FIELDS = """
[clients.hobby]
title_en = "Hobby"
title_zh = "爱好"
type = "text"

[clients.habits]
title_en = "Habits"
title_zh = "习惯"
type = "codes"
codes = { early = ["Early riser", "早起"], late = ["Night owl", "晚睡"] }
"""


@pytest.fixture(scope="session")
def _empty_firm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("entry") / "firm"
    (folder / "data").mkdir(parents=True)
    (folder / "workbook.toml").write_text(OWN_SETTINGS, "utf-8")
    (folder / "data" / "fields.toml").write_text(OWN_FIELDS, "utf-8")
    create_book(Workbook(folder))
    return folder


@pytest.fixture
def firm(_empty_firm: Path, tmp_path: Path) -> Workbook:
    """A workbook with an empty book and two fields of its own, which the test may do anything to."""
    return Workbook(Path(shutil.copytree(_empty_firm, tmp_path / "firm")))
