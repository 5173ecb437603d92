"""A file written beside its place and put there when it is whole, so that nobody meets a half."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clientlib.sheets.limits import SheetError


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A path to write to, which becomes `target` at the end; only its owner may read it (0600).

    Raises
    ------
    SheetError
        The folder or the file cannot be written, e.g. because it is open in Excel.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = tempfile.NamedTemporaryFile(  # noqa: SIM115  # closed at once: others write to it by its name
            dir=target.parent, prefix=".", suffix=target.suffix, delete=False
        )
        handle.close()
    except OSError as error:
        raise _unwritable(target, error) from None
    aside = Path(handle.name)
    try:
        yield aside
        aside.chmod(0o600)
        aside.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        aside.unlink(missing_ok=True)


def _unwritable(target: Path, error: OSError) -> SheetError:
    return SheetError(
        f"{target}: cannot be written ({error.strerror}). Close it if it is open in Excel, check the "
        "rights of its folder and the space that is left, or name another place."
    )
