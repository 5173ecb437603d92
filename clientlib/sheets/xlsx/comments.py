"""Comments at the cells of a sheet: ours put in and taken out, a person's own left standing.

An .xlsx keeps a comment in two parts: its words in XML, the box that shows it in VML.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from clientlib.sheets import looks
from clientlib.sheets.xlsx.cells import place, reference
from clientlib.sheets.xlsx.package import COMMENTS_TYPE, MAIN_NAMESPACE, RELATIONSHIPS, VML_TYPE, Package
from clientlib.sheets.xlsx.splice import Edit, Node, UnreadableXml, appended, parse, spliced, xml_text

AUTHOR = "Client Workbook"
HEADING = f"▼ {AUTHOR}"
"""The line above our words in a comment; each of them is one line that begins with `BULLET`."""
BULLET = "• "
_OURS = re.compile(rf"\n?{re.escape(HEADING)}[^\n]*(?:\r?\n{re.escape(BULLET)}[^\n]*)*")
_LONGEST = 2_000
"""Characters of our words in one comment: enough for any cell, and far from Excel's 32,767."""

_LINE = 34.0
"""Digits that fit into one line of a box over four columns of the usual width."""
_LINE_HEIGHT, _ROW_HEIGHT = 15, 20
"""Of a line of text and of a row, in pixels."""
_EMPTY_COMMENTS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<comments xmlns="{MAIN_NAMESPACE}"><authors></authors><commentList></commentList></comments>'
).encode()
_EMPTY_VML = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"></xml>'
)
_SHAPE_TYPE = (
    '<v:shapetype xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel" id="_x0000_s{number}" type="#_x0000_t202" '
    'style="position:absolute;margin-left:59.25pt;margin-top:1.5pt;width:320px;height:{height}px;'
    'z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
    '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 2, {right}, 31, {bottom}, 1</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_BOX = re.compile(rb"<v:shape\b(?:(?!</v:shape>).)*</v:shape>", re.DOTALL)
_BOX_PLACE = re.compile(
    rb"ObjectType=[\"']Note[\"'].*?<x:Row>\s*(\d+)\s*</x:Row>.*?<x:Column>\s*(\d+)\s*</x:Column>", re.DOTALL
)
_SHAPE_NUMBER = re.compile(rb"_x0000_s(\d+)")
_ROWS_END = re.compile(rb"</(?:\w+:)?sheetData\s*>|<(?:\w+:)?sheetData\s*/>")
_FOLLOWERS = (
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "AlternateContent",
    "tableParts",
    "extLst",
)
"""What may follow `legacyDrawing` in a sheet: the order of these elements is fixed."""

Place = tuple[int, int]
"""Row (as a person counts) and column (from 0)."""


def annotate(package: Package, sheet: str, messages: Mapping[Place, list[str]]) -> None:
    """Take our earlier comments off a sheet and put new ones on; a person's own words stay above ours.

    Parameters
    ----------
    package : Package
        Changed in place.
    sheet : str
        The sheet's part.
    messages : mapping
        Place → what to say there, one message a line.
    """
    part = package.related(sheet, "comments")
    if part is None and not messages:
        return
    if part is None:
        part = package.free_name("xl/commentsCw{}.xml")
        package[part] = _EMPTY_COMMENTS
        package.declare(part, COMMENTS_TYPE)
        package.relate(sheet, part, "comments")
    cleaned, gone = without_ours(package[part])
    package[part], new = _with_messages(cleaned, messages)
    _draw(package, sheet, gone, {where: block(messages[where]) for where in new})


# ------------------------------------------------------------------------------- the words
def without_ours(data: bytes) -> tuple[bytes, set[Place]]:
    """The comments without what we said in them, and the places whose comment is gone altogether."""
    edits: list[Edit] = []
    gone: set[Place] = set()
    for comment in _comments(parse(data)):
        # LibreOffice cuts a text where the script changes, so our words may lie in several pieces.
        pieces = [node for node in comment.walk() if node.name == "t"]
        whole = "".join(piece.text for piece in pieces)
        ours = {at for found in _OURS.finditer(whole) for at in range(*found.span())}
        if not ours:
            continue
        if any(character.strip() for at, character in enumerate(whole) if at not in ours):
            edits += _cut(pieces, ours)
        else:
            edits.append(Edit(comment.start, comment.end, b""))
            if where := place(comment.attributes.get("ref", "")):
                gone.add(where)
    return spliced(data, edits), gone


def _cut(pieces: list[Node], ours: set[int]) -> list[Edit]:
    """The edits that leave of each piece what is not ours; `ours` are places in all of them as one text."""
    edits, start = [], 0
    for piece in pieces:
        kept = "".join(c for at, c in enumerate(piece.text, start) if at not in ours)
        if kept != piece.text:
            edits.append(Edit(piece.opened, piece.closed, xml_text(kept).encode()))
        start += len(piece.text)
    return edits


def _with_messages(data: bytes, messages: Mapping[Place, list[str]]) -> tuple[bytes, set[Place]]:
    """The comments with our words, and the places that had none before."""
    if not messages:
        return data, set()
    root = parse(data)
    authors, listed = root.first("authors"), root.first("commentList")
    if authors is None or listed is None:
        return _with_messages(_EMPTY_COMMENTS, messages)
    there = {place(node.attributes.get("ref", "")): node for node in _comments(root)}
    names = [node.text for node in authors.children]
    author = names.index(AUTHOR) if AUTHOR in names else len(names)
    new = f"<{root.prefix}author>{AUTHOR}</{root.prefix}author>".encode()
    edits = appended(authors, new) if author == len(names) else []
    fresh: list[bytes] = []
    for where, lines in sorted(messages.items()):
        words = there[where].first("text") if where in there else None
        if words is not None:
            edits += appended(words, _run(root.prefix, "\n" + block(lines)))
        else:
            fresh.append(_comment(root.prefix, where, author, lines))
    edits += appended(listed, b"".join(fresh))
    return spliced(data, edits), set(messages) - set(there)


def _comments(root: Node) -> list[Node]:
    listed = root.first("commentList")
    return listed.all("comment") if listed else []


def block(lines: list[str]) -> str:
    """Our words in a comment, so that they can be told from a person's own and taken out again."""
    said = "\n".join(BULLET + " ".join(line.split()) for line in lines)
    return f"{HEADING}\n{said if len(said) <= _LONGEST else said[: _LONGEST - 1] + '…'}"


def _run(prefix: str, text: str) -> bytes:
    p = prefix
    font = f'<{p}rPr><{p}sz val="9"/><{p}color indexed="81"/><{p}rFont val="Tahoma"/></{p}rPr>'
    return f'<{p}r>{font}<{p}t xml:space="preserve">{xml_text(text)}</{p}t></{p}r>'.encode()


def _comment(prefix: str, where: Place, author: int, lines: list[str]) -> bytes:
    text = _run(prefix, block(lines)).decode()
    opening = f'<{prefix}comment ref="{reference(*where)}" authorId="{author}" shapeId="0">'
    return f"{opening}<{prefix}text>{text}</{prefix}text></{prefix}comment>".encode()


# ------------------------------------------------------------------------------- the boxes
def _draw(package: Package, sheet: str, gone: set[Place], new: Mapping[Place, str]) -> None:
    part = _boxes(package, sheet)
    if part is None:
        if not new:
            return
        part = package.free_name("xl/drawings/vmlDrawingCw{}.vml")
        package[part] = _EMPTY_VML
        package.declare(part, VML_TYPE)
        _refer(package, sheet, package.relate(sheet, part, "vmlDrawing"))
    data = _BOX.sub(lambda box: b"" if _box_place(box[0]) in gone else box[0], package[part])
    end = data.rindex(b"</xml>")
    number = 1 + max((int(n) for n in _SHAPE_NUMBER.findall(data)), default=1024)
    shapes = [_box(number + at, where, new[where]) for at, where in enumerate(sorted(new))]
    kind = _SHAPE_TYPE if shapes and b'id="_x0000_t202"' not in data else ""
    package[part] = data[:end] + (kind + "".join(shapes)).encode() + data[end:]


def _box_place(box: bytes) -> Place | None:
    found = _BOX_PLACE.search(box)
    return (int(found[1]) + 1, int(found[2])) if found else None


def _box(number: int, where: Place, text: str) -> str:
    """A box beside its cell, four columns wide, and as many rows high as the text needs."""
    row, column = where
    top = max(row - 2, 0)
    rows = math.ceil(looks.lines(text, _LINE) * _LINE_HEIGHT / _ROW_HEIGHT) + 1
    return _SHAPE.format(
        number=number,
        height=rows * _ROW_HEIGHT,
        left=column + 1,
        right=column + 5,
        top=top,
        bottom=top + rows,
        row=row - 1,
        column=column,
    )


def _behind_rows(data: bytes) -> tuple[Node, int]:
    """The elements of a sheet behind its rows, as children of one node, and what to add to their places."""
    found = list(_ROWS_END.finditer(data))
    if not found:
        raise UnreadableXml("a sheet without rows")
    tail = found[-1].end()
    name = data[data.rindex(b"</") + 2 :].partition(b">")[0].strip()
    return parse(b"<%b>%b" % (name, data[tail:])), tail - len(name) - 2


def _boxes(package: Package, sheet: str) -> str | None:
    """The part with the sheet's boxes; the one with pictures for page headers is another."""
    legacy = _behind_rows(package[sheet])[0].first("legacyDrawing")
    target = package.target(sheet, legacy.attribute("id") or "") if legacy else ""
    return target if target in package else None


def _refer(package: Package, sheet: str, relation: str) -> None:
    """Say in the sheet where its boxes are, at the one place where that may stand."""
    root, shift = _behind_rows(package[sheet])
    at = next((child.start for child in root.children if child.name in _FOLLOWERS), root.closed) + shift
    tag = f'<{root.prefix}legacyDrawing xmlns:r="{RELATIONSHIPS}" r:id="{relation}"/>'
    package.edit(sheet, [Edit(at, at, tag.encode())])
