"""A field → what Excel asks of its cells: the hint on entering one, what may be typed, what is said else.

A cell is stopped where the intake would refuse it, or where the right form can always be typed or chosen.
Where the intake reads more forms than Excel can tell apart, Excel only warns.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from clientlib.codes import CodeList
from clientlib.config import Language
from clientlib.declare import LATEST_DATE, SEPARATOR, Field
from clientlib.intake.messages import Message, bound_text
from clientlib.sheets.limits import LONGEST_PROMPT, LONGEST_PROMPT_TITLE, shortened
from clientlib.sheets.lists import Lists
from clientlib.sheets.values import LARGEST_WHOLE, figure, shown_labels

PLACES = "clientlib_places"
"""The name of the numbers 1 to `LONGEST_CHECKED` in a workbook: a validation may hold no list itself."""
LONGEST_CHECKED = 60
_LONG_LIST = 30
_CLASSES = re.compile(r"(?:(?:\[(?!\^)(?:\\.|[^\]\\])+\]|\\d)(?:\{\d+(?:,\d*)?\}|[+*?])?)+")
_CLASS = re.compile(r"\[(?:\\.|[^\]\\])+\]|\\d")
Options = dict[str, Any]


def validation(field: Field, cell: str, lists: Lists, branches: CodeList | None) -> Options:
    """The validation of a field's column, as XlsxWriter takes it.

    Parameters
    ----------
    field : Field
    cell : str
        The first cell of the column, e.g. "C2": formulas are relative to it.
    lists : Lists
        Where drop-down lists find their entries.
    branches : CodeList, optional
        The branches that may stand in the field, where it is one for branches.
    """
    language = lists.language
    listed = field.code_list if branches is None else branches
    if listed is not None and field.kind != "codes":
        checked = _from_list(listed, lists)
    else:
        checked = _CHECKS[field.kind](field, cell)
    said: Message = checked.pop("said")
    options = {
        "ignore_blank": True,
        "input_title": shortened(field.title(language), LONGEST_PROMPT_TITLE),
        "input_message": shortened(_prompt(field, language), LONGEST_PROMPT),
        "error_title": shortened(field.title(language), LONGEST_PROMPT_TITLE),
        "error_message": shortened(said.text(language), LONGEST_PROMPT),
        "error_type": "stop",
    }
    return {**options, **checked}


# ----------------------------------------------------------------------------------- hints
def _prompt(field: Field, language: Language) -> str:
    """The hint of the field, and what its star and its list ask for."""
    said = [_duty(field), Message(field.hint_en, field.hint_zh), _way(field, language)]
    return "\n".join(each.text(language) for each in said if each is not None)


def _duty(field: Field) -> Message | None:
    if field.key:
        return Message("Required in every row.", "每行必填。")
    if field.required:
        return Message(
            "Required; if it must stay empty, say why in Remarks.",
            "必填；确实无法填写时，请在备注中说明原因。",
        )
    return None


def _way(field: Field, language: Language) -> Message | None:
    if field.code_list is None:
        return None
    if field.kind != "codes":
        return Message("Choose from the list (Alt+↓).", "请从下拉列表选择（Alt+↓）。")
    words = SEPARATOR.join(shown_labels(field.code_list, language, several=True).values())
    return Message(f"Of these: {words}", f"可选：{words}")


# ---------------------------------------------------------------------------------- checks
def _from_list(listed: CodeList, lists: Lists) -> Options:
    # Of a long list, people know the code of what they want: the intake takes it, and a stop would not.
    long = len(listed.entries) > _LONG_LIST
    code = listed.entries[0].value
    stop = Message(
        "This is not in the list. Choose an entry of the list.", "不在列表中。请从下拉列表中选择。"
    )
    warn = Message(
        f"This is not in the list. Choose an entry; a code of the list, e.g. {code}, may stand too.",
        f"不在列表中。请从列表选择；也可填写列表中的代码，例如 {code}。",
    )
    return {
        "validate": "list",
        "source": lists.source(listed),
        "error_type": "warning" if long else "stop",
        "said": warn if long else stop,
    }


def _codes(field: Field, _cell: str) -> Options:
    """Excel's lists take one value only: here a length is all that it can check."""
    entries = field.code_list.entries if field.code_list else ()
    longest = sum(max(len(e.value), len(e.en), len(e.zh)) + 1 for e in entries)
    said = Message(
        "This is longer than all values of the list together. Choose from those of the hint, "
        "separated by semicolons.",
        "内容超过列表全部选项的长度。请从提示的选项中选择，以分号分隔。",
    )
    return {**_at_most(longest), "error_type": "warning", "said": said}


def _text(field: Field, cell: str) -> Options:
    longest = field.maximum
    allowed = plain_characters(field.pattern) if field.pattern else None
    if allowed is not None and longest <= LONGEST_CHECKED and '"' not in allowed:
        fits = f'SUMPRODUCT(--ISNUMBER(FIND(MID({cell},{PLACES},1),"{allowed}")))={LONGEST_CHECKED}'
        said = Message(
            f"At most {longest} characters, and only those that are allowed here: no spaces, no others. "
            "Correct the cell.",
            f"最多{longest}个字符，且不能有空格或其他不允许的字符。请更正。",
        )
        if " " in allowed:
            said = Message(
                f"At most {longest} letters, digits, spaces and hyphens. Correct the cell.",
                f"最多{longest}个字母、数字、空格或连字符。请更正。",
            )
        return {"validate": "custom", "value": f"=AND(LEN({cell})<={longest},{fits})", "said": said}
    said = Message(
        f"This is longer than the {longest} characters that are allowed. Shorten it.",
        f"超过允许的{longest}个字符。请缩短内容。",
    )
    return {**_at_most(longest), "said": said}


def plain_characters(pattern: str) -> str | None:
    """The ASCII characters that a pattern of nothing but character classes allows; None: it is another."""
    if not _CLASSES.fullmatch(pattern):
        return None
    either = re.compile("|".join(_CLASS.findall(pattern)), re.ASCII)
    return "".join(chr(code) for code in range(32, 127) if either.fullmatch(chr(code)))


def _phone(field: Field, cell: str) -> Options:
    """People write phones in many ways that the intake reads: only what is surely no number is warned of."""
    digits = f'SUMPRODUCT(--ISNUMBER(FIND(MID({cell},{PLACES},1),"+0123456789 -().")))={LONGEST_CHECKED}'
    foreign = f'LEFT({cell})="+",LEFT({cell},2)="00"'
    said = Message(
        "A mobile number has 11 digits; a foreign one begins with + and the country code. Correct it?",
        "手机号码为11位数字；境外号码以+和国家代码开头。是否更正？",
    )
    value = f"=AND({digits},LEN({cell})<={field.maximum + 5},OR({foreign},LEN({cell})>=11))"
    return {"validate": "custom", "value": value, "error_type": "warning", "said": said}


def _email(field: Field, cell: str) -> Options:
    one_at = f'LEN({cell})-LEN(SUBSTITUTE({cell},"@",""))=1'
    dot_after = f'ISNUMBER(FIND(".",{cell},FIND("@",{cell})+2))'
    said = Message(
        "This is no e-mail address. It has one @, a dot after it, and no space: name@example.com.",
        "电子邮箱格式不正确：应有一个@，其后有点，且无空格，例如 name@example.com。",
    )
    value = f'=AND(LEN({cell})<={field.maximum},{one_at},{dot_after},ISERROR(FIND(" ",TRIM({cell}))))'
    return {"validate": "custom", "value": value, "said": said}


def _at_most(longest: int) -> Options:
    return {"validate": "length", "criteria": "<=", "value": longest}


def _date(field: Field, _cell: str) -> Options:
    said = Message(
        f"This is no date from {field.minimum} to {field.maximum}. Type year-month-day, e.g. 2026-03-21.",
        f"不是{field.minimum}至{field.maximum}之间的日期。请按年-月-日填写，例如 2026-03-21。",
    )
    return _between("date", field.minimum, field.maximum, said)


def _instant(field: Field, _cell: str) -> Options:
    said = Message(
        f"This is no date and time from {field.minimum} on. Type e.g. 2026-03-21 10:31:00.",
        f"不是{field.minimum}以后的日期时间。请填写，例如 2026-03-21 10:31:00。",
    )
    last = dt.datetime.combine(field.maximum or LATEST_DATE, dt.time(23, 59, 59))
    return _between("date", field.minimum, last, said)


def _between(kind: str, low: Any, high: Any, said: Message) -> Options:
    return {"validate": kind, "criteria": "between", "minimum": low, "maximum": high, "said": said}


def _number(field: Field, _cell: str) -> Options:
    kind = "integer" if field.kind == "integer" else "decimal"
    if field.above is not None and field.maximum is None:
        return {"validate": kind, "criteria": ">", "value": f"={figure(field.above)}", "said": _bounds(field)}
    stated = field.above if field.minimum is None else field.minimum
    low = -LARGEST_WHOLE if stated is None else max(stated, -LARGEST_WHOLE)
    high = LARGEST_WHOLE if field.maximum is None else min(field.maximum, LARGEST_WHOLE)
    return _between(kind, f"={figure(low)}", f"={figure(high)}", _bounds(field))


def _bounds(field: Field) -> Message:
    if field.kind == "fraction":
        return Message(
            "This is no share from 0% to 100%. Type e.g. 20%.", "不是0%至100%之间的比例。请填写，例如 20%。"
        )
    what = ("a whole number", "整数") if field.kind == "integer" else ("a number", "数字")
    bounds = (
        (field.above, "above ", "大于"),
        (field.minimum, "of at least ", "不小于"),
        (field.maximum, "of at most ", "不大于"),
    )
    stated = [(bound_text(bound), en, zh) for bound, en, zh in bounds if bound is not None]
    en, zh = [f"{en}{bound}" for bound, en, _ in stated], [f"{zh}{bound}" for bound, _, zh in stated]
    return Message(
        f"This is not {' '.join((what[0], ' and '.join(en))).strip()}. Type digits only, no units.",
        f"不是{'且'.join(zh)}{'的' if zh else ''}{what[1]}。请只填数字，不带单位。",
    )


_CHECKS: dict[str, Callable[[Field, str], Options]] = {
    "text": _text,
    "id_number": _text,
    "phone": _phone,
    "email": _email,
    "codes": _codes,
    "integer": _number,
    "number": _number,
    "money": _number,
    "fraction": _number,
    "date": _date,
    "instant": _instant,
}
