"""A process that has imported what a forge imports, and forks one whenever it is asked for.

It reads requests from the socket that is its standard input: a line of JSON with the environment and the
folder to work in, and with it the descriptors of what is to be the forge's standard input, output and error,
and of the locks that it holds. It answers with a descriptor of the forge's process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from typing import Any

from clientlib.report.running import forge

LONGEST, MOST_DESCRIPTORS = 1 << 20, 16


def main() -> None:
    for _ in forge.make_ready():
        pass
    asked = socket.socket(fileno=0)
    signal.signal(signal.SIGCHLD, bury)
    while True:
        request, descriptors, _, _ = socket.recv_fds(asked, LONGEST, MOST_DESCRIPTORS)
        if not request:
            return
        # Not to be buried before its descriptor is there.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        if (child := os.fork()) == 0:
            asked.detach()
            be_a_forge(json.loads(request), descriptors)
        process = os.pidfd_open(child)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        socket.send_fds(asked, [b"forked"], [process])
        for descriptor in (process, *descriptors):
            os.close(descriptor)


def bury(*_: Any) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def be_a_forge(request: dict[str, Any], descriptors: list[int]) -> None:
    """What a process that was started would begin with; it never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.environ.clear()
        os.environ.update(request["environment"])
        time.tzset()
        os.chdir(request["folder"])
        for standard, descriptor in enumerate(descriptors[:3]):
            os.dup2(descriptor, standard)
            os.close(descriptor)
        sys.argv = ["forge", *map(str, descriptors[3:])]
        forge.main()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
