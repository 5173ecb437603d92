"""Where each client's money is bunched; worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk.summary import concentration

SECURITIES = pd.DataFrame(
    {
        "security_id": ["S", "T", "V", "F", "B"],
        "asset_class": ["stock", "stock", "stock", "fund", "bond"],
        "issuer": ["Maker", "Maker", "Baker", None, "State"],
        "sector": ["Banks", "Chips", "Banks", None, None],
    }
)


def bunched(*rows: tuple[str, str, float]) -> pd.DataFrame:
    held = pd.DataFrame(list(rows), columns=["client_id", "security_id", "market_value"])
    return concentration(held, SECURITIES)


def test_securities_of_one_sector_are_added_up() -> None:
    row = bunched(("a", "S", 30), ("a", "V", 20), ("a", "T", 10), ("a", "F", 40)).iloc[0]
    assert row[["largest_sector", "largest_sector_weight", "sector_share"]].tolist() == ["Banks", 0.5, 0.6]
    assert row["hhi_sector"] == pytest.approx(0.25 + 0.01)


def test_securities_without_a_sector_make_no_sector() -> None:
    row = bunched(("a", "F", 50), ("a", "B", 40), ("a", "T", 10)).iloc[0]
    assert row[["largest_sector", "largest_sector_weight", "sector_share"]].tolist() == ["Chips", 0.1, 0.1]


def test_who_holds_nothing_of_a_sector_has_none() -> None:
    row = bunched(("a", "F", 50), ("a", "B", 50), ("b", "S", 1)).iloc[0]
    assert row[["largest_sector", "largest_sector_weight", "hhi_sector"]].isna().all()
    assert row["sector_share"] == 0


def test_a_security_without_an_issuer_stands_for_itself() -> None:
    row = bunched(("a", "S", 20), ("a", "T", 20), ("a", "F", 60)).iloc[0]
    assert row[["largest_issuer", "largest_issuer_weight"]].tolist() == ["F", 0.6]
    assert row["hhi_issuer"] == pytest.approx(0.36 + 0.16)


def test_short_positions_count_by_their_size() -> None:
    assert bunched(("a", "S", -75), ("a", "B", 25)).iloc[0]["largest_asset_class_weight"] == 0.75


def test_of_equal_groups_the_first_by_name_is_the_largest() -> None:
    assert bunched(("a", "T", 50), ("a", "S", 50))["largest_sector"].tolist() == ["Banks"]


def test_only_positions_with_a_value_count() -> None:
    found = bunched(("a", "S", 50), ("a", "T", np.nan), ("b", "S", np.nan))
    assert found["largest_sector_weight"].to_dict() == {"a": 1}


def test_no_holdings_and_no_securities_give_no_rows() -> None:
    assert bunched().empty
    held = pd.DataFrame({"client_id": ["a"], "security_id": ["S"], "market_value": [1.0]})
    row = concentration(held, pd.DataFrame()).iloc[0]
    assert row[["largest_asset_class", "largest_issuer"]].tolist() == ["S", "S"]
    assert np.isnan(row["hhi_sector"])
