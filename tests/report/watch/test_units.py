"""What makes a scheduler run the reports: valid for the scheduler itself, whatever the folder is called."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from clientlib.config import ReportSchedule
from clientlib.report.watch.units import SCHEDULERS, Job, Scheduler, units

RULES = ReportSchedule(every="day", at="06:30", weekday="monday", day=1, stale_hours=72)
JOB = Job(
    program=Path(sys.executable),
    workbook=Path("/srv/firm"),
    rules=RULES,
    zone="Asia/Shanghai",
    account="root",
)
STRANGE = Path('/srv/100 % of the "firm\'s" $HOME {{ ds }} 客户')
NAMES = ("risk_review", "segmentation")


def job(folder: Path = JOB.workbook, **changes: object) -> Job:
    return replace(JOB, workbook=folder, rules=RULES.model_copy(update=changes))


def file(scheduler: Scheduler, asked: Job, ending: str) -> str:
    return next(text for name, text in units(scheduler, asked).items() if name.endswith(ending))


def cron_line(asked: Job) -> tuple[str, str]:
    """The five fields of the one line of cron, and its command as a shell gets it."""
    lines = [line for line in file("cron", asked, ".cron").splitlines() if line and line[0] != "#"]
    line = lines[-1]
    assert len([one for one in lines if not re.match(r"[A-Z_]+=", one)]) == 1
    *fields, command = line.split(" ", 5)
    return " ".join(fields), command.replace(r"\%", "%")


# ------------------------------------------------------------------------------- all of them
@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("folder", [JOB.workbook, STRANGE])
def test_no_unit_holds_a_secret_and_each_says_where_they_are(scheduler: Scheduler, folder: Path) -> None:
    text = "\n".join(units(scheduler, job(folder)).values())
    assert "Secrets do not belong in here" in text
    assert not re.search(r"CLIENTLIB_(KEY|VAULT_KEY|SMTP|WEBHOOK)\w*=", text)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_files_are_called_after_the_workbook(scheduler: Scheduler) -> None:
    assert all(re.match(r"clientlib[-_]100[-_]of", name) for name in units(scheduler, job(STRANGE)))
    assert all(re.match(r"clientlib[-_]report", name) for name in units(scheduler, job(Path("/srv/客户"))))


# ---------------------------------------------------------------------------------- cron
@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        (job(), "30 6 * * *"),
        (job(every="week", weekday="sunday"), "30 6 * * 0"),
        (job(every="week", weekday="saturday"), "30 6 * * 6"),
        (job(every="month", day=15), "30 6 15 * *"),
        (job(every="month", day="last"), "30 6 28-31 * *"),
    ],
)
def test_cron_runs_at_the_time_in_the_firms_zone(asked: Job, fields: str) -> None:
    assert cron_line(asked)[0] == fields
    assert "\nCRON_TZ=Asia/Shanghai\n" in file("cron", asked, ".cron")


def test_by_the_schedule_of_the_settings_cron_asks_every_hour_and_needs_no_zone() -> None:
    asked = replace(job(), catch_up=True)
    fields, command = cron_line(asked)
    assert fields == "30 * * * *"
    assert "--due" in shlex.split(command)
    assert "CRON_TZ=" not in file("cron", asked, ".cron")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no cron")
@pytest.mark.parametrize("folder", ["firm", STRANGE.name])
def test_a_shell_reads_the_line_as_it_is_meant(tmp_path: Path, folder: str) -> None:
    workbook = tmp_path / folder
    (workbook / "data").mkdir(parents=True)
    shown = tmp_path / "show"
    shown.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    shown.chmod(0o700)
    asked = replace(
        job(workbook), program=shown, names=NAMES, branches=("上海 浦东",), languages=("zh", "en")
    )
    subprocess.run(["/bin/sh", "-c", cron_line(asked)[1]], check=True)
    words = json.loads((workbook / "data" / "report.log").read_text("utf-8"))
    options = ["--branch", "上海 浦东", "--language", "zh,en", "--log", "json"]
    assert words == ["report", *NAMES, "--workbook", str(workbook), *options]


# ------------------------------------------------------------------------------- systemd
@pytest.mark.parametrize(
    ("asked", "elapses"),
    [
        (job(), "2026-03-01 06:30:00"),
        (job(every="week", weekday="thursday"), "2026-03-05 06:30:00"),
        (job(every="month", day=15), "2026-03-15 06:30:00"),
        (job(every="month", day="last"), "2026-03-31 06:30:00"),
        (replace(job(), catch_up=True), "2026-02-28 17:30:00"),
    ],
)
def test_systemd_elapses_at_the_time_in_the_firms_zone(asked: Job, elapses: str) -> None:
    (when,) = re.findall(r"^OnCalendar=(.*)$", file("systemd", asked, ".timer"), re.MULTILINE)
    said = systemd("calendar", "--base-time=2026-02-28 09:00:00 UTC", when)
    moment = dt.datetime.fromisoformat(f"{elapses}+08:00").astimezone(dt.UTC)
    assert f"{moment:%Y-%m-%d %H:%M:%S} UTC" in said


@pytest.mark.parametrize("folder", [JOB.workbook.name, STRANGE.name])
def test_systemd_finds_nothing_to_say_against_the_units(tmp_path: Path, folder: str) -> None:
    asked = replace(job(tmp_path / folder), writable=(tmp_path / "an anchor",))
    paths = []
    for name, text in units("systemd", asked).items():
        paths.append(tmp_path / name)
        paths[-1].write_text(text, "utf-8")
    assert systemd("verify", "--man=no", *map(str, paths)) == ""


def test_the_service_is_confined_to_the_workbook_and_may_wait_for_a_source() -> None:
    service = file("systemd", job(), ".service")
    for line in (
        "ProtectSystem=strict",
        "ReadWritePaths=/srv/firm",
        "NoNewPrivileges=yes",
        "SuccessExitStatus=4",
    ):
        assert f"\n{line}\n" in service
    assert "\nPersistent=true\n" in file("systemd", job(), ".timer")


def systemd(*words: str) -> str:
    """What systemd-analyze says; the test is skipped where there is none."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("this machine has no systemd-analyze")
    in_utc = os.environ | {"TZ": "UTC", "LC_ALL": "C"}
    done = subprocess.run([program, *words], capture_output=True, text=True, env=in_utc)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


# ------------------------------------------------------------------------------- airflow
def values_of(tree: ast.AST, called: str) -> dict[str, object]:
    """The keywords of a call that are plain values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == called:
            return {
                k.arg: k.value.value for k in node.keywords if k.arg and isinstance(k.value, ast.Constant)
            }
    raise AssertionError(f"{called} is not called")


@pytest.mark.parametrize("folder", [JOB.workbook, STRANGE])
def test_the_dag_is_python_that_calls_the_command(folder: Path) -> None:
    tree = ast.parse(file("airflow", job(folder, every="month", day="last"), ".py"))
    assert values_of(tree, "DAG") | {"catchup": False, "schedule": "30 6 L * *"} == values_of(tree, "DAG")
    task = values_of(tree, "BashOperator")
    command = str(task["bash_command"])
    assert task["skip_on_exit_code"] == 4
    command = command.removeprefix("{% raw %}").removesuffix("{% endraw %}")
    assert shlex.split(command)[1:4] == ["report", "--workbook", str(folder)]


def test_what_the_dag_says_of_papermills_operator_is_python_too() -> None:
    text = file("airflow", job(), ".py")
    commented = re.findall(r"^#     ?(.*)$", text, re.MULTILINE)
    task = values_of(ast.parse("\n".join(commented)), "PapermillOperator")
    assert task["input_nb"] == "/srv/firm/notebooks/reports/risk_review.ipynb"


# --------------------------------------------------------------------- jupyter-scheduler
def test_the_job_of_jupyter_scheduler_runs_a_valid_notebook_at_the_time() -> None:
    files = units("jupyter-scheduler", job())
    definition = json.loads(file("jupyter-scheduler", job(), ".json"))
    assert (definition["schedule"], definition["timezone"]) == ("30 6 * * *", "Asia/Shanghai")
    notebook = nbformat.reads(files[definition["input_uri"]], as_version=4)
    nbformat.validate(notebook)


@pytest.mark.parametrize(("code", "stops"), [(0, False), (4, False), (3, True)])
def test_the_notebook_stops_when_a_report_failed(tmp_path: Path, code: int, stops: bool) -> None:
    program = tmp_path / "clientlib"
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(0o700)
    notebook = nbformat.reads(
        file("jupyter-scheduler", replace(job(), program=program), ".ipynb"), as_version=4
    )
    done = subprocess.run([sys.executable, "-c", notebook.cells[-1].source], capture_output=True, text=True)
    assert (done.returncode != 0) is stops
