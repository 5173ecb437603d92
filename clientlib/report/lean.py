"""Imports that take less time than they would by themselves, for processes that are ours alone."""

from __future__ import annotations

import sys
from importlib import import_module

_GRAMMAR = "rfc3987_syntax"


def import_nbformat() -> None:
    """Import nbformat in a tenth of the time, where nobody has imported it yet.

    Notes
    -----
    It validates by jsonschema, which makes the whole grammar of international addresses ready where the
    library for it is installed. That takes a second, and serves a check that the schema of notebooks does
    not ask for. A module that is set to None counts as not installed, and jsonschema does without; afterwards
    it can be imported as ever. Not for a process in which others may validate: theirs would not check
    addresses.
    """
    if _GRAMMAR in sys.modules:
        return
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]
    try:
        import_module("nbformat")
    finally:
        del sys.modules[_GRAMMAR]
