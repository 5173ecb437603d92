"""A notebook leaves the same outputs in our process as in a real kernel, cell by cell."""

from __future__ import annotations

import builtins
import contextlib
import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

from clientlib.report import RunResult, exporter
from clientlib.report.running import engine

pytestmark = pytest.mark.slow
CELLS = {
    "streams": "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('more', end='')",
    "a result": "40 + 2",
    "a result of text": "'text'",
    "no result": "x = 1;",
    "a result that is hidden": "42;",
    "a table": "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "displays": "from IPython.display import HTML\ndisplay(HTML('<b>x</b>'), 'plain')\nprint('after')",
    "a display with facts": "display({'application/vnd.own+json': {'k': 1}, 'text/plain': 'p'}, raw=True)",
    "a display with a name": "handle = display(HTML('<i>old</i>'), display_id='named')",
    "an update": "handle.update(HTML('<i>new</i>'))",
    "cleared at once": "from IPython.display import *\nprint('gone')\nclear_output()\nprint('left')",
    "cleared when more comes": "print('gone')\nclear_output(wait=True)\nprint('left')",
    "cleared, and nothing comes": "print('stays')\nclear_output(wait=True)",
    "awaited": "import asyncio\nawait asyncio.sleep(0)\nawait asyncio.gather(asyncio.sleep(0, 'done'))",
    "a magic": "%%capture held\nprint('held')",
    "what was held": "print(held.stdout.upper())",
    "the shell": "!echo from the shell",
    "the shell's answer": "answer = !echo one; echo two\nlist(answer)",
    "a line of two": "print(1); print(2)",
    "a thread": "import threading as t\nt = t.Thread(target=print, args=('in it',))\nt.start()\nt.join()",
    "a log": "import logging\nlogging.Logger('own').warning('logged')",
    "the last result": "40 + 2",
    "remembered": "_ + 1",
    "a name": "__name__",
    "a class pickled": "import pickle\nclass C: pass\ntype(pickle.loads(pickle.dumps(C()))).__name__",
    "carriage returns": "import time\nfor n in range(3): print(f'\\r{n}', end='')",
    "nothing": "",
    "a comment": "# nothing",
    "figures": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);\nplt.close('all')",
}
FAILING = {
    "an error": "print('before')\n1 / 0",
    "an error of syntax": "for for",
    "an exit": "import sys\nsys.exit(3)",
    "an error within another": "try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('t') from e",
}


def executed(cells: list[str], folder: Path, name: str) -> Any:
    """The notebook as the engine leaves it, also when it fails."""
    source, target = folder / "source.ipynb", folder / f"{name}.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=[new_code_cell(c) for c in cells], metadata=kernel), source)
    with contextlib.suppress(PapermillExecutionError):
        papermill.execute_notebook(
            source, target, engine_name=name, kernel_name="python3", progress_bar=False, cwd=folder
        )
    return nbformat.read(target, as_version=4)


def told(cell: Any) -> list[dict[str, Any]]:
    """A cell's outputs without what may differ: addresses, paths, and how a traceback names its cell."""
    found: list[dict[str, Any]] = copy.deepcopy(cell["outputs"])
    for output in found:
        output.get("metadata", {}).pop("papermill", None)
        if output["output_type"] == "error":
            output["traceback"] = [_plain(line) for line in output["traceback"]]
    return _joined(found)


def _plain(line: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    return re.sub(r"(/\S+\.py|Cell In\[\d+\]|<ipython-input\S+)[^\n]*", "<place>", plain)


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Streams as one text each: a kernel's two may cross on their way."""
    texts = {"stdout": "", "stderr": ""}
    for output in outputs:
        if output["output_type"] == "stream":
            texts[output["name"]] += output["text"].replace("\r\n", "\n")
    others = [o for o in outputs if o["output_type"] != "stream"]
    return [*({"stream": name, "text": text} for name, text in texts.items() if text), *others]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    folder = tmp_path_factory.mktemp("engine")
    before = sys.modules["__main__"]
    yield executed([*CELLS.values()], folder, engine.NAME), executed([*CELLS.values()], folder, "nbclient")
    sys.modules["__main__"] = before


@pytest.mark.parametrize("name", list(CELLS))
def test_a_cell_leaves_what_a_kernel_would_have_sent(both: tuple[Any, Any], name: str) -> None:
    assert [len(notebook["cells"]) for notebook in both] == [len(CELLS)] * 2, "a cell failed"
    ours, kernels = (notebook["cells"][list(CELLS).index(name)] for notebook in both)
    assert told(ours) == told(kernels)
    assert ours["execution_count"] == kernels["execution_count"]


@pytest.mark.filterwarnings("ignore:To exit")
@pytest.mark.parametrize("name", list(FAILING))
def test_what_fails_fails_alike_and_the_rest_is_not_run(tmp_path: Path, name: str) -> None:
    cells = ["kept = 1", FAILING[name], "print('never')"]
    ours, kernels = (executed(cells, tmp_path, by) for by in (engine.NAME, "nbclient"))
    last = [_errors(notebook) for notebook in (ours, kernels)]
    assert last[0] == last[1]
    assert last[0], "nothing failed"
    assert "never" not in str(ours["cells"][-1]["outputs"])


def _errors(notebook: Any) -> list[tuple[str, str]]:
    return [
        (o["ename"], _in_its_cell(o["evalue"]))
        for cell in notebook["cells"]
        for o in cell.get("outputs", [])
        if "ename" in o
    ]


def _in_its_cell(text: str) -> str:
    return re.sub(r"\((?:<ipython-input[^,]*|\d+\.py), line", "(line", text)


@pytest.mark.parametrize("ask", ["input('Which?')", "import getpass\ngetpass.getpass()"])
def test_nobody_is_asked(tmp_path: Path, ask: str) -> None:
    assert [kind for kind, _ in _errors(executed([ask], tmp_path, engine.NAME))] == [
        "StdinNotImplementedError"
    ]


def test_afterwards_the_process_is_as_it_was(tmp_path: Path) -> None:
    before = sys.stdout, sys.stderr, sys.displayhook, builtins.input
    executed(["1 / 0"], tmp_path, engine.NAME)
    assert (sys.stdout, sys.stderr, sys.displayhook, builtins.input) == before


# ------------------------------------------------------------------ plain papermill


PAPERMILL = """
import json, sys
from papermill.__main__ import papermill
for words in json.loads(sys.argv[1]):
    papermill(words, standalone_mode=False)
"""
"""The command `papermill`, so many times as told, each time with a kernel of its own."""


def test_plain_papermill_gives_every_report_the_same_content(report_run: RunResult, tmp_path: Path) -> None:
    firm = report_run.folder.parents[1]
    told = {o.report: o.content for o in report_run.outcomes if o.language == "en"}
    assert len(told) >= 5
    commands = []
    for name in told:
        kept = nbformat.read(report_run.folder / "notebooks" / f"{name}.en.ipynb", as_version=4)
        values = kept["metadata"]["papermill"]["parameters"]
        chosen = [word for key, value in values.items() for word in ("-r", key, str(value))]
        source, target = firm / "notebooks" / "reports" / f"{name}.ipynb", tmp_path / f"{name}.ipynb"
        commands.append([str(source), str(target), "--no-progress-bar", "-k", "python3", *chosen])
    environment = {**os.environ, "CLIENTLIB_WORKBOOK": str(firm)}
    asked = [sys.executable, "-c", PAPERMILL, json.dumps(commands)]
    done = subprocess.run(asked, cwd=firm, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name, content in told.items():
        made = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
        assert exporter.content(made) == content, name
