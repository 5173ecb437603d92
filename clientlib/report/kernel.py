"""A kernel for each report: this very Python, told where the workbook is, gone when the report is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from clientlib.workbook import FOLDER_VARIABLE

_QUIET = ("--HistoryManager.enabled=False", "--InteractiveShell.colors=nocolor")


class _ThisPython(KernelSpecManager):
    """Whatever kernel a notebook names, it runs on the interpreter that clientlib runs on."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=[sys.executable, "-P", "-m", "clientlib.report.warm", "-f", "{connection_file}"],
            display_name=kernel_name,
            language="python",
            metadata={"debugger": False, "supported_encryption": ["curve"]},
        )


class _Kernel(AsyncKernelManager):
    """Remembers its client: nbclient leaves that open when it was handed a kernel."""

    opened: Any = None

    def client(self, **options: Any) -> Any:
        self.opened = super().client(**options)
        return self.opened


class Kernels:
    """The kernels of a run, one after the other; the next ones start while a report is at work.

    Only one of them is ever spoken to. All are dead when the context ends, whatever happened.
    """

    def __init__(self, folder: Path, reports: int) -> None:
        self._folder = folder
        self._to_start = reports
        self._spare: list[_Kernel] = []

    def __enter__(self) -> Self:
        self.start_next()
        return self

    def __exit__(self, *_: object) -> None:
        for manager in self._spare:
            _end(manager)

    def start_next(self) -> None:
        """Let one more kernel start ahead of its report, if a report is left for it."""
        if self._to_start > 0:
            self._spare.append(self._started())

    @contextmanager
    def take(self) -> Iterator[AsyncKernelManager]:
        """A kernel that works in the workbook's folder; killed on the way out."""
        manager = self._spare.pop(0) if self._spare else self._started()
        try:
            yield manager
        finally:
            _end(manager)

    def _started(self) -> _Kernel:
        self._to_start -= 1
        # Encrypted, because anybody on the machine could listen at a kernel's local ports.
        manager = _Kernel(
            kernel_name="python3", kernel_spec_manager=_ThisPython(), transport_encryption="auto"
        )
        start = run_sync(manager.start_kernel)
        start(extra_arguments=list(_QUIET), cwd=str(self._folder), env=_environment(self._folder))
        return manager


def _end(manager: _Kernel) -> None:
    if manager.opened is not None:
        manager.opened.stop_channels()
    run_sync(manager.shutdown_kernel)(now=True)


def _environment(folder: Path) -> dict[str, str]:
    # The order of sets and the drawing backend must not differ from run to run.
    return {
        **os.environ,
        FOLDER_VARIABLE: str(folder),
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
