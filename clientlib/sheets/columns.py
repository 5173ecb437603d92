"""The columns of a sheet before they are written: titles, width, and what their cells get."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from clientlib.config import Language
from clientlib.declare import Field
from clientlib.sheets import looks
from clientlib.sheets.content import SheetContent
from clientlib.sheets.values import TEXT_FORMAT, Value, number_format, values

_NARROWEST, _WRAPPED, _WIDEST = 10, 32, 42
_LONG_TEXT = 200
_MEASURED_ROWS = 1_000
_LIKELY = {"date": 11, "instant": 19, "money": 15, "id_number": 18, "phone": 14}
"""How wide the values of a kind usually are: an empty template has none to measure."""


@dataclass(frozen=True)
class Column:
    """A column of a sheet; `field` None: it is no field of the area, and follows those."""

    name: str
    titles: tuple[str, ...]
    field: Field | None
    cells: pl.Series
    language: Language
    zone: ZoneInfo

    def values(self, first: int, count: int) -> list[Value]:
        """What `count` cells from the place `first` on get."""
        cells = self.cells.slice(first, count)
        if self.field is not None:
            return values(cells, self.field, self.language, self.zone)
        return cells.to_list() if cells.dtype.is_numeric() else cells.cast(pl.String).to_list()

    @property
    def number_format(self) -> str:
        return TEXT_FORMAT if self.field is None else number_format(self.field)

    @cached_property
    def wrapped(self) -> bool:
        return self.field is not None and self.field.kind == "text" and self.field.maximum >= _LONG_TEXT

    @cached_property
    def centred(self) -> bool:
        # Right-aligned, a date would touch the text of the next column.
        return self.field is not None and self.field.kind in ("date", "instant")

    @cached_property
    def width(self) -> int:
        if self.wrapped:
            return _WRAPPED
        heads = [looks.width(word) for title in self.titles for word in title.split()]
        texts = [_shown(value) for value in self.values(0, _MEASURED_ROWS) if value is not None]
        likely = _LIKELY.get(self.field.kind, 0) if self.field is not None else 0
        widest = max([likely, *heads, *map(looks.width, texts)])
        # Room for the button of the filter, which covers the end of the header.
        return min(max(widest + 3, _NARROWEST), _WIDEST)


def _shown(value: Value) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def columns_of(content: SheetContent, language: Language, zone: ZoneInfo) -> list[Column]:
    """The area's fields, then the other columns of the rows."""
    rows, area = content.rows, content.area
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    found = []
    for field in area.fields:
        both = (field.title_zh, field.title_en) if language == "zh" else (field.title_en, field.title_zh)
        cells = rows[field.name] if field.name in rows.columns else empty
        found.append(Column(field.name, tuple(dict.fromkeys(both)), field, cells, language, zone))
    own = {field.name for field in area.fields}
    others = [name for name in rows.columns if name not in own]
    return found + [Column(name, (name,), None, rows[name], language, zone) for name in others]
