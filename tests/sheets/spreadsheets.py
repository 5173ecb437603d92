"""How the tests of this folder have a spreadsheet program, LibreOffice, read what was written."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGE = "libreoffice-calc-nogui"


def convert(path: Path, form: str) -> Path:
    """The workbook as LibreOffice saves it in another form ("csv", "ods", "xlsx:Calc MS Excel 2007 XML")."""
    program = shutil.which("soffice")
    if program is None:
        message = f"LibreOffice is not installed (Debian package {PACKAGE})"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    folder = path.parent / "converted"
    profile = f"-env:UserInstallation={(path.parent / 'profile').as_uri()}"
    command = [program, profile, "--headless", "--convert-to", form, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return folder / f"{path.stem}.{form.partition(':')[0]}"
