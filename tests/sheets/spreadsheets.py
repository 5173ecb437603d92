"""How the tests of this folder have a spreadsheet program, LibreOffice, read what was written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

PACKAGE = "libreoffice-calc-nogui"


def convert(path: Path, form: str) -> Path:
    """The workbook as LibreOffice saves it in another form ("csv", "ods", "xlsx:Calc MS Excel 2007 XML")."""
    return convert_all([path], form)[0]


def convert_all(paths: Sequence[Path], form: str) -> list[Path]:
    """Workbooks of one folder, each as LibreOffice saves it; it is started once."""
    program = shutil.which("soffice")
    if program is None:
        message = f"LibreOffice is not installed (Debian package {PACKAGE})"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    folder = paths[0].parent / "converted"
    profile = f"-env:UserInstallation={(paths[0].parent / 'profile').as_uri()}"
    command = [
        program,
        profile,
        "--headless",
        "--convert-to",
        form,
        "--outdir",
        str(folder),
        *map(str, paths),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return [folder / f"{path.stem}.{form.partition(':')[0]}" for path in paths]
