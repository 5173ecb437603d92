"""The notebooks of a workbook are brought up to date, and what people changed in them stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from clientlib import shipped
from clientlib.doctor import examine

FILE = "reports/feedback.ipynb"


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebooks that come with a later version of clientlib, which a test may write."""
    own = Path(shutil.copytree(shipped.source(), tmp_path / "later"))
    monkeypatch.setattr(shipped, "source", lambda: own)
    return own


def edit(notebook: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(notebook.read_text("utf-8"))
    change(content)
    notebook.write_text(json.dumps(content), "utf-8")


def say_more(notebook: Path) -> None:
    edit(notebook, lambda n: n["cells"][0].update(source="# More"))


def state(folder: Path, file: str = FILE) -> str:
    return next(s.state for s in shipped.standings(folder) if s.file == file)


def test_a_new_workbook_is_up_to_date(firm: Path) -> None:
    assert {s.state for s in shipped.standings(firm)} == {"same"}


def test_what_nobody_changed_is_brought_up_to_date(firm: Path, ours: Path) -> None:
    say_more(ours / FILE)
    assert state(firm) == "older"
    shipped.upgrade(firm)
    assert (firm / "notebooks" / FILE).read_bytes() == (ours / FILE).read_bytes()
    assert state(firm) == "same"


def test_doctor_warns_of_notebooks_of_an_earlier_version_and_tells_the_mend(firm: Path, ours: Path) -> None:
    say_more(ours / FILE)
    check = next(check for check in examine(firm) if check.what.en == "reports")
    assert check.state == "warning"
    assert "1 of the notebooks" in check.finding.en
    assert check.finding.en.endswith("clientlib upgrade")


def test_what_was_brought_up_to_date_can_be_so_again(firm: Path, ours: Path) -> None:
    say_more(ours / FILE)
    shipped.upgrade(firm)
    edit(ours / FILE, lambda n: n["cells"][0].update(source="# Still more"))
    assert state(firm) == "older"


def test_what_somebody_changed_stays(firm: Path, ours: Path) -> None:
    edit(firm / "notebooks" / FILE, lambda n: n["cells"][0].update(source="# Mine"))
    before = (firm / "notebooks" / FILE).read_bytes()
    say_more(ours / FILE)
    assert [s.file for s in shipped.upgrade(firm) if s.state == "changed"] == [FILE]
    assert (firm / "notebooks" / FILE).read_bytes() == before
    assert state(firm) == "changed"


def test_a_title_in_the_metadata_is_a_change(firm: Path, ours: Path) -> None:
    edit(firm / "notebooks" / FILE, lambda n: n["metadata"]["clientlib"].update(title_en="Mine"))
    say_more(ours / FILE)
    assert state(firm) == "changed"


def test_a_notebook_that_was_only_run_counts_as_unchanged(firm: Path, ours: Path) -> None:
    def ran(notebook: dict[str, Any]) -> None:
        notebook["metadata"]["language_info"] = {"name": "python", "version": "3.13"}
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(
                    execution_count=1, outputs=[{"output_type": "stream", "name": "stdout", "text": "1"}]
                )

    edit(firm / "notebooks" / FILE, ran)
    say_more(ours / FILE)
    assert state(firm) == "older"


def test_what_somebody_took_away_does_not_come_back(firm: Path, ours: Path) -> None:
    (firm / "notebooks" / FILE).unlink()
    assert [s.file for s in shipped.upgrade(firm) if s.state == "removed"] == [FILE]
    assert not (firm / "notebooks" / FILE).exists()


def test_a_new_notebook_comes_in_with_its_words(firm: Path, ours: Path) -> None:
    shutil.copy(ours / FILE, ours / "reports" / "later.ipynb")
    (ours / "reports" / "later.toml").write_text('[a]\nen = "A"\nzh = "甲"\n', "utf-8")
    shipped.upgrade(firm)
    assert (firm / "notebooks" / "reports" / "later.ipynb").is_file()
    assert state(firm, "reports/later.toml") == "same"


def test_a_report_of_the_firms_own_is_left_alone(firm: Path, ours: Path) -> None:
    own = firm / "notebooks" / "reports" / "own.ipynb"
    shutil.copy(firm / "notebooks" / FILE, own)
    shipped.upgrade(firm)
    assert own.is_file()


@pytest.mark.parametrize("record", [None, "", "[]", '{"reports/feedback.ipynb": 3}'])
def test_without_a_record_what_differs_counts_as_changed(record: str | None, firm: Path, ours: Path) -> None:
    (firm / shipped.RECORD).unlink()
    if record is not None:
        (firm / shipped.RECORD).write_text(record, "utf-8")
    say_more(ours / FILE)
    assert state(firm) == "changed"


def test_a_file_that_is_no_notebook_any_more_counts_as_changed(firm: Path, ours: Path) -> None:
    (firm / "notebooks" / FILE).write_text("spoilt", "utf-8")
    assert state(firm) == "changed"


# ------------------------------------------------------------------ the command
def test_a_dry_run_tells_and_changes_nothing(firm: Path, ours: Path, cli: Callable[..., Result]) -> None:
    say_more(ours / FILE)
    before = {path: path.read_bytes() for path in firm.rglob("*") if path.is_file()}
    done = cli("upgrade", "--dry-run", "-w", firm)
    assert f"brought up to date: {FILE}" in done.output
    assert "Nothing was changed yet" in done.output
    assert {path: path.read_bytes() for path in firm.rglob("*") if path.is_file()} == before


def test_the_command_says_in_chinese_what_stays(firm: Path, ours: Path, cli: Callable[..., Result]) -> None:
    say_more(firm / "notebooks" / FILE)
    assert f"已被修改，保持不变：{FILE}" in cli("upgrade", "--language", "zh", "-w", firm).output
