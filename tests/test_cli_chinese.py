"""Every command that takes `--language`, asked in Chinese: it says nothing in English, also when it stops."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import Result

from clientlib import config, talk, workbook
from clientlib.book import account, open_book
from clientlib.cli import app
from clientlib.cli.app import asked_language

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
    f"calls --role risk --reason {WHY}": 0,
    "calls --role analyst --to out/calls.xlsx": 0,
    "acknowledge --list": 0,
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
    "init out/新工作簿": 0,
    "demo": 0,
    "new-report fund_sales --title-zh 基金销售": 0,
    "upgrade": 0,
    "demo --clients 20 --dirty --workbook out/新工作簿": 0,
    "dictionary --output out/docs": 0,
    "doctor": 0,
    "doctor --workbook out/nowhere": 2,
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
    "Python",
    "DuckDB",
    "AES",
    "GCM",
    "GB",
    *("Our", "firm", "Noto", "Sans", "CJK", "SC"),
    *("OR", "FOLDER", "fund_sales"),
    *(report.stem for report in (Path(__file__).parents[1] / "notebooks/reports").glob("*.ipynb")),
}
"""Of the account, of roles, of a hand-in, of programs, forms of files, a firm, fonts and reports."""
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


# ------------------------------------------------------------------------------------ what stops it
STOPPED = {
    # What is typed, and the sentence.
    "check nowhere.xlsx": "nowhere.xlsx：没有此文件或文件夹。请核对路径。",
    "check old.xls": "old.xls：不支持 .xls 工作簿。请打开后另存为 .xlsx（Excel工作簿）。",
    "check picture.csv": "picture.csv：这是图片，不是表格。请提交CSV、Excel（.xlsx）或Parquet文件。",
    "check headless.csv": "headless.csv：第1行不是任何一张表的表头。请在第1行填写模板中的栏目名称，"
    "并以所属的表命名该工作表"
    "或文件。运行 clientlib recognise FILE 可查看各列可能对应的字段。",
    "batches --role nobody": "没有角色“nobody”。现有角色：data_entry、advisor、analyst、risk、service、"
    "marketing、manager、"
    "administrator、auditor、report。",
    "batches --role analist": "没有角色“analist”。是否指 analyst？",
    "audit --role analyst": "角色“analyst”无权查阅审计。有此权限的角色：auditor。如需权限，"
    "请联系管理员在 workbook.toml 中授予。",
    "export clients --to rows.csv --role analyst": "角色“analyst”无权导出数据。有此权限的角色：data_entry、"
    "risk、marketing。"
    "如需权限，请联系管理员在 workbook.toml 中授予。",
    "export nothing --to rows.csv --role risk": "没有名为“nothing”的表。现有的表：clients、contacts、"
    "finances、preferences、relations、trades、service_requests、feedback、balances、acknowledgements、securities、"
    "prices、campaigns、campaign_contacts。",
    "export contakts --to rows.csv --role risk": "没有名为“contakts”的表。是否指 contacts？",
    "template new.xlsx --prefill --branch 月球": "没有营业部“月球”。现有营业部：上海浦东。",
    "calls --role manager": "角色“manager”看不到推算联系名单所需的金额。有此权限的角色：data_entry、advisor、"
    "analyst、risk、report。如需权限，请联系管理员在 workbook.toml 中授予。",
    "acknowledge K1 var --reason 已联系客户": "台账中没有客户“K1”。",
    "acknowledge K1 margn --reason 已联系客户": "没有规则“margn”。是否指 margin？",
    "calls --role risk --as-of 2026-02-30": "--as-of：“2026-02-30”不是日历上的日期。请写成如 2026-06-30。",
    "find 资产>": '“>”之后缺少值。请写在后面，例如 level=C4；"" 表示未填写。',
    "history K1": "台账中没有客户“K1”。请核对编号。",
    "history K1 --from 2026-02-30": "--from：“2026-02-30”不是日历上的日期。请写成如 2026-06-30。",
    "undo 7": "没有第7批。运行 clientlib batches 可查看所有批次。",
    "export-person K1 --reason x": '请用 --reason "…" 简要说明事由：事由会记入审计。',
    "restore clients.csv": "clients.csv 不是 clientlib 的备份，或已损坏：其内容不可信。"
    "请改用其他备份；未作任何更改。",
    "share --to mysql://host/clients": "mysql:… 不是可共享数据的服务器。"
    "请写成 --to postgresql://USER@HOST/DATABASE，"
    "或指定一个文件夹。",
    "keys rotate third": "没有密钥“third”。可选：book、vault、both。",
    "batchs": "没有命令 batchs。是否指 batches？用法见：clientlib --help",
    "find x --lmit 3": "没有选项 --lmit。是否指 --limit？用法见：clientlib find --help",
    "find x --limit many": "--limit 的值不可用。用法见：clientlib find --help",
    "history": "缺少 CLIENT。用法见：clientlib history --help",
}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Path:
    """A workbook with one client, and files that cannot be read."""
    folder = tmp_path_factory.mktemp("stopped") / "firm"
    cli("init", folder)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "old.xls").write_bytes(b"x")
    (folder / "picture.csv").write_bytes(b"\x89PNG\r\n")
    (folder / "headless.csv").write_text("张三,1985-03-21\n李四,1990-01-01\n", "utf-8")
    cli("import", folder / "clients.csv", "--workbook", folder)
    with (folder / "workbook.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[book]\nwait_seconds = 1\n")
    return folder


def typed(workplace: Path, command: str, *, language: str = "zh", **environment: str) -> tuple[int, str]:
    """What the real command says when it stops: its exit code, and what it writes on the error stream."""
    done = subprocess.run(
        [Path(sys.executable).with_name("clientlib"), *command.split(), "--language", language],
        cwd=workplace,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", STOPPED)
def test_what_stops_a_command_is_told_in_chinese(workplace: Path, command: str) -> None:
    assert typed(workplace, command) == (2, f"{STOPPED[command]}\n")


def test_a_wrong_key_is_told_in_chinese(workplace: Path) -> None:
    wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    code, told = typed(workplace, "batches", CLIENTLIB_KEY=wrong)
    book = workplace / "data/book/book.duckdb"
    assert (code, told) == (2, f"该密钥无法打开 {book}。请放回此台账自己的密钥；未作任何更改。\n")


def test_that_a_command_waits_is_told_in_chinese(workplace: Path) -> None:
    with open_book(workbook.find(workplace), role="data_entry", write=True):
        code, told = typed(workplace, "undo 7", CLIENTLIB_WORKBOOK=str(workplace))
    waiting, stopped = told.splitlines()
    holder = f"{account()}（进程 {os.getpid()}）正在更改数据"
    assert (code, waiting[: waiting.index("，")]) == (2, f"台账正忙：{holder}")
    assert waiting.endswith("；最多等待1秒。")
    assert stopped.startswith(f"台账正忙：{holder}")
    assert "已等待1秒，未作任何更改" in stopped


def test_without_a_language_an_error_is_told_in_english(workplace: Path) -> None:
    assert typed(workplace, "history K1", language="en")[1].startswith("There is no client")


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        ("find x", "en"),
        ("find x --language zh", "zh"),
        ("find x --language=zh", "zh"),
        ("find x -l zh", "zh"),
        ("find x -lzh", "zh"),
        ("find x -l zh -l en", "en"),
        ("find -- -l zh", "en"),
        ("find x -l", "en"),
        ("find x --sort -level -l zh", "zh"),
        ("report --language zh,en", "en"),
    ],
)
def test_the_language_of_an_error_is_what_was_typed(arguments: str, language: str) -> None:
    assert asked_language(arguments.split()) == language


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
