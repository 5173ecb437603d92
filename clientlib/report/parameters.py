"""What a report may be asked for, checked before a process starts.

papermill takes any parameter and tells nobody about a misspelt one; here every value is judged against
the report's own list and against what the book holds, and refused in a sentence with its mend.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from clientlib.config import Settings
from clientlib.errors import ParameterError, Words
from clientlib.report.messages import LANGUAGES
from clientlib.report.plan import Report, nearest

ALL = "all"
FIXED = ("as_of", "known_at", "branch", "language")
"""The parameters that a report may have which every run settles."""


@dataclass(frozen=True)
class Facts:
    """What of the book decides whether a question can be asked at all."""

    span: tuple[dt.date, dt.date] | None
    branches: tuple[str, ...]
    first_recorded: dt.datetime | None = None


@dataclass(frozen=True)
class Question:
    """What a run asks of each report, checked: a date, an instant (UTC), a branch, some languages."""

    as_of: dt.date
    known_at: dt.datetime
    branch: str
    languages: tuple[str, ...]
    others: Mapping[str, Any]

    def values(self, report: Report, language: str) -> dict[str, Any]:
        """The parameters for one run of `report`'s notebook."""
        fixed = {
            "as_of": self.as_of.isoformat(),
            "known_at": self.known_at.isoformat(),
            "branch": self.branch,
            "language": language,
        }
        names = {parameter.name for parameter in report.parameters}
        return {k: v for k, v in {**fixed, **self.others}.items() if k in names}


def check(
    reports: Sequence[Report],
    facts: Facts,
    settings: Settings,
    *,
    as_of: str | dt.date | None = None,
    known_at: str | dt.datetime | None = None,
    branch: str = ALL,
    languages: Sequence[str] | None = None,
    others: Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
) -> Question:
    """The question, when every part of it can be asked.

    Parameters
    ----------
    as_of : str or date, optional
        The business date, `YYYY-MM-DD`; without it the newest in the book that is not in the future.
    known_at : str or datetime, optional
        The record instant; without it now. Without a zone it is UTC.
    others : mapping, optional
        Further parameters of the reports' notebooks, by name; text is turned into the default's type.
    now : datetime, optional
        The present, for tests.

    Raises
    ------
    ParameterError
        Something cannot be asked; the sentence says what can.
    """
    now = now or dt.datetime.now(dt.UTC)
    known = _known_at(known_at, facts, now)
    return Question(
        as_of=_as_of(as_of, facts, today(settings, now)),
        known_at=known,
        branch=_branch(branch, facts),
        languages=_languages(languages, settings),
        others=_others(reports, others or {}),
    )


def today(settings: Settings, now: dt.datetime) -> dt.date:
    """The day that it is at the firm."""
    return now.astimezone(ZoneInfo(settings.firm.time_zone)).date()


def _as_of(value: str | dt.date | None, facts: Facts, today: dt.date) -> dt.date:
    if facts.span is None:
        refuse_empty()
    first, last = facts.span
    if value is None or value == "":
        return min(last, today)
    day = value if isinstance(value, dt.date) else parse_date(value, "as_of")
    if day > today:
        raise ParameterError(
            f"as_of {day} is in the future; today is {today}. Choose {today} or an earlier date.",
            f"as_of {day} 是未来的日期，今天是 {today}。请选择 {today} 或更早的日期。",
        )
    if day < first:
        raise ParameterError(
            f"as_of {day} is before any data: the book holds {first} to {last}. "
            f"Choose {first} or a later date.",
            f"as_of {day} 早于所有数据：台账中的数据为 {first} 至 {last}。请选择 {first} 或更晚的日期。",
        )
    return day


def refuse_empty() -> NoReturn:
    """There is no question to an empty book."""
    raise ParameterError(
        "The book is empty, so there is nothing to report. Fill it first: clientlib import FILE",
        "台账为空，没有可报告的内容。请先导入：clientlib import FILE",
    )


def parse_date(text: str, name: str) -> dt.date:
    """The date that `text` is, or a sentence about why it is none."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ParameterError(
            f"{name} {text!r} is not a date. Type year-month-day, e.g. 2026-06-30.",
            f"{name}“{text}”不是日期。请按年-月-日填写，例如 2026-06-30。",
        )
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            f"{name} {text} is not a day of the calendar. Type e.g. 2026-02-28.",
            f"{name} {text} 不是日历上的日期。请填写如 2026-02-28。",
        ) from None


def parse_instant(text: str, name: str) -> dt.datetime:
    """The instant that `text` is, in UTC."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            f"{name} {text!r} is not a moment. Type e.g. 2026-06-30T18:00:00+08:00; "
            "without a zone it is UTC.",
            f"{name}“{text}”不是有效的时间。请填写如 2026-06-30T18:00:00+08:00；不写时区即为UTC。",
        ) from None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _known_at(value: str | dt.datetime | None, facts: Facts, now: dt.datetime) -> dt.datetime:
    if value is None or value == "":
        return now
    if isinstance(value, dt.datetime):
        value = value.isoformat()
    moment = parse_instant(value, "known_at")
    if moment > now:
        raise ParameterError(
            f"known_at {moment.isoformat()} is in the future. Leave it out for now.",
            f"known_at {moment.isoformat()} 是未来的时间。如需当前数据，请不填此项。",
        )
    if facts.first_recorded is not None and moment < facts.first_recorded:
        first = facts.first_recorded
        raise ParameterError(
            f"known_at {moment.isoformat()} is before the first import, {first.isoformat()}: "
            "the book held nothing then. Choose a later moment.",
            f"known_at {moment.isoformat()} 早于首次导入的时间 {first.isoformat()}，当时台账中没有数据。"
            "请选择更晚的时间。",
        )
    return moment


def _branch(value: str, facts: Facts) -> str:
    if value in (ALL, "", *facts.branches):
        return value or ALL
    if not facts.branches:
        raise ParameterError(
            f"There is no branch called {value!r}: the book names none. Choose {ALL}.",
            f"没有营业部“{value}”：台账中没有营业部。请选择 {ALL}。",
        )
    hint = _suggest(value, facts.branches)
    raise ParameterError(f"There is no branch called {value!r}.{hint.en}", f"没有营业部“{value}”。{hint.zh}")


def _suggest(value: str, branches: tuple[str, ...]) -> Words:
    near = nearest(value, branches)
    if "There are" in near.en:
        return near
    some, more = branches[:20], " …" if len(branches) > 20 else ""
    return Words(
        f"{near.en} There are: {', '.join(some)}{more}; or {ALL}.",
        f"{near.zh}现有营业部：{'、'.join(some)}{more}；或 {ALL}。",
    )


def _languages(values: Sequence[str] | None, settings: Settings) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(values if values else settings.firm.languages))
    for value in chosen:
        if value not in LANGUAGES:
            raise ParameterError(
                f"There is no language {value!r}. There are: {', '.join(LANGUAGES)}.",
                f"没有语言“{value}”。可选：{'、'.join(LANGUAGES)}。",
            )
    return chosen


def _others(reports: Sequence[Report], values: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name in FIXED:
            raise ParameterError(
                f"{name} has an option of its own; it is not given as a further parameter.",
                f"{name} 有专门的选项，不能作为其他参数给出。",
            )
        for report in reports:
            known = {p.name: p.default for p in report.parameters}
            if name not in known:
                names = [n for n in known if n not in FIXED]
                hint = nearest(name, names)
                raise ParameterError(
                    f"The report {report.name} has no parameter {name}.{hint.en}",
                    f"报告 {report.name} 没有参数 {name}。{hint.zh}",
                )
            checked[name] = _as_typed(name, value, known[name])
    return checked


def _as_typed(name: str, value: Any, default: Any) -> Any:
    if not isinstance(value, str) or isinstance(default, str):
        return value
    if isinstance(default, bool):
        if value.lower() in ("true", "yes", "1", "false", "no", "0"):
            return value.lower() in ("true", "yes", "1")
        raise ParameterError(
            f"{name} is yes or no, not {value!r}.", f"{name} 应为 yes 或 no，不能是“{value}”。"
        )
    if isinstance(default, int | float):
        try:
            return type(default)(value)
        except ValueError:
            raise ParameterError(
                f"{name} is a number such as {default}, not {value!r}.",
                f"{name} 应为数字，例如 {default}，不能是“{value}”。",
            ) from None
    return value
