"""Whether the sources of a report have come: one that waits for prices is not made without the newest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clientlib.book import open_book
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


def late(workbook: Workbook, reports: Sequence[Report], question: Question) -> dict[str, list[Late]]:
    """For each report that has to wait, the sources that it waits for.

    An area without any row is no source of this firm's, and is not waited for.

    Raises
    ------
    WorkbookError
        A notebook waits for an area that there is not, or that has no dates.
    """
    wanted = {area for report in reports for area in report.waits_for}
    if not wanted:
        return {}
    for report in reports:
        _known(report, workbook.areas)
    newest = _newest(workbook, sorted(wanted), question)
    found = {
        report.name: [
            Late({lang: workbook.areas[area].title(lang) for lang in messages.LANGUAGES}, newest[area], day)
            for area, days in report.waits_for.items()
            if area in newest and newest[area] < (day := question.as_of - dt.timedelta(days=days))
        ]
        for report in reports
    }
    return {name: sources for name, sources in found.items() if sources}


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


def _newest(workbook: Workbook, areas: Sequence[str], question: Question) -> dict[str, dt.date]:
    """The newest date of each area that has rows at the question's two clocks."""
    found = {}
    with (
        open_book(workbook, role="report") as book,
        book.views(question.as_of, question.known_at) as connection,
    ):
        for area in areas:
            column = workbook.areas[area].business_date
            row = connection.execute(f'SELECT max("{column}")::DATE FROM "{area}"').fetchone()
            if row and row[0] is not None:
                found[area] = row[0]
    return found
