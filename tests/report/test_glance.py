"""The strip at a glance: changes in words, told with no colour, never of a few people."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from clientlib.report.glance import Glance, Reading, readings

MAY, JUNE = dt.date(2026, 5, 31), dt.date(2026, 6, 30)
HISTORY = [
    {"as_of": "2026-04-30", "figures": {"clients": 1400.0}},
    {"as_of": "2026-05-31", "figures": {"clients": 1483.0, "value": 1e9}},
    {"as_of": "2026-06-15", "figures": {"value": None}},
]


def glance(language: str = "en") -> Glance:
    return Glance(JUNE, language, "CNY", 5)


def figure(value: Any, kind: str = "count", better: str = "") -> dict[str, Any]:
    return {"key": "clients", "value": value, "kind": kind, "better": better}


def told(now: Any, then: float, kind: str = "count", language: str = "en") -> str:
    change = glance(language).change(figure(now, kind), [Reading(MAY, then)])
    return change.text if change else ""


@pytest.mark.parametrize(
    ("now", "then", "kind", "english", "chinese"),
    [
        (1500, 1483, "count", "up 17 since 31 May 2026", "较2026年5月31日增加17"),
        (
            0.127, 0.139, "percent",
            "down 1.2 percentage points since 31 May 2026", "较2026年5月31日下降1.2个百分点",
        ),
        (2.4e7, 1e7, "money", "up CNY 14.0 m since 31 May 2026", "较2026年5月31日增加1,400.0万元"),
        (-3.2, 5.0, "points", "down 8 since 31 May 2026", "较2026年5月31日下降8"),
        (5.5, 5.9, "hours", "down 0.4 h since 31 May 2026", "较2026年5月31日减少0.4小时"),
        (0.1266, 0.1264, "percent", "about the same as on 31 May 2026", "与2026年5月31日基本持平"),
        (1.002e9, 1e9, "money", "about the same as on 31 May 2026", "与2026年5月31日基本持平"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_the_unit_of_its_figure(
    now: float, then: float, kind: str, english: str, chinese: str
) -> None:
    assert told(now, then, kind).replace("\N{NO-BREAK SPACE}", " ") == english
    assert told(now, then, kind, "zh") == chinese


@pytest.mark.parametrize("now", [96, 100, 104])
def test_a_change_of_a_few_people_is_never_told_as_a_number(now: int) -> None:
    assert told(now, 100) == "about the same as on 31 May 2026"


@pytest.mark.parametrize(
    ("better", "now", "verdict"),
    [
        ("up", 120, "better"),
        ("up", 80, "worse"),
        ("down", 120, "worse"),
        ("down", 80, "better"),
        ("", 120, ""),
    ],
)
def test_the_figure_says_which_way_is_good_news(better: str, now: int, verdict: str) -> None:
    change = glance().change(figure(now, better=better), [Reading(MAY, 100)])
    assert change is not None
    assert change.verdict == verdict


def test_the_newest_edition_that_has_the_figure_is_the_last_run() -> None:
    assert readings(HISTORY, "clients")[-1] == Reading(MAY, 1483.0)
    assert readings(HISTORY, "value") == [Reading(MAY, 1e9)]


@pytest.mark.parametrize("value", [None, "C3", "2026-06-30"])
def test_what_is_no_number_has_no_change(value: Any) -> None:
    assert glance().change(figure(value, "text"), [Reading(MAY, 1.0)]) is None


def test_without_an_earlier_run_there_is_no_change() -> None:
    assert glance().strip([figure(10)], []) == [{**figure(10), "change": None, "course": None}]


def test_a_course_needs_three_values() -> None:
    assert glance().course(figure(10), readings(HISTORY, "value")) is None


def test_a_course_says_its_first_and_last_value() -> None:
    drawn = ET.fromstring(str(glance().course(figure(1500), readings(HISTORY, "clients"))))
    assert drawn.get("role") == "img"
    assert drawn.findtext("title") == "From 1,400 on 30 April 2026 to 1,500 on 30 June 2026"


def test_a_course_keeps_the_distances_between_days() -> None:
    drawn = ET.fromstring(str(glance().course(figure(1500), readings(HISTORY, "clients"))))
    line = drawn.find("polyline")
    assert line is not None
    across = [float(point.split(",")[0]) for point in str(line.get("points")).split()]
    assert (across[1] - across[0]) / (across[2] - across[0]) == pytest.approx(31 / 61, abs=0.01)
