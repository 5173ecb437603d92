"""The errors in what a firm's systems and desks hand in, each with the rule that must catch it."""

from __future__ import annotations

import datetime as dt

from clientlib.simulate.mistake import Mistake, Row, earlier, has, moved_left, put, says, unexcused, worded

LONG_LETTER = "客户来电反映委托成交缓慢，希望尽快处理。" * 101
"""More than the 2,000 characters that a request may have."""


# -------------------------------------------------------------------------------- trades
def _doubled(row: Row) -> Row:
    quantity = row["quantity"] * 2
    return {"quantity": quantity, "amount": round(quantity * row["price"], 2)}


TRADES = (
    Mistake("negative quantity", "trades", "quantity", "above", lambda r: {"quantity": -r["quantity"]}),
    Mistake(
        "amount is not the product",
        "trades",
        "amount",
        "amount_is_product",
        lambda r: {"amount": round(r["amount"] * 1.1, 2)},
    ),
    Mistake("number of a trade left out", "trades", "trade_id", "nullability", put(trade_id=None)),
    Mistake("row repeated", "trades", "trade_id", "repeat", put(), again=True),
    Mistake("number used again", "trades", "trade_id", "contradiction", _doubled, again=True),
    Mistake("whose trade left out", "trades", "client_id", "required", put(client_id=None), unexcused),
    Mistake(
        "hour that does not exist",
        "trades",
        "traded_at",
        "no_such_time",
        lambda r: {"traded_at": f"{r['traded_at'][:10]} 24:05:00"},
    ),
    Mistake(
        "security with a space",
        "trades",
        "security_id",
        "pattern",
        lambda r: {"security_id": f"{r['security_id']} SH"},
    ),
    Mistake("side unknown", "trades", "side", "code", put(side="转托管")),
    Mistake("negative fee", "trades", "fee", "min", put(fee=-5)),
    Mistake("unit behind a quantity", "trades", "quantity", "not_a_number", put(quantity="1000股")),
    Mistake("cells deleted", "trades", "traded_at", "not_a_time", moved_left("client_id")),
)


# ------------------------------------------------------------------------------- service
def _answered_later(row: Row) -> Row:
    return {"first_response_at": earlier(row["closed_at"], minutes=-30)}


def _closing_time_too_early(row: Row) -> Row:
    return {"closed_at": earlier(row["opened_at"], hours=5)}


def _open_again(row: Row) -> Row:
    return {"status": worded("request_status", "open", like=row["status"])}


def _closed(row: Row) -> bool:
    return says(row, "status", "request_status", "closed")


SERVICE = (
    Mistake(
        "closed before it was opened",
        "service_requests",
        "closed_at",
        "closed_after_opening",
        _closing_time_too_early,
        has("closed_at"),
    ),
    Mistake(
        "closed before the first answer",
        "service_requests",
        "closed_at",
        "closed_after_response",
        _answered_later,
        has("closed_at", "first_response_at"),
    ),
    Mistake(
        "answered before it was asked",
        "service_requests",
        "first_response_at",
        "response_after_opening",
        lambda r: {"first_response_at": earlier(r["opened_at"], hours=2)},
        has("first_response_at"),
    ),
    Mistake(
        "closed without a time",
        "service_requests",
        "closed_at",
        "closed_has_time",
        put(closed_at=None),
        has("closed_at"),
    ),
    Mistake(
        "open with a closing time", "service_requests", "closed_at", "closed_has_time", _open_again, _closed
    ),
    Mistake("time in words", "service_requests", "opened_at", "not_a_time", put(opened_at="昨天下午")),
    Mistake("category unknown", "service_requests", "category", "code", put(category="闲聊")),
    Mistake("letter too long", "service_requests", "text", "max_length", put(text=LONG_LETTER)),
)

# ------------------------------------------------------------------ feedback and balances
FEEDBACK = (
    Mistake("half a point", "feedback", "csat", "not_whole", put(csat="4.5"), has("csat")),
    Mistake("satisfied beyond the scale", "feedback", "csat", "max", put(csat="6")),
    Mistake("satisfied in words", "feedback", "csat", "not_a_number", put(csat="很满意")),
    Mistake("recommends beyond the scale", "feedback", "nps", "max", put(nps="11")),
    Mistake("below the scale", "feedback", "nps", "min", put(nps="-1")),
)
BALANCES = (
    Mistake("loan below zero", "balances", "margin_loan", "min", put(margin_loan=-100)),
    Mistake("cash left out", "balances", "cash", "required", put(cash=None), unexcused),
    Mistake("day of a balance unclear", "balances", "as_of", "ambiguous_date", put(as_of="05.06.2026")),
)

ACKNOWLEDGEMENTS = (
    Mistake("severity of another scale", "acknowledgements", "severity", "code", put(severity="红色")),
    Mistake("no reason given", "acknowledgements", "reason", "required", put(reason=None), unexcused),
)

# ---------------------------------------------------------------------- market and offers
MARKET = (
    Mistake("level of a client", "securities", "risk_level", "code", put(risk_level="C3")),
    Mistake("no price", "prices", "close", "above", put(close=0)),
    Mistake("decimal comma", "prices", "close", "not_a_number", put(close="12,5")),
    Mistake(
        "two prices for a day",
        "prices",
        "security_id",
        "contradiction",
        lambda r: {"close": round(r["close"] + 1, 2)},
        again=True,
    ),
)
OFFERS = (
    Mistake(
        "ends before it starts",
        "campaigns",
        "ends_on",
        "ends_after_start",
        lambda r: {"ends_on": r["starts_on"] - dt.timedelta(days=7)},
    ),
    Mistake(
        "outcome before the contact",
        "campaign_contacts",
        "outcome_at",
        "outcome_after_contact",
        lambda r: {"outcome_at": earlier(r["contacted_at"], days=1)},
        has("contacted_at", "outcome_at"),
    ),
    Mistake("arm unknown", "campaign_contacts", "arm", "code", put(arm="B")),
)

MISTAKES: tuple[Mistake, ...] = TRADES + SERVICE + FEEDBACK + BALANCES + ACKNOWLEDGEMENTS + MARKET + OFFERS
