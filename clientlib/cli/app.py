"""The group of commands, and what happens when one of them fails."""

from __future__ import annotations

import inspect
import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from clientlib import __version__
from clientlib.cli import usage
from clientlib.config import Language
from clientlib.errors import ZH, ClientlibError, ParameterError, system_says
from clientlib.talk import err, flush, out, say

INTERRUPTED = 130


class Commands(TyperGroup):
    """The group of commands; an interruption, and what was typed wrong, it tells in the reader's language."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        with _usage_told():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _usage_told():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            err.print(say("interrupted", asked_language(sys.argv[1:])))
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of what we print has gone (`| head`); that is no failure of ours.
            raise typer.Exit(0) from None
        finally:
            flush()


@contextmanager
def _usage_told() -> Iterator[None]:
    """What typer finds wrong with a command, in Chinese where that was asked for.

    Raises
    ------
    ParameterError
        Something was wrong with it.
    """
    try:
        yield
    except usage.UsageError as error:
        if asked_language(sys.argv[1:]) == "en" or usage.is_help(error):
            raise
        raise usage.in_chinese(error) from None


app = typer.Typer(
    name="clientlib",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Client Workbook: keep the client management table, and make reports from it.",
    epilog="Exit codes: 0 well, 1 findings, 2 wrong use or environment, 3 a report failed, 4 one waits for a "
    "source, 5 a run was missed for too long.",
)


def join_lines(group: typer.Typer) -> None:
    """Let each paragraph of the help run on: where a line ends the terminal says, not the source."""
    for command in group.registered_commands:
        told = inspect.getdoc(command.callback) or ""
        command.help = "\n\n".join(" ".join(part.split()) for part in told.split("\n\n"))
    for part in group.registered_groups:
        if part.typer_instance is not None:
            join_lines(part.typer_instance)


def main() -> None:
    """The command `clientlib`: a person's mistake is answered with a sentence, never a traceback."""
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    language = asked_language(sys.argv[1:])
    if language == "zh":
        logging.getLogger("clientlib").addHandler(ChineseWarnings(logging.WARNING))
    for stream in (sys.stdout, sys.stderr):
        # A log in an old encoding gets a question mark for what it cannot hold, and the command goes on.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        _need_text(sys.argv[1:])
        app()
    except ClientlibError as error:
        if debug:
            raise
        err.print(f"[red]{escape(error.told(language))}[/red]")
        sys.exit(error.exit_code)
    except PermissionError as error:
        if debug:
            raise
        where = error.filename or say("needed_file", language)
        err.print(f"[red]{say('not_yours', language, file=where)}[/red]")
        err.print(say("not_yours_mend", language))
        sys.exit(ClientlibError.exit_code)
    except Exception as error:
        # The text of an unforeseen error may quote a cell, so only its kind is told.
        if debug:
            raise
        kind = type(error).__name__
        told = system_says(error).told(language) if isinstance(error, OSError) else kind
        err.print(f"[red]{say('unforeseen', language, what=told)}[/red]")
        err.print(say("unforeseen_mend", language))
        sys.exit(ClientlibError.exit_code)


class ChineseWarnings(logging.Handler):
    """Tells what is logged while a command runs, such as that it waits for the book, in Chinese."""

    def emit(self, record: logging.LogRecord) -> None:
        err.print(escape(str(getattr(record, ZH, record.getMessage()))))


def asked_language(arguments: list[str]) -> Language:
    """The language in which an error is told: what `--language` says, as all else that the command says.

    It is read from what was typed, as an error may come before the command has understood its options.
    Without the option, or with several languages (of reports), it is English.
    """
    said = ""
    for place, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument in ("--language", "-l"):
            said = next(iter(arguments[place + 1 :]), "")
        elif argument.startswith("--language="):
            said = argument.partition("=")[2]
        elif argument in ("-len", "-lzh"):
            said = argument[2:]
    return "zh" if said == "zh" else "en"


def _need_text(arguments: list[str]) -> None:
    """Make sure that what was typed is text: a terminal in GBK sends bytes that are none in UTF-8.

    Raises
    ------
    ParameterError
        It is none. What it may have been is not repeated.
    """
    for place, argument in enumerate(arguments, 1):
        # A file may be called so, and is found all the same.
        if _is_broken(argument) and not Path(argument).exists():
            raise ParameterError(
                f"What was typed in place {place} is no text in UTF-8. "
                "Set the terminal to UTF-8, and type it again.",
                f"命令行中的第{place}项不是UTF-8文本。请将终端编码设为UTF-8，然后重新输入。",
            )


def _is_broken(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"clientlib {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
) -> None:
    # `--debug` is taken out of the arguments by `main`; it stands here so that the help shows it.
    del version, debug
