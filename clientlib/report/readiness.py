"""Whether the sources of a report have come: one that waits for prices is not made without the newest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clientlib.book import Book, open_book
from clientlib.errors import WorkbookError
from clientlib.report import messages
from clientlib.report.parameters import Question
from clientlib.report.plan import Report, nearest
from clientlib.tables import Areas
from clientlib.workbook import Workbook


@dataclass(frozen=True)
class Late:
    """A source that has not come: the `title` of its area by language, the `newest` date it has, and the
    date `wanted` at least."""

    titles: Mapping[str, str]
    newest: dt.date
    wanted: dt.date


def late(
    workbook: Workbook, reports: Sequence[Report], questions: Sequence[Question]
) -> dict[dt.date, dict[str, list[Late]]]:
    """For each as-of date of a run's questions the reports that have to wait, with their sources.

    An area without any row is no source of this firm's, and is not waited for. The book is opened once, and
    each date looked at once, however many branches are asked for.

    Raises
    ------
    WorkbookError
        A notebook waits for an area that there is not, or that has no dates.
    """
    wanted = sorted({area for report in reports for area in report.waits_for})
    if not wanted:
        return {}
    for report in reports:
        _known(report, workbook.areas)
    clocks = {question.as_of: question.known_at for question in questions}
    with open_book(workbook, role="report") as book:
        newest = {day: _newest(book, wanted, day, known_at) for day, known_at in clocks.items()}
    return {day: _late(workbook.areas, reports, day, found) for day, found in newest.items()}


def sentence(sources: Sequence[Late], language: str) -> str:
    """What is waited for, in words."""
    return " ".join(
        messages.say(
            "page.waiting",
            language,
            area=source.titles[language],
            wanted=source.wanted,
            newest=source.newest,
        )
        for source in sources
    )


def _known(report: Report, areas: Areas) -> None:
    for area in report.waits_for:
        if area not in areas:
            hint = nearest(area, list(areas))
            raise WorkbookError(
                f"{report.notebook.name} waits for an area {area!r} that there is not."
                f"{hint.en} Mend waits_for in the notebook's metadata.",
                f"{report.notebook.name} 等待的表“{area}”不存在。{hint.zh}请更正笔记本元数据中的 waits_for。",
            )
        if areas[area].business_date is None:
            raise WorkbookError(
                f"{report.notebook.name} waits for the area {area}, whose rows have no date. "
                "Take it out of waits_for in the notebook's metadata.",
                f"{report.notebook.name} 等待的表 {area} 没有业务日期。请从笔记本元数据的 waits_for 中去掉。",
            )


def _late(
    areas: Areas, reports: Sequence[Report], as_of: dt.date, newest: Mapping[str, dt.date]
) -> dict[str, list[Late]]:
    found = {
        report.name: [
            Late({lang: areas[area].title(lang) for lang in messages.LANGUAGES}, newest[area], day)
            for area, days in report.waits_for.items()
            if area in newest and newest[area] < (day := as_of - dt.timedelta(days=days))
        ]
        for report in reports
    }
    return {name: sources for name, sources in found.items() if sources}


def _newest(book: Book, areas: Sequence[str], as_of: dt.date, known_at: dt.datetime) -> dict[str, dt.date]:
    """The newest date of each area that has rows at these two clocks."""
    found = {}
    with book.views(as_of, known_at) as connection:
        for area in areas:
            column = book.areas[area].business_date
            row = connection.execute(f'SELECT max("{column}")::DATE FROM "{area}"').fetchone()
            if row and row[0] is not None:
                found[area] = row[0]
    return found
