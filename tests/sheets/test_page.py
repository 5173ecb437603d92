"""The page for a data supplier: counts, rules in words, rows by their key, and nobody's identity."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from clientlib.intake import CheckResult, check_file
from clientlib.sheets.page import findings_page
from clientlib.sheets.tally import Outcome
from clientlib.tables import AREAS

Hand = tuple[Path, CheckResult]
WriteTrades = Callable[..., Path]
CHECKED_AT = dt.datetime(2026, 7, 1, 16, 30, tzinfo=dt.UTC)
IDENTITY = {
    "full_name": "欧阳娜娜子",
    "id_number": "110101199003074611",
    "mobile": "13900001111",
    "email": "planted.person@example",
    "address": "某路999弄",
}
"""Each wrong in its field, so that a finding speaks of it."""


def page(result: CheckResult, **options: Any) -> str:
    shared = {"name": "trades.xlsx", "checked_at": CHECKED_AT, "language": "en", "time_zone": "Asia/Shanghai"}
    options = {**shared, "rejected": result.rejected, **options}
    return findings_page(result.findings, Outcome.of(result), **options)


def text(html: str) -> str:
    """What a reader sees."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<body>")[2]).split())


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("zh", "zh-Hans")])
def test_the_page_says_which_language_it_is_in(checked: Hand, language: str, tag: str) -> None:
    assert f'<html lang="{tag}">' in page(checked[1], language=language)


def test_rows_are_counted_by_what_became_of_them(checked: Hand) -> None:
    counts = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page(checked[1]))
    assert [int(count) for _, count in counts] == [6, 3, 0, 3]


def test_the_time_of_the_check_is_shown_by_the_firms_clock(checked: Hand) -> None:
    assert "Checked on 2026-07-02 00:30 (Asia/Shanghai)" in text(page(checked[1]))


@pytest.mark.parametrize(("language", "words"), [("en", "Not a number"), ("zh", "不是数字")])
def test_rules_are_in_words(checked: Hand, language: str, words: str) -> None:
    assert words in text(page(checked[1], language=language))


def test_a_rule_comes_with_its_mend(checked: Hand) -> None:
    assert "Choose one of: Buy, Sell." in text(page(checked[1]))


def test_rows_are_named_by_their_key_and_number(checked: Hand) -> None:
    assert re.search(r'<th scope="row" class="n">3</th>\s*<td class="key"><span>T3</span>', page(checked[1]))


def test_no_more_rows_than_asked_are_shown_and_the_others_counted(write_trades: WriteTrades) -> None:
    path = write_trades(6, {(row, "side"): "x" for row in range(2, 8)})
    html = page(check_file(path), most_rows=2)
    assert (html.count('<th scope="row"'), "and 4 more rows" in html) == (2, True)


def test_what_was_typed_is_escaped(write_trades: WriteTrades) -> None:
    path = write_trades(2, {(2, "side"): "<script>alert(1)</script>"})
    html = page(check_file(path), name="<b>.xlsx")
    assert "<script" not in html
    assert "<b>.xlsx" not in html


def test_a_hand_in_without_findings_is_told_as_good(write_trades: WriteTrades) -> None:
    assert "Nothing is wrong with these rows." in page(check_file(write_trades(2)))


def test_a_rule_broken_in_two_files_is_one_section_with_the_place_of_each_row(checked: Hand) -> None:
    findings = checked[1].findings.head(1)
    both = pl.concat([findings, findings.with_columns(file=pl.lit("other.xlsx"))])
    html = findings_page(
        both,
        Outcome(2, 0, 0, 2),
        name="folder",
        checked_at=CHECKED_AT,
        language="en",
        time_zone="UTC",
    )
    assert html.count("<section") == 1
    assert "<td>other.xlsx · 交易记录</td>" in html


def test_nothing_is_fetched_from_elsewhere(checked: Hand) -> None:
    links = _Addresses()
    links.feed(page(checked[1]))
    assert [address for address in links.found if not address.startswith("#")] == []


class _Addresses(HTMLParser):
    """Everything in a page that could make a browser fetch or go somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "action", "data")]


def test_its_policy_allows_no_script_and_no_address(checked: Hand) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page(checked[1]))
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;;")


def test_identity_typed_into_its_own_column_is_nowhere(tmp_path: Path) -> None:
    result = check_file(_wrong_clients(tmp_path))
    found = set(result.findings["field"].drop_nulls())
    assert found >= {"id_number", "mobile", "email"}
    for language in ("en", "zh"):
        html = page(result, language=language)
        assert [value for value in IDENTITY.values() if value in html] == []


def _wrong_clients(folder: Path) -> Path:
    path = folder / "clients.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("clients", "contacts"):
            area = AREAS[name]
            sheet = book.add_worksheet(area.title_zh)
            values = {
                "client_id": "C1",
                **IDENTITY,
                "id_type": "居民身份证",
                "mobile": IDENTITY["mobile"] + "2",
            }
            for column, field in enumerate(area.fields):
                sheet.write_string(0, column, field.title_zh)
                sheet.write_string(1, column, values.get(field.name, ""))
    return path
