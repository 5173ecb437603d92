"""Keys: where they are looked for, in which order, and that nothing shows them."""

from __future__ import annotations

import base64
import errno
import json
import os
import pickle
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import pytest

from clientlib.book import secret_store
from clientlib.book.keys import (
    Key,
    entries_file,
    find_key,
    fingerprint,
    key_file,
    keyring_entry,
    make_keys,
    need_key,
)
from clientlib.errors import KeyProblem
from clientlib.workbook import Workbook

ONE = base64.b64encode(b"1" * 32).decode()
TWO = base64.b64encode(b"2" * 32).decode()
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")


class OneEntry(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def __init__(self, entry: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entry = entry

    def get_password(self, service: str, username: str) -> str | None:
        return ONE if (service, username) == ("clientlib", self.entry) else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.fixture
def bare(tmp_path: Path) -> Workbook:
    """A workbook folder with nothing in it."""
    return Workbook(tmp_path)


def test_made_keys_are_32_random_bytes_each_its_own(bare: Workbook) -> None:
    make_keys(bare)
    texts = [key_file(bare, name).read_text() for name in ("book", "vault")]
    assert [len(base64.b64decode(text)) for text in texts] == [32, 32]
    assert texts[0] != texts[1]


@posix
def test_made_key_files_are_for_their_owner_only(bare: Workbook) -> None:
    make_keys(bare)
    assert stat.S_IMODE(key_file(bare, "vault").stat().st_mode) == 0o600


def test_a_key_that_exists_is_never_overwritten(bare: Workbook) -> None:
    make_keys(bare)
    before = key_file(bare, "book").read_bytes()
    key_file(bare, "vault").unlink()
    make_keys(bare)
    assert key_file(bare, "book").read_bytes() == before
    assert key_file(bare, "vault").exists()


def test_the_environment_comes_before_the_file(bare: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    make_keys(bare)
    monkeypatch.setenv("CLIENTLIB_KEY", f" {ONE}\n")
    monkeypatch.setenv("CLIENTLIB_VAULT_KEY", TWO)
    assert need_key(bare, "book").reveal() == ONE
    assert need_key(bare, "vault").reveal() == TWO


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_file_open_to_others_is_refused_with_the_mend(bare: Workbook, mode: int) -> None:
    make_keys(bare)
    key_file(bare, "book").chmod(mode)
    with pytest.raises(KeyProblem, match=r"chmod 600 .*book\.key"):
        find_key(bare, "book")


def test_the_keyring_is_asked_last(workbook: Workbook) -> None:
    key_file(workbook, "book").unlink()
    entry = keyring_entry(workbook, "book")
    assert entry is not None
    before = keyring.get_keyring()
    keyring.set_keyring(OneEntry(entry))
    try:
        assert need_key(workbook, "book").reveal() == ONE
    finally:
        keyring.set_keyring(before)


def test_without_a_key_anywhere_it_is_said_where_one_was_looked_for(workbook: Workbook) -> None:
    key_file(workbook, "book").unlink()
    with pytest.raises(
        KeyProblem, match=r"CLIENTLIB_KEY is not set, .*book\.key is not there or .*, and .* keyring"
    ):
        need_key(workbook, "book")


def test_a_key_file_of_another_account_is_none_for_this_one(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def shut(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "vault.key":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", shut)
    assert find_key(workbook, "vault") is None
    assert find_key(workbook, "book") is not None


@pytest.mark.parametrize(
    "text", ["", "hello", base64.b64encode(b"short").decode(), "密钥", ONE[:-2], "'; DROP"]
)
def test_what_is_no_key_is_refused_without_repeating_it(bare: Workbook, text: str) -> None:
    make_keys(bare)
    key_file(bare, "book").write_text(text or "\n", "utf-8")
    with pytest.raises(KeyProblem, match="holds no key") as caught:
        find_key(bare, "book")
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[1]", "null", "[" * 200_000])
def test_a_damaged_list_of_keyring_entries_is_told_so(workbook: Workbook, text: str) -> None:
    entries_file(workbook).write_text(text, "utf-8")
    with pytest.raises(KeyProblem, match=r"keyring\.json is damaged"):
        find_key(workbook, "vault")


def test_a_key_does_not_show_itself() -> None:
    key = Key(ONE)
    assert ONE not in f"{key} {key!r} {[key]}"


def test_a_key_is_not_written_out() -> None:
    with pytest.raises(TypeError, match="never written"):
        pickle.dumps(Key(ONE))


def test_a_fingerprint_tells_two_keys_apart_and_is_no_part_of_either() -> None:
    found = [fingerprint(Key(text)) for text in (ONE, TWO, ONE)]
    assert found[0] == found[2] != found[1]
    assert all(len(digits) == 9 for digits in found)
    assert not any(digits[:4] in text for digits in found for text in (ONE, TWO))


# ------------------------------------------------------------------ a firm's store of secrets
Store = Callable[[str], None]


@pytest.fixture
def store(bare: Workbook) -> Store:
    """Names a program, written in Python, as the command that gives keys."""

    def name(program: str) -> None:
        command = [sys.executable, "-c", program, "{name}"]
        (bare.folder / "workbook.toml").write_text(f"[keys]\ncommand = {json.dumps(command)}\n", "utf-8")

    return name


def test_what_the_firms_command_prints_is_the_key(bare: Workbook, store: Store) -> None:
    store(f"import sys; print({{'book': {ONE!r}, 'vault': {TWO!r}}}[sys.argv[1]])")
    assert need_key(bare, "book").reveal() == ONE
    assert need_key(bare, "vault").reveal() == TWO


def test_the_command_comes_after_the_environment_and_before_the_file(
    bare: Workbook, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_keys(bare)
    store(f"print({ONE!r})")
    assert need_key(bare, "book").reveal() == ONE
    monkeypatch.setenv("CLIENTLIB_KEY", TWO)
    assert need_key(bare, "book").reveal() == TWO


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; print('SECRET-WORD', file=sys.stderr); sys.exit(3)", "ended with exit code 3"),
        ("pass", "printed nothing"),
        ("import time; time.sleep(60)", "gave no answer within"),
        ("import sys, time; sys.stdout.close(); time.sleep(60)", "gave no answer within"),
        ("while True: print('SECRET-WORD')", "printed far more than a key"),
    ],
)
def test_a_command_that_fails_is_told_in_one_sentence_without_what_it_said(
    bare: Workbook, store: Store, program: str, said: str, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(secret_store, "PATIENCE", 2.0)
    store(program)
    with pytest.raises(KeyProblem, match=rf"There is no key for the vault: .* \[keys\] {said}") as caught:
        need_key(bare, "vault")
    assert "SECRET-WORD" not in str(caught.value) + "".join(capfd.readouterr())


def test_a_command_that_is_not_there_is_told_by_its_program_only(bare: Workbook) -> None:
    (bare.folder / "workbook.toml").write_text(
        '[keys]\ncommand = ["no-such-store", "--token=T0P"]\n', "utf-8"
    )
    with pytest.raises(KeyProblem, match=r"the command no-such-store of \[keys\] cannot be run") as caught:
        need_key(bare, "book")
    assert "T0P" not in str(caught.value)


def test_whoever_gets_no_vault_key_from_the_store_works_without_it(bare: Workbook, store: Store) -> None:
    store(f"import sys; sys.exit(1) if sys.argv[1] == 'vault' else print({ONE!r})")
    assert find_key(bare, "book") is not None
    assert find_key(bare, "vault") is None


def test_nothing_of_the_command_is_read_by_a_shell(bare: Workbook, tmp_path: Path) -> None:
    command = ["echo", "$(touch planted); touch planted", "{name}"]
    (bare.folder / "workbook.toml").write_text(f"[keys]\ncommand = {json.dumps(command)}\n", "utf-8")
    with pytest.raises(KeyProblem, match="holds no key"):
        find_key(bare, "book")
    assert not (tmp_path / "planted").exists()


def test_the_command_does_not_get_the_keys_that_are_in_the_environment(
    bare: Workbook, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_KEY", TWO)
    store(f"import os; print(os.environ.get('CLIENTLIB_KEY', {ONE!r}))")
    assert need_key(bare, "vault").reveal() == ONE
