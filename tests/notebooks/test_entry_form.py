"""The entry form's notebook keeps nothing of what was typed into the form."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from clientlib.workbook import Workbook

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "lab" / "entry_form.ipynb"
PLANTED = "欧阳试填"
TYPING = """
import os
form.page.boxes["full_name"].inputs[0].value = os.environ["PLANTED"]
form.buttons["check"].click()
assert form.page.texts["full_name"] == os.environ["PLANTED"]
form
"""


@pytest.mark.slow
def test_a_name_typed_into_the_form_is_not_in_the_saved_notebook(
    demo_workbook: Workbook, tmp_path: Path
) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(TYPING))
    # As JupyterLab saves by default: the state of the widgets stays out of the file.
    client = NotebookClient(notebook, timeout=120, store_widget_state=False, kernel_name="python3")
    client.execute(env=os.environ | {"PLANTED": PLANTED, "CLIENTLIB_WORKBOOK": str(demo_workbook.folder)})
    saved = tmp_path / "saved.ipynb"
    nbformat.write(notebook, saved)
    text = saved.read_text("utf-8")
    assert text.count("application/vnd.jupyter.widget-view+json") == 2
    assert PLANTED not in text
