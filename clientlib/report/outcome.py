"""What became of one report in one language: told by the process that made it, kept in the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from clientlib.report.messages import LANGUAGES

Status = Literal["made", "unavailable", "skipped", "failed"]
"""Made; made, but the book holds nothing for it; waiting for a source; failed."""
FAILED, WAITING = 3, 4
"""Exit codes: a report failed; none failed, but one waits for a source."""
Severity = Literal["high", "warn", "note", "good"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""How grave a thing to know is, the gravest first."""
ALERTS = SEVERITIES[:2]
"""Points of these severities are alerts: they stand at the top of their page, and of the index."""


@dataclass(frozen=True)
class Outcome:
    """What became of a report.

    `edition` is the folder's name; `page` and `notebook` are file names below it, `files` those of what was
    made beside the page. `reason` is for the administrator, and so are `notices`, of what was not made though
    the page was; `message` is for the reader. `figures` and `points` are the blocks of those kinds (see
    `page.py`), `chart` is the card's small chart; `content` is the hash of what the page says, its footer
    apart; `seconds` is wall time, `memory_mb` the most that its process took.
    """

    report: str
    language: str
    status: Status
    edition: str = ""
    title: str = ""
    page: str | None = None
    notebook: str = ""
    files: tuple[str, ...] = ()
    reason: str = ""
    notices: tuple[str, ...] = ()
    message: str = ""
    figures: tuple[dict[str, Any], ...] = ()
    points: tuple[dict[str, Any], ...] = ()
    chart: str = ""
    content: str = ""
    seconds: float = 0.0
    memory_mb: int = 0

    @property
    def shown(self) -> bool:
        """Whether there is a page to look at."""
        return self.page is not None

    def write(self, file: Path) -> None:
        """Keep it as JSON."""
        file.write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")


def word_file(folder: Path, report: str, language: str) -> Path:
    """Where an edition in the making keeps the outcome of a report until it is published."""
    return folder / f".{report}.{language}.json"


def word_files(folder: Path, report: str) -> list[Path]:
    """Where the outcomes of a report in all languages may lie."""
    return [word_file(folder, report, language) for language in LANGUAGES]


def read(file: Path) -> Outcome | None:
    """The outcome in a file; None where there is none, or not a whole one."""
    try:
        return _of(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _of(values: Mapping[str, Any]) -> Outcome:
    several = {f.name for f in fields(Outcome) if f.default == ()}
    facts: dict[str, Any] = {k: tuple(v) if k in several else v for k, v in values.items()}
    return Outcome(**facts)
