"""The catalogue of all that a report says, in English and Chinese, and how numbers enter a sentence.

The texts stand in `messages/*.toml`, one file a report and `page.toml` for what all share. A report that a
firm wrote brings its own in a file beside its notebook, `NAME.toml`; they count before the package's. A key
is the file's name and the path inside it (`segmentation.sizes.title`); a leaf has the entries `en` and `zh`.
A placeholder names its kind, `{value:money}`; in English a count may bring its noun in the singular and
plural, `{clients:count client clients}`, and `{clients:word is are}` gives the word alone.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from clientlib import misfits
from clientlib.errors import Words, WordsError
from clientlib.report import formats

LANGUAGES = ("en", "zh")
WORD = "word"
"""The kind of a placeholder that stands for the right form of a word, not for the number."""

KINDS = formats.NUMERIC | {"text", "date", "month", "day", WORD}
"""The kinds of placeholders; `code:LIST` besides."""
_LOOSE = Words("stands outside of a [table]", "不在任何 [table] 中")
_brought: dict[str, Mapping[str, str]] = {}
"""What reports brought along. A process makes one report, so there is one set of words."""


class _Writer(string.Formatter):
    """Fills placeholders by kind instead of by Python's own format mini-language."""

    def __init__(self, language: str, currency: str) -> None:
        self.language = language
        self.currency = currency

    def format_field(self, value: Any, format_spec: str) -> str:
        kind, *words = format_spec.split(" ") if format_spec else ["text"]
        one = bool(words) and not formats.missing(value) and float(value) == 1
        word = words[0 if one else -1] if words else ""
        if kind == WORD:
            return word
        return f"{formats.write(value, kind, self.language, self.currency)} {word}".rstrip()


def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every message: key → language → text."""
    return _with_brought() if _brought else of_package()


@cache
def _with_brought() -> Mapping[str, Mapping[str, str]]:
    """Until others are brought; the catalogue is looked into several times a sentence."""
    return {**of_package(), **_brought}


def bring(report: str, file: Path) -> None:
    """Take up the words that stand in the `file` beside a report's notebook; none where there is no file.

    Raises
    ------
    WordsError
        The file is no TOML, or one of its texts lacks a language or says other numbers in it.
    """
    for key in [key for key in _brought if key.startswith(f"{report}.")]:
        del _brought[key]
    _with_brought.cache_clear()
    if file.is_file():
        _brought.update(read(report, file))


def read(report: str, file: Path) -> dict[str, Mapping[str, str]]:
    """The messages of a report's own file, checked; raises as `bring` does."""
    where = f"{file.parent.name}/{file.name}"
    try:
        table = tomllib.loads(file.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise WordsError(
            f"{where} is not UTF-8. Save it as UTF-8.", f"{where} 不是UTF-8文本。请另存为UTF-8。"
        ) from None
    except tomllib.TOMLDecodeError as error:
        broken = misfits.of_toml(error)
        raise WordsError(
            f"{where} is no TOML: {broken.en}. See docs/write-a-report.md for its form.",
            f"{where} 不是有效的TOML：{broken.zh}。格式见 docs/write-a-report.md。",
        ) from None
    loose = [name for name, entry in table.items() if not isinstance(entry, dict)]
    found = {} if loose else dict(_leaves(report, table))
    wrong = [(name, _LOOSE) for name in loose]
    wrong += [(f"[{key.removeprefix(report + '.')}]", why) for key, why in faults(found)]
    if wrong:
        raise _wrong(where, *wrong[0], others=len(wrong) - 1)
    return found


def _wrong(where: str, what: str, why: Words, *, others: int) -> WordsError:
    more = Words("", "")
    if others:
        more = Words(f" There are {others} more like it.", f"另有{others}处类似问题。")
    return WordsError(
        f'{where}: {what} {why.en}. A text has two lines, en = "…" and zh = "…".{more.en}',
        f'{where}：{what} {why.zh}。每段文字有两行：en = "…" 和 zh = "…"。{more.zh}',
    )


def faults(texts: Mapping[str, Any]) -> Iterator[tuple[str, Words]]:
    """What is wrong with messages (key → language → text): the key, and why."""
    for key, entry in texts.items():
        if why := _fault(entry):
            yield key, why


def _fault(entry: Any) -> Words | None:
    if not isinstance(entry, dict):
        return Words("holds something other than texts", "中有文字以外的内容")
    if odd := sorted(set(entry) - set(LANGUAGES)):
        return Words(f"has {odd[0]!r}, which is no language", f"中的“{odd[0]}”不是语言")
    for language in LANGUAGES:
        text = entry.get(language)
        if not isinstance(text, str) or not text.strip():
            return Words(f"has no text for {language}", f"中没有 {language} 的文字")
    try:
        asked = {language: placeholders(entry[language]) for language in LANGUAGES}
    except ValueError as error:
        return Words(f"cannot be read ({error})", f"无法读取（{error}）")
    if differing := sorted(set(asked["en"]) ^ set(asked["zh"])):
        return Words(
            f"has {{{differing[0]}}} in one language only", f"中的 {{{differing[0]}}} 只出现在一种语言中"
        )
    for name, kind in [pair for language in LANGUAGES for pair in asked[language].items()]:
        if kind not in KINDS and not kind.startswith("code:"):
            return Words(
                f"has {{{name}:{kind}}}, and there is no kind {kind!r} ({', '.join(sorted(KINDS))})",
                f"中的 {{{name}:{kind}}} 用了不存在的类型“{kind}”（{'、'.join(sorted(KINDS))}）",
            )
    return None


@cache
def of_package() -> Mapping[str, Mapping[str, str]]:
    """Those of the package alone."""
    found: dict[str, Mapping[str, str]] = {}
    folder = resources.files("clientlib.report").joinpath("messages")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            found.update(_leaves(file.name.removesuffix(".toml"), tomllib.loads(file.read_text("utf-8"))))
    return found


def _leaves(prefix: str, table: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(table, dict) or any(isinstance(entry, str) for entry in table.values()):
        yield prefix, table
        return
    for name, inner in table.items():
        yield from _leaves(f"{prefix}.{name}", inner)


def has(key: str) -> bool:
    """Whether the catalogue holds `key`."""
    return key in catalogue()


def say(key: str, language: str, currency: str = "", /, **values: Any) -> str:
    """The message `key` in `language`, its placeholders filled.

    Raises
    ------
    WordsError
        The catalogue has no such message, or `values` lacks one of its placeholders.
    """
    if not has(key):
        report, _, rest = key.partition(".")
        raise WordsError(
            f"There are no words for {key}. Write them into {report}.toml beside the notebook: "
            f"[{rest}] with en and zh. If the notebook is of an earlier version: clientlib upgrade",
            f"{key} 没有文字。请写入笔记本旁的 {report}.toml：[{rest}]，含 en 和 zh。"
            "如笔记本属于较早版本：clientlib upgrade",
        )
    try:
        return _Writer(language, currency).format(catalogue()[key][language], **values)
    except KeyError as error:
        raise WordsError(
            f"The words for {key} ask for {{{error.args[0]}}}, which was not given. If the notebook is of an "
            "earlier version: clientlib upgrade",
            f"{key} 的文字需要 {{{error.args[0]}}}，但未给出。如笔记本属于较早版本：clientlib upgrade",
        ) from None


def placeholders(text: str) -> dict[str, str]:
    """The placeholders of a text: name → kind. The same name with two kinds is a mistake."""
    found: dict[str, str] = {}
    for _, name, spec, _ in string.Formatter().parse(text):
        if name is None:
            continue
        kind = (spec or "text").split(" ")[0]
        if kind != WORD and found.setdefault(name, kind) != kind:
            raise ValueError(f"{{{name}}} stands as {found[name]} and as {kind} in: {text}")
    return found
