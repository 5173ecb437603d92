"""The last look at a finished page: nothing in it may tell who a client is.

Reports are made from frames without names and numbers; this guard is for the day on which one slips in,
through a comment or a remark for instance. It reads what a person can read (text, titles, alternative
texts), not style sheets or the coordinates of a chart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from clientlib.idcard import PATTERN, check_character

_EDGE_BEFORE, _EDGE_AFTER = r"(?<![\w.,+-])", r"(?![\w,-]|\.\d)"
_ID_CARD = re.compile(rf"(?<![0-9A-Za-z])({PATTERN}|[1-9]\d{{16}}x)(?![0-9A-Za-z])")
_MOBILE = re.compile(rf"{_EDGE_BEFORE}(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}}{_EDGE_AFTER}")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_READ_ATTRIBUTES = frozenset({"title", "alt", "aria-label", "content", "href", "summary", "value"})
_UNREAD_ELEMENTS = frozenset({"style", "script"})
_DRAWN = frozenset({"text/html", "image/svg+xml"})

_CHINESE = {
    "ID card number": "身份证号码",
    "mobile number": "手机号码",
    "e-mail address": "电子邮箱",
    "planted word": "预先埋入的词",
}


@dataclass(frozen=True)
class Sighting:
    """Something in a page that looks like identity: what `kind`, and how often. Never the value."""

    kind: str
    times: int


def sightings(html: str, planted: Sequence[str] = ()) -> list[Sighting]:
    """What in `html` looks like an ID card number, a mobile number or an e-mail address, or was planted.

    `planted` are words that stand in the book for this alone, such as the name of a client whom the firm made
    up: wherever one shows, others may. An ID number counts only when its check character holds, so that a
    hash or a client number does not stop a report; an address counts wherever it stands.
    """
    return _sightings("\n".join(_read(html)), planted)


def sightings_in_notebook(notebook: Any, planted: Sequence[str] = ()) -> list[Sighting]:
    """The same for the outputs of an executed notebook, which is kept beside the page."""
    texts: list[str] = []
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            texts += [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])]
            for kind, value in output.get("data", {}).items():
                texts += _texts(kind, value)
    return _sightings("\n".join(texts), planted)


def sentence(found: list[Sighting]) -> str:
    """For the administrator: why a page was not published."""
    listed = ", ".join(f"{s.times} × {s.kind}" for s in found)
    return (
        f"The page holds what looks like a client's identity ({listed}), so it was not published. "
        "Take the field that it comes from out of the report."
    )


def in_chinese(found: list[Sighting]) -> str:
    """The same, where a command tells it."""
    listed = "、".join(f"{_CHINESE[s.kind]} {s.times} 处" for s in found)
    return f"页面中疑似含有客户身份信息（{listed}），因此未发布。请从报告中去掉其来源字段。"


def _texts(kind: str, value: Any) -> list[str]:
    """What a person can read of an output of a media type; nothing of a picture that is no drawing."""
    if not isinstance(value, str):
        return [json.dumps(value, ensure_ascii=False)]
    if kind in _DRAWN:
        return _read(value)
    return [] if kind.startswith("image/") else [value]


def _read(html: str) -> list[str]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.texts


def _sightings(text: str, planted: Sequence[str]) -> list[Sighting]:
    cards = sum(check_character(c) == c[17].upper() for c in _ID_CARD.findall(text))
    counts = {
        "ID card number": cards,
        "mobile number": len(_MOBILE.findall(text)),
        "e-mail address": len(_EMAIL.findall(text)),
        "planted word": sum(text.count(word) for word in planted),
    }
    return [Sighting(kind, times) for kind, times in counts.items() if times]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD_ELEMENTS:
            self._unread += 1
        self.texts += [value for name, value in attrs if value and name in _READ_ATTRIBUTES]

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD_ELEMENTS:
            self._unread -= 1

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.texts.append(data)
