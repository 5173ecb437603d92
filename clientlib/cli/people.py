"""Commands about clients' records: what has to be mended, by whom, and who may be one and the same client."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from clientlib import talk, workbook
from clientlib.aside import write_text
from clientlib.cli.app import app
from clientlib.cli.options import (
    EDITOR,
    BranchOption,
    LanguageOption,
    RoleOption,
    WorkbookOption,
    known_language,
    taken,
)
from clientlib.errors import PermissionRefused
from clientlib.talk import out, say
from clientlib.workbook import Workbook

if TYPE_CHECKING:
    import pandas as pd

    from clientlib.analysis.quality import DataQuality
    from clientlib.config import Language

ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; numbers in it are masked when it is kept.")
]
REVIEWER = "report"
"""The role in which records are looked through unless somebody names another: nobody's identity is wanted."""


# ------------------------------------------------------------------------- what is to be done
@app.command(epilog="Example: clientlib pending --branch 上海浦东 --language zh")
def pending(
    branch: BranchOption = None,
    role: RoleOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """List the rows that were accepted although a required cell is empty, until they are complete."""
    from clientlib.report.worklist import sentences

    spoken = known_language(language)
    found = workbook.find(folder)
    review = _reviewed(found, branch, taken(role, found, REVIEWER), spoken)
    told = sentences(review.pending, spoken, found.areas)
    talk.pending(review.pending, told, review.as_of, spoken)


@app.command(epilog="Example: clientlib worklist --branch 上海浦东 --output worklist.xlsx")
def worklist(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.xlsx", help="The workbook to write.")
    ] = Path("worklist.xlsx"),
    branch: BranchOption = None,
    role: RoleOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Write what each branch has to mend in its clients' records, most urgent first, as a workbook.

    A cell of it has the Chinese and the English wording, whatever the language of the message.
    """
    from clientlib.report.worklist import write_work_list

    spoken = known_language(language)
    found = workbook.find(folder)
    review = _reviewed(found, branch, taken(role, found, REVIEWER), spoken)
    path = write_work_list(review.work_list, output, review.as_of, areas=found.areas)
    clients = review.work_list["client_id"].nunique()
    out.print(say("work_list", spoken, path=path, clients=clients, day=review.as_of))


def _reviewed(found: Workbook, branch: str | None, role: str, language: Language) -> DataQuality:
    """The review of the records as of the newest day in the book, without anybody's identity."""
    from clientlib.analysis.quality import review_quality
    from clientlib.book import open_book

    with talk.working(say("doing_review", language)), open_book(found, role=role) as book:
        talk.known_branch(branch, book.branches())
        day = book.latest_as_of() or _today(found)
        records = {name: book.area(name, pending=True) for name in book.counts()}
    return review_quality(records, day, found.settings, areas=found.areas, branch=branch)


def _today(found: Workbook) -> dt.date:
    return dt.datetime.now(ZoneInfo(found.settings.firm.time_zone)).date()


# ------------------------------------------------------------------------------ one and the same
@app.command(epilog="Example: clientlib duplicates --dismiss C0001 C0002")
def duplicates(
    dismiss: Annotated[
        tuple[str, str] | None,
        typer.Option("--dismiss", metavar="ONE OTHER", help="These two are not the same: leave them out."),
    ] = None,
    reason: ReasonOption = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Where to; by default data/work."),
    ] = None,
    role: RoleOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Write a page of clients who may be one and the same, pair by pair, with the reasons. A person decides.

    Identity is masked on the page. Two who are one: clientlib merge; two who are not: --dismiss.
    """
    from clientlib.book import open_book

    spoken = known_language(language)
    found = workbook.find(folder)
    doing = taken(role, found, EDITOR)
    if dismiss is not None:
        with open_book(found, role=doing, write=True) as book:
            number = book.keep_apart(*dismiss, reason)
        out.print(say("kept_apart", spoken, one=dismiss[0], other=dismiss[1], batch=number))
        return
    pairs, pages = _duplicate_pages(found, doing, spoken)
    target = output or found.work
    for name, html in pages.items():
        write_text(target / name, html)
    if pairs:
        own = _page_name(spoken)
        out.print(
            say("may_be_one", spoken, pairs=pairs, path=target / (own if own in pages else next(iter(pages))))
        )
    else:
        out.print(say("none_may_be_one", spoken))


def _page_name(language: Language) -> str:
    return f"duplicates.{language}.html"


def _duplicate_pages(found: Workbook, role: str, spoken: Language) -> tuple[int, dict[str, str]]:
    """How many pairs there are, and the page of them in each language of the firm."""
    from clientlib.analysis.quality import find_duplicates
    from clientlib.book import open_book
    from clientlib.report.duplicates_page import duplicates_page

    languages = found.settings.firm.languages
    names = {language: _page_name(language) for language in languages}
    with talk.working(say("doing_compare", spoken)):
        with open_book(found, role=role) as book:
            if book.identity != "plain":
                raise PermissionRefused(
                    f"Clients are compared by who they are: identity must be plain to the role {role}, and "
                    "the vault's key must be here.",
                    f"比对客户须使用身份信息：角色 {role} 须能看到明文身份，且此处须有身份库密钥。",
                )
            # Without a day: somebody who came after the last trade may be here twice as well.
            clients, contacts = (book.area(name) for name in ("clients", "contacts"))
            apart = _apart(book.decisions())
        pairs = find_duplicates(clients, contacts, dismissed=apart)
        pages = {
            names[language]: duplicates_page(
                pairs,
                clients,
                contacts,
                language,
                found.settings,
                day=_today(found),
                alternates={other: file for other, file in names.items() if other != language},
                areas=found.areas,
            )
            for language in languages
        }
    return len(pairs), pages


def _apart(decisions: pd.DataFrame) -> pd.DataFrame:
    apart = decisions[decisions["kind"] == "different"]
    return apart.rename(columns={"kept": "client_id_l", "other": "client_id_r"})


@app.command(epilog='Example: clientlib merge C0001 C0002 --reason "same ID card, opened twice"')
def merge(
    keep: Annotated[str, typer.Argument(metavar="KEEP", help="The client number that stays.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The one that reads as KEEP from now on.")],
    reason: ReasonOption = "",
    role: RoleOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Record that two clients are one and the same. No row is moved, and it can be undone."""
    from clientlib.book import open_book

    spoken = known_language(language)
    found = workbook.find(folder)
    with open_book(found, role=taken(role, found, EDITOR), write=True) as book:
        number = book.merge(keep, other, reason)
    out.print(say("merged", spoken, keep=keep, other=other, batch=number))
