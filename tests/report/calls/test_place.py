"""Where call lists lie, how they are called, and which of them are of an earlier state of the book."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

import pytest

from clientlib.book.opened import Identity
from clientlib.errors import Unwritable
from clientlib.report.calls import place

DAY = dt.date(2026, 6, 30)
NIGHT = dt.datetime(2026, 7, 1, 2, 0, tzinfo=dt.UTC)


def test_only_the_owner_may_look_into_the_folder_and_no_repository_takes_it(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir(mode=0o755)  # made by hand, say
    made = place.prepared(tmp_path / "calls", "2026-06-30")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (made.parent, made)] == [0o700, 0o700]
    assert (made.parent / ".gitignore").read_text("utf-8").splitlines()[-1] == "*"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("in the way", "utf-8")
    with pytest.raises(Unwritable, match="calls: cannot be written"):
        place.prepared(tmp_path / "calls", "2026-06-30")


def test_a_name_tells_whose_list_of_when_it_is_and_how_it_shows_clients() -> None:
    def named(whom: str, identity: Identity = "plain", *languages: str) -> str:
        return place.file_name(whom, DAY, NIGHT, identity, languages or ("en",))

    assert named("A0104") == "calls-2026-06-30-A0104-20260701T020000Z.en.xlsx"
    assert named("王芳", "masked", "zh", "en") == "calls-2026-06-30-王芳-20260701T020000Z-masked.zh-en.xlsx"
    assert named("A1", "hidden") == "calls-2026-06-30-A1-20260701T020000Z-numbers.en.xlsx"
    assert Path(named("../etc")).name == named("../etc")
    assert named("a/b") != named("a-b")


def test_lists_of_another_state_of_the_book_are_earlier(tmp_path: Path) -> None:
    folder = place.prepared(tmp_path, "2026-06-30")
    for moment in (NIGHT, NIGHT - dt.timedelta(hours=1)):
        (folder / place.file_name("A1", DAY, moment, "plain", ["en"])).touch()
    assert [file.name for file in place.earlier(tmp_path, "2026-06-30", {NIGHT})] == [
        "calls-2026-06-30-A1-20260701T010000Z.en.xlsx"
    ]
    assert place.earlier(tmp_path, "2026-05-31", {NIGHT}) == []
