"""Commands about hand-ins: the template they are typed into, what is wrong in one, and taking it in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clientlib import config, talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import (
    EDITOR,
    FINDINGS,
    BranchOption,
    ConfirmedOption,
    FindingsOption,
    LanguageOption,
    OutputOption,
    PathArgument,
    ReaderOption,
    RoleOption,
    WorkbookOption,
    known_language,
    not_there_yet,
    taken,
)
from clientlib.errors import ClientlibError, KeyProblem, PermissionRefused, Words, WorkbookError
from clientlib.talk import out
from clientlib.workbook import Workbook

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from clientlib.book import Book
    from clientlib.intake import CheckResult, Confirmed, NaturalKeys
    from clientlib.tables import Areas

FAR_TRANS = "far-trans"


# ------------------------------------------------------------------------------- template
@app.command(epilog="Example: clientlib template shanghai.xlsx --branch 上海浦东 --language zh --prefill")
def template(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="The workbook to write.")],
    area: Annotated[
        list[str] | None,
        typer.Option("--area", "-a", metavar="AREA", help="Only this sheet; may be repeated."),
    ] = None,
    language: LanguageOption = "en",
    branch: BranchOption = None,
    prefill: Annotated[
        bool, typer.Option("--prefill", help="Put in what the book has already: an update is then an edit.")
    ] = False,
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Write the Excel workbook that staff fill in: lists, limits, hints, a guide, colours while typing."""
    from clientlib.sheets.template import write_template

    spoken = known_language(language)
    not_there_yet(file)
    found = _workbook(folder)
    areas = _table(found)
    zone = (found.settings if found else config.load()).firm.time_zone
    rows = None
    if prefill:
        if found is None:
            raise WorkbookError(
                "There is no book here to fill it from. Go into a workbook folder, or use -w.",
                "此处没有可用于填入的台账。请进入工作簿文件夹，或用 -w 指定。",
            )
        rows = _prefilled(found, taken(role, found, EDITOR), area or list(areas), branch)
    with talk.working(talk.say("doing_write", spoken, name=file.name)):
        put_in = write_template(
            file, areas, names=area, language=spoken, branch=branch, prefill=rows, time_zone=zone
        )
    out.print(talk.say("template", spoken, path=file))
    if prefill:
        out.print(talk.say("template_filled", spoken, rows=put_in))
    out.print(talk.say("template_next", spoken, command=talk.typed("clientlib", "check", file)))


def _prefilled(found: Workbook, role: str, names: list[str], branch: str | None) -> dict[str, pl.DataFrame]:
    """The newest rows of areas, as the role sees them; refused where it does not see all of them."""
    import polars as pl

    from clientlib.book import open_book

    with open_book(found, role=role) as book:
        book.access.needs("may_export", Words("take rows out of the book", "从台账取出数据"))
        talk.known_branch(branch, book.branches())
        # Whose branch a row belongs to is told by the clients.
        telling = ["clients"] if branch is not None else []
        wanted = [name for name in dict.fromkeys([*names, *telling]) if name in book.areas]
        frames = {name: _newest(book, name) for name in wanted}
        partly = [name for name in wanted if name in names and not _in_full(book, name, frames[name])]
        if partly and found.settings.roles[role].identity == "plain" and book.identity != "plain":
            raise KeyProblem(
                f"The vault's key is not here, so {', '.join(partly)} cannot be put in whole. "
                "Put the key in its place, or name other areas with --area.",
                f"此处没有身份库密钥，因此无法完整填入 {'、'.join(partly)}。"
                "请将密钥放回原处，或用 --area 指定其他表。",
            )
        if partly:
            raise PermissionRefused(
                f'The role "{role}" does not see all of {", ".join(partly)}, so this cannot be put in: '
                "what is hidden or masked would come back as a change. Name another role, or other areas "
                "with --area.",
                f"角色“{role}”看不到 {'、'.join(partly)} 的全部内容，因此不能填入："
                "隐藏或脱敏的内容提交回来会被当作更改。"
                "请改用其他角色，或用 --area 指定其他表。",
            )
    return {
        name: pl.from_pandas(frame).select(
            pl.col(each.name).cast(each.dtype) for each in found.areas[name].fields if each.name in frame
        )
        for name, frame in frames.items()
    }


def _newest(book: Book, name: str) -> pd.DataFrame:
    """Every row that stands, whatever its day; where a client has several versions, the newest.

    Without a day, because that also shows the rows whose own day is still owed: they are to be completed.
    """
    from clientlib.declare import LATEST_DATE

    return book.area(name, as_of=LATEST_DATE if book.areas[name].versioned else None)


def _in_full(book: Book, name: str, frame: pd.DataFrame) -> bool:
    area = book.areas[name]
    masked = area.identity and book.identity != "plain"
    return not masked and all(each.name in frame for each in area.fields)


# ------------------------------------------------------------------------------ recognise
@app.command(epilog="Example: clientlib recognise messy.csv --output questions.xlsx --language zh")
def recognise(
    path: PathArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.xlsx",
            help="Where to; by default NAME.questions.xlsx in NAME-checked.",
        ),
    ] = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Say what the columns and words of a strange hand-in may be, with a probability; a person confirms.

    What is answered in the workbook of questions is applied by: clientlib import PATH --confirmed FILE.xlsx
    """
    from clientlib.intake.recognise import decisions
    from clientlib.intake.recognise.files import recognise_file
    from clientlib.sheets.confirmation import write_confirmation

    spoken = known_language(language)
    found = _workbook(folder)
    settings = found.settings if found else config.load()
    areas = _table(found)
    target = output or _beside(path) / f"{path.stem}.questions.xlsx"
    not_there_yet(target)
    decided = decisions.load(found.folder) if found else None
    with talk.working(talk.say("doing_look", spoken, name=path.name)):
        recognised = recognise_file(path, settings=settings, areas=areas, decisions=decided)
    talk.recognised(recognised, spoken, areas)
    if recognised.columns.is_empty() and recognised.words.is_empty():
        return
    write_confirmation(target, recognised, language=spoken, areas=areas)
    out.print(talk.say("questions", spoken, path=target))
    command = talk.typed("clientlib", "check", path, "--confirmed", target)
    out.print(talk.say("questions_next", spoken, command=command))


# ---------------------------------------------------------------------------------- check
@app.command(epilog="Example: clientlib check handins/shanghai.xlsx --language zh")
def check(
    path: PathArgument,
    output: OutputOption = None,
    reader: ReaderOption = None,
    confirmed: ConfirmedOption = None,
    findings: FindingsOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Say what is wrong in a hand-in, where, and how to mend it. Nothing is imported.

    It comes back with every wrong cell coloured and commented; beside it the good rows alone, a page that a
    supplier can be sent, and the findings as JSON Lines.
    """
    from clientlib import intake
    from clientlib.sheets.hand_back import hand_back

    spoken = known_language(language)
    found = _workbook(folder)
    settings = found.settings if found else config.load()
    areas = _table(found)
    answers = _answers(confirmed, areas, settings)
    with talk.working(talk.say("doing_check", spoken, name=path.name)), _keys_of(found) as keys:
        result = intake.check_file(
            path, reader=reader, settings=settings, areas=areas, confirmed=answers, natural_keys=keys
        )
    talk.checked(result, spoken, areas)
    talk.write_findings(result.findings, findings, spoken)
    if reader != FAR_TRANS:
        target = output or _beside(path)
        with talk.working(talk.say("doing_mark", spoken)):
            files = hand_back(
                result,
                path,
                target,
                settings=settings,
                language=spoken,
                checked_at=dt.datetime.now(dt.UTC),
                areas=areas,
                settled=answers.retitled,
            )
        talk.handed_back(files, target, spoken)
    raise typer.Exit(FINDINGS if talk.has_errors(result.findings) else 0)


# --------------------------------------------------------------------------------- import
@app.command("import", epilog="Example: clientlib import shanghai.xlsx --preview")
def import_(
    path: PathArgument,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only say what would be new, changed and refused.")
    ] = False,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Take nothing when one row is refused.")
    ] = False,
    output: OutputOption = None,
    reader: ReaderOption = None,
    confirmed: ConfirmedOption = None,
    findings: FindingsOption = None,
    role: RoleOption = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Take the good rows of a hand-in into the book; the others come back as a workbook with the reasons.

    A second import of the same file changes nothing and says so; one that was broken off goes on. A batch can
    be taken back: clientlib undo
    """
    from clientlib import intake
    from clientlib.book import open_book
    from clientlib.intake.fingerprint import fingerprint

    spoken = known_language(language)
    found = workbook.find(folder)
    answers = _answers(confirmed, found.areas, found.settings)
    refused = _Refused()
    doing = taken(role, found, EDITOR)
    with open_book(found, role=doing, write=True) as book, talk.rows_of(path, spoken) as counted:
        keys = _natural_keys(book)
        read_by: dict[str, Any] = {
            "reader": reader,
            "settings": found.settings,
            "areas": found.areas,
            "confirmed": answers,
        }
        watched = counted(refused.kept(intake.stream(path, natural_keys=keys, **read_by)))
        if preview:
            looked = book.preview(watched, source=path.name)
            result = looked.result
        else:
            known_by = None
            if not all_or_nothing:
                # What is taken whole or not at all leaves nothing to go on with.
                known_by = fingerprint(path, natural_keys=keys is not None, **read_by)
                talk.going_on(book.unfinished_rows(known_by), spoken)
            result = book.import_checked(
                watched, source=path.name, all_or_nothing=all_or_nothing, fingerprint=known_by
            )
    talk.findings_of(result.findings, spoken, found.areas)
    if preview:
        talk.previewed(looked, spoken, found.areas)
    else:
        talk.imported(result, spoken, found.areas)
        refused.write(output or _beside(path), path, result.findings, spoken, found)
        _remember(found, answers, spoken)
    talk.write_findings(result.findings, findings, spoken)
    raise typer.Exit(FINDINGS if talk.has_errors(result.findings) else 0)


@dataclass
class _Refused:
    """The refused rows of a hand-in that goes by."""

    frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def kept(self, chunks: Iterable[CheckResult]) -> Iterator[CheckResult]:
        for chunk in chunks:
            for area, frame in chunk.rejected.items():
                self.frames.setdefault(area, []).append(frame)
            yield chunk

    def write(
        self,
        target: Path,
        path: Path,
        findings: pl.DataFrame,
        language: config.Language,
        found: Workbook,
    ) -> None:
        import polars as pl

        from clientlib.sheets.rejected import write_rejected

        if not self.frames:
            return
        written = write_rejected(
            {area: pl.concat(frames, how="diagonal") for area, frames in self.frames.items()},
            findings,
            target / f"{path.stem}.rejected.xlsx",
            language=language,
            time_zone=found.settings.firm.time_zone,
            areas=found.areas,
        )
        for file in written:
            out.print(talk.say("refused", language, path=file))


# -------------------------------------------------------------------------------- helpers
def _answers(confirmed: Path | None, areas: Areas, settings: config.Settings) -> Confirmed:
    from clientlib.intake.recognise.confirm import read_confirmation
    from clientlib.intake.recognise.confirmed import UNCONFIRMED

    return read_confirmation(confirmed, areas=areas, settings=settings) if confirmed else UNCONFIRMED


def _remember(found: Workbook, answers: Confirmed, language: config.Language) -> None:
    """What a person has decided about words is known the next time."""
    from clientlib.book import account
    from clientlib.intake.recognise import decisions

    kept = decisions.remember(found.folder, answers, by=account(), areas=found.areas)
    if kept:
        out.print(talk.say("remembered", language, words=kept))


def _table(found: Workbook | None) -> Areas:
    from clientlib.tables import AREAS

    return found.areas if found else AREAS


def _workbook(folder: Path | None) -> Workbook | None:
    """A file can be checked outside a workbook too: then the default settings hold."""
    try:
        return workbook.find(folder)
    except WorkbookError:
        if folder is not None:
            raise
        return None


@contextmanager
def _keys_of(found: Workbook | None) -> Iterator[NaturalKeys | None]:
    """Whose numbers are whose, as long as the book is open; None where there is no book to ask."""
    book = _book_to_ask(found)
    if book is None:
        yield None
        return
    with book:
        yield _natural_keys(book)


def _book_to_ask(found: Workbook | None) -> Book | None:
    from clientlib.book import open_book

    if found is None or not found.book_file.exists():
        return None
    try:
        return open_book(found, role=taken(None, found, EDITOR))
    except ClientlibError:
        # A hand-in can be checked by whoever has no key: rows without a client's number are then refused.
        return None


def _natural_keys(book: Book) -> NaturalKeys | None:
    return book.natural_keys() if book.identity == "plain" else None


def _beside(path: Path) -> Path:
    """The folder for what goes back to a person, beside what was handed in."""
    from clientlib.intake.sources import HANDED_BACK

    whole = path.resolve()
    return whole.parent / f"{whole.name if whole.is_dir() else whole.stem}{HANDED_BACK}"
