"""The command that answers for an alert of the risk review: what it records, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from clientlib.book import open_book
from clientlib.errors import ClientlibError
from clientlib.workbook import Workbook

Cli = Callable[..., Result]
WHY = ["--reason", "called, pays in on Friday"]


def told(done: Result) -> str:
    if isinstance(done.exception, ClientlibError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def margin_client(workbook: Workbook) -> str:
    planted = json.loads((workbook.demo / "planted.json").read_text("utf-8"))
    return str(planted["margin_close_out"]["clients"][0])


def test_an_acknowledgement_is_a_batch_with_its_record_and_can_be_taken_back(
    cli: Cli, own_demo_workbook: Workbook
) -> None:
    folder, client = own_demo_workbook.folder, margin_client(own_demo_workbook)
    said = told(cli("acknowledge", client, "margin", *WHY, "-w", folder))
    assert f"Acknowledged for {client} as of 2026-06-30" in said
    assert "(High), by batch 2" in said
    with open_book(own_demo_workbook, role="risk") as book:
        rows = book.area("acknowledgements").query("client_id == @client")
    assert rows[["rule", "severity", "reason"]].to_numpy().tolist() == [["margin", "high", WHY[1]]]
    assert 0 < rows["value"].iloc[0] < 1.3
    assert "acknowledged already" in told(cli("acknowledge", client, "margin", *WHY, "-w", folder))
    assert client in told(cli("acknowledge", "--list", "-w", folder))
    assert "acknowledged alert" in told(cli("batches", "-w", folder))
    record = next(line for line in told(cli("audit", "-w", folder)).splitlines() if "acknowledge" in line)
    assert client in record
    assert WHY[1] in record
    told(cli("undo", "2", "-w", folder))
    assert client not in told(cli("acknowledge", "--list", "-w", folder))


def test_a_client_with_another_alert_stays_on_the_list_and_is_said_to(
    cli: Cli, own_demo_workbook: Workbook
) -> None:
    # This client of the demo holds too much above the level, which makes the daily risk too high as well.
    client, folder = "K0000042", own_demo_workbook.folder
    said = told(cli("acknowledge", client, "mismatch", *WHY, "-l", "zh", "-w", folder))
    assert f"{client} 另有风险提示未确认，仍在联系名单上：日风险价值超限（var）" in said.replace("\n", "")
    assert "另有风险提示" not in told(cli("acknowledge", client, "var", *WHY, "-l", "zh", "-w", folder))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["K1", "margin", *WHY], 'no client "K1"'),
        (["K0000001", "marign", *WHY], "Did you mean margin"),
        (["K0000001", "margin"], "Say in a few words why"),
        (["K0000001", "margin", *WHY, "--on", "June"], "no date of the calendar"),
        (["K0000001", "margin", "--reason", "x"], "at least 3 characters"),
        (["K0000001", "margin", *WHY], 'has no alert "Margin ratio too low" as of 2026-06-30'),
        (["K0000001", *WHY], "Name one client and one rule"),
        (["K0000001", "margin", "--list"], "Name one client and one rule"),
        (["K0000001", "margin", *WHY, "--role", "data_entry"], "may not acknowledge alerts"),
    ],
)
def test_what_cannot_be_acknowledged_is_a_sentence(
    cli: Cli, demo_workbook: Workbook, arguments: list[str], said: str
) -> None:
    with pytest.raises(ClientlibError, match=said):
        told(cli("acknowledge", *arguments, "-w", demo_workbook.folder))


def test_who_may_only_acknowledge_takes_no_hand_in(demo_workbook: Workbook) -> None:
    with (
        open_book(demo_workbook, role="risk", acknowledging=True) as book,
        pytest.raises(ClientlibError, match="may not add rows"),
    ):
        book.undo(1)
