"""Nothing plain on the disk, and nothing wrong believed: planted words, flipped bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from clientlib.book import connection as engine
from clientlib.book import open_book
from clientlib.book.keys import key_file, need_key
from clientlib.errors import BookError
from clientlib.intake.result import CheckResult
from clientlib.workbook import Workbook

Row = Callable[..., dict[str, Any]]
IDENTITY = "Zyxwvut-Planted-Identity"
ORDINARY = "Qponmlk-Planted-Ordinary"


def on_disk(workbook: Workbook) -> list[Path]:
    return [path for path in workbook.folder.rglob("*") if path.is_file()]


def holding(workbook: Workbook, text: str) -> list[str]:
    forms = (text.encode(), text.encode("utf-16-le"))
    return [path.name for path in on_disk(workbook) if any(form in path.read_bytes() for form in forms)]


def planted(hand_in: Any, client: Row) -> CheckResult:
    rows = [client(n, full_name=f"{IDENTITY}{n}", branch=f"{ORDINARY}{n}") for n in range(300)]
    chunk: CheckResult = hand_in(clients=rows)
    return chunk


def test_planted_words_are_in_no_file_of_the_workbook(workbook: Workbook, hand_in: Any, client: Row) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([planted(hand_in, client)], source="a.csv")
        book.area("clients")
        assert holding(workbook, IDENTITY) == holding(workbook, ORDINARY) == []
    assert holding(workbook, IDENTITY) == holding(workbook, ORDINARY) == []


def test_planted_words_are_not_in_the_write_ahead_log(workbook: Workbook, hand_in: Any, client: Row) -> None:
    connection = writing(workbook)
    connection.execute(f"INSERT INTO book.clients (client_id, branch) VALUES ('C1', '{ORDINARY}')")
    connection.execute(f"INSERT INTO vault.clients (client_id, full_name) VALUES ('C1', '{IDENTITY}')")
    assert {path.name for path in on_disk(workbook)} >= {"book.duckdb.wal", "vault.duckdb.wal"}
    assert holding(workbook, IDENTITY) == holding(workbook, ORDINARY) == []
    connection.close()


def writing(workbook: Workbook) -> Any:
    connection = engine.connect(workbook.book_file.parent, "UTC")
    engine.attach(connection, workbook.book_file, "book", need_key(workbook, "book"), read_only=False)
    engine.attach(connection, workbook.vault_file, "vault", need_key(workbook, "vault"), read_only=False)
    return connection


@pytest.mark.slow
def test_what_is_spilled_to_disk_lies_beside_the_book_and_is_not_plain(workbook: Workbook) -> None:
    connection = writing(workbook)
    connection.execute("SET memory_limit = '60MB'")
    engine.seal(connection)
    many = pl.select(pl.int_range(0, 2_000_000).alias("n")).select(
        s=pl.lit(ORDINARY) + (pl.col("n") * 7919 % 2_000_003).cast(pl.String)
    )
    connection.register("many", many.to_arrow())
    connection.execute("CREATE TEMP TABLE too_much AS FROM many UNION ALL FROM many")
    spilled = list(workbook.book_file.parent.glob("spill-*/*"))
    assert spilled
    assert holding(workbook, ORDINARY) == []
    connection.close()
    assert not list(workbook.book_file.parent.glob("spill-*"))


def test_the_vault_key_does_not_open_the_book_nor_the_other_way_round(workbook: Workbook) -> None:
    texts = {name: key_file(workbook, name).read_text() for name in ("book", "vault")}
    assert texts["book"] != texts["vault"]
    key_file(workbook, "book").write_text(texts["vault"])
    with pytest.raises(BookError, match="key does not open"):
        open_book(workbook)


# ------------------------------------------------------------------------------- flipped bytes
def flips(size: int) -> Iterator[int]:
    """Places all over a file: some in its head, then evenly."""
    yield from (3, 60, 4100, 8200, 12_290)
    yield from range(12_500, size, size // 12)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["book", "vault"])
def test_a_flipped_byte_is_an_error_and_never_other_data(
    workbook: Workbook, hand_in: Any, client: Row, file: str
) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([planted(hand_in, client)], source="a.csv")
        right = book.area("clients")
    path = workbook.book_file if file == "book" else workbook.vault_file
    whole = path.read_bytes()
    refused = 0
    for place in flips(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        try:
            with open_book(workbook, role="data_entry") as book:
                pd.testing.assert_frame_equal(book.area("clients"), right)
        except BookError:
            refused += 1
    assert refused >= 8


def test_damage_met_in_a_query_on_the_views_is_a_sentence(
    workbook: Workbook, hand_in: Any, client: Row
) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([planted(hand_in, client)], source="a.csv")
    whole = bytearray(workbook.book_file.read_bytes())
    said = []
    for place in range(12_500, len(whole), len(whole) // 12):
        spoiled = whole.copy()
        spoiled[place] ^= 0x20
        workbook.book_file.write_bytes(spoiled)
        try:
            with open_book(workbook) as book, book.views() as connection:
                connection.execute("SELECT count(DISTINCT branch) FROM clients").fetchone()
        except BookError as error:
            said.append(str(error))
    assert said
    assert all("is damaged" in sentence for sentence in said)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_folder_of_the_book_is_for_its_owner_only(workbook: Workbook) -> None:
    assert workbook.book_file.parent.stat().st_mode & 0o077 == 0
