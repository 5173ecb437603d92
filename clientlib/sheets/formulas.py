"""What is coloured while a row is typed, as formulas of conditional formats.

A formula is true where its cell is wrong. Function names are those of the file format, which every
language of Excel, WPS and LibreOffice reads; nothing newer than Excel 2010 is used. Where a formula
cannot say exactly what a rule says, it colours less, never more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from clientlib import idcard, tables
from clientlib.config import Language
from clientlib.declare import rules_of
from clientlib.sheets.values import figure, shown_labels
from clientlib.tables import AreaInfo

ID_PLACES, ID_WEIGHTS = "id_places", "id_weights"
"""Names of the places and weights of an ID card's first 17 digits: formats may not hold a list themselves."""
NAMED_LISTS: dict[str, tuple[int, ...]] = {
    ID_PLACES: tuple(range(1, len(idcard.WEIGHTS) + 1)),
    ID_WEIGHTS: idcard.WEIGHTS,
}
Sign = Literal["missing", "wrong"]


@dataclass(frozen=True)
class Colouring:
    """Where (a field's column), when (a formula for its first cell), and as what a cell is coloured."""

    field: str
    formula: str
    sign: Sign


@dataclass(frozen=True)
class Cells:
    """The cells of an area's first row, as formulas refer to them."""

    area: AreaInfo
    language: Language
    first_row: int
    last_row: int

    def place(self, name: str) -> int:
        return [field.name for field in self.area.fields].index(name)

    def cell(self, name: str) -> str:
        return f"${xl_col_to_name(self.place(name))}{self.first_row}"

    def whole(self, name: str) -> str:
        """All prepared cells of a column."""
        letters = xl_col_to_name(self.place(name))
        return f"${letters}${self.first_row}:${letters}${self.last_row}"

    @property
    def row_begun(self) -> str:
        last = xl_col_to_name(len(self.area.fields) - 1)
        return f"COUNTA($A{self.first_row}:${last}{self.first_row})>0"

    def empty(self, name: str) -> str:
        return f"LEN(TRIM({self.cell(name)}))=0"

    def figures(self, *names: str) -> str:
        """All of these cells hold a number, date or time."""
        return f"COUNT({','.join(self.cell(name) for name in names)})={len(names)}"

    def says(self, name: str, code: str) -> str:
        """The cell holds this code of its list, or the word for it."""
        listed = self.area.field(name).code_list
        words = {code} if listed is None else {shown_labels(listed, self.language)[code], code}
        return f"OR({','.join(f'{self.cell(name)}={_quoted(word)}' for word in sorted(words))})"


def colourings(cells: Cells) -> list[Colouring]:
    """All that is coloured on an area's sheet: what rules forbid, keys that stand twice, what is missing."""
    found = [
        Colouring(text.fields[0], RULES[text.schema, text.name](cells), "wrong")
        for text in rules_of(cells.area.schema)
    ]
    found += [Colouring(name, _repeated(cells), "wrong") for name in cells.area.key]
    found += [Colouring(f.name, _missing(cells, f.name), "missing") for f in cells.area.fields if f.required]
    return [Colouring(each.field, f"=IFERROR({each.formula},FALSE)", each.sign) for each in found]


def _quoted(word: str) -> str:
    doubled = word.replace('"', '""')
    return f'"{doubled}"'


# -------------------------------------------------------------- derived from the declaration
def _missing(cells: Cells, name: str) -> str:
    conditions = [cells.empty(name), cells.row_begun]
    if not cells.area.field(name).key:
        conditions.append(cells.empty("remarks"))
    return f"AND({','.join(conditions)})"


def _repeated(cells: Cells) -> str:
    # COUNTIFS is fast but takes 007 for 7 and only the first 15 digits: what it finds is looked at exactly.
    alike = ",".join(f"{cells.whole(name)},{cells.cell(name)}" for name in cells.area.key)
    same = "*".join(_same(cells, name) for name in cells.area.key)
    filled = ",".join(f"NOT({cells.empty(name)})" for name in cells.area.key)
    return f"AND({filled},IF(COUNTIFS({alike})>1,SUMPRODUCT({same}*1)>1))"


def _same(cells: Cells, name: str) -> str:
    # EXACT tells A from a; of dates and times LibreOffice's says nothing.
    if cells.area.field(name).kind in ("date", "instant"):
        return f"({cells.whole(name)}={cells.cell(name)})"
    return f"EXACT({cells.whole(name)},{cells.cell(name)})"


# --------------------------------------------------------------------- the rules of tables.py
def _card_ends(cells: Cells) -> str:
    card = cells.cell("id_number")
    return (
        f'LEN({card})=18,LEFT({card})<>"0",ISNUMBER(FIND(UPPER(RIGHT({card})),"{idcard.CHECK_CHARACTERS}"))'
    )


def _card_form(cells: Cells) -> str:
    # A character that is no digit makes the product an error.
    return f"{_card_ends(cells)},ISNUMBER(SUMPRODUCT(MID({cells.cell('id_number')},{ID_PLACES},1)*1))"


def _id_card_form(cells: Cells) -> str:
    is_card = cells.says("id_type", "id_card")
    return f"AND({is_card},NOT({cells.empty('id_number')}),NOT(IFERROR(AND({_card_form(cells)}),FALSE)))"


def _id_check_character(cells: Cells) -> str:
    card = cells.cell("id_number")
    remainder = f"MOD(SUMPRODUCT(MID({card},{ID_PLACES},1)*{ID_WEIGHTS}),11)"
    expected = f'MID("{idcard.CHECK_CHARACTERS}",{remainder}+1,1)'
    is_card = cells.says("id_type", "id_card")
    return f"AND({is_card},{_card_ends(cells)},{expected}<>UPPER(RIGHT({card})))"


def _birth_date_in_id(cells: Cells) -> str:
    card, birth = cells.cell("id_number"), cells.cell("birth_date")
    # Not TEXT(…, "yyyymmdd"): its letters mean other things in other languages.
    stated = f"YEAR({birth})*10000+MONTH({birth})*100+DAY({birth})"
    conditions = [cells.says("id_type", "id_card"), cells.figures("birth_date"), _card_form(cells)]
    return f"AND({','.join(conditions)},{stated}<>MID({card},7,8)*1)"


def _gender_in_id(cells: Cells) -> str:
    odd = f"MOD(MID({cells.cell('id_number')},17,1),2)"
    wrong = f"IF({odd},{cells.says('gender', '2')},{cells.says('gender', '1')})"
    return f"AND({cells.says('id_type', 'id_card')},{_card_form(cells)},{wrong})"


def _birth_date_of_person(cells: Cells) -> str:
    person = cells.says("client_type", "individual")
    return f"AND({person},{cells.empty('birth_date')},{cells.empty('remarks')})"


def _age_at_opening(cells: Cells) -> str:
    birth, day = cells.cell("birth_date"), cells.cell("opened_on")
    before_birthday = f"(MONTH({day})*100+DAY({day})<MONTH({birth})*100+DAY({birth}))"
    middle, reach = (tables.YOUNGEST + tables.OLDEST) / 2, (tables.OLDEST - tables.YOUNGEST) / 2
    age = f"YEAR({day})-YEAR({birth})-{before_birthday}"
    far = f"ABS({age}-{figure(middle)})>{figure(reach)}"
    return f"AND({cells.says('client_type', 'individual')},{cells.figures('birth_date', 'opened_on')},{far})"


def _consent_has_date(cells: Cells) -> str:
    return f"AND({cells.says('marketing_consent', 'yes')},{cells.empty('consent_on')})"


def _consent_not_later(cells: Cells) -> str:
    # The rule's day of grace; in the firm's own time zone rather than in UTC.
    both = cells.figures("consent_on", "updated_at")
    return f"AND({both},{cells.cell('consent_on')}>INT({cells.cell('updated_at')})+1)"


def _net_assets_add_up(cells: Cells) -> str:
    total, owed, net = (cells.cell(name) for name in ("total_assets", "liabilities", "net_assets"))
    all_there = cells.figures("total_assets", "liabilities", "net_assets")
    return f"AND({all_there},ABS({total}-{owed}-{net})>{figure(tables.MONEY_TOLERANCE)})"


def _financial_within_total(cells: Cells) -> str:
    both = cells.figures("financial_assets", "total_assets")
    most = f"{cells.cell('total_assets')}+{figure(tables.MONEY_TOLERANCE)}"
    return f"AND({both},{cells.cell('financial_assets')}>{most})"


def _lowest_class_is_c1(cells: Cells) -> str:
    lowest, stated = cells.says("lowest_class", "yes"), f"NOT({cells.empty('risk_level')})"
    return f"AND({lowest},{stated},NOT({cells.says('risk_level', 'C1')}))"


def _someone_is_named(cells: Cells) -> str:
    nobody = ",".join(cells.empty(name) for name in ("related_client_id", "related_name", "remarks"))
    return f"AND({cells.row_begun},{nobody})"


def _not_to_itself(cells: Cells) -> str:
    other = cells.cell("related_client_id")
    return f"AND(NOT({cells.empty('related_client_id')}),EXACT({other},{cells.cell('client_id')}))"


def _amount_is_product(cells: Cells) -> str:
    product = f"{cells.cell('quantity')}*{cells.cell('price')}"
    relative = f"{figure(tables.AMOUNT_RELATIVE_TOLERANCE)}*{product}"
    gap = f"ABS({cells.cell('amount')}-{product})"
    all_there = cells.figures("amount", "quantity", "price")
    return f"AND({all_there},{gap}>MAX({figure(tables.AMOUNT_TOLERANCE)},{relative}))"


def _closed_has_time(cells: Cells) -> str:
    closed, timed = cells.says("status", "closed"), f"NOT({cells.empty('closed_at')})"
    return f"AND(NOT({cells.empty('status')}),{closed}<>{timed})"


def _later(name: str, earlier: str) -> Callable[[Cells], str]:
    """The first of two dates or times lies before the second."""

    def formula(cells: Cells) -> str:
        return f"AND({cells.figures(name, earlier)},{cells.cell(name)}<{cells.cell(earlier)})"

    return formula


RULES: Mapping[tuple[str, str], Callable[[Cells], str]] = {
    ("Clients", "id_card_form"): _id_card_form,
    ("Clients", "id_check_character"): _id_check_character,
    ("Clients", "birth_date_in_id"): _birth_date_in_id,
    ("Clients", "gender_in_id"): _gender_in_id,
    ("Clients", "birth_date_of_person"): _birth_date_of_person,
    ("Clients", "age_at_opening"): _age_at_opening,
    ("Contacts", "consent_has_date"): _consent_has_date,
    ("Contacts", "consent_not_later"): _consent_not_later,
    ("Finances", "net_assets_add_up"): _net_assets_add_up,
    ("Finances", "financial_within_total"): _financial_within_total,
    ("Preferences", "expires_after_assessment"): _later("expires_on", "assessed_on"),
    ("Preferences", "lowest_class_is_c1"): _lowest_class_is_c1,
    ("Relations", "someone_is_named"): _someone_is_named,
    ("Relations", "not_to_itself"): _not_to_itself,
    ("Relations", "until_after_since"): _later("until", "since"),
    ("Trades", "amount_is_product"): _amount_is_product,
    ("ServiceRequests", "response_after_opening"): _later("first_response_at", "opened_at"),
    ("ServiceRequests", "closed_after_response"): _later("closed_at", "first_response_at"),
    ("ServiceRequests", "closed_after_opening"): _later("closed_at", "opened_at"),
    ("ServiceRequests", "closed_has_time"): _closed_has_time,
    ("Campaigns", "ends_after_start"): _later("ends_on", "starts_on"),
    ("CampaignContacts", "outcome_after_contact"): _later("outcome_at", "contacted_at"),
}
"""The formula of each rule over several fields, by the rule's schema and name."""
