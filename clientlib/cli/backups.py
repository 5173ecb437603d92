"""Commands that save a book and put it back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import (
    KEEPER,
    LanguageOption,
    RoleOption,
    WorkbookOption,
    known_language,
    taken,
)
from clientlib.errors import Unwritable, Words
from clientlib.talk import out, say

if TYPE_CHECKING:
    from clientlib.book.keeping.backup import Manifest
    from clientlib.workbook import Workbook


@app.command(epilog="Example: clientlib backup /media/safe/2026-06-30.zip")
def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE|FOLDER", help="Where to; in a folder, by default the settings' own, a new file."
        ),
    ] = None,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Save book and vault, settings and audit into one encrypted, signed file, while others read on.

    It can be put back only with the keys that the book has now: keep a copy of these in another place.
    """
    from clientlib.book.keeping import keeper
    from clientlib.book.keeping.backup import back_up, default_file

    spoken = known_language(language)
    found = workbook.find(folder)
    doing = taken(role, found, KEEPER)
    keeper.need_keeper(found, doing, Words("make backups", "备份"))
    target = file / default_file(found).name if file and file.is_dir() else file or default_file(found)
    _need_folder(target, found)
    with (
        keeper.recorded(found, doing, "backup", file=target.name),
        talk.working(say("doing_backup", spoken)),
    ):
        made = back_up(found, target)
    size = made.file.stat().st_size / 1e6
    out.print(say("backup_made", spoken, path=made.file, size=size, batch=made.manifest.last_batch))
    out.print(say("backup_keys", spoken))


def _need_folder(target: Path, found: Workbook) -> None:
    """Make sure that the folder is there, unless it is of the workbook: one that is made where a disk should
    be mounted looks like a backup, and is none.

    Raises
    ------
    Unwritable
        It is not there.
    """
    if not target.parent.is_dir() and not target.resolve().is_relative_to(found.folder.resolve()):
        raise Unwritable(
            f"There is no folder {target.parent}. Mount its disk, make the folder, or name another one; "
            "nothing was written.",
            f"没有文件夹 {target.parent}。请挂载其所在磁盘、新建该文件夹，或改用其他文件夹；未写入任何内容。",
        )


@app.command(epilog="Example: clientlib restore /media/safe/2026-06-30.zip --check")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup, from: clientlib backup")],
    check: Annotated[bool, typer.Option("--check", help="Only verify it; nothing is changed.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Also if the book here has later batches, which go from it.")
    ] = False,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Put a backup back, after verifying all of it; also where the book is damaged or gone.

    What was in place is kept until: clientlib keys forget. Settings that are here stay as they are, and the
    audit does not go back with the book.
    """
    from clientlib.book.keeping import restore as restoring
    from clientlib.book.keeping.keeper import need_keeper

    spoken = known_language(language)
    found = workbook.find(folder)
    doing = taken(role, found, KEEPER)
    who = need_keeper(found, doing, Words("put backups back", "恢复备份"))
    if check:
        with talk.working(say("doing_verify_backup", spoken)):
            manifest = restoring.check(found, file).manifest
        out.print(say("backup_well", spoken, path=file, **_state(manifest, found)))
        return
    with talk.working(say("doing_restore", spoken)):
        done = restoring.restore(found, file, who=who, role=doing, losing=yes)
    out.print(say("restored", spoken, **_state(done.manifest, found)))
    for path in done.kept:
        out.print(f"  {say('keys_kept', spoken, path=path)}")
    for client in done.erased:
        out.print(f"[yellow]  {say('erased_is_back', spoken, client=client)}[/yellow]")
    for path in done.beside:
        out.print(f"[yellow]  {say('settings_beside', spoken, path=path)}[/yellow]")


def _state(manifest: Manifest, found: Workbook) -> dict[str, object]:
    """Which state of the book a backup is: its newest batch, and when it was made."""
    zone = ZoneInfo(found.settings.firm.time_zone)
    made = dt.datetime.fromisoformat(manifest.made_at).astimezone(zone)
    return {"batch": manifest.last_batch, "made": f"{made:%Y-%m-%d %H:%M}"}
