"""A firm's own store of secrets, asked for a key by a command that the settings name.

The command is run without a shell, and what it prints is the key. What it says on its error stream is shown
to nobody: it may quote what it was looking for, or how it logged in.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clientlib.errors import Words

PATIENCE = 20.0
"""Seconds that the command may take: one that asks a question nobody sees must not hang a report at 2 a.m."""
LONGEST = 1024
"""Bytes that are read of what the command prints: a key has 44, and what never stops must not fill memory."""
_OURS = frozenset(
    {
        "CLIENTLIB_KEY",
        "CLIENTLIB_VAULT_KEY",
        "CLIENTLIB_NEW_KEY",
        "CLIENTLIB_NEW_VAULT_KEY",
        "CLIENTLIB_SMTP_PASSWORD",
        "CLIENTLIB_WEBHOOK_URL",
        "CLIENTLIB_WEBHOOK_TOKEN",
    }
)
_ADDRESS = "CLIENTLIB_SHARE"
"""So begin the names of variables with an address, which may hold a password."""
NOTHING = Words("", "")


@dataclass(frozen=True)
class Answer:
    """What the store said: a text, or why there is none, as words after "the command … "."""

    text: str | None
    why: Words = NOTHING


def environment(*needed: str) -> dict[str, str]:
    """Our environment as another program gets it: without keys and passwords of ours, but those `needed`."""
    return {name: value for name, value in os.environ.items() if name in needed or not holds_secret(name)}


def holds_secret(variable: str) -> bool:
    """Whether a variable of the environment may hold a key or a password of ours."""
    return variable in _OURS or variable.startswith(_ADDRESS)


def ask(command: Sequence[str], name: str) -> Answer:
    """What the command prints, with `{name}` in it replaced by the name of the key.

    Parameters
    ----------
    command : sequence of str
        A program and its arguments.
    name : str
        What it is called: "book", "vault", or as in `passwords`.

    Returns
    -------
    Answer
        Whoever may not have a key gets none from the store, so that this is no error here.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the firm's own settings name it
            [part.replace("{name}", name) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
    except (OSError, ValueError):
        return Answer(None, Words("cannot be run", "无法运行"))
    try:
        return _answer(process)
    except subprocess.TimeoutExpired:
        late = Words(f"gave no answer within {PATIENCE:g} seconds", f"在{PATIENCE:g}秒内没有回应")
        return Answer(None, late)
    finally:
        process.kill()
        process.wait()


def _answer(process: subprocess.Popen[bytes]) -> Answer:
    """What a running command says; raises TimeoutExpired."""
    printed: list[bytes] = []
    # A thread, as a pipe cannot be read with a time limit everywhere.
    reading = threading.Thread(target=_read, args=(process.stdout, printed), daemon=True, name="secret store")
    reading.start()
    reading.join(PATIENCE)
    if not printed:
        raise subprocess.TimeoutExpired(process.args, PATIENCE)
    if len(printed[0]) > LONGEST:
        return Answer(None, Words("printed far more than a key", "输出的内容远多于一个密钥"))
    if code := process.wait(PATIENCE):
        return Answer(None, Words(f"ended with exit code {code}", f"以退出码{code}结束"))
    text = printed[0].decode("utf-8", "replace").strip()
    return Answer(text) if text else Answer(None, Words("printed nothing", "没有输出"))


def _read(stream: IO[bytes], printed: list[bytes]) -> None:
    with stream:
        printed.append(stream.read(LONGEST + 1))


def called(command: Sequence[str]) -> Words:
    """What the command is called in sentences: its program only, for arguments may be secrets."""
    program = Path(command[0]).name
    return Words(f"the command {program} of [keys]", f"[keys] 中的命令 {program} ")
