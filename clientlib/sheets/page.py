"""The page that a data supplier is sent: which rules were broken, how often, in which rows, and the mend.

It is one file without a script, and nothing in it is fetched from elsewhere. Nobody's identity is in it:
rows are named by their key and place, values are quoted as the findings quote them, which is masked.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import polars as pl
from markupsafe import Markup

from clientlib.config import Language
from clientlib.sheets.aside import written_aside
from clientlib.sheets.keys import PLACE, shown_keys
from clientlib.sheets.page_words import WORDS
from clientlib.sheets.tally import Broken, Outcome, field_title, tally
from clientlib.tables import AREAS, AreaInfo

MOST_ROWS = 50
"""Rows shown of one broken rule; of the others the page gives the number."""
_HERE = Path(__file__).parent
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_TAGS: dict[Language, str] = {"en": "en", "zh": "zh-Hans"}


@dataclass(frozen=True)
class _Row:
    """A row to look at: its key in words, where it stands, what stood in the cell."""

    key: tuple[str, ...]
    place: str
    row: int | None
    value: str | None


@dataclass(frozen=True)
class _Rule:
    """A broken rule as the page shows it."""

    anchor: str
    broken: Broken
    hint: str
    place: str
    """Sheet and file; "" where the rows are of several, and each says its own."""
    rows: tuple[_Row, ...]
    more: int


def findings_page(
    findings: pl.DataFrame,
    outcome: Outcome,
    *,
    name: str,
    checked_at: dt.datetime,
    language: Language,
    time_zone: str,
    areas: Mapping[str, AreaInfo] = AREAS,
    rejected: Mapping[str, pl.DataFrame] | None = None,
    most_rows: int = MOST_ROWS,
) -> str:
    """The page as HTML.

    Parameters
    ----------
    findings : polars.DataFrame
        As in `CheckResult.findings`.
    outcome : Outcome
        The rows by what became of them.
    name : str
        Of the file or folder that was handed in.
    checked_at : datetime
        The instant of the check, with its time zone.
    language : {"en", "zh"}
    time_zone : str
        The firm's: `checked_at` is shown in it.
    areas : mapping, optional
        The firm's table.
    rejected : mapping of str to polars.DataFrame, optional
        As in `CheckResult.rejected`; without it rows are named by their place only.
    most_rows : int, default 50
        Rows shown of one rule.
    """
    keys = shown_keys(rejected or {}, areas)
    rules = [
        _rule(number, broken, keys, areas, language, most_rows)
        for number, broken in enumerate(tally(findings, areas, language, by_sheet=False), 1)
    ]
    values: dict[str, Any] = {
        "language": _TAGS[language],
        "policy": _POLICY,
        "css": Markup((_HERE / "page.css").read_text("utf-8")),  # noqa: S704 - our own style sheet
        "words": WORDS[language],
        "name": name,
        "checked_at": checked_at.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M"),
        "time_zone": time_zone,
        "outcome": outcome,
        "errors": [rule for rule in rules if rule.broken.severity == "error"],
        "notices": [rule for rule in rules if rule.broken.severity != "error"],
    }
    return _environment().get_template("page.html.jinja").render(values)


def write_page(html: str, target: Path) -> None:
    """Write a page aside and rename it, UTF-8.

    Raises
    ------
    SheetError
        `target` cannot be written.
    """
    with written_aside(target) as aside:
        aside.write_text(html, "utf-8")


def _rule(
    number: int,
    broken: Broken,
    keys: pl.DataFrame,
    areas: Mapping[str, AreaInfo],
    language: Language,
    most_rows: int,
) -> _Rule:
    area = areas.get(broken.area or "")
    field = next((f for f in area.fields if f.name == broken.field), None) if area else None
    shown = broken.findings.filter(pl.col("row").is_not_null()).head(most_rows)
    keyed = shown.join(keys, on=PLACE, how="left", maintain_order="left")
    rows = tuple(_row(found, area, language) for found in keyed.iter_rows(named=True))
    places = {_place(file, sheet) for file, sheet in broken.findings.select("file", "sheet").iter_rows()}
    return _Rule(
        anchor=f"rule-{number}",
        broken=broken,
        hint=field.hint(language) if field else "",
        place=places.pop() if len(places) == 1 else "",
        rows=rows,
        more=broken.findings.get_column("row").count() - len(rows),
    )


def _row(found: Mapping[str, Any], area: AreaInfo | None, language: Language) -> _Row:
    place = _place(found["file"], found["sheet"])
    return _Row(_key_words(found["key"], area, language), place, found["row"], found["value"])


def _place(file: str, sheet: str) -> str:
    return f"{file} · {sheet}" if sheet else file


def _key_words(key: str | None, area: AreaInfo | None, language: Language) -> tuple[str, ...]:
    """A key as a person reads it: its only value, or each value with its title."""
    values: dict[str, str | None] = json.loads(key) if key else {}
    known = [(name, value) for name, value in values.items() if value]
    if len(values) == 1:
        return tuple(value for _, value in known)
    return tuple(f"{field_title(area, name, language)} {value}" for name, value in known)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment
