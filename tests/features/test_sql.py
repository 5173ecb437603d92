"""The `.sql` files keep to what means the same on DuckDB and, put through SQLGlot, on Spark.

DuckDB itself parses them and hands over the tree. What was found to differ between the engines, or to
fail on the other one, is not on the lists below; add to them only what has been tried on both.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import duckdb
import pytest

from clientlib.features.query import ORDER, Question, text
from clientlib.tables import AREAS

AGGREGATES = {"sum", "count", "count_star", "min", "max", "avg", "median", "arg_max"}
SCALARS = {
    "ln",
    "exp",
    "floor",
    "coalesce",
    "least",
    "greatest",
    "nullif",
    "year",
    "month",
    "day",
    "date_diff",
}
SCALARS |= {"timezone"}  # AT TIME ZONE: right where Spark's session is in UTC
SCALARS |= {"to_months", "trunc"}  # INTERVAL 1 MONTH
OPERATORS = {"+", "-", "*", "/", "%"}
WINDOWS = {"row_number", "lag", "sum", "min"}
# Of month, quarter and year one engine counts the boundaries, the other whole units.
DIFF_UNITS = {"day", "microsecond"}
TYPES = {"DATE", "DOUBLE", "BIGINT", "VARCHAR", "DECIMAL", "TIMESTAMP WITH TIME ZONE"}
TYPES |= {"BOOLEAN", "INTEGER"}  # FALSE, INTERVAL 1 MONTH


def _tree(name: str) -> dict[str, Any]:
    # Only parameters.sql has bound values, which the parser's JSON does not know: a null stands for each.
    statement = re.sub(r"\$\w+", "NULL", text(name))
    with duckdb.connect() as connection:
        row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [statement]).fetchone()
    assert row is not None
    tree: dict[str, Any] = json.loads(row[0])
    assert not tree["error"], tree
    return tree


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)


def _of_class(name: str, kind: str) -> list[dict[str, Any]]:
    return [node for node in _nodes(_tree(name)) if node.get("class") == kind]


@pytest.fixture(params=ORDER)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_file_is_one_query(name: str) -> None:
    assert len(_tree(name)["statements"]) == 1
    assert ";" not in re.sub(r"--.*", "", text(name))


def test_functions_are_on_the_list(name: str) -> None:
    used = {node["function_name"] for node in _of_class(name, "FUNCTION")}
    assert used <= AGGREGATES | SCALARS | OPERATORS


def test_windows_are_on_the_list(name: str) -> None:
    used = {node["function_name"] for node in _of_class(name, "WINDOW")}
    assert used <= WINDOWS


def test_every_sum_over_a_window_says_its_frame_in_rows(name: str) -> None:
    # Without one the default is by RANGE, where ties count together.
    for node in _of_class(name, "WINDOW"):
        if node["function_name"] in {"sum", "min"}:
            assert node["start"] == "UNBOUNDED_PRECEDING"
            assert node["end"] in {"CURRENT_ROW_ROWS", "EXPR_PRECEDING_ROWS"}


def test_no_aggregate_is_ordered_inside(name: str) -> None:
    # list(x ORDER BY y) loses its order on the other engine; exact sums need none.
    assert not [node for node in _of_class(name, "FUNCTION") if (node.get("order_bys") or {}).get("orders")]


def test_differences_of_dates_are_in_days_or_microseconds(name: str) -> None:
    for node in _of_class(name, "FUNCTION"):
        if node["function_name"] == "date_diff":
            assert node["children"][0]["value"]["value"] in DIFF_UNITS


def test_casts_are_to_types_that_both_engines_have(name: str) -> None:
    used = {node["cast_type"]["id"] for node in _of_class(name, "CAST")}
    assert used <= TYPES


def test_no_short_hand_of_one_engine_is_used(name: str) -> None:
    code = re.sub(r"--.*", "", text(name))
    assert not re.search(r"::|//|\[|\{|->|\bEXCLUDE\b|\bGROUP BY ALL\b|\bUSING\b|\bSELECT\s+(\w+\.)?\*", code)


def test_only_the_file_of_parameters_reads_bound_values(name: str) -> None:
    bound = set(re.findall(r"\$(\w+)", text(name)))
    expected = {field.name for field in fields(Question)} if name == "parameters" else set()
    assert bound == expected


def test_names_of_inner_tables_are_unique_over_all_files() -> None:
    # SQLGlot lifts nested tables to one level for Spark.
    inner = [name for file in ORDER for name in re.findall(r"^(\w+) AS \($", text(file), re.MULTILINE)]
    assert max(Counter([*inner, *ORDER, *AREAS]).values()) == 1


def test_keys_of_the_order_of_turns_end_with_a_unique_one() -> None:
    # Rows that tie would fall in any order: the ledger's first windows end on the trade's own number.
    assert text("ledger").count("ORDER BY traded_at, change < 0, trade_id") == 2
