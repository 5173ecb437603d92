"""A firm's own store of secrets, asked for a key by a command that the settings name.

The command is run without a shell, and what it prints is the key. What it says on its error stream is shown
to nobody: it may quote what it was looking for, or how it logged in.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 20.0
"""Seconds that the command may take: one that asks a question nobody sees must not hang a report at 2 a.m."""
_OURS = ("CLIENTLIB_KEY", "CLIENTLIB_VAULT_KEY", "CLIENTLIB_NEW_KEY", "CLIENTLIB_NEW_VAULT_KEY")


@dataclass(frozen=True)
class Answer:
    """What the store said: a text, or why there is none, as words after "the command … "."""

    text: str | None
    why: str = ""


def ask(command: Sequence[str], name: str) -> Answer:
    """What the command prints, with `{name}` in it replaced by the name of the key.

    Parameters
    ----------
    command : sequence of str
        A program and its arguments.
    name : str
        "book" or "vault".

    Returns
    -------
    Answer
        Whoever may not have a key gets none from the store, so that this is no error here.
    """
    # Keys that are in our own environment are no business of another program.
    passed = {name: value for name, value in os.environ.items() if name not in _OURS}
    try:
        done = subprocess.run(  # noqa: S603 - the firm's own settings name it
            [part.replace("{name}", name) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=passed,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(None, f"gave no answer within {PATIENCE:g} seconds")
    except (OSError, ValueError):
        return Answer(None, "cannot be run")
    if done.returncode:
        return Answer(None, f"ended with exit code {done.returncode}")
    text = done.stdout.decode("ascii", "replace").strip()
    return Answer(text, "") if text else Answer(None, "printed nothing")


def called(command: Sequence[str]) -> str:
    """What the command is called in sentences: its program only, for arguments may be secrets."""
    return f"the command {Path(command[0]).name} of [keys]"
