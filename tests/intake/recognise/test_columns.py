"""Columns are recognised by title and content, with probabilities that come true and unsure ones named."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pypinyin import Style, lazy_pinyin

from clientlib import simulate
from clientlib.declare import Field
from clientlib.errors import IntakeError
from clientlib.intake import recognise_columns
from clientlib.intake.recognise.columns import SURE
from clientlib.simulate.handins import typed
from clientlib.tables import AREAS

TUNED_ON = (101, 102, 103, 104, 105)
"""Seeds of the firms on which the evidence was weighed."""
TRIED_ON = (7001, 7002)
RIGHT = 0.97
REAL = Path(__file__).parents[4] / "shared" / "data" / "far-trans" / "asset_information.csv"
STRANGE = tomllib.loads((Path(__file__).parent / "strange_titles.toml").read_text("utf-8"))


# ------------------------------------------------------------------------ files to try it on
@dataclass(frozen=True)
class Sample:
    """A table of the demo firm as typed, its columns shuffled."""

    area: str
    cells: pl.DataFrame
    empty: frozenset[str]

    @property
    def fields(self) -> list[Field]:
        return [AREAS[self.area].field(name) for name in self.cells.columns]

    def told(self, field: Field) -> bool:
        """Whether anything in the column could tell a person what it is: more than slips."""
        return field.name not in self.empty


def samples(seed: int, languages: tuple[str, ...]) -> Iterator[Sample]:
    """Every area as one file in each language, and the sheets of a branch, all with slips in them."""
    rng = random.Random(seed)
    areas = simulate.demo(seed=seed, clients=400, years=2).areas
    homes = areas["clients"].select("client_id", "branch").unique("client_id")
    for name, info in AREAS.items():
        frame = areas[name]
        for language in languages:
            yield sample(name, typed(info, frame.head(2000), language), rng)
        if name in ("clients", "contacts", "finances", "preferences"):
            mine = homes.filter(pl.col("branch") == homes["branch"].min()).select("client_id")
            part = frame.join(mine, on="client_id", how="semi")
            yield sample(name, typed(info, part, "zh"), rng)


def sample(area: str, clean: pl.DataFrame, rng: random.Random) -> Sample:
    names = list(clean.columns)
    rng.shuffle(names)
    empty = frozenset(name for name in names if clean.get_column(name).null_count() == clean.height)
    return Sample(area, dirty(clean, rng).select(names), empty)


def dirty(cells: pl.DataFrame, rng: random.Random) -> pl.DataFrame:
    """One cell in fifty replaced: emptied, mistyped, or by the cell beside it."""
    texts = cells.select(pl.all().cast(pl.String))
    columns = {name: texts.get_column(name).to_list() for name in texts.columns}
    names = list(columns)
    for _ in range(texts.height * texts.width // 50):
        row, name = rng.randrange(texts.height), rng.choice(names)
        slips = (None, f"{columns[name][row] or ''}？", "待补", columns[rng.choice(names)][row])
        columns[name][row] = rng.choice(slips)
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))


# ------------------------------------------------------------------------- strange titles
def initials(field: Field, _: random.Random) -> str:
    return "".join(lazy_pinyin(field.title_zh, style=Style.FIRST_LETTER))


def pinyin(field: Field, _: random.Random) -> str:
    return "".join(lazy_pinyin(field.title_zh))


def without_vowels(field: Field, _: random.Random) -> str:
    return " ".join(w[0] + re.sub("[aeiou]", "", w[1:]) for w in re.findall("[A-Za-z]+", field.title_en))


def with_affixes(field: Field, _: random.Random) -> str:
    return f"客户_{field.title_zh}（必填）"


def of_a_database(field: Field, _: random.Random) -> str:
    return f"cust_{field.name}_v2"


def cut_short(field: Field, _: random.Random) -> str:
    return field.title_zh[:2]


def mistyped(field: Field, rng: random.Random) -> str:
    title = field.title_en
    if len(title) < 4:
        return title
    at = rng.randrange(1, len(title) - 1)
    return title[:at] + title[at + 1] + title[at] + title[at + 2 :]


def by_hand(field: Field, _: random.Random) -> str:
    titled: str = STRANGE.get(f"{field.area}.{field.name}") or STRANGE[field.name]
    return titled


def silent(_: Field, rng: random.Random) -> str:
    return rng.choice(["", "字段{}", "col{}", "Unnamed: {}", "{}"]).format(rng.randrange(40))


Naming = Callable[[Field, random.Random], str]
RENAMED: tuple[Naming, ...] = (
    initials,
    pinyin,
    without_vowels,
    with_affixes,
    of_a_database,
    cut_short,
    mistyped,
    by_hand,
)


def outcome(seed: int, titled: Naming, languages: tuple[str, ...] = ("zh",)) -> pl.DataFrame:
    """area, field, right, sure, confidence of every column that could be told, over all samples."""
    rng = random.Random(seed)
    rows = []
    for sample in samples(seed, languages):
        titles = [titled(field, rng) for field in sample.fields]
        frame = sample.cells.to_pandas()
        frame.columns = pd.Index(titles)
        found = pl.from_pandas(recognise_columns(frame))
        for field, guess in zip(sample.fields, found.iter_rows(named=True), strict=True):
            if titled is silent and not sample.told(field):
                continue
            right = (guess["area"], guess["field"]) == (field.area, field.name)
            rows.append((field.area, field.name, right, guess["status"] == "sure", guess["confidence"]))
    return pl.DataFrame(rows, schema=["area", "field", "right", "sure", "confidence"], orient="row")


@pytest.fixture(scope="module")
def nameless() -> pl.DataFrame:
    return pl.concat([outcome(seed, silent, ("zh", "en")) for seed in TRIED_ON])


# --------------------------------------------------------------------------- the measure
@pytest.mark.slow
@pytest.mark.parametrize("titled", RENAMED, ids=lambda style: str(style.__name__))
def test_renamed_columns_are_recognised(titled: Naming, tell: Callable[[str], None]) -> None:
    found = outcome(TRIED_ON[0], titled)
    tell(f"\n{titled.__name__}: {summary(found)}")
    assert share(found["right"]) >= RIGHT
    assert share(found.filter("sure")["right"]) >= RIGHT


@pytest.mark.slow
def test_what_is_called_sure_without_titles_is_right(
    nameless: pl.DataFrame, tell: Callable[[str], None]
) -> None:
    tell(f"\nwithout titles: {summary(nameless)}")
    for (area,), rows in nameless.group_by("area", maintain_order=True):
        tell(f"  {area}: {summary(rows)}")
    unsure = nameless.filter(~pl.col("sure")).group_by("area", "field").len().sort("len", descending=True)
    tell("  most often unsure: " + ", ".join(f"{area}.{name}" for area, name, _ in unsure.head(25).rows()))
    assert share(nameless.filter("sure")["right"]) >= RIGHT
    assert share(nameless["sure"]) >= 0.7


@pytest.mark.slow
def test_confidences_come_true(nameless: pl.DataFrame, tell: Callable[[str], None]) -> None:
    """No band of confidence promises more than it holds, by more than chance allows."""
    tell("\n  confidence  columns  said  true")
    for low, high in itertools.pairwise((0.0, 0.3, 0.5, 0.7, SURE, 0.97, 1.001)):
        band = nameless.filter(pl.col("confidence").is_between(low, high, closed="left"))
        if band.is_empty():
            continue
        said, true = share(band["confidence"]), share(band["right"])
        tell(f"  {low:.2f}-{high:.2f}   {band.height:6d}   {said:.2f}  {true:.2f}")
        assert true >= said - 2.6 * np.sqrt(said * (1 - said) / band.height) - 0.02


def share(column: pl.Series) -> float:
    return float(column.cast(pl.Float64).to_numpy().mean())


def summary(found: pl.DataFrame) -> str:
    sure = found.filter("sure")
    of_sure = f"{share(sure['right']):.3f}" if sure.height else "-"
    return (
        f"{found.height} columns, right {share(found['right']):.3f}, "
        f"sure {share(found['sure']):.3f}, right of sure {of_sure}"
    )


def test_the_firms_it_is_tried_on_are_not_those_it_was_tuned_on() -> None:
    assert not set(TUNED_ON) & set(TRIED_ON)


# --------------------------------------------------------------------------- real columns
@pytest.mark.skipif(not REAL.is_file(), reason="the real instruments are not here")
def test_of_a_real_foreign_file_only_what_is_right_is_called_sure() -> None:
    found = recognise_columns(pl.read_csv(REAL))
    sure = dict(found.filter(pl.col("status") == "sure").select("column", "field").rows())
    right = {"ISIN": "security_id", "assetCategory": "asset_class", "marketID": "market", "sector": "sector"}
    assert sure.items() <= right.items()
    assert len(sure) >= 3


# ----------------------------------------------------------------------------- by hand
def people(**more: list[object]) -> pl.DataFrame:
    """Six clients."""
    cards = [
        "780101198503210017",
        "780101199002140025",
        "78010119770809003X",
        "780101196912240049",
        "780101198811110050",
        "780101199506180067",
    ]
    columns: dict[str, list[object]] = {
        "a": ["K001", "K002", "K003", "K004", "K005", "K006"],
        "b": ["张伟", "王芳", "李小龙", "赵敏", "欧阳修文", "陈静"],
        "c": [*cards],
        "d": [dt.date(int(card[6:10]), int(card[10:12]), int(card[12:14])) for card in cards],
    }
    return pl.DataFrame(columns | more)


def by_column(found: pl.DataFrame, name: str) -> dict[str, object]:
    return found.row(by_predicate=pl.col("column") == name, named=True)


def test_a_birth_date_is_known_by_the_id_number_beside_it() -> None:
    assert by_column(recognise_columns(people(), area="clients"), "d")["field"] == "birth_date"


def test_the_amount_is_known_as_the_product_of_the_other_two() -> None:
    rng = np.random.default_rng(1)
    quantity = (rng.integers(1, 90, 60) * 100).astype(float)
    price = rng.integers(500, 4000, 60) / 100
    frame = pl.DataFrame({"x": np.round(quantity * price, 2), "y": price, "z": quantity})
    found = recognise_columns(frame, area="trades")
    assert found["field"].to_list() == ["amount", "price", "quantity"]


def test_two_columns_that_nothing_tells_apart_are_unsure_and_name_each_other() -> None:
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({name: np.round(np.exp(rng.normal(12, 1, 50)), 2) for name in ("v1", "v2")})
    found = recognise_columns(frame, area="finances")
    assert found["status"].to_list() == ["unsure", "unsure"]
    assert all(len(others) > 1 for others in found["candidates"])


def test_no_field_is_given_twice() -> None:
    frame = pl.DataFrame({"手机": ["13800138000", "13900139000"], "电话": ["13700137000", "13600136000"]})
    fields = [field for field in recognise_columns(frame, area="contacts")["field"] if field]
    assert len(fields) == len(set(fields))


def test_a_title_that_its_cells_contradict_is_never_sure() -> None:
    frame = people(手机号码=[f"client{n}@example.com" for n in range(6)])
    guess = by_column(recognise_columns(frame, area="contacts"), "手机号码")
    assert (guess["field"], guess["status"]) == ("email", "unsure")


def test_an_empty_column_without_a_title_is_unknown() -> None:
    found = recognise_columns(people().with_columns(pl.lit(None, pl.String).alias("")))
    guess = by_column(found, "")
    assert (guess["field"], guess["status"], guess["confidence"]) == (None, "unknown", 0.0)


def test_reasons_quote_no_cell() -> None:
    frame = people()
    reasons = " ".join(recognise_columns(frame)["why_en"]) + " ".join(recognise_columns(frame)["why_zh"])
    assert not [cell for cell in frame.cast(pl.String).unpivot()["value"] if cell in reasons]


def test_pandas_in_pandas_out() -> None:
    found = recognise_columns(people().to_pandas())
    assert isinstance(found, pd.DataFrame)
    assert list(found["column"]) == ["a", "b", "c", "d"]


def test_columns_of_pandas_without_titles_keep_their_numbers() -> None:
    frame = pd.DataFrame([["13800138000", "ann@example.com"], ["13900139000", "bob@example.com"]])
    assert recognise_columns(frame)["column"].tolist() == ["0", "1"]


def test_the_same_frame_gives_the_same_answer() -> None:
    assert recognise_columns(people()).equals(recognise_columns(people()))


def test_a_frame_without_columns_gives_no_guesses() -> None:
    assert recognise_columns(pl.DataFrame()).is_empty()


def test_an_area_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(IntakeError, match='no area "pets"'):
        recognise_columns(people(), area="pets")
