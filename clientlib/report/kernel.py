"""A kernel for one report: this very Python, told where the workbook is, gone when the report is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from clientlib.workbook import FOLDER_VARIABLE

_QUIET = ("--HistoryManager.enabled=False", "--InteractiveShell.colors=nocolor")


class _ThisPython(KernelSpecManager):
    """Whatever kernel a notebook names, it runs on the interpreter that clientlib runs on."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
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


@contextmanager
def kernel(folder: Path) -> Iterator[AsyncKernelManager]:
    """A started kernel that works in `folder`, a workbook; killed on the way out, whatever happened."""
    # Encrypted, because anybody on the machine could listen at a kernel's local ports.
    manager = _Kernel(kernel_name="python3", kernel_spec_manager=_ThisPython(), transport_encryption="auto")
    try:
        run_sync(manager.start_kernel)(
            extra_arguments=list(_QUIET), cwd=str(folder), env=_environment(folder)
        )
        yield manager
    finally:
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
