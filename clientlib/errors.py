"""The few exceptions that clientlib raises for a person to read.

Their text says what is wrong, where, and the mend. The command line prints it and leaves with
`exit_code`; a traceback is shown with `--debug` only. Nothing here may carry a client's identity.
"""

from __future__ import annotations


class ClientlibError(Exception):
    """Base of all errors that are a person's to mend, not a programmer's."""

    exit_code = 2


class SettingsError(ClientlibError):
    """`workbook.toml` or `data/fields.toml` cannot be understood."""


class WorkbookError(ClientlibError):
    """No workbook folder was found, or it is not laid out as one."""


class Unwritable(ClientlibError):
    """A file that somebody asked for cannot be written."""


class IntakeError(ClientlibError):
    """A file as a whole cannot be read: it is empty, locked, broken, or of another kind."""


class BookError(ClientlibError):
    """The book cannot be opened, read or written."""


class KeyProblem(BookError):
    """A key is missing, wrong, or lies where others can read it."""


class BookBusy(BookError):
    """Another process has the book open in a way that excludes this one."""


class PermissionRefused(ClientlibError):
    """The role may not see or do what was asked for."""


class ParameterError(ClientlibError):
    """A report was asked for with a parameter that it does not have or cannot take."""


class WordsError(ClientlibError):
    """What a report says is not there, or not the same in both languages."""


class ReportFailed(ClientlibError):
    """A report could not be made."""

    exit_code = 3
