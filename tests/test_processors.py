"""Work shared by threads: all of it is done, and nothing is left running."""

from __future__ import annotations

import threading

import pytest

from clientlib import processors


@pytest.mark.parametrize("cores", [1, 3])
def test_every_part_is_done_once(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(processors, "cores", lambda: cores)
    done: list[int] = []
    processors.at_once(done.append, range(50))
    assert sorted(done) == list(range(50))


@pytest.mark.parametrize("cores", [1, 3])
def test_an_error_of_a_part_is_raised(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(processors, "cores", lambda: cores)
    with pytest.raises(ZeroDivisionError):
        processors.at_once(lambda part: 1 / part, [1, 0, 2])


def test_no_thread_outlives_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    # Reports are forked: a thread that is left over would be lost in the child, its locks held.
    monkeypatch.setattr(processors, "cores", lambda: 3)
    before = threading.enumerate()
    processors.at_once(lambda part: part, range(50))
    assert threading.enumerate() == before


def test_there_is_a_processor() -> None:
    assert processors.cores() >= 1
