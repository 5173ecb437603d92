"""Which report uses which field, as each report's notebook declares it in its metadata.

Under `clientlib`, beside its titles, a notebook has `uses`: area → names of fields; `"*"` stands for every
area or every field. A test alters each declared field of a demo book and sees the page change, and alters
all the others and sees it stay, so that the declarations are true (tests/dictionary/test_uses.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clientlib.report import plan

EVERY = "*"


@dataclass(frozen=True)
class ReportUse:
    """A report's name and titles, and the fields it uses; `fields` is None where it does not say."""

    name: str
    titles: Mapping[str, str]
    fields: Mapping[str, Sequence[str]] | None

    def title(self, language: str) -> str:
        return self.titles.get(language) or self.name

    def uses(self, area: str, field: str) -> bool:
        """Whether the report declares that it uses the field."""
        if self.fields is None:
            return False
        named = {*self.fields.get(area, ()), *self.fields.get(EVERY, ())}
        return field in named or EVERY in named


def reports(notebooks: Path) -> list[ReportUse]:
    """The reports below the folder `notebooks` of a workbook, in the order of their index.

    Raises
    ------
    WorkbookError
        A notebook among them cannot be read as a report.
    """
    found = [plan.read(path) for path in sorted((notebooks / plan.FOLDER).glob("*.ipynb"))]
    ordered = sorted(found, key=lambda report: (report.order, report.name))
    return [ReportUse(r.name, r.titles, _declared(r.notebook)) for r in ordered]


def _declared(notebook: Path) -> Mapping[str, Sequence[str]] | None:
    metadata = json.loads(notebook.read_text("utf-8"))["metadata"]
    declared: Mapping[str, Sequence[str]] | None = metadata.get("clientlib", {}).get("uses")
    return declared
