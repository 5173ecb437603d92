"""Commands about a workbook as a whole: made, filled with a demo, examined, described."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len
from rich.markup import escape

from clientlib import shipped, talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import LanguageOption, WorkbookOption, known_language
from clientlib.talk import out, say


@app.command(epilog="Example: clientlib init my-firm")
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or an empty folder.")],
    language: LanguageOption = "en",
) -> None:
    """Lay out a workbook folder: settings, notebooks, an empty encrypted book, and its keys."""
    from clientlib.book import create_book

    spoken = known_language(language)
    laid_out = workbook.lay_out(folder)
    create_book(laid_out)
    out.print(say("laid_out", spoken, folder=folder))
    out.print(say("laid_out_keys", spoken, folder=folder))
    out.print(say("laid_out_next", spoken))


@app.command(epilog="Example: clientlib upgrade --dry-run")
def upgrade(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Bring the workbook's notebooks up to date with this version of clientlib.

    Those that nobody has changed are replaced, new ones come in. What somebody changed or took away stays
    as it is and is named.
    """
    spoken = known_language(language)
    found = workbook.find(folder)
    standings = (shipped.standings if dry_run else shipped.upgrade)(found.folder)
    news = [s for s in standings if s.state != "same"]
    for standing in news:
        out.print(say(f"upgrade_{standing.state}", spoken, file=standing.file))
    if not news:
        out.print(say("upgrade_nothing", spoken))
    elif dry_run:
        out.print(say("upgrade_dry", spoken))


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
    mistakes: Annotated[
        int | None, typer.Option(min=1, help="How many errors to put into them; by default two of each kind.")
    ] = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Fill an empty book with the clients of a firm that does not exist.

    Hand-ins are written to data/demo and imported the way a firm imports its own. What was planted
    in them for the reports to find is listed in data/demo/planted.json. A book that has clients in it
    is left as it is.
    """
    from clientlib import intake, simulate
    from clientlib.book import create_book, open_book

    spoken = known_language(language)
    found = workbook.find(folder)
    if not found.book_file.exists():
        create_book(found)
    with open_book(found, role="data_entry") as book:
        if len(book.batches()):
            out.print(say("demo_not", spoken))
            return
    started = time.perf_counter()
    with talk.working(say("doing_invent", spoken)):
        firm = simulate.demo(seed=seed, clients=clients)
        simulate.write_handins(firm, found.demo / "handins")
        simulate.write_planted(firm, found.demo / "planted.json")
        if dirty or mistakes:
            simulate.write_handins(firm, found.demo / "dirty", dirty=True, mistakes=mistakes)
    with (
        talk.working(say("doing_import_demo", spoken)),
        open_book(found, role="data_entry", write=True) as book,
    ):
        chunks = intake.stream(found.demo / "handins", settings=found.settings, areas=found.areas)
        result = book.import_checked(chunks, source="demo")
    talk.imported(result, spoken, found.areas)
    out.print(say("demo_made", spoken, seconds=time.perf_counter() - started))
    if dirty or mistakes:
        out.print(say("demo_dirty", spoken))


@app.command(epilog="Example: clientlib exercise lesson-one --language zh")
def exercise(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to put it.")],
    language: LanguageOption = "en",
) -> None:
    """Write the exercise of the handbook: a small hand-in with errors in it, and its answers."""
    from clientlib.simulate.exercise import write_exercise

    spoken = known_language(language)
    for path in write_exercise(folder, spoken):
        out.print(say("template", spoken, path=path))


@app.command(epilog="Example: clientlib dictionary --output docs")
def dictionary(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Where to; by default the workbook's docs."),
    ] = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Write the data dictionary: every field, its limits, who sees it, which reports use it.

    As HTML and Markdown, in English and Chinese, with the fields that the firm added.
    """
    from clientlib import dictionary as pages

    spoken = known_language(language)
    found = workbook.find(folder)
    target = output or found.folder / "docs"
    for path in pages.write(target, found.areas, found.settings, notebooks=found.notebooks):
        out.print(say("template", spoken, path=path))


@app.command(epilog="Example: clientlib doctor")
def doctor(language: LanguageOption = "en", folder: WorkbookOption = None) -> None:
    """Prove that everything a run needs is here: engine, encryption, keys, book, notebooks, fonts."""
    from clientlib.doctor import examine

    spoken = known_language(language)
    styles = {"well": "green", "warning": "yellow", "failed": "red"}
    states = {state: say(f"doctor_{state}", spoken) for state in styles}
    widest = max(map(cell_len, states.values()))
    checks = examine(folder)
    for item in checks:
        state, colour = states[item.state], styles[item.state]
        told = f"{item.what.told(spoken)}{say('colon', spoken)}{item.finding.told(spoken)}"
        out.print(f"[{colour}]{state}[/{colour}]{' ' * (widest - cell_len(state))}  {escape(told)}")
    if any(item.state == "failed" for item in checks):
        raise typer.Exit(2)
