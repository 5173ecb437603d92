"""Fills in the derived parts of the handbook and writes its exercise: `make handbook`."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from clientlib.config import Language, load
from clientlib.dictionary import handbook
from clientlib.simulate.exercise import write_exercise
from clientlib.tables import AREAS

DOCS = Path(__file__).parent
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_TIME_OF_WRITING = "docProps/core.xml"


def main() -> None:
    for language in LANGUAGES:
        page = DOCS / f"handbook.{language}.md"
        page.write_text(handbook.filled(page.read_text("utf-8"), AREAS, load(), language), "utf-8")
        _put_exercise(DOCS / "exercise", language)


def _put_exercise(folder: Path, language: Language) -> None:
    """The workbook alone: its answers stand in the handbook, folded, where they are not read first."""
    with tempfile.TemporaryDirectory() as aside:
        made, _ = write_exercise(aside, language)
        target = folder / made.name
        # A workbook states when it was written: one that says the same is left as it is.
        if not target.exists() or _content(target) != _content(made):
            folder.mkdir(exist_ok=True)
            target.write_bytes(made.read_bytes())


def _content(workbook: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(workbook) as parts:
        return {name: parts.read(name) for name in parts.namelist() if name != _TIME_OF_WRITING}


if __name__ == "__main__":
    main()
