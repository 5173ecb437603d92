"""The workbook folder: where a firm's settings, data, keys and reports lie, and how it is found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from clientlib import config
from clientlib.errors import WorkbookError

FOLDER_VARIABLE = "CLIENTLIB_WORKBOOK"


@dataclass(frozen=True)
class Workbook:
    """A workbook folder and the places in it."""

    folder: Path

    @cached_property
    def settings(self) -> config.Settings:
        return config.load(self.folder)

    @property
    def book_file(self) -> Path:
        return self.folder / "data" / "book" / "book.duckdb"

    @property
    def vault_file(self) -> Path:
        return self.folder / "data" / "book" / "vault.duckdb"

    @property
    def demo(self) -> Path:
        return self.folder / "data" / "demo"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"


def find(folder: Path | None = None) -> Workbook:
    """The workbook: `folder`, else `CLIENTLIB_WORKBOOK`, else the nearest parent with a `workbook.toml`.

    Raises
    ------
    WorkbookError
        None of the three is a workbook folder.
    """
    if folder is not None:
        return _stated(folder, "--workbook")
    if named := os.environ.get(FOLDER_VARIABLE):
        return _stated(Path(named), FOLDER_VARIABLE)
    here = Path.cwd()
    for candidate in (here, *here.parents):
        if (candidate / config.SETTINGS_FILE).is_file():
            return Workbook(candidate)
    raise WorkbookError(
        f"There is no {config.SETTINGS_FILE} in this folder or above it. Go into a workbook folder, name one "
        "with --workbook FOLDER, or make one with: clientlib init FOLDER"
    )


def _stated(folder: Path, how: str) -> Workbook:
    if not (folder / config.SETTINGS_FILE).is_file():
        raise WorkbookError(
            f"{folder} (from {how}) is no workbook folder: it has no {config.SETTINGS_FILE}. "
            f"Make one with: clientlib init {folder}"
        )
    return Workbook(folder.resolve())
