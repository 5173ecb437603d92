"""Takes out of an executed notebook what tells of the machine it ran on: paths, colours, secrets of the
environment."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from clientlib.book import secret_store

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SECRET = re.compile(r"passw|secret|token|credential|api_?key", re.IGNORECASE)
"""So are called the variables of other programs that hold one."""
_SHORTEST = 8
"""Shorter values are no secrets, and may stand in any text."""
_KEPT_BY_PAPERMILL = ("parameters", "duration", "start_time", "end_time", "exception")


def clean(notebook: Any, folder: Path) -> None:
    """Scrub `notebook` in place; `folder` is the workbook that it ran in."""
    marks = _marks(folder)
    papermill = notebook["metadata"].get("papermill", {})
    notebook["metadata"]["papermill"] = {k: papermill[k] for k in _KEPT_BY_PAPERMILL if k in papermill}
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                output["evalue"] = text(output["evalue"], marks)
                output["traceback"] = [text(line, marks) for line in output["traceback"]]
            elif output["output_type"] == "stream":
                output["text"] = text(output["text"], marks)
            else:
                data = output["data"]
                data.update({k: text(v, marks) for k, v in data.items() if isinstance(v, str)})


def text(value: Any, marks: list[tuple[str, str]]) -> str:
    """`value` as text without colours and with the `marks` for this machine's folders."""
    plain = _ANSI.sub("", value if isinstance(value, str) else "".join(value))
    for path, mark in marks:
        plain = plain.replace(path, mark)
    return plain


def sentence(value: str, folder: Path) -> str:
    """The first line of an error's text, scrubbed, for the manifest."""
    lines = text(value, _marks(folder)).strip().splitlines()
    return lines[0] if lines else ""


def _marks(folder: Path) -> list[tuple[str, str]]:
    places = {
        str(folder): "<workbook>",
        str(folder.resolve()): "<workbook>",
        str(Path(__file__).parents[2]): "<code>",
        sys.prefix: "<python>",
        sys.base_prefix: "<python>",
        tempfile.gettempdir(): "<temporary>",
        os.path.expanduser("~"): "~",  # noqa: PTH111 - does not raise where there is no home
        **_secrets(),
    }
    # The longest first, so that a folder inside another keeps its own mark; never a bare root.
    return sorted(((p, m) for p, m in places.items() if len(p) > 3), key=lambda pair: -len(pair[0]))


def _secrets() -> dict[str, str]:
    return {
        value: f"<{name}>"
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST and (secret_store.holds_secret(name) or _SECRET.search(name))
    }
