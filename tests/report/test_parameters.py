"""What cannot be asked is refused before a kernel starts, in a sentence with its mend."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib import config
from clientlib.errors import ParameterError
from clientlib.report import parameters
from clientlib.report.plan import Parameter, Report

FACTS = parameters.Facts(
    (dt.date(2023, 7, 3), dt.date(2026, 6, 30)),
    ("Beijing", "Shanghai"),
    dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
)
NOW = dt.datetime(2026, 7, 2, 20, tzinfo=dt.UTC)  # 3 July in Shanghai
REPORT = Report(
    "risk",
    Path("risk.ipynb"),
    {},
    {},
    1,
    tuple(
        Parameter(n, d, "") for n, d in {"as_of": "", "language": "en", "top": 20, "strict": False}.items()
    ),
)


@pytest.fixture(scope="module")
def ask() -> Callable[..., parameters.Question]:
    settings = config.load()

    def asked(facts: parameters.Facts = FACTS, **given: Any) -> parameters.Question:
        return parameters.check([REPORT], facts, settings, now=NOW, **given)

    return asked


Ask = Callable[..., parameters.Question]


def test_without_a_date_the_newest_in_the_book_is_meant(ask: Ask) -> None:
    assert ask().as_of == dt.date(2026, 6, 30)


def test_a_book_that_runs_ahead_is_read_up_to_today(ask: Ask) -> None:
    ahead = parameters.Facts((dt.date(2023, 1, 1), dt.date(2030, 1, 1)), ())
    assert ask(ahead).as_of == dt.date(2026, 7, 3)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"as_of": "2026-02-30"}, "not a day of the calendar"),
        ({"as_of": "20260230"}, "year-month-day"),
        ({"as_of": "yesterday"}, "is not a date"),
        ({"as_of": "2026-07-04"}, "in the future; today is 2026-07-03"),
        ({"as_of": "2020-01-01"}, "the book holds 2023-07-03 to 2026-06-30"),
        ({"known_at": "2027-01-01"}, "in the future"),
        ({"known_at": "2026-06-01"}, "before the first import"),
        ({"known_at": "noon"}, "is not a moment"),
        ({"branch": "Shangai"}, "Did you mean Shanghai"),
        ({"branch": "Ürümqi"}, "Beijing, Shanghai"),
        ({"languages": ["de"]}, "There are: en, zh"),
        ({"others": {"topp": "5"}}, "Did you mean top"),
        ({"others": {"top": "many"}}, "a number such as 20"),
        ({"others": {"branch": "Beijing"}}, "an option of its own"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(ask: Ask, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError) as refused:
        ask(**given)
    assert words in str(refused.value)
    assert str(refused.value).rstrip().endswith((".", "?")) or "clientlib" in str(refused.value)


def test_a_book_without_branches_says_so_instead_of_listing_none(ask: Ask) -> None:
    with pytest.raises(ParameterError, match=r"the book names none\. Choose all"):
        ask(dataclasses.replace(FACTS, branches=()), branch="Beijing")


def test_an_empty_book_says_how_to_fill_it(ask: Ask) -> None:
    with pytest.raises(ParameterError, match="clientlib import"):
        ask(parameters.Facts(None, ()))


def test_today_is_the_firms_today(ask: Ask) -> None:
    assert ask(as_of="2026-07-03").as_of == dt.date(2026, 7, 3)


def test_known_at_is_kept_in_utc(ask: Ask) -> None:
    known = ask(known_at="2026-07-02T08:00:00+08:00").known_at
    assert known == dt.datetime(2026, 7, 2, tzinfo=dt.UTC)


def test_a_report_gets_only_the_parameters_that_it_has(ask: Ask) -> None:
    values = ask(others={"top": "5", "strict": "yes"}).values(REPORT, "zh")
    assert values == {"as_of": "2026-06-30", "language": "zh", "top": 5, "strict": True}
