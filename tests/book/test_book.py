"""The book as others see it: dtypes, roles, masks, views, and what it says about itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

import clientlib
from clientlib.book import Book, open_book
from clientlib.book.keys import key_file
from clientlib.errors import BookError, ParameterError, PermissionRefused
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

Row = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def filled(
    new_workbook: Callable[[Path], Workbook],
    tmp_path_factory: pytest.TempPathFactory,
    hand_in: Any,
    client: Row,
    trade: Row,
) -> Workbook:
    """A book with a little in it, only to be read."""
    workbook = new_workbook(tmp_path_factory.mktemp("filled") / "firm")
    contact = {
        "client_id": "C001",
        "mobile": "+8613812345678",
        "email": "wang@example.com",
        "address": "上海市浦东新区世纪大道1号",
        "marketing_consent": None,
        "updated_at": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    }
    answer = {"feedback_id": "F1", "client_id": "C001", "given_at": dt.datetime(2024, 4, 1, tzinfo=dt.UTC)}
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked(
            [
                hand_in(
                    clients=[client(1), client(2, branch="South", employer=None), client(3, full_name=None)],
                    contacts=[contact],
                    trades=[trade(1), trade(2, traded_at=dt.datetime(2024, 5, 2, tzinfo=dt.UTC))],
                    feedback=[answer | {"csat": 5}, answer | {"feedback_id": "F2"}],
                )
            ],
            source="all.xlsx",
        )
    return workbook


@pytest.fixture(scope="module")
def analyst(filled: Workbook) -> Iterator[Book]:
    with open_book(filled) as book:
        yield book


def test_open_book_is_at_hand_in_clientlib() -> None:
    assert clientlib.open_book is open_book


def test_clientlib_has_no_other_late_names() -> None:
    with pytest.raises(AttributeError, match="close_book"):
        clientlib.close_book  # noqa: B018


# --------------------------------------------------------------------------------------- frames
def test_each_kind_of_field_has_its_dtype(analyst: Book) -> None:
    dtypes = {
        ("clients", "client_id"): "str",
        ("clients", "birth_date"): "datetime64[us]",
        ("clients", "updated_at"): "datetime64[us, Asia/Shanghai]",
        ("contacts", "marketing_consent"): "boolean",
        ("feedback", "csat"): "Int64",
        ("trades", "price"): "float64",
    }
    found = {(area, field): str(analyst.area(area)[field].dtype) for area, field in dtypes}
    assert found == dtypes


@pytest.mark.parametrize("area", sorted(AREAS))
def test_an_empty_frame_has_the_dtypes_of_a_full_one(analyst: Book, area: str) -> None:
    full, empty = analyst.area(area), analyst.area(area, as_of="1950-01-01", known_at="1950-01-01")
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_rows_are_sorted_by_key_and_fields_stand_in_declared_order(analyst: Book) -> None:
    frame = analyst.area("clients")
    assert frame["client_id"].tolist() == ["C001", "C002", "C003"]
    assert frame.columns.tolist() == [field.name for field in AREAS["clients"].fields]


def test_what_is_missing_is_missing(analyst: Book) -> None:
    assert analyst.area("clients")["employer"].isna().all()
    assert analyst.area("feedback")["csat"].tolist() == [5, pd.NA]


def test_instants_are_shown_where_the_firm_is(analyst: Book) -> None:
    assert analyst.area("trades")["traded_at"].iloc[0].isoformat() == "2024-03-01T10:00:00+08:00"


def test_a_bad_date_is_refused(analyst: Book) -> None:
    with pytest.raises(ParameterError, match="as_of"):
        analyst.area("trades", as_of="2024-02-30")


def test_an_area_that_does_not_exist_is_answered_with_the_nearest(analyst: Book) -> None:
    with pytest.raises(BookError, match=r'no area "trade".*Did you mean trades'):
        analyst.area("trade")


# -------------------------------------------------------------------------------- who sees what
def test_an_analyst_sees_identity_masked_and_the_plain_value_nowhere(analyst: Book) -> None:
    clients, contacts = analyst.area("clients"), analyst.area("contacts")
    assert clients["full_name"].iloc[0] == "王**"
    assert contacts["mobile"].tolist() == ["138****5678"]
    assert contacts["email"].tolist() == ["w***@example.com"]
    assert contacts["address"].tolist() == ["上海市****"]
    assert "王小" not in clients.to_csv() + contacts.to_csv()
    assert pd.isna(clients["full_name"].iloc[2])


def test_data_entry_sees_identity_plain(filled: Workbook) -> None:
    with open_book(filled, role="data_entry") as book:
        assert book.area("clients")["full_name"].tolist()[:2] == ["王小001", "王小002"]


def test_marketing_sees_neither_identity_nor_sensitive_fields(filled: Workbook) -> None:
    with open_book(filled, role="marketing") as book:
        shown = set(book.area("clients").columns)
    assert shown == {field.name for field in AREAS["clients"].fields if field.sensitivity == "N"}


def test_without_the_vault_key_identity_is_not_there_and_the_rest_is(
    filled: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = key_file(filled, "vault").with_suffix(".away")
    key_file(filled, "vault").rename(hidden)
    try:
        with open_book(filled, role="data_entry") as book:
            columns = book.area("clients").columns
            assert book.identity == "hidden"
    finally:
        hidden.rename(key_file(filled, "vault"))
    assert not set(columns) & set(AREAS["clients"].identity)
    assert "birth_date" in columns


def test_a_role_sees_its_areas_only(filled: Workbook) -> None:
    with open_book(filled, role="branch_desk") as book:
        assert len(book.area("clients")) == 3
        assert book.counts() == {"clients": 3, "contacts": 1}
        with pytest.raises(PermissionRefused, match="trades"):
            book.area("trades")
        with book.views() as connection, pytest.raises(duckdb.CatalogException):
            connection.execute("FROM trades")


# ---------------------------------------------------------------------------------------- views
def test_views_have_no_identity_and_no_marks(analyst: Book) -> None:
    with analyst.views() as connection:
        for name, area in AREAS.items():
            described = connection.execute(f"DESCRIBE {name}").fetchall()
            shown = [row[0] for row in described]
            assert shown == [field.name for field in area.fields if field.sensitivity != "I"]


def test_the_vault_is_not_attached_where_the_views_are(filled: Workbook) -> None:
    with open_book(filled, role="data_entry") as book:
        book.area("clients")
        with book.views() as connection:
            names = connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()
    assert ("vault",) not in names


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO book.trades SELECT * FROM book.trades",
        "DELETE FROM book.trades",
        "CREATE TABLE book.mine (a INTEGER)",
        "DROP TABLE book.trades",
        "ATTACH 'elsewhere.duckdb'",
        "COPY trades TO 'out.csv'",
        "FROM read_csv('/etc/passwd')",
        "SET enable_external_access = true",
        "INSTALL spatial",
    ],
)
def test_nothing_is_written_or_reached_from_the_views(analyst: Book, statement: str) -> None:
    with analyst.views() as connection, pytest.raises(duckdb.Error):
        connection.execute(statement)


def test_temporary_tables_and_frames_are_welcome_and_end_with_the_views(analyst: Book) -> None:
    with analyst.views() as connection:
        connection.register("levels", pd.DataFrame({"client_id": ["C001"], "level": [3]}))
        connection.execute("CREATE TEMP TABLE mine AS FROM trades JOIN levels USING (client_id)")
        assert connection.execute("SELECT count(*) FROM mine").fetchone() == (2,)
    with analyst.views() as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("FROM mine")


def test_two_moments_can_be_looked_at_side_by_side(analyst: Book) -> None:
    count = "SELECT count(*) FROM trades"
    with analyst.views("2024-04-01") as april, analyst.views("2024-06-01") as june:
        assert (april.execute(count).fetchone(), june.execute(count).fetchone()) == ((1,), (2,))


def test_views_keep_the_time_zone_of_the_firm(analyst: Book) -> None:
    with analyst.views() as connection:
        days = connection.execute("SELECT min(traded_at)::VARCHAR FROM trades").fetchone()
    assert days == ("2024-03-01 10:00:00+08",)


# -------------------------------------------------------------------------- what it tells of itself
def test_the_span_runs_over_what_happened(analyst: Book) -> None:
    assert analyst.span() == (dt.date(2024, 3, 1), dt.date(2024, 5, 2))


def test_the_default_as_of_is_the_latest_day_that_is_not_to_come(analyst: Book) -> None:
    assert analyst.latest_as_of() == dt.date(2024, 5, 2)
    assert analyst.latest_as_of(today=dt.date(2024, 4, 30)) == dt.date(2024, 4, 1)
    assert analyst.latest_as_of(today=dt.date(2000, 1, 1)) is None


def test_a_book_in_which_nothing_happened_spans_what_is_known_of_clients(
    workbook: Workbook, hand_in: Any, client: Row
) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(1)])], source="a.csv")
        assert book.span() == (dt.date(2024, 1, 1), dt.date(2024, 1, 1))


def test_branches_are_listed(analyst: Book) -> None:
    assert analyst.branches() == ["North", "South"]


def test_counts_are_by_area_at_both_clocks(analyst: Book) -> None:
    assert {name: n for name, n in analyst.counts().items() if n} == {
        "clients": 3,
        "contacts": 1,
        "trades": 2,
        "feedback": 2,
    }
    assert analyst.counts(as_of="2024-04-01")["trades"] == 1
    assert analyst.counts(known_at="2000-01-01")["trades"] == 0


@pytest.mark.parametrize("role", ["data_entry", "report"])
def test_a_row_that_lacks_an_identity_cell_is_told_as_pending_to_every_role(
    workbook: Workbook, importing: Callable[..., Any], hand_in: Any, client: Row, role: str
) -> None:
    importing(hand_in(clients=[client(1), client(2, full_name=None, remarks="to come", _pending=True)]))
    with open_book(workbook, role=role) as book:
        rows = book.area("clients", pending=True).set_index("client_id")
        assert rows["_pending"].to_dict() == {"C001": False, "C002": True}
        assert "_pending" not in book.area("clients")
