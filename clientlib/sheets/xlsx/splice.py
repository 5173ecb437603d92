"""XML read with the place of every element in its bytes, so that a change touches nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

_START_TAG = re.compile(rb"<(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>")
_NONE: Mapping[str, str | None] = {}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class UnreadableXml(Exception):
    """A part is no XML that an .xlsx may hold: broken, or with a document type of its own."""


@dataclass
class Node:
    """An element: its name and attributes as written, and where it lies.

    `data[start:opened]` is the start tag, `data[opened:closed]` what is inside, `data[start:end]` all.
    """

    tag: str
    attributes: dict[str, str]
    start: int
    opened: int
    closed: int = 0
    end: int = 0
    text: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name without its prefix."""
        return self.tag.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """What a new sibling's name begins with: "", or "x:" in files that prefix everything."""
        return self.tag[: -len(self.name)]

    def all(self, name: str) -> list[Node]:
        """The children of that name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Node | None:
        return next(iter(self.all(name)), None)

    def walk(self) -> Iterator[Node]:
        """This element and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def attribute(self, name: str) -> str | None:
        """An attribute whatever its prefix: `r:id` and `rel:id` are the same."""
        found = (v for k, v in self.attributes.items() if k.rpartition(":")[2] == name)
        return next(found, None)


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` give way to `new`."""

    start: int
    end: int
    new: bytes


def parse(data: bytes) -> Node:
    """The root element of a part. For parts of moderate size: every element becomes a node.

    Raises
    ------
    UnreadableXml
        See there.
    """
    root = Node("", {}, 0, 0)
    open_nodes = [root]
    parser = guarded_parser()

    def start(tag: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        node = Node(tag, attributes, at, tag_end(data, at))
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_: str) -> None:
        node = open_nodes.pop()
        node.closed, node.end = closing(data, node.start, node.opened, parser.CurrentByteIndex)

    def text(piece: str) -> None:
        open_nodes[-1].text += piece

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    run(parser, data)
    return root.children[0]


def guarded_parser() -> Any:
    """An expat parser that refuses a document type, and with it every entity that could blow up."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise UnreadableXml("a document type inside a workbook")

    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    return parser


def run(parser: Any, data: bytes) -> None:
    """Parse all of `data`."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableXml("not in UTF-8")
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnreadableXml(str(error)) from None


def tag_end(data: bytes, start: int) -> int:
    """Where the start tag that begins at `start` ends."""
    found = _START_TAG.match(data, start)
    if found is None:
        raise UnreadableXml("a tag without an end")
    return found.end()


def closing(data: bytes, start: int, opened: int, at: int) -> tuple[int, int]:
    """Where the inside of an element ends, and where the element does; `at`: where its end was met."""
    if data[opened - 2 : opened] == b"/>" and at in (start, opened):
        return opened, opened
    return at, data.index(b">", at) + 1


def spliced(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes with all edits made. Edits at one place come in the order given."""
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        pieces += [data[at : edit.start], edit.new]
        at = edit.end
    return b"".join([*pieces, data[at:]])


def start_tag(node: Node, changes: Mapping[str, str | None] = _NONE, *, empty: bool = False) -> bytes:
    """The start tag of an element with attributes changed, added, or (None) left out."""
    attributes = {**node.attributes, **changes}
    words = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value is not None)
    return f"<{node.tag}{words}{'/>' if empty else '>'}".encode()


def retagged(node: Node, **changes: str | None) -> Edit:
    """The edit that changes attributes of an element and leaves its inside alone."""
    empty = node.opened == node.end
    return Edit(node.start, node.opened, start_tag(node, changes, empty=empty))


def appended(node: Node, new: bytes, **changes: str | None) -> list[Edit]:
    """The edits that put `new` at the end of an element's inside, and change its attributes."""
    if node.opened == node.end:
        whole = start_tag(node, changes) + new + f"</{node.tag}>".encode()
        return [Edit(node.start, node.end, whole)]
    return [retagged(node, **changes), Edit(node.closed, node.closed, new)]


def xml_text(text: str) -> str:
    """Text as it may stand between tags, without characters that XML cannot hold."""
    return escape(_NOT_XML.sub("", text))
