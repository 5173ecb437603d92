"""The cells of one sheet in place: what row 1 says, and which style a cell has."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

from clientlib.sheets.xlsx.splice import (
    Edit,
    Node,
    closing,
    guarded_parser,
    parse,
    run,
    spliced,
    start_tag,
    tag_end,
)
from clientlib.sheets.xlsx.styles import Severity, Styles

_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")


def column_letters(column: int) -> str:
    """The letters of a column counted from 0: A, B … Z, AA …"""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def reference(row: int, column: int) -> str:
    """`C18` for row 18, column 2."""
    return f"{column_letters(column)}{row}"


def place(reference: str) -> tuple[int, int] | None:
    """Row and column of a reference like `C18`; None where it is none."""
    found = _REFERENCE.fullmatch(reference.replace("$", ""))
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = 26 * column + ord(letter) - 64
    return int(found[2]), column - 1


# ------------------------------------------------------------------------------ the header
def header(data: bytes, shared: bytes | None) -> dict[int, str]:
    """The texts of row 1 by column, stripped; `shared` is the part with the shared strings, if any."""
    row = _first_row(data)
    if row is None:
        return {}
    texts: dict[int, str] = {}
    numbers: dict[int, int] = {}
    for at, cell in enumerate(row.all("c")):
        where = place(cell.attributes.get("r", ""))
        column = where[1] if where else at
        if cell.attributes.get("t") == "s":
            value = cell.first("v")
            numbers[column] = int(value.text) if value is not None else 0
        else:
            texts[column] = _cell_text(cell)
    if numbers and shared:
        strings = shared_strings(shared, max(numbers.values()))
        texts |= {column: strings.get(number, "") for column, number in numbers.items()}
    return {column: text.strip() for column, text in sorted(texts.items())}


def _first_row(data: bytes) -> Node | None:
    """Row 1 alone, cut out of a sheet whose rows may be many."""
    found = re.search(rb"<(?:\w+:)?row\b", data)
    if found is None:
        return None
    opened = tag_end(data, found.start())
    if data[opened - 2 : opened] == b"/>":
        return None
    name = found[0][1:]
    end = data.index(b"</" + name, opened)
    row = parse(b"%b</%b>" % (data[found.start() : end], name))
    return row if row.attributes.get("r", "1") == "1" else None


def _cell_text(cell: Node) -> str:
    inline = cell.first("is")
    if inline is not None:
        return _rich_text(inline)
    value = cell.first("v")
    return value.text if value is not None else ""


def _rich_text(node: Node) -> str:
    """The text of a string, plain or in runs; how it is read aloud (`rPh`) left out."""
    runs = [child for child in node.children if child.name in ("t", "r")]
    parts = (t.text for child in runs for t in ([child] if child.name == "t" else child.all("t")))
    return "".join(parts)


class _Enough(Exception):
    """The strings that were wanted have been seen."""


def shared_strings(data: bytes, last: int) -> dict[int, str]:
    """The shared strings up to number `last`: those of the header nearly always come first."""
    texts: dict[int, str] = {}
    inside: list[str] = []
    parser = guarded_parser()

    def start(tag: str, _: dict[str, str]) -> None:
        inside.append(tag.rpartition(":")[2])
        if inside[-1] == "si":
            texts[len(texts)] = ""

    def end(_: str) -> None:
        if inside.pop() == "si" and len(texts) > last:
            raise _Enough

    def text(piece: str) -> None:
        if inside[-1] == "t" and "rPh" not in inside:
            texts[len(texts) - 1] += piece

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    with contextlib.suppress(_Enough):
        run(parser, data)
    return texts


# ------------------------------------------------------------------------------- the marks
Wanted = Mapping[int, Mapping[int, Severity]]
"""Row → column → the severity to show there."""


def recoloured(data: bytes, wanted: Wanted, styles: Styles) -> bytes:
    """The sheet with earlier marks taken off and the wanted ones put on. Values stay as they are."""
    painter = _Painter(data, wanted, styles)
    parser = guarded_parser()
    parser.StartElementHandler, parser.EndElementHandler = painter.start, painter.end
    painter.parser = parser
    run(parser, data)
    return spliced(data, painter.edits)


class _Painter:
    """Walks over the cells of a sheet and notes what to change. Sheets are long: no tree is built."""

    def __init__(self, data: bytes, wanted: Wanted, styles: Styles) -> None:
        self.data = data
        self.edits: list[Edit] = []
        self.parser: Any = None
        self._wanted = wanted
        self._styles = styles
        self._marked = {str(number) for number in styles.marked_styles}
        self._columns: list[tuple[int, int, int]] = []
        self._row = 0
        self._column = -1
        self._row_node: Node | None = None
        self._left: dict[int, Severity] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._cell(tag, attributes)
        elif name == "row":
            self._open_row(tag, attributes)
        elif name == "col":
            first, last = int(attributes["min"]) - 1, int(attributes["max"]) - 1
            self._columns.append((first, last, int(attributes.get("style", 0))))

    def end(self, tag: str) -> None:
        if self._row_node is not None and tag == self._row_node.tag:
            self._close_row()

    def _open_row(self, tag: str, attributes: dict[str, str]) -> None:
        self._row = int(attributes.get("r", self._row + 1))
        self._column = -1
        at = self.parser.CurrentByteIndex
        self._row_node = Node(tag, attributes, at, tag_end(self.data, at))
        self._left = dict(self._wanted.get(self._row, {}))

    def _cell(self, tag: str, attributes: dict[str, str]) -> None:
        style = attributes.get("s", "0")
        if not self._left and style not in self._marked:
            return
        where = place(attributes.get("r", ""))
        self._column = where[1] if where else self._column + 1
        at = self.parser.CurrentByteIndex
        self._insert_before(self._column, at)
        severity = self._left.pop(self._column, None)
        if severity is None and style not in self._marked:
            return
        number = int(style)
        new = self._styles.marked(number, severity) if severity else self._styles.unmarked(number)
        opened = tag_end(self.data, at)
        empty = self.data[opened - 2 : opened] == b"/>"
        node = Node(tag, attributes, at, opened)
        self.edits.append(Edit(at, opened, start_tag(node, {"s": str(new)}, empty=empty)))

    def _insert_before(self, column: int, at: int) -> None:
        """Cells that the row does not have, because they are empty, come before the next one that it has."""
        missing = sorted(c for c in self._left if c < column)
        if missing:
            self.edits.append(Edit(at, at, b"".join(self._new_cell(c) for c in missing)))

    def _new_cell(self, column: int) -> bytes:
        severity = self._left.pop(column)
        style = self._styles.marked(self._default_style(column), severity)
        prefix = self._row_node.prefix if self._row_node else ""
        return f'<{prefix}c r="{reference(self._row, column)}" s="{style}"/>'.encode()

    def _default_style(self, column: int) -> int:
        row = self._row_node.attributes if self._row_node else {}
        if row.get("customFormat") in ("1", "true"):
            return int(row.get("s", 0))
        return next((style for first, last, style in self._columns if first <= column <= last), 0)

    def _close_row(self) -> None:
        row = self._row_node
        if row is not None and self._left:
            new = b"".join(self._new_cell(column) for column in sorted(self._left))
            closed, end = closing(self.data, row.start, row.opened, self.parser.CurrentByteIndex)
            if closed == end:
                new = start_tag(row) + new + f"</{row.tag}>".encode()
                self.edits.append(Edit(row.start, row.opened, new))
            else:
                self.edits.append(Edit(closed, closed, new))
        self._row_node = None
