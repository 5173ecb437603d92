"""The command that finds clients."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import FINDINGS, LanguageOption, RoleOption, WorkbookOption, known_language, taken
from clientlib.declare import SEPARATOR, Field
from clientlib.talk import err, out, say

if TYPE_CHECKING:
    import pandas as pd

    from clientlib.book import Book
    from clientlib.book.search import Found, Known
    from clientlib.config import Language

SEEKER = "analyst"
"""The role in which clients are looked for unless somebody names another."""
ASKED = "-"
"""Typed instead of a query: it is asked for, and so stands in no list of processes and no shell's history."""
_FIGURES = ("money", "number", "integer", "fraction")


@app.command(epilog='Example: clientlib find "assets>1000000 level=C4 branch=上海" --sort -assets')
def find(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]",
            help="Words (a name, pinyin, a number, whole or masked, a text) and conditions (field, sign, "
            "value), all of which must hold; - asks for it, so that no name stays in the shell's history.",
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option("--sort", metavar="FIELD", help="In the order of a field; -FIELD: the largest first."),
    ] = "",
    page: Annotated[int, typer.Option("--page", min=1, help="Which page of those found.")] = 1,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many a page has.")] = 20,
    count: Annotated[bool, typer.Option("--count", help="Print only how many are found.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="By what held on that day; by default the newest."),
    ] = None,
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="TEXT",
            help="Why; with it a role that may look up finds by whole names and numbers too. It is kept.",
        ),
    ] = "",
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Find clients, those first who fit best. Who they are shows masked, whatever the role.

    Exit code 0: somebody was found; 1: nobody; 2: the query cannot be understood, or is not allowed.
    """
    from clientlib.book import open_book

    spoken = known_language(language)
    found_in = workbook.find(folder)
    text = _asked_for(spoken) if query == [ASKED] else " ".join(query or ())
    with open_book(found_in, role=taken(role, found_in, SEEKER)) as book:
        known = {"segment": _segments(book, as_of, spoken)}
        found = book.search(
            text, as_of=as_of, page=page, page_size=limit, sort=sort, reason=reason, known=known
        )
    if count:
        out.print(str(found.total))
    else:
        _show(found, spoken)
    if not found.total:
        raise typer.Exit(FINDINGS)


def _asked_for(language: Language) -> str:
    if sys.stdin.isatty():
        err.print(say("find_query", language), end=" ")
    return sys.stdin.readline().strip()


def _segments(book: Book, as_of: str | None, language: Language) -> Known:
    """The segments of clients, worked out if a query asks for them."""
    from clientlib.analysis.segments import SEGMENTS, segments_by_rule
    from clientlib.book.search import Known
    from clientlib.codes import Code, CodeList
    from clientlib.report import messages

    def by_client() -> pd.Series:
        from clientlib import features

        day = as_of or book.latest_as_of() or dt.date.max
        with talk.working(say("doing_segments", language)):
            return segments_by_rule(features.client_features(book, day), book.settings.segments)

    def titled(code: str) -> Code:
        key = f"segmentation.segment.{code}"
        return Code(code, messages.say(key, "en"), messages.say(key, "zh"))

    entries = tuple(map(titled, SEGMENTS))
    title_en, title_zh = say("find_segment", "en"), say("find_segment", "zh")
    return Known(title_en, title_zh, CodeList("segment", title_en, title_zh, entries), by_client)


# ------------------------------------------------------------------------------------ shown
def _show(found: Found, language: Language) -> None:
    for note in found.notes:
        err.print(f"[yellow]{escape(note.told(language))}[/yellow]")
    if not found.total:
        out.print(say("find_nobody", language))
        return
    table = Table(box=None, pad_edge=False)
    for name, field in found.fields.items():
        right = isinstance(field, Field) and field.kind in _FIGURES
        table.add_column(
            escape(field.title(language)), justify="right" if right else "left", no_wrap=name == "client_id"
        )
    why = any(found.matches)
    if why:
        table.add_column(say("find_matched", language))
    for row, matches in zip(found.rows.to_dict("records"), found.matches, strict=True):
        cells = [_cell(row[name], field, language) for name, field in found.fields.items()]
        told = [say("between", language).join(match.told(language) for match in matches)] if why else []
        table.add_row(*map(escape, [*cells, *told]))
    talk.show(table)
    out.print(say("find_found", language, found=found.total, page=found.page, pages=found.pages))


def _cell(value: Any, field: Field | Known, language: Language) -> str:
    """A value as a reader knows it."""
    if value is None or value != value or str(value) in ("NaT", "<NA>"):
        return ""
    if not isinstance(field, Field):
        return field.choices.label(str(value), language)
    if field.kind == "yes_no":
        return field.choices.label("yes" if value else "no", language)
    if field.code_list is not None and field.name != "risk_level":
        return say("and", language).join(
            field.choices.label(code, language) for code in str(value).split(SEPARATOR)
        )
    if field.kind == "date" and not isinstance(value, str):
        return f"{value:%Y-%m-%d}"
    if field.kind == "instant":
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,.0f}" if field.kind == "money" and not isinstance(value, str) else str(value)
