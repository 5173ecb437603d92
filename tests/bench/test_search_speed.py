"""How fast a million clients are searched: against plain SQL on the same files, and against SQLCipher.

The plain SQL has no roles, no masks, no clocks and no audit; SQLCipher has the same rows in one encrypted
file, with indexes on what is looked up. Figures are printed, not asserted.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from clientlib.book import Book, create_book, open_book
from clientlib.book import connection as engine
from clientlib.book.batch import Batch, Described
from clientlib.book.keys import need_key
from clientlib.workbook import Workbook

CLIENTS = 1_000_000
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余"
GIVEN = "伟强磊军勇涛明超辉刚健峰斌波宇浩凯杰鹏飞芳娜敏静丽艳娟霞秀英玲桂兰洁婷雪梅琳倩颖小子思雨佳家永新兴世"
BRANCHES = ("上海浦东", "上海徐汇", "北京朝阳", "深圳福田", "广州天河", "杭州西湖", "成都高新", "武汉武昌")
UPDATED = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NUMBER, PHONE, NAME, SOUND = "K0512345", "13800512345", "王小明", "wangxiaoming"
FILTER = "assets>1000000 level=C4 branch=上海浦东"


def _frames() -> dict[str, pl.DataFrame]:
    """A million clients, each with a contact, a statement and an assessment."""
    draw = np.random.default_rng(1)
    number = pl.select(pl.int_range(CLIENTS, dtype=pl.Int64).alias("n"))["n"]
    ids = "K" + number.cast(pl.String).str.zfill(7)

    def drawn(choices: Any) -> pl.Series:
        return pl.Series(
            np.array(list(choices), dtype=object)[draw.integers(0, len(choices), CLIENTS)], dtype=pl.String
        )

    names = drawn(FAMILY) + drawn(GIVEN) + drawn(GIVEN)
    clients = pl.DataFrame(
        {
            "client_id": ids,
            "full_name": names,
            "id_number": "E" + number.cast(pl.String).str.zfill(8),
            "branch": drawn(BRANCHES),
            "advisor": "A" + pl.Series(draw.integers(0, 500, CLIENTS)).cast(pl.String),
            "interests": drawn(["网球;茶艺", "tennis", "阅读", "hiking;reading"]),
        }
    ).with_columns(
        client_type=pl.lit("individual"),
        id_type=pl.lit("passport"),
        investor_class=pl.lit("ordinary"),
        status=pl.lit("active"),
        opened_on=pl.lit(dt.date(2020, 1, 1)),
        birth_date=pl.lit(dt.date(1980, 1, 1)),
        updated_at=pl.lit(UPDATED),
    )
    contacts = pl.DataFrame({"client_id": ids, "mobile": "+86138" + number.cast(pl.String).str.zfill(8)})
    assets = pl.Series(np.round(draw.lognormal(13, 1.2, CLIENTS), 2))
    finances = pl.DataFrame({"client_id": ids, "total_assets": assets})
    preferences = pl.DataFrame({"client_id": ids, "risk_level": drawn(["C1", "C2", "C3", "C4", "C5"])})
    return {
        "clients": clients,
        "contacts": contacts.with_columns(marketing_consent=pl.lit(False), updated_at=pl.lit(UPDATED)),
        "finances": finances.with_columns(
            as_of=pl.lit(dt.date(2024, 1, 1)), annual_income=pl.lit(1e5), currency=pl.lit("CNY")
        ),
        "preferences": preferences.with_columns(assessed_on=pl.lit(dt.date(2024, 1, 1))),
    }


@dataclass(frozen=True)
class Million:
    """A book of a million clients, open, and the same rows elsewhere."""

    workbook: Workbook
    book: Book
    plain: duckdb.DuckDBPyConnection
    cipher: Any


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Million]:
    folder = tmp_path_factory.mktemp("search") / "firm"
    folder.mkdir()
    (folder / "workbook.toml").write_text("", "utf-8")
    workbook = Workbook(folder)
    create_book(workbook)
    frames = _frames()
    with open_book(workbook, role="data_entry", write=True) as book:

        def put(batch: Batch) -> None:
            for name, frame in frames.items():
                _store(batch, name, frame)

        book._append(Described("generated", "bench"), put, "生成")
    cipher = _sqlcipher(folder / "cipher.db", frames)
    plain = engine.connect(folder, "Asia/Shanghai")
    engine.attach(plain, workbook.book_file, "book", need_key(workbook, "book"), read_only=True)
    engine.attach(plain, workbook.vault_file, "vault", need_key(workbook, "vault"), read_only=True)
    with open_book(workbook, role="data_entry") as book:
        yield Million(workbook, book, plain, cipher)
    plain.close()


def _store(batch: Batch, name: str, frame: pl.DataFrame) -> None:
    area = batch.areas[name]
    filled = frame.with_columns(
        pl.lit(None, f.dtype).alias(f.name) for f in area.fields if f.name not in frame.columns
    ).with_columns(_row=pl.int_range(2, frame.height + 2, dtype=pl.UInt32), _pending=pl.lit(False))
    for start in range(0, filled.height, 250_000):
        batch.take(area, filled[start : start + 250_000])


def _sqlcipher(path: Path, frames: dict[str, pl.DataFrame]) -> Any:
    """The same rows in one table of an encrypted SQLite file, indexed by all that is looked up."""
    from sqlcipher3 import dbapi2 as sqlcipher

    from clientlib.book.search import names

    found = names.keys(frames["clients"]["full_name"])
    columns = {
        "client_id": frames["clients"]["client_id"],
        "written": found["written"],
        "pinyin": found["pinyin"],
        "mobile": frames["contacts"]["mobile"],
        "branch": frames["clients"]["branch"],
        "level": frames["preferences"]["risk_level"],
        "assets": frames["finances"]["total_assets"],
    }
    connection = sqlcipher.connect(str(path))
    connection.execute("PRAGMA key = 'a passphrase of a benchmark'")
    connection.execute(f"CREATE TABLE clients ({', '.join(columns)})")
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO clients VALUES ({marks})", pl.DataFrame(columns).iter_rows())
    for column in ("client_id", "written", "pinyin", "mobile", "branch, level, assets"):
        connection.execute(f"CREATE INDEX i{column[:2]} ON clients ({column})")
    connection.commit()
    return connection


# ------------------------------------------------------------------------------- the peers
CLIENT = """
    SELECT c.client_id, substr(v.full_name, 1, 1) || '**', c.branch, c.advisor, p.risk_level
    FROM {source} found JOIN book.main.clients c USING (client_id)
    JOIN book.main.preferences p USING (client_id) JOIN vault.main.clients v USING (client_id)
    ORDER BY client_id LIMIT 25"""
PLAIN = {
    NUMBER: f"SELECT client_id FROM book.main.clients WHERE client_id = '{NUMBER}'",
    PHONE: f"SELECT client_id FROM vault.main.contacts WHERE mobile = '+86{PHONE}'",
    NAME: f"SELECT client_id FROM vault.main._names WHERE contains(written, '{NAME}')",
    SOUND: f"SELECT client_id FROM vault.main._names WHERE contains(pinyin, '{SOUND}')",
    FILTER: """
        SELECT client_id FROM book.main.clients JOIN book.main.finances USING (client_id)
        JOIN book.main.preferences USING (client_id)
        WHERE total_assets > 1000000 AND risk_level = 'C4' AND branch = '上海浦东'""",
}
"""By what is searched, the plain SQL that finds the client numbers."""
CIPHER = {
    NUMBER: f"client_id = '{NUMBER}'",
    PHONE: f"mobile = '+86{PHONE}'",
    NAME: f"written LIKE '%{NAME}%'",
    SOUND: f"pinyin LIKE '%{SOUND}%'",
    FILTER: "assets > 1000000 AND level = 'C4' AND branch = '上海浦东'",
}


def _plainly(million: Million, query: str) -> Callable[[], object]:
    """Count and first page, by two statements: what a person would write."""
    source = PLAIN[query]

    def run() -> object:
        total = million.plain.execute(f"SELECT count(*) FROM ({source})").fetchone()
        return total, million.plain.execute(CLIENT.format(source=f"({source})")).fetchall()

    return run


def _by_cipher(million: Million, query: str) -> Callable[[], object]:
    where = CIPHER[query]
    columns = "client_id, substr(written, 1, 1) || '**', branch, level, assets"

    def run() -> object:
        total = million.cipher.execute(f"SELECT count(*) FROM clients WHERE {where}").fetchone()
        rows = f"SELECT {columns} FROM clients WHERE {where} ORDER BY client_id LIMIT 25"
        return total, million.cipher.execute(rows).fetchall()

    return run


@pytest.mark.parametrize(
    ("what", "query"),
    [("number", NUMBER), ("phone", PHONE), ("name", NAME), ("pinyin", SOUND), ("filter, page 1", FILTER)],
)
def test_search_of_a_million_clients(compare: Any, million: Million, what: str, query: str) -> None:
    found = million.book.search(query)
    by_sql: Any = _plainly(million, query)()
    by_cipher: Any = _by_cipher(million, query)()
    assert found.total == by_sql[0][0] == by_cipher[0][0] > 0
    ours = lambda: million.book.search(query)  # noqa: E731
    compare(f"search by {what} (peer: plain DuckDB)", ours, _plainly(million, query), 15)
    compare(f"search by {what} (peer: SQLCipher)", ours, _by_cipher(million, query), 15)


def test_the_first_search_of_a_million_clients(million: Million, capsys: pytest.CaptureFixture[str]) -> None:
    """What is made ready once, when a book has just been opened."""
    for what, query in (("number", NUMBER), ("name", NAME), ("filter", FILTER)):
        started = time.perf_counter()
        with open_book(million.workbook, role="data_entry") as book:
            book.search(query)
        with capsys.disabled():
            print(f"\nopening and first search by {what}: {time.perf_counter() - started:.2f} s")
