"""What an erasure did, and what it does not reach, in words: for the terminal and for the page alike.

Nothing here tells who the client is: the number stands in it, rows and files by their names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args
from zoneinfo import ZoneInfo

from clientlib.book.personal import Erasure
from clientlib.book.personal.elsewhere import Kind
from clientlib.book.personal.mentions import BATCH
from clientlib.config import Language
from clientlib.report import formats, messages
from clientlib.workbook import Workbook

_BETWEEN = {"en": ", ", "zh": "、"}


@dataclass(frozen=True)
class Outcome:
    """What becomes of the client's rows of one area, each part as it is written."""

    area: str
    gone: str
    locked: str
    keep_until: str
    law: str


@dataclass(frozen=True)
class Beyond:
    """Something that an erasure of the book does not reach: what, what to do about it, and where it is."""

    title: str
    advice: str
    items: tuple[str, ...] = ()


def say(key: str, language: Language, **values: Any) -> str:
    return messages.say(f"erasure.{key}", language, **values)


def outcomes(erasure: Erasure, language: Language, workbook: Workbook) -> list[Outcome]:
    """A line for each area in which the client has rows."""
    return [
        Outcome(
            area=workbook.areas[name].title(language),
            gone=formats.write(share.gone, "count", language),
            locked=formats.write(share.locked, "count", language),
            keep_until=formats.date(share.keep_until, language) if share.keep_until else formats.MISSING,
            law=_BETWEEN[language].join(messages.say(f"person.law.{law}", language) for law in share.laws),
        )
        for name, share in erasure.areas.items()
    ]


def others(erasure: Erasure, language: Language) -> str:
    """What becomes of other clients' relations that name the client; empty where none does."""
    count = erasure.relations_of_others
    if not count:
        return ""
    return say("others_done" if erasure.batch else "others", language, count=count)


def beyond(erasure: Erasure, language: Language, workbook: Workbook) -> Iterator[Beyond]:
    """What the command does not reach, with an advice for each."""
    zone = ZoneInfo(workbook.settings.firm.time_zone)

    def dated(what: str, at: dt.datetime) -> str:
        return f"{what} ({at.astimezone(zone):%Y-%m-%d})"

    for kind in get_args(Kind):
        items = tuple(dated(trace.path, trace.dated) for trace in erasure.traces if trace.kind == kind)
        if items:
            yield _beyond(kind, language, items)
    if erasure.mentions:
        yield _beyond("mention", language, tuple(_mentions(erasure, language, workbook)))
    yield _beyond("shared", language, tuple(dated(one.to, one.at) for one in erasure.given))
    yield _beyond("audit", language, years=workbook.settings.audit.keep_years)


def _beyond(kind: str, language: Language, items: tuple[str, ...] = (), **values: Any) -> Beyond:
    title, advice = (say(f"beyond.{kind}.{part}", language, **values) for part in ("title", "advice"))
    return Beyond(title, advice, items)


def _mentions(erasure: Erasure, language: Language, workbook: Workbook) -> Iterator[str]:
    for one in erasure.mentions:
        title = say("batch", language) if one.area == BATCH else workbook.areas[one.area].title(language)
        yield f"{title} {one.key}"
