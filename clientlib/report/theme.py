"""How charts look: a seaborn theme whose colours survive colour-blindness, a grey printer and a dark page.

The palette walks from dark to light, so that neighbours differ in lightness and not in hue alone. In the
finished page each colour is a CSS variable (see `svg.py`), which the dark style sheet sets anew.
"""

from __future__ import annotations

from typing import Any

from clientlib import fonts

INK, MUTED, GRID = "#1f2a36", "#5a6673", "#dfe4e8"
PALETTE = ("#14425f", "#b3470a", "#2f9288", "#8fbbe0", "#f2d27a")
"""Navy, vermilion, teal, sky, amber: from dark to light, so far apart that a grey printer parts them."""
MAIN, ALERT, CONTEXT = PALETTE[0], PALETTE[1], "#b9c4cd"
"""What the chart is about; what needs attention; what is there for comparison."""
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--line",
    CONTEXT: "--chart-context",
    **{colour: f"--chart-{number}" for number, colour in enumerate(PALETTE, start=1)},
}
"""The CSS variable behind each colour of the theme."""
RAMP = ("#f1f5f7", "#b7d0dd", "#6a9fb8", "#2f6d8c", "#15435f")
"""From little to much. None is of the palette, which changes on a dark page: the order would be lost."""
DIVERGING = ("#15435f", "#6a9fb8", "#f4f4f1", "#e39a64", "#a8430a")
"""From below the middle to above it."""
HALF, WIDE = (5.6, 3.9), (11.4, 4.3)
"""Chart sizes in inches: two of the first stand side by side; text comes out the same size in both."""


def height(rows: int) -> float:
    """The height in inches of a chart with a row a label, so that bars are as thick in all of them."""
    return min(max(0.9 + 0.4 * rows, 1.7), 5.2)


def apply() -> None:
    """Set the theme for every chart drawn from here on."""
    import matplotlib as mpl
    import seaborn as sns

    sns.set_theme(style="whitegrid", palette=list(PALETTE), rc=_settings())
    mpl.rcParams["font.family"] = fonts.families()


def ramp(name: str = "ramp") -> Any:
    """The colour map from little to much; `diverging` for below and above a middle."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(f"clientlib_{name}", DIVERGING if name == "diverging" else RAMP)


def _settings() -> dict[str, Any]:
    return {
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "savefig.transparent": True,
        "figure.figsize": HALF,
        "figure.constrained_layout.use": True,
        "font.size": 11.5,
        "axes.titlesize": 11.5,
        "axes.labelsize": 11,
        "xtick.labelsize": 11,
        "ytick.labelsize": 11,
        "legend.fontsize": 11,
        "legend.frameon": False,
        "text.color": INK,
        "axes.labelcolor": MUTED,
        "axes.edgecolor": GRID,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid.axis": "x",
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "xtick.color": MUTED,
        "ytick.color": INK,
        "xtick.bottom": False,
        "ytick.left": False,
        "lines.linewidth": 2,
        "axes.unicode_minus": True,
        "text.parse_math": False,
        "svg.fonttype": "none",
    }
