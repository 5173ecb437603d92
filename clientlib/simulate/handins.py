"""The hand-ins of the demo firm: a workbook from each branch, and text files from its systems.

Written as people send them: Chinese or English headers, labels instead of codes, bare mobile numbers,
times by the clock in Shanghai, text in GB18030 or in UTF-8 with a mark.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from clientlib.aside import write_text
from clientlib.declare import SEPARATOR, Field
from clientlib.simulate import vocabulary as words
from clientlib.simulate.firm import Demo
from clientlib.tables import AREAS, AreaInfo

TIME_ZONE = "Asia/Shanghai"
BRANCH_AREAS = ("clients", "contacts", "finances", "preferences", "relations")
"""What the branches key in; the rest comes from the firm's systems."""
ENGLISH_BRANCH = "深圳福田"
"""The branch that works in English; the others work in Chinese."""
ROWS_AT_ONCE = 200_000
FIRST_ROW = 2
"""Row 1 is the header."""
ERRORS_FILE = "errors.json"


@dataclass(frozen=True)
class TextFile:
    """How a system sends an area: file name, language of header and labels, encoding."""

    name: str
    language: str
    encoding: str


SYSTEMS: dict[str, TextFile] = {
    "trades": TextFile("交易记录.csv", "zh", "gb18030"),
    "service_requests": TextFile("service_requests.csv", "en", "utf-8-sig"),
    "feedback": TextFile("反馈与评价.csv", "zh", "utf-8-sig"),
    "balances": TextFile("资金与两融.csv", "zh", "utf-8-sig"),
    "acknowledgements": TextFile("风险提示确认.csv", "zh", "utf-8-sig"),
    "securities": TextFile("证券.csv", "zh", "utf-8-sig"),
    "prices": TextFile("prices.csv", "en", "utf-8-sig"),
    "campaigns": TextFile("campaigns.csv", "en", "utf-8-sig"),
    "campaign_contacts": TextFile("campaign_contacts.csv", "en", "utf-8-sig"),
}


@dataclass
class Sheet:
    """One sheet or text file before it is written.

    Attributes
    ----------
    cells : polars.DataFrame
        As typed: numbers and dates as such, all else text. One column a field, named after it.
    slips : dict
        (row of `cells`, field) → what stands there instead.
    extra : list of dict
        Rows below the others.
    """

    area: AreaInfo
    file: str
    sheet: str | None
    language: str
    encoding: str
    cells: pl.DataFrame
    slips: dict[tuple[int, str], Any] = field(default_factory=dict)
    extra: list[dict[str, Any]] = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        return [self.area.field(name).title(self.language) for name in self.cells.columns]

    def row(self, place: int) -> dict[str, Any]:
        """A row of `cells`, without slips."""
        return self.cells.row(place, named=True)


def write_handins(
    demo: Demo, folder: Path | str, dirty: bool = False, mistakes: int | None = None
) -> list[Path]:
    """Write the files that the demo firm would hand in.

    Parameters
    ----------
    demo : Demo
    folder : path
        Made if absent. Hand-ins of an earlier demo in it are replaced; other files are left alone.
    dirty : bool, default False
        Put in the errors that people make (see `simulate.mistakes`), and list each in `errors.json`:
        file, sheet (null in text files), row (the header is row 1), area, field, kind, rule (null where
        none is broken), outcome ("error", "pending" or "harmless"), and the cells of the row that hold
        it.
    mistakes : int, optional
        With `dirty`, how many errors to put in, spread over all kinds; by default two of each kind.

    Returns
    -------
    list of Path
        The hand-ins, without `errors.json`.
    """
    from clientlib.simulate.mistakes import put_in

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    _clear(target)
    sheets = typed_sheets(demo)
    if dirty:
        listed = put_in(sheets, demo.planted["seed"], mistakes)
        _write_json({"errors": listed}, target / ERRORS_FILE)
    files = sorted({sheet.file for sheet in sheets})
    for name in files:
        parts = [sheet for sheet in sheets if sheet.file == name]
        if name.endswith(".xlsx"):
            _write_workbook(parts, target / name)
        else:
            _write_text(parts[0], target / name)
    return [target / name for name in files]


def write_planted(demo: Demo, path: Path | str) -> None:
    """Write the list of planted facts as JSON: the whole file, or none of it."""
    _write_json(demo.planted, Path(path))


def _write_json(content: dict[str, Any], path: Path) -> None:
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1))


def _clear(folder: Path) -> None:
    """Takes away what an earlier demo handed in: only the names that this module writes."""
    own = [f"{branch.name}.xlsx" for branch in words.BRANCHES]
    for name in (*own, *(system.name for system in SYSTEMS.values()), ERRORS_FILE):
        (folder / name).unlink(missing_ok=True)


# --------------------------------------------------------------------------- what is typed


def typed_sheets(demo: Demo) -> list[Sheet]:
    """Every sheet and text file of the firm, as people and systems type them."""
    sheets = []
    home = demo.areas["clients"].select("client_id", "branch").unique("client_id")
    for name in BRANCH_AREAS:
        info, frame = AREAS[name], demo.areas[name]
        if "branch" in frame.columns:
            at = frame.with_columns(_home=pl.col("branch"))
        else:
            at = frame.join(
                home.rename({"branch": "_home"}), on="client_id", how="left", maintain_order="left"
            )
        for (branch,), rows in at.partition_by("_home", as_dict=True, include_key=False).items():
            language = "en" if branch == ENGLISH_BRANCH else "zh"
            cells = typed(info, rows, language)
            sheets.append(Sheet(info, f"{branch}.xlsx", info.title(language), language, "", cells))
    for name, system in SYSTEMS.items():
        info = AREAS[name]
        cells = typed(info, demo.areas[name], system.language)
        sheets.append(Sheet(info, system.name, None, system.language, system.encoding, cells))
    return sheets


def typed(info: AreaInfo, frame: pl.DataFrame, language: str) -> pl.DataFrame:
    """An area's rows the way they are typed: labels, bare numbers, local times."""
    return frame.select(_typed(each, language).alias(each.name) for each in info.fields)


def _typed(each: Field, language: str) -> pl.Expr:
    value = pl.col(each.name)
    if each.kind == "instant":
        return value.dt.convert_time_zone(TIME_ZONE).dt.strftime("%Y-%m-%d %H:%M:%S")
    if each.kind == "phone":
        return value.str.strip_prefix("+86")
    if each.code_list is None:
        return value
    labels = each.code_list.labels(language)
    if each.kind == "yes_no":
        return pl.when(value).then(pl.lit(labels["yes"])).when(~value).then(pl.lit(labels["no"]))
    if each.kind == "codes":
        return value.str.split(SEPARATOR).list.eval(pl.element().replace(labels)).list.join(SEPARATOR)
    return value.replace(labels)


# ------------------------------------------------------------------------------- writing


def _write_text(sheet: Sheet, path: Path) -> None:
    cells = _with_slips(sheet)
    encoding = sheet.encoding
    with path.open("wb") as stream:
        stream.write((",".join(sheet.header) + "\n").encode(encoding))
        for low in range(0, cells.height, ROWS_AT_ONCE):
            lines = cells.slice(low, ROWS_AT_ONCE).write_csv(include_header=False)
            # The mark of utf-8-sig stands at the beginning of the file only.
            stream.write(lines.encode(encoding.removesuffix("-sig")))


def _with_slips(sheet: Sheet) -> pl.DataFrame:
    """The cells with slips and extra rows in them: columns that hold a slip become text."""
    cells = sheet.cells
    if sheet.extra:
        more = pl.DataFrame(sheet.extra, schema=cells.schema)
        cells = pl.concat([cells, more])
    for name in {name for _, name in sheet.slips}:
        here = {row: value for (row, field), value in sheet.slips.items() if field == name}
        texts = [None if value is None else str(value) for value in here.values()]
        column = cells[name].cast(pl.String)
        cells = cells.with_columns(column.scatter(list(here), pl.Series(texts, dtype=pl.String)).alias(name))
    return cells


def _write_workbook(sheets: list[Sheet], path: Path) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        formats = _Formats(
            head=book.add_format({"bold": True, "num_format": "@"}),
            text=book.add_format({"num_format": "@"}),
            day=book.add_format({"num_format": "yyyy-mm-dd"}),
        )
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.sheet), sheet, formats)


@dataclass(frozen=True)
class _Formats:
    head: Any
    text: Any
    day: Any


def _write_sheet(page: Any, sheet: Sheet, formats: _Formats) -> None:
    for place, title in enumerate(sheet.header):
        page.write_string(0, place, title, formats.head)
    names = sheet.cells.columns
    slipped = {row for row, _ in sheet.slips}
    rows = (*sheet.cells.iter_rows(), *(tuple(row[name] for name in names) for row in sheet.extra))
    # Row by row: in constant memory a cell above the current row would be lost.
    for number, row in enumerate(rows):
        values = row
        if number in slipped:
            values = tuple(sheet.slips.get((number, name), row[place]) for place, name in enumerate(names))
        for place, value in enumerate(values):
            _write_cell(page, number + 1, place, value, formats)


def _write_cell(page: Any, row: int, place: int, value: Any, formats: _Formats) -> None:
    if value is None:
        return
    if isinstance(value, str):
        page.write_string(row, place, value, formats.text)
    elif isinstance(value, dt.date):
        page.write_datetime(row, place, value, formats.day)
    else:
        page.write_number(row, place, value)
