"""What plans change, counted by hand."""

from __future__ import annotations

import pandas as pd

from clientlib.analysis.risk import clients_beyond

MISSING = float("nan")
MEASURES = pd.DataFrame(
    [
        ("a", "var", 0.03, 0.01, 0.02),
        ("b", "var", 0.02, 0.02, 0.02),
        ("c", "var", 0.05, 0.04, 0.02),
        ("d", "var", 0.05, MISSING, 0.02),
        ("a", "ratio", 1.2, 1.5, 1.5),
        ("b", "ratio", 1.6, 1.4, 1.5),
        ("a", "cash", 0.0, 100.0, MISSING),
    ],
    columns=["client_id", "measure", "before", "after", "limit"],
)


def test_more_than_the_limit_is_beyond_it_and_of_the_ratio_less_is() -> None:
    assert clients_beyond(MEASURES).to_dict("records") == [
        {"measure": "var", "before": 2, "after": 1},
        {"measure": "ratio", "before": 1, "after": 1},
    ]


def test_without_plans_there_is_nothing_to_count() -> None:
    empty = MEASURES.iloc[:0].astype({"before": object, "after": object, "limit": object})
    assert list(clients_beyond(empty).columns) == ["measure", "before", "after"]
    assert len(clients_beyond(empty)) == 0
