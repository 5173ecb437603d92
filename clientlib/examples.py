"""One realistic example a field, as a person would type it: for the template, dictionary and handbook.

The examples of one area make one row that holds together. They belong to nobody: the ID number is of a
province, and the phones are of ranges, that do not exist (`simulate.identity` says why).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import chain, product

import polars as pl

from clientlib.codes import CodeList
from clientlib.declare import SEPARATOR, Field

Wording = str | tuple[str, str]
"""An example that is the same in both languages, or one for each (English, Chinese)."""

_DAY = dt.date(2026, 3, 21)
_MORNING = "2026-03-21 10:31:00"

_EVERYWHERE: dict[str, Wording] = {
    "client_id": "C000123",
    "branch": ("Nanjing Road", "南京路营业部"),
    "advisor": "A0457",
    "handler": "A0457",
    "security_id": "SE600001",
    "campaign_id": "CP2026-01",
    "as_of": "2025-12-31",
    "currency": "CNY",
    "remarks": ("Statement promised for 10 April.", "客户4月10日前补交资料。"),
}
"""Examples by the name of the field, wherever it stands."""

_IN_AREA: dict[str, dict[str, Wording]] = {
    "clients": {
        "full_name": ("Zhang Wei", "张伟"),
        "id_number": "780101198503210017",
        "birth_date": "1985-03-21",
        "gender": "1",
        "marital_status": "20",
        "occupation": "2",
        "employer": ("Dongfang Machine Works", "东方机械有限公司"),
        "education": "20",
        "opened_on": "2019-06-03",
        "client_group": "Premium",
        "interests": ("tennis;tea", "网球;茶艺"),
        "updated_at": _MORNING,
    },
    "contacts": {
        "mobile": "16012345678",
        "email": "zhangwei@example.com",
        "address": ("Shanghai, Huangpu District, 100 Nanjing East Road", "上海市黄浦区南京东路100号"),
        "region": "31",
        "postcode": "200001",
        "preferred_channel": "wechat",
        "preferred_time": "evening",
        "consent_on": "2026-03-20",
        "updated_at": _MORNING,
    },
    "finances": {
        "annual_income": "350000",
        "total_assets": "3000000",
        "financial_assets": "1200000",
        "net_assets": "2200000",
        "liabilities": "800000",
        "capacity_band": "CAP_80K_300K",
        "credit_default": "no",
    },
    "preferences": {
        "assessed_on": "2026-03-21",
        "questionnaire_score": "46",
        "risk_level": "C3",
        "lowest_class": "no",
        "goal": "growth",
        "horizon": "3to5",
        "product_types": "stock;fund",
        "max_loss": "20%",
        "experience_years": "6",
        "expires_on": "2028-03-20",
    },
    "relations": {
        "relation_id": "RL000045",
        "related_client_id": "C000124",
        "related_name": ("Li Na", "李娜"),
        "related_mobile": "16112345678",
        "since": "2012-10-01",
        "until": "2026-02-28",
    },
    "trades": {
        "trade_id": "T20260321-0001",
        "traded_at": _MORNING,
        "quantity": "1000",
        "price": "12.50",
        "amount": "12500",
        "fee": "5",
    },
    "service_requests": {
        "request_id": "SR000210",
        "opened_at": "2026-03-20 09:15:00",
        "text": ("How do I change my bank card?", "如何更换绑定的银行卡？"),
        "priority": "normal",
        "category": "account",
        "first_response_at": "2026-03-20 09:40:00",
        "closed_at": _MORNING,
        "status": "closed",
    },
    "feedback": {
        "feedback_id": "FB000310",
        "given_at": _MORNING,
        "csat": "4",
        "nps": "9",
        "comment": ("Quick answer, friendly staff.", "回复很快，态度很好。"),
    },
    "balances": {"cash": "52300.80", "margin_loan": "20000", "short_value": "0", "accrued_interest": "35.60"},
    "acknowledgements": {
        "rule": "var",
        "acknowledged_on": "2026-03-21",
        "severity": "warn",
        "value": "0.031",
        "acknowledged_by": "R0012",
        "reason": ("Called; the client sells part of it on Friday.", "已联系客户，客户周五减仓。"),
    },
    "securities": {
        "name": ("Eastern Steel", "东方钢铁"),
        "risk_level": "R4",
        "issuer": ("Eastern Steel Co., Ltd.", "东方钢铁股份有限公司"),
        "market": "XSHG",
        "sector": ("Steel", "钢铁"),
    },
    "prices": {"date": "2026-03-20", "close": "12.50", "volume": "1250000"},
    "campaigns": {
        "name": ("Spring bond week", "春季债券周"),
        "product_filter": "asset_class=bond",
        "starts_on": "2026-03-16",
        "ends_on": "2026-03-22",
    },
    "campaign_contacts": {
        "contacted_at": "2026-03-18 14:05:00",
        "outcome": "replied",
        "outcome_at": _MORNING,
    },
}
"""Examples of a field of one area; a code stands for its label, lists are joined by `SEPARATOR`."""


def example(field: Field, language: str) -> str:
    """What might stand in a cell of this field.

    Parameters
    ----------
    field : Field
        A field of the built-in table, or one that a firm added.
    language : {"en", "zh"}
        Codes come as their labels, words in the language asked for.

    Returns
    -------
    str
        A text that the intake reads and the field's own checks let pass; empty where a firm's own
        pattern fits none of the plain texts that are tried.
    """
    chosen = None if field.custom else _chosen(field)
    if chosen is None:
        return _DERIVED[field.kind](field, language)
    worded = chosen if isinstance(chosen, str) else chosen[language == "zh"]
    return _labelled(worded, field.code_list, language) if field.code_list else worded


def _chosen(field: Field) -> Wording | None:
    return _IN_AREA.get(field.area, {}).get(field.name) or _EVERYWHERE.get(field.name)


def _labelled(values: str, listed: CodeList, language: str) -> str:
    return SEPARATOR.join(listed.label(value, language) for value in values.split(SEPARATOR))


# -------------------------------------------------- of a field that nobody wrote an example for
def _first_codes(field: Field, language: str) -> str:
    entries = field.code_list.entries if field.code_list else ()
    shown = entries[:2] if field.kind == "codes" else entries[:1]
    return SEPARATOR.join(entry.label(language) for entry in shown)


def _figure(field: Field, _: str) -> str:
    """A round figure inside the bounds."""
    figure = {"fraction": 0.2, "integer": 5}.get(field.kind, 1000)
    if field.above is not None:
        figure = max(figure, field.above + 1)
    if field.minimum is not None:
        figure = max(figure, field.minimum)
    if field.maximum is not None:
        figure = min(figure, field.maximum)
    return f"{figure:.15g}"


def _date(field: Field, _: str) -> str:
    return _day_within(field).isoformat()


def _instant(field: Field, _: str) -> str:
    return f"{_day_within(field).isoformat()} 10:31:00"


def _day_within(field: Field) -> dt.date:
    return min(max(_DAY, field.minimum or _DAY), field.maximum or _DAY)


def _text(field: Field, language: str) -> str:
    if field.pattern is None:
        return ("文字" if language == "zh" else "Text")[: field.maximum]
    tried = pl.Series(list(_plain_texts(field.maximum)))
    fitting = tried.filter(tried.str.contains(f"^(?:{field.pattern})$"))
    return str(fitting[0]) if len(fitting) else ""


def _plain_texts(longest: int | None) -> Iterator[str]:
    """Numbers and codes of the usual makes, from short to long."""
    digits, letters = "1234567890" * 2, "ABCDEFGHIJKLMNOPQRST"
    alone = (source[:size] for size in range(1, 21) for source in (digits, letters, letters.lower()))
    joined = (
        f"{letters[:before]}{mark}{digits[:after]}"
        for before, mark, after in product(range(1, 6), ("", "-", "_", "/"), range(1, 11))
    )
    return (made for made in chain(alone, joined) if longest is None or len(made) <= longest)


_DERIVED: dict[str, Callable[[Field, str], str]] = {
    "text": _text,
    "code": _first_codes,
    "codes": _first_codes,
    "yes_no": _first_codes,
    "integer": _figure,
    "number": _figure,
    "money": _figure,
    "fraction": _figure,
    "date": _date,
    "instant": _instant,
    "id_number": lambda _field, _language: "780101198503210017",
    "phone": lambda _field, _language: "16012345678",
    "email": lambda _field, _language: "zhangwei@example.com",
}
