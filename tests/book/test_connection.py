"""The engine as it is opened: what it can reach once it is sealed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import duckdb_extension_httpfs
import pytest

from clientlib.book import connection as engine
from clientlib.book import open_book
from clientlib.errors import BookError
from clientlib.workbook import Workbook


def test_a_sealed_engine_loads_no_module_also_when_ours_was_verified_before(
    workbook: Workbook, tmp_path: Path
) -> None:
    engine.prove_encryption()
    module = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("*.duckdb_extension"))
    other = Path(shutil.copy(module, tmp_path / "other.duckdb_extension"))
    with open_book(workbook) as book, book.views() as views:
        with pytest.raises(duckdb.PermissionException):
            views.execute(f"LOAD '{other}'")
        with pytest.raises(duckdb.InvalidInputException):
            views.execute("SET allow_unsigned_extensions = true")


@pytest.fixture
def broken_module(tmp_path: Path) -> Path:
    """What the package of the module would have for its `__file__` if a bit of the module were another."""
    module = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("*.duckdb_extension"))
    folder = tmp_path / "extensions" / f"v{duckdb.__version__}"
    folder.mkdir(parents=True)
    content = bytearray(module.read_bytes())
    content[len(content) // 2] ^= 1
    (folder / module.name).write_bytes(content)
    return tmp_path / "__init__.py"


def test_a_module_whose_signature_is_broken_is_refused(
    broken_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_extension_httpfs, "__file__", str(broken_module))
    with pytest.raises(BookError, match="encryption module cannot be loaded"):
        engine.connect(tmp_path, "UTC")


VERIFIED_BY_ANOTHER = """
import sys, duckdb_extension_httpfs
from clientlib.book import connection as engine
duckdb_extension_httpfs.__file__ = sys.argv[1]
with engine.verified_meanwhile():
    pass
print(len(engine._verified))
"""


@pytest.mark.skipif(os.name != "posix", reason="forks")
@pytest.mark.parametrize("good", [True, False])
def test_a_module_that_another_process_looked_at_counts_as_verified_if_it_was_right(
    good: bool, broken_module: Path
) -> None:
    place = duckdb_extension_httpfs.__file__ if good else str(broken_module)
    command = [sys.executable, "-c", VERIFIED_BY_ANOTHER, place]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{int(good)}\n", "")


@pytest.mark.parametrize("typed", ["C\0001", "'; DROP TABLE clients; --", "\udcd5\udcc5"])
def test_whatever_is_typed_as_a_number_is_no_more_than_a_number_that_is_not_there(
    workbook: Workbook, typed: str
) -> None:
    with open_book(workbook, role="data_entry") as book:
        with pytest.raises(BookError, match="There is no client"):
            book.history(typed)
        assert book.look_up("clients", [typed], "a question of hers").empty
