"""Fills in the derived parts of the handbook and writes its exercise: `make handbook`."""

from __future__ import annotations

from pathlib import Path

from clientlib.config import Language, load
from clientlib.dictionary import handbook
from clientlib.simulate.exercise import write_exercise
from clientlib.tables import AREAS

DOCS = Path(__file__).parent
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def main() -> None:
    for language in LANGUAGES:
        page = DOCS / f"handbook.{language}.md"
        page.write_text(handbook.filled(page.read_text("utf-8"), AREAS, load(), language), "utf-8")
        workbook, answers = write_exercise(DOCS / "exercise", language)
        # The handbook has the answers itself, folded: beside the exercise they would be read first.
        answers.unlink()
        workbook.chmod(0o644)  # its clients are invented


if __name__ == "__main__":
    main()
