"""What of a run is worth a message, and the message: in the firm's first language, nothing of any client."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from clientlib.config import Happening, Language, Settings
from clientlib.report import guard, messages
from clientlib.report.run import RunResult

MOST = 20
"""So many lines are told of each kind; more are only counted."""
KINDS: tuple[Happening, ...] = ("failed", "waiting", "high", "missed")
"""In the order in which they are told."""


@dataclass(frozen=True)
class Happened:
    """One thing that happened. `about` names it the same each time, so that it need not be told twice."""

    kind: Happening
    about: str
    told: str


@dataclass(frozen=True)
class Message:
    """A message: for people `subject` and `text`, for machines `facts`."""

    subject: str
    text: str
    facts: dict[str, Any]


# ---------------------------------------------------------------------------- what happened
def in_run(result: RunResult, settings: Settings) -> list[Happened]:
    """What happened in a run that somebody wants to know; a report in several languages counts once."""
    language = settings.firm.languages[0]
    found: dict[str, Happened] = {}
    for outcome in sorted(result.outcomes, key=lambda o: o.language != language):
        title = outcome.title or outcome.report
        page = messages.say("notify.page", language, title=title, edition=outcome.edition)
        name = f"{outcome.report} {outcome.edition}"
        told: list[tuple[Happening, str, str]] = []
        if outcome.status == "failed":
            told = [("failed", name, outcome.reason)]
        elif outcome.status == "skipped":
            told = [("waiting", name, outcome.message)]
        elif outcome.status == "made":
            urgent = [point for point in outcome.points if point["severity"] == "high"]
            told = [("high", f"{name} {point['key']}", point["text"]) for point in urgent]
        for kind, about, why in told:
            line = _line(page, why, settings)
            found.setdefault(f"{kind} {about}", Happened(kind, f"{kind} {about}", line))
    return [one for one in found.values() if one.kind in settings.notify.on]


def _line(page: str, told: str, settings: Settings) -> str:
    """A line about a page. What it tells was made to be read, yet it is looked at again before it leaves."""
    language = settings.firm.languages[0]
    if guard.sightings(html.escape(told), settings.reports.planted):
        told = messages.say("notify.withheld", language)
    return messages.say("notify.line", language, page=page, told=told)


def missed(moment: dt.datetime, settings: Settings) -> list[Happened]:
    """That reports were due at `moment` and are not made any more, where somebody wants to know."""
    if "missed" not in settings.notify.on:
        return []
    local = f"{moment.astimezone(ZoneInfo(settings.firm.time_zone)):%Y-%m-%d %H:%M}"
    told = messages.say("notify.missed_told", settings.firm.languages[0], moment=local)
    return [Happened("missed", f"missed {moment.isoformat()}", told)]


# ------------------------------------------------------------------------------ in words
def message(happened: Sequence[Happened], settings: Settings, *, index: str = "") -> Message:
    """The message about what happened; about nothing, a trial.

    Parameters
    ----------
    index : str
        The page to open, relative to the folder of the reports.
    """
    language = settings.firm.languages[0]
    firm = settings.firm.name_zh if language == "zh" else settings.firm.name
    what = ("，" if language == "zh" else ", ").join(_counts(happened, language))
    subject = messages.say("notify.subject", language, firm=firm, what=what)
    told = list(_told(happened, language))
    address = _address(index, settings)
    if address:
        told.append(messages.say("notify.open", language, address=address))
    told.append(messages.say("notify.watch", language))
    listed = [{"kind": one.kind, "about": one.about, "told": one.told} for one in happened]
    return Message(subject, "\n".join(told) + "\n", {"subject": subject, "happened": listed, "open": address})


def _counts(happened: Sequence[Happened], language: Language) -> Iterator[str]:
    if not happened:
        yield messages.say("notify.trial", language)
    for kind in KINDS:
        if count := sum(one.kind == kind for one in happened):
            yield messages.say(f"notify.{kind}", language, pages=count, points=count)


def _told(happened: Sequence[Happened], language: Language) -> Iterator[str]:
    if not happened:
        yield messages.say("notify.trial_told", language)
        yield ""
    for kind in KINDS:
        lines = [one.told for one in happened if one.kind == kind]
        if not lines:
            continue
        yield messages.say(f"notify.heading.{kind}", language)
        yield from (f"- {line}" for line in lines[:MOST])
        if len(lines) > MOST:
            yield messages.say("notify.more", language, more=len(lines) - MOST)
        yield ""


def _address(index: str, settings: Settings) -> str:
    base = settings.reports.address
    return f"{base.rstrip('/')}/{quote(index)}" if base and index else index or base
