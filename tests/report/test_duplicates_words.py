"""Every outcome of a comparison has its words in both languages."""

from __future__ import annotations

from clientlib.analysis.quality.duplicates_model import COMPARISONS, MISSING, PRIOR, Reason
from clientlib.report import messages
from clientlib.report.duplicates_words import AREA_OF_FIELD, sentence, sentences, words


def test_every_level_has_words_and_no_words_are_left_over() -> None:
    levels = {f"{comparison.field}.{level.name}" for comparison in COMPARISONS for level in comparison.levels}
    prefix = "duplicates.level."
    said = {key.removeprefix(prefix) for key in messages.catalogue() if key.startswith(prefix)}
    assert said == levels | {MISSING, PRIOR}


def test_every_compared_field_is_one_of_the_table() -> None:
    assert set(AREA_OF_FIELD) == {comparison.field for comparison in COMPARISONS}


def test_a_reason_is_a_sentence_in_both_languages() -> None:
    reason = Reason("id_number", "transposed", 9.11)
    assert sentence(reason, "en") == "ID number: two digits changed places (+9.1)"
    assert sentence(reason, "zh") == "证件号码：有两位数字颠倒（+9.1）"


def test_sentences_tell_what_weighs_most_first_and_leave_out_what_says_nothing() -> None:
    reasons = [
        Reason(PRIOR, PRIOR, -18.0),
        Reason("gender", "same", 1.0),
        Reason("email", MISSING, 0.0),
        Reason("mobile", "different", -1.7),
    ]
    assert sentences(reasons, "en") == ("Mobile: different (−1.7)", "Gender: the same (+1.0)")


def test_what_is_missing_is_said() -> None:
    assert words(Reason("email", MISSING, 0.0), "zh") == "至少一方未填写"
