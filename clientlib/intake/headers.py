"""Which area a table is, and which of its columns is which field."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

import polars as pl

from clientlib.declare import Field
from clientlib.errors import IntakeError, Words
from clientlib.intake import natural
from clientlib.intake.recognise.headless import is_data
from clientlib.intake.spelling import folded
from clientlib.intake.tables_in import RawTable
from clientlib.tables import AreaInfo, Areas

_ENOUGH = 0.5
"""A table is taken for an area by its header alone when this share of the header is fields of the area."""
_LEAST = 2
"""… and at least this many columns are."""
_LOOKED_AT = 10
"""Rows in which a header that is not in row 1 is looked for."""


@dataclass(frozen=True)
class Columns:
    """How a header maps to the fields of an area: `fields` is place → field name; `natural` is place → the
    key of `natural.KEYS` that stands there though it is no field of the area."""

    fields: dict[int, str]
    natural: dict[int, str]
    unknown: dict[int, str]
    repeated: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """The area that a table was found to be; `guessed` when only its header said so."""

    area: AreaInfo
    columns: Columns
    guessed: bool


@cache
def _titles(area: AreaInfo) -> dict[str, str]:
    return _words(area.fields)


def _words(fields: Iterable[Field]) -> dict[str, str]:
    """Every way to write the title of a field → its name; a name wins over another field's title."""
    named = list(fields)
    # A template shows both titles in one cell.
    both = {
        folded(first + second): f.name
        for f in named
        for first, second in ((f.title_en, f.title_zh), (f.title_zh, f.title_en))
    }
    by_title = {folded(title): f.name for f in named for title in (f.title_en, f.title_zh)}
    return both | by_title | {folded(f.name): f.name for f in named}


_NATURAL = _words(natural.KEYS.values())


def match(header: Sequence[str], area: AreaInfo) -> Columns:
    """Every header cell as a field of the area, or as unknown; empty cells are neither."""
    titles = _titles(area)
    beside = _NATURAL if natural.CLIENT in titles.values() else {}
    fields: dict[int, str] = {}
    keys: dict[int, str] = {}
    unknown: dict[int, str] = {}
    repeated = []
    for place, title in enumerate(header):
        name = titles.get(folded(title)) if title else None
        key = beside.get(folded(title)) if title else None
        if name is None and key is not None and key not in keys.values():
            keys[place] = key
        elif name is None:
            unknown[place] = title
        elif name in fields.values():
            repeated.append(name)
        else:
            fields[place] = name
    return Columns(fields, keys, unknown, tuple(repeated))


def nearest(title: str, area: AreaInfo, taken: Sequence[str] = ()) -> str | None:
    """The field of the area whose name or title is most like `title`, if any is."""
    titles = {word: name for word, name in _titles(area).items() if name not in taken}
    found = difflib.get_close_matches(folded(title), titles, n=1, cutoff=0.55)
    return titles[found[0]] if found else None


# ------------------------------------------------------------------------------ the area
def find(table: RawTable, areas: Areas) -> Place | None:
    """The area of a table: as a person settled it, by the name of its sheet or file, else by its header.

    Returns
    -------
    Place or None
        None: the table is no area.

    Raises
    ------
    IntakeError
        The header fits two areas equally well.
    """
    if table.area is not None and table.area in areas:
        return Place(areas[table.area], match(table.header, areas[table.area]), guessed=False)
    named = _named(table.sheet, areas) or _named(PurePosixPath(table.file).stem, areas)
    scored = {area.name: match(table.header, area) for area in areas.values()}
    if named is not None and _keyed(named, scored):
        return Place(named, scored[named.name], guessed=False)
    guess = _by_header(table, scored, areas)
    if named is not None and scored[named.name].fields and (guess is None or not _keyed(guess.area, scored)):
        return Place(named, scored[named.name], guessed=False)
    return guess


def _keyed(area: AreaInfo, scored: dict[str, Columns]) -> bool:
    return set(area.key) <= set(scored[area.name].fields.values())


def _by_header(table: RawTable, scored: dict[str, Columns], areas: Areas) -> Place | None:
    best = max(len(columns.fields) for columns in scored.values())
    if not _enough(best, table.header):
        return None
    fitting = [name for name, columns in scored.items() if len(columns.fields) == best]
    area = _most_specific(table, [areas[name] for name in fitting], scored)
    return Place(area, scored[area.name], guessed=True)


def _enough(found: int, header: Sequence[str]) -> bool:
    return found >= max(_LEAST, _ENOUGH * sum(1 for title in header if title))


def _most_specific(table: RawTable, fitting: list[AreaInfo], scored: dict[str, Columns]) -> AreaInfo:
    """Of areas with equally many columns found, the one whose key is there, and of those the fullest."""
    candidates = [area for area in fitting if _keyed(area, scored)] or fitting
    share = {area: len(scored[area.name].fields) / len(area.fields) for area in candidates}
    first, *others = sorted(candidates, key=lambda area: -share[area])
    if others and share[others[0]] == share[first]:
        other = others[0]
        raise IntakeError(
            f"{table.where.en}: the header fits {first.title_en} ({first.title_zh}) as well as "
            f"{other.title_en} ({other.title_zh}). Name the sheet or file after its area.",
            f"{table.where.zh}：表头既符合“{first.title_zh}”（{first.title_en}），"
            f"也符合“{other.title_zh}”（{other.title_en}）。请以所属的表命名该工作表或文件。",
        )
    return first


def _named(name: str, areas: Areas) -> AreaInfo | None:
    """The area called so, also with a date, number or branch around it: `交易记录_2026-06`."""
    plain = folded(name)
    names = {folded(word): area for area in areas.values() for word in _names(area)}
    if plain in names:
        return names[plain]
    inside = [word for word in names if _stands_in(word, name)]
    return names[max(inside, key=len)] if inside else None


def _names(area: AreaInfo) -> tuple[str, str, str]:
    return area.name, area.title_en, area.title_zh


def _stands_in(word: str, name: str) -> bool:
    if not word.isascii():
        return word in folded(name)
    # Latin words must stand alone: "prices" is not in "enterprises".
    plain = unicodedata.normalize("NFKC", name).casefold()
    parts = [p for p in re.split(r"[^a-z]+", plain) if p]
    runs = {"".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)}
    return word in runs


# ------------------------------------------------------------------- what is wrong with it
_RECOGNISE = Words(
    "clientlib recognise FILE shows what the columns may be.",
    "运行 clientlib recognise FILE 可查看各列可能对应的字段。",
)


def wrong_header(table: RawTable, areas: Areas, rows: pl.DataFrame | None) -> IntakeError:
    """The error of a file in which no table is an area: where its header is, or the nearest field there is.

    `rows` are the first ones below row 1, if there are any: text columns, and `_row`.
    """
    where = table.where
    if {folded("customerID"), folded("riskLevel")} <= {folded(title) for title in table.header}:
        return IntakeError(
            f"{where.en}: this looks like FAR-Trans. Read its folder with --reader far-trans.",
            f"{where.zh}：似乎是FAR-Trans数据。请用 --reader far-trans 读取其所在的文件夹。",
        )
    below = _header_below(rows, areas) if rows is not None else None
    if below is not None:
        return IntakeError(
            f"{where.en}: the header stands in row {below}, but belongs into row 1. "
            "Delete the rows above it.",
            f"{where.zh}：表头在第{below}行，应在第1行。请删除其上方的行。",
        )
    # Without a header, row 1 is a client's data: none of it is shown.
    for title in () if is_data(table.header) else filter(None, table.header):
        for area in areas.values():
            if name := nearest(title, area):
                near = area.field(name)
                return IntakeError(
                    f'{where.en}: the header is of no area. "{title}" is nearest to {near.title_en} '
                    f"({near.title_zh}) of {area.title_en} ({area.title_zh}): use the field "
                    f"names or titles of the template in row 1, and name the sheet or file after its area. "
                    f"{_RECOGNISE.en}",
                    f"{where.zh}：表头不属于任何一张表。“{title}”与“{area.title_zh}”（{area.title_en}）的"
                    f"“{near.title_zh}”（{near.title_en}）最接近。请在第1行使用模板中的栏目名称，"
                    f"并以所属的表命名该工作表或文件。{_RECOGNISE.zh}",
                )
    return IntakeError(
        f"{where.en}: row 1 is no header of an area. Put the field names or titles of the template "
        f"in row 1, and name the sheet or file after its area. {_RECOGNISE.en}",
        f"{where.zh}：第1行不是任何一张表的表头。请在第1行填写模板中的栏目名称，"
        f"并以所属的表命名该工作表或文件。{_RECOGNISE.zh}",
    )


def _header_below(rows: pl.DataFrame, areas: Areas) -> int | None:
    """The row of a header that has slipped down, e.g. below a title."""
    for *cells, number in rows.head(_LOOKED_AT).select(pl.exclude("_row"), "_row").iter_rows():
        titles = [cell or "" for cell in cells]
        best = max(len(match(titles, area).fields) for area in areas.values())
        if _enough(best, titles):
            return int(number)
    return None


def check(table: RawTable, place: Place, *, natural_keys: bool = False) -> IntakeError | None:
    """What is wrong with the header as a whole, if anything: a repeated column, a key left out.

    With `natural_keys` the client's number may be left out where another column can tell whose a row is.
    """
    where, area = table.where, place.area
    for name in place.columns.repeated:
        field = area.field(name)
        return IntakeError(
            f"{where.en}: the column {field.title_en} ({field.title_zh}) stands twice in the header. "
            "Delete or rename one of the two.",
            f"{where.zh}：表头中“{field.title_zh}”（{field.title_en}）列出现两次。请删除或改名其中一列。",
        )
    present = set(place.columns.fields.values())
    told_otherwise = natural_keys and (place.columns.natural or present & natural.KEYS.keys())
    missing = [
        name for name in area.key if name not in present and not (name == natural.CLIENT and told_otherwise)
    ]
    if not missing:
        return None
    field = area.field(missing[0])
    standing = next(
        (t for t in place.columns.unknown.values() if t and nearest(t, area, tuple(present)) == field.name),
        None,
    )
    mend = Words("Add it: without it no row can be told from another.", "请补上该列：没有它就无法区分各行。")
    if standing:
        mend = Words(
            f'Is it "{standing}"? Rename that to {field.title_en} or {field.title_zh}.',
            f"是否就是“{standing}”列？请将其改名为“{field.title_zh}”或 {field.title_en}。",
        )
    return IntakeError(
        f"{where.en}: the column {field.title_en} ({field.title_zh}) is missing. {mend.en}",
        f"{where.zh}：缺少“{field.title_zh}”（{field.title_en}）列。{mend.zh}",
    )
