"""A new report: it runs at once, says what is true in both languages, and needs no line elsewhere."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from typer.testing import Result

from clientlib.aside import write_text
from clientlib.errors import ParameterError, Unwritable
from clientlib.report import RunResult, authoring, exporter, plan
from clientlib.report.authoring import Declaration
from clientlib.workbook import Workbook
from tests.conftest import DEMO_CLIENTS
from tests.report.small_reports import run, without_reports

DECLARED = Declaration.of(
    "branch_sizes", {"en": "Branch {sizes}", "zh": "营业部“规模”"}, {"en": 'How "large"?', "zh": None}
)


@pytest.fixture
def empty(firm: Path) -> Workbook:
    """A workbook whose only report is an overview, which draws on others."""
    folder = firm / "notebooks" / "reports"
    for file in folder.iterdir():
        file.unlink()
    facts = {"order": 99, "draws_on_others": True}
    cell = nbformat.v4.new_code_cell('as_of = ""', metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"clientlib": facts})
    nbformat.write(notebook, folder / "others.ipynb")
    return Workbook(firm)


@pytest.fixture(scope="module")
def made(demo_workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run of nothing but a new report, for the whole firm, in both languages."""
    firm = without_reports(demo_workbook, tmp_path_factory.mktemp("authoring") / "firm")
    authoring.new_report(DECLARED, firm)
    return run(firm, languages=("en", "zh"))


# ------------------------------------------------------------------ what is written
def test_the_notebook_declares_what_was_said_and_derives_the_rest(empty: Workbook) -> None:
    report = plan.read(authoring.new_report(DECLARED, empty))
    assert report.titles == {"en": "Branch {sizes}", "zh": "营业部“规模”"}
    assert report.questions == {"en": 'How "large"?', "zh": "各营业部有多少客户？"}


def test_a_title_that_was_not_said_comes_from_the_name(empty: Workbook) -> None:
    report = plan.read(authoring.new_report(Declaration.of("fund_sales_2", {}, {}), empty))
    assert report.titles == {"en": "Fund sales 2", "zh": "Fund sales 2"}


def test_it_comes_behind_all_others_but_those_that_draw_on_it(empty: Workbook) -> None:
    orders = [plan.read(authoring.new_report(Declaration.of(n, {}, {}), empty)).order for n in ("a", "b")]
    assert orders == [1, 2]


def test_nothing_of_the_skeleton_is_left_to_be_filled_in(empty: Workbook) -> None:
    notebook = authoring.new_report(DECLARED, empty)
    whole = notebook.read_text("utf-8") + notebook.with_suffix(".toml").read_text("utf-8")
    assert re.findall(r"REPORT_NAME|TITLE_\w+|QUESTION_\w+|skeleton", whole) == []


def test_its_cells_are_as_thin_as_those_of_every_report(empty: Workbook) -> None:
    cells = nbformat.read(authoring.new_report(DECLARED, empty), as_version=4).cells
    long = [c.source for c in cells if c.cell_type == "code" and len(c.source.splitlines()) > 12]
    assert long == []


# ------------------------------------------------------------------ what is refused
@pytest.mark.parametrize(
    "name", ["", "Sales", "fund-sales", "_a", "a__b", "1a", "a.zh", "../a", "a" * 41, "基金"]
)
def test_a_name_that_cannot_be_one_is_refused(name: str, empty: Workbook) -> None:
    with pytest.raises(ParameterError, match="cannot be the name of a report"):
        authoring.check_name(name, empty)


@pytest.mark.parametrize("name", ["page", "index", "beside", "segmentation"])
def test_a_name_whose_words_the_package_has_is_refused(name: str, empty: Workbook) -> None:
    with pytest.raises(ParameterError, match="taken by pages of clientlib"):
        authoring.check_name(name, empty)


@pytest.mark.parametrize("ending", ["ipynb", "toml"])
def test_nothing_is_written_over(ending: str, empty: Workbook) -> None:
    file = empty.notebooks / "reports" / f"branch_sizes.{ending}"
    file.write_text("mine", "utf-8")
    with pytest.raises(ParameterError, match="is there already"):
        authoring.new_report(DECLARED, empty)
    assert file.read_text("utf-8") == "mine"


def test_where_the_notebook_cannot_be_written_no_words_are_left(
    empty: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(target: Path, text: str, *, mode: int) -> None:
        if target.suffix == ".ipynb":
            raise Unwritable("The disk is full.")
        write_text(target, text, mode=mode)

    monkeypatch.setattr("clientlib.report.authoring.write_text", full)
    with pytest.raises(Unwritable):
        authoring.new_report(DECLARED, empty)
    assert [path.name for path in (empty.notebooks / "reports").iterdir()] == ["others.ipynb"]


# ------------------------------------------------------------------ what it says
@pytest.mark.slow
def test_it_runs_at_once_in_both_languages(made: RunResult) -> None:
    assert [(o.report, o.language, o.status, o.reason) for o in made.outcomes] == [
        ("branch_sizes", "en", "made", ""),
        ("branch_sizes", "zh", "made", ""),
    ]


@pytest.mark.slow
def test_what_it_says_is_true(made: RunResult) -> None:
    executed = nbformat.read(made.folder / made.outcomes[0].notebook, as_version=4)
    (table,) = [b.facts["data"] for b in exporter.blocks(executed) if b.kind == "table"]
    assert sum(row[1] for row in table["rows"]) == DEMO_CLIENTS
    assert sum(row[2] for row in table["rows"]) == pytest.approx(1)
    assert f"There are {DEMO_CLIENTS} clients in 10 branches." in (
        made.folder / "branch_sizes.html"
    ).read_text("utf-8")


@pytest.mark.slow
def test_it_speaks_chinese(made: RunResult) -> None:
    page = (made.folder / "branch_sizes.zh.html").read_text("utf-8")
    assert f"共有{DEMO_CLIENTS}位客户，分布在10家营业部。" in page
    assert "营业部“规模”" in page


@pytest.mark.slow
def test_the_index_and_the_manifest_have_it_without_a_line_elsewhere(made: RunResult) -> None:
    assert 'href="branch_sizes.html"' in made.index.read_text("utf-8")
    manifest = json.loads((made.folder / "manifest.json").read_text("utf-8"))
    assert manifest["reports"]["branch_sizes"]["titles"]["zh"] == "营业部“规模”"


@pytest.mark.slow
def test_it_runs_for_each_branch(demo_workbook: Workbook, tmp_path: Path) -> None:
    firm = without_reports(demo_workbook, tmp_path / "firm")
    authoring.new_report(DECLARED, firm)
    assert run(firm, branches=("each",)).failed == ()


@pytest.mark.slow
def test_words_that_are_not_whole_fail_the_report_with_their_place(made: RunResult, tmp_path: Path) -> None:
    firm = Workbook(Path(shutil.copytree(made.folder.parents[1], tmp_path / "firm")))
    words = firm.notebooks / "reports" / "branch_sizes.toml"
    words.write_text(re.sub(r"(\[sizes.say\]\n.*\n)zh.*\n", r"\1", words.read_text("utf-8")), "utf-8")
    (outcome,) = run(firm).outcomes
    assert outcome.status == "failed"
    assert outcome.reason.startswith("reports/branch_sizes.toml: [sizes.say] has no text for zh.")


@pytest.mark.slow
def test_a_word_that_nobody_has_fails_the_report_with_where_to_write_it(
    made: RunResult, tmp_path: Path
) -> None:
    firm = Workbook(Path(shutil.copytree(made.folder.parents[1], tmp_path / "firm")))
    words = firm.notebooks / "reports" / "branch_sizes.toml"
    words.write_text(re.sub(r"\[sizes.say\]\n.*\n.*\n", "", words.read_text("utf-8")), "utf-8")
    (outcome,) = run(firm).outcomes
    assert "There are no words for branch_sizes.sizes.say." in outcome.reason


# ------------------------------------------------------------------ the command
def test_the_command_writes_both_files_and_says_what_is_next(
    empty: Workbook, cli: Callable[..., Result]
) -> None:
    done = cli("new-report", "fund_sales", "--title-zh", "基金销售", "-w", empty.folder)
    assert done.exit_code == 0, done.output
    assert "Make it: clientlib report fund_sales" in done.output
    assert {"fund_sales.ipynb", "fund_sales.toml"} <= {
        f.name for f in (empty.notebooks / "reports").iterdir()
    }


def test_the_command_says_that_a_chinese_title_is_owed(empty: Workbook, cli: Callable[..., Result]) -> None:
    told = cli("new-report", "fund_sales", "--language", "zh", "-w", empty.folder).output
    assert "中文标题暂用英文" in told
