"""The command as a person types it: exit codes, sentences, and no traceback for a mistake."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from clientlib.cli import app, main
from clientlib.doctor import examine
from clientlib.workbook import Workbook

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = ["init", "demo", "template", "check", "import", "batches", "undo", "report", "dictionary"]
COMMANDS += ["recognise", "exercise", "doctor", "pending", "worklist", "duplicates", "merge"]
COMMANDS += ["audit"]
COMMANDS += ["keys", "backup", "restore"]
COMMANDS += ["history"]
COMMANDS += ["find", "calls", "acknowledge"]
COMMANDS += ["export-person", "erase"]
COMMANDS += ["share", "export"]
COMMANDS += ["new-report", "upgrade"]
COMMANDS += ["schedule", "status", "notify"]
TRADES = "trade_id,client_id,traded_at,security_id,side,quantity,price,amount,currency\n"
GOOD_TRADE = "T1,C1,2026-03-20 10:00:00,S1,buy,100,2.5,250,CNY\n"


@pytest.fixture(scope="session")
def clientlib() -> Run:
    """Runs the real command in a process of its own; keys and workbook of the outside are not passed on."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLIENTLIB_")}

    def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("clientlib")), *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=120)

    return run


def _told(done: subprocess.CompletedProcess[str]) -> str:
    text = done.stdout + done.stderr
    assert "Traceback" not in text
    return text


# ----------------------------------------------------------------------------- help and typos
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, cli: Callable[..., Result]) -> None:
    shown = cli(command, "--help").output
    assert f"Example: clientlib {command}" in re.sub(r"\s+", " ", shown)


def test_the_commands_are_those_that_the_readme_lists() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `clientlib ([a-z-]+)", readme, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS) == sorted(_registered())


def _registered() -> list[str]:
    commands = [str(c.name or getattr(c.callback, "__name__", "")) for c in app.registered_commands]
    return commands + [str(group.name) for group in app.registered_groups]


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [(["reprot"], "report"), (["import"], "PATH"), (["report", "--as-off", "2026-01-01"], "--as-of")],
)
def test_a_typo_is_answered_with_what_was_meant(clientlib: Run, typed: list[str], suggested: str) -> None:
    done = clientlib(*typed)
    assert done.returncode == 2
    assert suggested in _told(done)


def test_without_a_workbook_the_way_to_one_is_told(clientlib: Run, tmp_path: Path) -> None:
    done = clientlib("report", cwd=tmp_path)
    assert done.returncode == 2
    assert "clientlib init" in _told(done)


# ----------------------------------------------------------------------------- init and doctor
def test_init_makes_keys_that_only_their_owner_can_read(firm: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (firm / "keys").iterdir()}
    assert modes == {"book.key": 0o600, "vault.key": 0o600}


def test_init_does_not_touch_a_workbook_that_is_there(clientlib: Run, firm: Path) -> None:
    before = {path: path.read_bytes() for path in firm.rglob("*") if path.is_file()}
    assert clientlib("init", firm).returncode == 2
    assert {path: path.read_bytes() for path in firm.rglob("*") if path.is_file()} == before


def test_doctor_finds_a_new_workbook_well(clientlib: Run, firm: Path) -> None:
    done = clientlib("doctor", cwd=firm)
    assert done.returncode == 0, _told(done)
    assert "failed" not in _told(done)


def test_doctor_is_well_without_any_network(firm: Path) -> None:
    alone = ["unshare", "--map-root-user", "--net"]  # not even the loopback address is up in there
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a network of their own (unshare --net)")
    command = [*alone, str(Path(sys.executable).with_name("clientlib")), "doctor"]
    done = subprocess.run(command, cwd=firm, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AES-256-GCM" in done.stdout


@pytest.mark.parametrize(
    ("people", "told"),
    [
        ("", "every account may take every role"),
        ('[people.li]\nroles = ["administrator"]\n', "nobody may read the audit"),
        ('[people.li]\nroles = ["analyst"]\n', "nobody may keep keys and backups or read the audit"),
        ('[people.li]\nroles = ["administrator", "auditor"]\n', "1 named"),
    ],
)
def test_doctor_tells_whether_somebody_may_do_what_must_be_done(firm: Path, people: str, told: str) -> None:
    (firm / "workbook.toml").write_text(people, "utf-8")
    assert told in next(check.finding.en for check in examine(firm) if check.what.en == "people")


def test_doctor_tells_an_account_that_it_has_no_vaults_key(firm: Path) -> None:
    (firm / "keys" / "vault.key").unlink()
    check = next(check for check in examine(firm) if check.what.en == "identity")
    assert (check.state, "is not here" in check.finding.en) == ("well", True)


def test_doctor_fails_when_others_can_read_a_key(clientlib: Run, firm: Path) -> None:
    (firm / "keys" / "book.key").chmod(0o644)
    done = clientlib("doctor", cwd=firm)
    assert done.returncode == 2
    assert "chmod 600" in _told(done)


# ----------------------------------------------------------------------------- check and import
def test_a_good_file_checks_with_exit_code_0(clientlib: Run, tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text(TRADES + GOOD_TRADE)
    done = clientlib("check", "trades.csv", cwd=tmp_path)
    assert done.returncode == 0, _told(done)


def test_a_finding_names_file_row_field_and_mend_with_exit_code_1(clientlib: Run, tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text(
        TRADES + GOOD_TRADE + GOOD_TRADE.replace("T1", "T2").replace("100", "1OO")
    )
    done = clientlib("check", "trades.csv", cwd=tmp_path)
    assert done.returncode == 1
    told = _told(done)
    assert "trades.csv" in told
    assert "row 3" in told
    assert 'Quantity: "1OO" is not a number' in told


def test_findings_speak_chinese_when_asked(clientlib: Run, tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text(TRADES + GOOD_TRADE.replace("buy", "swap"))
    assert "买卖方向" in _told(clientlib("check", "trades.csv", "--language", "zh", cwd=tmp_path))


def test_the_findings_file_holds_no_formula(clientlib: Run, tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text(TRADES + GOOD_TRADE.replace(",100,", ",=1+1,"))
    clientlib("check", "trades.csv", "--findings", "found.csv", cwd=tmp_path)
    written = (tmp_path / "found.csv").read_text("utf-8-sig")
    assert "'=1+1" in written
    assert "\n=1+1" not in written.replace(",", "\n")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "empty"),
        ("letter.xlsx", b"Dear all, the figures follow.", "xlsx"),
        (
            "locked.xlsx",
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "password",
        ),
        ("nul.csv", (TRADES + GOOD_TRADE).encode() + b"T2,C\x001", "NUL"),
        ("broken.csv", TRADES.encode() + b"T1,C1,\xff\xfe\xff\xff", "not UTF-8"),
        ("other.csv", b"apples,pears\n1,2\n", "header"),
    ],
)
def test_a_file_that_is_no_hand_in_is_refused_in_a_sentence(
    clientlib: Run, firm: Path, name: str, content: bytes, told: str
) -> None:
    (firm / name).write_bytes(content)
    before = (firm / "data" / "book" / "book.duckdb").read_bytes()
    done = clientlib("import", name, cwd=firm)
    assert done.returncode in (1, 2)
    assert told in _told(done)
    assert (firm / "data" / "book" / "book.duckdb").read_bytes() == before


def test_a_file_that_is_not_there_is_named(clientlib: Run, firm: Path) -> None:
    done = clientlib("import", "trade.csv", cwd=firm)
    assert done.returncode == 2
    assert "trade.csv: there is no such file" in _told(done)


@pytest.mark.skipif(sys.platform == "win32", reason="another way to say which encoding a log has")
def test_a_log_that_cannot_hold_chinese_does_not_stop_a_command(firm: Path) -> None:
    (firm / "trades.csv").write_text(TRADES + GOOD_TRADE)
    command = [str(Path(sys.executable).with_name("clientlib")), "import", "trades.csv", "-l", "zh"]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=firm, env=ascii_only, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, _told(done)
    assert "clientlib undo 1" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are text there")
def test_what_a_terminal_in_another_encoding_sends_is_answered_and_not_repeated(firm: Path) -> None:
    command: list[Path | str | bytes] = [Path(sys.executable).with_name("clientlib"), "history"]
    command.append("王".encode("gb18030"))
    done = subprocess.run(command, cwd=firm, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "in place 2 is no text in UTF-8" in done.stderr


def test_importing_twice_changes_nothing_and_says_so(clientlib: Run, firm: Path) -> None:
    (firm / "trades.csv").write_text(TRADES + GOOD_TRADE)
    assert "1 new" in _told(clientlib("import", "trades.csv", cwd=firm))
    done = clientlib("import", "trades.csv", cwd=firm)
    assert done.returncode == 0
    assert "Nothing new" in _told(done)


def test_a_wrong_key_is_a_sentence_and_changes_nothing(clientlib: Run, firm: Path) -> None:
    (firm / "trades.csv").write_text(TRADES + GOOD_TRADE)
    (firm / "keys" / "book.key").write_text("A" * 43 + "=")
    done = clientlib("import", "trades.csv", cwd=firm)
    assert done.returncode == 2
    assert "key" in _told(done)


# ----------------------------------------------------------------------------- reports
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--as-of", "2026-02-30"], "2026-02-30"),
        (["--as-of", "1999-01-01"], "before"),
        (["--as-of", "2999-01-01"], "future"),
        (["--branch", "Atlantis"], "Atlantis"),
        (["--language", "fr"], "fr"),
        (["riskreview"], "risk_review"),
    ],
)
def test_a_report_that_cannot_be_is_refused_before_it_starts(
    clientlib: Run, demo_workbook: Workbook, arguments: list[str], told: str
) -> None:
    done = clientlib("report", *arguments, "--workbook", demo_workbook.folder)
    assert done.returncode == 2
    assert told in _told(done)


def test_a_report_of_an_empty_book_says_what_to_do(clientlib: Run, firm: Path) -> None:
    done = clientlib("report", cwd=firm)
    assert done.returncode == 2
    assert "clientlib import" in _told(done)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_during_a_report_tells_how_to_go_on(own_demo_workbook: Workbook, tmp_path: Path) -> None:
    sign = tmp_path / "running"
    endless = f"open({str(sign)!r}, 'w').close()\nwhile True: pass"
    _add_cell(own_demo_workbook.notebooks / "reports" / "feedback.ipynb", endless)
    command = [str(Path(sys.executable).with_name("clientlib")), "report", "feedback"]
    process = subprocess.Popen(
        command,
        cwd=own_demo_workbook.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    while not sign.exists():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.splitlines() == [
        "What was published stands. To make what is missing: clientlib report --resume",
        "Interrupted. Nothing was left half done.",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="closes a pipe")
@pytest.mark.parametrize(
    "words", [("doctor",), ("status", "--json"), ("report", "--log", "json", "--beside", "none", "-l", "en")]
)
def test_a_command_whose_output_nobody_reads_on_does_its_work_and_ends_well(
    words: tuple[str, ...], reporting: Workbook
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [str(Path(sys.executable).with_name("clientlib")), *words]
    done = subprocess.run(command, cwd=reporting.folder, stdout=writing, stderr=writing, timeout=120)
    os.close(writing)
    assert done.returncode == 0
    assert (reporting.reports / "index.html").exists() == (words[0] == "report")


def _add_cell(notebook: Path, source: str) -> None:
    """Put a cell behind the parameters of a report."""
    content = json.loads(notebook.read_text("utf-8"))
    place = next(i for i, c in enumerate(content["cells"]) if "parameters" in c["metadata"].get("tags", []))
    cell: dict[str, Any] = {"cell_type": "code", "id": "added", "execution_count": None}
    cell |= {"metadata": {}, "outputs": [], "source": source}
    content["cells"].insert(place + 1, cell)
    notebook.write_text(json.dumps(content), "utf-8")


def test_what_the_account_may_not_open_is_named_with_whom_to_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def shut() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/firm/data/book/swap.json")

    monkeypatch.setitem(main.__globals__, "app", shut)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert "/firm/data/book/swap.json may not be opened by you." in told
    assert "Ask its owner" in told


def test_what_only_some_commands_need_is_not_imported_by_all() -> None:
    code = "import sys, clientlib.cli; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
