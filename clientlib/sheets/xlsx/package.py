"""The parts of an .xlsx: which there are, how they refer to each other, and writing them back."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from clientlib.sheets.xlsx.splice import Edit, Node, UnreadableXml, appended, parse, retagged, spliced

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CONTENT_TYPES = "[Content_Types].xml"
SHEET_TYPE = f"{_CONTENT}.worksheet+xml"
COMMENTS_TYPE = f"{_CONTENT}.comments+xml"
VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
MAIN_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BEFORE_NAMES = frozenset({"sheets", "functionGroups", "externalReferences"})
"""What stands in a workbook's list of parts right before its names: the order is fixed."""
_EMPTY_RELATIONSHIPS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook: its name, the part it lies in, its place among the sheets."""

    name: str
    part: str
    at: int


class Package:
    """The parts of one workbook in memory. Parts that nobody touches are written back byte for byte."""

    def __init__(self, path: Path) -> None:
        """Read all parts. The caller has looked at the unpacked size before (`intake.sources.examine`)."""
        with zipfile.ZipFile(path) as archive:
            self._order = list(dict.fromkeys(archive.namelist()))
            self._parts = {name: archive.read(name) for name in self._order}
        self.workbook = self._related("", "officeDocument")
        self.styles = self._related(self.workbook, "styles")

    @property
    def application(self) -> str:
        """The program that wrote the workbook, as it calls itself; "" where it does not say."""
        part = self.related("", "extended-properties")
        said = self.tree(part).first("Application") if part else None
        return said.text if said else ""

    # ------------------------------------------------------------------------------ parts
    def __contains__(self, part: str) -> bool:
        return part in self._parts

    def __getitem__(self, part: str) -> bytes:
        return self._parts[part]

    def __setitem__(self, part: str, data: bytes) -> None:
        if part not in self._parts:
            self._order.append(part)
        self._parts[part] = data

    def remove(self, part: str) -> None:
        """Take a part out, if it is there."""
        if self._parts.pop(part, None) is not None:
            self._order.remove(part)

    def tree(self, part: str) -> Node:
        """The root of a part that is XML."""
        return parse(self._parts[part])

    def edit(self, part: str, edits: Iterable[Edit]) -> None:
        self._parts[part] = spliced(self._parts[part], edits)

    def free_name(self, pattern: str) -> str:
        """The first name of the pattern (`xl/comments{}.xml`) that no part has."""
        names = {name.lower() for name in self._parts}
        number = 1
        while pattern.format(number).lower() in names:
            number += 1
        return pattern.format(number)

    def save(self, path: Path) -> None:
        """Write all parts, in the order in which they were read."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in self._order:
                archive.writestr(name, self._parts[name])

    # ---------------------------------------------------------------------- relationships
    def sheets(self) -> list[Sheet]:
        """The worksheets in their order; chart sheets and macro sheets left out."""
        listed = self.tree(self.workbook).first("sheets")
        found = []
        for at, node in enumerate(listed.all("sheet") if listed else []):
            target = self.target(self.workbook, node.attribute("id") or "")
            if target in self._parts and "/worksheets/" in f"/{target}":
                found.append(Sheet(node.attributes["name"], target, at))
        return found

    def target(self, part: str, relation: str) -> str:
        """The part that a relationship of `part` leads to; "" where there is none."""
        for node in self._relationships(part):
            if node.attributes.get("Id") == relation:
                return _resolved(part, node.attributes["Target"])
        return ""

    def related(self, part: str, kind: str) -> str | None:
        """The part of that kind (`comments`, `vmlDrawing`) that belongs to `part`, if any."""
        for node in self._relationships(part):
            if node.attributes.get("Type", "").endswith(f"/{kind}"):
                target = _resolved(part, node.attributes["Target"])
                if target in self._parts:
                    return target
        return None

    def relate(self, part: str, target: str, kind: str) -> str:
        """A new relationship from `part` to `target`; its id."""
        name = relationships_of(part)
        if name not in self._parts:
            self[name] = _EMPTY_RELATIONSHIPS
        root = self.tree(name)
        ids = {node.attributes.get("Id") for node in root.children}
        number = 1
        while f"rIdCw{number}" in ids:
            number += 1
        new = (
            f'<{root.prefix}Relationship Id="rIdCw{number}" Type="{RELATIONSHIPS}/{kind}" '
            f"Target={quoteattr('/' + target)}/>"
        )
        self.edit(name, appended(root, new.encode()))
        return f"rIdCw{number}"

    def declare(self, part: str, content_type: str) -> None:
        """Say in the list of content types what a new part is."""
        root = self.tree(CONTENT_TYPES)
        new = f'<{root.prefix}Override PartName={quoteattr("/" + part)} ContentType="{content_type}"/>'
        self.edit(CONTENT_TYPES, appended(root, new.encode()))

    def _relationships(self, part: str) -> list[Node]:
        name = relationships_of(part)
        return self.tree(name).children if name in self._parts else []

    def _related(self, part: str, kind: str) -> str:
        target = self.related(part, kind)
        if target is None:
            raise UnreadableXml(f"no {kind} part")
        return target

    # --------------------------------------------------------------------------- the sheets
    def named_sheets(self, beginning: str) -> dict[str, Sheet]:
        """The sheets that names of the workbook point to: of the names that begin so."""
        sheets = {sheet.name: sheet for sheet in self.sheets()}
        names = self.tree(self.workbook).first("definedNames")
        found = {}
        for node in names.all("definedName") if names else []:
            name = node.text.rpartition("!")[0].strip("'").replace("''", "'")
            if node.attributes.get("name", "").startswith(beginning) and name in sheets:
                found[node.attributes["name"]] = sheets[name]
        return found

    def add_first_sheet(self, name: str, defined_name: str, data: bytes) -> None:
        """Put a new sheet before all others, with a name that points to it, and open the workbook there."""
        part = self.free_name("xl/worksheets/sheetCw{}.xml")
        self[part] = data
        self.declare(part, SHEET_TYPE)
        relation = self.relate(self.workbook, part, "worksheet")
        root = self.tree(self.workbook)
        listed = root.first("sheets")
        if listed is None:
            raise UnreadableXml("no sheets")
        number = 1 + max((int(node.attributes.get("sheetId", 0)) for node in listed.children), default=0)
        # Readers look for the very name "r:id"; most files declare its prefix at the top, some nowhere else.
        new = (
            f'<{listed.prefix}sheet xmlns:r="{RELATIONSHIPS}" name={quoteattr(name)} sheetId="{number}" '
            f'r:id="{relation}"/>'
        )
        first = Edit(listed.opened, listed.opened, new.encode())
        self.edit(self.workbook, [first, *_moved_names(root), *_new_name(root, defined_name, name)])
        self.open_at(0)

    def overwrite_sheet(self, sheet: Sheet, data: bytes) -> None:
        """Put other content into a sheet of ours where it stands, and open the workbook there."""
        self[sheet.part] = data
        # Print settings and the like that Excel attached to the old content: nothing refers to them any more.
        self.remove(relationships_of(sheet.part))
        self.open_at(sheet.at)

    def open_at(self, place: int) -> None:
        """Let the workbook open at one sheet, with no other selected: typing must not go into several."""
        root = self.tree(self.workbook)
        views = root.first("bookViews")
        if views is not None:
            edits = [retagged(v, activeTab=str(place), firstSheet=None) for v in views.all("workbookView")]
            self.edit(self.workbook, edits)
        for sheet in self.sheets():
            self._select(sheet.part, selected=sheet.at == place)

    def _select(self, part: str, *, selected: bool) -> None:
        # Only the head of a sheet is looked at: its rows may be many.
        data = self._parts[part]
        found = re.search(rb"<(?:\w+:)?sheetView\b[^>]*>", data[:20_000])
        if found is None:
            return
        tag = re.sub(rb"\s+tabSelected=(?:\"[^\"]*\"|'[^']*')", b"", found[0])
        if selected:
            tag = re.sub(rb"sheetView\b", b'sheetView tabSelected="1"', tag, count=1)
        self._parts[part] = data[: found.start()] + tag + data[found.end() :]


def relationships_of(part: str) -> str:
    """The part that holds the relationships of `part` ("" for the package itself)."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolved(part: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))


def _moved_names(root: Node) -> list[Edit]:
    """Names that hold in one sheet count the sheets: with a new first one each counts one more."""
    names = root.first("definedNames")
    local = [n for n in names.all("definedName") if "localSheetId" in n.attributes] if names else []
    return [retagged(n, localSheetId=str(int(n.attributes["localSheetId"]) + 1)) for n in local]


def _new_name(root: Node, name: str, sheet: str) -> list[Edit]:
    """The edits that give the workbook a name for the first cell of a sheet; one of that name gives way."""
    p = root.prefix
    place = escape("'{}'!$A$1".format(sheet.replace("'", "''")))
    new = f"<{p}definedName name={quoteattr(name)}>{place}</{p}definedName>"
    names = root.first("definedNames")
    if names is not None:
        old = [n for n in names.all("definedName") if n.attributes.get("name") == name]
        return [*(Edit(n.start, n.end, b"") for n in old), *appended(names, new.encode())]
    at = [child.end for child in root.children if child.name in _BEFORE_NAMES][-1]
    return [Edit(at, at, f"<{p}definedNames>{new}</{p}definedNames>".encode())]
