"""The feed is Atom 1.0 as RFC 4287 has it, and its ids outlast every run."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from clientlib.report import messages
from clientlib.report.index import home
from clientlib.workbook import Workbook
from tests.report.index.made_up import figure, made, put, told

ATOM = "{http://www.w3.org/2005/Atom}"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
MAY, JUNE = "2026-05-31", "2026-06-30"


@pytest.fixture
def followed(firm: Workbook) -> Workbook:
    put(
        firm,
        told(
            MAY,
            {"risk": made(figure("over", 40))},
            languages=("en", "zh"),
            made_at="2026-06-02T01:00:00+00:00",
        ),
    )
    put(firm, told(JUNE, {"risk": made(figure("over", 57))}, languages=("en", "zh")))
    put(firm, told(JUNE, {"risk": made(figure("over", 12))}, "A & <B>", ("en",)))
    home.write(firm)
    return firm


def feed(firm: Workbook, name: str = "feed.xml") -> ET.Element:
    return ET.fromstring((firm.reports / name).read_text("utf-8"))


def texts(element: ET.Element, name: str) -> list[str]:
    return [child.text or "" for child in element.iter(ATOM + name)]


@pytest.mark.parametrize("name", ["feed.xml", "feed.zh.xml"])
def test_it_has_what_the_standard_asks_for(followed: Workbook, name: str) -> None:
    root = feed(followed, name)
    assert root.tag == f"{ATOM}feed"
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    for element in (root, *root.iter(f"{ATOM}entry")):
        for required in ("id", "title", "updated"):
            assert len(element.findall(ATOM + required)) == 1
        assert INSTANT.fullmatch(element.findtext(f"{ATOM}updated", ""))
        assert element.find(f"{ATOM}link[@rel='alternate']") is not None
    assert len(set(texts(root, "id"))) == len(texts(root, "id"))


def test_no_address_in_it_is_absolute_and_each_leads_to_a_file(followed: Workbook) -> None:
    for name in ("feed.xml", "feed.zh.xml"):
        addresses = [link.attrib["href"] for link in feed(followed, name).iter(f"{ATOM}link")]
        assert [a for a in addresses if not (followed.reports / a).is_file()] == []
        assert all(text.startswith("urn:uuid:") for text in texts(feed(followed, name), "id"))


def test_an_entry_tells_what_changed_in_words(followed: Workbook) -> None:
    summaries = texts(feed(followed), "summary")
    assert summaries[0] == "What changed since 31 May 2026\nOver: 57, up 17"
    assert summaries[2] == "There is nothing earlier to compare with."
    assert texts(feed(followed, "feed.zh.xml"), "summary")[0].startswith("较2026年5月31日的变化\n")


def test_it_was_updated_when_the_last_edition_was_made(followed: Workbook) -> None:
    assert feed(followed).findtext(f"{ATOM}updated") == "2026-07-01T02:03:04+00:00"


def test_the_newest_come_first_and_a_branch_is_named(followed: Workbook) -> None:
    assert texts(feed(followed), "title")[1:] == [
        "Client reports as of 30 June 2026: All branches",
        "Client reports as of 30 June 2026: Branch: A & <B>",
        "Client reports as of 31 May 2026: All branches",
    ]


def test_ids_stay_when_editions_are_made_anew_or_moved_elsewhere(followed: Workbook, tmp_path: Path) -> None:
    elsewhere = Workbook(tmp_path / "elsewhere")
    made_at = "2027-01-01T00:00:00+00:00"
    put(elsewhere, told(JUNE, {"risk": made()}, made_at=made_at))
    home.write(elsewhere)
    assert texts(feed(elsewhere), "id") == texts(feed(followed), "id")[:2]


def test_an_earlier_edition_that_comes_later_changes_what_is_told(followed: Workbook) -> None:
    put(followed, told("2026-06-15", {"risk": made(figure("over", 47))}))
    home.write(followed)
    assert texts(feed(followed), "summary")[0] == "What changed since 15 June 2026\nOver: 57, up 10"


def test_the_words_of_a_report_that_the_firm_wrote_are_used(
    firm: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_brought", {})
    own = firm.notebooks / "reports" / "loans.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[figure.open_noun]\nen = "loans open"\nzh = "未结贷款|笔"\n', "utf-8")
    for as_of, value in ((MAY, 40), (JUNE, 57)):
        put(firm, told(as_of, {"loans": made(figure("open", value))}, languages=("en", "zh")))
    home.write(firm)
    assert texts(feed(firm), "summary")[0].endswith("17 more loans open")
    assert texts(feed(firm, "feed.zh.xml"), "summary")[0].endswith("未结贷款增加17笔")
    assert "17 more loans open" in (firm.reports / JUNE / "index.html").read_text("utf-8")


def test_without_entries_it_is_a_feed_all_the_same(firm: Workbook) -> None:
    firm.reports.mkdir()
    home.write(firm)
    root = feed(firm)
    assert list(root.iter(f"{ATOM}entry")) == []
    written = dt.datetime.fromisoformat(root.findtext(f"{ATOM}updated", ""))
    assert written.tzinfo is not None


def test_the_home_page_of_each_language_names_its_feed(followed: Workbook) -> None:
    for page, name in (("index.html", "feed.xml"), ("index.zh.html", "feed.zh.xml")):
        html = (followed.reports / page).read_text("utf-8")
        assert f'<link rel="alternate" type="application/atom+xml" href="{name}"' in html
