"""The fonts that charts are laid out with: a Latin one that matplotlib brings, and a Chinese one if any."""

from __future__ import annotations

CHINESE = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "SimHei",
)
LATIN = "DejaVu Sans"


def families() -> list[str]:
    """The families of these that are on this machine: matplotlib logs a line for each one that it misses."""
    chinese = chinese_family()
    return [LATIN, chinese] if chinese else [LATIN]


def chinese_family() -> str | None:
    """The first Chinese family on this machine; without one (None) the reader's browser brings its own."""
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return next((family for family in CHINESE if family in there), None)
