"""One resolution for everybody: pyproject, the locks and environment.yml tell the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PIN = re.compile(r"^([a-z0-9][a-z0-9.\-_]*)==([^\s;]+)", re.MULTILINE)


def _project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))


def _pins(lock: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for name, version in PIN.findall((REPOSITORY / lock).read_text("utf-8")):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


def _wanted(*groups: str) -> list[Requirement]:
    project = _project()
    stated = project["project"]["dependencies"] + [r for g in groups for r in project["dependency-groups"][g]]
    return [Requirement(text) for text in stated]


@pytest.mark.parametrize(("lock", "groups"), [(LOCKS[0], ("build",)), (LOCKS[1], ("build", "dev"))])
def test_the_lock_satisfies_every_requirement(lock: str, groups: tuple[str, ...]) -> None:
    pins = _pins(lock)
    unmet = [
        str(wanted)
        for wanted in _wanted(*groups)
        if not any(wanted.specifier.contains(v) for v in pins.get(canonicalize_name(wanted.name), ()))
    ]
    assert unmet == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash_and_no_file_names_an_address(lock: str) -> None:
    text = (REPOSITORY / lock).read_text("utf-8")
    pins = PIN.findall(text)
    assert len(re.findall(r"==\S+[^\n]*\\\n\s+--hash=sha256:[0-9a-f]{64}", text)) == len(pins) > 50
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


def test_tests_run_on_what_users_run() -> None:
    run, dev = _pins(LOCKS[0]), _pins(LOCKS[1])
    assert {name: pin for name, pin in run.items() if dev.get(name) != pin} == {}


def test_the_conda_environment_is_python_and_the_same_lock() -> None:
    text = (REPOSITORY / "environment.yml").read_text("utf-8")
    python = re.search(r"- python(>=[\d.]+)", text)
    assert python is not None
    assert python[1] == _project()["project"]["requires-python"]
    assert re.findall(r"^\s+- -r (\S+)$", text, re.MULTILINE) == ["requirements.lock"]


def test_the_heart_of_the_workbook_is_declared() -> None:
    names = {canonicalize_name(r.name) for r in _wanted("dev")}
    assert names >= {"jupyterlab", "pandas", "seaborn", "scikit-learn", "ipywidgets", "papermill", "nbval"}
