"""A matplotlib figure as a piece of a page: inline SVG with real text, named, and the same each time."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from html import escape
from typing import Any

from clientlib.report.theme import VARIABLES

_ID = re.compile(r'\sid="([^"]+)"')
_REFERENCE = re.compile(r'(?:url\(#|href="#)([^")]+)')
_FONT = re.compile(r"font: (?:(italic|oblique) )?(?:(bold|normal|\d{3}) )?([\d.]+)px [^;\"]+")
_FAMILY = re.compile(r"font-family: [^;\"]+;? ?")


def inline(figure: Any, name: str, title: str, description: str) -> str:
    """The figure as an `<svg>` element, then closed.

    Parameters
    ----------
    figure : matplotlib Figure
    name : str
        Unique on the page; the element's ids are made from it, so that two runs give the same bytes.
    title, description : str
        What a screen reader says of the chart.

    Returns
    -------
    str
        One `<svg role="img">` without XML declaration, metadata or date; theme colours are CSS variables
        with the plain colour behind them, text takes the page's own fonts.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}), warnings.catch_warnings():
        # Where the rendering machine has no Chinese font the reader's still shows the text.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from", category=UserWarning)
        figure.savefig(
            buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    plt.close(figure)
    return _tidy(buffer.getvalue(), name, title, description)


def _tidy(source: str, name: str, title: str, description: str) -> str:
    body = source[source.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    prefix = "c" + hashlib.sha256(name.encode()).hexdigest()[:8]
    used = set(_REFERENCE.findall(body))
    body = _ID.sub(lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r"url\(#", f"url(#{prefix}-", body)
    body = re.sub(r'xlink:href="#', f'href="#{prefix}-', body)
    body = _FAMILY.sub("", _FONT.sub(_size_and_weight, body))
    for colour, variable in VARIABLES.items():
        body = re.sub(re.escape(colour) + r"(?![0-9a-f])", f"var({variable}, {colour})", body)
    opening, rest = body.split(">", 1)
    box = re.search(r'viewBox="([^"]+)"', opening)
    named = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1] if box else "0 0 400 280"}" role="img" '
        f'aria-labelledby="{prefix}-title {prefix}-desc">'
        f'<title id="{prefix}-title">{escape(title)}</title>'
        f'<desc id="{prefix}-desc">{escape(description)}</desc>'
    )
    return re.sub(r"\n\s*", "\n", named + rest).strip()


def _size_and_weight(font: re.Match[str]) -> str:
    weight = f"font-weight: {font[2]}; " if font[2] else ""
    return f"{weight}font-size: {font[3]}px"
