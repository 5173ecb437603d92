"""Options that several commands share, and what they may be."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clientlib.errors import ClientlibError, ParameterError, Unwritable

if TYPE_CHECKING:
    from clientlib.config import Language
    from clientlib.workbook import Workbook

EDITOR = "data_entry"
"""The role in which commands change the book unless somebody names another."""
KEEPER = "administrator"
"""The role in which commands keep the book's files: its keys and backups."""
FINDINGS = 1
"""The exit code when something was found to be wrong; 2 is wrong use or environment."""

WorkbookOption = Annotated[
    Path | None,
    typer.Option(
        "--workbook",
        "-w",
        metavar="FOLDER",
        help="The workbook folder; else CLIENTLIB_WORKBOOK, else the nearest parent with a workbook.toml.",
    ),
]
LanguageOption = Annotated[
    str, typer.Option("--language", "-l", metavar="en|zh", help="Language of messages and files.")
]
PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files.")]
ReaderOption = Annotated[
    str | None,
    typer.Option("--reader", metavar="NAME", help="How to read: auto (default) or far-trans."),
]
FindingsOption = Annotated[
    Path | None,
    typer.Option("--findings", metavar="FILE.csv", help="Write every finding into this file too."),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", help="Where to; by default NAME-checked beside PATH."),
]
ConfirmedOption = Annotated[
    Path | None,
    typer.Option(
        "--confirmed", metavar="FILE.xlsx", help="The answered questions of: clientlib recognise PATH"
    ),
]
RoleOption = Annotated[
    str | None,
    typer.Option("--role", metavar="ROLE", help="The role of the settings in which to see and do this."),
]
BranchOption = Annotated[
    str | None, typer.Option("--branch", metavar="BRANCH", help="Only this branch's clients.")
]


def taken(role: str | None, found: Workbook, preferred: str) -> str:
    """The role that was named; else `preferred`, or what the person who asks may take instead of it."""
    from clientlib.book import usual_role

    return role or usual_role(found.settings, preferred)


def not_there_yet(file: Path) -> None:
    """Make sure that a workbook for people to write into does not take the place of one they wrote into.

    Raises
    ------
    Unwritable
        There is such a file.
    """
    if file.is_file():
        raise Unwritable(
            f"{file} is there already, and somebody may have written into it. "
            "Name another file, or move it away.",
            f"{file} 已存在，可能有人已在其中填写。请改用其他文件名，或将其移走。",
        )


def known_day(text: str | None, option: str) -> dt.date | None:
    """A day as it was typed for an option; None where it was not."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        pass
    raise ParameterError(
        f'{option}: "{text}" is no date of the calendar. Write e.g. 2026-06-30.',
        f"{option}：“{text}”不是日历上的日期。请写成如 2026-06-30。",
    )


def known_language(language: str) -> Language:
    if language not in ("en", "zh"):
        raise ClientlibError(
            f'There is no language "{language}". Choose en or zh.',
            f"没有语言“{language}”。请选择 en 或 zh。",
        )
    return "zh" if language == "zh" else "en"
