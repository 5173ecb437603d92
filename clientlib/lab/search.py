"""Finding clients: search words, filters, order and pages, as functions of frames.

Nothing here knows of widgets. What can be searched is what can be seen: identity only in its masked form.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import pandas as pd

from clientlib.codes import CODES
from clientlib.declare import SEPARATOR, Field
from clientlib.lab.snapshot import own_fields
from clientlib.tables import AREAS, Areas

PAGE_ROWS = 25
NO_LEVEL = "none"
"""Filter value for clients whose assessment states no level, or who have none."""
STATES = ("valid", "expiring", "expired", "none", "unknown_level")
"""What can be said of an assessment, the best first."""
COLUMNS = (
    "client_id",
    "full_name",
    "mobile",
    "branch",
    "advisor",
    "stated_level",
    "level_status",
    "status",
    "market_value",
    "last_trade",
)
"""What the list shows, in this order; each can be sorted by."""
_SEARCHED = {
    "client_id": ("clients", "client_id"),
    "full_name": ("clients", "full_name"),
    "mobile": ("contacts", "mobile"),
    "branch": ("clients", "branch"),
    "advisor": ("clients", "advisor"),
    "client_group": ("clients", "client_group"),
    "employer": ("clients", "employer"),
    "interests": ("clients", "interests"),
    "remarks": ("clients", "remarks"),
    "client_type": ("clients", "client_type"),
    "occupation": ("clients", "occupation"),
    "investor_class": ("clients", "investor_class"),
    "status": ("clients", "status"),
    "stated_level": ("preferences", "risk_level"),
    "goal": ("preferences", "goal"),
}
"""The columns of `Snapshot.clients` that are searched, and the field of the table behind each."""
_ORDERS = {
    "stated_level": CODES["client_level"].values,
    "level_status": STATES,
    "status": CODES["client_status"].values,
}


@dataclass(frozen=True)
class Query:
    """What is asked for. An empty filter lets everybody through.

    `level` is C1 to C5 as stated, or `NO_LEVEL`; `state` one of `STATES`; `sort` one of `COLUMNS`.
    """

    text: str = ""
    branch: str = ""
    level: str = ""
    status: str = ""
    state: str = ""
    sort: str = "client_id"
    descending: bool = False
    page: int = 1


@dataclass(frozen=True)
class Page:
    """One page of the answer: its rows, its number (from 1), how many pages and clients there are."""

    rows: pd.DataFrame
    number: int
    pages: int
    found: int
    total: int


def fold(text: str) -> str:
    """Text as it is compared: full-width forms made narrow, case apart."""
    return unicodedata.normalize("NFKC", text).casefold()


def _searched_of(table: Areas) -> dict[str, Field]:
    """The columns of `Snapshot.clients` that are searched, the firm's own among them, and their fields."""
    known = {column: table[area].field(name) for column, (area, name) in _SEARCHED.items()}
    return known | {field.name: field for field in own_fields(table)}


def searchable(clients: pd.DataFrame, table: Areas = AREAS) -> pd.Series:
    """All that can be searched of each client as one folded text, its parts on lines of their own.

    Codes are there by their labels in both languages, so that 休眠 and dormant find the same clients.
    """
    parts = [clients.index.to_series().astype("str")]
    for column, field in _searched_of(table).items():
        if column in clients.columns:
            parts.append(_in_words(clients[column], field).fillna(""))
    rows = zip(*(part.to_list() for part in parts), strict=True)
    texts = [fold("\n".join(row)) for row in rows]
    return pd.Series(texts, index=clients.index, dtype="object")


def find(clients: pd.DataFrame, texts: pd.Series, query: Query) -> pd.DataFrame:
    """The clients that fit, in the order asked for.

    Parameters
    ----------
    clients : DataFrame, index client_id
        `Snapshot.clients`.
    texts : Series
        `searchable(clients, table)`, worked out once.
    query : Query
        Search words (all must occur), filters and order; its page is not looked at.

    Returns
    -------
    DataFrame
        Rows of `clients`. Clients without the value that is sorted by come last either way; equal ones
        stand in the order of their IDs.
    """
    found = clients[_fits(clients, query) & _holds(texts, query.text)]
    return _ordered(found, query.sort, query.descending)


def page_of(found: pd.DataFrame, total: int, number: int, size: int = PAGE_ROWS) -> Page:
    """Page `number` of the clients found; a number outside the pages gives the nearest one."""
    pages = max(1, -(-len(found) // size))
    number = min(max(number, 1), pages)
    return Page(found.iloc[(number - 1) * size : number * size], number, pages, len(found), total)


def choices(clients: pd.DataFrame, column: str) -> list[str]:
    """The values that a filter on `column` can offer, sorted."""
    if column not in clients.columns:
        return []
    return sorted(str(value) for value in clients[column].dropna().unique())


def _holds(texts: pd.Series, text: str) -> pd.Series:
    words = fold(text).split()
    if not words:
        return pd.Series(True, index=texts.index)
    held = [all(word in row for word in words) for row in texts.to_list()]
    return pd.Series(held, index=texts.index, dtype=bool)


def _fits(clients: pd.DataFrame, query: Query) -> pd.Series:
    fits = pd.Series(True, index=clients.index)
    if query.level == NO_LEVEL:
        fits &= clients["stated_level"].isna()
    wanted = {"branch": query.branch, "status": query.status, "level_status": query.state}
    wanted["stated_level"] = "" if query.level == NO_LEVEL else query.level
    for column, value in wanted.items():
        if value:
            fits &= clients[column].eq(value).fillna(False).astype(bool)
    return fits


def _ordered(found: pd.DataFrame, column: str, descending: bool) -> pd.DataFrame:
    if column == "client_id":
        return found.sort_index(ascending=not descending)
    key = found[column]
    if column in _ORDERS:
        key = key.map({value: place for place, value in enumerate(_ORDERS[column])})
    order = key.sort_index().sort_values(ascending=not descending, kind="stable", na_position="last")
    return found.loc[order.index]


def _in_words(column: pd.Series, field: Field) -> pd.Series:
    if field.code_list is None:
        return column.astype("str")
    words = {entry.value: f"{entry.en}\n{entry.zh}" for entry in field.code_list.entries}
    if field.kind == "yes_no":
        column = column.map({True: "yes", False: "no"})
    elif field.kind == "codes":
        return column.map(
            lambda value: "\n".join(words.get(code, code) for code in value.split(SEPARATOR)),
            na_action="ignore",
        ).astype("str")
    return column.map(words).astype("str")


def searched_fields(table: Areas = AREAS) -> pd.DataFrame:
    """What a search looks into: a row a field, with its titles and the form in which it is compared."""
    rows = []
    for field in _searched_of(table).values():
        written = "as masked" if field.sensitivity == "I" else "as written"
        form = "label, en or zh" if field.code_list else written
        rows.append((table[field.area].title_en, field.title_en, field.title_zh, form))
    return pd.DataFrame(rows, columns=["area", "field", "字段", "searched"])


def column_title(column: str, language: str) -> str:
    """The title of the field of the table that a list column shows.

    Raises
    ------
    KeyError
        The column is worked out, not a field.
    """
    area, name = _SEARCHED[column]
    return AREAS[area].field(name).title(language)
