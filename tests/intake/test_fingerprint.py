"""A hand-in is known again by its content and by all that its check depends on, and by nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clientlib import config
from clientlib.errors import IntakeError
from clientlib.intake import Confirmed
from clientlib.intake.fingerprint import fingerprint
from clientlib.tables import AREAS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hand-in"
    made.mkdir()
    (made / "clients.csv").write_text("client_id\nC1\n", "utf-8")
    (made / "trades.csv").write_text("trade_id\nT1\n", "utf-8")
    return made


def test_a_copy_saved_at_another_time_in_another_place_is_the_same_hand_in(
    folder: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "elsewhere" / folder.name))
    os.utime(copy / "clients.csv", (0, 0))
    assert fingerprint(copy) == fingerprint(folder)


def test_another_process_knows_it_again(folder: Path) -> None:
    script = (
        "import sys; from clientlib.intake.fingerprint import fingerprint; print(fingerprint(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        capture_output=True, text=True, check=True, timeout=120, env=os.environ | {"PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert done.stdout.strip() == fingerprint(folder)


def test_one_mended_cell_makes_another_hand_in_though_size_and_date_are_the_same(folder: Path) -> None:
    before = fingerprint(folder)
    file = folder / "trades.csv"
    stamp = file.stat().st_mtime_ns
    file.write_text("trade_id\nT2\n", "utf-8")
    os.utime(file, ns=(stamp, stamp))
    assert fingerprint(folder) != before


def test_a_file_more_or_under_another_name_makes_another_hand_in(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "trades.csv").rename(folder / "orders.csv")
    renamed = fingerprint(folder)
    (folder / "more.csv").write_text("", "utf-8")
    assert len({before, renamed, fingerprint(folder)}) == 3


def test_what_the_check_depends_on_is_part_of_it(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "workbook.toml").write_text('[firm]\ntime_zone = "Europe/Madrid"\n', "utf-8")
    clients = AREAS["clients"]
    fewer = dict(AREAS) | {"clients": replace(clients, fields=clients.fields[:-1])}
    found = {
        fingerprint(folder),
        fingerprint(folder, reader="far-trans"),
        fingerprint(folder, settings=config.load(tmp_path)),
        fingerprint(folder, areas=fewer),
        fingerprint(folder, confirmed=Confirmed(words={("clients", "occupation"): {"cook": "service"}})),
        fingerprint(folder, natural_keys=True),
    }
    assert len(found) == 6


def test_what_is_not_there_is_an_error_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="there is no such file"):
        fingerprint(tmp_path / "none.csv")
