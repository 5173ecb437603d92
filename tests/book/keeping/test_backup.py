"""A backup holds all of a book, tells one changed byte, and comes back whole; the audit never goes back."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clientlib.book import open_book, swap
from clientlib.book.audit.record import Link
from clientlib.book.audit.trail import anchor_path
from clientlib.book.audit.verify import verify
from clientlib.book.keeping.backup import MANIFEST, Backup, back_up
from clientlib.book.keeping.restore import carried, check, restore
from clientlib.book.keeping.rotation import rotate
from clientlib.book.keys import key_file
from clientlib.errors import BookBusy, BookError, KeyProblem
from clientlib.workbook import Workbook

PLANTED = "PLANTED-NAME-7QX"


@pytest.fixture
def filled(workbook: Workbook, importing: Any, hand_in: Any, client: Any) -> Workbook:
    importing(hand_in(clients=[client(1), client(2, full_name=PLANTED)]), source="first.csv")
    (workbook.folder / "data" / "fields.toml").write_text(f"# {PLANTED}\n", "utf-8")
    return workbook


@pytest.fixture
def saved(filled: Workbook) -> Path:
    return back_up(filled).file


def rows(workbook: Workbook) -> pd.DataFrame:
    with open_book(workbook, role="data_entry") as book:
        return book.area("clients")


def put_back(workbook: Workbook, file: Path) -> Any:
    return restore(workbook, file, who="keeper", role="administrator", losing=True)


def files_of(workbook: Workbook) -> dict[str, bytes]:
    folder = workbook.book_file.parent
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".duckdb"}


# ------------------------------------------------------------------------------------ made
def test_a_backup_says_which_state_of_which_book_it_is(filled: Workbook) -> None:
    made = back_up(filled).manifest
    assert made.last_batch == 1
    assert made.book_id == filled.book_file.with_name("book.id").read_text().strip()
    assert set(made.members) >= {"book.duckdb", "vault.duckdb", "workbook.toml", "data/fields.toml"}
    assert made.audit_seq > 0


def test_a_backup_lies_in_its_folder_for_its_owner_only(saved: Path, filled: Workbook) -> None:
    assert saved.parent == filled.folder / "data" / "backups"
    assert saved.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_nothing_confidential_is_readable_in_a_backup(saved: Path, filled: Workbook) -> None:
    content = saved.read_bytes()
    assert PLANTED.encode() not in content
    assert b"wait_seconds" not in content
    assert not any(key.read_bytes().strip() in content for key in filled.keys.iterdir())


def test_readers_go_on_while_a_backup_is_made(filled: Workbook) -> None:
    with open_book(filled) as book:
        back_up(filled)
        assert len(book.area("clients")) == 2


def test_a_backup_waits_for_a_writer(filled: Workbook) -> None:
    with open_book(filled, role="data_entry", write=True), pytest.raises(BookBusy):
        back_up(filled)


def test_a_backup_needs_the_books_key_only(filled: Workbook) -> None:
    key_file(filled, "vault").unlink()
    assert back_up(filled).file.exists()


def test_a_file_that_is_there_is_not_written_over(filled: Workbook, tmp_path: Path) -> None:
    target = tmp_path / "mine.zip"
    target.write_text("mine")
    with pytest.raises(BookError, match="there already"):
        back_up(filled, target)
    assert target.read_text() == "mine"


def test_what_a_dead_process_left_to_be_folded_in_is_saved_too(
    filled: Workbook, hand_in: Any, client: Any, tmp_path: Path
) -> None:
    with open_book(filled, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(3)])], source="second.csv")
    frozen = Workbook(tmp_path / "frozen")
    # As a process leaves the files that is killed before they are folded in.
    with open_book(filled, role="data_entry", write=True) as book:
        connection = book._files.writer().connection
        connection.execute("CREATE TABLE book.main._mark AS SELECT 1 AS x")
        shutil.copytree(filled.folder, frozen.folder)
    assert frozen.book_file.with_name("book.duckdb.wal").exists()
    made = back_up(frozen)
    assert "book.duckdb.wal" in made.manifest.members
    frozen.book_file.with_name("book.duckdb.wal").unlink()
    put_back(frozen, made.file)
    with open_book(frozen, role="data_entry", write=True) as book:
        assert book._files.writer().connection.execute("FROM book.main._mark").fetchall() == [(1,)]


# -------------------------------------------------------------------------------- put back
def test_a_book_that_is_gone_comes_back(filled: Workbook, saved: Path) -> None:
    before = rows(filled)
    shutil.rmtree(filled.book_file.parent)
    put_back(filled, saved)
    pd.testing.assert_frame_equal(rows(filled), before)


def test_records_that_are_lost_with_the_journal_are_told_by_the_anchor(filled: Workbook, saved: Path) -> None:
    rows(filled)  # leaves a record that is newer than the backup
    shutil.rmtree(filled.book_file.parent)
    put_back(filled, saved)
    assert [remark.kind for remark in verify(filled).defects] == ["alarm_end_gone"]


def test_a_new_machine_goes_on_with_the_backups_audit(filled: Workbook, saved: Path) -> None:
    shutil.rmtree(filled.book_file.parent)
    anchor_path(filled).unlink()
    put_back(filled, saved)
    assert len(rows(filled)) == 2
    assert verify(filled).well, verify(filled).remarks


@pytest.mark.parametrize("damage", ["book", "vault", "both", "note"])
def test_a_damaged_book_comes_back(filled: Workbook, saved: Path, damage: str) -> None:
    before = rows(filled)
    if damage in ("book", "both"):
        filled.book_file.write_bytes(b"\0" * 10_000)
    if damage in ("vault", "both"):
        filled.vault_file.write_bytes(filled.vault_file.read_bytes()[:5000])
    if damage == "note":
        (filled.book_file.parent / "swap.json").write_text("{")
    put_back(filled, saved)
    pd.testing.assert_frame_equal(rows(filled), before)


def test_later_batches_do_not_go_unasked(
    workbook: Workbook, importing: Any, hand_in: Any, client: Any
) -> None:
    importing(hand_in(clients=[client(1)]))
    saved = back_up(workbook).file
    importing(hand_in(clients=[client(2)]))
    with pytest.raises(BookError, match=r"later batches \(1\) that the backup has not.*--yes"):
        restore(workbook, saved, who="keeper", role="administrator")
    with open_book(workbook, role="data_entry") as book:
        assert book.counts()["clients"] == 2


def test_what_was_in_place_is_kept(
    filled: Workbook, saved: Path, importing: Any, hand_in: Any, client: Any
) -> None:
    importing(hand_in(clients=[client(3)]), source="second.csv")
    newer = files_of(filled)
    done = put_back(filled, saved)
    assert len(rows(filled)) == 2
    kept = [path.read_bytes() for path in done.kept]
    assert all(content in kept for content in newer.values())
    assert set(done.kept) <= set(swap.kept(filled))


def test_batches_go_on_after_a_backup_was_put_back(
    filled: Workbook, saved: Path, importing: Any, hand_in: Any, client: Any
) -> None:
    importing(hand_in(clients=[client(3)]), source="second.csv")
    put_back(filled, saved)
    importing(hand_in(clients=[client(4)]), source="third.csv")
    assert rows(filled)["client_id"].tolist() == ["C001", "C002", "C004"]
    assert verify(filled).well, verify(filled).remarks


def test_settings_that_a_person_changed_stay_beside_the_backups(filled: Workbook, saved: Path) -> None:
    settings = filled.folder / "workbook.toml"
    old = settings.read_text("utf-8")
    settings.write_text(old + "# changed\n", "utf-8")
    done = put_back(filled, saved)
    assert settings.read_text("utf-8").endswith("# changed\n")
    assert [path.read_text("utf-8") for path in done.beside] == [old]


def test_the_firms_fields_come_back_where_they_are_gone(filled: Workbook, saved: Path) -> None:
    fields = filled.folder / "data" / "fields.toml"
    fields.unlink()
    assert put_back(filled, saved).beside == ()
    assert PLANTED in fields.read_text("utf-8")


def test_nothing_is_put_back_while_somebody_reads(filled: Workbook, saved: Path) -> None:
    before = files_of(filled)
    with open_book(filled), pytest.raises(BookBusy):
        put_back(filled, saved)
    assert files_of(filled) == before


def test_killed_while_it_is_put_back_the_next_opening_finishes_it(
    filled: Workbook, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    carry_out = swap._carry_out

    def die_at_the_book(move: swap.Move) -> None:
        if move.target == filled.book_file:
            raise Killed
        carry_out(move)

    before = rows(filled)
    with monkeypatch.context() as patched:
        patched.setattr(swap, "_carry_out", die_at_the_book)
        with pytest.raises(Killed):
            put_back(filled, saved)
    pd.testing.assert_frame_equal(rows(filled), before)


# -------------------------------------------------------------------------------- verified
def test_a_whole_backup_is_found_whole_and_nothing_is_changed(filled: Workbook, saved: Path) -> None:
    before = files_of(filled)
    names = {path.name for path in filled.book_file.parent.iterdir()}
    assert isinstance(check(filled, saved), Backup)
    assert files_of(filled) == before
    assert {path.name for path in filled.book_file.parent.iterdir()} == names


@pytest.mark.parametrize("part", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_one_flipped_byte_is_found(filled: Workbook, saved: Path, part: float) -> None:
    before, content = files_of(filled), bytearray(saved.read_bytes())
    content[int(part * (len(content) - 1))] ^= 1
    saved.write_bytes(content)
    with pytest.raises(BookError, match=r"damaged|another key"):
        put_back(filled, saved)
    assert files_of(filled) == before


def test_a_flipped_byte_in_the_archives_own_records_is_found(filled: Workbook, saved: Path) -> None:
    content = saved.read_bytes()
    end = content.rindex(b"{\n")  # where the manifest begins, and the archive's directory follows
    damaged = saved.with_name("damaged.zip")
    for place in range(end, len(content), 37):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(BookError):
            check(filled, damaged)


@pytest.mark.parametrize("part", [0.0, 0.5, 0.999])
def test_a_truncated_backup_is_found(filled: Workbook, saved: Path, part: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(part * len(content))])
    with pytest.raises(BookError, match="damaged"):
        put_back(filled, saved)


def test_a_backup_with_something_added_is_found(filled: Workbook, saved: Path) -> None:
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("more", "x")
    with pytest.raises(BookError, match="damaged"):
        check(filled, saved)


def test_a_manifest_that_was_changed_with_its_members_is_found(filled: Workbook, saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        comment = archive.comment
    told = json.loads(members[MANIFEST])
    members[MANIFEST] = json.dumps(told | {"last_batch": 7}).encode()
    with zipfile.ZipFile(saved, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
        archive.comment = comment
    with pytest.raises(BookError, match="damaged"):
        check(filled, saved)


@pytest.mark.parametrize("manifest", ["[" * 200_000, '{"format": Infinity}', '{"format": 1e999}'])
def test_a_manifest_that_no_program_wrote_is_told_so(filled: Workbook, tmp_path: Path, manifest: str) -> None:
    file = tmp_path / "evil.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MANIFEST, manifest)
        archive.comment = b"0" * 64
    with pytest.raises(BookError, match="is no backup of clientlib"):
        put_back(filled, file)


def test_an_archive_with_a_password_is_no_backup(filled: Workbook, tmp_path: Path) -> None:
    file = tmp_path / "locked.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MANIFEST, "{}")
        archive.comment = b"0" * 64
    raw = bytearray(file.read_bytes())
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    raw[raw.find(b"PK\x03\x04") + 6] |= 1
    file.write_bytes(raw)
    with pytest.raises(BookError, match="is no backup of clientlib"):
        put_back(filled, file)


def test_what_is_no_backup_is_told_so(filled: Workbook, tmp_path: Path) -> None:
    text = tmp_path / "letter.txt"
    text.write_text("Dear all")
    for file in (text, tmp_path, tmp_path / "nothing.zip"):
        with pytest.raises(BookError, match=r"Nothing was changed|nothing was changed"):
            put_back(filled, file)


def test_a_backup_under_other_keys_names_the_fingerprints(filled: Workbook, saved: Path) -> None:
    rotate(filled, ["book"])
    with pytest.raises(KeyProblem, match=r"another key of the book.*fingerprint"):
        put_back(filled, saved)


def test_a_backup_whose_vault_has_another_key_is_refused(filled: Workbook, saved: Path) -> None:
    rotate(filled, ["vault"])
    before = files_of(filled)
    with pytest.raises(KeyProblem, match="does not open"):
        put_back(filled, saved)
    assert files_of(filled) == before


def test_a_backup_of_another_book_is_refused(filled: Workbook, saved: Path) -> None:
    filled.book_file.with_name("book.id").write_text("another\n")
    with pytest.raises(BookError, match="of another book"):
        put_back(filled, saved)


def test_a_backup_without_the_vaults_key_is_not_put_back(filled: Workbook, saved: Path) -> None:
    key_file(filled, "vault").unlink()
    with pytest.raises(KeyProblem, match="no key for the vault"):
        put_back(filled, saved)


# ----------------------------------------------------------------------------------- audit
def records(workbook: Workbook) -> int:
    return verify(workbook).records


def test_an_older_backup_does_not_make_the_audit_go_back(
    filled: Workbook, saved: Path, importing: Any, hand_in: Any, client: Any
) -> None:
    for number in (3, 4):
        importing(hand_in(clients=[client(number)]), source=f"{number}.csv")
    before = records(filled)
    put_back(filled, saved)
    found = verify(filled)
    assert found.well, found.remarks
    assert found.records == before + 1


def test_the_audit_goes_on_where_the_book_is_gone_and_the_journal_is_not(
    filled: Workbook, saved: Path, importing: Any, hand_in: Any, client: Any
) -> None:
    importing(hand_in(clients=[client(3)]), source="second.csv")
    filled.book_file.unlink()
    put_back(filled, saved)
    assert len(rows(filled)) == 2
    assert verify(filled).well, verify(filled).remarks


def test_an_anchor_that_was_taken_away_is_not_put_back_unseen(filled: Workbook, saved: Path) -> None:
    anchor_path(filled).unlink()
    put_back(filled, saved)
    assert not verify(filled).well


def test_whoever_was_erased_after_the_backup_is_named(filled: Workbook, saved: Path) -> None:
    with open_book(filled, role="service") as book:
        book.audit.record("erase", clients=["C002"])
        book.audit.record("erase", clients=["C001"], outcome="broken off")
    assert put_back(filled, saved).erased == ("C002",)


@pytest.mark.parametrize(
    ("last", "saved", "here", "journal", "expected"),
    [
        (2, [], [1, 2, 3, 4, 5], [5, 6], [3, 4]),
        (2, [3, 4], [], [5, 6], [3, 4]),
        (2, [3], [], [5, 6], []),
        (2, [3, 4], [], [], [3, 4]),
        (2, [3], [1, 2, 3, 4], [], [3, 4]),
        (4, [], [], [4, 5], []),
        (0, [], [], [], []),
    ],
)
def test_records_before_the_journal_are_carried_over_in_one_run(
    last: int, saved: list[int], here: list[int], journal: list[int], expected: list[int]
) -> None:
    def links(numbers: list[int]) -> list[Link]:
        return [Link(number, "", "") for number in numbers]

    assert carried(last, links(saved), links(here), links(journal)) == links(expected)
