"""The work list in words, and as an Excel workbook that a branch can print: one sheet a branch.

What has to be done comes from `analysis.quality`; client numbers stand here, identity never does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from clientlib import harmless
from clientlib.analysis.quality.repeats import OVERLAPPING, PROBABLY_SAME
from clientlib.analysis.quality.work import BETWEEN
from clientlib.config import Language
from clientlib.declare import SEPARATOR, rule_text
from clientlib.report import formats, messages
from clientlib.sheets import limits, looks
from clientlib.sheets.new_workbook import new_workbook
from clientlib.tables import AREAS, Areas

_WORDS = "data_quality.item"
_OR = {"en": " or ", "zh": "或"}
_AND = {"en": ", ", "zh": "、"}
_AFTER = {"en": " ", "zh": ""}
"""Between two sentences."""
_CLIENT_COLUMNS = ["branch", "rank", "client_id", "advisor", "task", "since", "days", "remark"]
_COLUMNS = {
    "rank": 5,
    "client_id": 14,
    "advisor": 11,
    "task": 52,
    "since": 13,
    "days": 8,
    "remark": 34,
    "done": 8,
}
"""The columns of a sheet and their widths."""
_LINE_POINTS = 15


# ------------------------------------------------------------------------------- in words
def by_client(items: pd.DataFrame, languages: Sequence[str], areas: Areas = AREAS) -> pd.DataFrame:
    """What each client is to be called about, one row a client.

    Parameters
    ----------
    items : DataFrame
        Rows of `DataQuality.work_list`.
    languages : sequence of {"en", "zh"}
        With both, a task reads in the one and on the next line in the other.
    areas : mapping of str to AreaInfo
        The table, with the firm's own fields.

    Returns
    -------
    DataFrame, in the order of `items`
        branch, rank, client_id, advisor, task, since (the earliest), days, remark (the reasons given).
    """
    lines = []
    for _, own in groupby(items.to_dict("records"), key=itemgetter("client_id")):
        rows = list(own)
        dated = [row for row in rows if not formats.missing(row["since"])]
        reasons = dict.fromkeys(row["remark"] for row in rows if not formats.missing(row["remark"]))
        lines.append(
            {
                **{name: rows[0][name] for name in ("branch", "rank", "client_id", "advisor")},
                "task": "\n".join(_task(rows, language, areas) for language in languages),
                "since": min((row["since"] for row in dated), default=None),
                "days": max((row["days"] for row in dated), default=None),
                "remark": " ".join(reasons) or None,
            }
        )
    return pd.DataFrame(lines, columns=_CLIENT_COLUMNS)


def sentences(items: pd.DataFrame, language: str, areas: Areas = AREAS) -> list[str]:
    """What has to be done, a sentence for each row of `DataQuality.work_list` or `.pending`."""
    return [_sentence(row, language, areas) for row in items.to_dict("records")]


def _task(rows: Sequence[Mapping[Any, Any]], language: str, areas: Areas) -> str:
    """All that a client is called about; what has to be confirmed is named in one sentence."""
    told = [_sentence(row, language, areas) for row in rows if _key(row) != "review"]
    old = [row for row in rows if _key(row) == "review"]
    if old:
        names = _AND[language].join(areas[row["area"]].title(language) for row in old)
        since = min(row["since"] for row in old)
        told.append(messages.say(f"{_WORDS}.review", language, area=names, since=since))
    return _AFTER[language].join(told)


def area_titles(names: str, language: str, areas: Areas = AREAS) -> str:
    """Areas joined by `BETWEEN`, as words."""
    return _AND[language].join(areas[name].title(language) for name in names.split(BETWEEN))


def field_titles(area: str, names: str, language: str, areas: Areas = AREAS) -> str:
    """The cells that an item is about, as words; empty where it is about the whole record."""
    titles = {f.name: f.title(language) for f in areas[area].fields}
    return _AND[language].join(
        _OR[language].join(titles.get(name, name) for name in cell.split(SEPARATOR))
        for cell in names.split(BETWEEN)
    )


def _sentence(row: Mapping[Any, Any], language: str, areas: Areas) -> str:
    area = areas[row["area"]]
    record = "" if formats.missing(row["record"]) else str(row["record"])
    title = f"{area.title(language)} {record}".rstrip()
    if row["kind"] == "invalid":
        return _AFTER[language].join(
            _invalid(row, rule, language, areas) for rule in row["rules"].split(BETWEEN)
        )
    facts = {"area": title, "record": record, "since": row["since"]}
    facts["fields"] = field_titles(row["area"], row["fields"], language, areas)
    return messages.say(f"{_WORDS}.{_key(row)}", language, **facts)


def _key(row: Mapping[Any, Any]) -> str:
    """Which sentence fits."""
    match row["kind"]:
        case "outdated":
            return "assess" if row["action"] == "assess" else "review"
        case "repeated":
            return str(row["rules"]) if row["rules"] in (OVERLAPPING, PROBABLY_SAME) else "same_content"
        case kind:
            return str(kind)


def _invalid(row: Mapping[Any, Any], rule: str, language: str, areas: Areas) -> str:
    area = areas[row["area"]]
    words = rule_text(area.schema, rule)
    fields = field_titles(row["area"], row["fields"], language, areas)
    if words is None:
        key = "unknown_reference" if rule == "unknown_reference" else "invalid"
        return messages.say(f"{_WORDS}.{key}", language, area=area.title(language), fields=fields)
    return messages.say(f"{_WORDS}.rule", language, area=area.title(language), rule=words.text(language))


# ------------------------------------------------------------------------------- as Excel
def write_work_list(
    items: pd.DataFrame,
    target: Path,
    as_of: dt.date,
    *,
    areas: Areas = AREAS,
    languages: Sequence[Language] = ("zh", "en"),
) -> Path:
    """Write a work list as a workbook with one sheet a branch, ready to be printed.

    Parameters
    ----------
    items : DataFrame
        `DataQuality.work_list`, or the rows of some branches.
    target : Path
        The .xlsx file. It is written aside and put there whole; only its owner may read it.
    as_of : date
        The day of the list.
    areas : mapping of str to AreaInfo
        The table, with the firm's own fields.
    languages : sequence of {"en", "zh"}
        One, or both: then a cell holds the one wording below the other.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    SheetError
        A branch has more rows than a sheet of Excel.
    Unwritable
        The file cannot be written.
    """
    told = by_client(items, languages, areas)
    with new_workbook(target) as book:
        made, taken = _Looks(book), list[str]()
        for branch, rows in _by_branch(told, languages):
            taken.append(limits.free_sheet_name(branch, taken))
            _write_sheet(book, taken[-1], rows, as_of, languages, made)
    return target


class _Looks:
    """The formats of a work list."""

    def __init__(self, book: Any) -> None:
        base = {"valign": "top", "text_wrap": True, "border": 1, "border_color": looks.LINE}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.head = book.add_format(
            {**base, "bold": True, "bg_color": looks.OPTIONAL_HEAD, "valign": "vcenter"}
        )
        self.text = book.add_format(base)
        # What Excel would run if somebody edits the cell stays text then too.
        self.quoted = book.add_format({**base, "quote_prefix": True})
        # Centred, so that no number stands hard against the text beside it.
        self.number = book.add_format({**base, "num_format": "#,##0", "align": "center"})
        self.date = book.add_format({**base, "num_format": "yyyy-mm-dd", "align": "center"})


def _by_branch(told: pd.DataFrame, languages: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each branch and its rows; without any there is one sheet, which says so."""
    if told.empty:
        yield _said("none", languages), told
    unknown = messages.say("data_quality.worklist.no_branch", languages[0])
    for branch, rows in told.groupby(told["branch"].fillna(unknown), sort=True):
        yield str(branch), rows


def _write_sheet(
    book: Any, name: str, rows: pd.DataFrame, as_of: dt.date, languages: Sequence[str], made: _Looks
) -> None:
    limits.fitting_rows(len(rows) + 1, name)
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, f"{name} · {_said('title', languages, as_of=as_of)}", made.title)
    for place, (column, width) in enumerate(_COLUMNS.items()):
        sheet.set_column(place, place, width)
        sheet.write_string(1, place, "\n".join(_said(column, [each]) for each in languages), made.head)
    sheet.set_row(0, 1.5 * _LINE_POINTS)
    sheet.set_row(1, _LINE_POINTS * len(languages))
    for line, row in enumerate(rows.to_dict("records"), start=2):
        sheet.set_row(line, _LINE_POINTS * _lines(row))
        for place, column in enumerate(_COLUMNS):
            _write_cell(sheet, line, place, row.get(column), made)
    _ready_to_print(sheet, len(rows))


def _lines(row: Mapping[Any, Any]) -> int:
    """How many lines the row's texts take when wrapped: not every program finds that out by itself."""
    texts = {name: row[name] for name in ("task", "remark") if isinstance(row[name], str)}
    return max((looks.lines(text, _COLUMNS[name]) for name, text in texts.items()), default=1)


def _write_cell(sheet: Any, line: int, place: int, value: Any, made: _Looks) -> None:
    if formats.missing(value):
        sheet.write_blank(line, place, None, made.text)
    elif isinstance(value, str):
        text = limits.fitting_text(value, sheet.get_name())
        sheet.write_string(line, place, text, made.quoted if harmless.runs(text) else made.text)
    elif isinstance(value, dt.date):
        sheet.write_datetime(line, place, value, made.date)
    else:
        sheet.write_number(line, place, value, made.number)


def _ready_to_print(sheet: Any, rows: int) -> None:
    sheet.freeze_panes(2, 2)
    sheet.autofilter(1, 0, max(rows, 1) + 1, len(_COLUMNS) - 1)
    looks.set_up_print(sheet)
    sheet.repeat_rows(1)


def _said(key: str, languages: Sequence[str], **values: Any) -> str:
    return " ".join(messages.say(f"data_quality.worklist.{key}", each, **values) for each in languages)
