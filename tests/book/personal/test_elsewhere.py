"""Files that name the client are found, whatever they are packed in, and others are not."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from clientlib.book.personal import elsewhere
from clientlib.book.personal.dossier import Dossier
from clientlib.book.personal.elsewhere import traces
from clientlib.workbook import Workbook

KNOWN = Dossier(
    client="C001",
    numbers=("C001",),
    areas={
        "clients": pl.DataFrame({"full_name": ["欧阳翡翠"], "id_number": ["E7654321"]}),
        "contacts": pl.DataFrame(
            {"mobile": ["+8613987650123"], "email": [None]}, {"mobile": pl.String, "email": pl.String}
        ),
    },
    by_others=pl.DataFrame(),
    locked=pl.DataFrame(),
)


@pytest.fixture
def put(workbook: Workbook) -> Callable[[str, str], Path]:
    """Writes a file into the workbook's folder."""

    def write(name: str, text: str) -> Path:
        path = workbook.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return write


def found(workbook: Workbook) -> list[tuple[str, str]]:
    return [(trace.kind, trace.path) for trace in traces(workbook, KNOWN)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("reports/2026-01-31/risk_review.html", "report"),
        ("reports/2026-01-31/manifest.json", "report"),
        ("calls/2026-01-31/calls.txt", "call_list"),
        ("data/work/worklist.csv", "work"),
        ("data/june.csv", "file"),
        ("notebooks/lab/mine.ipynb", "file"),
        ("worklist.txt", "file"),
    ],
)
def test_a_file_with_the_number_is_found(
    workbook: Workbook, put: Callable[..., Path], name: str, kind: str
) -> None:
    put(name, "<td>C001</td>")
    assert found(workbook) == [(kind, name)]


@pytest.mark.parametrize(
    "text", ["C001,", '"C001"', "at C001.", "13987650123", "+8613987650123", "id E7654321\n"]
)
def test_each_number_is_met_as_it_is_written(workbook: Workbook, put: Callable[..., Path], text: str) -> None:
    put("data/a.csv", text)
    assert len(found(workbook)) == 1


@pytest.mark.parametrize("text", ["C0012", "AC001", "C001_a", "213987650123", "139876501234"])
def test_part_of_a_longer_number_is_none(workbook: Workbook, put: Callable[..., Path], text: str) -> None:
    put("data/a.csv", text)
    assert found(workbook) == []


def test_a_workbook_is_looked_into(workbook: Workbook) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["C001"])
    path = workbook.folder / "data" / "june.xlsx"
    book.save(path)
    assert found(workbook) == [("file", "data/june.xlsx")]


def test_what_is_packed_otherwise_is_said_not_to_be_looked_into(
    workbook: Workbook, put: Callable[..., Path]
) -> None:
    put("data/june.parquet", "x")
    assert found(workbook) == [("unsearched", "data/june.parquet")]


def test_a_damaged_workbook_is_said_not_to_be_looked_into(workbook: Workbook) -> None:
    path = workbook.folder / "data" / "broken.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", "C001 " * 100)
    packed = bytearray(path.read_bytes())
    packed[40:45] = b"\xff" * 5
    path.write_bytes(packed)
    assert found(workbook) == [("unsearched", "data/broken.xlsx")]


def test_backups_and_old_files_count_whatever_is_in_them(
    workbook: Workbook, put: Callable[..., Path]
) -> None:
    put("data/backups/2026-01-01.clientlib", "x")
    put("data/book/book.before-rotation-20260101-000000-000.duckdb", "x")
    assert [kind for kind, _ in found(workbook)] == ["backup", "old_file"]


def test_the_book_itself_and_the_keys_are_not_among_them(workbook: Workbook) -> None:
    assert found(workbook) == []


def test_a_name_in_the_name_of_a_file_is_masked(workbook: Workbook, put: Callable[..., Path]) -> None:
    put("data/欧阳翡翠 13987650123.csv", "C001")
    assert found(workbook) == [("file", "data/欧** ****.csv")]


def test_a_number_across_two_blocks_is_met(
    workbook: Workbook, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_BLOCK", 8)
    put("data/a.csv", "1234567 C001 89")
    assert len(found(workbook)) == 1
