"""Where call lists lie: `calls/EDITION/` beside `reports/`, for their owner only, and for how long.

Not in the edition's own folder, and nowhere below `reports/`: that is what managers read, what a web server
shows and what is copied elsewhere, whatever the modes of its files. A list is never replaced, for somebody
may have written into it: its name tells the state of the book that it was made from.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Collection, Sequence
from pathlib import Path

from clientlib.aside import private_folder
from clientlib.book.opened import Identity
from clientlib.report.calls.listing import CallList
from clientlib.report.publish import plain_name

_STAMP = "%Y%m%dT%H%M%SZ"
_IGNORED = "# Who clients are stands here: never in a repository.\n*\n"


def prepared(calls: Path, edition: str) -> Path:
    """The folder of an edition's lists, made if it is not there; only its owner may look into it.

    Raises
    ------
    Unwritable
        It cannot be made, or belongs to another account.
    """
    private_folder(calls)
    ignoring = calls / ".gitignore"
    if not ignoring.exists():
        ignoring.write_text(_IGNORED, "utf-8")
    private_folder(calls / edition)
    return calls / edition


def file_name(
    whom: str, as_of: dt.date, known_at: dt.datetime, identity: Identity, languages: Sequence[str]
) -> str:
    """How a list is called: whom it is for, of when, from what the book held when, how it shows clients."""
    shows = {"plain": "", "masked": "-masked", "hidden": "-numbers"}[identity]
    parts = ["calls", as_of.isoformat(), plain_name(whom), _stamp(known_at)]
    return f"{'-'.join(parts)}{shows}.{'-'.join(languages)}.xlsx"


def targets(
    listed: CallList, folder: Path, scope: str | None, languages: Sequence[str], nobody: str
) -> dict[Path, CallList]:
    """Which file of `folder` holds which part of a list: one for `scope`, or without it one an advisor.

    `nobody` is the word for clients without an advisor.
    """

    def named(whom: str) -> Path:
        return folder / file_name(whom, listed.as_of, listed.known_at, listed.identity, languages)

    if scope is not None:
        return {named(scope): listed}
    return {named(whom or nobody): listed.of(whom) for whom in listed.advisors}


def earlier(calls: Path, edition: str, known: Collection[dt.datetime]) -> list[Path]:
    """Lists of an edition that were made from another state of the book than those `known`."""
    marks = tuple(_stamp(moment) for moment in known)
    return [file for file in _lists(calls / edition) if not any(mark in file.name for mark in marks)]


def _lists(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):  # another account's
        return sorted(folder.glob("*.xlsx"))
    return []


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime(_STAMP)
