"""The journal keeps whole records, whatever happens while one is written, and shows none without the key."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.book.audit.journal import Journal
from clientlib.book.audit.record import Link
from clientlib.book.audit.sealing import Seal
from clientlib.book.keys import Key
from clientlib.errors import BookError

KEY = Key(base64.b64encode(bytes(32)).decode("ascii"))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, Seal(KEY))


def link(seq: int, text: str = "text") -> Link:
    return Link(seq, f"{text} {seq}", secrets.token_hex(32))


def filled(journal: Journal, upto: int) -> list[Link]:
    links = [link(seq) for seq in range(1, upto + 1)]
    for one in links:
        journal.append(one, durable=False)
    return links


def test_records_are_read_in_the_order_in_which_they_were_written(journal: Journal) -> None:
    assert filled(journal, 3) == list(journal.links())


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=5))
def test_any_text_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal"), Seal(KEY))
    links = [Link(n, text, "0" * 64) for n, text in enumerate(texts, 1)]
    journal.write_anew(links)
    assert list(journal.links()) == links
    assert journal.tail().last == links[-1]


def test_the_last_record_is_found_also_when_lines_are_long(journal: Journal) -> None:
    links = [link(1, "x" * 20_000), link(2, "y" * 30_000)]
    for one in links:
        journal.append(one, durable=False)
    assert journal.tail().last == links[1]
    assert journal.find(1) == links[0]


def test_an_empty_journal_has_no_last_record(journal: Journal) -> None:
    assert journal.tail().last is None
    journal.path.touch()
    assert journal.tail().last is None


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_half_written_line_is_no_record_and_is_cut_off_by_the_next(journal: Journal, cut: int) -> None:
    first = filled(journal, 1)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + whole[:-cut])
    assert list(journal.links()) == first
    assert journal.tail().last == first[0]
    following = link(2)
    journal.append(following, durable=False)
    assert list(journal.links()) == [*first, following]


def test_a_changed_line_cannot_be_read_and_is_counted(journal: Journal) -> None:
    first, _ = filled(journal, 2)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(lines[0] + lines[1].replace(lines[1][10:11], b"#"))
    assert list(journal.links()) == [first, None]
    assert journal.tail().unreadable == 1


def test_nothing_is_read_with_another_key(journal: Journal) -> None:
    filled(journal, 2)
    other = Journal(journal.path.parent, Seal(Key(base64.b64encode(b"1" * 32).decode("ascii"))))
    assert list(other.links()) == [None, None]


def test_no_word_of_a_record_lies_in_the_file(journal: Journal) -> None:
    journal.append(link(1, "planted-words"), durable=True)
    raw = journal.path.read_bytes()
    assert b"planted-words" not in raw
    assert b"planted-words" not in base64.b64decode(raw)


@pytest.mark.parametrize(("seq", "kept"), [(1, [1, 2, 3]), (3, [3]), (9, [3])])
def test_shortened_it_keeps_the_newer_ones_and_in_any_case_the_last(
    journal: Journal, seq: int, kept: list[int]
) -> None:
    filled(journal, 3)
    journal.keep_from(seq)
    assert [one.seq for one in journal.links() if one is not None] == kept


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_shortened_it_is_open_to_whom_it_was_before(journal: Journal) -> None:
    filled(journal, 2)
    journal.path.chmod(0o660)
    journal.keep_from(2)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o660


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_it_is_for_its_owner_only(journal: Journal) -> None:
    filled(journal, 1)
    journal.keep_from(1)
    with journal.locked():
        pass
    assert {stat.S_IMODE(path.stat().st_mode) for path in journal.path.parent.iterdir()} == {0o600}


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX")
def test_on_a_full_disk_a_record_is_refused_whole(journal: Journal) -> None:
    import resource

    first = filled(journal, 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 50, before[1]))
    try:
        with pytest.raises(BookError, match=r"audit\.journal cannot be written: File too large"):
            journal.append(link(2, "x" * 500), durable=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(journal.links()) == first


def test_where_its_folder_is_gone_the_sentence_says_so(tmp_path: Path) -> None:
    gone = Journal(tmp_path / "gone", Seal(KEY))
    with pytest.raises(BookError, match="Nothing is read or changed without a record"), gone.locked():
        pass
