"""Every rule that the intake knows has words, and no other."""

from __future__ import annotations

from clientlib.declare import RULE_TEXTS
from clientlib.intake import messages, notices
from clientlib.sheets.wording import RULES, in_words
from clientlib.tables import AREAS


def test_every_rule_of_the_intake_is_in_words_and_no_other_is() -> None:
    known = {*messages._CELL, *messages._ROW, *notices._SHEET}
    assert set(RULES) == known


def test_a_rule_over_several_fields_is_in_the_words_of_the_table() -> None:
    assert (
        in_words("amount_is_product", AREAS["trades"], "zh") == RULE_TEXTS["Trades", "amount_is_product"].zh
    )


def test_a_rule_that_nobody_declared_has_no_words() -> None:
    assert in_words("made_up", AREAS["trades"], "en") is None
