"""Why two records are thought to be one client, in words: what agrees and how, never the values."""

from __future__ import annotations

from collections.abc import Iterable

from clientlib.analysis.quality.duplicates_model import MISSING, PRIOR, Reason
from clientlib.report import messages
from clientlib.tables import AREAS, Areas

DECISIVE = 0.05
"""What weighs less than this either way is not worth a sentence."""
_FIELDS_OF_AREA = {
    "clients": ("full_name", "id_number", "birth_date", "gender"),
    "contacts": ("mobile", "email", "address"),
}
AREA_OF_FIELD = {field: area for area, fields in _FIELDS_OF_AREA.items() for field in fields}
"""Which area each compared field is from."""


def sentences(reasons: Iterable[Reason], language: str, areas: Areas = AREAS) -> tuple[str, ...]:
    """The reasons that count, the weightiest first, without the starting point."""
    counted = [r for r in reasons if r.field != PRIOR and abs(r.weight) >= DECISIVE]
    counted.sort(key=lambda reason: -abs(reason.weight))
    return tuple(sentence(reason, language, areas) for reason in counted)


def sentence(reason: Reason, language: str, areas: Areas = AREAS) -> str:
    """One reason: "ID number: two digits changed places (+9.1)"."""
    return messages.say(
        "duplicates.sentence",
        language,
        field=field_title(reason.field, language, areas),
        words=words(reason, language),
        weight=signed(reason.weight),
    )


def words(reason: Reason, language: str) -> str:
    """What a reason says, without field and weight: "two digits changed places"."""
    common = reason.level in (MISSING, PRIOR)
    return messages.say(
        f"duplicates.level.{reason.level}" if common else f"duplicates.level.{reason.field}.{reason.level}",
        language,
    )


def field_title(field: str, language: str, areas: Areas = AREAS) -> str:
    """A compared field by its title in the table; the first step is called the starting point."""
    if field == PRIOR:
        return messages.say("duplicates.field.prior", language)
    return areas[AREA_OF_FIELD[field]].field(field).title(language)


def signed(weight: float) -> str:
    """A weight with its sign, to one decimal, with a true minus: "+9.1", "−2.3", "0.0"."""
    rounded = round(weight, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"
