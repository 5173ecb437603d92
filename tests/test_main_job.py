"""The main job, end to end: from hand-ins to pages, on the demo firm and on real clients."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import Result

from clientlib.book import open_book
from clientlib.report import RunResult
from clientlib.workbook import Workbook

REPOSITORY = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def _read(page: Path) -> str:
    """What a page says to a person who reads its words."""
    text = re.sub(r"<(style|script)\b.*?</\1>", "", page.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


@pytest.fixture(scope="module")
def planted(demo_workbook: Workbook) -> dict[str, Any]:
    return dict(json.loads((demo_workbook.demo / "planted.json").read_text("utf-8")))


# ----------------------------------------------------------------------------- the demo firm
def test_all_reports_are_made_in_both_languages(report_run: RunResult) -> None:
    assert {(o.report, o.language): o.status for o in report_run.outcomes} == {
        (name, language): "made"
        for name in ("overview", "segmentation", "risk_review", "feedback", "data_quality")
        for language in ("en", "zh")
    }


def test_the_slow_branch_is_named_in_the_feedback_report(
    report_run: RunResult, planted: dict[str, Any]
) -> None:
    told = _read(report_run.folder / "feedback.html")
    assert f"{planted['slow_branch']['branch']} answers more slowly than the others" in told


def test_the_slow_branch_is_named_in_the_chinese_feedback_report(
    report_run: RunResult, planted: dict[str, Any]
) -> None:
    told = _read(report_run.folder / "feedback.zh.html")
    assert re.search(rf"{planted['slow_branch']['branch']}.{{0,12}}慢", told)


@pytest.mark.parametrize(
    ("page", "words"),
    [("data_quality.html", "{} stands furthest behind"), ("data_quality.zh.html", "{}差距最大")],
)
def test_the_neglected_branch_is_named_in_the_data_quality_report(
    report_run: RunResult, planted: dict[str, Any], page: str, words: str
) -> None:
    assert words.format(planted["neglected_branch"]["branch"]) in _read(report_run.folder / page)


def test_accounts_below_the_close_out_line_are_on_the_call_list(
    report_run: RunResult, planted: dict[str, Any]
) -> None:
    told = _read(report_run.folder / "risk_review.html")
    assert [client for client in planted["margin_close_out"]["clients"] if client not in told] == []


def test_lowest_class_clients_with_more_than_r1_are_on_the_call_list(
    report_run: RunResult, planted: dict[str, Any]
) -> None:
    told = _read(report_run.folder / "risk_review.html")
    assert [client for client in planted["lowest_class_breach"]["clients"] if client not in told] == []


def test_clients_over_their_level_are_on_the_call_list(
    report_run: RunResult, planted: dict[str, Any]
) -> None:
    told = _read(report_run.folder / "risk_review.html")
    assert [client for client in planted["over_level"]["clients"] if client not in told] == []


@pytest.mark.parametrize("fact", ["above_level_trader", "weaker_finances", "score_below_level"])
def test_clients_whose_level_no_longer_fits_are_to_be_assessed_anew(
    report_run: RunResult, planted: dict[str, Any], fact: str
) -> None:
    told = _read(report_run.folder / "risk_review.html")
    assert planted[fact]["clients"]
    assert [client for client in planted[fact]["clients"] if client not in told] == []


def test_no_planted_identity_is_in_any_published_file(report_run: RunResult, demo_workbook: Workbook) -> None:
    with open_book(demo_workbook, role="data_entry") as book:
        clients, contacts = book.area("clients"), book.area("contacts")
    secrets = {*clients["id_number"].dropna(), *contacts["mobile"].dropna(), *contacts["email"].dropna()}
    # Names of two characters occur as ordinary words, so only the longer ones can be looked for.
    secrets |= {name for name in clients["full_name"].dropna() if len(name) >= 3}
    published = "\n".join(
        path.read_text("utf-8")
        for path in report_run.folder.rglob("*")
        if path.suffix in {".html", ".ipynb", ".json"}
    )
    assert [secret[:2] for secret in secrets if secret in published] == []


def _everything_in(folder: Path) -> str:
    """The text of all files; of a workbook, which is an archive, that of its parts."""
    return "\n".join(_text(path) for path in folder.rglob("*") if path.is_file())


def _text(path: Path) -> str:
    if path.suffix != ".xlsx":
        return path.read_text("utf-8")
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode("utf-8") for name in archive.namelist())


def test_no_published_file_names_this_machine(report_run: RunResult) -> None:
    told = _everything_in(report_run.folder)
    assert str(Path.home()) + "/" not in told
    assert str(report_run.folder.parents[2]) not in told
    assert sys.prefix not in told


# ----------------------------------------------------------------------------- real clients
@pytest.fixture(scope="module")
def bank(far_trans: Path, tmp_path_factory: pytest.TempPathFactory, cli: Callable[..., Result]) -> Workbook:
    """A workbook with the real FAR-Trans clients, and all reports of 2022-11-29."""
    folder = tmp_path_factory.mktemp("real") / "bank"
    for command in (
        ["init", folder],
        ["import", far_trans, "--reader", "far-trans", "--workbook", folder],
        ["report", "--as-of", "2022-11-29", "--workbook", folder],
    ):
        result = cli(*command)
        assert result.exit_code == 0, result.output
    return Workbook(folder)


def test_every_real_client_is_in_the_book(bank: Workbook, far_trans: Path) -> None:
    source = pd.read_csv(far_trans / "customer_information.csv", usecols=["customerID"])["customerID"]
    with open_book(bank) as book:
        assert set(book.area("clients")["client_id"]) == set(source)
    assert source.nunique() == 29_090


def test_the_segmentation_of_real_clients_says_what_the_files_say(bank: Workbook, far_trans: Path) -> None:
    # Recomputed from the source: the newest record of each client up to the day, nothing of clientlib's.
    records = pd.read_csv(far_trans / "customer_information.csv")
    records = records[records["timestamp"] <= "2022-11-29"].sort_values("timestamp", kind="stable")
    newest = records.groupby("customerID").tail(1)
    levels = newest[newest["riskLevel"] != "Not_Available"]["riskLevel"]
    predicted = levels.str.startswith("Predicted_").mean()
    told = _read(bank.reports / "2022-11-29" / "segmentation.html")
    assert f"clients not closed {len(newest):,} " in told
    assert f"{predicted:.1%}" in told


@pytest.mark.parametrize(("name", "reason"), [("risk_review", "no trades"), ("feedback", "neither feedback")])
def test_what_real_data_lack_is_said_in_a_sentence(bank: Workbook, name: str, reason: str) -> None:
    assert reason in _read(bank.reports / "2022-11-29" / f"{name}.html")


# ----------------------------------------------------------------------------- a fresh clone
def test_a_clone_in_another_folder_runs_and_stays_clean(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    _run(["git", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(clone)], tmp_path)
    told = ""
    for arguments in (
        ["demo", "--clients", "60"],
        ["doctor"],
        ["report", "segmentation", "--language", "zh"],
    ):
        told = _run([sys.executable, "-c", "from clientlib.cli import main; main()", *arguments], clone)
    assert Path(told.splitlines()[-1].removeprefix("Open ")).is_file()
    assert _run(["git", "status", "--porcelain"], clone) == ""


def _run(command: list[str], folder: Path) -> str:
    outside = ("CLIENTLIB_", "GIT_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    clean["PYTHONPATH"] = str(folder)
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
