"""`clientlib …`: what a person or a scheduler types. It talks and sets exit codes; the work is done below.

Exit codes: 0 well · 1 findings · 2 wrong use or environment · 3 a report failed · 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from clientlib import __version__, talk, workbook
from clientlib.errors import ClientlibError, WorkbookError
from clientlib.talk import err, out

if TYPE_CHECKING:
    from clientlib.config import Language, Settings

FINDINGS = 1
INTERRUPTED = 130


class Commands(TyperGroup):
    """The group of commands, answering an interruption with a sentence and its own exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            err.print("Interrupted. Nothing was left half done.")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="clientlib",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Client Workbook: keep the client management table, and make reports from it.",
    epilog="Exit codes: 0 well, 1 findings, 2 wrong use or environment, 3 a report failed.",
)

WorkbookOption = Annotated[
    Path | None,
    typer.Option(
        "--workbook",
        "-w",
        metavar="FOLDER",
        help="The workbook folder; else CLIENTLIB_WORKBOOK, else the nearest parent with a workbook.toml.",
    ),
]
LanguageOption = Annotated[
    str, typer.Option("--language", "-l", metavar="en|zh", help="Language of messages.")
]
ReaderOption = Annotated[
    str | None,
    typer.Option("--reader", metavar="NAME", help="How to read: auto (default) or far-trans."),
]
FindingsOption = Annotated[
    Path | None,
    typer.Option("--findings", metavar="FILE.csv", help="Write every finding into this file too."),
]


def main() -> None:
    """The command `clientlib`: a person's mistake is answered with a sentence, never a traceback."""
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app()
    except ClientlibError as error:
        if debug:
            raise
        err.print(f"[red]{escape(str(error))}[/red]")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); that is no failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        # The text of an unforeseen error may quote a cell, so only its kind is told.
        if debug:
            raise
        told = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        err.print(f"[red]Something failed that clientlib did not foresee: {escape(told)}.[/red]")
        err.print("Nothing was left half done. Run it again with --debug to see where.")
        sys.exit(ClientlibError.exit_code)


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


# ----------------------------------------------------------------------------- a workbook
@app.command(epilog="Example: clientlib init my-firm")
def init(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or an empty folder.")]) -> None:
    """Lay out a workbook folder: settings, notebooks, an empty encrypted book, and its keys."""
    from clientlib.book import create_book

    laid_out = workbook.lay_out(folder)
    create_book(laid_out)
    out.print(f"A workbook stands in {escape(str(folder))}: settings, notebooks, an empty book and its keys.")
    out.print(
        "The keys are in its folder keys/, readable by you only. Without them nobody can read the book,"
    )
    out.print("so keep a copy in a safe place. Next: clientlib import FILE-OR-FOLDER")


@app.command(epilog="Example: clientlib demo --clients 500 --seed 7 --dirty")
def demo(
    clients: Annotated[int, typer.Option(min=1, help="How many clients.")] = 5000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same firm.")] = 7,
    dirty: Annotated[
        bool,
        typer.Option(
            "--dirty", help="Also write hand-ins with the errors people make, into data/demo/dirty."
        ),
    ] = False,
    folder: WorkbookOption = None,
) -> None:
    """Fill an empty book with the clients of a firm that does not exist.

    Hand-ins are written to data/demo and imported the way a firm imports its own. What was planted
    in them for the reports to find is listed in data/demo/planted.json. A book that has clients in it
    is left as it is.
    """
    from clientlib import intake, simulate
    from clientlib.book import create_book, open_book

    found = workbook.find(folder)
    if not found.book_file.exists():
        create_book(found)
    with open_book(found, role="data_entry") as book:
        if len(book.batches()):
            out.print("There is a book with clients in it already; it was left as it is.")
            return
    started = time.perf_counter()
    with talk.working("Inventing a firm"):
        firm = simulate.demo(seed=seed, clients=clients)
        simulate.write_handins(firm, found.demo / "handins")
        simulate.write_planted(firm, found.demo / "planted.json")
        if dirty:
            simulate.write_handins(firm, found.demo / "dirty", dirty=True)
    with talk.working("Importing its hand-ins"), open_book(found, role="data_entry", write=True) as book:
        chunks = intake.stream(found.demo / "handins", settings=found.settings)
        result = book.import_checked(chunks, source="demo")
    talk.imported(result)
    out.print(f"Made in {time.perf_counter() - started:.1f} s; what was planted: data/demo/planted.json")
    if dirty:
        out.print("Hand-ins with errors to try on: data/demo/dirty, listed in its errors.json")


# ----------------------------------------------------------------------------- hand-ins
@app.command(epilog="Example: clientlib check handins/shanghai.xlsx --language zh")
def check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files.")],
    reader: ReaderOption = None,
    findings: FindingsOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Say what is wrong in a hand-in, where, and how to mend it. Nothing is imported."""
    from clientlib import intake

    spoken = _known_language(language)
    settings = _settings(folder)
    with talk.working(f"Checking {path.name}"):
        result = intake.check_file(path, reader=reader, settings=settings)
    talk.checked(result, spoken)
    talk.write_findings(result.findings, findings)
    raise typer.Exit(FINDINGS if talk.has_errors(result.findings) else 0)


@app.command("import", epilog="Example: clientlib import ../shared/data/far-trans --reader far-trans")
def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files.")],
    reader: ReaderOption = None,
    findings: FindingsOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Take the good rows of a hand-in into the book, all of them or none; the others are named.

    A second import of the same file changes nothing and says so.
    """
    from clientlib import intake
    from clientlib.book import open_book

    spoken = _known_language(language)
    found = workbook.find(folder)
    with talk.working(f"Importing {path.name}"), open_book(found, role="data_entry", write=True) as book:
        chunks = intake.stream(path, reader=reader, settings=found.settings)
        result = book.import_checked(chunks, source=path.name)
    talk.findings_of(result.findings, spoken)
    talk.imported(result)
    talk.write_findings(result.findings, findings)
    raise typer.Exit(FINDINGS if talk.has_errors(result.findings) else 0)


# ----------------------------------------------------------------------------- reports
@app.command(epilog="Example: clientlib report segmentation risk_review --as-of 2026-06-30 --language en,zh")
def report(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAMES]", help="Which reports; all when none is named.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Business date; by default the newest in the book."),
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            "--known-at", metavar="INSTANT", help="What the book held at that moment; by default now."
        ),
    ] = None,
    branch: Annotated[str, typer.Option("--branch", help="One branch, or all.")] = "all",
    language: Annotated[
        str | None,
        typer.Option(
            "--language", "-l", metavar="en,zh", help="One or several; the first one's index opens."
        ),
    ] = None,
    folder: WorkbookOption = None,
) -> None:
    """Run reports and write them as HTML pages, with an index, into reports/<as-of>."""
    from clientlib.report import run_reports

    found = workbook.find(folder)
    languages = [part.strip() for part in language.split(",")] if language else None
    with talk.ReportProgress() as progress:
        result = run_reports(
            found,
            names=names or None,
            as_of=as_of,
            known_at=known_at,
            branch=branch,
            languages=languages,
            progress=progress,
        )
    out.print(f"Open {escape(str(result.index))}")
    if result.failed:
        raise typer.Exit(3)


# ----------------------------------------------------------------------------- environment
@app.command(epilog="Example: clientlib doctor")
def doctor(folder: WorkbookOption = None) -> None:
    """Prove that everything a run needs is here: engine, encryption, keys, book, notebooks, fonts."""
    from clientlib.doctor import examine

    checks = examine(folder)
    for item in checks:
        mark = {
            "well": "[green]well[/green]   ",
            "warning": "[yellow]warning[/yellow]",
            "failed": "[red]failed[/red] ",
        }
        out.print(f"{mark[item.state]}  {escape(item.what)}: {escape(item.finding)}")
    if any(item.state == "failed" for item in checks):
        raise typer.Exit(2)


# ----------------------------------------------------------------------------- talking
def _settings(folder: Path | None) -> Settings:
    """A file can be checked outside a workbook too: then the default settings hold."""
    from clientlib import config

    try:
        return workbook.find(folder).settings
    except WorkbookError:
        if folder is not None:
            raise
        return config.load()


def _known_language(language: str) -> Language:
    if language not in ("en", "zh"):
        raise ClientlibError(f'There is no language "{language}". Choose en or zh.')
    return "zh" if language == "zh" else "en"
