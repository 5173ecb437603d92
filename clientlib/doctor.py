"""What `clientlib doctor` looks at: whether this machine and this workbook have all that a run needs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clientlib import workbook
from clientlib.errors import ClientlibError
from clientlib.fonts import chinese_family

SPACE_WANTED = 1_000_000_000


@dataclass(frozen=True)
class Check:
    """One thing looked at: `finding` says what was found, and the mend where there is one."""

    what: str
    state: Literal["well", "warning", "failed"]
    finding: str


def examine(folder: Path | None = None) -> list[Check]:
    """Every check in the order in which a fault would show; nothing is changed."""
    checks = [_python(), _guarded("encryption", _encryption)]
    try:
        found = workbook.find(folder)
        settings = found.settings
    except ClientlibError as error:
        return [*checks, Check("workbook", "failed", str(error))]
    checks.append(Check("workbook", "well", f"{found.folder.name}, firm “{settings.firm.name}”"))
    checks.append(_guarded("book", lambda: _book(found)))
    checks.append(_guarded("identity", lambda: _identity(found)))
    checks.append(_people(found))
    checks.append(_notebooks(found))
    checks.append(_space(found))
    checks.append(_chinese_font())
    return checks


def _guarded(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what, "well", look())
    except ClientlibError as error:
        return Check(what, "failed", str(error))


def _python() -> Check:
    return Check("Python", "well", ".".join(str(part) for part in sys.version_info[:3]))


def _encryption() -> str:
    from clientlib.book import prove_encryption

    return prove_encryption()


def _book(found: workbook.Workbook) -> str:
    from clientlib.book import open_book, usual_role

    with open_book(found, role=usual_role(found.settings, "administrator")) as book:
        batches = len(book.batches())
        span = book.span()
    if span is None:
        return "opens; empty so far. Next: clientlib import FILE"
    told = "1 batch" if batches == 1 else f"{batches} batches"
    return f"opens; {told}, business dates {span[0]} to {span[1]}"


def _identity(found: workbook.Workbook) -> str:
    from clientlib.book.keys import find_key

    if find_key(found, "vault") is None:
        return "the vault's key is not here, so this account sees nobody's name. Import and erase elsewhere."
    return "the vault's key is here: names and numbers show as the role sees them"


def _people(found: workbook.Workbook) -> Check:
    """Whether roles are shared out, and somebody may keep the files and somebody read the audit."""
    settings = found.settings
    if not settings.people:
        return Check(
            "people", "well", "nobody is named in workbook.toml, so every account may take every role"
        )
    held = [settings.roles[role] for person in settings.people.values() for role in person.roles]
    nobody = [
        what
        for what, somebody in (
            ("keep keys and backups", any(role.may_keep for role in held)),
            ("read the audit", any(role.may_audit for role in held)),
        )
        if not somebody
    ]
    if nobody:
        mend = "Give somebody such a role in workbook.toml, [people]."
        return Check("people", "warning", f"nobody may {' or '.join(nobody)}. {mend}")
    named = len(settings.people)
    return Check("people", "well", f"{named} named in workbook.toml")


def _notebooks(found: workbook.Workbook) -> Check:
    reports = sorted(path.stem for path in (found.notebooks / "reports").glob("*.ipynb"))
    if reports:
        return Check("reports", "well", ", ".join(reports))
    mend = "Copy notebooks/reports from a fresh workbook (clientlib init)."
    return Check("reports", "failed", f"no notebook in notebooks/reports. {mend}")


def _space(found: workbook.Workbook) -> Check:
    free = shutil.disk_usage(found.folder).free
    told = f"{free / 1e9:.1f} GB free"
    if free < SPACE_WANTED:
        return Check("disk", "warning", f"{told}; an import or a report may not fit. Make room.")
    return Check("disk", "well", told)


def _chinese_font() -> Check:
    if name := chinese_family():
        return Check("Chinese font", "well", name)
    mend = "Install one (Debian: fonts-noto-cjk); until then Chinese charts are laid out less well."
    return Check("Chinese font", "warning", f"none on this machine. {mend}")
