"""The anchor is read as it was written, or not at all."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from clientlib.book.audit.anchor import SIZE, Anchor, AnchorFile
from clientlib.book.audit.sealing import Seal
from clientlib.book.keys import Key
from clientlib.errors import BookError

ANCHOR = Anchor("a-book", 7, "f" * 64, 3, 1_790_000_000_000_000)


def key(byte: bytes) -> Key:
    return Key(base64.b64encode(byte * 32).decode("ascii"))


@pytest.fixture
def file(tmp_path: Path) -> AnchorFile:
    made = AnchorFile(tmp_path / "audit.anchor", Seal(key(b"0")))
    made.write(ANCHOR)
    return made


def test_it_is_read_as_it_was_written(file: AnchorFile) -> None:
    assert file.read() == ANCHOR


def test_it_is_of_one_size_so_that_one_write_replaces_it(file: AnchorFile) -> None:
    file.write(Anchor("a-book"))
    assert file.path.stat().st_size == SIZE
    assert file.read() == Anchor("a-book")


def test_with_another_key_it_is_not_there(file: AnchorFile) -> None:
    assert AnchorFile(file.path, Seal(key(b"1"))).read() is None


def test_any_changed_character_makes_it_not_there(file: AnchorFile) -> None:
    whole = file.path.read_bytes()
    for place in range(len(whole.rstrip())):
        changed = bytes([whole[place] ^ 1])
        file.path.write_bytes(whole[:place] + changed + whole[place + 1 :])
        assert file.read() is None, place


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"signature": "x"}'])
def test_what_is_no_anchor_is_not_there(file: AnchorFile, content: bytes) -> None:
    file.path.write_bytes(content)
    assert file.read() is None


def test_a_disk_that_is_not_there_is_noticed(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path / "no" / "disk" / "audit.anchor", Seal(key(b"0")))
    with pytest.raises(BookError, match=r"audit\.anchor cannot be written"):
        file.write(ANCHOR)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_it_is_for_its_owner_only(file: AnchorFile) -> None:
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
