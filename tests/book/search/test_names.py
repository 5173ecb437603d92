"""Names in all their spellings, and the vault's table of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.book import open_book
from clientlib.book.search import names
from clientlib.workbook import Workbook

Row = dict[str, Any]


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("单雄信", "shanxiongxin", "sxx"),
        ("曾国藩", "zengguofan", "zgf"),
        ("曾國藩", "zengguofan", "zgf"),
        ("仇英", "qiuying", "qy"),
        ("解缙", "xiejin", "xj"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("万俟卨", "moqixie", "mqx"),
        ("长孙无忌", "zhangsunwuji", "zswj"),
        ("任盈盈", "renyingying", "ryy"),
        ("吕布", "lvbu", "lb"),
        ("王重阳", "wangchongyang", "wcy"),
        ("单 小 明", "shanxiaoming", "sxm"),
        ("买买提·艾力", "maimaitiaili", "mmtal"),
        ("重庆银行", "chongqingyinhang", "cqyh"),
        ("Ann-Marie Lee", "annmarielee", "aml"),
        ("José Muñoz", "josemunoz", "jm"),
    ],
)
def test_a_name_is_read_as_its_bearer_reads_it(name: str, pinyin: str, initials: str) -> None:
    assert names.keys(pl.Series([name])).select("pinyin", "initials").row(0) == (pinyin, initials)


@given(st.lists(st.none() | st.text(max_size=12), max_size=6))
def test_every_text_has_its_forms_whatever_stands_beside_it(texts: list[str | None]) -> None:
    series = pl.Series("name", texts, dtype=pl.String)
    together = names.keys(series).rows()
    alone = [names.keys(pl.Series("name", [text], dtype=pl.String)).row(0) for text in texts]
    assert together == alone
    assert [row == (None, None, None) for row in together] == [text is None for text in texts]


def kept(workbook: Workbook) -> list[tuple[Any, ...]]:
    with open_book(workbook, role="data_entry") as book:
        vault = book._files.vault().connection
        query = "SELECT client_id, _batch, pinyin FROM vault.main._names ORDER BY ALL"
        return vault.execute(query).fetchall()


def test_a_batch_keeps_the_names_that_it_brings(
    workbook: Workbook, importing: Callable[..., Any], hand_in: Any, client: Callable[..., Row]
) -> None:
    importing(hand_in(clients=[client(1, full_name="单一"), client(2, full_name=None, remarks="later")]))
    changed = client(1, full_name="仇一", updated_at=dt.datetime(2024, 2, 1, tzinfo=dt.UTC))
    importing(hand_in(clients=[changed, client(2, full_name=None, remarks="later")]))
    assert kept(workbook) == [("C001", 1, "shanyi"), ("C001", 2, "qiuyi")]


def test_names_that_are_not_kept_are_found_all_the_same(
    workbook: Workbook, importing: Callable[..., Any], hand_in: Any, client: Callable[..., Row]
) -> None:
    importing(hand_in(clients=[client(1, full_name="单一"), client(2, full_name="仇二")]))
    with open_book(workbook, role="data_entry", write=True) as book:
        book._files.writer().connection.execute("DELETE FROM vault.main._names WHERE client_id = 'C001'")
    with open_book(workbook, role="data_entry") as book:
        assert [list(book.search(word).rows["client_id"]) for word in ("shanyi", "qe")] == [
            ["C001"],
            ["C002"],
        ]
