"""Every command that takes `--language`, asked in Chinese: it says nothing in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import Result

from clientlib import config, talk
from clientlib.book import account
from clientlib.cli import app

Cli = Callable[..., Result]
ONE, OTHER, GONE = "K0000001", "K0000002", "C9"
WHY = "客户书面申请"
FILES = {
    "messy.csv": f"客户号,姓 名,证件号,奇怪的一列\n{ONE},张三,123,x\n",
    "trades.csv": (
        "trade_id,client_id,traded_at,security_id,side,quantity,price,amount,currency\n"
        "T-1,K9999999,2026-03-20 10:00:00,S1,buy,100,2.5,250,CNY\n"
        "T-2,K9999999,2026-03-20 10:00:00,S1,buy,abc,2.5,250,CNY\n"
    ),
    "clients.csv": (
        "client_id,full_name,client_type,id_type,id_number,birth_date,investor_class,branch,opened_on,status,"
        "updated_at\n"
        f"{GONE},欧阳翡翠,individual,passport,E7654321,1980-01-01,ordinary,上海浦东,2020-01-01,closed,"
        "2024-06-01 12:00\n"
    ),
}
NOTIFY = """
[notify.email]
host = "127.0.0.1"
port = 9
sender = "reports@example.com"
recipients = ["admin@example.com"]
"""
DEPARTMENT = '\n[share.departments.risk]\nrole = "risk"\nareas = ["clients"]\n'
RUNS: dict[str, int] = {
    # What is typed in the workbook's folder, one after the other, and the exit code.
    "batches --role data_entry": 0,
    "exercise out/lesson": 0,
    "template out/new.xlsx --area clients --prefill": 0,
    "recognise messy.csv --output out/questions.xlsx": 0,
    "check out/lesson/exercise.zh.xlsx --findings out/findings.csv": 1,
    "import clients.csv --preview": 0,
    "import clients.csv": 0,
    "import clients.csv --reader auto": 0,
    "import trades.csv --output out": 1,
    "import trades.csv --all-or-nothing": 1,
    "undo 3": 0,
    "undo 4": 0,
    f"merge {ONE} {OTHER}": 0,
    "undo 6": 0,
    "duplicates": 0,
    f"duplicates --dismiss {ONE} {OTHER}": 0,
    "pending": 0,
    "worklist --output out/worklist.xlsx": 0,
    "find 客群=核心客户 营业部=上海": 0,
    "find 资产>1000 --role manager": 0,
    "find 李 --sort -assets": 0,
    "find 李 --role manager": 1,
    f"history {ONE}": 0,
    f"history {ONE} --to 2001-01-01": 0,
    f"history {ONE} --output out/history.csv --role data_entry": 0,
    "export clients finances --to out/rows.xlsx --role risk": 0,
    "share --to out/共享": 0,
    f"export-person {ONE} --reason {WHY}": 0,
    f"erase {GONE} --reason {WHY} --dry-run": 0,
    f"erase {GONE} --reason {WHY} --yes": 0,
    "erase --due": 0,
    "batches": 0,
    "backup out/saved.zip": 0,
    "restore out/saved.zip --check": 0,
    "restore out/saved.zip": 0,
    "keys show": 0,
    "keys make": 0,
    "keys rotate both": 0,
    "keys forget --yes": 0,
    "keys forget": 0,
    "audit --limit 200": 0,
    "audit --limit 1": 0,
    "audit --who nobody": 0,
    "audit --output out/audit.csv": 0,
    "audit --verify": 0,
    "status": 0,
    "status --runs 0": 0,
    "notify": 0,
    "notify --test": 1,
    "schedule --output out/units": 0,
}
NOT_ITS_WORDS = {"report"}
"""Its `--language` is that of the pages; what it says is the names of reports and how long each took."""


# --------------------------------------------------------------------------------- a Chinese run
@contextmanager
def spoken_aloud(what: str) -> Iterator[None]:
    """In place of `talk.working`, which shows on a terminal only."""
    talk.out.print(what)
    yield


@pytest.fixture(scope="module")
def said(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What each of `RUNS` came to in a small demo workbook."""
    folder = tmp_path_factory.mktemp("chinese") / "firm"
    cli("init", folder)
    cli("demo", "--clients", "60", "--workbook", folder)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    with (folder / "workbook.toml").open("a", encoding="utf-8") as settings:
        settings.write(DEPARTMENT + NOTIFY)
    (folder / "out").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(talk, "working", spoken_aloud)
        return {run: cli(*run.split(), "--language", "zh") for run in RUNS}


# -------------------------------------------------------------------------------- what is no English
NAMES = {
    account(),
    *config.load().roles,
    "demo",
    "clientlib",
    "workbook",
    "toml",
    "CSV",
    "JSON",
    "MB",
    "PostgreSQL",
}
"""Of the account, of roles, of a hand-in, of programs and of forms of files: the same in both languages."""
NO_SENTENCE = re.compile(
    r"""
    "[^"]*"                                           # what somebody wrote
    | \S*[/\\]\S+                                     # a path
    | [\w\-*.]+\.(?:xlsx|csv|json|jsonl|html|md|zip|toml|key|duckdb|parquet|journal)\b   # a file
    | clientlib(?:\ [a-z-]+(?![\w.]))+(?:\ (?:[A-Z]\w*|\d+))*  # a command
    | \S+@\S+                                         # an address
    | \b[0-9a-f]{4,}(?:-[0-9a-f]{4,})+(?::\w+)?\b     # a fingerprint, a book's number
    | \w+[=<>]\S+ | (?<!\S)-[a-z]\w+                 # a condition of a query, and its order
    | --[a-z-]+(?:\ [A-Z.a-z]+)?                      # an option
    | \[[\w.]+\](?:\ \w+)?                            # a setting
    | \b[A-Z]{1,3}-?\d[\w-]*                          # a number of a client, a trade, a level
    | \bCLIENTLIB_\w+
    """,
    re.VERBOSE | re.ASCII,
)


def english_in(text: str) -> list[str]:
    """Words that are neither a name nor something to be typed."""
    rest = NO_SENTENCE.sub(" ", text)
    return [word for word in re.findall(r"[A-Za-z_]{2,}", rest) if word not in NAMES]


@pytest.mark.slow
@pytest.mark.parametrize(("run", "code"), RUNS.items())
def test_a_chinese_run_says_nothing_in_english(said: dict[str, Result], run: str, code: int) -> None:
    done = said[run]
    assert done.exit_code == code, done.exception or done.output
    english = [f"{words} in {line}" for line in done.output.splitlines() if (words := english_in(line))]
    assert not english, "\n".join(english)
    assert re.search("[一-鿿]", done.output)


# ---------------------------------------------------------------------------------- all of them
def speaking(command: Any, *path: str) -> Iterator[str]:
    """The commands that take `--language`."""
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from speaking(inner, *path, name)
    elif any("--language" in parameter.opts for parameter in command.params):
        yield " ".join(path)


def test_every_command_that_takes_a_language_is_asked_here() -> None:
    commands = set(speaking(typer.main.get_command(app))) - NOT_ITS_WORDS
    asked = {(name, run) for name in commands for run in RUNS if f"{run} ".startswith(f"{name} ")}
    assert {name for name, _ in asked} == commands
    assert {run for _, run in asked} == set(RUNS)
