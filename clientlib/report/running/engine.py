"""A papermill engine that runs a notebook's cells in this very process, by the shell that is in a kernel too.

papermill's own engine talks to a kernel through sockets: starting one costs more than a short report, and
with several at once a message is lost now and then, whereupon both sides wait for ever. Each report has a
process of its own here (see `forge`), so there is nobody to talk to. What a cell leaves is what a kernel
would have sent: streams, displays, a result, an error (`tests/report/running/test_engine.py` compares both).
"""

from __future__ import annotations

import builtins
import contextlib
import getpass
import io
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output
from papermill.engines import Engine, papermill_engines
from traitlets import Type
from traitlets.config import Config

NAME = "clientlib"
MOST_TEXT = 200_000
"""Characters that the prints of one cell may leave in the executed notebook; the rest is only counted."""
SAVE_SECONDS = 1.0
_QUIET = {
    "InteractiveShell": {"colors": "nocolor", "xmode": "Context"},
    "HistoryManager": {"enabled": False},
}
Told = Callable[[int], None]
"""Told how many code cells are done."""


class InProcess(Engine):  # type: ignore[misc]
    """Runs every code cell of a notebook in this process; the first that raises is the last."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, *_: Any, told: Told | None = None, **__: Any) -> None:
        """Run the cells. `told` learns of each that is done; the other options are for kernels."""
        with _shell() as shell, _saved_now_and_then(nb_man):
            done = 0
            for index, cell in enumerate(nb_man.nb.cells):
                if cell.cell_type != "code":
                    continue
                nb_man.cell_start(cell, index)
                well = shell.run(cell)
                if not well:
                    nb_man.cell_exception(cell, index)
                nb_man.cell_complete(cell, index)
                done += 1
                if told is not None:
                    told(done)
                if not well:
                    return


papermill_engines.register(NAME, InProcess)


@contextlib.contextmanager
def _saved_now_and_then(nb_man: Any) -> Iterator[None]:
    """Let papermill write the notebook at most once a second, not twice a cell.

    It is written whole at the end. Of one that is killed, the cells of the last second may be missing.
    """
    whole, last = nb_man.save, time.monotonic()

    def save(**options: Any) -> None:
        nonlocal last
        if time.monotonic() - last >= SAVE_SECONDS:
            whole(**options)
            last = time.monotonic()

    nb_man.save = save
    try:
        yield
    finally:
        nb_man.save = whole


@contextlib.contextmanager
def _shell() -> Iterator[_Shell]:
    """The process's shell, made anew; afterwards the standard streams are as they were."""
    before = sys.stdout, sys.stderr, sys.displayhook
    asking = builtins.input, getpass.getpass
    InteractiveShell.clear_instance()
    shell = _Shell.instance(config=Config(_QUIET))
    builtins.input = getpass.getpass = _nobody_answers
    try:
        yield shell
    finally:
        sys.stdout, sys.stderr, sys.displayhook = before
        builtins.input, getpass.getpass = asking
        _Shell.clear_instance()


def _nobody_answers(*_: Any, **__: Any) -> NoReturn:
    """In place of asking: a terminal that the run was started from is not the report's to read from."""
    raise StdinNotImplementedError("A report asks nobody. Let it take a parameter instead.")


class _Result(DisplayHook):
    """The value of a cell's last line."""

    shell: Any

    def write_output_prompt(self) -> None:
        """A notebook has a number of its own for it."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.shell.add(
            "execute_result", data=format_dict, metadata=md_dict or {}, execution_count=self.prompt_count
        )

    def finish_displayhook(self) -> None:
        """Nothing is printed, so nothing has to be flushed."""


class _Displays(DisplayPublisher):
    """What a cell displays; a display with a name may be updated by a later cell."""

    shell: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._named: dict[str, list[Any]] = {}
        self._clear_next = False

    def publish(  # type: ignore[override]
        self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False, **_: Any
    ) -> None:
        name = (transient or {}).get("display_id", "")
        if update:
            for output in self._named.get(name, []):
                output.update(data=data, metadata=metadata or {})
            return
        self.settle()
        self.shell.add("display_data", data=data, metadata=metadata or {})
        if name:
            self._named.setdefault(name, []).append(self.shell.outputs[-1])

    def clear_output(self, wait: bool = False) -> None:
        self._clear_next = True
        if not wait:
            self.settle()

    def settle(self) -> None:
        """Clear, where that was asked for, what the cell has shown so far."""
        if self._clear_next:
            self._clear_next = False
            self.shell.outputs.clear()


class _Shell(InteractiveShell):
    """IPython, with all that a cell shows kept in `outputs`, in the form that notebooks keep it."""

    displayhook_class = Type(_Result)
    display_pub_class = Type(_Displays)  # type: ignore[assignment]
    display_formatter: Any
    display_pub: Any

    def __init__(self, **options: Any) -> None:
        self.outputs: list[Any] = []
        super().__init__(**options)  # type: ignore[no-untyped-call]
        sys.stdout = _Stream("stdout", self)
        sys.stderr = _Stream("stderr", self)

    def init_display_formatter(self) -> None:
        super().init_display_formatter()  # type: ignore[no-untyped-call]
        # A kernel offers every form of a value, a terminal the plain one only.
        self.display_formatter.active_types = self.display_formatter.format_types

    def enable_gui(self, gui: str | None = None) -> None:
        """No event loop of a desktop runs beside a report."""

    def run(self, cell: Any) -> bool:
        """Run one cell and give it its outputs; whether it raised nothing."""
        self.outputs = cell.outputs = []
        result = self.run_cell(  # type: ignore[no-untyped-call]
            cell.source, store_history=True, silent=False
        )
        cell.execution_count = result.execution_count
        return bool(result.success)

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        self.add("error", ename=etype.__name__, evalue=str(evalue), traceback=list(stb))

    def add(self, kind: str, **content: Any) -> None:
        self.outputs.append(new_output(kind, **content))


class _Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the cells; what follows without a break is one output."""

    encoding = "utf-8"

    def __init__(self, name: str, shell: _Shell) -> None:
        super().__init__()
        self._name = name
        self._shell = shell
        self._of: list[Any] | None = None
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._shell.display_pub.settle()
        outputs = self._shell.outputs
        if self._of is not outputs:
            self._of, self._written = outputs, 0
        text = text.encode(
            "utf-8", "backslashreplace"
        ).decode()  # the notebook could not be written otherwise
        room = MOST_TEXT - self._written
        self._written += len(text)
        if room > 0:
            self._append(outputs, text if len(text) <= room else text[:room] + _LEFT_OUT)
        return len(text)

    def _append(self, outputs: list[Any], text: str) -> None:
        last = outputs[-1] if outputs else {}
        if last.get("output_type") == "stream" and last["name"] == self._name:
            last["text"] += text
        else:
            self._shell.add("stream", name=self._name, text=text)


_LEFT_OUT = "\n… (what this cell printed further is left out)\n"
