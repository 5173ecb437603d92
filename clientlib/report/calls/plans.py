"""The plan of each client on a call list in words, its orders, and what they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from clientlib import codes
from clientlib.analysis.risk.plan import AdjustmentPlans
from clientlib.config.risk import PlanRules
from clientlib.report import formats, messages
from clientlib.report.calls.listing import CallList

TOLD = 3
"""So many orders stand in the cell itself."""
_JOINED = {"en": "; ", "zh": "；"}
_AFTER = {"en": " ", "zh": ""}
"""Between two sentences."""
MEASURES = ("ratio", "share_above", "var", "largest_weight", "cvar", "volatility", "gross_value", "cash")
"""In the order in which they are told."""
_COUNTED = ("stock", "bond")
"""Asset classes with a word of their own for one of them."""
_MONEY = ("gross_value", "cash")
"""Measures that are amounts; all others are shares."""


def orders_told(
    plans: AdjustmentPlans,
    classes: pd.Series,
    language: str,
    *,
    most: int = TOLD,
    more: str = "call_list.order.more",
) -> dict[str, str]:
    """Each client's orders in words, by client number; who has none is not there.

    Of more than one beyond `most` the others are counted, by the message `more`. `classes` holds the asset
    class by security, which tells what is counted: shares, bonds or units.
    """
    by_client: dict[str, list[dict[Any, Any]]] = {}
    for order in plans.orders.to_dict("records"):
        order["asset_class"] = classes.get(order["security_id"])
        by_client.setdefault(str(order["client_id"]), []).append(order)
    return {client: _orders(orders, language, most, more) for client, orders in by_client.items()}


def todo(
    plans: AdjustmentPlans,
    classes: pd.Series,
    language: str,
    currency: str,
    *,
    more: str = "call_list.order.more",
) -> dict[str, str]:
    """What each client's plan says is to be done, by client number; `classes` as in `orders_told`."""
    orders = orders_told(plans, classes, language, more=more)
    clients = zip(plans.by_client.index, plans.by_client.to_dict("records"), strict=True)
    return {
        str(client): _AFTER[language].join(_told(plan, orders.get(str(client), ""), language, currency))
        for client, plan in clients
    }


def _told(plan: Mapping[Any, Any], orders: str, language: str, currency: str) -> list[str]:
    def say(key: str, **values: Any) -> str:
        return messages.say(f"call_list.{key}", language, currency, **values)

    told = []
    if orders:
        begun = orders[:1].upper() + orders[1:]
        told.append(say("todo.planned", orders=begun, **_named(plan, "status")))
    if not formats.missing(plan["repaid"]) and plan["repaid"] > 0:
        told.append(say("todo.repaid", repaid=plan["repaid"]))
    if plan["status"] == "infeasible":
        why = _JOINED[language].join(_blocked(code, language) for code in _codes(plan["blocked_by"]))
        told.append(say("todo.infeasible", why=why))
    elif not told:
        told.append(say(f"todo.{'nothing_to_do' if plan['status'] == 'planned' else plan['status']}"))
    return told + [say(f"plan_note.{note}") for note in _codes(plan["notes"])]


def _named(plan: Mapping[Any, Any], *without: str) -> dict[str, Any]:
    return {str(name): value for name, value in plan.items() if name not in without}


def _orders(orders: Sequence[Mapping[Any, Any]], language: str, most: int, more: str) -> str:
    shown = orders if len(orders) <= most + 1 else orders[:most]
    told = [
        messages.say(
            f"call_list.order.{order['side']}",
            language,
            quantity=quantity(order["quantity"], order["asset_class"], language),
            security_id=order["security_id"],
        )
        for order in shown
    ]
    if left := len(orders) - len(shown):
        sheet = messages.say("call_list.sheet.plan", language)
        told.append(messages.say(more, language, n=left, sheet=sheet))
    return _JOINED[language].join(told)


def quantity(value: float, asset_class: Any, language: str) -> str:
    """So many shares, bonds or units: of whole ones no decimals, else two."""
    number = formats.decimal(value, language, 0 if float(value).is_integer() else 2)
    unit = asset_class if asset_class in _COUNTED else "other"
    return messages.say(f"call_list.unit.{unit}", language, number=number, n=value)


def _blocked(code: str, language: str) -> str:
    rules = codes.CODES["risk_rule"]
    if code in rules.values:
        return rules.label(code, language)
    return messages.say(f"call_list.blocked.{code}", language)


def _codes(joined: Any) -> list[str]:
    return [] if formats.missing(joined) or not joined else str(joined).split(";")


# ------------------------------------------------------------------ the sheets
def orders(listed: CallList, rules: PlanRules, languages: Sequence[str]) -> pd.DataFrame:
    """The rows of the sheet of orders, client by client as on the sheets of calls.

    `lots` is missing where a security trades in none.
    """
    rows = _clients(listed).merge(listed.plans.orders, on="client_id")
    about = listed.securities.reindex(rows["security_id"]).reset_index(drop=True)
    lot = about["market"].map(rules.lots).fillna(about["asset_class"].map(rules.lots)).astype(float)
    sides = {
        side: "\n".join(messages.say(f"call_list.side.{side}", each) for each in languages)
        for side in rows["side"].unique()
    }
    return rows.assign(security=about["name"], lots=rows["quantity"] / lot, side=rows["side"].map(sides))


def effect(listed: CallList, languages: Sequence[str]) -> pd.DataFrame:
    """One row a client: what the plan makes of each measure, as text under the measure's name."""
    by_client: dict[str, dict[str, str]] = {}
    for row in listed.plans.measures.to_dict("records"):
        by_client.setdefault(str(row["client_id"]), {})[str(row["measure"])] = _changed(row, languages)
    wide = pd.DataFrame.from_dict(by_client, orient="index")
    return _clients(listed).merge(wide, left_on="client_id", right_index=True)


def _clients(listed: CallList) -> pd.DataFrame:
    """What tells on each sheet who is meant, advisor by advisor."""
    shared = [name for name in ("whom", "rank", "client_id", "full_name") if name in listed.calls]
    return listed.calls[shared].sort_values(["whom", "rank"], kind="stable", ignore_index=True)


def _changed(row: Mapping[Any, Any], languages: Sequence[str]) -> str:
    if formats.missing(row["before"]) and formats.missing(row["after"]):
        return ""
    kind = "money" if row["measure"] in _MONEY else "percent"

    def told(language: str) -> str:
        return messages.say(
            "call_list.measure.change",
            language,
            before=formats.write(row["before"], kind, language),
            after=formats.write(row["after"], kind, language),
        )

    lines = [told(languages[0])]
    if not formats.missing(row["limit"]):
        lines += [messages.say("call_list.measure.limit", each, limit=row["limit"]) for each in languages]
    return "\n".join(lines)
