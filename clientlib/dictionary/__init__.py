"""The data dictionary: every field, its meaning, example and limits, who sees it, which reports use it.

Nothing in it is typed by hand that the table, the settings or a notebook could say: `clientlib dictionary`
writes it anew whenever one of them has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clientlib.aside import EVERYBODY, write_text
from clientlib.config import Settings
from clientlib.dictionary import pages, uses
from clientlib.dictionary.content import gather
from clientlib.dictionary.markdown import markdown
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
    Unwritable
        The folder cannot be written.
    WorkbookError
        A report's notebook cannot be read.
    """
    reports = uses.reports(notebooks)
    texts: dict[str, str] = {}
    for language in languages:
        told = gather(areas, settings, reports, language)
        texts[pages.file_name(language, "html")] = pages.html(told, settings, tuple(languages))
        texts[pages.file_name(language, "md")] = markdown(told)
    for name, text in texts.items():
        write_text(folder / name, text, mode=EVERYBODY)
    return [folder / name for name in texts]
