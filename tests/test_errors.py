"""Every sentence that stops somebody, found in the code: in both languages, with the same facts."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import typer

import clientlib
from clientlib.cli import app
from clientlib.errors import ClientlibError, ReportFailed, Words, meant, system_says

PACKAGE = Path(clientlib.__file__).parent
OWN_WORDS = {"Hindrance"}
"""Errors that take their two sentences from a catalogue of their own."""
HAN = re.compile(r"[\u4e00-\u9fff]")
IN_EITHER = {"en", "zh"}
"""Tell one language's half from the other's."""


class Told(NamedTuple):
    """Two sentences as they stand in the code."""

    where: str
    en: ast.expr
    zh: ast.expr | None


# ------------------------------------------------------------------------------- found
def trees() -> dict[str, ast.Module]:
    files = sorted(PACKAGE.rglob("*.py"))
    return {str(file.relative_to(PACKAGE)): ast.parse(file.read_text("utf-8")) for file in files}


TREES = trees()


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def kinds_of_error() -> set[str]:
    """ClientlibError and all that inherits from it, by name."""
    classes = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {"ClientlibError"}
    while more := {c.name for c in classes if found & {name_of(base) for base in c.bases}} - found:
        found |= more
    return found


def told() -> Iterator[Told]:
    """Every call that makes an error, or a part of its sentence."""
    makers = (kinds_of_error() - OWN_WORDS) | {"Words", "Misfit"}
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or name_of(node.func) not in makers:
                continue
            if isinstance(node.args[0], ast.Starred):
                # `Words`, whose halves are looked at where they are made.
                continue
            zh = node.args[1] if len(node.args) > 1 else None
            yield Told(f"{file}:{node.lineno}", node.args[0], zh)


TOLD = list(told())


def literal(node: ast.expr) -> str:
    """What stands in a sentence as it is, without its fields."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def fields(node: ast.expr) -> set[str]:
    """The names from which a sentence's fields are made; what joins and counts them may differ."""
    found: set[str] = set()
    for value in ast.walk(node):
        if isinstance(value, ast.FormattedValue):
            found |= set(names(value.value))
    return found - {*IN_EITHER, "join", "each", "title_en", "title_zh"}


def names(node: ast.expr) -> Iterator[str]:
    """The names in an expression, without those of tables of words that are looked into."""
    tables = {id(each.value) for each in ast.walk(node) if isinstance(each, ast.Subscript)}
    for inner in ast.walk(node):
        name = name_of(inner) if isinstance(inner, ast.Name | ast.Attribute) else ""
        if name and not (id(inner) in tables and name.isupper()):
            yield name


def is_written(node: ast.expr | None) -> bool:
    """Whether it is a text in the code, and not one that comes from elsewhere."""
    return isinstance(node, ast.JoinedStr | ast.Constant)


def click_commands() -> set[str]:
    """The commands that there are, those of a group with its name before."""
    group = typer.main.get_group(app)
    found = set(group.commands)
    for name, command in group.commands.items():
        found |= {f"{name} {inner}" for inner in getattr(command, "commands", {})}
    return found


# --------------------------------------------------------------------------------- rules
def test_no_error_is_told_in_english_only() -> None:
    assert [each.where for each in TOLD if each.zh is None] == []


def test_the_chinese_sentence_is_chinese() -> None:
    english = [
        each.where
        for each in TOLD
        if each.zh is not None
        and is_written(each.zh)
        and any(word.isalpha() for word in literal(each.en).split())
        and not HAN.search(literal(each.zh))
    ]
    assert english == []


def test_both_sentences_tell_the_same_facts() -> None:
    unlike = [
        f"{each.where}: {sorted(fields(each.en) ^ fields(each.zh))}"
        for each in TOLD
        if each.zh is not None and is_written(each.en) and fields(each.en) != fields(each.zh)
    ]
    assert unlike == []


def test_what_has_to_be_typed_stands_in_both_as_it_is_typed() -> None:
    commands = "|".join(sorted(click_commands(), key=len, reverse=True))
    typed = re.compile(rf"clientlib (?:{commands})\b|--[a-z]+(?:-[a-z]+)*|\[[a-z_.]+\]|[a-z_]+\.toml")
    unlike = [
        f"{each.where}: {command}"
        for each in TOLD
        if each.zh is not None and is_written(each.en)
        for command in typed.findall(literal(each.en))
        if command not in literal(each.zh)
    ]
    assert unlike == []


def test_chinese_sentences_have_chinese_marks() -> None:
    """Between Chinese characters a comma or a full stop is a Chinese one."""
    western = re.compile(r"[\u4e00-\u9fff][,;:?!]|[\u4e00-\u9fff]\.(?![a-z])|[,;?!][\u4e00-\u9fff]")
    assert [e.where for e in TOLD if e.zh is not None and western.search(literal(e.zh))] == []


def test_the_rules_look_at_real_sentences() -> None:
    assert len(TOLD) > 300


# -------------------------------------------------------------------------------- errors
def test_an_error_is_told_in_the_language_that_is_asked_for() -> None:
    error = ClientlibError("No.", "不行。")
    assert (str(error), error.told("en"), error.told("zh")) == ("No.", "No.", "不行。")


def test_an_error_without_chinese_is_told_in_english() -> None:
    assert ClientlibError("No.").told("zh") == "No."


def test_an_error_goes_on_in_both_languages() -> None:
    error = ClientlibError("No.", "不行。")
    error.continue_with(Words("It is as it was.", "保持原样。"))
    assert error.words == ("No. It is as it was.", "不行。保持原样。")


def test_an_error_without_chinese_goes_on_in_english() -> None:
    error = ClientlibError("No.")
    error.continue_with(Words("It is as it was.", "保持原样。"))
    assert error.told("zh") == "No. It is as it was."


@pytest.mark.parametrize("taken_over", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_keeps_its_languages_on_the_way_to_another_process(taken_over: object) -> None:
    assert callable(taken_over)
    there = taken_over(ReportFailed("No.", "不行。"))
    assert (type(there), there.words) == (ReportFailed, ("No.", "不行。"))


def test_a_name_that_is_near_is_asked_for() -> None:
    assert meant("trade", ["clients", "trades"], Words("There are", "现有")) == (
        "Did you mean trades?",
        "是否指 trades？",
    )


def test_all_names_are_told_where_none_is_near() -> None:
    assert meant("x", ["clients", "trades"], Words("There are", "现有")) == (
        "There are: clients, trades.",
        "现有：clients、trades。",
    )


def test_what_the_system_refuses_is_told_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        (tmp_path / "nowhere").read_text()
    assert system_says(caught.value) == ("No such file or directory", "没有此文件或文件夹")
