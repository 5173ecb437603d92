"""The notebooks that come with clientlib: laid out in a new workbook, and later brought up to date there.

A workbook has its own copies, which its people may change. What was laid out is noted as a fingerprint of
each file, so that a later version replaces only what nobody has changed. Running a notebook is no change: its
outputs do not count.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from clientlib.aside import EVERYBODY, written_aside

RECORD = ".clientlib-notebooks.json"
"""In the workbook's folder: each file's fingerprint as it was laid out or last brought up to date."""
FOLDER = "notebooks"
State = Literal["same", "new", "older", "changed", "removed"]


@dataclass(frozen=True)
class Standing:
    """How a file of a workbook, relative to its `notebooks`, stands to the one that comes with clientlib.

    `same` as it; `new`, not there yet; `older`, and nobody has changed it; `changed` by somebody, or without
    a record of how it was laid out; `removed` by somebody.
    """

    file: str
    state: State


def source() -> Path:
    """Where they lie: inside an installed package, beside a checkout's."""
    package = Path(str(resources.files("clientlib")))
    inside = package / FOLDER
    return inside if inside.is_dir() else package.parent / FOLDER


def lay_out(workbook: Path) -> None:
    """Copy them into a workbook's folder that has none, and note what was copied."""
    shutil.copytree(source(), workbook / FOLDER, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    _note(workbook, _ours())


def standings(workbook: Path) -> list[Standing]:
    """How each of them stands in a workbook's folder."""
    noted = _noted(workbook)
    return [
        Standing(file, _state(workbook / FOLDER / file, ours, noted.get(file)))
        for file, ours in _ours().items()
    ]


def upgrade(workbook: Path) -> list[Standing]:
    """Put in place those that are new or older; the standings are those before.

    Raises
    ------
    Unwritable
        A file cannot be written; what was put in place before it stays, and the next upgrade goes on.
    """
    before, ours, noted = standings(workbook), _ours(), _noted(workbook)
    for standing in before:
        if standing.state in ("new", "older"):
            with written_aside(workbook / FOLDER / standing.file, mode=EVERYBODY) as aside:
                shutil.copyfile(source() / standing.file, aside)
        if standing.state not in ("changed", "removed"):
            noted[standing.file] = ours[standing.file]
            _note(workbook, noted)
    return before


def fingerprint(file: Path) -> str:
    """A hash of what people write into a file; of a notebook, its cells and what it declares."""
    content = file.read_bytes()
    if file.suffix == ".ipynb":
        # Where it is no notebook any more, it is a file all the same.
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            content = json.dumps(_written(json.loads(content)), sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


# ------------------------------------------------------------------ within
def _ours() -> dict[str, str]:
    """Each file's fingerprint, by its path below the folder of notebooks."""
    folder = source()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder) for path in files]
    seen = [name for name in names if not any(p.startswith(".") or p == "__pycache__" for p in name.parts)]
    return {name.as_posix(): fingerprint(folder / name) for name in seen}


def _state(file: Path, ours: str, noted: str | None) -> State:
    if not file.is_file():
        return "removed" if noted else "new"
    here = fingerprint(file)
    if here == ours:
        return "same"
    return "older" if here == noted else "changed"


def _written(notebook: Mapping[str, object]) -> list[object]:
    cells = notebook["cells"]
    if not isinstance(cells, list):
        raise TypeError
    metadata = notebook.get("metadata", {})
    declared = metadata.get("clientlib") if isinstance(metadata, dict) else None
    return [declared, *[[c["cell_type"], "".join(c["source"]), c["metadata"].get("tags", [])] for c in cells]]


def _noted(workbook: Path) -> dict[str, str]:
    """What was noted; nothing, where there is no record that can be read."""
    try:
        noted = json.loads((workbook / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in noted.items()} if isinstance(noted, dict) else {}


def _note(workbook: Path, fingerprints: Mapping[str, str]) -> None:
    with written_aside(workbook / RECORD, mode=EVERYBODY) as aside:
        aside.write_text(json.dumps(dict(sorted(fingerprints.items())), indent=1) + "\n", "utf-8")
