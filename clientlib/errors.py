"""The few exceptions that clientlib raises for a person to read, in English and in Chinese.

Their text says what is wrong, where, and the mend. The command line prints it in the language that was asked
for and leaves with `exit_code`; a traceback is shown with `--debug` only. Logs and callers of the library
get the English sentence, as `str(error)`. Nothing here may carry a client's identity.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from typing import NamedTuple


# --------------------------------------------------------------------------------- words
class Words(NamedTuple):
    """A sentence, or a part of one, in both languages."""

    en: str
    zh: str

    def told(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


def meant(name: str, names: Iterable[str], others: Words) -> Words:
    """The name that somebody may have meant, as a question; else all there are, after `others`.

    >>> meant("trade", ["clients", "trades"], Words("The areas are", "现有的表")).en
    'Did you mean trades?'
    """
    known = list(names)
    if near := difflib.get_close_matches(name, known, n=1):
        return Words(f"Did you mean {near[0]}?", f"是否指 {near[0]}？")
    return Words(f"{others.en}: {', '.join(known)}.", f"{others.zh}：{'、'.join(known)}。")


_SYSTEM = {
    errno.EACCES: "没有访问权限",
    errno.EPERM: "不允许此操作",
    errno.ENOENT: "没有此文件或文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.EEXIST: "已有同名文件",
    errno.EROFS: "所在磁盘只读",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.EFBIG: "文件过大",
    errno.EBUSY: "正被占用",
    errno.ENAMETOOLONG: "名称过长",
    errno.EMFILE: "打开的文件过多",
    errno.ENFILE: "打开的文件过多",
    errno.EIO: "磁盘读写出错",
    errno.ELOOP: "符号链接层数过多",
    errno.ECONNREFUSED: "连接被拒绝",
    errno.ECONNRESET: "连接被中断",
    errno.EHOSTUNREACH: "主机不可达",
    errno.ENETUNREACH: "网络不可达",
}


def system_says(error: OSError) -> Words:
    """Why the system refuses; in its own words where there are no Chinese ones."""
    said = error.strerror or type(error).__name__
    return Words(said, _SYSTEM.get(error.errno or 0, said))


ZH = "zh"
"""In the `extra` of a warning that is logged: the Chinese sentence, for a command that speaks Chinese."""


# -------------------------------------------------------------------------------- errors
class ClientlibError(Exception):
    """Base of all errors that are a person's to mend, not a programmer's.

    Parameters
    ----------
    en : str
        The sentence in English.
    zh : str, optional
        The same in Chinese; where a caller of the library has none, the English one is told instead.
    """

    exit_code = 2

    def __init__(self, en: str, zh: str = "") -> None:
        super().__init__(en)
        self._zh = zh

    @property
    def words(self) -> Words:
        """The sentence in both languages."""
        return Words(str(self), self._zh or str(self))

    def told(self, language: str) -> str:
        """The sentence in a language."""
        return self.words.told(language)

    def continue_with(self, more: Words) -> None:
        """Add a sentence: what the error has left behind."""
        self._zh = self._zh and f"{self._zh}{more.zh}"
        self.args = (f"{self} {more.en}",)


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


class NotDelivered(ClientlibError):
    """A message to those who watch over the reports did not go out."""


class WordsError(ClientlibError):
    """What a report says is not there, or not the same in both languages."""


class ReportFailed(ClientlibError):
    """A report could not be made."""

    exit_code = 3
