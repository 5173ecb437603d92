"""Starts a kernel that has the libraries of every report imported already: `python -m clientlib.report.warm`.

While one report runs, the kernel of the next starts here, so that imports, the larger part of a short
report, use the processor's other core.
"""

from __future__ import annotations

import signal
from importlib import import_module

LIBRARIES = ("pandas", "clientlib.book", "clientlib.features", "clientlib.report.page", "seaborn")


def main() -> None:
    """Import the libraries, then be an ordinary ipykernel."""
    # As in any kernel between cells: whoever wants it gone while it imports kills it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for library in LIBRARIES:
        import_module(library)
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
