"""Commands by which rows leave the book: to other departments as agreed, to one person who may take them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import (
    FINDINGS,
    KEEPER,
    LanguageOption,
    RoleOption,
    WorkbookOption,
    known_day,
    known_language,
    taken,
)
from clientlib.errors import ParameterError
from clientlib.talk import err, out, say

if TYPE_CHECKING:
    from clientlib.book import Book
    from clientlib.config import Language
    from clientlib.share.folders import Format
    from clientlib.share.server import Address, Checked, Published
    from clientlib.tables import Areas
    from clientlib.workbook import Workbook

PLACE = "CLIENTLIB_SHARE"
"""The environment variable that may say where to, a password included. With the name of a department behind
it, CLIENTLIB_SHARE_RISK: how that department itself connects."""
EXPLORER = "analyst"
"""The role in which rows are taken out unless somebody names another."""
NO_FOLDER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""How an address begins, of whatever server; a drive of Windows has one letter."""
SHOWN = 20
"""Differences printed before the rest is only counted."""


# ---------------------------------------------------------------------------------- share
@app.command(epilog="Example: clientlib share --to postgresql://publisher@db.firm.example/clients")
def share(
    context: typer.Context,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="SERVER|FOLDER",
            envvar=PLACE,
            help="postgresql://USER@HOST/DATABASE without a password, or a folder for files.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only prove, as each department, what it can and cannot read.")
    ] = False,
    print_sql: Annotated[
        bool, typer.Option("--print-sql", help="Only print what the server's administrator has to run first.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Send all rows again, not only what differs.")] = False,
    format_: Annotated[
        str, typer.Option("--format", metavar="parquet|xlsx", help="Of files in a folder.")
    ] = "parquet",
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Give other departments what workbook.toml agrees with each: on a PostgreSQL server, or as files.

    A password is taken from PGPASSWORD, a password file or a service file, never from the command line. With
    --check it leaves with exit code 1 when anything is not as agreed.
    """
    from clientlib.book import open_book
    from clientlib.share.server.address import PREFIXES

    spoken = known_language(language)
    found = workbook.find(folder)
    if to is None:
        raise ParameterError(
            f"Say where to: --to postgresql://USER@HOST/DATABASE or --to FOLDER, or {PLACE}.",
            f"请指明共享到何处：--to postgresql://USER@HOST/DATABASE 或 --to FOLDER，或设置 {PLACE}。",
        )
    on_server = to.startswith(PREFIXES)
    if not on_server and NO_FOLDER.match(to):
        # Taken for a folder, it would put everybody's rows as files wherever one stands.
        raise ParameterError(
            f"{_scheme(to)} is no server that rows can be shared to. "
            "Write --to postgresql://USER@HOST/DATABASE, or name a folder.",
            f"{_scheme(to)} 不是可共享数据的服务器。"
            "请写成 --to postgresql://USER@HOST/DATABASE，或指定一个文件夹。",
        )
    source = context.get_parameter_source("to")
    typed = source is not None and source.name == "COMMANDLINE"
    address = _address(to, typed=typed) if on_server else None
    with open_book(found, role=taken(role, found, KEEPER)) as book:
        _warn_of_slips(book, spoken)
        if address is None:
            _need_server(check, "--check")
            _need_server(print_sql, "--print-sql")
            _share_files(book, Path(to), format_, spoken)
        elif print_sql:
            _print_sql(book, address)
        elif check:
            _check(book, address, spoken)
        else:
            _publish(book, address, full=full, language=spoken)


def _warn_of_slips(book: Book, language: Language) -> None:
    from clientlib.share.agreement import agreements, unheard_of

    for department, branch in unheard_of(agreements(book.settings, book.areas), book.branches()):
        told = say("share_no_such_branch", language, department=department, branch=branch)
        err.print(f"[yellow]{escape(told)}[/yellow]")


def _scheme(text: str) -> str:
    """What an address begins with: all of it that may be told, for a password may follow."""
    return f"{text.partition(':')[0]}:…"


def _address(text: str, *, typed: bool) -> Address:
    from clientlib.share.server import Address

    address = Address.read(text)
    if typed and address.has_password:
        raise ParameterError(
            "There is a password in the address, and everybody on this machine can see what is typed on a "
            "command line. Take it out, and give it in PGPASSWORD or a password file; or put the whole "
            f"address into {PLACE}. Whoever may have seen it should not know it any longer: change it.",
            "地址中含有密码，而命令行中输入的内容，本机上的所有人都能看到。"
            f"请去掉密码，改由 PGPASSWORD 或密码文件提供；或把整个地址放入 {PLACE}。密码可能已被他人看到，"
            "请更换。",
        )
    return address


def _need_server(wanted: bool, option: str) -> None:
    if wanted:
        raise ParameterError(
            f"{option} is about a server: --to postgresql://USER@HOST/DATABASE",
            f"{option} 只用于服务器：--to postgresql://USER@HOST/DATABASE",
        )


def _publish(book: Book, address: Address, *, full: bool, language: Language) -> None:
    from clientlib.share.server import publish

    with talk.working(say("doing_share", language)):
        done = publish(book, address, full=full)
    _published(done, address, language, book.areas)


def _published(done: Published, address: Address, language: Language, areas: Areas) -> None:
    for row in done.areas.iter_rows(named=True):
        row["area"] = areas[row["area"]].title(language)
        out.print(f"  {say('share_area', language, **row)}")
    for name in done.gone:
        out.print(f"[yellow]{say('share_gone', language, department=name)}[/yellow]")
    if done.rearranged:
        out.print(say("share_rearranged", language))
    out.print(say("share_done", language, batch=done.batch, place=address))
    out.print(say("share_next", language, command="clientlib share --to … --check"))


def _share_files(book: Book, target: Path, kind: str, language: Language) -> None:
    from clientlib.share.folders import share_folders

    if kind not in ("parquet", "xlsx"):
        raise ParameterError(
            f'--format: there is no "{kind}". Choose parquet or xlsx.',
            f"--format：没有“{kind}”格式。请选择 parquet 或 xlsx。",
        )
    format_: Format = "xlsx" if kind == "xlsx" else "parquet"
    with talk.working(say("doing_share", language)):
        done = share_folders(book, target, format_, language=language)
    for name, path in done.folders.items():
        out.print(f"  {say('share_folder', language, path=path, rows=done.rows[name])}")
    for path in done.left_over:
        out.print(f"[yellow]{say('share_left_over', language, path=path)}[/yellow]")
    out.print(say("share_done", language, batch=done.batch, place=target))


def _print_sql(book: Book, address: Address) -> None:
    from clientlib.share.server import for_the_dba

    user = address.parameters.get("user", "PUBLISHER")
    for line in for_the_dba(book, str(user), str(address.parameters.get("dbname", user))):
        out.print(escape(line))


# ---------------------------------------------------------------------------------- check
def _check(book: Book, address: Address, language: Language) -> None:
    from clientlib.share.server import check

    with talk.working(say("doing_try", language)):
        done = check(book, address, _own_addresses(book.workbook))
    _tried(done, language, book.areas)
    for each in done.differences[:SHOWN]:
        whose = f"{each.department}: " if each.department else ""
        told = say(f"share_{each.what}", language, where=each.where)
        out.print(f"[red]{escape(whose)}{told}[/red]")
    if len(done.differences) > SHOWN:
        out.print(say("share_more", language, hidden=len(done.differences) - SHOWN))
    if done.differences:
        out.print(say("share_mend", language, command="clientlib share"))
        raise typer.Exit(FINDINGS)
    out.print(say("share_proven", language))


def _own_addresses(found: Workbook) -> dict[str, Address]:
    """How departments connect themselves, where the environment says so."""
    from clientlib.share.server import Address

    named = {name: f"{PLACE}_{name.upper()}" for name in found.settings.share.departments}
    return {name: Address.read(os.environ[said]) for name, said in named.items() if os.environ.get(said)}


def _tried(done: Checked, language: Language, areas: Areas) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("department", "area", "readable", "refused", "rows", "of", "writes_refused"):
        text = column in ("department", "area")
        table.add_column(say(f"share_column_{column}", language), justify="left" if text else "right")
    for row in done.tried.iter_rows(named=True):
        counts = [f"{row[name]:,}" for name in ("readable", "refused", "rows", "of", "writes_refused")]
        table.add_row(escape(row["department"]), escape(areas[row["area"]].title(language)), *counts)
    talk.show(table)


# --------------------------------------------------------------------------------- export
@app.command(epilog="Example: clientlib export clients finances --to risk.xlsx --role risk")
def export(
    areas: Annotated[list[str], typer.Argument(metavar="AREA…", help="Areas of the table, e.g. clients.")],
    to: Annotated[
        Path,
        typer.Option(
            "--to", metavar="FILE", help="The file to write: .xlsx, or of one area .csv or .parquet."
        ),
    ],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Business date; by default everything.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", metavar="INSTANT", help="What the book held then; by default now."),
    ] = None,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Take rows out of the book as the role sees them, into a file; that it was done is recorded.

    Exporting is a right of its own (may_export). No cell of the file is a formula.
    """
    from clientlib.book import open_book
    from clientlib.share.export import export as take_out

    spoken = known_language(language)
    day = known_day(as_of, "--as-of")
    found = workbook.find(folder)
    doing = say("doing_write", spoken, name=to.name)
    with open_book(found, role=taken(role, found, EXPLORER)) as book, talk.working(doing):
        done = take_out(book, areas, to, as_of=day, known_at=known_at, language=spoken)
    for name, rows in done.rows.items():
        out.print(f"  {say('exported_area', spoken, area=found.areas[name].title(spoken), rows=rows)}")
    out.print(say("exported", spoken, path=done.path))
