"""Free words are sorted into code lists; what is called sure is right, also of words never seen before."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from clientlib.codes import CODES, Code, CodeList, fold
from clientlib.intake.recognise import vocabulary
from clientlib.intake.recognise.sorting import SURE, sort_text
from clientlib.tables import AREAS

OCCUPATION = CODES["occupation"]
HELD_OUT = tomllib.loads((Path(__file__).parent / "held_out.toml").read_text("utf-8"))
THRESHOLDS = (0.5, 0.6, SURE, 0.8, 0.9)


def held_out(name: str) -> dict[str, str]:
    """Word → code of a list: only words that the vocabulary does not have."""
    known = vocabulary.folded(CODES[name]) if name != "region" else frozenset()
    marks = r";\n?" if name == "region" else r"[,\n]"
    listed = ((w.strip(), code) for code, words in HELD_OUT[name].items() for w in re.split(marks, words))
    return {word: code for word, code in listed if word and fold(word) not in known}


# --------------------------------------------------------------------------- the measure
@pytest.mark.parametrize(("name", "least"), [("occupation", 150), ("income_source", 50), ("asset_class", 50)])
def test_what_is_called_sure_of_unseen_words_is_right(
    name: str, least: int, tell: Callable[[str], None]
) -> None:
    words = held_out(name)
    assert len(words) >= least
    found = sort_text(words, CODES[name]).with_columns(
        right=pl.col("code") == pl.col("text").replace_strict(words, return_dtype=pl.String)
    )
    tell(f"\n{name}: {found.height} unseen words, {found['right'].sum() / found.height:.3f} right")
    for threshold in THRESHOLDS:
        sure = found.filter(pl.col("probability") >= threshold)
        right = sure["right"].sum() / sure.height
        tell(f"  from {threshold}: {sure.height / found.height:.2f} sure, {right:.3f} right")
    sure = found.filter(pl.col("status") == "sure")
    assert sure["right"].sum() / sure.height >= 0.95
    assert sure.height / found.height >= 0.75


def test_addresses_are_sorted_by_the_place_they_name() -> None:
    addresses = held_out("region")
    found = sort_text(addresses, vocabulary.REGION)
    wrong = {
        text: code for text, code in zip(found["text"], found["code"], strict=True) if addresses[text] != code
    }
    assert wrong == {}


# ------------------------------------------------------------------------------- by hand
def only(
    text: str, into: CodeList = OCCUPATION, decisions: pl.DataFrame | None = None
) -> tuple[str | None, str]:
    """The code and status of one word."""
    found = sort_text([text], into, decisions=decisions)
    return found["code"].item(), found["status"].item()


@pytest.mark.parametrize("text", ["3", "职员", "Clerk", "办事人员和有关人员"])
def test_what_the_list_knows_is_looked_up(text: str) -> None:
    assert only(text) == ("3", "listed")


def test_nonsense_is_unsure() -> None:
    assert only("qzx 0417")[1] == "unsure"


def test_a_decision_of_the_firm_is_followed() -> None:
    decided = pl.DataFrame({"text": ["跑单王"], "code": ["4"]})
    assert only("跑单王", decisions=decided) == ("4", "decided")


def test_a_decision_teaches_words_like_it() -> None:
    before = sort_text(["金牌铲屎官"], OCCUPATION)["probability"].item()
    decided = pl.DataFrame({"text": ["铲屎官", "高级铲屎官"], "code": ["4", "4"]})
    after = sort_text(["金牌铲屎官"], OCCUPATION, decisions=decided)
    assert after["code"].item() == "4"
    assert after["probability"].item() > before


def test_a_decision_for_a_code_that_is_gone_is_not_followed() -> None:
    decided = pl.DataFrame({"text": ["跑单王"], "code": ["99"]})
    assert only("跑单王", decisions=decided)[1] != "decided"


def test_words_for_nothing_are_left_out() -> None:
    assert sort_text([None, "", " ", "无", "n/a"], OCCUPATION).is_empty()


def test_a_word_is_told_once_with_how_often_it_stands_there() -> None:
    found = sort_text(["会计", "司机", "会计"], OCCUPATION)
    assert found.select("text", "count").rows() == [("会计", 2), ("司机", 1)]


def test_cells_of_several_values_are_taken_apart() -> None:
    found = sort_text(["国债；ETF"], AREAS["preferences"].field("product_types"))
    assert found.select("text", "code").rows() == [("国债", "bond"), ("ETF", "fund")]


def test_the_same_words_give_the_same_probabilities() -> None:
    words = list(held_out("income_source"))
    assert sort_text(words, CODES["income_source"]).equals(sort_text(words, CODES["income_source"]))


def test_a_list_of_one_code_leaves_every_other_word_unsure() -> None:
    assert only("something", CodeList("one", "One", "一", (Code("a", "A", "甲"),)))[1] == "unsure"


def test_a_field_without_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match="no code list"):
        sort_text(["x"], AREAS["clients"].field("full_name"))
