"""A file is in its place whole or not at all, and only those may read it who should."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from clientlib.aside import EVERYBODY, write_text, written_aside
from clientlib.errors import Unwritable


def test_text_is_written_as_utf8_and_its_folder_made(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "page.html", "客户\n")
    assert (tmp_path / "new" / "page.html").read_bytes() == "客户\n".encode()


@pytest.mark.parametrize(("asked", "mode"), [({}, 0o600), ({"mode": EVERYBODY}, 0o644)])
def test_only_its_owner_may_read_it_unless_it_is_for_everybody(
    tmp_path: Path, asked: dict[str, int], mode: int
) -> None:
    write_text(tmp_path / "page.html", "", **asked)
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == mode


def test_what_fails_half_way_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("old", "utf-8")

    def broken_off() -> None:
        with written_aside(tmp_path / "page.html") as aside:
            aside.write_text("half", "utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert [file.read_text("utf-8") for file in tmp_path.iterdir()] == ["old"]


def test_a_place_that_cannot_be_written_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(Unwritable, match=r"page\.html: cannot be written .* name another place"):
        write_text(tmp_path / "file" / "page.html", "")
