"""An executed notebook tells nothing of the machine it ran on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clientlib.report import scrub


def test_paths_and_colours_are_taken_out(tmp_path: Path) -> None:
    home = Path.home()
    notebook: dict[str, Any] = {
        "metadata": {
            "papermill": {
                "input_path": str(tmp_path / "a.ipynb"),
                "output_path": str(tmp_path / "b.ipynb"),
                "environment_variables": {"CLIENTLIB_KEY": "secret"},
                "parameters": {"as_of": "2026-06-30"},
                "version": "2.7.0",
            }
        },
        "cells": [
            {
                "metadata": {"execution": {"iopub.status.busy": "now"}},
                "outputs": [
                    {
                        "output_type": "error",
                        "ename": "E",
                        "evalue": f"in {tmp_path}/x",
                        "traceback": [f"\x1b[31mFile {home}/code.py\x1b[0m"],
                    },
                    {"output_type": "stream", "name": "stdout", "text": f"{tmp_path}/y"},
                    {"output_type": "display_data", "data": {"text/plain": str(tmp_path)}, "metadata": {}},
                ],
            }
        ],
    }
    scrub.clean(notebook, tmp_path)
    text = repr(notebook)
    assert str(tmp_path) not in text
    assert str(home) not in text
    assert "secret" not in text
    assert "\\x1b" not in text
    assert notebook["metadata"]["papermill"] == {"parameters": {"as_of": "2026-06-30"}}
    assert notebook["cells"][0]["metadata"] == {}


@pytest.mark.parametrize("variable", ["CLIENTLIB_KEY", "CLIENTLIB_SHARE_RISK", "PGPASSWORD"])
def test_a_secret_of_the_environment_is_taken_out(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "not+for/anybody=")
    told = scrub.sentence("KeyError: in {'A': 'not+for/anybody='}", tmp_path)
    assert told == f"KeyError: in {{'A': '<{variable}>'}}"


def test_a_reason_is_one_line_without_paths(tmp_path: Path) -> None:
    assert scrub.sentence(f"ValueError: no {tmp_path}/f\nmore", tmp_path) == "ValueError: no <workbook>/f"
