"""Colours that survive a grey printer and colour-blindness, on a white page and on a dark one."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from clientlib.report import exporter, theme

CSS = (Path(exporter.__file__).parent / "template/clientreport/page.css").read_text("utf-8")
SCHEMES = [
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part))
    for part in re.findall(r":root \{(.*?)\n *\}", CSS, flags=re.S)[:2]
]
GREY_STEP, SEEN_APART = 8.0, 12.0
"""Steps of lightness (CIE L*) and of colour (CIE 1976 ΔE) that neighbours on a chart are apart at least."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])
BLINDNESS = {
    "protanopia": "0.152286 1.052583 -0.204868 0.114503 0.786281 0.099216 -0.003882 -0.048116 1.051998",
    "deuteranopia": "0.367322 0.860646 -0.227968 0.280085 0.672501 0.047413 -0.011820 0.042940 0.968881",
    "tritanopia": "1.255528 -0.076749 -0.178779 -0.078411 0.930809 0.147602 0.004733 0.691367 0.303900",
}
"""Machado, Oliveira & Fernandes (2009), severity 1.0: what is seen of linear red, green and blue, by row."""


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def chart_colours(scheme: dict[str, str]) -> list[str]:
    return [scheme[f"chart-{number}"] for number in range(1, 6)]


def test_the_style_sheet_has_the_colours_of_the_theme() -> None:
    assert chart_colours(SCHEMES[0]) == list(theme.PALETTE)
    assert SCHEMES[0]["chart-context"] == theme.CONTEXT


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_a_grey_printer_parts_the_colours(scheme: dict[str, str]) -> None:
    lightness = sorted(lab(linear(colour))[0] for colour in chart_colours(scheme))
    assert min(b - a for a, b in itertools.pairwise(lightness)) >= GREY_STEP


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_colour_blind_part_the_colours(scheme: dict[str, str], kind: str) -> None:
    sight = np.array(BLINDNESS[kind].split(), float).reshape(3, 3)
    seen = [lab(sight @ linear(colour)) for colour in chart_colours(scheme)]
    apart = min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))
    assert apart >= SEEN_APART


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_what_a_chart_is_about_stands_out_from_the_page(scheme: dict[str, str]) -> None:
    paper = linear(scheme["paper"]) @ TO_XYZ[1]
    for name in ("chart-1", "chart-2"):
        light, dark = sorted((linear(scheme[name]) @ TO_XYZ[1], paper), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, name  # WCAG 2.2, 1.4.11


@pytest.mark.parametrize("colours", [theme.RAMP, theme.DIVERGING[:3], theme.DIVERGING[:1:-1]])
def test_a_ramp_goes_one_way_in_grey(colours: tuple[str, ...]) -> None:
    lightness = [lab(linear(colour))[0] for colour in colours]
    assert lightness in (sorted(lightness), sorted(lightness, reverse=True))


def test_no_step_of_a_ramp_changes_on_a_dark_page() -> None:
    assert not set(theme.RAMP + theme.DIVERGING) & set(theme.VARIABLES)
