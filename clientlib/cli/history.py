"""The command that tells one client's history: who changed what, when, from what to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import LanguageOption, RoleOption, WorkbookOption, known_day, known_language, taken
from clientlib.codes import CODES
from clientlib.declare import SEPARATOR, Field
from clientlib.errors import ParameterError, Words
from clientlib.talk import out, say

if TYPE_CHECKING:
    import pandas as pd

    from clientlib.config import Language
    from clientlib.tables import Areas

READER = "analyst"


@app.command(epilog="Example: clientlib history C0001 --area clients --from 2026-01-01 --language zh")
def history(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's number.")],
    area: Annotated[
        str | None, typer.Option("--area", metavar="AREA", help="Only this area, e.g. clients or trades.")
    ] = None,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="Only recorded from this day on."),
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Only up to this day.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.csv", help="Write it into this file instead."),
    ] = None,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Tell all that was ever recorded of a client, oldest first, with who changed it and through which batch.

    The look is recorded in the audit; a file asks for a role that may export.
    """
    from clientlib.book import open_book

    spoken = known_language(language)
    found = workbook.find(folder)
    days = known_day(first, "--from") or dt.date.min, known_day(last, "--to") or dt.date.max
    if output is not None and output.suffix != ".csv":
        raise ParameterError(f"{output}: name a file that ends in .csv.", f"{output}：文件名须以 .csv 结尾。")
    with open_book(found, role=taken(role, found, READER)) as book:
        if output is not None:
            book.access.needs("may_export", Words("export a client's history", "导出客户的历史记录"))
        if area is not None:
            book.access.area(area)
        lines = _asked_for(book.history(client), area, *days)
        if output is not None:
            book.audit.record("export", clients=[client], what="history", rows=len(lines), file=output.name)
    words = _in_words(lines, found.areas, spoken)
    if output is None:
        _show(words, spoken)
    else:
        _write(words, output)
        out.print(say("history_written", spoken, lines=len(words), path=output))


# --------------------------------------------------------------------------------- asked for
def _asked_for(lines: pd.DataFrame, area: str | None, first: dt.date, last: dt.date) -> pd.DataFrame:
    day = lines["recorded_at"].dt.date
    keep = (day >= first) & (day <= last)
    if area is not None:
        keep &= lines["area"] == area
    kept: pd.DataFrame = lines[keep]
    return kept


# ---------------------------------------------------------------------------------- in words
def _in_words(lines: pd.DataFrame, areas: Areas, language: Language) -> pd.DataFrame:
    """The lines with titles for areas and fields, and labels for codes; None where there is nothing."""
    import pandas as pd

    told = lines.astype(object).where(lines.notna(), None)
    worded = [_worded(line, areas, language) for line in told.itertuples()]
    for name in _WORDED:
        # Left to itself, pandas would make a NaN of what is None beside texts.
        told[name] = pd.Series([line[name] for line in worded], told.index, dtype=object)
    return told


_WORDED = ("kind", "area", "field", "before", "after")


def _worded(line: Any, areas: Areas, language: Language) -> dict[str, str | None]:
    told = {name: getattr(line, name) for name in _WORDED}
    told["kind"] = say(f"history_{line.kind}", language)
    if line.area is not None:
        told["area"] = areas[line.area].title(language)
    if line.field is not None:
        # A decision is about no area, but about the numbers of clients.
        field = areas[line.area or "clients"].field(line.field)
        told["field"] = field.title(language)
        told |= {side: _word(told[side], field, language) for side in ("before", "after")}
    return told


def _word(value: str | None, field: Field, language: Language) -> str | None:
    """A value as a reader knows it."""
    if value is None:
        return None
    if field.kind == "yes_no":
        return CODES["yes_no"].label(value, language)
    if field.code_list is None:
        return value
    return say("and", language).join(field.choices.label(code, language) for code in value.split(SEPARATOR))


def _show(lines: pd.DataFrame, language: Language) -> None:
    """A heading for each batch, a line for each row of it, and in that the fields."""
    if lines.empty:
        out.print(say("history_none", language))
    for batch, of_batch in lines.groupby("batch", sort=False):
        out.print(f"[bold]{escape(_heading(batch, of_batch.iloc[0], language))}[/bold]")
        for told in _rows(of_batch, language):
            out.print(f"  {escape(told)}")


def _heading(batch: Any, line: Any, language: Language) -> str:
    heading = say(
        "history_batch",
        language,
        batch=batch,
        at=f"{line['recorded_at']:%Y-%m-%d %H:%M}",
        who=line["who"],
        source=talk.source_of(line["source"], language),
    )
    if line["undone_by"] is None:
        return heading
    return f"{heading} {say('history_undone_by', language, batch=line['undone_by'])}"


def _rows(lines: pd.DataFrame, language: Language) -> Iterator[str]:
    for (area, key, kind), row in lines.groupby(["area", "key", "kind"], sort=False, dropna=False):
        named = " ".join(text for text in (area, key) if isinstance(text, str))
        fields = [_field(line, language) for line in row.itertuples() if line.field is not None]
        yield say("history_row", language, row=named, kind=kind, fields=say("between", language).join(fields))


def _field(line: Any, language: Language) -> str:
    if line.before is None:
        return f"{line.field} {line.after}"
    after = say("history_nothing", language) if line.after is None else line.after
    return f"{line.field} {line.before} → {after}"


def _write(lines: pd.DataFrame, file: Path) -> None:
    import polars as pl

    from clientlib import harmless
    from clientlib.aside import write_text

    at = lines["recorded_at"].map(lambda instant: instant.isoformat(timespec="seconds"))
    frame = pl.from_pandas(lines.assign(recorded_at=at))
    # The byte order mark makes Excel read the Chinese right.
    write_text(file, "\ufeff" + harmless.columns(frame).write_csv())
