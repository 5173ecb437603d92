"""What `clientlib doctor` looks at: whether this machine and this workbook have all that a run needs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clientlib import shipped, workbook
from clientlib.errors import ClientlibError, Words
from clientlib.fonts import chinese_family

SPACE_WANTED = 1_000_000_000


@dataclass(frozen=True)
class Check:
    """One thing looked at: `finding` says what was found, and the mend where there is one."""

    what: Words
    state: Literal["well", "warning", "failed"]
    finding: Words


_WORKBOOK, _PEOPLE = Words("workbook", "工作簿"), Words("people", "人员")
_REPORTS, _DISK = Words("reports", "报告"), Words("disk", "磁盘")
_FONT = Words("Chinese font", "中文字体")


def examine(folder: Path | None = None) -> list[Check]:
    """Every check in the order in which a fault would show; nothing is changed."""
    checks = [_python(), _guarded(Words("encryption", "加密"), _encryption)]
    try:
        found = workbook.find(folder)
        settings = found.settings
    except ClientlibError as error:
        return [*checks, Check(_WORKBOOK, "failed", error.words)]
    name, firm = found.folder.name, settings.firm.name
    checks.append(Check(_WORKBOOK, "well", Words(f"{name}, firm “{firm}”", f"{name}，公司“{firm}”")))
    checks.append(_guarded(Words("book", "台账"), lambda: _book(found)))
    checks.append(_guarded(Words("identity", "身份"), lambda: _identity(found)))
    checks.append(_people(found))
    checks.append(_notebooks(found))
    checks.append(_space(found))
    checks.append(_chinese_font())
    return checks


def _guarded(what: Words, look: Callable[[], Words]) -> Check:
    try:
        return Check(what, "well", look())
    except ClientlibError as error:
        return Check(what, "failed", error.words)


def _same(text: str) -> Words:
    """What is the same in both languages."""
    return Words(text, text)


def _python() -> Check:
    return Check(_same("Python"), "well", _same(".".join(str(part) for part in sys.version_info[:3])))


def _encryption() -> Words:
    from clientlib.book import prove_encryption

    return prove_encryption()


def _book(found: workbook.Workbook) -> Words:
    from clientlib.book import open_book, usual_role

    with open_book(found, role=usual_role(found.settings, "administrator")) as book:
        batches = len(book.batches())
        span = book.span()
    if span is None:
        return Words(
            "opens; empty so far. Next: clientlib import FILE",
            "可以打开，尚无数据。下一步：clientlib import FILE",
        )
    first, last = span
    return Words(
        f"opens; {batches} {'batch' if batches == 1 else 'batches'}, business dates {first} to {last}",
        f"可以打开；共{batches}批，业务日期 {first} 至 {last}",
    )


def _identity(found: workbook.Workbook) -> Words:
    from clientlib.book.keys import find_key

    if find_key(found, "vault") is None:
        return Words(
            "the vault's key is not here, so this account sees nobody's name. Import and erase elsewhere.",
            "此处没有身份库密钥，因此此账户看不到任何姓名。导入和删除请在别处进行。",
        )
    return Words(
        "the vault's key is here: names and numbers show as the role sees them",
        "此处有身份库密钥：姓名和号码按角色的权限显示",
    )


def _people(found: workbook.Workbook) -> Check:
    """Whether roles are shared out, and somebody may keep the files and somebody read the audit."""
    settings = found.settings
    if not settings.people:
        everybody = Words(
            "nobody is named in workbook.toml, so every account may take every role",
            "workbook.toml 中未登记人员，因此所有账户都可使用所有角色",
        )
        return Check(_PEOPLE, "well", everybody)
    held = [settings.roles[role] for person in settings.people.values() for role in person.roles]
    nobody = [
        what
        for what, somebody in (
            (Words("keep keys and backups", "保管密钥和备份"), any(role.may_keep for role in held)),
            (Words("read the audit", "查阅审计"), any(role.may_audit for role in held)),
        )
        if not somebody
    ]
    if nobody:
        lacking = Words(
            f"nobody may {' or '.join(each.en for each in nobody)}. Give somebody such a role in "
            "workbook.toml, [people].",
            f"没有人有权{'或'.join(each.zh for each in nobody)}。"
            "请在 workbook.toml 的 [people] 中授予相应的角色。",
        )
        return Check(_PEOPLE, "warning", lacking)
    named = len(settings.people)
    return Check(
        _PEOPLE, "well", Words(f"{named} named in workbook.toml", f"workbook.toml 中登记了{named}人")
    )


def _notebooks(found: workbook.Workbook) -> Check:
    reports = sorted(path.stem for path in (found.notebooks / "reports").glob("*.ipynb"))
    if reports:
        named = Words(", ".join(reports), "、".join(reports))
        older = sum(standing.state in ("older", "new") for standing in shipped.standings(found.folder))
        if not older:
            return Check(_REPORTS, "well", named)
        behind = Words(
            f"{named.en}; {older} of the notebooks that come with clientlib are of an earlier version here, "
            "or not there. Bring them up to date: clientlib upgrade",
            f"{named.zh}；随程序提供的笔记本中有{older}个属于较早版本或缺失。如需更新：clientlib upgrade",
        )
        return Check(_REPORTS, "warning", behind)
    none = Words(
        "no notebook in notebooks/reports. Copy notebooks/reports from a fresh workbook (clientlib init).",
        "notebooks/reports 中没有笔记本。请从新建的工作簿（clientlib init）复制 notebooks/reports。",
    )
    return Check(_REPORTS, "failed", none)


def _space(found: workbook.Workbook) -> Check:
    free = shutil.disk_usage(found.folder).free
    told = Words(f"{free / 1e9:.1f} GB free", f"可用空间{free / 1e9:.1f} GB")
    if free < SPACE_WANTED:
        small = Words(
            f"{told.en}; an import or a report may not fit. Make room.",
            f"{told.zh}，可能不足以导入或生成报告。请腾出空间。",
        )
        return Check(_DISK, "warning", small)
    return Check(_DISK, "well", told)


def _chinese_font() -> Check:
    if name := chinese_family():
        return Check(_FONT, "well", _same(name))
    none = Words(
        "none on this machine. Install one (Debian: fonts-noto-cjk); until then Chinese charts are laid out "
        "less well.",
        "本机没有中文字体。请安装（Debian：fonts-noto-cjk）；在此之前，中文图表的排版会稍差。",
    )
    return Check(_FONT, "warning", none)
