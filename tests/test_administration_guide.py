"""The administrators' guide: its commands exist, both languages quote the same, every role has its line."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from clientlib.cli import app
from clientlib.config import Settings, load

DOCS = Path(__file__).parents[1] / "docs"
LANGUAGES = ("en", "zh")
TOLD = ("README.md", "README.zh.md", "docs/personal-rights.md")
"""Other documents that quote commands in blocks."""
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(clientlib [^`]+)`")
LINK = re.compile(r"\]\(([^)#]+)\)")


def guide(language: str) -> str:
    return (DOCS / f"administration.{language}.md").read_text("utf-8")


def blocks(language: str, kind: str) -> list[str]:
    return [text for named, text in BLOCK.findall(guide(language)) if named == kind]


def quoted(text: str) -> list[str]:
    """Every `clientlib …` of a document's code blocks, in order."""
    lines = (line for _, block in BLOCK.findall(text) for line in block.splitlines())
    typed = (command for line in lines for command in line.split(" && "))
    return [command for command in typed if command.startswith("clientlib ")]


def parsed(command: str) -> None:
    """Read a command as the program would, without doing it.

    Raises
    ------
    ClickException
        There is no such command, option or argument, or one is missing.
    """
    words = shlex.split(command, comments=True)[1:]
    at: Any = typer.main.get_command(app)
    context = at.make_context("clientlib", list(words))
    while isinstance(at, TyperGroup):
        _, at, words = at.resolve_command(context, words)
        context = at.make_context(at.name, list(words), parent=context)


# --------------------------------------------------------------------------------- commands
@pytest.mark.parametrize(
    "document", [*TOLD, *(f"docs/administration.{language}.md" for language in LANGUAGES)]
)
def test_every_command_that_a_document_quotes_is_understood(document: str) -> None:
    commands = quoted((DOCS.parent / document).read_text("utf-8"))
    assert commands
    for command in commands:
        parsed(command)


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parsed("clientlib backup --too-much")
    with pytest.raises(Exception, match="No such command"):
        parsed("clientlib keys burn")


def test_both_languages_quote_the_same_blocks() -> None:
    assert blocks("en", "sh") == blocks("zh", "sh")
    assert blocks("en", "toml") == blocks("zh", "toml")


def test_both_languages_have_the_same_chapters() -> None:
    shape = [[len(marks) for marks in re.findall(r"^(#+) ", guide(lang), re.MULTILINE)] for lang in LANGUAGES]
    assert shape[0] == shape[1]


def test_both_languages_name_the_same_commands_in_their_sentences() -> None:
    assert INLINE.findall(guide("en")) == INLINE.findall(guide("zh"))


# ------------------------------------------------------------------------- roles and settings
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_role_of_a_person_has_its_line(language: str) -> None:
    listed = re.findall(r"^\| `(\w+)` \|", guide(language), re.MULTILINE)
    assert listed == [name for name in load().roles if name != "report"]


@pytest.mark.parametrize("text", blocks("en", "toml"))
def test_every_setting_of_the_guide_is_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "workbook.toml").write_text(text, "utf-8")
    assert isinstance(load(tmp_path), Settings)
    assert tomllib.loads(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_document_that_the_guide_points_to_is_there(language: str) -> None:
    assert [path for path in LINK.findall(guide(language)) if not (DOCS / path).is_file()] == []


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readme_points_to_the_guide(readme: str) -> None:
    language = "zh" if ".zh." in readme else "en"
    assert f"(docs/administration.{language}.md)" in (DOCS.parent / readme).read_text("utf-8")
