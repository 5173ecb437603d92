"""A waterfall of evidence as a small SVG: where the odds begin, what each field adds, where they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from clientlib.report import theme

WIDTH = 400
_HALO = "paint-order: stroke; stroke: var(--paper, #fff); stroke-width: 3px"
"""A rim of the page's own colour, so that a line behind a number does not strike it through."""
_ROW, _BAR, _TOP, _BOTTOM = 26, 16, 6, 20
_LABELS, _VALUES = 112, 44
"""Room at the left for the fields, and on both sides of the bars for the numbers."""
_FOR, _AGAINST, _STANDING = theme.PALETTE[2], theme.ALERT, theme.MAIN


@dataclass(frozen=True)
class Step:
    """One bar: from `start` to `end`, with what stands at its left and at its tip.

    `evidence` False: it is where the odds stand, before or after all evidence.
    """

    label: str
    start: float
    end: float
    value: str
    evidence: bool = True


def waterfall(
    steps: Sequence[Step], name: str, title: str, description: str, mark: float, mark_label: str
) -> str:
    """The steps from the top down as one `<svg>`.

    Parameters
    ----------
    steps : sequence of Step
        What is no evidence has a colour of its own.
    name : str
        Unique on the page: ids are made from it.
    title, description : str
        What a screen reader says.
    mark, mark_label : float, str
        Where an upright broken line stands, and what it is called.

    Returns
    -------
    str
        Real text, colours as the theme's CSS variables with the plain colour behind them.
    """
    points = [0.0, mark, *(s.start for s in steps), *(s.end for s in steps)]
    low, high = min(points), max(points)
    left, right = _LABELS + _VALUES, WIDTH - _VALUES
    scale = (right - left) / ((high - low) or 1.0)

    def at(value: float) -> float:
        return round(left + (value - low) * scale, 1)

    foot = _TOP + _ROW * len(steps)
    drawn = [_link(at(step.end), n) for n, step in enumerate(steps[:-1])]
    drawn += [_bar(step, n, at) for n, step in enumerate(steps)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {foot + _BOTTOM}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-size="12.5">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        f'<path d="M{at(mark)} {_TOP}V{foot}" style="stroke: {_colour(theme.MUTED)}" stroke-dasharray="3 3"/>'
        f"{''.join(drawn)}{_text(at(mark), foot + 14, mark_label, 'middle', theme.MUTED)}</svg>"
    )


def _bar(step: Step, row: int, at: Callable[[float], float]) -> str:
    upwards = step.end >= step.start
    colour = (_FOR if upwards else _AGAINST) if step.evidence else _STANDING
    left, right = sorted((at(step.start), at(step.end)))
    top = _TOP + _ROW * row + (_ROW - _BAR) / 2
    base = top + _BAR - 3.5
    return (
        f'<rect x="{left}" y="{top}" width="{max(right - left, 1):.1f}" height="{_BAR}" '
        f'style="fill: {_colour(colour)}"/>'
        + _text(0, base, step.label, "start", theme.INK)
        + _text(
            right + 5 if upwards else left - 5, base, step.value, "start" if upwards else "end", theme.INK
        )
    )


def _link(x: float, row: int) -> str:
    """The thin line from the end of a bar down to where the next one begins."""
    top = _TOP + _ROW * row + (_ROW + _BAR) / 2
    return f'<path d="M{x} {top}v{_ROW - _BAR}" style="stroke: {_colour(theme.CONTEXT)}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="fill: {_colour(colour)}; {_HALO}">'
        f"{escape(text)}</text>"
    )


def _colour(colour: str) -> str:
    return f"var({theme.VARIABLES[colour]}, {colour})"
