"""Which editions have had their time, and how they go: what `keep_days` and `keep_months` of [reports] mean.

An edition's age counts from the day on which it was made, not from its as-of date: otherwise a backfill of
old dates would be gone with the run that made it. Nothing is deleted that a reader may still be sent to.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from clientlib.aside import remove_folder
from clientlib.report.publish import Edition

_OF_AN_EDITION = re.compile(r"\d{4}-\d{2}-\d{2}(--.+)?")
"""The name of its folder."""
_Page = tuple[str, str, str]
"""Branch, report and language."""


def expendable(
    editions: Iterable[Edition], today: dt.date, keep_days: int, keep_months: int
) -> tuple[Edition, ...]:
    """The editions that have had their time.

    Parameters
    ----------
    editions : iterable of Edition
        All that there are, in any order.
    today : date
        Of the firm's calendar or UTC's: a day more or less does not matter.
    keep_days : int
        What was made no longer ago is kept.
    keep_months : int
        Of what is older, the last as-of date of each month is kept for each branch, until it was made so many
        months ago.

    Returns
    -------
    tuple of Edition
        The newest as-of date first. Never among them, however old: the newest edition of a branch, the one
        with the newest good page of a report in a language, and the one with the last good page of a report
        that failed, or waited, in an edition that is kept. Nor one that does not tell when it was made.
    """
    dated = (edition for edition in editions if "made_at" in edition.manifest)
    found = sorted(dated, key=lambda e: (e.as_of, e.folder.name), reverse=True)
    kept: set[Path] = set()
    months: set[tuple[str, int, int]] = set()
    for edition in found:
        month = (edition.branch, edition.as_of.year, edition.as_of.month)
        age = today - made_on(edition)
        last = month not in months
        if age.days <= keep_days or (last and _months(made_on(edition), today) <= keep_months):
            kept.add(edition.folder)
        months.add(month)
    kept |= _newest(found)
    kept |= _last_good(found, kept)
    return tuple(edition for edition in found if edition.folder not in kept)


def made_on(edition: Edition) -> dt.date:
    """The day, in UTC, on which the edition was made or last changed by a run."""
    return dt.datetime.fromisoformat(edition.manifest["made_at"]).astimezone(dt.UTC).date()


def delete(editions: Sequence[Edition], calls: Path) -> list[str]:
    """Delete editions; each leaves its place by one rename, so that nobody meets a half.

    Parameters
    ----------
    editions : sequence of Edition
    calls : Path
        The folder of the call lists: those that belong to a deleted edition go with it.

    Returns
    -------
    list of str
        The names of those that are gone. One that is held open by somebody, on systems where that holds a
        folder, stays for the next time.
    """
    gone = []
    for edition in editions:
        with contextlib.suppress(OSError):
            remove_folder(edition.folder)
            gone.append(edition.folder.name)
        with contextlib.suppress(OSError):  # there are none, or they are another account's, who clears them
            remove_folder(calls / edition.folder.name)
    return gone


def expire_calls(calls: Path, today: dt.date, keep_days: int) -> list[str]:
    """Take away the call lists that were last written more than `keep_days` ago.

    Those of an edition that is deleted go with it. But one of a month's end is kept for years, which no list
    of names and numbers should be.

    Returns
    -------
    list of str
        The lists that are gone, as `EDITION/FILE`. What belongs to another account stays.
    """
    gone = []
    for file in sorted(calls.glob("*/*.xlsx")):
        if not _OF_AN_EDITION.fullmatch(file.parent.name):
            continue
        with contextlib.suppress(OSError):
            written = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC).date()
            if (today - written).days > keep_days:
                file.unlink()
                gone.append(f"{file.parent.name}/{file.name}")
                file.parent.rmdir()  # unless another list is in it
    return gone


# ------------------------------------------------------------------ within
def _months(since: dt.date, until: dt.date) -> int:
    return (until.year - since.year) * 12 + until.month - since.month


def _newest(newest_first: Sequence[Edition]) -> set[Path]:
    """The newest of each branch, and those with the newest good page of a report in a language."""
    branches: dict[str, Path] = {}
    pages: dict[_Page, Path] = {}
    for edition in newest_first:
        branches.setdefault(edition.branch, edition.folder)
        for page in _good(edition):
            pages.setdefault(page, edition.folder)
    return {*branches.values(), *pages.values()}


def _last_good(newest_first: Sequence[Edition], kept: set[Path]) -> set[Path]:
    """Those that a kept edition sends its readers to, because a report could not be made in it."""
    wanted: set[_Page] = set()
    found: set[Path] = set()
    for edition in newest_first:
        good = set(_good(edition))
        if wanted & good:
            found.add(edition.folder)
            wanted -= good
        if edition.folder in kept | found:
            wanted |= set(_without_page(edition))
    return found


def _good(edition: Edition) -> Iterator[_Page]:
    """The pages that say something, be they of the edition's last run or of an earlier one."""
    for name, entry in edition.manifest["reports"].items():
        for language, run in entry["runs"].items():
            if run.get("page") and run["status"] != "unavailable":
                yield edition.branch, name, language


def _without_page(edition: Edition) -> Iterator[_Page]:
    for name, entry in edition.manifest["reports"].items():
        for language, run in entry["runs"].items():
            if not run.get("page"):
                yield edition.branch, name, language
