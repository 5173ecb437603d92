"""Secrets of other systems that a message needs: a mail server's password, the address of a webhook.

They are looked for where the keys are and shown as little, but a book can be read without them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from clientlib.book.keys import Key, PlaceKind, secret_places
from clientlib.errors import Words
from clientlib.workbook import Workbook

PasswordName = Literal["smtp", "webhook", "webhook_token"]
NAMES: tuple[PasswordName, ...] = get_args(PasswordName)
VARIABLES: dict[PasswordName, str] = {
    "smtp": "CLIENTLIB_SMTP_PASSWORD",
    "webhook": "CLIENTLIB_WEBHOOK_URL",
    "webhook_token": "CLIENTLIB_WEBHOOK_TOKEN",
}


def password_file(workbook: Workbook, name: PasswordName) -> Path:
    return workbook.keys / f"{name}.secret"


def find_password(workbook: Workbook, name: PasswordName) -> tuple[Key, PlaceKind] | None:
    """The secret from the first place that has one, and which kind of place that is; None without one.

    Raises
    ------
    KeyProblem
        It lies in a file that others can read.
    """
    for place in secret_places(workbook, name, VARIABLES[name], password_file(workbook, name)):
        text, _ = place.look()
        if text and text.strip():
            return Key(text.strip()), place.kind
    return None


def wanted(workbook: Workbook, name: PasswordName) -> Words:
    """Where a secret that was not found can be put, as a part of a sentence."""
    variable, file = VARIABLES[name], password_file(workbook, name)
    return Words(
        f"set {variable}, or write it into {file} with mode 600",
        f"请设置 {variable}，或写入 {file}（权限600）",
    )
