"""Every notebook runs from top to bottom, and cells tagged `nbval-check-output` print what is saved."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from clientlib.workbook import Workbook

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*/*.ipynb"))
LONGEST_CELL = 12


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _code(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=_name)
def test_the_notebook_runs_and_prints_what_is_saved(notebook: Path, demo_workbook: Workbook) -> None:
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-p", "no:cacheprovider", "-q", str(notebook)]
    environment = os.environ | {"CLIENTLIB_WORKBOOK": str(demo_workbook.folder)}
    done = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=_name)
def test_the_notebook_is_thin(notebook: Path) -> None:
    long = [source for source in _code(notebook) if len(source.splitlines()) > LONGEST_CELL]
    defining = [source for source in _code(notebook) if "def " in source or "lambda" in source]
    assert (long, defining) == ([], [])


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=_name)
def test_no_output_is_saved_that_nobody_checks(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    unchecked = [
        cell.source
        for cell in cells
        if cell.get("outputs") and "nbval-check-output" not in cell.metadata.get("tags", [])
    ]
    assert unchecked == []


@pytest.mark.parametrize("notebook", [n for n in NOTEBOOKS if n.parent.name == "reports"], ids=_name)
def test_a_report_has_one_parameters_cell_that_explains_each_default(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    (parameters,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    unexplained = [line for line in parameters.source.splitlines() if "=" in line and "#" not in line]
    assert unexplained == []
