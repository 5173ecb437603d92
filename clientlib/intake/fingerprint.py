"""By what a hand-in is known again, so that an import of it that was broken off can go on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from clientlib import config
from clientlib.errors import IntakeError, system_says
from clientlib.intake import sources
from clientlib.intake.recognise.confirmed import UNCONFIRMED, Confirmed
from clientlib.tables import AREAS, Areas


def fingerprint(
    path: Path | str,
    *,
    reader: str | None = None,
    settings: config.Settings | None = None,
    areas: Areas = AREAS,
    confirmed: Confirmed = UNCONFIRMED,
    natural_keys: bool = False,
) -> str:
    """A number for a hand-in and all that `intake.stream` makes of it, as far as that can be told beforehand.

    Parameters
    ----------
    path, reader, settings, areas, confirmed
        As for `intake.stream`.
    natural_keys : bool
        Whether the stream is given some; the book answers for what is in them.

    Returns
    -------
    str
        64 hexadecimal digits; other files, settings, fields or answers give others.

    Raises
    ------
    IntakeError
        A file is not there, or cannot be opened.

    Notes
    -----
    Every byte of every file is read: by SHA-256, which takes a small part of the time of a check of the same
    bytes. Size and date of a file would do on most days, and fail when a cell was mended and the copy kept
    its date, or when the same file was saved from a mail once more.
    """
    settings = settings or config.load()
    described = [
        *(f"{area.name} {area.fields!r}" for area in areas.values()),
        settings.model_dump_json(),
        f"{reader or 'auto'} {natural_keys} {confirmed!r}",
    ]
    digest = hashlib.sha256()
    for text in [*described, *_files(Path(path))]:
        # Each by a hash of its own, so that none can run into the next one.
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[str]:
    """Each file that would be read, by its name from `path` on, with a hash of its content."""
    for source in sources.listed(path)[0]:
        file = source.path
        name = file.relative_to(path.parent).as_posix()
        try:
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            why = system_says(error)
            raise IntakeError(
                f"{name}: cannot be opened ({why.en}). Check its rights.",
                f"{name}：无法打开（{why.zh}）。请检查文件权限。",
            ) from None
        yield f"{name} {content}"
