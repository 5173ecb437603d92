"""What lies at a path: which files there are, of which kind, and whether it is safe to open them.

Looks at names, sizes and first bytes only. Everything that is wrong with a file as a whole ends here
in an `IntakeError`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import polars as pl

from clientlib import config
from clientlib.errors import IntakeError, Words, system_says

FileKind = Literal["text", "workbook", "parquet"]
SUFFIXES: dict[str, FileKind] = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".parquet": "parquet",
}
_NAMES: dict[FileKind, Words] = {
    "text": Words("a text table", "文本表格"),
    "workbook": Words("an Excel workbook", "Excel工作簿"),
    "parquet": Words("a Parquet file", "Parquet文件"),
}
_READABLE = Words("CSV, Excel (.xlsx) or Parquet", "CSV、Excel（.xlsx）或Parquet")
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_PARQUET = b"PAR1"
_FOREIGN = {
    b"%PDF": Words("a PDF document", "PDF文档"),
    b"\x1f\x8b": Words("a gzip archive", "gzip压缩包"),
    b"\x89PNG": Words("a picture", "图片"),
    b"\xff\xd8\xff": Words("a picture", "图片"),
    b"{\\rtf": Words("a rich-text document", "RTF文档"),
    b"7z\xbc\xaf": Words("a 7-Zip archive", "7-Zip压缩包"),
    b"Rar!": Words("a RAR archive", "RAR压缩包"),
}
HANDED_BACK = "-checked"
"""Ends the name of a folder in which a hand-in came back to a person. It is not handed in again together
with the folder in which it lies."""
_MEGABYTE = 1_000_000
_PIECE = 1 << 20


@dataclass(frozen=True)
class Source:
    """One file to read; `name` is how it is called in findings (in a folder: from there on)."""

    path: Path
    name: str
    kind: FileKind


def listed(path: Path) -> tuple[list[Source], list[str]]:
    """The files to read at `path`, in order of their names, and the names of those left aside.

    Raises
    ------
    IntakeError
        Nothing is there, or nothing in the folder can be read.
    """
    if not path.exists():
        raise IntakeError(
            f"{path}: there is no such file or folder. Check the path.",
            f"{path}：没有此文件或文件夹。请核对路径。",
        )
    if not path.is_dir():
        return [Source(path, path.name, _kind_by_suffix(path, path.name))], []
    found, aside = [], []
    for file in sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p, path)):
        name = file.relative_to(path).as_posix()
        kind = SUFFIXES.get(file.suffix.lower())
        # A .txt beside tables is nearly always a note about them.
        if kind is None or file.suffix.lower() == ".txt":
            aside.append(name)
        else:
            found.append(Source(file, name, kind))
    if not found:
        raise IntakeError(
            f"{path}: no file in this folder can be read. Put {_READABLE.en} files there.",
            f"{path}：此文件夹中没有可读取的文件。请放入{_READABLE.zh}文件。",
        )
    return found, aside


def examine(source: Source, limits: config.Intake) -> None:
    """Make sure that a file is what its name says and not too large to be opened.

    Raises
    ------
    IntakeError
        It is empty, too large, locked by a password, damaged, or of another kind.
    """
    try:
        size = source.path.stat().st_size
        with source.path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        why = system_says(error)
        raise IntakeError(
            f"{source.name}: cannot be opened ({why.en}). Check its rights.",
            f"{source.name}：无法打开（{why.zh}）。请检查文件权限。",
        ) from None
    if size == 0:
        raise IntakeError(
            f"{source.name}: the file is empty (0 bytes). Save it again and hand it in anew.",
            f"{source.name}：文件是空的（0字节）。请重新保存并提交。",
        )
    _check_size(source, size, limits)
    _check_head(source, head)
    if source.kind == "workbook":
        _check_workbook(source, limits)
    if source.kind == "parquet":
        _check_parquet(source, size)


def rows_at(path: Path) -> int | None:
    """About how many rows a hand-in has, without reading them; None where only reading would tell."""
    try:
        counts = [_rows_of(source) for source in listed(path)[0]]
    except (IntakeError, OSError, pl.exceptions.PolarsError):
        return None
    return None if None in counts else sum(count for count in counts if count is not None)


def _rows_of(source: Source) -> int | None:
    if source.kind == "parquet":
        return int(pl.scan_parquet(source.path).select(pl.len()).collect().item())
    if source.kind == "text":
        with source.path.open("rb") as stream:
            return sum(piece.count(b"\n") for piece in iter(lambda: stream.read(_PIECE), b""))
    return None


def _hidden(path: Path, top: Path) -> bool:
    # "~$name.xlsx" is the lock that Excel leaves beside an open workbook.
    inside = path.relative_to(top).parts
    return any(part.startswith((".", "~$")) for part in inside) or any(
        part.endswith(HANDED_BACK) for part in inside[:-1]
    )


def _kind_by_suffix(path: Path, name: str) -> FileKind:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if suffix in (".xls", ".et", ".ods", ".xlsb", ".numbers"):
        raise IntakeError(
            f"{name}: {suffix} workbooks are not read. Open it and save it as .xlsx (Excel Workbook).",
            f"{name}：不支持 {suffix} 工作簿。请打开后另存为 .xlsx（Excel工作簿）。",
        )
    raise IntakeError(
        f"{name}: files of this kind are not read. Hand in {_READABLE.en}.",
        f"{name}：不支持此类文件。请提交{_READABLE.zh}文件。",
    )


def _check_size(source: Source, size: int, limits: config.Intake) -> None:
    allowed = limits.max_workbook_mb if source.kind == "workbook" else limits.max_file_mb
    if size > allowed * _MEGABYTE:
        raise IntakeError(
            f"{source.name}: {size / _MEGABYTE:,.0f} MB is more than the {allowed:,} MB that are allowed. "
            "Split the file, or raise the limit under [intake] in workbook.toml.",
            f"{source.name}：文件大小{size / _MEGABYTE:,.0f} MB，超过允许的{allowed:,} MB。"
            "请拆分文件，或在 workbook.toml 的 [intake] 中调高上限。",
        )


def _check_head(source: Source, head: bytes) -> None:
    if head.startswith(_OLE2):
        problem = _ole2_problem(source.path)
        raise IntakeError(f"{source.name}: {problem.en}", f"{source.name}：{problem.zh}")
    foreign = next((what for magic, what in _FOREIGN.items() if head.startswith(magic)), None)
    if foreign:
        raise IntakeError(
            f"{source.name}: this is {foreign.en}, not a table. Hand in {_READABLE.en}.",
            f"{source.name}：这是{foreign.zh}，不是表格。请提交{_READABLE.zh}文件。",
        )
    looks: FileKind = (
        "workbook" if head.startswith(_ZIP) else "parquet" if head.startswith(_PARQUET) else "text"
    )
    if looks == source.kind:
        return
    suffix = source.path.suffix
    if looks == "text":
        raise IntakeError(
            f"{source.name}: the name ends in {suffix}, but the content is not {_NAMES[source.kind].en}. "
            "If it is text, rename it to .csv; otherwise save it again from the program that made it.",
            f"{source.name}：扩展名为 {suffix}，但内容不是{_NAMES[source.kind].zh}。"
            "若是文本，请将扩展名改为 .csv；否则请在原程序中重新保存。",
        )
    mend = ".xlsx" if looks == "workbook" else ".parquet"
    raise IntakeError(
        f"{source.name}: the name ends in {suffix}, but this is {_NAMES[looks].en}. Rename it to {mend}.",
        f"{source.name}：扩展名为 {suffix}，但内容是{_NAMES[looks].zh}。请将扩展名改为 {mend}。",
    )


def _ole2_problem(path: Path) -> Words:
    with path.open("rb") as stream:
        locked = any("EncryptedPackage".encode("utf-16-le") in piece for piece in _overlapping(stream))
    if locked:
        return Words(
            "the workbook is locked by a password. Open it in Excel, take the password off "
            "(File, Info, Protect Workbook), and save it.",
            "工作簿设有密码。请用Excel打开，取消密码（文件→信息→保护工作簿），然后保存。",
        )
    return Words(
        "this is an old Excel or Office file (.xls). Open it and save it as .xlsx (Excel Workbook).",
        "这是旧版Excel或Office文件（.xls）。请打开后另存为 .xlsx（Excel工作簿）。",
    )


def _overlapping(stream: BinaryIO) -> Iterator[bytes]:
    """The pieces of a file, each with the end of the one before, so that no word is cut in two."""
    tail = b""
    while piece := stream.read(_PIECE):
        yield tail + piece
        tail = piece[-64:]


# ----------------------------------------------------------------------- inside the file
def _check_workbook(source: Source, limits: config.Intake) -> None:
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise IntakeError(
                    f"{source.name}: this is a ZIP archive, but no Excel workbook. "
                    "Unpack it and hand in what is inside.",
                    f"{source.name}：这是ZIP压缩包，不是Excel工作簿。请解压后提交其中的文件。",
                )
            if any(member.flag_bits & 1 for member in members):
                raise IntakeError(
                    f"{source.name}: the file is locked by a password. Take it off and save.",
                    f"{source.name}：文件设有密码。请取消密码后保存。",
                )
            allowed = limits.max_unpacked_mb * _MEGABYTE
            _check_unpacked(source, sum(member.file_size for member in members), allowed, limits)
            # The sizes stated in the archive may lie: count what really comes out, keeping none of it.
            unpacked = 0
            for member in members:
                unpacked += _unpacked_size(archive, member, allowed - unpacked)
                _check_unpacked(source, unpacked, allowed, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
        raise IntakeError(
            f"{source.name}: the workbook is damaged. Open it in Excel, let it repair, and save it.",
            f"{source.name}：工作簿已损坏。请用Excel打开并修复，然后保存。",
        ) from None


def _check_unpacked(source: Source, size: int, allowed: int, limits: config.Intake) -> None:
    if size > allowed:
        raise IntakeError(
            f"{source.name}: unpacked, the workbook is larger than the "
            f"{limits.max_unpacked_mb:,} MB that are "
            "allowed. Split it, hand it in as CSV, or raise max_unpacked_mb under [intake] in workbook.toml.",
            f"{source.name}：工作簿解压后超过允许的{limits.max_unpacked_mb:,} MB。"
            "请拆分，或改交CSV，或在 workbook.toml 的 [intake] 中调高 max_unpacked_mb。",
        )


def _unpacked_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowed: int) -> int:
    stream = archive.fp
    if member.compress_type != zipfile.ZIP_DEFLATED or stream is None:
        return member.compress_size
    stream.seek(member.header_offset)
    header = stream.read(30)
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    inflate, left, size = zlib.decompressobj(-zlib.MAX_WBITS), member.compress_size, 0
    while left > 0 and not inflate.eof and size <= allowed:
        piece = stream.read(min(_PIECE, left))
        if not piece:
            break
        left -= len(piece)
        while piece and size <= allowed:
            size += len(inflate.decompress(piece, _PIECE))
            piece = inflate.unconsumed_tail
    return size


def _check_parquet(source: Source, size: int) -> None:
    with source.path.open("rb") as stream:
        stream.seek(max(size - 4, 0))
        if stream.read(4) != _PARQUET:
            raise IntakeError(
                f"{source.name}: the Parquet file is cut off (its end is missing). Write or copy it again.",
                f"{source.name}：Parquet文件不完整（缺少结尾）。请重新生成或复制。",
            )
