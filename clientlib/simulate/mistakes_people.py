"""The errors that branches make in what they key in about clients, each with the rule that must catch it."""

from __future__ import annotations

import datetime as dt

from clientlib import idcard
from clientlib.simulate.mistake import (
    Mistake,
    Row,
    earlier,
    has,
    moved_left,
    moved_right,
    put,
    says,
    transposed,
    unexcused,
    worded,
)

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
TOO_LONG = "云帆国际投资管理有限公司上海浦东新区第一分公司"
"""A name so long that five of it do not fit into a field of 100 characters."""
MOBILE_DIGITS = 11


# ------------------------------------------------------------------------------ clients
def _card(row: Row) -> bool:
    return says(row, "id_type", "id_type", "id_card")


def _card_with_zero(row: Row) -> bool:
    return _card(row) and "0" in row["id_number"]


def _person(row: Row) -> bool:
    return row["birth_date"] is not None and unexcused(row)


def _swappable(row: Row) -> bool:
    """Day and month can change places, and the client is an adult either way."""
    born: dt.date | None = row["birth_date"]
    if born is None or not _card(row) or born.day > 12 or born.day == born.month:
        return False
    return bool(row["opened_on"].year - born.year > 20)


def _wrong_check(row: Row) -> Row:
    number: str = row["id_number"]
    others = [c for c in idcard.CHECK_CHARACTERS if c != number[-1]]
    return {"id_number": number[:-1] + others[0]}


def _transposed_region(row: Row) -> Row:
    # In the region, so that the birth date stays and only the check character can tell.
    number: str = row["id_number"]
    return {"id_number": transposed(number[:6]) + number[6:]}


def _region_can_be_transposed(row: Row) -> bool:
    if not _card(row):
        return False
    region: str = row["id_number"][:6]
    # A number that begins with 0 has not the form of a card's.
    return len(set(region)) > 1 and transposed(region)[0] != "0"


def _swapped(row: Row) -> Row:
    born: dt.date = row["birth_date"]
    return {"birth_date": born.replace(month=born.day, day=born.month)}


def _other_sex(row: Row) -> Row:
    other = "2" if says(row, "gender", "gender", "1") else "1"
    return {"gender": worded("gender", other, like=row["gender"])}


def _child(row: Row) -> Row:
    born: dt.date = row["birth_date"]
    return {"opened_on": born + dt.timedelta(days=4000)}


def _two_digit_year(row: Row) -> Row:
    return {"birth_date": f"{row['birth_date']:%y-%m-%d}"}


def _in_scientific_notation(row: Row) -> Row:
    return {"id_number": f"{int(row['id_number'][:17]) * 10:.5E}"}


def _spaced_key(row: Row) -> Row:
    number: str = row["client_id"]
    return {"client_id": f"{number[:1]} {number[1:]}"}


CLIENTS = (
    Mistake("wrong check character", "clients", "id_number", "id_check_character", _wrong_check, _card),
    Mistake(
        "transposed digits",
        "clients",
        "id_number",
        "id_check_character",
        _transposed_region,
        _region_can_be_transposed,
    ),
    Mistake(
        "digit left out",
        "clients",
        "id_number",
        "id_card_form",
        lambda r: {"id_number": r["id_number"][:-1]},
        _card,
    ),
    Mistake(
        "letter O in an ID number",
        "clients",
        "id_number",
        "id_card_form",
        lambda r: {"id_number": r["id_number"].replace("0", "O", 1)},
        _card_with_zero,
    ),
    Mistake(
        "ID number spoiled by Excel",
        "clients",
        "id_number",
        "pattern",
        _in_scientific_notation,
        _card,
    ),
    Mistake("day and month swapped", "clients", "birth_date", "birth_date_in_id", _swapped, _swappable),
    Mistake("year of two digits", "clients", "birth_date", "not_a_date", _two_digit_year, _person),
    Mistake(
        "birth date left out",
        "clients",
        "birth_date",
        "birth_date_of_person",
        put(birth_date=None),
        _person,
    ),
    Mistake("gender of someone else", "clients", "gender", "gender_in_id", _other_sex, _card),
    Mistake("opened as a child", "clients", "birth_date", "age_at_opening", _child, _person),
    Mistake("day that does not exist", "clients", "opened_on", "no_such_date", put(opened_on="2026-02-30")),
    Mistake("Excel serial as date", "clients", "opened_on", "date_serial", put(opened_on=45000)),
    Mistake("day or month first", "clients", "opened_on", "ambiguous_date", put(opened_on="03/04/2025")),
    Mistake("year too far ahead", "clients", "opened_on", "max", put(opened_on="2206-03-21")),
    Mistake("no result of a look-up", "clients", "advisor", "cell_error", put(advisor="#N/A")),
    Mistake("unknown code", "clients", "status", "code", put(status="冻结")),
    Mistake("code of another list", "clients", "investor_class", "code", put(investor_class="C3")),
    Mistake("required cell empty", "clients", "full_name", "required", put(full_name=None), unexcused),
    Mistake("key empty", "clients", "client_id", "nullability", put(client_id=None)),
    Mistake("key with a space", "clients", "client_id", "pattern", _spaced_key),
    Mistake("text too long", "clients", "employer", "max_length", put(employer=TOO_LONG * 5)),
    Mistake("one column too far right", "clients", "client_type", "code", moved_right("full_name")),
)


# ------------------------------------------------------------------------------ contacts
def _mainland(row: Row) -> bool:
    return row["mobile"] is not None and len(row["mobile"]) == MOBILE_DIGITS


def _spaced(row: Row) -> Row:
    number: str = row["mobile"]
    return {"mobile": f"{number[:3]} {number[3:7]} {number[7:]}"}


CONTACTS = (
    Mistake(
        "full-width digits",
        "contacts",
        "mobile",
        None,
        lambda r: {"mobile": r["mobile"].translate(FULL_WIDTH)},
        has("mobile"),
        "harmless",
    ),
    Mistake("phone with spaces", "contacts", "mobile", None, _spaced, has("mobile"), "harmless"),
    Mistake(
        "required cell empty with a reason",
        "contacts",
        "mobile",
        None,
        put(mobile=None, remarks="客户出国，号码待补"),
        outcome="pending",
    ),
    Mistake(
        "phone too short",
        "contacts",
        "mobile",
        "pattern",
        lambda r: {"mobile": r["mobile"][:-2]},
        _mainland,
    ),
    Mistake("land line as mobile", "contacts", "mobile", "pattern", put(mobile="021-58881234")),
    Mistake("foreign phone without +", "contacts", "mobile", "pattern", put(mobile="447911123456")),
    Mistake(
        "letter l in a phone",
        "contacts",
        "mobile",
        "pattern",
        lambda r: {"mobile": "l" + r["mobile"][1:]},
        _mainland,
    ),
    Mistake(
        "two phones in one cell",
        "contacts",
        "mobile",
        "pattern",
        lambda r: {"mobile": f"{r['mobile']}/{r['mobile'][:-1]}0"},
        _mainland,
    ),
    Mistake(
        "phone spoiled by Excel",
        "contacts",
        "mobile",
        "pattern",
        lambda r: {"mobile": f"{int(r['mobile']):.5E}"},
        _mainland,
    ),
    Mistake("mail address without @", "contacts", "email", "pattern", put(email="client#example.com")),
    Mistake(
        "two mail addresses in one cell",
        "contacts",
        "email",
        "pattern",
        lambda r: {"email": f"{r['email']};new.{r['email']}"},
        has("email"),
    ),
    Mistake("postcode too short", "contacts", "postcode", "pattern", put(postcode="20")),
    Mistake("answer in words", "contacts", "marketing_consent", "code", put(marketing_consent="口头答应")),
    Mistake(
        "consent without its date",
        "contacts",
        "consent_on",
        "consent_has_date",
        put(consent_on=None),
        has("consent_on"),
    ),
    Mistake(
        "consent after the update",
        "contacts",
        "consent_on",
        "consent_not_later",
        lambda r: {"updated_at": earlier(f"{r['consent_on']} 09:00:00", days=30)},
        has("consent_on"),
    ),
    Mistake(
        "no time of the update",
        "contacts",
        "updated_at",
        "no_such_time",
        lambda r: {"updated_at": f"{r['updated_at'][:10]} 25:10"},
    ),
    Mistake("one column too far left", "contacts", "mobile", "pattern", moved_left("mobile"), has("email")),
)


# ------------------------------------------------------------------------------ finances
def _earns(row: Row) -> bool:
    # A pending row has no income yet.
    return bool((row["annual_income"] or 0) >= 1000)


def _in_ten_thousands(row: Row) -> Row:
    return {"annual_income": f"{row['annual_income'] / 10_000:.2f}万"}


def _two_points(row: Row) -> Row:
    whole = f"{row['total_assets']:.0f}"
    return {"total_assets": f"{whole[:-3]}.{whole[-3:]}.00"}


FINANCES = (
    Mistake(
        "thousands separators",
        "finances",
        "annual_income",
        None,
        lambda r: {"annual_income": f"{r['annual_income']:,.0f}"},
        _earns,
        "harmless",
    ),
    Mistake("amount in 万", "finances", "annual_income", None, _in_ten_thousands, _earns, "harmless"),
    Mistake("letter O for zero", "finances", "annual_income", "not_a_number", put(annual_income="1,00O")),
    Mistake(
        "two decimal points", "finances", "total_assets", "not_a_number", _two_points, has("total_assets")
    ),
    Mistake("about so much", "finances", "annual_income", "not_a_number", put(annual_income="约20万左右")),
    Mistake(
        "amount in a unit of its own",
        "finances",
        "annual_income",
        "not_a_number",
        lambda r: {"annual_income": f"{r['annual_income'] / 1000:.0f}k"},
        _earns,
    ),
    Mistake(
        "formula as text",
        "finances",
        "net_assets",
        "not_a_number",
        put(net_assets="=E2-H2"),
    ),
    Mistake("broken reference", "finances", "liabilities", "cell_error", put(liabilities="#REF!")),
    Mistake(
        "yuan in a row of dollars",
        "finances",
        "annual_income",
        "currency_conflict",
        put(annual_income="5万元", currency="USD"),
    ),
    Mistake(
        "net assets do not add up",
        "finances",
        "net_assets",
        "net_assets_add_up",
        lambda r: {"net_assets": r["net_assets"] + 5000},
        has("net_assets", "total_assets", "liabilities"),
    ),
    Mistake(
        "financial assets above all assets",
        "finances",
        "financial_assets",
        "financial_within_total",
        lambda r: {"financial_assets": r["total_assets"] * 2 + 100},
        has("total_assets", "financial_assets"),
    ),
    Mistake(
        "negative income",
        "finances",
        "annual_income",
        "min",
        lambda r: {"annual_income": -r["annual_income"]},
        _earns,
    ),
    Mistake(
        "date of a statement without its year",
        "finances",
        "as_of",
        "not_a_date",
        lambda r: {"as_of": f"{r['as_of']:%m-%d}"},
    ),
    Mistake("currency unknown", "finances", "currency", "code", put(currency="人民")),
)


# --------------------------------------------------------------------------- preferences
def _chinese_date(row: Row) -> Row:
    day: dt.date = row["assessed_on"]
    return {"assessed_on": f"{day.year}年{day.month}月{day.day}日"}


def _not_lowest(row: Row) -> bool:
    return not says(row, "risk_level", "client_level", "C1")


PREFERENCES = (
    Mistake("date in words", "preferences", "assessed_on", None, _chinese_date, outcome="harmless"),
    Mistake(
        "per cent",
        "preferences",
        "max_loss",
        None,
        lambda r: {"max_loss": f"{r['max_loss']:.0%}"},
        has("max_loss"),
        "harmless",
    ),
    Mistake("score out of range", "preferences", "questionnaire_score", "max", put(questionnaire_score=120)),
    Mistake(
        "expires before it begins",
        "preferences",
        "expires_on",
        "expires_after_assessment",
        lambda r: {"expires_on": r["assessed_on"] - dt.timedelta(days=30)},
    ),
    Mistake("more than all", "preferences", "max_loss", "max", put(max_loss="150%")),
    Mistake("per cent sign left out", "preferences", "max_loss", "max", put(max_loss=20)),
    Mistake("level of a product", "preferences", "risk_level", "code", put(risk_level="R3")),
    Mistake(
        "lowest class above C1",
        "preferences",
        "lowest_class",
        "lowest_class_is_c1",
        put(lowest_class="yes"),
        _not_lowest,
    ),
    Mistake(
        "unit in a cell for numbers",
        "preferences",
        "experience_years",
        "not_a_number",
        put(experience_years="5年"),
    ),
    Mistake(
        "one of several codes unknown",
        "preferences",
        "product_types",
        "code",
        put(product_types="股票;黄金首饰"),
    ),
    Mistake("horizon in free words", "preferences", "horizon", "code", put(horizon="看情况")),
)


# ----------------------------------------------------------------------------- relations
RELATIONS = (
    Mistake(
        "related to itself",
        "relations",
        "related_client_id",
        "not_to_itself",
        lambda r: {"related_client_id": r["client_id"]},
    ),
    Mistake(
        "nobody named",
        "relations",
        "related_client_id",
        "someone_is_named",
        put(related_client_id=None, related_name=None),
        unexcused,
    ),
    Mistake(
        "ends before it begins",
        "relations",
        "until",
        "until_after_since",
        lambda r: {"until": r["since"] - dt.timedelta(days=1)},
        has("since"),
    ),
    Mistake("relation unknown", "relations", "kind", "code", put(kind="老朋友")),
)

MISTAKES: tuple[Mistake, ...] = CLIENTS + CONTACTS + FINANCES + PREFERENCES + RELATIONS
