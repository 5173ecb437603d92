"""Who is found, and in which order, by one who sees all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from clientlib.book import Book, open_book
from clientlib.book.search import Known
from clientlib.codes import Code, CodeList
from clientlib.errors import ParameterError
from clientlib.workbook import Workbook


def ids(book: Book, query: str, **options: Any) -> list[str]:
    return list(book.search(query, **options).rows["client_id"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("C003", ["C003"]),
        ("c003", ["C003"]),
        ("王小明", ["C000"]),
        ("小明", ["C000", "C006"]),
        ("王", ["C000", "C001"]),
        ("单雄信", ["C002"]),
        ("單雄信", ["C002"]),
        ("尉遲恭", ["C003"]),
        ("shanxiongxin", ["C002"]),
        ("yuchigong", ["C003"]),
        ("wangxiaoming", ["C000"]),
        ("wang xiaoming", ["C000"]),
        ("wang xiao ming", ["C000"]),
        ("Wang Xiao", ["C000", "C001"]),
        ("wxm", ["C000", "C001"]),
        ("oyxm", ["C006"]),
        ("john", ["C004"]),
        ("smith john", ["C004"]),
        ("明月", ["C005"]),
        ("13812345378", ["C003"]),
        ("+86 138 1234 5378", ["C003"]),
        ('"+86 138-1234-5378"', ["C003"]),
        ("12345378", ["C003"]),
        ("31010119800101004X", ["C004"]),
        ("31010119800101004x", ["C004"]),
        ("31****004X", ["C004"]),
        ("person3@example.com", ["C003"]),
        ("休眠", ["C003"]),
        ("dormant", ["C003"]),
        ("网球", ["C002"]),
        ("網球", ["C002"]),
        ("搬家", ["C005"]),
        ('"手续 MOVING"', ["C005"]),
        ("王 上海", ["C000", "C001"]),
        ("王 徐汇", ["C001"]),
        ("nobody", []),
    ],
)
def test_a_word_finds(plain: Book, query: str, found: list[str]) -> None:
    assert ids(plain, query) == found


@pytest.mark.parametrize("query", ["138****5378", "138*5378", "+86138****5378", "phone=138****5378"])
def test_a_masked_phone_finds_those_whose_mask_it_is(plain: Book, query: str) -> None:
    assert ids(plain, query) == ["C003"]


def test_a_masked_id_number_finds_all_whose_mask_it_is(plain: Book) -> None:
    assert plain.search("3****…****X").total == plain.search("3****X").total == 8


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("assets>1000000", ["C002", "C003", "C006"]),
        ("资产＞100万", ["C002", "C003", "C006"]),
        ("total_assets>=1500000 level=C4", ["C003"]),
        ("assets:100000..200000", ["C000", "C001", "C004", "C005"]),
        ("1500000..5000000", ["C002", "C003", "C006"]),
        ("assets<150000", ["C000", "C004"]),
        ('assets=""', []),
        ("level=进取型", ["C002", "C006"]),
        ("level=C4,C5 branch=徐汇", ["C001"]),
        ("level>=C4 branch:上海", ["C001", "C003", "C006"]),
        ("level!=C4", ["C000", "C002", "C004", "C006", "C007"]),
        ("状态=休眠", ["C003"]),
        ("status!=dormant branch=北京朝阳", ["C002", "C005"]),
        ("opened_on>=2025-01-01", ["C006", "C007"]),
        ("opened_on=2020", ["C001"]),
        ("opened<2020-02", ["C000"]),
        ("age>=80", ["C000", "C001"]),
        ("advisor=A1 王", ["C001"]),
        ("id=C001,C002", ["C001", "C002"]),
        ("interests:tea", ["C002"]),
        ("phone=13812345078", ["C000"]),
        ("name=王小明", ["C000"]),
        ("name!=王小明 王", ["C001"]),
        ("finances.currency=CNY branch=上海徐汇", ["C001", "C004"]),
        ("mail=person3@example.com", ["C003"]),
        ("同意营销=否 C005", ["C005"]),
    ],
)
def test_conditions_find(plain: Book, query: str, found: list[str]) -> None:
    assert ids(plain, query, as_of="2026-06-30") == found


def test_a_condition_and_its_contrary_find_everybody_once(plain: Book) -> None:
    everybody = ids(plain, "")
    for condition in ("level{}C4", "assets{}100000", "name{}王小明", "branch{}上海"):
        both = ids(plain, condition.format("=")) + ids(plain, condition.format("!="))
        assert sorted(both) == everybody


def test_the_newest_statement_up_to_the_day_counts(plain: Book) -> None:
    assert "C001" in ids(plain, "assets>=1000000", as_of="2023-12-31") or not ids(
        plain, "", as_of="2023-12-31"
    )
    assert ids(plain, "assets>=1000000") == ["C002", "C003", "C006"]


def test_exact_comes_before_beginning_before_inside_before_pinyin_before_text(
    workbook: Workbook, hand_in: Any, client: Callable[..., dict[str, Any]]
) -> None:
    rows = [
        client(1, full_name="Anna", remarks="asked after li"),
        client(2, full_name="李雷"),
        client(3, full_name="Emily Li"),
        client(4, full_name="Linda"),
        client(5, full_name="Li"),
    ]
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=rows)], source="x")
    with open_book(workbook, role="data_entry") as book:
        assert ids(book, "li") == ["C005", "C004", "C003", "C002", "C001"]


def test_why_somebody_was_found_is_told(plain: Book) -> None:
    told = {
        q: plain.search(q).rows["matched"][0] for q in ("王小明", "shanxiongxin", "网球", "搬家", "王 上海")
    }
    assert told == {
        "王小明": "Full name (the same)",
        "shanxiongxin": "Full name (pinyin)",
        "网球": "Interests",
        "搬家": "Text",
        "王 上海": "Full name (its beginning); Branch",
    }
    assert [match.told("zh") for match in plain.search("shanxiongxin").matches[0]] == ["姓名（拼音）"]


def test_pages_hold_everybody_once_and_in_order(plain: Book) -> None:
    pages = [plain.search("", page=number, page_size=3) for number in (1, 2, 3)]
    assert [row for page in pages for row in page.rows["client_id"]] == ids(plain, "")
    assert {(page.total, page.pages) for page in pages} == {(8, 3)}
    assert plain.search("", page=99, page_size=3).page == 3


@pytest.mark.parametrize("size", [0, 201])
def test_a_page_is_of_a_size_that_can_be_read(plain: Book, size: int) -> None:
    with pytest.raises(ParameterError, match="1 to 200"):
        plain.search("", page_size=size)


def test_sorted_by_a_field_those_without_it_come_last(plain: Book) -> None:
    assert ids(plain, "", sort="-assets") == ["C003", "C002", "C006", "C001", "C005", "C000", "C004", "C007"]
    assert ids(plain, "", sort="level")[-2:] == ["C006", "C007"]
    assert ids(plain, "王", sort="-opened_on") == ["C001", "C000"]
    assert ids(plain, "", sort="age")[:2] == ["C007", "C006"]
    assert ids(plain, "level=C4", sort="name") == ["C005", "C001", "C003"]


def test_identity_is_masked_whoever_searches(plain: Book) -> None:
    row = plain.search("name=王小明 phone=13812345078").rows.iloc[0]
    assert (row["full_name"], row["mobile"]) == ("王**", "138****5078")


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("brnach=上海", "Did you mean branch?"),
        ("asets>5", "Did you mean assets?"),
        ("王小明=5", "There is no field “王\\*\\*”"),
        ("level=C9", "C4 \\(C4 Growth"),
        ("branch=火星", "There are: 上海徐汇, 上海浦东, 北京朝阳"),
        ("assets>viel", "Type digits"),
        ("opened_on>gestern", "2024-03-31"),
        ("updated_at>2024", "contacts.updated_at"),
        ("branch>A", "cannot be compared"),
        ("name>A", "alike or not"),
        ("age>old", "whole years"),
    ],
)
def test_what_cannot_be_understood_is_answered_with_the_mend(plain: Book, query: str, answer: str) -> None:
    with pytest.raises(ParameterError, match=answer):
        plain.search(query)


def test_what_is_known_beside_the_book_is_worked_out_only_if_asked_for(plain: Book) -> None:
    asked: list[int] = []

    def values() -> pd.Series:
        asked.append(1)
        return pd.Series({"C001": "champions", "C002": "loyal"})

    choices = CodeList(
        "segment", "Segment", "分群", (Code("champions", "Champions", "冠军"), Code("loyal", "Loyal", "忠诚"))
    )
    known = {"segment": Known("Segment", "分群", choices, values)}
    assert ids(plain, "王", known=known) == ["C000", "C001"]
    assert not asked
    assert ids(plain, "分群=冠军", known=known) == ["C001"]
    assert list(plain.search("", known=known, sort="segment", page_size=3).rows["client_id"])[:2] == [
        "C001",
        "C002",
    ]


def test_a_merged_client_is_found_as_one_also_by_the_number_that_was_given_up(
    workbook: Workbook, hand_in: Any, client: Callable[..., dict[str, Any]]
) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked(
            [hand_in(clients=[client(1, full_name="王一"), client(2, full_name="王二")])], source="x"
        )
        book.merge("C001", "C002")
    with open_book(workbook, role="data_entry") as book:
        assert ids(book, "王") == ids(book, "C002") == ["C001"]
        assert not ids(book, "王二")


def test_a_name_that_was_corrected_or_taken_back_is_not_found(
    workbook: Workbook, hand_in: Any, client: Callable[..., dict[str, Any]]
) -> None:
    later = {"updated_at": dt.datetime(2024, 2, 1, tzinfo=dt.UTC)}
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(1, full_name="王一")])], source="x")
        book.import_checked([hand_in(clients=[client(1, full_name="李二") | later])], source="y")
        assert (ids(book, "王一"), ids(book, "李二")) == ([], ["C001"])
        assert ids(book, "王一", as_of="2024-01-15") == ["C001"]
        book.undo(2)
        assert (ids(book, "王一"), ids(book, "李二")) == (["C001"], [])


def test_two_versions_of_a_name_in_one_batch_are_told_apart(
    workbook: Workbook, hand_in: Any, client: Callable[..., dict[str, Any]]
) -> None:
    later = {"updated_at": dt.datetime(2024, 2, 1, tzinfo=dt.UTC)}
    rows = [client(1, full_name="王一"), client(1, full_name="李二") | later]
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=rows)], source="x")
    with open_book(workbook, role="data_entry") as book:
        assert (ids(book, "wangyi"), ids(book, "lier")) == ([], ["C001"])
