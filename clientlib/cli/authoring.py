"""The command that begins a new report."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clientlib import workbook
from clientlib.cli.app import app
from clientlib.cli.options import LanguageOption, WorkbookOption, known_language
from clientlib.talk import out, say

TitleOption = Annotated[
    str | None, typer.Option("--title-en", metavar="TITLE", help="Its title in English; else from its name.")
]
ChineseTitleOption = Annotated[
    str | None, typer.Option("--title-zh", metavar="TITLE", help="Its title in Chinese.")
]
QuestionOption = Annotated[
    str | None, typer.Option("--question-en", metavar="QUESTION", help="The question that it answers.")
]
ChineseQuestionOption = Annotated[
    str | None, typer.Option("--question-zh", metavar="QUESTION", help="The same in Chinese.")
]


@app.command(
    name="new-report",
    epilog='Example: clientlib new-report fund_sales --title-en "Fund sales" --title-zh 基金销售',
)
def new_report(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Its file name: small letters, digits, underscores.")
    ],
    title_en: TitleOption = None,
    title_zh: ChineseTitleOption = None,
    question_en: QuestionOption = None,
    question_zh: ChineseQuestionOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Begin a new report: a notebook that runs at once, and its words in English and Chinese beside it.

    It needs no line elsewhere: it is made, listed and shown with all other reports. Nothing is written
    over. On a terminal, titles that were not given are asked for.
    """
    from clientlib.report import authoring

    spoken = known_language(language)
    found = workbook.find(folder)
    authoring.check_name(name, found)
    if sys.stdin.isatty():
        title_en = title_en or typer.prompt(say("new_report_title_en", spoken), authoring.derived_title(name))
        title_zh = title_zh or typer.prompt(say("new_report_title_zh", spoken), title_en)
    declared = authoring.Declaration.of(
        name, {"en": title_en, "zh": title_zh}, {"en": question_en, "zh": question_zh}
    )
    notebook = authoring.new_report(declared, found)
    out.print(say("new_report", spoken, notebook=notebook, words=notebook.with_suffix(".toml").name))
    if not title_zh:
        out.print(say("new_report_no_chinese", spoken))
    out.print(say("new_report_next", spoken, name=name))
