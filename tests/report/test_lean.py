"""What is left out of an import is not missed, and is there for whoever asks for it."""

from __future__ import annotations

import subprocess
import sys

AFTER = """
import sys
from importlib.util import find_spec
from clientlib.report import lean
lean.import_nbformat()
import nbformat, papermill
print("rfc3987_syntax" in sys.modules, find_spec("rfc3987_syntax") is None)
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
nbformat.validate(notebook)
notebook.cells[0].source = 1
try:
    nbformat.validate(notebook)
except nbformat.ValidationError:
    print("refused")
"""


def test_nbformat_is_imported_without_a_grammar_and_judges_notebooks_as_ever() -> None:
    done = subprocess.run([sys.executable, "-c", AFTER], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False False\nrefused\n", "")
