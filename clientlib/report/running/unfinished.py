"""What a run was asked for, kept while it is at work, so that one that was broken off can go on."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from clientlib import __version__
from clientlib.aside import write_text
from clientlib.config import Beside
from clientlib.errors import ParameterError
from clientlib.report.agenda import Asked
from clientlib.report.plan import Report, words_file

FILE = ".unfinished.json"


@dataclass(frozen=True)
class Unfinished:
    """A run that is at work, or was broken off. `code`: a hash of each notebook, its words and clientlib."""

    run: str
    asked: Asked
    beside: tuple[Beside, ...]
    code: Mapping[str, str]

    @classmethod
    def of(
        cls, asked: Asked, beside: Sequence[Beside], reports: Sequence[Report], run: str = ""
    ) -> Unfinished:
        """A run that begins now, or goes on under the name `run`."""
        run = run or f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        return cls(run, asked, tuple(beside), {report.name: _code(report) for report in reports})

    @classmethod
    def read(cls, reports: Path) -> Unfinished:
        """The run that was broken off.

        Raises
        ------
        ParameterError
            None was.
        """
        try:
            values = json.loads((reports / FILE).read_text("utf-8"))
            asked = values["asked"]
            for name in ("names", "branches", "languages"):
                asked[name] = tuple(asked[name]) if asked[name] is not None else None
            return cls(values["run"], Asked(**asked), tuple(values["beside"]), values["code"])
        except (OSError, ValueError, KeyError, TypeError):
            raise ParameterError(
                "No run was broken off, so there is none to resume. Begin one: clientlib report",
                "没有中断的运行可以继续。如需重新开始：clientlib report",
            ) from None

    def same_notebooks(self, other: Unfinished) -> bool:
        """Whether what one run made is what the other would make."""
        return self.code == other.code

    def write(self, reports: Path) -> None:
        write_text(reports / FILE, json.dumps(asdict(self), default=str, ensure_ascii=False))

    @staticmethod
    def forget(reports: Path) -> None:
        (reports / FILE).unlink(missing_ok=True)


def _code(report: Report) -> str:
    words = words_file(report.notebook)
    own = words.read_bytes() if words.is_file() else b""
    return hashlib.sha256(__version__.encode() + report.notebook.read_bytes() + own).hexdigest()
