"""Takes turns between ours and a peer, and gives the ratio pair by pair: a noisy machine slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pytest


@dataclass(frozen=True)
class Comparison:
    """Seconds of ours and the peer, run in turn, and the median of their ratios."""

    what: str
    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return statistics.median(a / b for a, b in zip(self.ours, self.peer, strict=True))

    def __str__(self) -> str:
        ours, peer = statistics.median(self.ours), statistics.median(self.peer)
        told = f"{self.what}: {ours:.3g} s against {peer:.3g} s"
        return f"{told}, ratio {self.ratio:.3g} (median of {len(self.ours)} pairs)"


class Compare(Protocol):
    def __call__(
        self,
        what: str,
        ours: Callable[[], object],
        peer: Callable[[], object],
        pairs: int = 5,
        *,
        scale: float = 1.0,
    ) -> Comparison: ...


@pytest.fixture(autouse=True, scope="module")
def _as_outside_of_tests(own_forges: None) -> None:
    """What a run takes includes the start of the process that its reports come from."""


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str]) -> Compare:
    """Runs both once unmeasured, then `pairs` times in turn, and prints the comparison.

    A peer that was given only a part of the work has its seconds multiplied by `scale`.
    """

    def run(
        what: str,
        ours: Callable[[], object],
        peer: Callable[[], object],
        pairs: int = 5,
        *,
        scale: float = 1.0,
    ) -> Comparison:
        ours()
        peer()
        seconds = [(_timed(ours), _timed(peer) * scale) for _ in range(pairs)]
        mine, theirs = zip(*seconds, strict=True)
        comparison = Comparison(what, mine, theirs)
        with capsys.disabled():
            print(f"\n{comparison}")
        return comparison

    return run


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
