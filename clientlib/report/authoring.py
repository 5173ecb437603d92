"""A new report from a skeleton: a notebook that runs at once, and beside it its words in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from clientlib.aside import EVERYBODY, write_text
from clientlib.errors import ParameterError
from clientlib.report import messages, plan
from clientlib.report.plan import words_file
from clientlib.workbook import Workbook

LONGEST_NAME = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_QUESTIONS = {"en": "How many clients does each branch have?", "zh": "各营业部有多少客户？"}
"""What the skeleton answers."""


@dataclass(frozen=True)
class Declaration:
    """How a new report is called: its file name, and title and question by language."""

    name: str
    titles: Mapping[str, str]
    questions: Mapping[str, str]

    @classmethod
    def of(
        cls, name: str, titles: Mapping[str, str | None], questions: Mapping[str, str | None]
    ) -> Declaration:
        """What is not said is derived: a title from the name, the question from what the skeleton answers."""
        english = titles.get("en") or derived_title(name)
        return cls(
            name=name,
            titles={"en": english, "zh": titles.get("zh") or english},
            questions={language: questions.get(language) or said for language, said in _QUESTIONS.items()},
        )


def derived_title(name: str) -> str:
    """`fund_sales` → `Fund sales`."""
    return name.replace("_", " ").capitalize()


def check_name(name: str, workbook: Workbook) -> Path:
    """Where the notebook of a new report called `name` will stand.

    Raises
    ------
    ParameterError
        The name is none, or taken.
    """
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ParameterError(
            f'"{name}" cannot be the name of a report. It is made of small letters, digits and single '
            f"underscores, begins with a letter and has at most {LONGEST_NAME} of them: e.g. fund_sales.",
            f"“{name}”不能作为报告名称。名称由小写字母、数字和单个下划线组成，以字母开头，"
            f"最多{LONGEST_NAME}个字符，例如 fund_sales。",
        )
    notebook = workbook.notebooks / plan.FOLDER / f"{name}.ipynb"
    for file in (notebook, words_file(notebook)):
        if file.exists():
            raise ParameterError(
                f"{plan.FOLDER}/{file.name} is there already. Choose another name, or go on from that one.",
                f"{plan.FOLDER}/{file.name} 已存在。请换一个名称，或在其基础上修改。",
            )
    if any(key.startswith(f"{name}.") for key in messages.of_package()) or name == "index":
        raise ParameterError(
            f"The name {name} is taken by pages of clientlib. Choose another.",
            f"名称 {name} 已被 clientlib 的页面占用。请换一个名称。",
        )
    return notebook


def new_report(declared: Declaration, workbook: Workbook) -> Path:
    """Write the notebook of a new report and its words, and give the notebook's place.

    Raises
    ------
    ParameterError
        The name is none, or taken; nothing is written over.
    Unwritable
        The files cannot be written.
    """
    notebook = check_name(declared.name, workbook)
    words = _skeleton("report.toml").replace("REPORT_NAME", declared.name)
    text = _notebook(declared, _next_order(workbook))
    # The notebook comes last: it is what makes them a report.
    write_text(words_file(notebook), words, mode=EVERYBODY)
    try:
        write_text(notebook, text, mode=EVERYBODY)
    except BaseException:
        words_file(notebook).unlink(missing_ok=True)
        raise
    return notebook


# ------------------------------------------------------------------ within
def _skeleton(file: str) -> str:
    return resources.files("clientlib.report").joinpath("skeleton", file).read_text("utf-8")


def _notebook(declared: Declaration, order: int) -> str:
    import nbformat

    notebook: Any = nbformat.reads(_skeleton("report.ipynb"), as_version=4)
    put_in = {
        "REPORT_NAME": declared.name,
        "TITLE_EN": declared.titles["en"],
        "TITLE_ZH": declared.titles["zh"],
        "QUESTION_EN": declared.questions["en"],
    }
    for n, cell in enumerate(notebook.cells):
        cell.id = f"{declared.name.replace('_', '-')}-{n:02}"
        for mark, value in put_in.items():
            cell.source = cell.source.replace(mark, value)
    facts = notebook.metadata.clientlib
    facts.update({f"title_{language}": title for language, title in declared.titles.items()})
    facts.update({f"question_{language}": question for language, question in declared.questions.items()})
    facts["order"] = order
    return str(nbformat.writes(notebook)) + "\n"


def _next_order(workbook: Workbook) -> int:
    """Behind all others but those that draw on them."""
    folder = workbook.notebooks / plan.FOLDER
    others = [plan.read(path) for path in sorted(folder.glob("*.ipynb"))]
    return max((other.order for other in others if not other.draws_on_others), default=0) + 1
