"""Probable duplicates: what is found, what is told apart, and how well on a set whose truth is known."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import polars as pl
import pytest

from clientlib.analysis.quality import explain_duplicates, find_duplicates
from clientlib.analysis.quality.duplicates import in_memory
from clientlib.analysis.quality.duplicates_model import COMPARISONS
from clientlib.errors import ParameterError
from clientlib.simulate import demo
from clientlib.simulate.duplicates import PlantedDuplicates, plant_duplicates

PAIR = ["client_id_l", "client_id_r"]
CARD, OTHER_CARD = "11010519491231002X", "110105194912310038"
"""Two numbers of the standard's own example region and date, both with their right check character."""


def client(number: str, **changes: Any) -> dict[str, Any]:
    """A person's row in both areas; `changes` are what is different."""
    return {
        "client_id": number,
        "full_name": "张伟国",
        "client_type": "individual",
        "id_type": "id_card",
        "id_number": CARD,
        "birth_date": dt.date(1949, 12, 31),
        "gender": "2",
        "mobile": "+8616112345678",
        "email": "zhang.weiguo@example.com",
        "address": "上海市浦东新区学府路12号301室",
        **changes,
    }


def crowd(size: int = 400) -> list[dict[str, Any]]:
    """People with nothing in common, so that the book is not a tiny one."""
    return [
        client(
            f"X{n:04}",
            full_name=f"{chr(0x4E00 + 7 * n)}{chr(0x6000 + 5 * n)}",
            id_type="passport",
            id_number=f"Q{n * 7919 + 10_000_000}",
            birth_date=dt.date(1950, 1, 1) + dt.timedelta(days=37 * n),
            mobile=f"+86160{n * 104729 + 10_000_000}",
            email=f"somebody{n * 31}@example.org",
            address=f"北京市朝阳区和平路{n + 900}号{n * 3 + 2000}室",
        )
        for n in range(size)
    ]


def found(*people: dict[str, Any], **options: Any) -> pd.DataFrame:
    everybody = pd.DataFrame([*crowd(), *people])
    return find_duplicates(everybody, everybody, **options)


def level(pairs: pd.DataFrame, field: str) -> str:
    (reasons,) = pairs["reasons"]
    return next(str(reason.level) for reason in reasons if reason.field == field)


def elsewhere(**changes: Any) -> dict[str, Any]:
    """Other contacts altogether."""
    moved = {
        "mobile": "+8616898765432",
        "email": "wg1949@example.net",
        "address": "西安市雁塔区书院街7号12室",
    }
    return moved | changes


# ------------------------------------------------------------------------ what is the same
@pytest.mark.parametrize(
    ("field", "expected", "changes"),
    [
        ("id_number", "same", elsewhere()),
        ("id_number", "transposed", elsewhere(id_number="11015019491231002X")),
        ("id_number", "check_character", elsewhere(id_number="110105194912310021")),
        ("id_number", "slip", elsewhere(id_number="11010619491231002X")),
        ("id_number", "old_form", elsewhere(id_number="110105491231002")),
        ("full_name", "one_character", {"full_name": "张伟团"}),
        ("id_number", "other_kind", {"id_type": "passport", "id_number": "E12345678"}),
        ("full_name", "characters", elsewhere(full_name="張偉國")),
        ("full_name", "spelling", elsewhere(full_name="张 伟 国")),
        ("full_name", "latin", elsewhere(full_name="Weiguo ZHANG")),
        ("full_name", "homophone", elsewhere(full_name="张玮国")),
        ("birth_date", "slip", {"birth_date": dt.date(1949, 12, 30)}),
        ("mobile", "slip", {"mobile": "161 1234 6578"}),
        ("email", "mailbox", {"mobile": None, "email": "Zhang.Weiguo@example.org"}),
        ("address", "written_otherwise", elsewhere(address="浦东學府路12-301")),
    ],
)
def test_a_second_registration_is_found_and_says_why(
    field: str, expected: str, changes: dict[str, Any]
) -> None:
    pairs = found(client("A"), client("B", **changes))
    assert pairs[PAIR].to_numpy().tolist() == [["A", "B"]]
    assert level(pairs, field) == expected


def test_a_company_is_found_under_another_form_of_its_name() -> None:
    company = {
        "client_type": "institution",
        "id_type": "business_licence",
        "birth_date": None,
        "gender": None,
    }
    first = client("A", **company, full_name="上海青禾贸易有限公司", id_number="91310115MA1K3BQX1T")
    second = client("B", **company, full_name="上海青禾貿易有限責任公司", id_number="91310115MA1K3BXQ1T")
    pairs = found(first, second)
    assert (level(pairs, "full_name"), level(pairs, "id_number")) == ("company_form", "transposed")


# ------------------------------------------------------------------------- what is not
TWIN = {"full_name": "张伟民", "id_number": OTHER_CARD}


@pytest.mark.parametrize(
    "other",
    [
        client(
            "B", full_name="李娜", id_number="110105195206150023", birth_date=dt.date(1952, 6, 15), gender="1"
        ),
        client("B", full_name="张伟强", id_number="110105197803120017", birth_date=dt.date(1978, 3, 12)),
        client("B", **TWIN),
        client("B", id_type="passport", id_number="E7654321", full_name="张伟民"),
        client("B", **elsewhere(id_number=OTHER_CARD)),
        client("B", **elsewhere(id_type="passport", id_number="E7654321")),
    ],
    ids=["spouse", "child", "twin", "twin with a passport", "namesake", "namesake with a passport"],
)
def test_two_people_are_not_taken_for_one(other: dict[str, Any]) -> None:
    assert found(client("A"), other).empty


def test_products_of_one_manager_are_not_one_client() -> None:
    product = {"client_type": "product", "id_type": "business_licence", "id_number": "91310115MA1K3BQX1T"}
    first = client("A", **product, full_name="远山稳健一号资产管理计划")
    assert found(first, client("B", **product, full_name="远山成长二号资产管理计划")).empty


def test_a_number_that_many_give_is_nobodys_own() -> None:
    shared = [{**person, "mobile": "+8616900000000"} for person in crowd(60)]
    assert find_duplicates(pd.DataFrame(shared), pd.DataFrame(shared)).empty


# ----------------------------------------------------------------------------- behaviour
def test_only_the_newest_row_of_a_client_counts() -> None:
    old = client("B", full_name="李娜", id_number=OTHER_CARD, updated_at=dt.datetime(2024, 1, 1))
    new = client("B", updated_at=dt.datetime(2025, 1, 1))
    pairs = found(client("A", updated_at=dt.datetime(2024, 1, 1)), new, old)
    assert pairs[PAIR].to_numpy().tolist() == [["A", "B"]]


def test_a_dismissed_pair_does_not_come_back() -> None:
    dismissed = pd.DataFrame({"client_id_l": ["B"], "client_id_r": ["A"]})
    assert found(client("A"), client("B"), dismissed=dismissed).empty


def test_reasons_sum_to_the_weight() -> None:
    pairs = found(client("A"), client("B", mobile=None, full_name="張偉國"))
    steps = explain_duplicates(pairs)
    assert steps["end"].iloc[-1] == pytest.approx(pairs["weight"].iloc[0])
    assert steps["start"].iloc[0] == 0
    assert list(steps["step"]) == list(range(len(COMPARISONS) + 1))


def test_the_order_of_rows_and_the_kind_of_frame_change_nothing() -> None:
    everybody = pd.DataFrame([*crowd(), client("A"), client("B", **elsewhere())])
    shuffled = pl.from_pandas(everybody.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(
        find_duplicates(everybody, everybody), find_duplicates(shuffled, shuffled), check_exact=True
    )


@pytest.mark.parametrize("size", [0, 1])
def test_too_few_clients_give_an_empty_frame(size: int) -> None:
    pairs = find_duplicates(pd.DataFrame([client("A")] * size, columns=list(client("A"))))
    assert pairs.empty
    assert explain_duplicates(pairs).empty


def test_two_clients_alone_can_be_compared() -> None:
    assert len(find_duplicates(pd.DataFrame([client("A"), client("B")]))) == 1


def test_empty_columns_compare_nothing() -> None:
    nothing = pd.DataFrame({"client_id": ["A", "B"], "full_name": [None, None], "id_number": [None, None]})
    assert find_duplicates(nothing, pd.DataFrame({"client_id": ["A"], "mobile": [None]})).empty


@pytest.mark.parametrize("text", ["'; DROP TABLE x; --", "\x00", "·", "😀", "%s{}", "\\", "𠮷", "  "])
def test_odd_characters_are_values_like_others(text: str) -> None:
    odd = dict.fromkeys(("full_name", "id_number", "mobile", "email", "address"), text)
    pairs = found(client("A", **odd), client("B", **odd))
    assert set(pairs["client_id_l"]) <= {"A"}


def test_nothing_is_printed_and_no_log_holds_a_value(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    found(client("A"), client("B"))
    assert capfd.readouterr() == ("", "")
    assert not any(value in caplog.text for value in ("张伟国", CARD, "12345678", "weiguo", "学府路"))


def test_nothing_of_a_client_can_be_spilled_to_disk() -> None:
    with in_memory() as connection:
        assert connection.sql("SELECT current_setting('temp_directory')").fetchall() == [("",)]


def test_a_threshold_that_is_no_probability_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"e\.g\. 0\.95"):
        find_duplicates(pd.DataFrame(crowd(3)), threshold=95)


def test_an_area_without_client_numbers_is_refused() -> None:
    with pytest.raises(ParameterError, match="contacts: the column client_id is missing"):
        find_duplicates(pd.DataFrame(crowd(3)), pd.DataFrame({"mobile": ["1"]}))


# ------------------------------------------------------------------------------ measured
UNSEEN_SEEDS = (101, 202, 303)
"""Not looked at when the weights were reasoned out."""


@pytest.fixture(scope="module", params=UNSEEN_SEEDS)
def planted(request: pytest.FixtureRequest) -> PlantedDuplicates:
    return plant_duplicates(demo(seed=request.param, clients=2500, years=1), seed=request.param)


@pytest.mark.slow
def test_precision_and_recall_on_a_set_whose_truth_is_known(
    planted: PlantedDuplicates, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = pl.from_pandas(find_duplicates(planted.clients, planted.contacts)[PAIR])
    hits = pairs.join(planted.pairs, on=PAIR, how="semi")
    precision, recall = len(hits) / len(pairs), len(hits) / len(planted.pairs)
    with capsys.disabled():
        print(f"\nprecision {precision:.4f}, recall {recall:.4f}")  # noqa: T201 (the measurement)
        print(_by_kind(planted, pairs))  # noqa: T201
    assert precision >= 0.98
    assert recall >= 0.95


def _by_kind(planted: PlantedDuplicates, pairs: pl.DataFrame) -> str:
    """A line a kind: how many of the true pairs were found, and of the look-alikes were taken for one."""
    rows = []
    for title, truth in (("found", planted.pairs), ("mistaken", planted.strangers)):
        marked = truth.join(pairs.with_columns(hit=True), on=PAIR, how="left")
        counts = marked.group_by("kind").agg(pl.len(), pl.col("hit").is_not_null().sum()).sort("kind")
        rows += [f"  {kind:24}{hit:4} of {size:4} {title}" for kind, size, hit in counts.iter_rows()]
    return "\n".join(rows)


def test_dates_as_the_book_hands_them_over_are_compared_like_any_others() -> None:
    """Midnights, as pandas has them; a birth date with day and month swapped is still seen as that."""
    swapped = client("B", id_number="E7654321", id_type="passport", birth_date=dt.date(1949, 10, 12))
    people = [client("A", birth_date=dt.date(1949, 12, 10)), swapped]
    plain = found(*people)
    everybody = pd.DataFrame([*crowd(), *people])
    everybody["birth_date"] = pd.to_datetime(everybody["birth_date"])
    handed = find_duplicates(everybody, everybody)
    pd.testing.assert_frame_equal(plain, handed)
    assert "birth_date" in [reason.field for reason in plain["reasons"].iloc[0]]
