"""What the processes of reports find in their environment."""

from __future__ import annotations

import pytest

from clientlib.report.running import crew

SECRET = "nobody's business"
WITHHELD = (
    "VAULT_KEY",
    "NEW_KEY",
    "NEW_VAULT_KEY",
    "SMTP_PASSWORD",
    "WEBHOOK_URL",
    "WEBHOOK_TOKEN",
    "SHARE_RISK",
)


@pytest.mark.parametrize("variable", WITHHELD)
def test_no_secret_is_passed_on_but_the_key_of_the_book(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CLIENTLIB_{variable}", SECRET)
    assert SECRET not in crew.environment().values()


def test_the_key_of_the_book_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTLIB_KEY", SECRET)
    assert crew.environment()["CLIENTLIB_KEY"] == SECRET
