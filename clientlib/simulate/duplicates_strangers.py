"""Clients who look like another one and are not: family, namesakes, companies of one group."""

from __future__ import annotations

import datetime as dt

from clientlib import idcard
from clientlib.analysis.quality.duplicates_documents import LICENCE_ALPHABET, licence_check_character
from clientlib.simulate import identity
from clientlib.simulate import vocabulary as words
from clientlib.simulate.duplicates_again import (
    Random,
    Registration,
    new_address,
    new_email,
    new_mobile,
    passport,
)


def _own_document(rng: Random, registration: Registration) -> None:
    """A card of one's own for the birth date and sex of the row; a passport in one case of eight."""
    if rng.random() < 0.12:
        passport(rng, registration)
    else:
        _own_card(rng, registration)


def _own_card(rng: Random, registration: Registration) -> None:
    client = registration.client
    place = int(rng.integers(500)) * 2 + (client["gender"] == "1")
    county = int(rng.integers(5000, 9999))
    body = f"{identity.REGION}{county}{client['birth_date']:%Y%m%d}{place:03d}"
    client.update(id_type="id_card", id_number=body + idcard.check_character(body))


def _own_given_name(rng: Random, registration: Registration, family: str) -> None:
    male = registration.client["gender"] == "1"
    last = words.GIVEN_MALE if male else words.GIVEN_FEMALE
    given = words.GIVEN_SECOND[rng.integers(len(words.GIVEN_SECOND))] + last[rng.integers(len(last))]
    registration.client["full_name"] = family + given


def _own_contacts(rng: Random, registration: Registration, mobile: float, email: float) -> None:
    """Own number and mail address but in these shares of all cases."""
    if rng.random() >= mobile:
        new_mobile(rng, registration)
    if rng.random() >= email:
        new_email(rng, registration)


def spouse(rng: Random, registration: Registration) -> None:
    client = registration.client
    client["gender"] = "2" if client["gender"] == "1" else "1"
    client["birth_date"] += dt.timedelta(days=int(rng.integers(-3000, 3000)))
    _own_given_name(rng, registration, words.SURNAMES[rng.integers(len(words.SURNAMES))])
    _own_document(rng, registration)
    _own_contacts(rng, registration, 0.6, 0.2)


def parent(rng: Random, registration: Registration) -> None:
    """A father or mother of the same family name, in every third case with a character in common."""
    client, name = registration.client, registration.client["full_name"]
    client["birth_date"] -= dt.timedelta(days=int(rng.integers(8000, 13000)))
    _own_given_name(rng, registration, name[0])
    if rng.random() < 0.35:
        client["full_name"] = name[:2] + client["full_name"][-1]
    _own_document(rng, registration)
    _own_contacts(rng, registration, 0.5, 0.15)


def twin(rng: Random, registration: Registration) -> None:
    """Same birth date, address and family name; most share a character and have neighbouring numbers."""
    from pypinyin import lazy_pinyin

    client, name = registration.client, registration.client["full_name"]
    if rng.random() < 0.3:
        client["gender"] = "2" if client["gender"] == "1" else "1"
    last = words.GIVEN_MALE if client["gender"] == "1" else words.GIVEN_FEMALE
    # Not one that sounds the same: parents see to that.
    others = [character for character in last if lazy_pinyin(character) != lazy_pinyin(name[2])]
    client["full_name"] = name[:2] + others[rng.integers(len(others))]
    place = (int(client["id_number"][14:17]) + 2) % 1000 // 2 * 2 + (client["gender"] == "1")
    # The demo's own counties are below 5000: the number is nobody else's.
    body = f"{identity.REGION}5{client['id_number'][3:14]}{place:03d}"
    client["id_number"] = body + idcard.check_character(body)
    if rng.random() < 0.12:
        passport(rng, registration)
    _own_contacts(rng, registration, 0.5, 0.1)


def namesake(rng: Random, registration: Registration) -> None:
    """The same name and birth date, and nothing else."""
    if rng.random() < 0.85:
        _own_card(rng, registration)
    else:
        passport(rng, registration)
    _own_contacts(rng, registration, 0.0, 0.0)
    new_address(rng, registration)


def product_of_manager(rng: Random, registration: Registration) -> None:
    """Another product of the same manager: licence and contacts are the manager's."""
    number = "四五六七八九"[rng.integers(6)]
    registration.client["full_name"] = f"{registration.client['full_name'][:2]}成长{number}号资产管理计划"


def group_company(rng: Random, registration: Registration) -> None:
    """A company of the same group: same office and switchboard."""
    trade = words.FIRM_TRADES[rng.integers(len(words.FIRM_TRADES))]
    registration.client["full_name"] = f"重庆{registration.client['full_name'][2:4]}远洋{trade}"
    _own_licence(rng, registration)


def company_of_same_name(rng: Random, registration: Registration) -> None:
    _own_licence(rng, registration)
    _own_contacts(rng, registration, 0.0, 0.0)
    new_address(rng, registration)


def representative(rng: Random, registration: Registration) -> None:
    """Who acts for a company, reached under the company's number."""
    registration.client.update(client_type="individual", gender="1", birth_date=dt.date(1975, 5, 17))
    _own_given_name(rng, registration, words.SURNAMES[rng.integers(len(words.SURNAMES))])
    _own_card(rng, registration)


def _own_licence(rng: Random, registration: Registration) -> None:
    middle = "".join(rng.choice(list(LICENCE_ALPHABET), 9))
    body = registration.client["id_number"][:8] + middle
    registration.client["id_number"] = body + licence_check_character(body)
