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

from clientlib.analysis.quality.repeats import OVERLAPPING, PROBABLY_SAME
from clientlib.analysis.quality.work import BETWEEN
from clientlib.config import Language
from clientlib.declare import SEPARATOR, rule_text
from clientlib.report import formats, messages
from clientlib.report.handout import Column, Looks, write_table
from clientlib.sheets import limits
from clientlib.sheets.new_workbook import new_workbook
from clientlib.tables import AREAS, Areas

_WORDS = "data_quality.item"
_OR = {"en": " or ", "zh": "或"}
_AND = {"en": ", ", "zh": "、"}
_AFTER = {"en": " ", "zh": ""}
"""Between two sentences."""
_CLIENT_COLUMNS = ["branch", "rank", "client_id", "advisor", "task", "since", "days", "remark"]
_WIDTHS = {
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
        made, taken = Looks(book), list[str]()
        for branch, rows in _by_branch(told, languages):
            name = limits.free_sheet_name(branch, taken)
            title = f"{name} · {_said('title', languages, as_of=as_of)}"
            write_table(book, name, _columns(languages), rows, made, title=title)
            taken.append(name)
    return target


def _by_branch(told: pd.DataFrame, languages: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each branch and its rows; without any there is one sheet, which says so."""
    if told.empty:
        yield _said("none", languages), told
    unknown = messages.say("data_quality.worklist.no_branch", languages[0])
    for branch, rows in told.groupby(told["branch"].fillna(unknown), sort=True):
        yield str(branch), rows


def _columns(languages: Sequence[str]) -> dict[str, Column]:
    heads = {name: "\n".join(_said(name, [each]) for each in languages) for name in _WIDTHS}
    return {name: Column(heads[name], width) for name, width in _WIDTHS.items()}


def _said(key: str, languages: Sequence[str], **values: Any) -> str:
    return " ".join(messages.say(f"data_quality.worklist.{key}", each, **values) for each in languages)
