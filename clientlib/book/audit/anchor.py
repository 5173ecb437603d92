"""The anchor: a small file outside the book that knows how far the audit and the batches have come.

Without it, an end that was cut off could not be told from one that never was. It is of one size and written
in one go, so that a crash leaves the old one or the new one. Better on another disk than the book.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from clientlib.aside import OWNER_ONLY
from clientlib.book.audit.journal import telling
from clientlib.book.audit.record import START
from clientlib.book.audit.sealing import Seal

SIZE = 512
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Anchor:
    """How far the audit had come: its last record, and the last batch that was committed (0: none)."""

    book_id: str
    seq: int = 0
    hash: str = START
    batch: int = 0
    stamp: int = 0


class AnchorFile:
    """The place where the anchor lies, which need not be in the workbook."""

    def __init__(self, path: Path, seal: Seal) -> None:
        self.path = path
        self._seal = seal

    def read(self) -> Anchor | None:
        """The anchor; None when there is none, or the key did not sign what lies there."""
        try:
            text = self.path.read_bytes()[: SIZE + 1].decode("utf-8")
            values = json.loads(text)
            signature = str(values.pop("signature"))
            return Anchor(**values) if self._seal.signed(_text(values), signature) else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, anchor: Anchor) -> None:
        """Put `anchor` in the place of the one that is there.

        Raises
        ------
        BookError
            The file cannot be written. Its folder is not made: a disk that is not there must be noticed.
        """
        values = asdict(anchor)
        signed = json.dumps(values | {"signature": self._seal.sign(_text(values))})
        with telling(self.path):
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | _FLAGS, OWNER_ONLY)
            try:
                os.write(handle, signed.encode("ascii").ljust(SIZE - 1) + b"\n")
            finally:
                os.close(handle)


def _text(values: dict[str, object]) -> str:
    return json.dumps(values, sort_keys=True)
