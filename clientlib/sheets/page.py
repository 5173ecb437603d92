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
from clientlib.intake.result import FOUND_AT
from clientlib.sheets.keys import shown_keys
from clientlib.sheets.page_words import WORDS
from clientlib.sheets.tally import Broken, Outcome, field_title, tally
from clientlib.tables import AREAS, AreaInfo, Areas

MOST_ROWS = 50
"""Rows shown of one broken rule; of the others the page gives the number."""
_HERE = Path(__file__).parent
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SHEET = pl.when(pl.col("sheet") != "").then(pl.lit(" · ") + pl.col("sheet"))
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
    several: bool
    """Whether the rows stand in several sheets or files, so that each has to say in which."""
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
    areas: Areas = AREAS,
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
    # The only file is named at the top.
    if findings.get_column("file").n_unique() == 1:
        shown = findings.with_columns(_place=pl.col("sheet"))
    else:
        shown = findings.with_columns(_place=pl.concat_str("file", _SHEET, ignore_nulls=True))
    shown = shown.join(shown_keys(rejected or {}, areas), on=FOUND_AT, how="left", maintain_order="left")
    counted = enumerate(tally(shown, areas, language, by_sheet=False), 1)
    rules = [_rule(number, broken, areas, language, most_rows) for number, broken in counted]
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


def _rule(
    number: int,
    broken: Broken,
    areas: Areas,
    language: Language,
    most_rows: int,
) -> _Rule:
    area = areas.get(broken.area or "")
    field = area.find(broken.field) if area else None
    found = broken.findings.filter(pl.col("row").is_not_null())
    rows = tuple(_row(finding, area, language) for finding in found.head(most_rows).iter_rows(named=True))
    places = broken.findings.get_column("_place").unique()
    return _Rule(
        anchor=f"rule-{number}",
        broken=broken,
        hint=field.hint(language) if field else "",
        place=places.item() if len(places) == 1 else "",
        several=len(places) > 1,
        rows=rows,
        more=found.height - len(rows),
    )


def _row(finding: Mapping[str, Any], area: AreaInfo | None, language: Language) -> _Row:
    key = _key_words(finding["key"], area, language)
    return _Row(key, finding["_place"], finding["row"], finding["value"])


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
