"""What must hold of a folder of reports at any moment, whatever happened to the runs that wrote it."""

from __future__ import annotations

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from clientlib.report import publish

END = "</html>"


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "href" and value]


def links(page: Path) -> list[Path]:
    """The files that a page leads to."""
    reader = _Links()
    reader.feed(page.read_text("utf-8"))
    addresses = [urlsplit(link) for link in reader.found]
    return [page.parent / unquote(a.path) for a in addresses if a.path and not a.scheme and not a.netloc]


def check(reports: Path) -> None:
    """Every edition is whole and as its manifest tells, and every link leads to a page that is whole."""
    found = publish.editions(reports)
    assert [e.folder.name for e in found] == [e.folder.name for e in publish.editions(reports)]
    folders = [path for path in reports.iterdir() if path.is_dir() and not path.name.startswith(".")]
    assert {e.folder for e in found} == set(folders), "a folder without a manifest that can be read"
    home = reports / "index.html"
    assert home.is_file() or not found
    for folder in folders:
        _check_hashes(folder)
    for page in [*reports.glob("*.html"), *(page for folder in folders for page in folder.glob("*.html"))]:
        assert page.read_text("utf-8").rstrip().endswith(END), page
        assert [link for link in links(page) if not link.is_file()] == [], page


def _check_hashes(folder: Path) -> None:
    for run in runs(folder):
        if run["page"]:
            assert hashlib.sha256((folder / run["page"]).read_bytes()).hexdigest() == run["sha256"]


def runs(folder: Path) -> list[dict[str, Any]]:
    """What an edition's manifest tells of each report in each language."""
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    return [run for entry in told["reports"].values() for run in entry["runs"].values()]


def contents(reports: Path) -> dict[tuple[str, str], str]:
    """Edition and page → the hash of what the page says."""
    return {
        (e.folder.name, run["page"]): run["content"]
        for e in publish.editions(reports)
        for run in runs(e.folder)
    }


def wreck(reports: Path) -> list[str]:
    """What lies about that belongs to no edition and is not a file of the runs' own."""
    own = {".lock", "runs.jsonl", "manifest.json"}
    return sorted(
        path.name
        for path in reports.iterdir()
        if path.name not in own
        and not path.name.startswith(("index.", "feed."))
        and path.name.startswith(".")
    )
