"""The table of cell styles of a workbook: styles in a mark's colour, and back to what they were.

A marked style is the cell's own style with another fill. The colour that the cell had is kept in the mark's
fill as the background colour, which a solid fill does not show: so the mark can be taken away again, also
after Excel has written the workbook anew and numbered its styles afresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clientlib.sheets.looks import ERROR_FILL, NOTICE_FILL, REQUIRED_HEAD, WRONG_INK
from clientlib.sheets.xlsx.splice import Edit, Node, UnreadableXml, appended, parse, spliced, start_tag

Severity = Literal["error", "notice"]
COLOURS: dict[Severity, str] = {"error": f"FF{ERROR_FILL[1:]}", "notice": f"FF{NOTICE_FILL[1:]}"}
"""The fills of our marks: told from a person's own colours by being exactly these."""
_FRAMES = frozenset(f"FF{colour[1:]}" for colour in (WRONG_INK, REQUIRED_HEAD))
_NO_COLOUR = '<{p}bgColor indexed="64"/>'
_LEAST_FILLS = 2
"""Every workbook begins with the fills "none" and "grey 12.5 %"."""


@dataclass(frozen=True)
class Look:
    """How a cell of a sheet of our own looks."""

    bold: bool = False
    size: int = 11
    colour: str | None = None
    fill: str | None = None
    underline: bool = False


class Styles:
    """The styles of one workbook; new ones are added at the end, so that numbers in use stay right."""

    def __init__(self, data: bytes, *, backgrounds_kept: bool = True) -> None:
        """`backgrounds_kept`: the program that wrote the workbook last keeps backgrounds that do not show."""
        self._data = data
        self._backgrounds_kept = backgrounds_kept
        root = parse(data)
        self._fonts = _table(root, "fonts")
        self._fills = _table(root, "fills")
        self._borders = _table(root, "borders")
        self._formats = _table(root, "cellXfs")
        self._new: dict[str, list[bytes]] = {"fonts": [], "fills": [], "cellXfs": []}
        self._made: dict[tuple[str, ...], int] = {}
        self._coloured = {
            number: colour for number in range(len(self._formats.children)) if (colour := self._mark(number))
        }

    # ------------------------------------------------------------------------------ marks
    @property
    def marked_styles(self) -> frozenset[int]:
        """The styles that show a mark of an earlier check."""
        return frozenset(self._coloured)

    def marked(self, number: int, severity: Severity) -> int:
        """A style in the colour of a mark, whether it had one or not."""
        return self._with_fill(number, self._fill(COLOURS[severity], self._own_colour(number)))

    def unmarked(self, number: int) -> int:
        """What a style was before it was marked; any other style is its own."""
        if number not in self._coloured:
            return number
        own = self._own_colour(number)
        if own is None:
            return self._with_fill(number, 0, frame="0" if self._has_our_frame(number) else None)
        front = start_tag(_named(own, "fgColor"), empty=True).decode()
        return self._with_fill(number, self._add_fill(own.prefix, front, _NO_COLOUR.format(p=own.prefix)))

    def _mark(self, number: int) -> Node | None:
        pattern = self._pattern(number)
        front = pattern.first("fgColor") if pattern else None
        colour = front.attributes.get("rgb", "").upper() if front else ""
        return pattern if colour in COLOURS.values() else None

    def _pattern(self, number: int) -> Node | None:
        if number >= len(self._formats.children):
            raise UnreadableXml(f"no style {number}")
        fill = int(self._formats.children[number].attributes.get("fillId", 0))
        return self._fills.children[fill].first("patternFill") if fill < len(self._fills.children) else None

    def _own_colour(self, number: int) -> Node | None:
        """The colour of a cell without its mark: what stands behind a mark was the cell's own."""
        pattern = self._coloured.get(number)
        if pattern is not None:
            kept = pattern.first("bgColor") if self._backgrounds_kept else None
            return None if kept is None or kept.attributes == {"indexed": "64"} else kept
        pattern = self._pattern(number)
        solid = pattern is not None and pattern.attributes.get("patternType") == "solid"
        return pattern.first("fgColor") if pattern and solid else None

    # ------------------------------------------------------------------------- new entries
    def look(self, look: Look) -> int:
        """The style of a cell of our own sheets: text that wraps, at the top of its cell."""
        p = self._formats.prefix
        font = self._font(look)
        fill = self._fill(look.fill, None) if look.fill else 0
        new = (
            f'<{p}xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="0" xfId="0" applyFont="1" '
            f'applyFill="1" applyAlignment="1"><{p}alignment vertical="top" wrapText="1"/></{p}xf>'
        )
        return self._add("cellXfs", self._formats, new.encode())

    def _font(self, look: Look) -> int:
        p = self._fonts.prefix
        colour = f'<{p}color rgb="{look.colour}"/>' if look.colour else ""
        new = (
            f"<{p}font>{f'<{p}b/>' if look.bold else ''}{f'<{p}u/>' if look.underline else ''}"
            f'<{p}sz val="{look.size}"/>{colour}<{p}name val="Calibri"/><{p}family val="2"/></{p}font>'
        )
        return self._add("fonts", self._fonts, new.encode())

    def _fill(self, colour: str, own: Node | None) -> int:
        p = self._fills.prefix
        background = start_tag(_named(own, "bgColor"), empty=True).decode() if own else _NO_COLOUR.format(p=p)
        return self._add_fill(p, f'<{p}fgColor rgb="{colour}"/>', background)

    def _add_fill(self, p: str, front: str, background: str) -> int:
        new = f'<{p}fill><{p}patternFill patternType="solid">{front}{background}</{p}patternFill></{p}fill>'
        return self._add("fills", self._fills, new.encode())

    def _has_our_frame(self, number: int) -> bool:
        """Whether a marked cell has the frame that comes with a mark in sheets that we write anew."""
        border = int(self._formats.children[number].attributes.get("borderId", 0))
        if border >= len(self._borders.children):
            return False
        colours = [node for node in self._borders.children[border].walk() if node.name == "color"]
        return bool(colours) and all(node.attributes.get("rgb") in _FRAMES for node in colours)

    def _with_fill(self, base: int, fill: int, frame: str | None = None) -> int:
        node = self._formats.children[base]
        changes: dict[str, str | None] = {"fillId": str(fill), "applyFill": "1" if fill else None}
        if frame is not None:
            changes["borderId"] = frame
        inside = self._data[node.opened : node.end]
        new = start_tag(node, changes, empty=not inside) + inside
        return self._add("cellXfs", self._formats, new)

    def _add(self, table: str, node: Node, new: bytes) -> int:
        """The number of an entry; an entry that was added before is used again."""
        key = (table, new.decode())
        if key not in self._made:
            self._made[key] = len(node.children) + len(self._new[table])
            self._new[table].append(new)
        return self._made[key]

    # ------------------------------------------------------------------------------ result
    def data(self) -> bytes:
        """The part as it is to be written."""
        edits: list[Edit] = []
        for name, node in (("fonts", self._fonts), ("fills", self._fills), ("cellXfs", self._formats)):
            if new := self._new[name]:
                edits += appended(node, b"".join(new), count=str(len(node.children) + len(new)))
        return spliced(self._data, edits)


def _table(root: Node, name: str) -> Node:
    table = root.first(name)
    if table is None or (name == "fills" and len(table.children) < _LEAST_FILLS):
        raise UnreadableXml(f"no {name} in the styles")
    return table


def _named(node: Node, name: str) -> Node:
    """The same element under another name."""
    return Node(f"{node.prefix}{name}", node.attributes, 0, 0)
