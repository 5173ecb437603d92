"""The errors that people make in hand-ins, each with the rule that must catch it.

Some break nothing: full-width digits, spaces in a phone number and the like are read all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from clientlib import idcard
from clientlib.codes import CODES
from clientlib.simulate.handins import FIRST_ROW, Sheet
from clientlib.simulate.streams import stream

Row = dict[str, Any]
Outcome = Literal["error", "pending", "harmless"]
TWICE = 2
"""Each kind is put in so often, where there are rows for it."""
LOOKED_AT = 4000
"""Rows of a sheet that are looked at for one that suits."""
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
INSTANT_FORM = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Mistake:
    """One kind of error: which rows it can befall, and what then stands in their cells.

    `again` None: the row itself is changed. Otherwise it is repeated at the end of the sheet, with
    the change.
    """

    kind: str
    area: str
    field: str
    rule: str | None
    change: Callable[[Row], Row]
    suits: Callable[[Row], bool]
    outcome: Outcome = "error"
    again: bool = False


def put_in(sheets: list[Sheet], seed: int) -> list[dict[str, Any]]:
    """Put every kind of error into the sheets, no row twice, and list what stands where."""
    used: set[tuple[int, int]] = set()
    listed = []
    for mistake in MISTAKES:
        rng = stream(seed, f"mistakes.{mistake.kind}")
        homes = [number for number, sheet in enumerate(sheets) if sheet.area.name == mistake.area]
        for place in _places(rng, sheets, homes, mistake, used):
            used.add(place)
            listed.append(_put(sheets[place[0]], place[1], mistake))
    return sorted(listed, key=lambda entry: (entry["file"], entry["sheet"] or "", entry["row"]))


def _places(
    rng: np.random.Generator,
    sheets: list[Sheet],
    homes: list[int],
    mistake: Mistake,
    used: set[tuple[int, int]],
) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for home in rng.permutation(homes).tolist():
        sheet = sheets[home]
        for row in rng.permutation(min(sheet.cells.height, LOOKED_AT)).tolist():
            if len(found) == TWICE:
                return found
            if (home, row) not in used and mistake.suits(sheet.row(row)):
                found.append((home, row))
                # One a sheet, so that they come from several branches where there are several.
                if len(homes) > 1:
                    break
    return found


def _put(sheet: Sheet, row: int, mistake: Mistake) -> dict[str, Any]:
    changed = mistake.change(sheet.row(row))
    at = row
    if mistake.again:
        at = sheet.cells.height + len(sheet.extra)
        sheet.extra.append(sheet.row(row) | changed)
    else:
        sheet.slips |= {(row, name): value for name, value in changed.items()}
    return {
        "file": sheet.file,
        "sheet": sheet.sheet,
        "row": at + FIRST_ROW,
        "area": mistake.area,
        "field": mistake.field,
        "kind": mistake.kind,
        "rule": mistake.rule,
        "outcome": mistake.outcome,
    }


# ------------------------------------------------------------------------------ suiting


def _any(_: Row) -> bool:
    return True


def _has(*names: str) -> Callable[[Row], bool]:
    return lambda row: all(row[name] is not None for name in names)


def _card(row: Row) -> bool:
    return bool(row["id_type"] == CODES["id_type"].label("id_card", "zh"))


def _swappable(row: Row) -> bool:
    """Day and month can change places, and the client is an adult either way."""
    born: dt.date | None = row["birth_date"]
    if born is None or not _card(row) or born.day > 12 or born.day == born.month:
        return False
    return bool(row["opened_on"].year - born.year > 20)


# ------------------------------------------------------------------------------ changing


def _set(name: str, value: Any) -> Callable[[Row], Row]:
    return lambda _: {name: value}


def _wrong_check(row: Row) -> Row:
    number: str = row["id_number"]
    others = [c for c in idcard.CHECK_CHARACTERS if c != number[-1]]
    return {"id_number": number[:-1] + others[0]}


def _swapped(row: Row) -> Row:
    born: dt.date = row["birth_date"]
    return {"birth_date": born.replace(month=born.day, day=born.month)}


def _other_sex(row: Row) -> Row:
    male, female = (CODES["gender"].label(code, "zh") for code in ("1", "2"))
    return {"gender": female if row["gender"] == male else male}


def _child(row: Row) -> Row:
    born: dt.date = row["birth_date"]
    return {"opened_on": born + dt.timedelta(days=4000)}


def _spaced(row: Row) -> Row:
    number: str = row["mobile"]
    return {"mobile": f"{number[:3]} {number[3:7]} {number[7:]}"}


def _in_ten_thousands(row: Row) -> Row:
    return {"annual_income": f"{row['annual_income'] / 10_000:.2f}万"}


def _with_commas(row: Row) -> Row:
    return {"annual_income": f"{row['annual_income']:,.0f}"}


def _before_opening(row: Row) -> Row:
    opened = dt.datetime.strptime(row["opened_at"], INSTANT_FORM)
    return {"closed_at": (opened - dt.timedelta(hours=5)).strftime(INSTANT_FORM)}


def _chinese_date(row: Row) -> Row:
    day: dt.date = row["assessed_on"]
    return {"assessed_on": f"{day.year}年{day.month}月{day.day}日"}


def _percent(row: Row) -> Row:
    return {"max_loss": f"{row['max_loss']:.0%}"}


def _earns(row: Row) -> bool:
    return bool(row["annual_income"] >= 1000)


MISTAKES: tuple[Mistake, ...] = (
    # ------------------------------------------------------------------------- clients
    Mistake("wrong check character", "clients", "id_number", "id_check_character", _wrong_check, _card),
    Mistake(
        "digit left out",
        "clients",
        "id_number",
        "id_card_form",
        lambda r: {"id_number": r["id_number"][:-1]},
        _card,
    ),
    Mistake("day and month swapped", "clients", "birth_date", "birth_date_in_id", _swapped, _swappable),
    Mistake("gender of someone else", "clients", "gender", "gender_in_id", _other_sex, _card),
    Mistake("opened as a child", "clients", "opened_on", "age_at_opening", _child, _has("birth_date")),
    Mistake(
        "day that does not exist",
        "clients",
        "opened_on",
        "no_such_date",
        _set("opened_on", "2026-02-30"),
        _any,
    ),
    Mistake("Excel serial as date", "clients", "opened_on", "date_serial", _set("opened_on", 45000), _any),
    Mistake(
        "day or month first", "clients", "opened_on", "ambiguous_date", _set("opened_on", "03/04/2025"), _any
    ),
    Mistake("unknown code", "clients", "status", "code", _set("status", "冻结"), _any),
    Mistake("required cell empty", "clients", "full_name", "required", _set("full_name", None), _any),
    Mistake("formula", "clients", "employer", "formula", _set("employer", "=cmd|' /C calc'!A0"), _any),
    # ------------------------------------------------------------------------ contacts
    Mistake(
        "full-width digits",
        "contacts",
        "mobile",
        None,
        lambda r: {"mobile": r["mobile"].translate(FULL_WIDTH)},
        _has("mobile"),
        "harmless",
    ),
    Mistake("phone with spaces", "contacts", "mobile", None, _spaced, _has("mobile"), "harmless"),
    Mistake(
        "required cell empty with a reason",
        "contacts",
        "mobile",
        None,
        lambda _: {"mobile": None, "remarks": "客户出国，号码待补"},
        _any,
        "pending",
    ),
    Mistake(
        "phone too short",
        "contacts",
        "mobile",
        "pattern",
        lambda r: {"mobile": r["mobile"][:-2]},
        _has("mobile"),
    ),
    Mistake(
        "mail address without @", "contacts", "email", "pattern", _set("email", "client#example.com"), _any
    ),
    Mistake(
        "consent without its date",
        "contacts",
        "consent_on",
        "consent_has_date",
        _set("consent_on", None),
        _has("consent_on"),
    ),
    # ------------------------------------------------------------------------ finances
    Mistake(
        "letter O for zero", "finances", "annual_income", "not_a_number", _set("annual_income", "1,00O"), _any
    ),
    Mistake("thousands separators", "finances", "annual_income", None, _with_commas, _earns, "harmless"),
    Mistake("amount in 万", "finances", "annual_income", None, _in_ten_thousands, _earns, "harmless"),
    Mistake(
        "net assets do not add up",
        "finances",
        "net_assets",
        "net_assets_add_up",
        lambda r: {"net_assets": r["net_assets"] + 5000},
        _has("net_assets"),
    ),
    Mistake(
        "negative income",
        "finances",
        "annual_income",
        "min",
        lambda r: {"annual_income": -r["annual_income"]},
        _earns,
    ),
    # --------------------------------------------------------------------- preferences
    Mistake(
        "score out of range",
        "preferences",
        "questionnaire_score",
        "max",
        _set("questionnaire_score", 120),
        _any,
    ),
    Mistake(
        "expires before it begins",
        "preferences",
        "expires_on",
        "expires_after_assessment",
        lambda r: {"expires_on": r["assessed_on"] - dt.timedelta(days=30)},
        _any,
    ),
    Mistake("date in words", "preferences", "assessed_on", None, _chinese_date, _any, "harmless"),
    Mistake("per cent", "preferences", "max_loss", None, _percent, _has("max_loss"), "harmless"),
    # ----------------------------------------------------------------------- relations
    Mistake(
        "related to itself",
        "relations",
        "related_client_id",
        "not_to_itself",
        lambda r: {"related_client_id": r["client_id"]},
        _has("related_client_id"),
    ),
    # -------------------------------------------------------------------------- trades
    Mistake("negative quantity", "trades", "quantity", "above", lambda r: {"quantity": -r["quantity"]}, _any),
    Mistake(
        "amount is not the product",
        "trades",
        "amount",
        "amount_is_product",
        lambda r: {"amount": round(r["amount"] * 1.1, 2)},
        _any,
    ),
    Mistake("key empty", "trades", "trade_id", "nullability", _set("trade_id", None), _any),
    Mistake("row repeated", "trades", "trade_id", "repeat", lambda _: {}, _any, again=True),
    Mistake(
        "number used again",
        "trades",
        "trade_id",
        "contradiction",
        lambda r: {"quantity": r["quantity"] * 2, "amount": round(r["quantity"] * 2 * r["price"], 2)},
        _any,
        again=True,
    ),
    # ------------------------------------------------------------------------- service
    Mistake(
        "closed before it was opened",
        "service_requests",
        "closed_at",
        "closed_after_opening",
        _before_opening,
        _has("closed_at"),
    ),
    Mistake(
        "closed without a time",
        "service_requests",
        "closed_at",
        "closed_has_time",
        _set("closed_at", None),
        _has("closed_at"),
    ),
    Mistake("half a point", "feedback", "csat", "not_whole", _set("csat", "4.5"), _has("csat")),
    Mistake("no price", "prices", "close", "above", _set("close", 0), _any),
    Mistake("loan below zero", "balances", "margin_loan", "min", _set("margin_loan", -100), _any),
)
"""Every kind, and the rule that intake names when it meets it."""
