"""CSV and its kin, read in pieces of bounded size: encoding and separator are found, nothing is guessed away.

Clean pieces go through Polars; a piece with anything odd in it (cells too many or too few, loose
quotation marks) is read again, record by record, by Python's csv module.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from clientlib.errors import IntakeError
from clientlib.intake.result import PROBLEMS
from clientlib.intake.sources import Source
from clientlib.intake.tables_in import (
    FIRST_ROW,
    Notice,
    RawChunk,
    RawTable,
    as_text,
    column_names,
    numbered,
    without_blank,
)

BLOCK = 16_000_000
"""Bytes read at a time."""
LONGEST_RECORD = 4 * BLOCK
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = b",;\t"
_MOJIBAKE = 0.3
"""A text is taken for GB18030 when more than this share of its non-ASCII characters is not UTF-8."""
_COMMON_HANZI = 0.7
"""… and at least this share of them is in GB 2312, which nearly all Chinese text consists of."""


def read(source: Source) -> RawTable:
    """A text table, not yet read further than its header.

    Raises
    ------
    IntakeError
        No known encoding, a NUL byte, no header, nothing below the header, or a quotation mark that
        is never closed. The two that may stand further down are raised when their chunk is read.
    """
    text = _Text(source, *_encoding(source))
    blocks = text.blocks()
    first = next(blocks, b"")
    line, rest = _first_record(first)
    separator = max(_SEPARATORS, key=line.count)
    header = as_text(next(csv.reader([line.decode("utf-8")], delimiter=chr(separator)), []))
    if not any(header):
        raise IntakeError(
            f"{source.name}: the first row is empty. Put the names of the fields there, and "
            f"delete empty rows above them.",
            f"{source.name}：第一行是空的。请在第一行填写栏目名称，并删除其上方的空行。",
        )
    notices = (Notice("encoding", "GB18030"),) if text.encoding == "gb18030" else ()
    rows = _Rows(source.name, len(header), chr(separator))
    return RawTable(source.name, "", header, rows.chunks(rest, blocks), notices)


# ----------------------------------------------------------------------------- the bytes
def _encoding(source: Source) -> tuple[str, bool]:
    """The encoding of the file, and whether a byte order mark stands before it."""
    with source.path.open("rb") as stream:
        sample = stream.read(BLOCK)
        partial = bool(stream.read(1))
    if sample.startswith(_UTF16):
        raise IntakeError(
            f"{source.name}: the text is UTF-16. Save it as CSV UTF-8 instead.",
            f"{source.name}：文本编码为UTF-16。请另存为CSV UTF-8。",
        )
    if sample.startswith(_BOM):
        return "utf-8", True
    if sample.isascii():
        return _encoding_further_down(source) if partial else "utf-8", False
    # A sample may end in the middle of a character; up to its last line end it does not.
    return _encoding_of(sample[: sample.rfind(b"\n") + 1] if partial else sample), False


def _encoding_of(sample: bytes) -> str:
    foreign = [c for c in sample.decode("utf-8", "replace") if not c.isascii()]
    broken = foreign.count("\ufffd")
    if broken <= _MOJIBAKE * len(foreign):
        return "utf-8"
    chinese = [c for c in sample.decode("gb18030", "ignore") if not c.isascii()]
    common = len("".join(chinese).encode("gb2312", "ignore")) / 2
    return "gb18030" if chinese and common >= _COMMON_HANZI * len(chinese) else "utf-8"


def _encoding_further_down(source: Source) -> str:
    with source.path.open("rb") as stream:
        while block := stream.read(BLOCK):
            if not block.isascii():
                return _encoding_of(block + stream.readline())
    return "utf-8"


@dataclass
class _Text:
    """A text file as UTF-8 blocks that end where a record ends."""

    source: Source
    encoding: str
    marked: bool
    offset: int = 0
    row: int = 1

    def blocks(self) -> Iterator[bytes]:
        rest = b""
        with self.source.path.open("rb") as stream:
            if self.marked:
                self.offset = len(stream.read(len(_BOM)))
            while piece := stream.read(BLOCK):
                rest += piece
                end = _last_record_end(rest)
                if end:
                    yield self._utf8(rest[:end])
                    rest = rest[end:]
                elif len(rest) > LONGEST_RECORD:
                    raise _unclosed(self.source.name, self.row)
        if rest:
            yield self._utf8(rest)

    def _utf8(self, block: bytes) -> bytes:
        if (place := block.find(b"\0")) >= 0:
            raise IntakeError(
                f"{self.source.name}, row {self._row_at(block, place)}: there is a NUL byte (byte "
                f"{self.offset + place:,} of the file), which no text has. The file is damaged "
                f"or is no text: save it again from the program that made it.",
                f"{self.source.name}，第{self._row_at(block, place)}行：存在文本中不应有的空字节（文件第"
                f"{self.offset + place:,}字节）。文件已损坏或不是文本：请在原程序中重新保存。",
            )
        length, lines = len(block), block.count(b"\n")
        if not block.isascii():
            block = self._decoded(block)
        self.offset += length
        self.row += lines
        # Line ends of the old Mac kind, and of files that mix kinds, would hide rows.
        return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in block else block

    def _decoded(self, block: bytes) -> bytes:
        try:
            text = block.decode(self.encoding)
        except UnicodeDecodeError as error:
            named = "GB18030" if self.encoding == "gb18030" else "UTF-8"
            row, byte = self._row_at(block, error.start), self.offset + error.start
            raise IntakeError(
                f"{self.source.name}, row {row}: byte {byte:,} of the file is not {named} text. Save the "
                "file as CSV UTF-8, and check this row.",
                f"{self.source.name}，第{row}行：文件第{byte:,}字节不是{named}文本。"
                "请将文件另存为CSV UTF-8，并核对该行。",
            ) from None
        return block if self.encoding == "utf-8" else text.encode("utf-8")

    def _row_at(self, block: bytes, place: int) -> int:
        return self.row + block.count(b"\n", 0, place)


def _last_record_end(data: bytes) -> int:
    """Where the last whole record ends: after a line end that stands outside quotation marks."""
    end = data.rfind(b"\n") + 1
    inside = data.count(b'"', 0, end) % 2 == 1
    while end and inside:
        before = data.rfind(b"\n", 0, end - 1) + 1
        inside = (data.count(b'"', before, end) % 2 == 1) != inside
        end = before
    return end


def _first_record(block: bytes) -> tuple[bytes, bytes]:
    end = block.find(b"\n")
    while end >= 0 and block.count(b'"', 0, end) % 2:
        end = block.find(b"\n", end + 1)
    return (block, b"") if end < 0 else (block[:end], block[end + 1 :])


def _unclosed(name: str, row: int) -> IntakeError:
    return IntakeError(
        f'{name}: a quotation mark (") is opened in row {row} or after, and never closed. Close '
        f"it, or take it out.",
        f'{name}：自第{row}行起有一个引号（"）未配对。请补上另一半，或将其删除。',
    )


# ------------------------------------------------------------------------------ the rows
@dataclass
class _Rows:
    """Blocks of text → chunks of rows, counted through the file by record."""

    name: str
    width: int
    separator: str
    row: int = field(default=FIRST_ROW)

    def chunks(self, rest: bytes, blocks: Iterator[bytes]) -> Iterator[RawChunk]:
        for block in self._joined(rest, blocks):
            frame = self._clean(block)
            yield self._whole(frame) if frame is not None else self._odd(block)

    def _joined(self, rest: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
        if rest:
            yield rest
        yield from blocks

    def _whole(self, frame: pl.DataFrame) -> RawChunk:
        rows = numbered(frame, self.row)
        self.row += frame.height
        return RawChunk(without_blank(rows))

    def _clean(self, block: bytes) -> pl.DataFrame | None:
        """The block read at once, or None where its cells might not stand under their header."""
        quoted = b'"' in block
        if quoted and re.search(rb'[^,;\t\n"]"[^,;\t\n"]', block):
            return None
        names = column_names(self.width + 1)
        try:
            frame = pl.read_csv(
                block,
                has_header=False,
                schema=dict.fromkeys(names, pl.String),
                separator=self.separator,
                missing_columns="insert",
                extra_columns="ignore",
                truncate_ragged_lines=True,
            )
        except pl.exceptions.PolarsError:
            return None
        overflow = frame.get_column(names[-1])
        if overflow.null_count() < frame.height:
            return None
        if quoted:
            ragged = frame.get_column(names[-2]).null_count() > 0
        else:
            lines = block.count(b"\n") + (not block.endswith(b"\n"))
            cells = block.count(self.separator.encode()) + frame.height
            ragged = frame.height != lines or cells != frame.height * self.width
        return None if ragged else frame.drop(names[-1])

    def _odd(self, block: bytes) -> RawChunk:
        records = list(csv.reader(io.StringIO(block.decode("utf-8"), newline=""), delimiter=self.separator))
        complete = block.endswith(b"\n")
        if records and any("\n" in cell for cell in records[-1]) and block.count(b'"') % 2:
            raise _unclosed(self.name, self.row + len(records) - 1)
        problems, notices = [], []
        for place, record in enumerate(records):
            row = self.row + place
            spilled = [cell for cell in record[self.width :] if cell.strip()]
            if spilled:
                detail = f"{len(record)}/{self.width}"
                problems.append((row, None, None, "too_many_cells", detail))
            elif 0 < len(record) < self.width and any(cell.strip() for cell in record):
                detail = f"{len(record)}/{self.width}"
                if place == len(records) - 1 and not complete:
                    problems.append((row, None, None, "cut_off", detail))
                else:
                    notices.append(Notice("short_row", detail, row=row))
        texts = [[cell or None for cell in (r + [""] * self.width)[: self.width]] for r in records]
        schema = dict.fromkeys(column_names(self.width), pl.String)
        frame = pl.DataFrame(texts, schema=schema, orient="row")
        rows = numbered(frame, self.row)
        self.row += frame.height
        found = pl.DataFrame(problems, schema=PROBLEMS, orient="row")
        return RawChunk(without_blank(rows), found, tuple(notices))
