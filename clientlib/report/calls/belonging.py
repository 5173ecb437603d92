"""To which page a call list belongs: it is made from what the book held for that page, so that both agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clientlib.book import Book
from clientlib.report import manifest, parameters, publish
from clientlib.report.parameters import ALL, Question
from clientlib.report.publish import Edition

REPORT = "risk_review"


@dataclass(frozen=True)
class Belonging:
    """A risk review that stands in its place: the name of its edition, its two clocks."""

    edition: str
    as_of: dt.date
    known_at: dt.datetime


def asked(
    book: Book, day: dt.date | None, branch: str | None, language: str
) -> tuple[Question, Belonging | None]:
    """What a list is made of: the clocks of the risk review of that date, where one stands.

    Parameters
    ----------
    book : Book
    day : date, optional
        Without it that of the newest risk review; where there is none, the newest in the book.
    branch : str, optional
        Only this branch's clients.
    language : {"en", "zh"}
        Of the page that is looked for first.

    Raises
    ------
    ParameterError
        The book does not reach to that date, or there is no such branch.
    """
    from clientlib.report.page import book_facts

    mine = branch or book.access.person.branch
    page = page_of(book.workbook.reports, day, [mine] if mine else [], language)
    question = parameters.check(
        (),
        book_facts(book),
        book.settings,
        as_of=page.as_of if page else day,
        known_at=page.known_at if page else None,
        branch=branch or ALL,
    )
    return question, page


def page_of(reports: Path, day: dt.date | None, branches: Sequence[str], language: str) -> Belonging | None:
    """The risk review to which a list belongs.

    Parameters
    ----------
    reports : Path
        The folder of the editions.
    day : date, optional
        Of this date; without it the newest there is.
    branches : sequence of str
        Whose pages whoever asks looks at, the first of them first; then comes the page of the whole firm.
    language : {"en", "zh"}
        The page in this language counts, where it was made in several.

    Returns
    -------
    Belonging or None
        None where no such page was made.
    """
    order = [*branches, ALL]
    found = [
        (edition, run)
        for edition in publish.editions(reports)
        if edition.branch in order and day in (None, edition.as_of)
        if (run := _run(edition, language))
    ]
    if not found:
        return None
    edition, run = min(found, key=lambda pair: (-pair[0].as_of.toordinal(), order.index(pair[0].branch)))
    return Belonging(edition.folder.name, edition.as_of, dt.datetime.fromisoformat(run["known_at"]))


def known_at(edition: Edition) -> set[dt.datetime]:
    """What its pages of the risk review know: one instant, unless its languages were made apart."""
    runs = manifest.runs(edition.manifest, REPORT).values()
    return {dt.datetime.fromisoformat(run["known_at"]) for run in runs if run.get("page")}


def _run(edition: Edition, language: str) -> Mapping[str, Any] | None:
    runs = {lang: run for lang, run in manifest.runs(edition.manifest, REPORT).items() if run.get("page")}
    return runs.get(language) or next(iter(runs.values()), None)
