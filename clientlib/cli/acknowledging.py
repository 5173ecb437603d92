"""The command by which somebody answers for an alert of the risk review."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import (
    LanguageOption,
    RoleOption,
    WorkbookOption,
    known_day,
    known_language,
    taken,
)
from clientlib.codes import CODES, fold
from clientlib.errors import ParameterError, Words, meant
from clientlib.talk import out, say

if TYPE_CHECKING:
    import pandas as pd

    from clientlib.book import Book
    from clientlib.config import Language
    from clientlib.intake.result import CheckResult
    from clientlib.workbook import Workbook

RISK = "risk"
"""The role that acknowledges alerts, unless another is named."""
AREA = "acknowledgements"
_RULES, _SEVERITIES = CODES["risk_rule"], CODES["alert_severity"]


@app.command(epilog='Example: clientlib acknowledge C0001 var --reason "called, sells on Friday"')
def acknowledge(
    client: Annotated[
        str | None, typer.Argument(metavar="ID", help="The client's number; none with --list.")
    ] = None,
    rule: Annotated[
        str | None, typer.Argument(metavar="RULE", help="Which alert: its code, e.g. var, or its title.")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why nothing need be done for now.")
    ] = "",
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="DATE", help="The day of the review; by default the newest in the book."
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List what was acknowledged.")] = False,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Answer for an alert of the risk review: it stays off the call list until it worsens, or for a while."""
    spoken = known_language(language)
    found = workbook.find(folder)
    doing, day = taken(role, found, RISK), known_day(on, "--on")
    if listed and client is None:
        _list(found, doing, day, spoken)
        return
    if listed or client is None or rule is None:
        raise ParameterError(
            "Name one client and one rule, or say --list without them.",
            "请指定一个客户和一项规则，或只用 --list。",
        )
    _acknowledge(found, doing, client, _known_rule(rule), reason.strip(), day, spoken)


def _known_rule(rule: str) -> str:
    found = _RULES.lookup.get(fold(rule))
    if found is None:
        hint = meant(rule, _RULES.values, Words("The rules are", "现有规则"))
        raise ParameterError(f'There is no rule "{rule}". {hint.en}', f"没有规则“{rule}”。{hint.zh}")
    return found


def _acknowledge(
    found: Workbook, role: str, client: str, rule: str, reason: str, on: dt.date | None, language: Language
) -> None:
    from clientlib.book import open_book
    from clientlib.book.opened import SHORTEST_REASON

    if len(reason) < SHORTEST_REASON:
        raise ParameterError(
            f'Say in a few words why, with --reason "…" (at least {SHORTEST_REASON} characters): it is kept '
            "with the acknowledgement.",
            f'请用 --reason "…" 简要说明理由（至少{SHORTEST_REASON}个字）：理由会随确认记录一并留存。',
        )
    with talk.working(say("doing_alert", language)), open_book(found, role, acknowledging=True) as book:
        day = on or book.latest_as_of()
        if day is None:
            raise _nobody(client)
        alerts = _alerts(book, client, day)
        alert = _one(alerts, client, rule, day)
        checked = _checked(found, alert, day, reason)
        result = book.acknowledge(checked, reason)
    told = {"client": client, "rule": _RULES.label(rule, language), "day": day}
    if result.batch is None:
        out.print(say("acknowledged_already", language, **told))
        return
    severity = _SEVERITIES.label(str(alert["severity"]), language)
    until = day + dt.timedelta(days=found.settings.risk.alerts.quiet_days)
    out.print(say("acknowledged", language, **told, severity=severity, until=until, batch=result.batch))
    calling = alerts["severity"].ne("watch") & ~alerts["quiet"] & alerts["rule"].ne(rule)
    if calling.any():
        others = _named(alerts.loc[calling, "rule"])
        out.print(say("acknowledged_one_of_several", language, client=client, rules=others[language]))


def _nobody(client: str) -> ParameterError:
    return ParameterError(f'There is no client "{client}" in the book.', f"台账中没有客户“{client}”。")


def _named(rules: pd.Series) -> dict[Language, str]:
    """Rules by title, each with the code that the command takes."""
    joined: dict[Language, str] = {"en": ", ", "zh": "、"}
    forms: dict[Language, str] = {"en": "{} ({})", "zh": "{}（{}）"}
    return {
        language: between.join(forms[language].format(_RULES.label(rule, language), rule) for rule in rules)
        for language, between in joined.items()
    }


def _alerts(book: Book, client: str, day: dt.date) -> pd.DataFrame:
    """The client's alerts, as the review of that day states them."""
    from clientlib.report.calls.review import review_book

    review, areas = review_book(book, day, client=client)
    if areas["clients"].empty:
        raise _nobody(client)
    return review.alerts


def _one(alerts: pd.DataFrame, client: str, rule: str, day: dt.date) -> pd.Series:
    """The alert of a rule; an error that says which there are instead."""
    alert = alerts[alerts["rule"].eq(rule)]
    if len(alert):
        return alert.iloc[0]
    there = Words("It has none.", "该客户当日没有风险提示。")
    if len(alerts):
        names = _named(alerts["rule"])
        there = Words(f"It has: {names['en']}.", f"当日的风险提示：{names['zh']}。")
    raise ParameterError(
        f'{client} has no alert "{_RULES.label(rule, "en")}" as of {day}, so there is nothing to '
        f"acknowledge. {there.en}",
        f"截至 {day}，{client} 没有风险提示“{_RULES.label(rule, 'zh')}”，无需确认。{there.zh}",
    )


def _checked(found: Workbook, alert: pd.Series, day: dt.date, reason: str) -> CheckResult:
    """The row, read and checked as one that was handed in."""
    import pandas as pd
    import polars as pl

    from clientlib.book.holders import account
    from clientlib.intake.check import Checker, Piece

    texts = {
        "client_id": str(alert["client_id"]),
        "rule": str(alert["rule"]),
        "acknowledged_on": day.isoformat(),
        "severity": str(alert["severity"]),
        "value": None if pd.isna(alert["value"]) else f"{alert['value']:.12g}",
        "acknowledged_by": account(),
        "reason": reason,
    }
    area = found.areas[AREA]
    rows = pl.DataFrame(
        {field.name: [texts.get(field.name)] for field in area.fields},
        schema={field.name: pl.String for field in area.fields},
    ).with_columns(_row=pl.lit(1, pl.UInt32))
    checker = Checker(found.settings.firm.time_zone, found.areas)
    checked = checker.check(Piece("acknowledge", area=area, rows=rows))
    if not checked.errors.is_empty():
        first = checked.errors.row(0, named=True)
        raise ParameterError(first["message_en"], first["message_zh"])
    return checked


def _list(found: Workbook, role: str, day: dt.date | None, language: Language) -> None:
    import pandas as pd

    from clientlib.book import open_book

    with open_book(found, role) as book:
        rows = book.area(AREA, as_of=day)
    if rows.empty:
        out.print(say("acknowledged_none", language))
        return
    table = Table(box=None, pad_edge=False)
    area = found.areas[AREA]
    told = ("acknowledged_on", "client_id", "rule", "severity", "acknowledged_by", "reason")
    names = [name for name in told if name in rows.columns]
    for name in names:
        table.add_column(area.field(name).title(language), no_wrap=name != "reason")
    for row in rows.sort_values(["acknowledged_on", "client_id"]).to_dict("records"):
        shown = row | {
            "acknowledged_on": f"{row['acknowledged_on']:%Y-%m-%d}",
            "rule": _RULES.label(row["rule"], language),
            "severity": _SEVERITIES.label(row["severity"], language),
        }
        table.add_row(*(escape("" if pd.isna(shown[name]) else str(shown[name])) for name in names))
    talk.show(table)
