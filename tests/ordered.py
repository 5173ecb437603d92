"""A process that takes orders and tells of them by lines, so that a test can kill what it does in between."""

from __future__ import annotations

import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class OrderedProcess:
    """Runs a script that reads orders, a line of JSON each, and answers in lines."""

    def __init__(self, script: Path, environment: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._orders, self._answers = self.process.stdin, self.process.stdout
        self._unread = b""

    def order(self, **told: Any) -> None:
        """Have something done."""
        self._orders.write(json.dumps(told).encode() + b"\n")

    def line_until(self, moment: float) -> str | None:
        """The next line of the answer; None when it has not come by a moment of the monotonic clock."""
        while b"\n" not in self._unread:
            left = None if moment == math.inf else max(moment - time.monotonic(), 0)
            if not select.select([self._answers], [], [], left)[0]:
                return None
            self._unread += os.read(self._answers.fileno(), 65536)
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def end(self) -> None:
        """End it, and wait until it has."""
        self.process.kill()
        self.process.communicate(timeout=60)
