"""Commands about the book's two keys: where they are, made, changed for others, and old ones forgotten."""

from __future__ import annotations

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
    known_language,
    taken,
)
from clientlib.errors import ParameterError, Words
from clientlib.talk import out, say

if TYPE_CHECKING:
    from clientlib.book.keeping.survey import KeyPlace
    from clientlib.book.keys import KeyName
    from clientlib.config import Language

WHICH: dict[str, tuple[KeyName, ...]] = {"book": ("book",), "vault": ("vault",), "both": ("book", "vault")}
keys = typer.Typer(
    no_args_is_help=True,
    help="Show, make and change the two keys of the book. No command ever prints a key.",
    epilog="Example: clientlib keys show",
)
app.add_typer(keys, name="keys")


@keys.command(epilog="Example: clientlib keys show --language zh")
def show(language: LanguageOption = "en", role: RoleOption = None, folder: WorkbookOption = None) -> None:
    """Show where each key is looked for, which one counts, and whether it opens its file.

    Of a key only a fingerprint is shown, by which two copies are told apart. Leaves with exit code 1 when a
    key that counts does not open its file.
    """
    from clientlib.book.keeping.keeper import need_keeper
    from clientlib.book.keeping.survey import survey

    spoken = known_language(language)
    found = workbook.find(folder)
    need_keeper(found, taken(role, found, KEEPER), Words("see where keys are", "查看密钥的存放位置"))
    places = survey(found)
    _list(places, spoken)
    if any(place.used and (place.opens is False or place.finding) for place in places):
        raise typer.Exit(FINDINGS)


def _list(places: list[KeyPlace], language: Language) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("name", "kind", "where", "state", "mode", "fingerprint", "opens", "finding"):
        # A path that was cut short would lead nowhere.
        table.add_column(
            say(f"keys_{title}", language), no_wrap=title not in ("where", "finding"), overflow="fold"
        )
    for place in places:
        opens = "" if place.opens is None else say("keys_yes" if place.opens else "keys_no", language)
        table.add_row(
            say(f"keys_{place.name}", language),
            say(f"keys_{place.kind}", language),
            escape(place.where.told(language)),
            say(f"keys_{_state(place)}", language),
            place.mode,
            place.fingerprint,
            opens,
            escape(place.finding.told(language)) if place.finding and _counts(place) else "",
        )
    talk.show(table)


def _counts(place: KeyPlace) -> bool:
    """Whether it matters what was found there: of a place that merely has no key, it does not."""
    return place.used or place.kind == "command"


def _state(place: KeyPlace) -> str:
    if place.used:
        return "refused" if place.finding else "used"
    return "second" if place.fingerprint else "absent"


@keys.command(epilog="Example: clientlib keys make")
def make(language: LanguageOption = "en", role: RoleOption = None, folder: WorkbookOption = None) -> None:
    """Make the keys that are nowhere to be found, as files that only their owner can read."""
    from clientlib.book.keeping.keeper import need_keeper
    from clientlib.book.keeping.rotation import make_missing

    spoken = known_language(language)
    found = workbook.find(folder)
    need_keeper(found, taken(role, found, KEEPER), Words("make keys", "生成密钥"))
    made = make_missing(found)
    for path in made:
        out.print(say("keys_made", spoken, path=path))
    out.print(say("keys_keep_a_copy" if made else "keys_none_made", spoken))


@keys.command(epilog="Example: clientlib keys rotate vault")
def rotate(
    which: Annotated[str, typer.Argument(metavar="book|vault|both", help="Which key.")] = "both",
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Change keys: book and vault are encrypted anew, verified, and swapped together with the keys.

    A key in a file or in the system's keyring is replaced by a random one. One that comes from the
    environment or from the firm's command is changed by its keeper: the new one is read from
    CLIENTLIB_NEW_KEY or CLIENTLIB_NEW_VAULT_KEY. The old files and keys stay until: clientlib keys forget
    """
    from clientlib.book.keeping import keeper, rotation

    spoken = known_language(language)
    if which not in WHICH:
        raise ParameterError(
            f'There is no key "{which}". Name one of: {", ".join(WHICH)}.',
            f"没有密钥“{which}”。可选：{'、'.join(WHICH)}。",
        )
    found = workbook.find(folder)
    doing = taken(role, found, KEEPER)
    keeper.need_keeper(found, doing, Words("change keys", "更换密钥"))
    with (
        keeper.recorded(found, doing, "keys", what="rotate", keys=list(WHICH[which])),
        talk.working(say("doing_rotate", spoken)),
    ):
        done = rotation.rotate(found, WHICH[which])
    for name, where in done.stored.items():
        by_hand = name in done.by_hand
        told = {
            "key": say(f"keys_{name}", spoken),
            "where": where.told(spoken),
            "variable": rotation.NEW_VARIABLES[name],
        }
        line = say("keys_by_hand" if by_hand else "keys_changed", spoken, **told)
        out.print(f"[yellow]{line}[/yellow]" if by_hand else line)
    for path in done.kept:
        out.print(f"  {say('keys_kept', spoken, path=path)}")
    out.print(say("keys_rotated", spoken))


@keys.command(epilog="Example: clientlib keys forget --yes")
def forget(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: take them away.")] = False,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Take away the old files and old keys that changing keys, or putting a backup back, has kept."""
    from clientlib.book.keeping import keeper, rotation

    spoken = known_language(language)
    found = workbook.find(folder)
    doing = taken(role, found, KEEPER)
    keeper.need_keeper(found, doing, Words("take old keys away", "清除旧密钥"))
    listed = rotation.forgettable(found)
    for name in listed:
        out.print(f"  {escape(name)}")
    if not listed:
        out.print(say("keys_nothing_kept", spoken))
        return
    if not yes and not (out.is_terminal and typer.confirm(say("keys_really", spoken))):
        raise ParameterError(*talk.said("keys_needs_yes"))
    with keeper.recorded(found, doing, "keys", what="forget", files=len(listed)):
        gone = rotation.forget(found)
    out.print(say("keys_forgotten", spoken, count=len(gone)))
