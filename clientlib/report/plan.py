"""Which reports a workbook has: one parameterised notebook each, found by being there.

A report is `notebooks/reports/NAME.ipynb` with a code cell tagged `parameters`, in which every line is a
name, its default, and a comment that says what it means. Its title and question stand in the notebook's
metadata under `clientlib`: `title_en`, `title_zh`, `question_en`, `question_zh`, `order`. Further, where they
apply: `waits_for` (area → how many days its newest row may lie before the as-of date; an older source is
waited for) and `draws_on_others` (true: made after all other reports of the edition, from what they found).
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clientlib.errors import ParameterError, Words, WorkbookError
from clientlib.workbook import Workbook

FOLDER = "reports"
"""Below the workbook's `notebooks`."""
TAG, INJECTED = "parameters", "injected-parameters"
"""The tags of the cell with the defaults, and of the cell that papermill puts behind it."""
_LAST = 1000
_HASH = 12


@dataclass(frozen=True)
class Parameter:
    """A parameter of a report: its `name`, `default` value and `meaning` (the comment beside it).

    A comment may say it in both languages, like the headings of a notebook: `English · 中文`.
    """

    name: str
    default: Any
    meaning: str

    def meaning_in(self, language: str) -> str:
        english, _, chinese = self.meaning.partition(" · ")
        return chinese or english if language == "zh" else english


@dataclass(frozen=True)
class Report:
    """A report as its notebook declares it. `name` is the notebook's file name without its ending."""

    name: str
    notebook: Path
    titles: dict[str, str]
    questions: dict[str, str]
    order: int
    parameters: tuple[Parameter, ...]
    waits_for: Mapping[str, int] = field(default_factory=dict)
    draws_on_others: bool = False

    def title(self, language: str) -> str:
        return self.titles.get(language) or self.name

    def question(self, language: str) -> str:
        return self.questions.get(language, "")


def discover(workbook: Workbook) -> tuple[Report, ...]:
    """The reports of a workbook in the order in which the index shows them.

    Raises
    ------
    WorkbookError
        There is none, or a notebook among them cannot be read as a report.
    """
    folder = workbook.notebooks / FOLDER
    found = [read(path) for path in sorted(folder.glob("*.ipynb"))]
    if not found:
        raise WorkbookError(
            f"There is no report in {folder}. Each is a notebook there; "
            "clientlib init lays out the first ones.",
            f"{folder} 中没有报告。每个报告是其中的一个笔记本；clientlib init 会生成最初的几个。",
        )
    return tuple(sorted(found, key=lambda report: (report.order, report.name)))


def read(path: Path) -> Report:
    """The report that the notebook at `path` declares."""
    try:
        notebook = json.loads(path.read_text("utf-8"))
        cells: list[dict[str, Any]] = notebook["cells"]
        facts = dict(notebook["metadata"].get("clientlib", {}))
    except (ValueError, KeyError, AttributeError, TypeError):
        raise WorkbookError(
            f"{path.name} is not a notebook. Open and save it in JupyterLab.",
            f"{path.name} 不是笔记本。请在JupyterLab中打开并保存。",
        ) from None
    tagged = _tagged(cells)
    if len(tagged) != 1:
        raise WorkbookError(
            f"{path.name} has {len(tagged)} cells tagged {TAG!r}; a report has one. "
            "Tag it in JupyterLab: property inspector (cogwheels), Cell tags.",
            f"{path.name} 中有{len(tagged)}个单元带有标签“{TAG}”，而报告应有一个。"
            "请在JupyterLab的属性面板（齿轮）的Cell tags中添加标签。",
        )
    return Report(
        name=path.stem,
        notebook=path,
        titles={k.removeprefix("title_"): str(v) for k, v in facts.items() if k.startswith("title_")},
        questions={
            k.removeprefix("question_"): str(v) for k, v in facts.items() if k.startswith("question_")
        },
        order=int(facts.get("order", _LAST)),
        waits_for={str(area): int(days) for area, days in facts.get("waits_for", {}).items()},
        draws_on_others=bool(facts.get("draws_on_others", False)),
        parameters=declared(path.name, cells),
    )


def declared(file: str, cells: Iterable[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    """The parameters that the tagged cell of a notebook declares; none where no cell is tagged."""
    return tuple(p for cell in _tagged(cells) for p in _parameters(file, _source(cell)))


def code_hash(cells: Iterable[Mapping[str, Any]]) -> str:
    """A short hash of a notebook's own code; what papermill put in for a run does not count."""
    own = [
        _source(cell)
        for cell in cells
        if cell["cell_type"] == "code" and INJECTED not in cell.get("metadata", {}).get("tags", [])
    ]
    return hashlib.sha256(json.dumps(own).encode()).hexdigest()[:_HASH]


def words_file(notebook: Path) -> Path:
    """Where a report's own words stand, in both languages: beside its notebook."""
    return notebook.with_suffix(".toml")


def choose(reports: Sequence[Report], names: Iterable[str] | None) -> tuple[Report, ...]:
    """The reports called `names`, in the reports' own order; without names, all.

    Raises
    ------
    ParameterError
        A name is no report's; the sentence suggests the nearest.
    """
    if names is None:
        return tuple(reports)
    wanted = set(names)
    known = [report.name for report in reports]
    for name in sorted(wanted - set(known)):
        hint = nearest(name, known)
        raise ParameterError(f"There is no report called {name}.{hint.en}", f"没有报告 {name}。{hint.zh}")
    return tuple(report for report in reports if report.name in wanted)


def nearest(word: str, known: Sequence[str]) -> Words:
    """` Did you mean …?`, or the list where nothing is near."""
    folded = {k.casefold(): k for k in known}
    if near := difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.5):
        likely = folded[near[0]]
        return Words(f" Did you mean {likely}?", f"是否指 {likely}？")
    return (
        Words(f" There are: {', '.join(known)}.", f"现有：{'、'.join(known)}。") if known else Words("", "")
    )


def _tagged(cells: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [cell for cell in cells if TAG in cell.get("metadata", {}).get("tags", [])]


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _parameters(file: str, source: str) -> Iterable[Parameter]:
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign):
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            raise WorkbookError(
                f"{file}: the parameters cell may hold only lines such as branch = 'all'.",
                f"{file}：参数单元中只能有形如 branch = 'all' 的行。",
            )
        if not isinstance(target, ast.Name):
            raise WorkbookError(
                f"{file}: each line of the parameters cell sets one name.",
                f"{file}：参数单元的每一行只能设置一个名称。",
            )
        comment = lines[statement.lineno - 1][(statement.end_col_offset or 0) :].strip()
        yield Parameter(target.id, ast.literal_eval(value), comment.lstrip("# "))
