"""Finding clients: words, filters, order, pages."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.lab import search
from clientlib.lab.search import COLUMNS, PAGE_ROWS, Query
from clientlib.lab.snapshot import Snapshot


def _found(snapshot: Snapshot, **asked: object) -> list[str]:
    texts = search.searchable(snapshot.clients)
    return list(search.find(snapshot.clients, texts, Query(**asked)).index)  # type: ignore[arg-type]


def test_an_empty_query_finds_everybody(snapshot: Snapshot) -> None:
    assert len(_found(snapshot)) == 60


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("K0007", "K0007"),
        ("k0007", "K0007"),
        ("Ｋ０００７", "K0007"),
        ("0007", "K0007"),
        ("138****0009", "K0009"),
        ("网球", "K0001"),
    ],
)
def test_a_part_of_what_is_shown_finds_the_client(snapshot: Snapshot, text: str, first: str) -> None:
    assert _found(snapshot, text=text) == [first]


def test_all_words_must_occur(snapshot: Snapshot) -> None:
    both = _found(snapshot, text="浦东 a003")
    assert both == [c for c in _found(snapshot, text="浦东") if c in _found(snapshot, text="a003")]


def test_a_code_is_found_by_its_label_in_either_language(snapshot: Snapshot) -> None:
    assert (
        _found(snapshot, text="dormant")
        == _found(snapshot, text="休眠")
        == _found(snapshot, status="dormant")
    )


def test_a_number_behind_the_mask_is_not_found(snapshot: Snapshot) -> None:
    assert _found(snapshot, text="13812345678") == []


def test_a_name_in_the_remarks_is_not_found(snapshot: Snapshot) -> None:
    assert _found(snapshot, text="张三丰") == []


def test_a_word_does_not_match_across_two_fields(snapshot: Snapshot) -> None:
    assert _found(snapshot, text="k0001张") == []


def test_signs_of_a_pattern_are_only_signs(snapshot: Snapshot) -> None:
    assert _found(snapshot, text="K.*") == []


def test_a_branch_and_a_level_narrow_together(snapshot: Snapshot) -> None:
    rows = snapshot.clients.loc[_found(snapshot, branch="上海浦东", level="C3")]
    assert set(rows["branch"]) == {"上海浦东"}
    assert set(rows["stated_level"]) == {"C3"}


def test_who_was_never_assessed_has_no_level(snapshot: Snapshot) -> None:
    assert _found(snapshot, level=search.NO_LEVEL) == ["K0060"]


def test_the_state_of_the_assessment_is_a_filter(snapshot: Snapshot) -> None:
    assert _found(snapshot, state="expired") == ["K0002"]


def test_equal_clients_stand_in_the_order_of_their_ids(snapshot: Snapshot) -> None:
    found = _found(snapshot, sort="branch", branch="北京朝阳", descending=True)
    assert found == sorted(found)


@pytest.mark.parametrize("descending", [False, True])
def test_clients_without_the_value_come_last_either_way(snapshot: Snapshot, descending: bool) -> None:
    found = _found(snapshot, sort="last_trade", descending=descending)
    assert set(found[:2]) == {"K0001", "K0002"}


def test_codes_sort_in_the_order_of_their_list(snapshot: Snapshot) -> None:
    found = snapshot.clients.loc[_found(snapshot, sort="level_status")]
    assert list(found["level_status"].unique()) == ["valid", "expiring", "expired", "none"]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_of_the_list_can_be_sorted_by(snapshot: Snapshot, column: str) -> None:
    assert sorted(_found(snapshot, sort=column, descending=True)) == sorted(snapshot.clients.index)


def test_the_last_page_holds_the_rest(snapshot: Snapshot) -> None:
    page = search.page_of(snapshot.clients, 60, 3)
    assert (len(page.rows), page.number, page.pages, page.found) == (10, 3, 3, 60)


@given(found=st.integers(0, 130), number=st.integers(-3, 400))
def test_a_page_is_never_out_of_range(found: int, number: int) -> None:
    page = search.page_of(pd.DataFrame({"n": range(found)}), found, number)
    assert 1 <= page.number <= page.pages
    assert len(page.rows) <= PAGE_ROWS
    assert page.rows.empty == (found == 0)


@given(found=st.integers(0, 130))
def test_the_pages_together_hold_every_client_once(found: int) -> None:
    frame = pd.DataFrame({"n": range(found)})
    pages = search.page_of(frame, found, 1).pages
    seen = [n for number in range(1, pages + 1) for n in search.page_of(frame, found, number).rows["n"]]
    assert seen == list(range(found))


@given(text=st.text(max_size=30))
def test_no_text_breaks_the_search(snapshot: Snapshot, text: str) -> None:
    assert len(_found(snapshot, text=text)) <= 60


def test_the_fields_that_are_searched_are_told_with_their_form() -> None:
    told = search.searched_fields().set_index("field")["searched"]
    assert told[["Client ID", "Mobile", "Status"]].to_list() == ["as written", "as masked", "label, en or zh"]
