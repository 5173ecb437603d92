"""What a report that draws on the others finds of them, in the edition in the making or the published one."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib.report import manifest, messages, publish
from clientlib.report.others import Others, others
from clientlib.report.outcome import Outcome, word_file
from clientlib.report.page import BLOCK, Page
from clientlib.workbook import Workbook
from tests.report import small_reports

AS_OF = dt.date(2026, 6, 30)
Point = tuple[str, str]
MakePage = Callable[..., tuple[Page, list[dict[str, Any]]]]


@pytest.fixture
def firm(tmp_path: Path) -> Workbook:
    """A workbook with three reports and one that draws on them; none is made yet."""
    firm = Workbook(tmp_path)
    (firm.notebooks / "reports").mkdir(parents=True)
    for place, name in enumerate(("risk", "service", "records")):
        small_reports.write(firm, name, "pass", order=place)
    small_reports.write(firm, "test", "pass", order=9)
    return firm


def facts(*points: Point, **changes: Any) -> dict[str, Any]:
    """What became of a report that has these points, by severity and text."""
    told = [{"key": "k", "severity": severity, "text": text, "anchor": "calls"} for severity, text in points]
    made = {"status": "made", "title": "", "page": "x.html", "figures": [], "points": told, "message": ""}
    return {**made, **changes}


def publish_edition(firm: Workbook, **reports: dict[str, dict[str, Any]]) -> None:
    """Write the manifest of the whole firm's edition: report → language → what became of it."""
    folder = firm.reports / publish.edition_name(AS_OF, "all")
    folder.mkdir(parents=True)
    told = {name: {"titles": {}, "questions": {}, "order": 1, "runs": runs} for name, runs in reports.items()}
    whole = {"format": manifest.FORMAT, "as_of": AS_OF.isoformat(), "branch": "all", "reports": told}
    (folder / manifest.FILE).write_text(json.dumps(whole), "utf-8")


@pytest.fixture
def making(firm: Workbook, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an edition in the making, as the process of a report is told of it."""
    folder = publish.staged(firm.reports, publish.edition_name(AS_OF, "all"))
    folder.mkdir(parents=True)
    monkeypatch.setenv(publish.EDITION_VARIABLE, str(folder))
    return folder


def leave_word(folder: Path, report: str, language: str = "en", **changes: Any) -> None:
    told = facts(("warn", f"{report} says so"), **changes)
    told = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
    Outcome(report, language, told.pop("status"), **told).write(word_file(folder, report, language))


@pytest.fixture
def find(firm: Workbook, make_page: MakePage) -> Callable[..., Others]:
    def found(language: str = "en") -> Others:
        page, _ = make_page(language)
        return others(page, firm)

    return found


# ------------------------------------------------------------------ where it is read
def test_without_any_other_report_nothing_is_found(find: Callable[..., Others]) -> None:
    found = find()
    assert found.reports.empty
    assert found.points.empty
    assert found.things().empty
    assert found.headlines() == []
    assert found.by_branch().empty


def test_outside_a_run_the_published_edition_tells(firm: Workbook, find: Callable[..., Others]) -> None:
    publish_edition(firm, risk={"en": facts(("high", "Call"))})
    found = find()
    assert found.reports["status"].to_dict() == {"risk": "made"}
    assert found.points["text"].to_list() == ["Call"]
    assert found.reports.loc["risk", "title"] == "The risk"


def test_in_a_run_the_words_come_before_the_published_edition(
    firm: Workbook, making: Path, find: Callable[..., Others]
) -> None:
    publish_edition(firm, risk={"en": facts(("high", "old"))}, service={"en": facts(("note", "kept"))})
    leave_word(making, "risk")
    assert set(find().points["text"]) == {"risk says so", "kept"}


def test_a_report_that_failed_keeps_what_its_last_good_page_told(
    firm: Workbook, making: Path, find: Callable[..., Others]
) -> None:
    publish_edition(firm, risk={"en": facts(("high", "old"))})
    leave_word(making, "risk", status="failed", page=None, points=[])
    leave_word(making, "service", status="failed", page=None, points=[])
    found = find()
    assert found.reports["status"].to_dict() == {"risk": "kept", "service": "failed"}
    assert found.points["text"].to_list() == ["old"]


def test_the_pages_language_is_preferred_and_another_better_than_none(
    firm: Workbook, find: Callable[..., Others]
) -> None:
    publish_edition(
        firm,
        risk={"en": facts(("high", "Call")), "zh": facts(("high", "联系"))},
        service={"en": facts(("note", "Only English"))},
        records={"en": facts(("note", "Made")), "zh": facts(status="failed", page=None, points=[])},
    )
    points = find("zh").points.set_index("report")
    assert dict(points["text"]) == {"risk": "联系", "service": "Only English", "records": "Made"}
    assert dict(points["language"]) == {"risk": "zh", "service": "en", "records": "en"}


def test_a_report_does_not_find_itself(firm: Workbook, find: Callable[..., Others]) -> None:
    publish_edition(firm, test={"en": facts(("high", "me"))})
    assert find().reports.empty


# ------------------------------------------------------------------ in which order
def test_the_gravest_come_first_and_reports_take_turns(firm: Workbook, find: Callable[..., Others]) -> None:
    publish_edition(
        firm,
        risk={"en": facts(("high", "r1"), ("warn", "r2"), ("warn", "r3"))},
        service={"en": facts(("good", "s1"), ("warn", "s2"), ("high", "s3"))},
    )
    found = find()
    assert found.points["text"].to_list() == ["r1", "s3", "r2", "s2", "r3", "s1"]
    assert found.points["rank"].to_list() == [1, 2, 3, 4, 5, 6]
    severities = ["high", "warn", "note", "good"]
    assert list(found.reports[severities].loc["service"]) == [1, 1, 0, 1]


def test_no_report_fills_the_list_while_another_has_something_to_say(
    firm: Workbook, find: Callable[..., Others]
) -> None:
    publish_edition(
        firm,
        risk={"en": facts(*[("warn", f"r{n}") for n in range(9)])},
        service={"en": facts(*[("note", f"s{n}") for n in range(9)])},
    )
    shown = find().things(most=4)
    assert shown["report"].value_counts().to_dict() == {"risk": 3, "service": 1}


def test_what_is_for_today_is_never_left_out_for_another(firm: Workbook, find: Callable[..., Others]) -> None:
    publish_edition(
        firm,
        risk={"en": facts(*[("high", f"r{n}") for n in range(5)])},
        service={"en": facts(("note", "s"))},
    )
    assert find().things(most=5)["report"].eq("risk").all()


# ------------------------------------------------------------------ figures
def figure(key: str, value: float, **parts: float) -> dict[str, Any]:
    return {"key": key, "label": f"the {key}", "value": value, "shown": str(value), "parts": parts}


def test_the_strip_takes_each_reports_first_figure_then_the_second(
    firm: Workbook, find: Callable[..., Others]
) -> None:
    publish_edition(
        firm,
        risk={"en": facts(figures=[figure("a", 1), figure("b", 2), figure("c", 3)])},
        service={"en": facts(figures=[figure("a", 4)])},
    )
    assert [f["key"] for f in find().headlines(most=3)] == ["risk_a", "risk_b", "service_a"]


def test_branches_have_the_counts_that_are_told_and_gaps_where_they_are_withheld(
    firm: Workbook, find: Callable[..., Others]
) -> None:
    publish_edition(
        firm,
        risk={"en": facts(figures=[figure("calls", 30, North=10, South=7)])},
        service={"en": facts(figures=[figure("late", 9, North=9, West=0), figure("none", 0, North=0)])},
    )
    found = find()
    where = found.by_branch()
    assert list(where.columns) == ["the calls", "the late"]
    assert where.isna().to_dict("list") == {
        "the calls": [False, False, True],
        "the late": [False, True, False],
    }
    assert found.totals["the calls"] == 30


# ------------------------------------------------------------------ on the page
def test_a_thing_leads_to_its_section_and_is_escaped(
    firm: Workbook, make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"test.list.title": {"en": "Things", "zh": "事项"}}
    words |= {f"test.columns.{n}": {"en": n, "zh": n} for n in ("rank", "severity", "text", "title")}
    whole = {**messages.catalogue(), **words}
    monkeypatch.setattr(messages, "catalogue", lambda: whole)
    publish_edition(firm, risk={"zh": facts(("high", "<b>联系</b>"), page="a b.html")})
    page, shown = make_page("en")
    page.things("list", others(page, firm).things())
    html = shown[-1]["text/html"]
    assert '<a href="a%20b.html#calls" lang="zh">The risk</a>' in html
    assert '<span lang="zh">&lt;b&gt;联系&lt;/b&gt;</span>' in html
    assert shown[-1][BLOCK]["data"]["rows"] == [[1, "Act today", "<b>联系</b>", "The risk"]]
