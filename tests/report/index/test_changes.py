"""What changed since the last edition, in words: the right ones, the notable first, none of a few people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib import config
from clientlib.report.index.changes import MOST, Changes, changes
from clientlib.report.lineage import Lineage
from clientlib.report.publish import Edition
from clientlib.workbook import Workbook
from tests.report.index.made_up import failed, figure, made, put, told

pytestmark = pytest.mark.usefixtures("words")
SETTINGS = config.load()
SMALLEST = SETTINGS.feedback.smallest_group
MAY, JUNE = "2026-05-31", "2026-06-30"


def since(now: dict[str, Any], *earlier: dict[str, Any], language: str = "en") -> Changes:
    """The changes of a manifest against earlier ones, the newest first."""
    return changes(now, lineage(*earlier), language, SETTINGS)


def lineage(*earlier: dict[str, Any]) -> Lineage:
    editions = []
    for manifest in earlier:
        edition = Edition(None, dt.date.fromisoformat(manifest["as_of"]), "all")  # type: ignore[arg-type]
        edition.__dict__["manifest"] = manifest
        editions.append(edition)
    return Lineage(tuple(editions))


def words(then: dict[str, Any], now: dict[str, Any], language: str = "en") -> list[str]:
    """The changes of one report from the one figure to the other."""
    earlier, later = told(MAY, {"risk": made(then)}), told(JUNE, {"risk": made(now)})
    return [change.text for change in since(later, earlier, language=language).told]


# ------------------------------------------------------------------ the words
@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "17 more clients over their level, 12 of them in 三号营业部"),
        ("zh", "风险超限的客户增加17位，其中三号营业部12位"),
    ],
)
def test_a_count_with_a_noun_tells_how_many_more_and_where(language: str, sentence: str) -> None:
    then = figure("over", 40, parts={"一号营业部": 20, "三号营业部": 20})
    now = figure("over", 57, parts={"一号营业部": 25, "三号营业部": 32})
    assert words(then, now, language) == [sentence]


def test_fewer_are_told_as_fewer() -> None:
    assert words(figure("over", 40), figure("over", 23)) == ["17 fewer clients over their level"]


def test_a_chinese_noun_brings_its_measure_word() -> None:
    assert words(figure("complaints", 40), figure("complaints", 57), "zh") == ["投诉增加17件"]


def test_without_a_noun_the_label_the_value_and_the_change_are_told() -> None:
    assert words(figure("some_clients", 395), figure("some_clients", 412)) == [
        "Some clients: 412, up 17",
    ]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Share of value over the level: 12.5%, up 2.3 percentage points"),
        ("zh", "超限市值占比：12.5%，上升2.3个百分点"),
    ],
)
def test_a_share_changes_by_percentage_points(language: str, sentence: str) -> None:
    assert words(figure("share", 0.102, "percent"), figure("share", 0.125, "percent"), language) == [sentence]


def test_money_changes_in_the_currency_of_the_figure() -> None:
    then, now = (figure("loss", value, "money", currency="EUR") for value in (3.4e6, 2.2e6))
    assert words(then, now) == ["Loss: EUR\xa02.2\xa0m, down EUR\xa01.2\xa0m"]


def test_all_of_a_change_in_one_branch_is_told_so() -> None:
    then = figure("over", 40, parts={"A": 20, "B": 20})
    now = figure("over", 60, parts={"A": 20, "B": 40})
    assert words(then, now) == ["20 more clients over their level, all of them in B"]


# ------------------------------------------------------------------ small groups
def test_a_change_of_fewer_than_the_smallest_group_is_not_told() -> None:
    assert words(figure("over", 40), figure("over", 40 + SMALLEST - 1)) == []
    assert words(figure("over", 40), figure("over", 40 + SMALLEST)) == ["5 more clients over their level"]


def test_a_branch_that_was_withheld_in_either_edition_is_not_told() -> None:
    then = figure("over", 40, parts={"A": 40})
    now = figure("over", 60, parts={"A": 40, "B": 20})
    assert words(then, now) == ["20 more clients over their level"]


def test_a_part_that_would_leave_too_few_over_is_not_told() -> None:
    then = figure("over", 40, parts={"A": 20, "B": 20})
    now = figure("over", 60, parts={"A": 22, "B": 38})
    assert words(then, now) == ["20 more clients over their level"]


counts = st.integers(0, 60)


@given(counts, counts, counts, counts)
def test_no_number_in_a_sentence_tells_of_a_few_people(a: int, b: int, c: int, d: int) -> None:
    then = figure("over", a + b, parts={"A": a, "B": b})
    now = figure("over", c + d, parts={"A": c, "B": d})
    for sentence in words(then, now):
        numbers = [int(word) for word in sentence.split() if word.isdigit()]
        rest = numbers[0] - numbers[1] if len(numbers) > 1 else SMALLEST
        assert min([*numbers, rest]) >= SMALLEST


# ------------------------------------------------------------------ which, and against what
def test_the_most_notable_come_first_and_no_more_than_eight() -> None:
    then = [figure(f"f{n}", 1000) for n in range(12)]
    now = [figure(f"f{n}", 1000 + 20 * n) for n in range(12)]
    found = since(told(JUNE, {"risk": made(*now)}), told(MAY, {"risk": made(*then)}))
    assert [change.key for change in found.told] == [f"f{n}" for n in range(11, 11 - MOST, -1)]


def test_an_alert_is_more_notable_than_a_figure_that_changed_as_much() -> None:
    then = [figure("calm", 100), figure("grave", 100)]
    now = [figure("calm", 120), figure("grave", 120, alert=True)]
    found = since(told(JUNE, {"risk": made(*now)}), told(MAY, {"risk": made(*then)}))
    assert [change.key for change in found.told] == ["grave", "calm"]


def test_what_the_overview_shows_of_another_report_is_told_once() -> None:
    then, now = figure("over", 40), figure("over", 60)
    again = [{**f, "key": "risk_over"} for f in (then, now)]
    earlier = told(MAY, {"overview": made(again[0]), "risk": made(then)})
    found = since(told(JUNE, {"overview": made(again[1]), "risk": made(now)}), earlier)
    assert [change.report for change in found.told] == ["risk"]


def test_a_figure_that_is_a_change_itself_is_not_told_to_have_changed() -> None:
    assert words(figure("change", -1, "points"), figure("change", -8, "points")) == []


def test_without_an_earlier_edition_there_is_nothing_to_tell() -> None:
    assert since(told(JUNE, {"risk": made(figure("over", 60))})) == Changes()


def test_a_report_that_was_not_made_last_time_is_compared_with_the_time_before() -> None:
    april = told("2026-04-30", {"risk": made(figure("over", 20)), "other": made(figure("x", 20))})
    may = told(MAY, {"risk": failed(), "other": made(figure("x", 40))})
    june = told(JUNE, {"risk": made(figure("over", 40)), "other": made(figure("x", 70))})
    found = since(june, may, april)
    assert found.since == dt.date(2026, 5, 31)
    assert [change.text for change in found.told] == [
        "20 more clients over their level (since 30 April 2026)",
        "X: 70, up 30",
    ]


def test_a_value_that_was_withheld_is_not_compared() -> None:
    assert words(figure("over", None), figure("over", 60)) == []
    assert words(figure("over", 60), figure("over", None)) == []


def test_only_editions_of_the_same_branch_and_before_the_date_are_earlier(firm: Workbook) -> None:
    for as_of, branch in [(JUNE, "all"), (MAY, "all"), (MAY, "A/B"), ("2026-07-31", "all"), (MAY, "A-B")]:
        put(firm, told(as_of, {"risk": made()}, branch))
    (firm.reports / "2026-13-01").mkdir()
    found = Lineage.of(firm.reports, dt.date(2026, 6, 30), "all").editions
    assert [edition.folder.name for edition in found] == [MAY]
    found = Lineage.of(firm.reports, dt.date(2026, 6, 30), "A/B").editions
    assert [edition.manifest["branch"] for edition in found] == ["A/B"]
