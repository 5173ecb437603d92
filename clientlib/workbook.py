"""The workbook folder: where a firm's settings, data, keys and reports lie, and how it is found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from clientlib import config, shipped
from clientlib.errors import WorkbookError, system_says

if TYPE_CHECKING:
    from clientlib.tables import Areas

FOLDER_VARIABLE = "CLIENTLIB_WORKBOOK"


@dataclass(frozen=True)
class Workbook:
    """A workbook folder and the places in it."""

    folder: Path

    @cached_property
    def settings(self) -> config.Settings:
        return config.load(self.folder)

    @cached_property
    def areas(self) -> Areas:
        """The client management table of this workbook: the built-in one and the firm's own fields."""
        # Here and not above: the table takes Polars along, and a workbook can be found without it.
        from clientlib import custom

        return custom.load(self.folder)

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
    def work(self) -> Path:
        """For what one works with and throws away: pages of duplicates, work lists."""
        return self.folder / "data" / "work"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    @property
    def calls(self) -> Path:
        """Call lists that may say who clients are: beside the reports, and no part of them."""
        return self.folder / "calls"


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
    if found := around(Path.cwd()):
        return found
    raise WorkbookError(
        f"There is no {config.SETTINGS_FILE} in this folder or above it. Go into a workbook folder, name one "
        "with --workbook FOLDER, or make one with: clientlib init FOLDER",
        f"此文件夹及其上级文件夹中都没有 {config.SETTINGS_FILE}。请进入工作簿文件夹，"
        "或用 --workbook FOLDER 指定，"
        "或新建一个：clientlib init FOLDER",
    )


def around(place: Path) -> Workbook | None:
    """The workbook whose folder `place` is, or lies in."""
    for candidate in (place, *place.parents):
        if (candidate / config.SETTINGS_FILE).is_file():
            return Workbook(candidate)
    return None


def _stated(folder: Path, how: str) -> Workbook:
    if not (folder / config.SETTINGS_FILE).is_file():
        raise WorkbookError(
            f"{folder} (from {how}) is no workbook folder: it has no {config.SETTINGS_FILE}. "
            f"Make one with: clientlib init {folder}",
            f"{folder}（来自 {how}）不是工作簿文件夹：其中没有 {config.SETTINGS_FILE}。"
            f"如需新建：clientlib init {folder}",
        )
    return Workbook(folder.resolve())


GIT_IGNORE = """\
# A book, its keys, its reports and words of its clients never belong in a repository.
/keys/
/data/book/
/data/demo/
/data/work/
/data/audit.anchor
/data/backups/
/data/report.log
/data/decisions.csv
/reports/
/calls/
"""


def lay_out(folder: Path) -> Workbook:
    """Make `folder` a workbook folder: settings, notebooks, places for data, keys and reports.

    Raises
    ------
    WorkbookError
        The folder is a workbook already, holds other files, or cannot be written.
    """
    if (folder / config.SETTINGS_FILE).exists():
        raise WorkbookError(
            f"{folder} is a workbook folder already. Nothing was changed.",
            f"{folder} 已经是工作簿文件夹。未作任何更改。",
        )
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise WorkbookError(
            f"{folder} holds something else. Name a new or an empty folder.",
            f"{folder} 中已有其他内容。请指定新的或空的文件夹。",
        )
    try:
        _fill(folder)
    except OSError as error:
        why = system_says(error)
        raise WorkbookError(
            f"{folder} cannot be written: {why.en}. Name a folder of your own.",
            f"无法写入 {folder}：{why.zh}。请指定您有权写入的文件夹。",
        ) from None
    return Workbook(folder.resolve())


def _fill(folder: Path) -> None:
    from clientlib import custom

    folder.mkdir(parents=True, exist_ok=True)
    shipped.lay_out(folder)
    for name in ("data", "reports"):
        (folder / name).mkdir()
    (folder / ".gitignore").write_text(GIT_IGNORE, "utf-8")
    (folder / custom.FIELDS_FILE).write_text(custom.EXAMPLE, "utf-8")
    # The settings come last: they are what makes the folder a workbook.
    (folder / config.SETTINGS_FILE).write_text(config.default_text(), "utf-8")
