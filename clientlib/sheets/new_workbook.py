"""A workbook of our own being written: text in it stays text, and nobody meets a half of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

from clientlib.aside import written_aside
from clientlib.errors import Unwritable

_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@contextmanager
def new_workbook(target: Path, *, in_order: bool = False) -> Iterator[Any]:
    """An XlsxWriter workbook that becomes `target` when it is whole; only its owner may read it (0600).

    Parameters
    ----------
    target : path
        An existing file is replaced.
    in_order : bool, default False
        The rows of each sheet come from top to bottom, so none has to be kept in memory.

    Raises
    ------
    Unwritable
        The file cannot be written, or its name does not end in .xlsx.
    """
    if target.suffix.lower() != ".xlsx":
        raise Unwritable(
            f"{target}: this will be an Excel workbook. Let its name end in .xlsx.",
            f"{target}：将生成Excel工作簿，文件名须以 .xlsx 结尾。",
        )
    with written_aside(target) as aside, _scratch(target.parent) as scratch:
        options = {**_OPTIONS, "constant_memory": in_order, "tmpdir": scratch}
        try:
            with xlsxwriter.Workbook(str(aside), options) as book:
                yield book
        except FileCreateError as error:
            # XlsxWriter wraps what the system said, which is the part that a person can act on.
            raise OSError(*getattr(error.args[0], "args", error.args)) from None


def _scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Where XlsxWriter puts its intermediate files: they hold rows too, so only the owner may look there."""
    return tempfile.TemporaryDirectory(dir=folder, prefix=".")
