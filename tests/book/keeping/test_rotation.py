"""Keys shown, made, changed and forgotten; and that no key ever shows itself anywhere."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import pandas as pd
import pytest

from clientlib.book import open_book, swap
from clientlib.book.audit.journal import Journal
from clientlib.book.audit.sealing import Seal
from clientlib.book.audit.trail import Audit, Stands
from clientlib.book.keeping.rotation import forget, forgettable, make_missing, rotate
from clientlib.book.keeping.survey import survey
from clientlib.book.keys import VARIABLES, key_file, keyring_entry, need_key
from clientlib.errors import BookBusy, KeyProblem, Words
from clientlib.workbook import Workbook

ONE = base64.b64encode(b"1" * 32).decode()
TWO = base64.b64encode(b"2" * 32).decode()


class InMemory(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[username]


@pytest.fixture
def ring() -> Iterator[InMemory]:
    before, found = keyring.get_keyring(), InMemory()
    keyring.set_keyring(found)
    yield found
    keyring.set_keyring(before)


@pytest.fixture
def filled(workbook: Workbook, importing: Any, hand_in: Any, client: Any) -> Workbook:
    importing(hand_in(clients=[client(1), client(2)]))
    return workbook


def clients(workbook: Workbook) -> pd.DataFrame:
    with open_book(workbook, role="data_entry") as book:
        return book.area("clients")


def keys(workbook: Workbook) -> list[str]:
    return [need_key(workbook, name).reveal() for name in VARIABLES]


def into_keyring(workbook: Workbook, ring: InMemory) -> None:
    for name in VARIABLES:
        ring.held[str(keyring_entry(workbook, name))] = need_key(workbook, name).reveal()
        key_file(workbook, name).unlink()


# ----------------------------------------------------------------------------------- shown
def test_each_place_is_shown_with_what_is_there(workbook: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTLIB_KEY", ONE)
    found = {(place.name, place.kind): place for place in survey(workbook)}
    environment, file = found["book", "environment"], found["book", "file"]
    assert (environment.used, environment.opens) == (True, False)
    assert (file.used, file.opens, file.mode) == (False, True, "600")
    assert found["vault", "file"].used
    assert found["vault", "environment"].finding == Words(
        "CLIENTLIB_VAULT_KEY is not set", "未设置 CLIENTLIB_VAULT_KEY"
    )


def test_a_key_that_lies_open_to_others_is_shown_as_refused(workbook: Workbook) -> None:
    key_file(workbook, "book").chmod(0o644)
    place = next(p for p in survey(workbook) if (p.name, p.kind) == ("book", "file"))
    assert place.finding is not None
    assert "chmod 600" in place.finding.en
    assert (place.mode, place.used, place.opens) == ("644", True, None)


def test_no_key_is_shown(workbook: Workbook) -> None:
    shown = str(survey(workbook))
    assert not any(text[:8] in shown for text in keys(workbook))


def test_two_keys_that_are_the_same_have_the_same_fingerprint(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_KEY", need_key(workbook, "book").reveal())
    prints = [p.fingerprint for p in survey(workbook) if p.name == "book" and p.fingerprint]
    assert len(prints) == 2
    assert len(set(prints)) == 1


# ------------------------------------------------------------------------------------ made
def test_only_keys_that_are_nowhere_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTLIB_KEY", ONE)
    bare = Workbook(tmp_path)
    assert make_missing(bare) == [key_file(bare, "vault")]
    assert make_missing(bare) == []


def test_a_key_that_would_not_open_the_book_is_not_made(workbook: Workbook) -> None:
    key_file(workbook, "vault").unlink()
    with pytest.raises(KeyProblem, match="a new key would not open it"):
        make_missing(workbook)
    assert not key_file(workbook, "vault").exists()


# ---------------------------------------------------------------------------------- rotated
def test_both_files_get_new_keys_and_hold_what_they_held(filled: Workbook) -> None:
    before, old = clients(filled), keys(filled)
    done = rotate(filled)
    assert not set(keys(filled)) & set(old)
    pd.testing.assert_frame_equal(clients(filled), before)
    assert done.by_hand == ()
    assert set(done.kept) >= {path for path in swap.kept(filled) if path.suffix in (".duckdb", ".key")}
    assert key_file(filled, "book").stat().st_mode & 0o777 == 0o600


def test_one_key_can_be_changed_alone(filled: Workbook) -> None:
    old = keys(filled)
    rotate(filled, ["vault"])
    assert keys(filled)[0] == old[0]
    assert keys(filled)[1] != old[1]
    assert len(clients(filled)) == 2


def test_old_files_open_with_old_keys_until_they_are_forgotten(filled: Workbook, tmp_path: Path) -> None:
    before = clients(filled)
    rotate(filled)
    old = Workbook(tmp_path / "old")
    old.book_file.parent.mkdir(parents=True)
    old.keys.mkdir()
    for path in swap.kept(filled):
        folder = old.keys if path.suffix == ".key" else old.book_file.parent
        target = folder / f"{path.name.partition('.')[0]}{path.suffix}"
        target.write_bytes(path.read_bytes())
    for name in VARIABLES:
        key_file(old, name).chmod(0o600)
    pd.testing.assert_frame_equal(clients(old), before)


def test_what_was_kept_is_taken_away_when_told_so(filled: Workbook) -> None:
    rotate(filled)
    listed = forgettable(filled)
    assert any(name.startswith("keys/vault.before-rotation-") for name in listed)
    assert list(forget(filled)) == listed
    assert forgettable(filled) == []
    assert len(clients(filled)) == 2


def test_nothing_is_rotated_or_forgotten_while_somebody_reads(filled: Workbook) -> None:
    with open_book(filled):
        with pytest.raises(BookBusy):
            rotate(filled)
        with pytest.raises(BookBusy):
            forget(filled)


def test_a_key_in_the_keyring_is_changed_there(filled: Workbook, ring: InMemory) -> None:
    into_keyring(filled, ring)
    before, old = clients(filled), set(ring.held.values())
    rotate(filled)
    assert not set(keys(filled)) & old
    assert old < set(ring.held.values())
    assert not list(filled.keys.glob("*"))
    pd.testing.assert_frame_equal(clients(filled), before)


def test_a_second_rotation_in_the_keyring_and_forgetting_leave_the_newest_keys(
    filled: Workbook, ring: InMemory
) -> None:
    into_keyring(filled, ring)
    rotate(filled)
    rotate(filled)
    forget(filled)
    assert sorted(ring.held.values()) == sorted(keys(filled))
    assert len(clients(filled)) == 2


def test_a_keyring_that_refuses_stops_the_rotation(
    filled: Workbook, ring: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    into_keyring(filled, ring)

    def refuse(*_: object) -> None:
        raise RuntimeError("locked")

    monkeypatch.setattr(ring, "set_password", refuse)
    with pytest.raises(KeyProblem, match="keyring does not take"):
        rotate(filled)
    assert len(clients(filled)) == 2


def test_a_key_from_the_environment_is_changed_for_the_one_that_is_given(
    filled: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_KEY", need_key(filled, "book").reveal())
    with pytest.raises(KeyProblem, match=r"CLIENTLIB_KEY, which only its keeper.*CLIENTLIB_NEW_KEY"):
        rotate(filled, ["book"])
    monkeypatch.setenv("CLIENTLIB_NEW_KEY", ONE)
    done = rotate(filled, ["book"])
    assert done.by_hand == ("book",)
    monkeypatch.setenv("CLIENTLIB_KEY", ONE)
    assert len(clients(filled)) == 2


def test_the_same_key_again_is_no_new_one(filled: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CLIENTLIB_KEY", "CLIENTLIB_NEW_KEY"):
        monkeypatch.setenv(variable, need_key(filled, "book").reveal())
    with pytest.raises(KeyProblem, match="already"):
        rotate(filled, ["book"])


def test_killed_between_files_and_keys_the_book_still_opens(
    filled: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    before, carry_out = clients(filled), swap._carry_out

    def die_at_the_keys(move: swap.Move) -> None:
        if move.target.suffix == ".key":
            raise Killed
        carry_out(move)

    with monkeypatch.context() as patched:
        patched.setattr(swap, "_carry_out", die_at_the_keys)
        with pytest.raises(Killed):
            rotate(filled)
    pd.testing.assert_frame_equal(clients(filled), before)


def test_the_audit_goes_on_under_the_new_key(filled: Workbook) -> None:
    def audit() -> Audit:
        stands = Stands("a-book", {})
        return Audit(filled, need_key(filled, "book"), who="someone", role="auditor", stands=stands)

    last = audit().record("search", words=2)
    rotate(filled)
    following = audit().record("search", words=3)
    assert following.seq == last.seq + 1
    assert following.follows(last.hash)
    fresh = Journal(filled.book_file.parent, Seal(need_key(filled, "book")))
    assert None not in list(fresh.links())


# ----------------------------------------------------------------------------- shows itself
def test_no_key_is_in_what_the_engine_says_of_itself(filled: Workbook) -> None:
    with open_book(filled, role="data_entry") as book:
        book.area("clients")
        with book.views() as connection:
            told = ""
            for view in ("duckdb_settings()", "duckdb_databases()", "duckdb_secrets()", "duckdb_views()"):
                told += str(connection.execute(f"FROM {view}").fetchall())
    assert not any(text in told for text in keys(filled))


TOLD = """
import sys, traceback, logging
from pathlib import Path
logging.basicConfig(level=1)
from clientlib.book import open_book
from clientlib.book.keeping import rotation
from clientlib.workbook import Workbook
workbook = Workbook(Path(sys.argv[1]))
def read():
    with open_book(workbook, role="data_entry") as book:
        book.area("clients")
for act in (read, lambda: rotation.rotate(workbook)):
    try:
        act()
    except Exception:
        traceback.print_exc()
print(Path("/proc/self/cmdline").read_text() if sys.platform == "linux" else "")
"""


@pytest.mark.parametrize("damage", ["wrong key", "flipped bytes", "none"])
def test_no_key_is_in_a_traceback_a_log_or_the_process_list(filled: Workbook, damage: str) -> None:
    content = bytearray(filled.book_file.read_bytes())
    environment = dict(os.environ)
    secret = keys(filled)
    if damage == "wrong key":
        environment["CLIENTLIB_KEY"] = ONE
        environment["CLIENTLIB_NEW_KEY"] = TWO
        secret += [ONE, TWO]
    elif damage == "flipped bytes":
        for place in range(50_000, len(content), 4096):
            content[place] ^= 1
        filled.book_file.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", TOLD, str(filled.folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = done.stdout + done.stderr
    assert ("Traceback" in told) is (damage != "none")
    secret += [text.read_text().strip() for text in filled.keys.iterdir()]
    assert not any(text in told for text in secret)
