"""The command that tells one client's history, on the screen and in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import Result

from clientlib.errors import BookError, ClientlibError, ParameterError, PermissionRefused

Cli = Callable[..., Result]
HEADER = "trade_id,client_id,traded_at,security_id,side,quantity,price,amount,fee,currency\n"


def told(done: Result) -> str:
    if isinstance(done.exception, ClientlibError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def corrected(cli: Cli, firm: Path) -> Path:
    """A book in which a trade was imported, its fee and side corrected, and the correction taken back."""
    for side, fee in (("buy", 1), ("sell", 2)):
        row = f"T1,C1,2026-03-20 10:00:00,S1,{side},100,2.5,250,{fee},CNY\n"
        (firm / "trades.csv").write_text(HEADER + row, "utf-8")
        told(cli("import", firm / "trades.csv", "-w", firm))
    told(cli("undo", "2", "-w", firm))
    return firm


def test_each_batch_is_told_with_what_it_changed_in_words(cli: Cli, corrected: Path) -> None:
    shown = " ".join(told(cli("history", "C1", "-w", corrected)).split())
    assert "Trades T1, corrected. Side Buy → Sell; Fee 1 → 2" in shown
    assert "trades.csv (taken back by batch 3)" in shown
    assert "Trades T1, taken back. Side Sell → Buy; Fee 2 → 1" in shown


def test_what_was_not_there_before_is_left_out(cli: Cli, corrected: Path) -> None:
    shown = " ".join(told(cli("history", "C1", "-w", corrected)).split())
    assert "Trades T1, new. Trade ID T1; Client ID C1;" in shown
    assert "nan" not in shown


def test_in_chinese_titles_and_codes_are_chinese(cli: Cli, corrected: Path) -> None:
    shown = "".join(told(cli("history", "C1", "-l", "zh", "-w", corrected)).split())
    assert "交易记录T1，更正。买卖方向买入→卖出" in shown


def test_a_file_holds_the_same_for_a_spreadsheet(cli: Cli, corrected: Path) -> None:
    file = corrected / "history.csv"
    told(cli("history", "C1", "-o", file, "--role", "data_entry", "-w", corrected))
    lines = pl.read_csv(file).filter(pl.col("field") == "Fee")
    assert lines.select("batch", "before", "after", "kind").rows() == [
        (1, None, "1", "new"),
        (2, "1", "2", "corrected"),
        (3, "2", "1", "taken back"),
    ]


def test_a_file_asks_for_a_role_that_may_export(cli: Cli, corrected: Path) -> None:
    with pytest.raises(PermissionRefused, match="may not export"):
        told(cli("history", "C1", "-o", corrected / "h.csv", "--role", "analyst", "-w", corrected))
    assert not (corrected / "h.csv").exists()


def test_the_look_is_recorded_in_the_audit(cli: Cli, corrected: Path) -> None:
    told(cli("history", "C1", "-w", corrected))
    shown = told(cli("audit", "--client", "C1", "--event", "look_up", "-w", corrected))
    assert "history" in shown


def test_only_the_days_that_were_asked_for_are_told(cli: Cli, corrected: Path) -> None:
    assert "Nothing" in told(cli("history", "C1", "--to", "2020-01-01", "-w", corrected))
    assert "Batch 3" in told(cli("history", "C1", "--from", "2020-01-01", "-w", corrected))


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (["C9"], BookError, 'no client "C9"'),
        (["C1", "--area", "trade"], BookError, "Did you mean trades"),
        (["C1", "--from", "30.6."], ParameterError, "--from.*2026-06-30"),
        (["C1", "-o", "history.html"], ParameterError, r"ends in \.csv"),
    ],
)
def test_what_cannot_be_told_is_answered_with_the_mend(
    cli: Cli, corrected: Path, asked: list[str], error: type[ClientlibError], said: str
) -> None:
    with pytest.raises(error, match=said):
        told(cli("history", *asked, "-w", corrected))
