"""The copy of all that is held on a client, as a page for that client: complete, in words, to be kept.

It holds identity, for it goes to nobody but the person (or whoever acts for them); it is no report, and the
guard that keeps identity off reports does not look at it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from markupsafe import Markup

from clientlib.book.merges import CLIENT
from clientlib.book.personal import PersonalCopy
from clientlib.book.personal.copy import NAMED, Record
from clientlib.codes import CODES
from clientlib.config import Language
from clientlib.declare import SEPARATOR, Field
from clientlib.report import exporter, formats, messages
from clientlib.tables import AreaInfo
from clientlib.workbook import Workbook

AS_TABLE = ("trades", "balances", "campaign_contacts")
"""Areas of many short rows; of the others each row stands by itself."""
MOST_LOOKS = 200
_RELATIONS = "relations"
_BETWEEN = {"en": ", ", "zh": "、"}


def person_page(copy: PersonalCopy, language: Language, workbook: Workbook, json_file: str) -> str:
    """The page, self-contained.

    Parameters
    ----------
    copy : PersonalCopy
    language : {"en", "zh"}
    workbook : Workbook
        For its table, and the firm's name and time zone.
    json_file : str
        The name of the file that holds the same for machines.

    Returns
    -------
    str
        HTML without scripts and addresses.
    """
    writer = _Writer(copy, language, workbook)
    return (
        exporter.environment()
        .get_template("person.html.j2")
        .render(
            **shared(language, workbook),
            made=writer.say("made", at=writer.instant(copy.made_at)),
            numbers=_BETWEEN[language].join(copy.numbers),
            json_file=json_file,
            areas=[_area(writer, workbook.areas[name], records) for name, records in copy.areas.items()],
            others=_others(writer, workbook.areas[_RELATIONS]),
            locked=_locked(writer, copy, workbook),
            merges=[
                writer.say("merge", at=writer.instant(one.recorded_at), kept=one.kept, other=one.other)
                for one in copy.merges
            ],
            sources=[(writer.instant(one.recorded_at), one.name, one.batch) for one in copy.sources],
            looks=_looks(writer, copy),
            more_looks=_more_looks(writer, copy),
            erased=writer.say("erased", batch=copy.erased_by) if copy.erased_by else "",
        )
    )


def shared(language: Language, workbook: Workbook) -> dict[str, Any]:
    """What the templates of personal pages ask for."""
    common = exporter.shared(language, workbook.settings)
    own = (exporter.TEMPLATES / exporter.NAME / "person.css").read_text("utf-8")
    return {**common, "css": common["css"] + Markup(own)}  # noqa: S704 - our own file


# -------------------------------------------------------------------------------- one area
def _area(writer: _Writer, area: AreaInfo, records: Sequence[Record]) -> dict[str, Any]:
    ordered = sorted(records, key=lambda one: (_dated(area, one), one.batch), reverse=True)
    states = _states(writer, area, ordered)
    shown: dict[str, Any] = {
        "name": area.name,
        "title": area.title(writer.language),
        "count": writer.say("records", count=len(records)),
    }
    if area.name in AS_TABLE:
        used = writer.columns(area, list(dict.fromkeys(name for one in records for name in one.values)))
        rows = [[writer.cell(area, name, one) for name in used] for one in ordered]
        heads = [(writer.title(area, name), _is_number(area.find(name))) for name in used]
        return shown | {"heads": heads, "rows": list(zip(states, rows, strict=True)), "noted": any(states)}
    cards = [_card(writer, area, one, state) for one, state in zip(ordered, states, strict=True)]
    return shown | {"cards": cards}


def _dated(area: AreaInfo, record: Record) -> str:
    return str(record.values.get(area.business_date or "", ""))


def _states(writer: _Writer, area: AreaInfo, ordered: Sequence[Record]) -> list[str]:
    """Why each row, newest first, does not hold today as it stands; empty where it does."""
    states, newest = [], True
    for record in ordered:
        if record.state != "standing":
            states.append(writer.say(record.state))
            continue
        older = "older" if area.versioned and area.name not in AS_TABLE and not newest else ""
        newest = False
        states.append(writer.say(older or "pending") if older or record.pending else "")
    return states


def _card(writer: _Writer, area: AreaInfo, record: Record, state: str) -> dict[str, Any]:
    return {
        "state": state,
        "recorded": writer.say("recorded", at=writer.instant(record.recorded_at), batch=record.batch),
        "fields": [
            (writer.title(area, name), writer.cell(area, name, record))
            for name in writer.columns(area, list(record.values))
        ],
    }


def _others(writer: _Writer, relations: AreaInfo) -> list[dict[str, Any]]:
    ordered = writer.copy.named_by_others
    # Which of them is the newest of its client is not to be seen here: only corrections are marked.
    return [
        _card(writer, relations, one, "" if one.state == "standing" else writer.say(one.state))
        for one in ordered
    ]


def _is_number(field: Field | None) -> bool:
    return field is not None and field.kind in ("money", "number", "integer", "fraction")


# ------------------------------------------------------------------------------- the rest
def _locked(writer: _Writer, copy: PersonalCopy, workbook: Workbook) -> list[tuple[str, str, str, str]]:
    return [
        (
            workbook.areas[one.area].title(writer.language),
            formats.write(one.rows, "count", writer.language),
            formats.date(one.keep_until, writer.language),
            _BETWEEN[writer.language].join(writer.say(f"law.{law}") for law in one.laws),
        )
        for one in sorted(copy.locked, key=lambda one: list(workbook.areas).index(one.area))
    ]


def _looks(writer: _Writer, copy: PersonalCopy) -> list[tuple[str, str, str]]:
    newest = list(reversed(copy.looks))[:MOST_LOOKS]
    return [
        (writer.instant(one.at), writer.known(f"event.{one.event}", one.event), writer.role(one.role))
        for one in newest
    ]


def _more_looks(writer: _Writer, copy: PersonalCopy) -> str:
    more = len(copy.looks) - MOST_LOOKS
    return writer.say("more_looks", count=more) if more > 0 else ""


# --------------------------------------------------------------------------------- values
@dataclass(frozen=True)
class _Writer:
    """Writes values for a person: codes as words, instants in the firm's zone, numbers by their names."""

    copy: PersonalCopy
    language: Language
    workbook: Workbook

    def columns(self, area: AreaInfo, names: Sequence[str]) -> list[str]:
        """Fields in declared order, then those that the table has no more.

        The client's number is left out unless the person has several.
        """
        declared = [field.name for field in area.fields if field.name in names]
        others = [name for name in names if area.find(name) is None]
        return [name for name in (*declared, *others) if name != CLIENT or len(self.copy.numbers) > 1]

    def title(self, area: AreaInfo, name: str) -> str:
        field = area.find(name)
        return field.title(self.language) if field else name

    def cell(self, area: AreaInfo, name: str, record: Record) -> str:
        field = area.find(name)
        return self.value(field, record) if field else formats.write(record.values.get(name), "text", "en")

    def say(self, key: str, **values: Any) -> str:
        return messages.say(f"person.{key}", self.language, **values)

    def known(self, key: str, otherwise: str) -> str:
        """The message of that key, if there is one."""
        return self.say(key) if messages.has(f"person.{key}") else otherwise

    def role(self, name: str) -> str:
        return self.known(f"role.{name}", name)

    def instant(self, at: dt.datetime) -> str:
        local = at.astimezone(ZoneInfo(self.workbook.settings.firm.time_zone))
        return f"{formats.date(local, self.language)} {local:%H:%M}"

    def value(self, field: Field, record: Record) -> str:
        """A field of a record as it is read."""
        value = record.values.get(field.name)
        if value is None:
            return formats.MISSING
        match field.kind:
            case "code" | "codes":
                labels = [field.choices.label(code, self.language) for code in str(value).split(SEPARATOR)]
                return _BETWEEN[self.language].join(labels)
            case "yes_no":
                return CODES["yes_no"].label("yes" if value else "no", self.language)
            case "date":
                return formats.date(value, self.language)
            case "instant":
                return self.instant(value)
            case "money":
                return formats.decimal(value, self.language, 2)
            case "fraction":
                return formats.percent(value, self.language)
            case "number" | "integer":
                return str(
                    format_decimal(value, format="#,##0.######", locale=formats.LOCALES[self.language])
                )
        return self._text(field, str(value))

    def _text(self, field: Field, value: str) -> str:
        name = self.copy.names.get(field.name, {}).get(value) if field.name in NAMED else None
        return f"{name} ({value})" if name else value
