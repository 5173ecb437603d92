"""What becomes of one report: why it failed is told without data, and what is kept of it tells of nobody."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib.report import Outcome, RunResult
from clientlib.workbook import Workbook
from tests.report.small_reports import GOOD, run, without_reports, write

pytestmark = pytest.mark.slow

ID_NUMBER = "11010519491231002X"
NAME = "欧阳某某"
REPORTS = {
    "quotes": GOOD + f"raise KeyError('{NAME} {ID_NUMBER}')",
    "quotes_ours": GOOD + f"from clientlib.errors import BookError\nraise BookError('row of {ID_NUMBER}')",
    "says_ours": GOOD + "from clientlib.errors import BookError\nraise BookError('The book is closed.')",
    "prints_a_name": GOOD + f"print('{NAME}')",
    "shows_a_name": GOOD + f"page.unavailable('page.one_branch', branch='{NAME}')",
    "shows_machine": GOOD + "import os\nprint(os.getcwd(), os.path.expanduser('~/x'))",
    "wrong_syntax": GOOD + "for for",
    "exits": GOOD + "import sys\nsys.exit('early')",
    "quits": GOOD + "quit()",
    "asks": GOOD + "input('Which client? ')",
    "interrupts": GOOD + "raise KeyboardInterrupt",
    "surrogates": GOOD + r"print('\udc80')",
    "wanders": "import os\nos.chdir('/')\n" + GOOD,
    "closes": GOOD + "import sys\nsys.stdout.close()",
    "draws": GOOD + "import random, numpy\nprint(random.random(), numpy.random.random())",
    "draws_too": GOOD + "import random, numpy\nprint(random.random(), numpy.random.random())",
    "empty": "pass",
}
BRACES = "firm {as_of} ü 台账"
"""A folder's name that papermill would put parameters into."""


@pytest.fixture(scope="module")
def made(demo_workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    firm = without_reports(demo_workbook, tmp_path_factory.mktemp("worker") / BRACES)
    (firm.folder / "workbook.toml").write_text(f'[reports]\nplanted = ["{NAME}"]\nbeside = []\n', "utf-8")
    for order, (name, source) in enumerate(REPORTS.items()):
        write(firm, name, source, order)
    return run(firm, jobs=2)


@pytest.fixture(scope="module")
def outcome(made: RunResult) -> Callable[[str], Outcome]:
    return lambda name: next(o for o in made.outcomes if o.report == name)


@pytest.fixture(scope="module")
def executed(made: RunResult) -> Callable[[str], dict[str, Any]]:
    def read(name: str) -> dict[str, Any]:
        notebook: dict[str, Any] = json.loads((made.folder / f"notebooks/{name}.en.ipynb").read_text("utf-8"))
        return notebook

    return read


def outputs(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def printed(notebook: dict[str, Any]) -> str:
    return "".join(line for o in outputs(notebook) if o["output_type"] == "stream" for line in o["text"])


Of = Callable[[str], Outcome]
Executed = Callable[[str], dict[str, Any]]


def test_the_text_of_an_error_is_not_repeated(outcome: Of) -> None:
    assert outcome("quotes").reason == "KeyError in cell 3. The executed notebook has the traceback."


def test_an_error_of_ours_is_repeated_because_it_says_the_mend(outcome: Of) -> None:
    assert outcome("says_ours").reason == "The book is closed."


def test_an_error_of_ours_that_quotes_identity_all_the_same_is_not_repeated(outcome: Of) -> None:
    assert outcome("quotes_ours").reason == "BookError in cell 3. The executed notebook has the traceback."


@pytest.mark.parametrize("name", ["quotes", "quotes_ours", "prints_a_name", "shows_a_name"])
def test_a_notebook_that_holds_identity_is_emptied_and_says_why(executed: Executed, name: str) -> None:
    notebook = executed(name)
    assert outputs(notebook) == []
    assert "looks like a client's identity" in notebook["metadata"]["clientlib_withheld"]


@pytest.mark.parametrize("name", ["shows_a_name", "prints_a_name"])
def test_a_page_is_refused_for_what_its_notebook_shows(outcome: Of, name: str) -> None:
    assert (outcome(name).status, outcome(name).page) == ("failed", None)
    assert "× planted word" in outcome(name).reason


def test_nothing_that_is_published_names_anybody(made: RunResult) -> None:
    reports = made.folder.parent
    for file in (path for path in reports.rglob("*") if path.is_file() and path.suffix != ".ipynb"):
        text = file.read_text("utf-8", errors="replace")
        assert ID_NUMBER not in text, file
        assert NAME not in text, file
    for file in (made.folder / "notebooks").iterdir():
        assert ID_NUMBER not in "".join(map(str, outputs(json.loads(file.read_text("utf-8"))))), file


def test_what_tells_of_the_machine_is_marked(executed: Executed) -> None:
    assert printed(executed("shows_machine")).startswith("<workbook> ~")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("wrong_syntax", "SyntaxError"),
        ("exits", "SystemExit"),
        ("asks", "StdinNotImplementedError"),
        ("interrupts", "KeyboardInterrupt"),
    ],
)
def test_what_ends_a_notebook_is_a_failed_report(outcome: Of, name: str, kind: str) -> None:
    assert outcome(name).status == "failed"
    assert outcome(name).reason.startswith(f"{kind} in cell 3.")


@pytest.mark.parametrize("name", ["surrogates", "wanders", "shows_machine", "draws"])
def test_a_strange_notebook_is_made_all_the_same(outcome: Of, name: str) -> None:
    assert (outcome(name).status, outcome(name).reason) == ("made", "")


def test_a_notebook_that_opens_no_page_says_so(outcome: Of) -> None:
    assert outcome("empty").status == "failed"
    assert "opened no page" in outcome("empty").reason


@pytest.mark.parametrize("name", ["quits", "closes"])
def test_a_notebook_that_would_end_its_kernel_leaves_an_outcome(outcome: Of, name: str) -> None:
    assert outcome(name).status in ("made", "failed")


def test_what_is_drawn_differs_from_report_to_report_and_not_from_run_to_run(
    made: RunResult, executed: Executed
) -> None:
    first, other = printed(executed("draws")), printed(executed("draws_too"))
    assert set(first.split()).isdisjoint(other.split())
    firm = Workbook(made.folder.parents[1])
    run(firm, "draws", languages=("zh",))
    again = json.loads((made.folder / "notebooks" / "draws.zh.ipynb").read_text("utf-8"))
    assert printed(again) == first


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that one may not write is POSIX")
def test_a_run_of_a_workbook_named_by_a_relative_path_is_made(
    made: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = made.folder.parents[1]
    monkeypatch.chdir(firm.parent)
    assert run(Workbook(Path(firm.name)), "wanders").exit_code == 0
    assert Path.cwd() == Path(os.path.realpath(firm.parent))
