"""The page an edition opens with: cards that say how their reports stand, alerts above them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from clientlib.report import guard
from clientlib.report.index import home
from clientlib.report.index.alerts import alerts
from clientlib.report.index.cards import Card, cards
from clientlib.report.lineage import Lineage
from clientlib.workbook import Workbook
from tests.report.index.made_up import failed, figure, made, point, put, told, waiting

MAY, JUNE = "2026-05-31", "2026-06-30"


def card(firm: Workbook, manifest: dict[str, Any], language: str = "en") -> Card:
    """The card of the edition's one report."""
    as_of = dt.date.fromisoformat(manifest["as_of"])
    lineage = Lineage.of(firm.reports, as_of, manifest["branch"])
    (found,) = cards(manifest, lineage, language, firm.settings)
    return found


def page(folder: Path, name: str = "index.html") -> str:
    return (folder / name).read_text("utf-8")


def text_of(html: str) -> str:
    """What a person reads, each gap one space."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.S)).split())


# ------------------------------------------------------------------ how a report stands
def test_a_card_shows_three_figures_with_their_change(firm: Workbook) -> None:
    put(firm, told(MAY, {"risk": made(*(figure(f"f{n}", 40) for n in range(5)))}))
    now = made(figure("f0", 57), figure("f1", 42), figure("f2", 30, better="down"), figure("f3", 99))
    shown = card(firm, told(JUNE, {"risk": now})).figures
    changes = [(f.change.mark, f.change.amount, f.change.verdict) for f in shown if f.change]
    assert changes == [("▲", "17", ""), ("≈", "", ""), ("▼", "10", "better")]


def test_a_failed_report_leads_to_the_last_good_version_of_an_earlier_edition(firm: Workbook) -> None:
    for as_of in ("2026-03-31", "2026-04-30"):
        put(firm, told(as_of, {"risk": made()}))
    put(firm, told(MAY, {"risk": failed()}))
    folder = put(firm, told(JUNE, {"risk": failed()}))
    assert '<a href="../2026-04-30/risk.html">last good version of 30 April 2026</a>' in page(folder)
    assert "Failed , last good version of 30 April 2026" in text_of(page(folder)).replace(",", " ,")


def test_in_chinese_it_leads_to_the_chinese_version(firm: Workbook) -> None:
    put(firm, told("2026-04-30", {"risk": made()}, languages=("en", "zh")))
    put(firm, told(MAY, {"risk": made()}))
    folder = put(firm, told(JUNE, {"risk": failed()}, languages=("en", "zh")))
    assert "../2026-04-30/risk.zh.html" in page(folder, "index.zh.html")
    assert "生成失败，<a" in page(folder, "index.zh.html")
    assert "上一次成功的版本：2026年4月30日" in page(folder, "index.zh.html")


def test_another_branch_or_an_empty_page_is_no_last_good_version(firm: Workbook) -> None:
    put(firm, told("2026-04-30", {"risk": made()}))
    put(firm, told("2026-04-30", {"risk": made()}, branch="North"))
    put(firm, told(MAY, {"risk": {**made(), "status": "unavailable"}}, branch="North"))
    folder = put(firm, told(JUNE, {"risk": failed()}, branch="North"))
    assert re.findall(r'href="(\.\./[^"]*risk\.html)"', page(folder)) == ["../2026-04-30--North/risk.html"]


def test_a_failed_report_whose_page_was_kept_leads_to_that(firm: Workbook) -> None:
    put(firm, told(MAY, {"risk": made()}))
    kept = {**made(figure("over", 40)), **failed(page="risk.html")}
    found = card(firm, told(JUNE, {"risk": kept}))
    assert found.page == "risk.html"
    assert found.last_good is None
    assert found.state == "Failed; this is the last good version, made on 1 July 2026 at 10:03."


def test_a_failed_report_that_never_was_made_says_so(firm: Workbook) -> None:
    assert card(firm, told(JUNE, {"risk": failed()})).state == "Failed; there is no earlier version."


def test_a_waiting_report_says_for_what_and_leads_to_the_last_good_version(firm: Workbook) -> None:
    put(firm, told(MAY, {"risk": made()}))
    folder = put(firm, told(JUNE, {"risk": waiting("Waiting for trades.")}))
    assert "Waiting for trades. Last good version: 31 May 2026" in text_of(page(folder))
    assert 'href="../2026-05-31/risk.html"' in page(folder)


def test_the_reason_of_a_failure_stands_in_a_fold_and_the_reason_of_waiting_does_not(firm: Workbook) -> None:
    folder = put(firm, told(JUNE, {"risk": failed("KeyError in cell 3."), "late": waiting("Waiting.")}))
    folds = re.findall(r"<details>(.*?)</details>", page(folder))
    assert [text_of(fold) for fold in folds] == ["For the administrator KeyError in cell 3."]


def test_a_report_that_was_made_says_nothing_of_how_it_stands(firm: Workbook) -> None:
    assert card(firm, told(JUNE, {"risk": made()})).state == ""


# ------------------------------------------------------------------ languages
def test_a_report_in_another_language_only_is_marked_so(firm: Workbook) -> None:
    manifest = told(JUNE, {"risk": made(figure("over", 1234.0), points=(point("迟到"),))}, languages=("zh",))
    folder = put(firm, manifest)
    assert 'href="risk.zh.html" hreflang="zh-Hans"' in page(folder)
    assert '<span lang="zh-Hans">迟到</span>' in page(folder)
    assert card(firm, manifest).figures[0].shown == "1,234"


def test_each_language_has_an_index_and_they_lead_to_each_other(firm: Workbook) -> None:
    folder = put(firm, told(JUNE, {"risk": made()}, languages=("en", "zh")))
    assert 'href="index.zh.html" lang="zh-Hans"' in page(folder)
    assert 'href="index.html" lang="en"' in page(folder, "index.zh.html")


# ------------------------------------------------------------------ alerts
def test_alerts_are_told_gravest_first_each_with_a_way_to_where_more_is_told(firm: Workbook) -> None:
    first = made(points=(point("a note", "note"), point("soon", "warn", "where"), point("fine", "good")))
    second = made(points=(point("now", "high", "calls today"),))
    found = alerts(told(JUNE, {"first": first, "second": second}), "en")
    assert [(a.text, a.title, a.address) for a in found.shown] == [
        ("now", "Second", "second.html#calls%20today"),
        ("soon", "First", "first.html#where"),
    ]


def test_without_a_page_there_are_no_alerts(firm: Workbook) -> None:
    assert alerts(told(JUNE, {"risk": failed(points=[point("now", "high")])}), "en").shown == ()


def test_of_equal_gravity_each_report_has_its_first_say_and_what_is_too_much_is_folded(
    firm: Workbook,
) -> None:
    many = made(points=tuple(point(f"a{n}") for n in range(9)))
    few = made(points=(point("b0"), point("b1")))
    found = alerts(told(JUNE, {"many": many, "few": few}), "en")
    assert [a.text for a in found.shown] == ["a0", "b0", "a1", "b1", "a2", "a3"]
    assert [a.text for a in found.folded] == ["a4", "a5", "a6", "a7", "a8"]


def test_none_of_the_gravest_is_folded(firm: Workbook) -> None:
    grave = made(points=tuple(point(f"a{n}", "high") for n in range(9)))
    found = alerts(told(JUNE, {"grave": grave, "other": made(points=(point("b"),))}), "en")
    assert [a.text for a in found.shown] == [f"a{n}" for n in range(9)]


# ------------------------------------------------------------------ as a whole
def test_what_a_report_says_is_shown_as_text_not_run_as_html(firm: Workbook) -> None:
    folder = put(firm, told(JUNE, {"risk": made(points=(point("<script>alert(1)</script>", "high"),))}))
    assert "<script" not in page(folder)


def test_an_index_in_which_identity_is_sighted_is_not_written(firm: Workbook) -> None:
    with pytest.raises(AssertionError, match="mobile number"):
        put(firm, told(JUNE, {"risk": made(points=(point("call 13812345678", "high"),))}))
    assert not list(firm.reports.glob("*/index.html"))


def test_the_policy_forbids_scripts_and_every_address(firm: Workbook) -> None:
    html = page(put(firm, told(JUNE, {"risk": made()})))
    assert "default-src &#39;none&#39;" in html
    assert "script-src" not in html
    assert guard.sightings(html) == []


def test_an_index_leads_to_the_home_page_in_its_language(firm: Workbook) -> None:
    folder = put(firm, told(JUNE, {"risk": made()}, languages=("en", "zh")))
    home.write(firm)
    for name in ("index.html", "index.zh.html"):
        assert f'href="../{name}"' in page(folder, name)
        assert (firm.reports / name).is_file()
