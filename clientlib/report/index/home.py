"""What stands above all editions: the home page, the feed, and the list for machines.

They are written anew whenever an edition comes or goes, each put in its place by one rename. A process that
dies in between leaves the old ones, which speak of editions that are still whole; who deletes editions
writes them `without` these first.
"""

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from clientlib import aside
from clientlib.report import exporter, manifest
from clientlib.report.index import archive, feed, front, spoken
from clientlib.report.index.shelf import Brief, briefs
from clientlib.report.messages import LANGUAGES
from clientlib.workbook import Workbook

FORMAT = 1
LIST = manifest.FILE
"""The name of the list for machines, like that of an edition's own manifest."""


def write(workbook: Workbook, without: Collection[str] = ()) -> None:
    """Write the home pages, the feeds and `manifest.json` into the folder of all reports.

    Parameters
    ----------
    without : collection of str
        The folder names of editions that are about to be deleted.

    Raises
    ------
    Unwritable
        The folder cannot be written, or the disk is full.
    """
    found = briefs(workbook.reports, without)
    languages = spoken.languages(frozenset().union(*(b.languages for b in found)), workbook.settings)
    first, now = languages[0], dt.datetime.now(dt.UTC)
    files = {LIST: _list(found)}
    for language in languages:
        entries = feed.atom(found, workbook, language, now)
        front.look_through(entries, workbook.settings)
        files[feed.file_name(language, first)] = entries
        page = exporter.file_name("index", language, workbook.settings)
        files[page] = _page(found, languages, language, workbook)
    mode = _mode(workbook.reports, found)
    for name, text in files.items():
        aside.write_text(workbook.reports / name, text, mode=mode)
    _forget_others(workbook.reports, files)


def _page(found: Sequence[Brief], languages: Sequence[str], language: str, workbook: Workbook) -> str:
    settings = workbook.settings
    newest = _newest(found)
    return front.page(
        "home.html.j2",
        language,
        settings,
        **(_front(newest, workbook, language) if newest else {}),
        newest=newest,
        root="",
        feed=feed.file_name(language, languages[0]),
        feed_type=feed.MEDIA_TYPE,
        list=LIST,
        archive=archive.archive(found, language, languages[0]),
        weekdays=archive.weekdays(language),
        alternates=spoken.alternates("index", languages, language, settings),
    )


def _front(newest: Brief, workbook: Workbook, language: str) -> dict[str, Any]:
    told = manifest.read(workbook.reports / newest.folder)
    front.bring_words(told, workbook)
    address = newest.index(language, workbook.settings.firm.languages[0])
    here = address.rpartition("/")[0] + "/"
    return {**front.front(told, workbook, language), "here": here, "edition": address}


def _newest(found: Sequence[Brief]) -> Brief | None:
    """The newest edition of the whole firm; where all are of one branch, the newest of that."""
    of_the_firm = next((brief for brief in found if brief.of_the_firm), None)
    alone = found[0] if len({brief.branch for brief in found}) == 1 else None
    return of_the_firm or alone


def _list(found: Sequence[Brief]) -> str:
    """JSON, a line an edition; made from their own lines, as there may be thousands."""
    lines = ",\n".join(brief.line for brief in found)
    return f'{{"format": {FORMAT}, "editions": [\n{lines}\n]}}\n'


def _mode(reports: Path, found: Sequence[Brief]) -> int:
    """Who may read the newest edition may read its way in; without an edition, who might before."""
    for like in (reports / found[0].folder / manifest.FILE if found else None, reports / LIST):
        if like and like.exists():
            return stat.S_IMODE(like.stat().st_mode)
    return aside.EVERYBODY


def _forget_others(reports: Path, written: Iterable[str]) -> None:
    """Take away the pages and feeds of languages in which there is no report any more."""
    for language in LANGUAGES:
        for name in {f"index.{language}.html", f"feed.{language}.xml"} - set(written):
            (reports / name).unlink(missing_ok=True)
