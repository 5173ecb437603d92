"""The page on which a person decides which clients are one: pair by pair, masked, with the reasons.

It goes to whoever keeps the client records, and still holds no identity: what agrees and how is said in
words, the values stand beside them masked. The decision is made with the documents at hand, elsewhere.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import polars as pl
from markupsafe import Markup

from clientlib import masks
from clientlib.analysis.quality.duplicates import DEFAULT_THRESHOLD
from clientlib.analysis.quality.duplicates_model import MISSING, PRIOR, Reason
from clientlib.analysis.quality.duplicates_records import Frame, newest
from clientlib.config import Settings
from clientlib.errors import ReportFailed
from clientlib.report import exporter, formats, guard, messages
from clientlib.report.duplicates_chart import Step, waterfall
from clientlib.report.duplicates_words import AREA_OF_FIELD, field_title, sentence, signed, words
from clientlib.tables import AREAS, Areas

MOST_PAIRS = 200
CERTAIN_ODDS = 1000
_ORDER = (
    "full_name",
    "client_type",
    "id_type",
    "id_number",
    "birth_date",
    "gender",
    "mobile",
    "email",
    "address",
    "branch",
    "opened_on",
    "status",
)
"""The fields of a pair, in the order of the page: what is compared, and what helps to choose whom to keep."""


@dataclass(frozen=True)
class _Sheet:
    """What every pair of a page is shown with."""

    records: Mapping[str, Mapping[str, str | None]]
    language: str
    areas: Areas
    threshold: float


def duplicates_page(
    pairs: pd.DataFrame,
    clients: Frame,
    contacts: Frame | None,
    language: str,
    settings: Settings,
    *,
    day: dt.date,
    alternates: Mapping[str, str] | None = None,
    areas: Areas = AREAS,
    threshold: float = DEFAULT_THRESHOLD,
    most: int = MOST_PAIRS,
) -> str:
    """The page of probable duplicates, self-contained.

    Parameters
    ----------
    pairs : DataFrame
        As `find_duplicates` returns it, the most probable first.
    clients, contacts : pandas or Polars DataFrame
        The areas with identity in plain, as they were compared.
    language : {"en", "zh"}
    settings : config.Settings
    day : date
        When the page is made.
    alternates : mapping of str to str, optional
        Language → file name of the same page in other languages.
    threshold : float
        As given to `find_duplicates`; the charts mark it.
    most : int, default 200
        Pairs shown at most; the number of the others is told.

    Returns
    -------
    str
        HTML without scripts and addresses, and without identity.

    Raises
    ------
    ReportFailed
        Something on the page looks like identity all the same.
    """
    shown = pairs.head(most)
    records = _records(shown, clients, contacts)
    rows: list[dict[str, Any]] = shown.to_dict("records")  # type: ignore[assignment]
    sheet = _Sheet(records, language, areas, threshold)
    html = (
        exporter.environment()
        .get_template("duplicates.html.j2")
        .render(
            **_shared(language, settings, alternates or {}),
            made=messages.say("duplicates.made", language, day=day),
            figures=_figures(pairs, language),
            pairs=[_pair(number, row, sheet) for number, row in enumerate(rows, start=1)],
            rest=_rest(len(pairs) - len(shown), language),
        )
    )
    if found := guard.sightings(html):
        raise ReportFailed(guard.sentence(found), guard.in_chinese(found))
    return html


def _shared(language: str, settings: Settings, alternates: Mapping[str, str]) -> dict[str, Any]:
    shared = exporter.shared(language, settings)
    own = (exporter.TEMPLATES / exporter.NAME / "duplicates.css").read_text("utf-8")
    links = [
        {"file": file, "tag": exporter.TAGS[other], "name": exporter.NAMES[other]}
        for other, file in alternates.items()
        if other != language
    ]
    return {**shared, "css": shared["css"] + Markup(own), "alternates": links}  # noqa: S704 - our own file


def _figures(pairs: pd.DataFrame, language: str) -> list[dict[str, str]]:
    concerned = pd.concat([pairs["client_id_l"], pairs["client_id_r"]]).nunique()
    certain = int((pairs["weight"] >= math.log2(CERTAIN_ODDS)).sum())
    counts = {"pairs": len(pairs), "clients": concerned, "certain": certain}
    return [
        {
            "label": messages.say(f"duplicates.figure.{name}", language),
            "shown": formats.write(count, "count", language),
        }
        for name, count in counts.items()
    ]


def _rest(count: int, language: str) -> str:
    return messages.say("duplicates.rest", language, count=count) if count > 0 else ""


def _records(pairs: pd.DataFrame, clients: Frame, contacts: Frame | None) -> dict[str, dict[str, str | None]]:
    """client_id → field → value of the clients who are shown, and of nobody else."""
    wanted = set(pairs["client_id_l"]) | set(pairs["client_id_r"])
    fields = [name for name in _ORDER if AREA_OF_FIELD.get(name) != "contacts"]
    reached = [name for name in _ORDER if AREA_OF_FIELD.get(name) == "contacts"]
    frame = newest(clients, "clients", fields).join(
        newest(contacts, "contacts", reached), on="client_id", how="left"
    )
    chosen = frame.filter(pl.col("client_id").is_in(sorted(wanted)))
    return {row["client_id"]: row for row in chosen.iter_rows(named=True)}


# ------------------------------------------------------------------------------- one pair
def _pair(number: int, row: Mapping[str, Any], sheet: _Sheet) -> dict[str, Any]:
    language, reasons = sheet.language, tuple(row["reasons"])
    left, right = str(row["client_id_l"]), str(row["client_id_r"])
    keep, other = _kept_first(left, right, sheet.records)
    probability = _probability(row["weight"], language)
    return {
        "title": messages.say("duplicates.pair.title", language, number=number),
        "left": left,
        "right": right,
        "probability": messages.say("duplicates.pair.probability", language, probability=probability),
        "rows": list(_rows(left, right, reasons, sheet)),
        "chart": Markup(_chart(f"w{number}", reasons, row["weight"], sheet)),  # noqa: S704 - escaped there
        "merge": messages.say("duplicates.pair.merge", language, keep=keep),
        "merge_command": f"clientlib merge {keep} {other}",
        "dismiss_command": f"clientlib duplicates --dismiss {left} {right}",
    }


def _kept_first(left: str, right: str, records: Mapping[str, Mapping[str, str | None]]) -> tuple[str, str]:
    """The record that was opened earlier is the one to keep; one without a date comes last."""
    first, second = sorted((left, right), key=lambda c: (records.get(c, {}).get("opened_on") or "9999", c))
    return first, second


def _probability(weight: float, language: str) -> str:
    """Never "100 %": the model is not that sure of itself."""
    chance = 1 / (1 + 2.0**-weight)
    if chance >= 0.9995:
        return ">99.9%"
    return formats.percent(chance, language)


def _rows(left: str, right: str, reasons: Sequence[Reason], sheet: _Sheet) -> Iterator[dict[str, Any]]:
    by_field = {reason.field: reason for reason in reasons}
    for name in _ORDER:
        values = [_shown(name, sheet.records.get(client, {}).get(name), sheet) for client in (left, right)]
        reason = by_field.get(name)
        if values == [formats.MISSING] * 2:
            continue
        yield {
            "title": _title(name, sheet),
            "left": values[0],
            "right": values[1],
            "finding": words(reason, sheet.language) if reason else "",
            "against": reason is not None and reason.weight <= -1,
        }


def _title(name: str, sheet: _Sheet) -> str:
    if name in AREA_OF_FIELD:
        return field_title(name, sheet.language, sheet.areas)
    return sheet.areas["clients"].field(name).title(sheet.language)


def _shown(name: str, value: str | None, sheet: _Sheet) -> str:
    """A value as it may be seen: identity masked, of a birth date the year, a code by its label."""
    field = sheet.areas[AREA_OF_FIELD.get(name, "clients")].field(name)
    if value is None:
        return formats.MISSING
    if field.sensitivity == "I":
        return masks.mask(value, masks.kind_of(field)) or formats.MISSING
    if name == "birth_date":
        return f"{value[:4]}-**-**"
    if field.code_list is not None:
        return field.code_list.label(value, sheet.language)
    return value


# ------------------------------------------------------------------------------ the chart
def _chart(name: str, reasons: Sequence[Reason], total: float, sheet: _Sheet) -> str:
    language = sheet.language
    steps, height = [], 0.0
    for reason in reasons:
        if reason.level != MISSING:
            title = field_title(reason.field, language, sheet.areas)
            end = height + reason.weight
            steps.append(Step(title, height, end, signed(reason.weight), evidence=reason.field != PRIOR))
            height = end
    result = messages.say("duplicates.pair.result", language)
    steps.append(Step(result, 0.0, total, signed(total), evidence=False))
    return waterfall(
        steps,
        name,
        messages.say("duplicates.pair.chart", language),
        _description(reasons, total, sheet),
        math.log2(sheet.threshold / (1 - sheet.threshold)),
        messages.say("duplicates.pair.threshold", language),
    )


def _description(reasons: Sequence[Reason], total: float, sheet: _Sheet) -> str:
    language = sheet.language
    said = [
        messages.say("duplicates.pair.start", language, weight=signed(reason.weight))
        if reason.field == PRIOR
        else sentence(reason, language, sheet.areas) + ("；" if language == "zh" else ".")
        for reason in reasons
        if reason.level != MISSING
    ]
    joined = ("" if language == "zh" else " ").join(said)
    return messages.say("duplicates.pair.described", language, steps=joined, total=signed(total))
