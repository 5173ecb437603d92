"""The dictionary of features says what `client_features` returns: no more, no less, in both languages."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

import duckdb
import pytest

from clientlib import features
from clientlib.codes import CODES
from clientlib.config import Settings
from clientlib.features.dictionary import FEATURES, NEVER, Feature
from clientlib.features.query import text

Connect = Callable[..., duckdb.DuckDBPyConnection]
CLIENT = {"client_id": "A", "updated_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
AS_OF = dt.date(2026, 6, 30)
DTYPES = {"date": "datetime64[us]"}


def test_columns_are_those_of_the_dictionary_in_its_order(connect: Connect, settings: Settings) -> None:
    found = features.compute(connect(clients=[CLIENT]), "client_features", AS_OF, settings=settings)
    assert list(found.columns) == ["client_id", *(feature.name for feature in FEATURES)]


def test_dtypes_are_those_of_the_dictionary(connect: Connect, settings: Settings) -> None:
    found = features.compute(connect(clients=[CLIENT]), "client_features", AS_OF, settings=settings)
    expected = {feature.name: DTYPES.get(feature.dtype, feature.dtype) for feature in FEATURES}
    assert found.drop(columns="client_id").dtypes.astype(str).to_dict() == expected


def test_what_is_never_missing_is_there_even_for_a_bare_client(connect: Connect, settings: Settings) -> None:
    found = features.compute(connect(clients=[CLIENT]), "client_features", AS_OF, settings=settings).iloc[0]
    assert not [
        feature.name
        for feature in FEATURES
        if feature.missing == NEVER and found[[feature.name]].isna().any()
    ]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_feature_is_told_in_full(feature: Feature) -> None:
    assert feature.title_en.strip()
    assert any("\u4e00" <= character <= "\u9fff" for character in feature.title_zh)
    assert feature.definition.endswith(".")
    assert feature.missing
    assert (feature.missing == NEVER) or feature.dtype in {"float64", "str", "date"}


def test_names_and_titles_are_unique() -> None:
    for values in (
        [feature.name for feature in FEATURES],
        [feature.title_en for feature in FEATURES],
        [feature.title_zh for feature in FEATURES],
    ):
        assert max(Counter(values).values()) == 1


@pytest.mark.parametrize("code", CODES["asset_class"].values + CODES["product_level"].values)
def test_every_class_and_level_of_a_product_has_its_share(code: str) -> None:
    assert f"= '{code}')" in text("client_features")
    assert f"share_{code.lower()}" in features.BY_NAME
