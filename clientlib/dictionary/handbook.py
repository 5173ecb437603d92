"""The parts of the staff's handbook that are derived: sheets, common errors and the exercise's answers.

The words of the handbook are written by hand in `docs/handbook.LANGUAGE.md`; between a pair of marks such as
`<!-- sheet clients -->` and `<!-- end -->` stands what is filled in here, so that it cannot grow stale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from clientlib.config import Language, Settings
from clientlib.declare import Field, rules_of
from clientlib.dictionary.markdown import cell, table
from clientlib.dictionary.words import punctuation, say
from clientlib.examples import example
from clientlib.intake.check import Checker, Piece
from clientlib.simulate import exercise
from clientlib.tables import AreaInfo, Areas

_BLOCK = re.compile(r"(<!-- (\w+)(?: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)
_FEW = 8


@dataclass(frozen=True)
class CommonError:
    """An error as people make it: the example row of an area with some cells typed otherwise.

    `shown` is the field whose finding is told, None where it is the row's; `other` is what a second row
    with the same key says otherwise.
    """

    area: str
    shown: str | None
    typed: Mapping[str, str]
    other: Mapping[str, str] = field(default_factory=dict)


COMMON_ERRORS: Mapping[str, CommonError] = {
    "missing": CommonError("clients", "opened_on", {"opened_on": "", "remarks": ""}),
    "check_digit": CommonError("clients", "id_number", {"id_number": "780101198503210018"}),
    "birth_date": CommonError("clients", "birth_date", {"birth_date": "1985-03-12"}),
    "digits_lost": CommonError("contacts", "mobile", {"mobile": "1.60123E+10"}),
    "date_order": CommonError("preferences", "assessed_on", {"assessed_on": "03/04/2026"}),
    "letter": CommonError("trades", "quantity", {"quantity": "1,00O"}),
    "list": CommonError("clients", "status", {"status": "VIP"}),
    "sum": CommonError("finances", "net_assets", {"net_assets": "3000000"}),
    "consent": CommonError("contacts", "consent_on", {"consent_on": ""}),
    "twice": CommonError("trades", None, {}, other={"quantity": "1100", "amount": "13750"}),
}
"""The ten errors of the handbook, by the name in its marks."""


@dataclass(frozen=True)
class Told:
    """What comes back for a common error: the cell's title, what was typed there, and the sentence."""

    sheet: str
    column: str
    typed: str
    message: str


def filled(text: str, areas: Areas, settings: Settings, language: Language) -> str:
    """The handbook's text with everything between its marks made anew.

    Parameters
    ----------
    text : str
        Markdown with marks: ``sheet AREA``, ``error NAME`` (of `COMMON_ERRORS`), ``exercise`` (its answers).
    areas : mapping
        The table.
    settings : Settings
        The time zone in which cells are read.
    language : {"en", "zh"}

    Raises
    ------
    KeyError
        A mark names no area, error or part.
    """
    parts: dict[str, Callable[[str], str]] = {
        "sheet": lambda name: sheet(areas[name], language),
        "error": lambda name: _error(told(COMMON_ERRORS[name], areas, settings, language), language),
        "exercise": lambda _: _answers(language),
    }
    return _BLOCK.sub(lambda found: f"{found[1]}\n{parts[found[2]](found[3])}\n\n{found[4]}", text)


# ---------------------------------------------------------------------------- a sheet's columns
def sheet(area: AreaInfo, language: Language) -> str:
    """The columns of a sheet as a table, and what must agree in a row."""
    header = [say(f"handbook.{name}", language) for name in ("column", "what", "example")]
    text = table(header, (_column(field, language) for field in area.fields))
    rules = rules_of(area.schema)
    if rules:
        lines = "\n".join(f"- {cell(rule.text(language))}" for rule in rules)
        text += f"\n\n{say('handbook.rules', language)}\n\n{lines}"
    return text


def _column(field: Field, language: Language) -> list[str]:
    star = "\\*" if field.required else ""
    shown = cell(example(field, language))
    return [f"**{cell(field.title(language))}**{star}", _what(field, language), shown]


def _what(field: Field, language: Language) -> str:
    said = [field.hint(language)]
    if field.code_list is not None and len(field.code_list.entries) <= _FEW:
        labels = punctuation(language).semicolon.join(field.code_list.labels(language).values())
        said.append(say("handbook.choose", language, labels=labels))
    return cell((" " if language == "en" else "").join(_sentence(part, language) for part in said))


def _sentence(part: str, language: Language) -> str:
    stop = punctuation(language).stop
    return part if part.endswith(("。", ".")) else part + stop


# --------------------------------------------------------------------------- the common errors
def told(error: CommonError, areas: Areas, settings: Settings, language: Language) -> Told:
    """What the intake itself says of an error, asked by handing it in."""
    area = areas[error.area]
    finding = _found(error, area, settings)
    shown = area.field(error.shown or area.key[0])
    typed = {**_examples(area, language), **error.typed}[shown.name]
    return Told(area.title(language), shown.title(language), typed, str(finding[f"message_{language}"]))


def _found(error: CommonError, area: AreaInfo, settings: Settings) -> Mapping[str, object]:
    rows = [{**_examples(area, "zh"), **error.typed}]
    if error.other:
        rows.append({**rows[0], **error.other})
    cells = [[row[f.name] or None for f in area.fields] for row in rows]
    frame = pl.DataFrame(cells, schema=dict.fromkeys((f.name for f in area.fields), pl.String), orient="row")
    numbered = frame.with_columns(pl.int_range(2, len(rows) + 2, dtype=pl.UInt32).alias("_row"))
    checked = Checker(settings.firm.time_zone, {area.name: area}).check(Piece("", area=area, rows=numbered))
    errors = checked.findings.filter(pl.col("severity") == "error")
    if error.shown:
        errors = errors.filter(pl.col("field") == error.shown)
    return errors.row(0, named=True)


def _examples(area: AreaInfo, language: Language) -> dict[str, str]:
    return {f.name: example(f, language) for f in area.fields}


def _error(found: Told, language: Language) -> str:
    typed = f"`{found.typed}`" if found.typed else say("handbook.empty", language)
    where = say("handbook.typed", language, sheet=found.sheet, column=found.column, typed=typed)
    return f"{where}\n\n> {cell(found.message)}"


# ------------------------------------------------------------------------------- the exercise
def _answers(language: Language) -> str:
    header = [
        say(f"handbook.{name}", language) for name in ("sheet", "row", "column", "there", "why", "mend")
    ]
    empty = say("handbook.empty", language)
    return table(
        header,
        (
            [
                cell(each.sheet),
                str(each.row),
                cell(each.column),
                f"`{each.typed}`" if each.typed else empty,
                cell(each.why),
                f"`{each.mend}`",
            ]
            for each in exercise.answers(language)
        ),
    )
