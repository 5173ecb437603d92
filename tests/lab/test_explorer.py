"""The explorer's widgets, driven by their values as a person drives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest

from clientlib.errors import Words
from clientlib.lab import Explorer, Snapshot, explore
from clientlib.lab.explorer import CARD, LIST
from clientlib.lab.snapshot import nothing


@pytest.fixture
def explorer(snapshot: Snapshot) -> Explorer:
    return Explorer(snapshot, "en")


def _all(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)


def _told(explorer: Explorer) -> str:
    return re.sub(
        "<[^>]*>", " ", " ".join(w.value for w in _all(explorer.view) if isinstance(w, widgets.HTML))
    )


def _shown(explorer: Explorer) -> list[str]:
    return list(explorer.ids.options)


def test_it_opens_on_the_first_page_of_everybody(explorer: Explorer) -> None:
    assert _shown(explorer)[0] == "K0001"
    assert len(_shown(explorer)) == 25
    assert "60 of 60 clients" in explorer.count.value
    assert "page 1 of 3" in explorer.page.value


def test_a_key_press_narrows_the_list(explorer: Explorer) -> None:
    explorer.search.value = "K000"
    assert _shown(explorer) == [f"K{n:04d}" for n in range(1, 10)]
    assert "9 of 60 clients" in explorer.count.value


def test_a_branch_narrows_the_list(explorer: Explorer) -> None:
    explorer.filters["branch"].value = "上海浦东"
    assert set(explorer.found["branch"]) == {"上海浦东"}


def test_clear_shows_everybody_again(explorer: Explorer) -> None:
    explorer.search.value = "K0001"
    explorer.filters["status"].value = "active"
    explorer.clear.click()
    assert (explorer.search.value, explorer.filters["status"].value, len(explorer.found)) == ("", "", 60)


def test_pages_are_turned_and_end(explorer: Explorer) -> None:
    explorer.steps["last"].click()
    assert _shown(explorer)[-1] == "K0060"
    assert (explorer.steps["next"].disabled, explorer.steps["previous"].disabled) == (True, False)
    explorer.steps["previous"].click()
    assert "page 2 of 3" in explorer.page.value
    explorer.steps["first"].click()
    explorer.steps["next"].click()
    assert _shown(explorer)[0] == "K0026"


def test_a_new_search_begins_on_the_first_page(explorer: Explorer) -> None:
    explorer.steps["last"].click()
    explorer.search.value = "k00"
    assert "page 1 of" in explorer.page.value


def test_a_heading_sorts_and_the_same_again_turns_the_order_round(explorer: Explorer) -> None:
    explorer.heads["client_id"].click()
    assert _shown(explorer)[0] == "K0060"
    assert explorer.heads["client_id"].description.endswith("▼")
    explorer.heads["market_value"].click()
    explorer.heads["market_value"].click()
    assert _shown(explorer)[:2] == ["K0001", "K0002"]


def test_a_press_on_a_client_opens_the_card(explorer: Explorer) -> None:
    explorer.ids.value = "K0001"
    assert explorer.tabs.selected_index == CARD
    assert "Client K0001" in explorer.card_page.value
    assert explorer.card_page.value.count("<img") == 2
    assert explorer.card is not None
    assert explorer.card.client_id == "K0001"


def test_the_way_back_leads_to_the_same_list(explorer: Explorer) -> None:
    explorer.search.value = "K00"
    explorer.steps["next"].click()
    before = _shown(explorer)
    explorer.ids.value = before[3]
    explorer.back.click()
    assert explorer.tabs.selected_index == LIST
    assert _shown(explorer) == before


def test_nobody_is_opened_unasked(explorer: Explorer) -> None:
    explorer.search.value = "K0002"
    explorer.steps["last"].click()
    explorer.search.value = ""
    assert explorer.card is None
    assert "No client is chosen" in explorer.card_page.value


def test_a_client_may_be_opened_again_after_another_search(explorer: Explorer) -> None:
    explorer.ids.value = "K0001"
    explorer.search.value = "K0002"
    assert explorer.ids.value is None
    explorer.search.value = ""
    assert explorer.ids.value == "K0001"
    assert explorer.tabs.selected_index == LIST


def test_a_client_can_be_opened_by_name_of_its_id(explorer: Explorer) -> None:
    explorer.open("K0042")
    assert "Client K0042" in explorer.card_page.value


def test_an_unknown_client_cannot_be_opened(explorer: Explorer) -> None:
    with pytest.raises(KeyError, match="K9999"):
        explorer.open("K9999")


def test_charts_are_drawn_only_when_the_client_changes(explorer: Explorer) -> None:
    drawn: list[Any] = []
    explorer.card_page.observe(drawn.append, "value")
    explorer.open("K0001")
    explorer.search.value = "K00"
    explorer.steps["next"].click()
    explorer.heads["branch"].click()
    explorer.open("K0001")
    assert len(drawn) == 1


def test_the_language_changes_every_label(explorer: Explorer) -> None:
    explorer.ids.value = "K0001"
    explorer.language.value = "zh"
    labels = [
        w.description
        for w in _all(explorer.view)
        if isinstance(w, widgets.Button | widgets.Text | widgets.Dropdown)
    ]
    assert [label for label in labels if not re.search("[\u4e00-\u9fff]", label)] == []
    assert "客户 K0001" in explorer.card_page.value
    assert "60 位客户" in explorer.count.value


def test_the_language_keeps_search_filters_and_order(explorer: Explorer) -> None:
    explorer.filters["level"].value = "C3"
    explorer.heads["branch"].click()
    before = _shown(explorer)
    explorer.language.value = "zh"
    assert (_shown(explorer), explorer.filters["level"].value) == (before, "C3")
    assert explorer.filters["level"].label == "C3 稳健型"


def test_the_firms_first_language_is_the_default(snapshot: Snapshot) -> None:
    assert Explorer(snapshot).language.value == snapshot.settings.firm.languages[0]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_whatever_can_be_operated_says_what_it_does(snapshot: Snapshot, language: str) -> None:
    operated = (widgets.Button, widgets.Text, widgets.Dropdown, widgets.ToggleButtons)
    explorer = Explorer(snapshot, language)
    silent = [w for w in _all(explorer.view) if isinstance(w, operated) and not w.tooltip]
    unnamed = [w for w in _all(explorer.view) if isinstance(w, operated[:3]) and not w.description]
    assert (silent, unnamed) == ([], [])
    assert len(explorer.ids.tooltips) == len(explorer.ids.options)


def test_what_was_found_is_a_copy(explorer: Explorer) -> None:
    frame = explorer.found
    frame["branch"] = "elsewhere"
    assert set(explorer.found["branch"]) != {"elsewhere"}


def test_it_shows_itself_as_a_widget(explorer: Explorer) -> None:
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle


# --------------------------------------------------------------------- nothing to show
@pytest.mark.parametrize(("language", "sentence"), [("en", "The book is empty"), ("zh", "客户台账为空")])
def test_an_empty_book_is_told_in_a_sentence(language: str, sentence: str) -> None:
    explorer = Explorer(nothing(), language)
    assert sentence in _told(explorer)
    assert explorer.found.empty
    assert explorer.card is None


def test_the_sentence_changes_its_language() -> None:
    explorer = Explorer(nothing(), "en")
    explorer.language.value = "zh"
    assert "客户台账为空" in _told(explorer)


def test_what_hinders_is_told_and_not_raised(tmp_path: Path) -> None:
    explorer = explore(tmp_path)
    assert "is no workbook folder" in _told(explorer)
    assert explorer.found.groupby("branch").size().empty


def test_what_hinders_is_never_markup() -> None:
    told = Explorer(nothing(notice=Words("<b>no</b>", "<b>无</b>")), "en").notice.value
    assert "&lt;b&gt;no&lt;/b&gt;" in told
