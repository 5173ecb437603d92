"""What is back inside its line, and not yet by enough, is not said to be beyond it."""

from __future__ import annotations

import pandas as pd
import pytest

from clientlib.report import messages
from clientlib.report.calls.reasons import reason_keys

RATIO = {"value": 1.332, "limit": 1.3, "cash_to_watch": 15_000.0}


def test_a_rule_has_a_sentence_of_its_own_once_its_value_is_back() -> None:
    calls = pd.DataFrame({"rule": ["margin", "margin"], "held": [False, True]})
    assert reason_keys(calls).tolist() == ["margin", "margin_held"]


@pytest.mark.parametrize(("language", "untrue"), [("en", "under the 130.0% line."), ("zh", "，低于130.0%")])
def test_a_ratio_above_the_line_is_not_told_as_below_it(language: str, untrue: str) -> None:
    beyond, held = (
        messages.say(f"risk_review.because.{key}", language, "CNY", **RATIO)
        for key in ("margin", "margin_held")
    )
    assert untrue in beyond
    assert untrue not in held
