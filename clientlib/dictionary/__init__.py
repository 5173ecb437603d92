"""The data dictionary: every field, its meaning, example and limits, who sees it, which reports use it.

Nothing in it is typed by hand that the table, the settings or a notebook could say: `clientlib dictionary`
writes it anew whenever one of them has changed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from clientlib.config import Settings
from clientlib.dictionary import pages, uses
from clientlib.dictionary.content import gather
from clientlib.dictionary.markdown import markdown
from clientlib.errors import WorkbookError
from clientlib.tables import Areas

LANGUAGES = ("en", "zh")
__all__ = ["LANGUAGES", "write"]


def write(
    folder: Path, areas: Areas, settings: Settings, *, notebooks: Path, languages: Sequence[str] = LANGUAGES
) -> list[Path]:
    """Write the dictionary of a table, as HTML and as Markdown in each language.

    Parameters
    ----------
    folder : Path
        Made if absent. Each file in it is replaced as a whole or not at all.
    areas : mapping
        The table: the built-in one, or a workbook's with its custom fields.
    settings : Settings
        The firm's: names, time zone, and the roles that decide who sees what.
    notebooks : Path
        The workbook's folder of notebooks; its reports say which fields they use.
    languages : sequence of {"en", "zh"}
        The languages to write.

    Returns
    -------
    list of Path
        ``data-dictionary.LANGUAGE.html`` and ``.md`` of each language.

    Raises
    ------
    WorkbookError
        The folder cannot be written, or a report's notebook cannot be read.
    """
    reports = uses.reports(notebooks)
    texts: dict[str, str] = {}
    for language in languages:
        told = gather(areas, settings, reports, language)
        texts[pages.file_name(language, "html")] = pages.html(told, settings, tuple(languages))
        texts[pages.file_name(language, "md")] = markdown(told)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_replace(folder / name, text) for name, text in texts.items()]
    except OSError as error:
        raise WorkbookError(
            f"{folder} cannot be written: {error.strerror}. Name a folder of your own."
        ) from None


def _replace(path: Path, text: str) -> Path:
    """Write aside, then rename: a reader never meets half a page."""
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return path
