"""Whether the links of a page lead somewhere."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit


def links(file: Path) -> list[str]:
    """The addresses in a page, in order."""
    return [unescape(link) for link in re.findall(r'href="([^"]*)"', file.read_text("utf-8"))]


def dead_links(file: Path) -> list[str]:
    """Those that lead to no file, to no place in it, or away from this machine."""
    return [link for link in links(file) if not _leads_somewhere(link, file)]


def _leads_somewhere(link: str, file: Path) -> bool:
    parts = urlsplit(link)
    target = file.parent / unquote(parts.path) if parts.path else file
    if parts.scheme or parts.netloc or not target.is_file():
        return False
    return not parts.fragment or f'id="{unquote(parts.fragment)}"' in target.read_text("utf-8")
