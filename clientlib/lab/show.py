"""The explorer's list and card as HTML: every value escaped, every table with a name and headings."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any

import pandas as pd

from clientlib.codes import CODES
from clientlib.features import BY_NAME
from clientlib.lab import charts, values
from clientlib.lab.card import Card, Fact
from clientlib.lab.search import COLUMNS, Page, column_title
from clientlib.lab.wording import say
from clientlib.tables import AREAS

WIDTHS = {
    "client_id": 86,
    "full_name": 88,
    "mobile": 102,
    "branch": 110,
    "advisor": 76,
    "stated_level": 118,
    "level_status": 106,
    "status": 72,
    "market_value": 110,
    "last_trade": 96,
}
"""Width of the list columns in pixels: the headings are buttons above the table and must meet its columns."""
_NUMERIC = frozenset(
    {"market_value", "quantity", "unit_cost", "price", "share", "unrealised_profit", "csat", "nps"}
)
POSITIONS_SHOWN, EVENTS_SHOWN = 50, 20
_OWN_TITLES = {"last_trade": "last_trade", "level_status": "assessment"}
REQUEST_FIELDS = ("opened_at", "category", "priority", "status", "first_response_at", "closed_at", "text")
FEEDBACK_FIELDS = ("given_at", "channel", "csat", "nps", "comment")


def title(column: str, language: str) -> str:
    """The heading of a list column."""
    if column in _OWN_TITLES:
        return say(_OWN_TITLES[column], language)
    return feature_title(column, language) if column in BY_NAME else column_title(column, language)


def feature_title(name: str, language: str) -> str:
    """What the feature dictionary calls a number."""
    feature = BY_NAME[name]
    return feature.title_zh if language == "zh" else feature.title_en


# ------------------------------------------------------------------------------ the list
def list_table(page: Page, opened: str | None, name: str, language: str, time_zone: str) -> str:
    """The rows of a page without their client IDs, which stand beside it as buttons.

    Parameters
    ----------
    page : Page
        What was found.
    opened : str or None
        The client whose card is open; that row is marked.
    name : str
        The table's name for those who hear it read.
    """
    if page.rows.empty:
        return f'<p role="status">{_esc(say("nobody", language))}</p>'
    shown = [column for column in COLUMNS if column != "client_id"]
    columns = '<col style="width:0">' + "".join(f'<col style="width:{WIDTHS[c]}px">' for c in shown)
    width = sum(WIDTHS[c] for c in shown)
    heads = "".join(f'<th scope="col">{_unseen(title(c, language))}</th>' for c in COLUMNS)
    body = "".join(_list_row(row, shown, opened, language, time_zone) for row in page.rows.itertuples())
    return (
        f'<table class="cw-list" style="width:{width}px"><caption class="cw-unseen">{_esc(name)}</caption>'
        f"<colgroup>{columns}</colgroup><thead><tr>{heads}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _list_row(row: Any, shown: Sequence[str], opened: str | None, language: str, time_zone: str) -> str:
    mark = ' class="cw-open"' if row.Index == opened else ""
    cells = "".join(
        f'<td{_class(column)} title="{text}">{text}</td>'
        for column in shown
        for text in [_esc(list_cell(column, getattr(row, column, None), language, time_zone))]
    )
    return f'<tr{mark}><th scope="row">{_unseen(row.Index)}</th>{cells}</tr>'


def list_cell(column: str, value: Any, language: str, time_zone: str) -> str:
    """One value of the list in words."""
    if column == "level_status":
        return say(f"state_{'none' if values.is_missing(value) else value}", language)
    if values.is_missing(value):
        return say("no_level", language) if column == "stated_level" else values.MISSING
    match column:
        case "stated_level":
            return CODES["client_level"].label(str(value), language)
        case "status":
            return CODES["client_status"].label(str(value), language)
        case "market_value":
            return values.money(value)
        case "last_trade":
            return values.local_day(value, time_zone)
    return str(value)


# ------------------------------------------------------------------------------ the card
def card_html(card: Card, language: str, time_zone: str) -> str:
    """One client's card: facts, level, charts, positions, requests, feedback."""
    as_of = card.as_of.isoformat()
    drawn = [
        chart for chart in (trades_or_words(card, language), charts.holdings_chart(card, language)) if chart
    ]
    parts = [
        f"<h2>{_esc(say('card_title', language, client=card.client_id))}</h2>",
        _level(card, language, time_zone),
        _section("basics", language) + _facts(card.basics, language, time_zone),
        _section("reach", language) + _facts(card.reach, language, time_zone),
        _section("charts", language) + f'<div class="cw-charts">{"".join(drawn)}</div>',
        _section("positions", language) + _positions(card, language),
        _section("requests", language)
        + _events(card.requests, "service_requests", REQUEST_FIELDS, "requests", language, time_zone),
        _section("feedback", language)
        + _events(card.feedback, "feedback", FEEDBACK_FIELDS, "feedback", language, time_zone),
        f'<p class="cw-quiet">{_esc(say("source", language, as_of=as_of))}</p>',
    ]
    return "".join(parts)


def trades_or_words(card: Card, language: str) -> str:
    """The chart of trades, or a sentence that there are none."""
    chart = charts.trades_chart(card, language)
    return chart or f"<p>{_esc(say('trades_none', language, as_of=card.as_of.isoformat()))}</p>"


def style_html() -> str:
    """The style sheet, to stand once in the explorer."""
    return f"<style>{resources.files('clientlib.lab').joinpath('explorer.css').read_text('utf-8')}</style>"


def heading_html(heading: str, below: str) -> str:
    """What stands above everything: a heading, and a quiet line under it."""
    return f'<h2>{_esc(heading)}</h2><span class="cw-quiet">{_esc(below)}</span>'


def status_html(sentence: str) -> str:
    """A short line that is read aloud when it changes."""
    return f'<span role="status" class="cw-short">{_esc(sentence)}</span>'


def notice_html(sentence: str) -> str:
    """A sentence that stands instead of the explorer."""
    return f'<div class="cw-notice" role="status">{_esc(sentence)}</div>'


def _section(key: str, language: str) -> str:
    return f"<h3>{_esc(say(key, language))}</h3>"


def _facts(facts: Iterable[Fact], language: str, time_zone: str) -> str:
    rows = "".join(
        f"<div><dt>{_esc(fact.field.title(language))}</dt>"
        f"<dd>{_esc(values.write(fact.value, fact.field, language, time_zone))}</dd></div>"
        for fact in facts
    )
    return f'<dl class="cw-facts">{rows}</dl>' if rows else f"<p>{values.MISSING}</p>"


def _level(card: Card, language: str, time_zone: str) -> str:
    level = card.level
    label = say("no_level", language)
    if level.stated:
        label = CODES["client_level"].label(level.stated, language)
    warn = "" if level.state == "valid" else " cw-warn"
    sentences = [say(f"says_{level.state}", language, days=level.days_left or 0)]
    if level.assessed_on and level.until:
        day, until = level.assessed_on.isoformat(), level.until.isoformat()
        sentences.insert(0, say("assessed", language, day=day, until=until))
    if level.predicted:
        sentences.append(say("says_predicted", language))
    badge = f"{label} · {say(f'state_{level.state}', language)}"
    told = ("" if language == "zh" else " ").join(sentences)
    return (
        _section("bearing", language)
        + f'<p><span class="cw-badge{warn}">{_esc(badge)}</span>{_esc(told)}</p>'
        + (_facts(level.facts, language, time_zone) if level.facts else "")
    )


def _positions(card: Card, language: str) -> str:
    as_of = card.as_of.isoformat()
    if card.positions.empty:
        return f"<p>{_esc(say('positions_none', language, as_of=as_of))}</p>"
    one_currency = bool(card.positions["currency"].eq(card.currency).all())
    heads = [(c, t) for c, t in _position_heads(language) if c != "currency" or not one_currency]
    rows = [_position(row, language) for row in card.positions.head(POSITIONS_SHOWN).to_dict("records")]
    told = say("positions_note", language, as_of=as_of)
    if one_currency:
        told = say("amounts_in", language, currency=card.currency) + ("" if language == "zh" else " ") + told
    note = f'<p class="cw-quiet">{_esc(told)}</p>'
    return (
        _table(heads, rows, say("positions", language))
        + _left(card.positions, POSITIONS_SHOWN, language)
        + note
    )


def _position_heads(language: str) -> list[tuple[str, str]]:
    securities = AREAS["securities"]
    about = ("security_id", "name", "asset_class", "risk_level")
    return [
        *((name, securities.field(name).title(language)) for name in about),
        ("fits", say("fits", language)),
        ("quantity", say("quantity", language)),
        ("unit_cost", say("average_cost", language)),
        ("price", say("current_price", language)),
        ("currency", securities.field("currency").title(language)),
        ("market_value", feature_title("market_value", language)),
        ("share", say("share", language)),
        ("unrealised_profit", feature_title("unrealised_profit", language)),
    ]


def _position(row: dict[Any, Any], language: str) -> dict[str, str]:
    allowed = row["allowed"]
    fits = "unknown" if values.is_missing(allowed) else ("yes" if allowed else "no")
    return {
        "security_id": _esc(row["security_id"]),
        "name": _esc(_text(row["name"])),
        "asset_class": _esc(_code("asset_class", row["asset_class"], language)),
        "risk_level": _esc(_text(row["risk_level"])),
        "fits": f'<span class="cw-fits-{fits}">{_esc(say(f"fits_{fits}", language))}</span>',
        "quantity": values.number(row["quantity"]),
        "unit_cost": values.number(row["unit_cost"]),
        "price": values.number(row["price"]),
        "currency": _esc(_text(row["currency"])),
        "market_value": values.money(row["market_value"]),
        "share": values.percent(row["share"]),
        "unrealised_profit": values.money(row["unrealised_profit"]),
    }


def _events(
    events: pd.DataFrame, area: str, fields: Sequence[str], key: str, language: str, time_zone: str
) -> str:
    if events.empty:
        return f"<p>{_esc(say(f'{key}_none', language))}</p>"
    known = [AREAS[area].field(name) for name in fields if name in events.columns]
    heads = [(field.name, field.title(language)) for field in known]
    rows = [
        {field.name: _esc(values.write(row[field.name], field, language, time_zone)) for field in known}
        for row in events.head(EVENTS_SHOWN).to_dict("records")
    ]
    return _table(heads, rows, say(key, language)) + _left(events, EVENTS_SHOWN, language)


def _table(heads: Sequence[tuple[str, str]], rows: Sequence[dict[str, str]], name: str) -> str:
    """A table of ready-made cells; long ones scroll sideways on their own."""
    top = "".join(f'<th scope="col"{_class(column)}>{_esc(text)}</th>' for column, text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td{_class(column)}>{row[column]}</td>" for column, _ in heads) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="cw-scroll"><table class="cw-table"><caption class="cw-unseen">{_esc(name)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _left(frame: pd.DataFrame, shown: int, language: str) -> str:
    left = len(frame) - shown
    return f'<p class="cw-quiet">{_esc(say("more", language, left=left))}</p>' if left > 0 else ""


def _class(column: str) -> str:
    if column in _NUMERIC:
        return ' class="cw-number"'
    return "" if column in ("text", "comment") else ' class="cw-short"'


def _unseen(value: object) -> str:
    """For those who hear the page read; others see it in the buttons beside and above the table."""
    return f'<span class="cw-unseen">{_esc(value)}</span>'


def _code(code_list: str, value: Any, language: str) -> str:
    return values.MISSING if values.is_missing(value) else CODES[code_list].label(str(value), language)


def _text(value: Any) -> str:
    return values.MISSING if values.is_missing(value) else str(value)


def _esc(value: object) -> str:
    if isinstance(value, dt.date):
        value = value.isoformat()
    return html.escape(str(value), quote=True)
