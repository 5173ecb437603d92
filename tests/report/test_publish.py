"""Reports are put in place whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from clientlib import aside
from clientlib.aside import put_folder
from clientlib.errors import WorkbookError
from clientlib.report import publish

DAY = dt.date(2026, 6, 30)


def an_edition(folder: Path, text: str, as_of: str = "2026-06-30", branch: str = "all") -> Path:
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(text)
    (folder / "manifest.json").write_text(
        json.dumps({"format": 2, "as_of": as_of, "branch": branch, "reports": {}})
    )
    return folder


def test_an_edition_replaces_the_one_before(tmp_path: Path) -> None:
    old, new = an_edition(tmp_path / "2026-06-30", "old"), an_edition(tmp_path / "new", "new")
    (old / "gone.html").write_text("gone")
    put_folder(new, old)
    assert (old / "index.html").read_text() == "new"
    assert not (old / "gone.html").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["2026-06-30"]


def test_where_folders_cannot_change_places_an_edition_still_replaces_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "_exchanged", lambda *_: False)
    old, new = an_edition(tmp_path / "2026-06-30", "old"), an_edition(tmp_path / "new", "new")
    put_folder(new, old)
    assert (old / "index.html").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["2026-06-30"]


def test_when_publishing_fails_the_old_edition_comes_back(tmp_path: Path) -> None:
    old = an_edition(tmp_path / "2026-06-30", "old")
    with pytest.raises(FileNotFoundError):
        put_folder(tmp_path / "never made", old)
    assert (old / "index.html").read_text() == "old"


def test_a_run_clears_the_wreck_of_a_killed_one(tmp_path: Path) -> None:
    an_edition(tmp_path / ".staging-2026-01-01", "half")
    an_edition(tmp_path / ".replaced-2026-06-30", "old")
    an_edition(tmp_path / ".expired-2020-06-30", "past its time")
    (tmp_path / ".written-ab3_9xyz.json").write_text("half")
    with publish.alone(tmp_path):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == [publish.LOCK, "2026-06-30"]


def test_a_run_leaves_alone_what_decides_who_may_read_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".htaccess").write_text("Require group managers")
    with publish.alone(tmp_path):
        pass
    assert (tmp_path / ".htaccess").is_file()


def test_a_run_that_goes_on_keeps_what_was_begun_and_puts_back_what_was_moved_aside(tmp_path: Path) -> None:
    an_edition(tmp_path / ".staging-2026-06-30", "half")
    an_edition(tmp_path / ".replaced-2026-06-30", "old")
    an_edition(tmp_path / ".expired-2020-06-30", "past its time")
    with publish.alone(tmp_path, keep=True):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == [publish.LOCK, ".staging-2026-06-30", "2026-06-30"]


def test_a_second_run_is_told_to_wait(tmp_path: Path) -> None:
    with (
        publish.alone(tmp_path),
        pytest.raises(WorkbookError, match="Another run"),
        publish.alone(tmp_path),
    ):
        pass


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")
    with pytest.raises(WorkbookError, match="cannot be written"), publish.alone(tmp_path / "reports"):
        pass


def test_branches_have_editions_of_their_own() -> None:
    names = [publish.edition_name(DAY, b) for b in ("all", "North", "上海营业部", "A/B", "A B", "../..")]
    assert names[:3] == ["2026-06-30", "2026-06-30--North", "2026-06-30--上海营业部"]
    assert len(set(names)) == len(names)
    assert not any(set(name) & set("/\\:. ") for name in names)


def test_editions_are_listed_newest_first_without_what_is_none(tmp_path: Path) -> None:
    an_edition(tmp_path / "2026-03-31", "", "2026-03-31")
    an_edition(tmp_path / "2026-06-30--N", "", "2026-06-30", "N")
    an_edition(tmp_path / "2026-06-30", "")
    an_edition(tmp_path / ".staging-2026-09-30", "", "2026-09-30")
    an_edition(tmp_path / "2026-06-30 as sent to the board", "")
    (tmp_path / "notes").mkdir()
    found = [(e.as_of.isoformat(), e.branch) for e in publish.editions(tmp_path)]
    assert found == [("2026-06-30", "all"), ("2026-06-30", "N"), ("2026-03-31", "all")]
