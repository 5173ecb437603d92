"""A call list in words: the cells of its sheets, in one language or in both, one below the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from clientlib import codes
from clientlib.report import formats, messages
from clientlib.report.calls.listing import CallList
from clientlib.report.calls.plans import todo
from clientlib.report.calls.reasons import reason_keys
from clientlib.tables import AREAS

_BETWEEN = {"en": ", ", "zh": "、"}
_OUTCOMES = ("agreed", "declined", "call_back", "not_reached")
Row = Mapping[str, Any]


def say(key: str, languages: Sequence[str], between: str = "\n", /, **values: Any) -> str:
    """A text of the call list, in each of the languages."""
    return between.join(messages.say(f"call_list.{key}", each, **values) for each in languages)


def nobody(languages: Sequence[str]) -> str:
    """Whose clients those without an advisor are."""
    return say("sheet.nobody", languages, " ")


def outcomes(languages: Sequence[str]) -> tuple[str, ...]:
    """What may have come of a call."""
    return tuple(say(f"outcome.{key}", languages, " ") for key in _OUTCOMES)


def yes_and_no(languages: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        " ".join(codes.CODES["yes_no"].label(key, each) for each in languages) for key in ("yes", "no")
    )


# ------------------------------------------------------------------ the calls
def calls(listed: CallList, languages: Sequence[str]) -> pd.DataFrame:
    """The rows of the sheet of calls: what `listed.calls` says, for a person to read."""
    known = listed.calls.assign(reason=reason_keys(listed.calls))
    rows = [{str(name): value for name, value in row.items()} for row in known.to_dict("records")]

    def told(of: Callable[[Row, str], str]) -> list[str]:
        return ["\n".join(filter(None, (of(row, each) for each in languages))) for row in rows]

    plans = [
        todo(listed.plans, listed.securities["asset_class"], each, listed.currency) for each in languages
    ]
    since: list[Any] = [_since(row, languages) for row in rows]
    return listed.calls.assign(
        why=told(lambda row, language: _why(row, language, listed.currency)),
        call=told(lambda row, language: messages.say(f"risk_review.when.{row['call']}", language)),
        reach=told(_reach),
        todo=["\n".join(filter(None, (plan.get(row["client_id"], "") for plan in plans))) for row in rows],
        since=since,
    )


def _why(row: Row, language: str, currency: str) -> str:
    """The sentence of the report, and what else there is."""
    told = messages.say(f"risk_review.because.{row['reason']}", language, currency, **row)
    others = [rule for rule in row["reasons"].split(";") if rule != row["rule"]]
    if not others:
        return told
    named = _BETWEEN[language].join(codes.CODES["risk_rule"].label(rule, language) for rule in others)
    return f"{told}\n{messages.say('call_list.also', language, rules=named)}"


def _reach(row: Row, language: str) -> str:
    fields = (AREAS["contacts"].field(name) for name in ("preferred_channel", "preferred_time"))
    known = [(field, row.get(field.name)) for field in fields]
    return _BETWEEN[language].join(
        field.choices.label(str(code), language) for field, code in known if not formats.missing(code)
    )


def _since(row: Row, languages: Sequence[str]) -> str | dt.date | None:
    """The day; where it stood already on the first day that was looked at, in words."""
    day = row.get("since")
    if day is None or formats.missing(day):
        return None
    return say("since_open", languages, since=day) if row.get("since_open") else day
