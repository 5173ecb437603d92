"""What is different when a client is registered a second time: the ways in which that happens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from clientlib import idcard
from clientlib.simulate import identity
from clientlib.simulate import vocabulary as words

Random: TypeAlias = np.random.Generator
# fmt: off
HOMOPHONES = {
    "伟": "玮", "强": "墙", "磊": "垒", "军": "君", "勇": "永", "涛": "韬", "明": "铭", "辉": "晖",
    "刚": "钢", "健": "建", "峰": "锋", "宇": "雨", "浩": "皓", "芳": "方", "丽": "莉", "霞": "遐",
    "英": "瑛", "玲": "铃", "洁": "杰", "婷": "亭", "雪": "鳕", "颖": "影", "欣": "馨", "静": "靖",
    "娟": "鹃", "兰": "岚", "佳": "嘉",
}
# fmt: on
"""A character and another that sounds the same, as somebody writes it down who was told it."""
_READ_OTHERWISE = {"曾": "zeng", "单": "shan", "解": "xie"}


@dataclass
class Registration:
    """A client's row and contact row, still open to change."""

    client: dict[str, Any]
    contact: dict[str, Any]


# ----------------------------------------------------------------- what changes by the way


def new_mobile(rng: Random, registration: Registration) -> None:
    registration.contact["mobile"] = identity.mobiles(rng, 1)[0]


def new_email(rng: Random, registration: Registration) -> None:
    number = int(rng.integers(10**6, 10**7))
    registration.contact["email"] = f"box{number}@{identity.MAIL_DOMAINS[number % 3]}"


def new_address(rng: Random, registration: Registration) -> None:
    branch = words.BRANCHES[rng.integers(len(words.BRANCHES))]
    street = words.STREETS[rng.integers(len(words.STREETS))]
    numbers = int(rng.integers(400, 800)), int(rng.integers(101, 2800))
    registration.contact["address"] = f"{branch.city}{street}{numbers[0]}号{numbers[1]}室"
    registration.contact["postcode"] = branch.postcode


def _rewritten_address(rng: Random, registration: Registration) -> None:
    address = registration.contact["address"]
    ways = (
        address.replace("号", "-").replace("室", ""),
        address.replace("省", "").replace("市", "").replace("区", ""),
        address.replace("号", "號").replace("东", "東").replace("室", " 室"),
    )
    registration.contact["address"] = ways[rng.integers(len(ways))]


def _later(rng: Random, registration: Registration) -> None:
    """The second account is opened later, often in another branch; some contacts have changed by then."""
    client = registration.client
    day = dt.timedelta(days=int(rng.integers(30, 900)))
    client["opened_on"] = min(client["opened_on"] + day, client["updated_at"].date())
    if rng.random() < 0.4:
        client["branch"] = words.BRANCHES[rng.integers(len(words.BRANCHES))].name
        client["advisor"] = None
    chances = ((0.3, new_email), (0.35, new_address), (0.35, _rewritten_address))
    for chance, change in chances:
        if rng.random() < chance:
            change(rng, registration)
    if rng.random() < 0.15:
        registration.contact["email"] = None


def _drift(rng: Random, registration: Registration) -> None:
    """As `_later`, and with a new number in one case of three: the document tells who it is."""
    _later(rng, registration)
    if rng.random() < 0.35:
        new_mobile(rng, registration)


def _keep_one(rng: Random, registration: Registration) -> None:
    """Two of the three contacts change, one stays.

    Where the document is another one, a pair that has nothing but name and birth date in common could be
    decided by nobody.
    """
    changes = (new_mobile, new_email, new_address)
    kept = 0 if not registration.contact["email"] else int(rng.integers(2)) * 2
    for number, change in enumerate(changes):
        if number != kept and rng.random() < 0.5:
            change(rng, registration)


# ---------------------------------------------------------------------------- one client


def same_id(rng: Random, registration: Registration) -> None:
    _drift(rng, registration)


def traditional(rng: Random, registration: Registration) -> None:
    from opencc import OpenCC

    name = OpenCC("s2t").convert(registration.client["full_name"])
    registration.client["full_name"] = name if rng.random() < 0.6 else " ".join(name)
    if rng.random() < 0.4:
        _permit(rng, registration)
        _keep_one(rng, registration)
    else:
        _drift(rng, registration)


def homophone(rng: Random, registration: Registration) -> None:
    name = registration.client["full_name"]
    registration.client["full_name"] = name[:-1] + HOMOPHONES[name[-1]]
    if rng.random() < 0.5:
        _drift(rng, registration)
    else:
        passport(rng, registration)
        _keep_one(rng, registration)


def moved_phone(rng: Random, registration: Registration) -> None:
    new_mobile(rng, registration)
    new_address(rng, registration)
    if rng.random() < 0.3:
        _transpose(rng, registration)


def transposed_id(rng: Random, registration: Registration) -> None:
    _drift(rng, registration)
    _transpose(rng, registration)


def mistyped_id(rng: Random, registration: Registration) -> None:
    _drift(rng, registration)
    number = registration.client["id_number"]
    place = int(rng.integers(2, 6))
    digit = str((int(number[place]) + 1 + int(rng.integers(9))) % 10)
    registration.client["id_number"] = number[:place] + digit + number[place + 1 :]


def wrong_check_character(rng: Random, registration: Registration) -> None:
    _drift(rng, registration)
    number = registration.client["id_number"]
    others = [c for c in idcard.CHECK_CHARACTERS if c != number[-1]]
    registration.client["id_number"] = number[:-1] + others[rng.integers(10)]


def old_card(rng: Random, registration: Registration) -> None:
    _drift(rng, registration)
    number = registration.client["id_number"]
    registration.client["id_number"] = number[:6] + number[8:17]


def other_document(rng: Random, registration: Registration) -> None:
    passport(rng, registration)
    _keep_one(rng, registration)


def latin_name(rng: Random, registration: Registration) -> None:
    from pypinyin import lazy_pinyin

    name = registration.client["full_name"]
    family = _READ_OTHERWISE.get(name[0], lazy_pinyin(name[0])[0])
    given = "".join(lazy_pinyin(name[1:]))
    ways = (
        f"{family.upper()} {given.upper()}",
        f"{given.title()} {family.title()}",
        f"{family.title()}, {given.title()}",
        f"{family.title()} {' '.join(lazy_pinyin(name[1:])).title()}",
    )
    registration.client["full_name"] = ways[rng.integers(len(ways))].replace("v", "ü").replace("V", "YU")
    other_document(rng, registration)


def married(rng: Random, registration: Registration) -> None:
    registration.client["marital_status"] = "20"
    new_address(rng, registration)
    _drift(rng, registration)


def birth_slip(rng: Random, registration: Registration) -> None:
    """The birth date written down wrongly, beside a passport; reached under the same number."""
    birth = registration.client["birth_date"]
    swapped = birth.replace(month=birth.day, day=birth.month) if birth.day <= 12 else birth
    slipped = birth + dt.timedelta(days=int(rng.choice([-10, -1, 1, 10])))
    registration.client["birth_date"] = swapped if swapped != birth else slipped
    passport(rng, registration)
    if rng.random() < 0.5:
        new_address(rng, registration)


def company_form(rng: Random, registration: Registration) -> None:
    client = registration.client
    ways = ("有限责任公司", "有限責任公司", "股份有限公司", "")
    client["full_name"] = client["full_name"].replace("有限公司", ways[rng.integers(len(ways))])
    way = rng.random()
    if way < 0.6:
        _drift(rng, registration)
    elif way < 0.8:
        _drift(rng, registration)
        _transpose(rng, registration)
    else:
        client["id_number"] = f"7800001{int(rng.integers(10**7, 10**8))}"


def passport(rng: Random, registration: Registration) -> None:
    registration.client.update(id_type="passport", id_number=f"ZE{int(rng.integers(10**6, 10**7))}")


def _permit(rng: Random, registration: Registration) -> None:
    registration.client.update(id_type="hmt_permit", id_number=f"H{int(rng.integers(10**7, 10**8))}")


def _transpose(rng: Random, registration: Registration) -> None:
    """Two neighbours changed places, in front of the birth date of a card or anywhere in a licence."""
    number = registration.client["id_number"]
    end = 5 if registration.client["id_type"] == "id_card" else len(number) - 2
    places = [n for n in range(1, end) if number[n] != number[n + 1]]
    if not places:
        wrong_check_character(rng, registration)
        return
    at = places[rng.integers(len(places))]
    registration.client["id_number"] = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
