"""Where the server is: read from an address, told without what is secret, refused in sentences."""

from __future__ import annotations

from typing import Any

import pytest

from clientlib.share.errors import ShareError
from clientlib.share.server import Address

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"postgresql://wang:{SECRET}@db.example:6432/firm", "db.example:6432/firm"),
        ("postgresql:///?service=firm", "service firm"),
        ("postgresql://wang@/firm?host=/run/pg", "/run/pg/firm"),
    ],
)
def test_an_address_is_told_without_user_and_password(url: str, told: str) -> None:
    address = Address.read(url)
    assert str(address) == told
    assert SECRET not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        f"postgresql://wang:a/{SECRET}@db.example/firm",
        f"postgresql://wang:1/{SECRET}@db.example/firm",
        f"postgresql://wang:a@{SECRET}@db.example/firm",
        f"postgresql://wang@db.example/firm?pasword={SECRET}",
        f"postgresql://wang:{SECRET}@db.example:port/firm",
    ],
)
def test_an_address_that_is_none_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ShareError, match="cannot be read") as caught:
        Address.read(url)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"user": "locked"}, "refuses this user or password"),
        ({"host": "127.0.0.1", "port": "1"}, "cannot be reached"),
        ({"host": "nowhere.invalid"}, "host is unknown"),
        ({"dbname": "nothing"}, "no such database or user"),
        ({"user": "nobody_here"}, "no such database or user"),
        ({"service": "nothing"}, "no service file knows"),
    ],
)
def test_why_a_server_is_not_reached_is_told_without_the_password(
    server: dict[str, Any], changed: dict[str, Any], told: str
) -> None:
    address = Address({**server, "password": SECRET, **changed})
    with pytest.raises(ShareError, match=told) as caught:
        address.connect()
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None
