"""What makes a scheduler run the reports: lines of cron, units of systemd, an Airflow DAG, a notebook job.

What is printed is ready to be taken over on this machine: it names the workbook and the command by their
full paths. It never holds a secret; it says where secrets come from.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import jinja2
import nbformat

from clientlib.config import WEEKDAYS, ReportSchedule
from clientlib.report.parameters import ALL

Scheduler = Literal["cron", "systemd", "airflow", "jupyter-scheduler"]
SCHEDULERS: tuple[Scheduler, ...] = get_args(Scheduler)
SECRETS = (
    "Secrets do not belong in here. Keys are found in the workbook's folder keys/ (mode 600, this account),",
    "or come by [keys] command of workbook.toml, or from a file of variables that only it can read.",
)


@dataclass(frozen=True)
class Job:
    """Reports that a scheduler is to make.

    Attributes
    ----------
    program : Path
        The command clientlib, with its full path.
    workbook : Path
        Its folder, likewise.
    rules : ReportSchedule
        When.
    zone : str
        The firm's time zone.
    account : str
        Who runs it.
    names, branches, languages : tuple of str
        What is asked for; empty for what goes without saying.
    writable : tuple of Path
        Folders outside the workbook that a run writes to.
    catch_up : bool
        Whether `rules` are those of the workbook's settings, by which a run itself can tell that it is due.
    """

    program: Path
    workbook: Path
    rules: ReportSchedule
    zone: str
    account: str
    names: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    writable: tuple[Path, ...] = ()
    catch_up: bool = False

    @property
    def name(self) -> str:
        """What the units are called: after the workbook's folder, as far as any system can write it."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.workbook.name.lower()).strip("-")
        return f"clientlib-{plain or 'report'}"

    def words(self, *, due: bool) -> list[str]:
        """The command, word by word."""
        found = [str(self.program), "report", *self.names, "--workbook", str(self.workbook)]
        for branch in self.branches:
            if branch != ALL:
                found += ["--branch", branch]
        if self.languages:
            found += ["--language", ",".join(self.languages)]
        return [*found, "--log", "json", *(["--due"] if due else [])]

    @property
    def told(self) -> str:
        """What it is, in a sentence."""
        if self.catch_up:
            return f"Client reports of {self.workbook}, whenever they are due by [reports.schedule]."
        days = {
            "day": "every day",
            "week": f"every {self.rules.weekday.capitalize()}",
            "month": f"on the {self.rules.day} day of every month"
            if self.rules.day == "last"
            else f"on day {self.rules.day} of every month",
        }
        return f"Client reports of {self.workbook}, {days[self.rules.every]} at {self.rules.at} {self.zone}."


def units(scheduler: Scheduler, job: Job) -> dict[str, str]:
    """The files that a scheduler needs, by their names."""
    makers: Mapping[Scheduler, Callable[[Job], dict[str, str]]] = {
        "cron": _cron,
        "systemd": _systemd,
        "airflow": _airflow,
        "jupyter-scheduler": _jupyter_scheduler,
    }
    return makers[scheduler](job)


@cache
def _templates() -> jinja2.Environment:
    # What is made is no HTML: each kind of file has quotes of its own, put where words enter it.
    return jinja2.Environment(  # noqa: S701
        loader=jinja2.PackageLoader("clientlib.report.watch", "template"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _filled(template: str, job: Job, **values: Any) -> str:
    shared = {"told": job.told, "name": job.name, "zone": job.zone, "secrets": SECRETS}
    return _templates().get_template(f"{template}.j2").render(**shared, **values)


# --------------------------------------------------------------------------------- cron
def _cron(job: Job) -> dict[str, str]:
    log = job.workbook / "data" / "report.log"
    command = _for_cron(shlex.join(job.words(due=job.catch_up)))
    if job.rules.day == "last" and job.rules.every == "month":
        # cron knows no last day: it asks each day that may be one whether the next is a first.
        command = f'[ "$(TZ={job.zone} date -d tomorrow +\\%d)" = 01 ] && {command}'
    return {
        f"{job.name}.cron": _filled(
            "cron",
            job,
            command=command,
            log=log,
            log_word=_for_cron(shlex.quote(str(log))),
            catch_up=job.catch_up,
            minute=int(job.rules.at[3:]),
            moment=_cron_moment(job.rules, last="28-31"),
        )
    }


def _for_cron(command: str) -> str:
    r"""A command as a line of cron: there % ends the command, unless it is written \%."""
    return command.replace("%", r"\%")


def _cron_moment(rules: ReportSchedule, *, last: str) -> str:
    """The five fields of cron; `last` stands for the last day of a month."""
    hour, minute = int(rules.at[:2]), int(rules.at[3:])
    match rules.every:
        case "week":
            return f"{minute} {hour} * * {(WEEKDAYS.index(rules.weekday) + 1) % 7}"
        case "month":
            return f"{minute} {hour} {last if rules.day == 'last' else rules.day} * *"
    return f"{minute} {hour} * * *"


# ------------------------------------------------------------------------------ systemd
def _systemd(job: Job) -> dict[str, str]:
    paths = [job.workbook, *job.writable]
    service = _filled(
        "service",
        job,
        account=job.account,
        folder_text=_specifiers(str(job.workbook)),
        command=" ".join(_systemd_word(word, variables=True) for word in job.words(due=job.catch_up)),
        writable=" ".join(_systemd_word(str(path)) for path in paths),
    )
    timer = _filled("timer", job, calendar=_calendar(job))
    return {f"{job.name}.service": service, f"{job.name}.timer": timer}


def _systemd_word(word: str, *, variables: bool = False) -> str:
    """A word as systemd reads it: quoted, with nothing in it that would be replaced."""
    word = _specifiers(word).replace("\\", r"\\").replace('"', r"\"")
    if variables:
        word = word.replace("$", "$$")
    return word if re.fullmatch(r"[\w@%+=:,./$-]+", word) else f'"{word}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _calendar(job: Job) -> str:
    rules = job.rules
    if job.catch_up:
        return f"*-*-* *:{rules.at[3:]}:00"
    match rules.every:
        case "week":
            days = f"{rules.weekday[:3].capitalize()} *-*-*"
        case "month":
            days = "*-*~01" if rules.day == "last" else f"*-*-{rules.day:02}"
        case _:
            days = "*-*-*"
    return f"{days} {rules.at}:00 {job.zone}"


# ------------------------------------------------------------------------------ Airflow
def _airflow(job: Job) -> dict[str, str]:
    language = job.languages[0] if job.languages else "en"
    dag = _filled(
        "airflow",
        job,
        name_repr=_python(job.name),
        moment_repr=_python(_cron_moment(job.rules, last="L")),
        today=dt.date.today(),
        zone_repr=_python(job.zone),
        command_repr=_python(_literal(shlex.join(job.words(due=False)))),
        notebook_repr=_python(str(job.workbook / "notebooks" / "reports" / "risk_review.ipynb")),
        language_repr=_python(language),
    )
    return {f"{job.name.replace('-', '_')}.py": dag}


def _python(text: str) -> str:
    """A text as Python reads it, in the quotes that most of its code has."""
    return json.dumps(text, ensure_ascii=False)


def _literal(command: str) -> str:
    """A command as Airflow takes it, which fills templates in it."""
    return f"{{% raw %}}{command}{{% endraw %}}" if "{" in command else command


# --------------------------------------------------------------------- jupyter-scheduler
_HOW_IN_JUPYTER = (
    "With jupyter-scheduler installed: put this notebook into the top folder of JupyterLab, right-click it "
    "and choose *Create Notebook Job*, or post {name}.job.json to /scheduler/job_definitions. Which names of "
    "environments there are tells /scheduler/runtime_environments. A job runs only while JupyterLab does."
)


def _jupyter_scheduler(job: Job) -> dict[str, str]:
    """A notebook that runs the command, and the body by which its job is defined.

    jupyter-scheduler runs notebooks only, on a copy, hence the full paths.
    """
    call = json.dumps(job.words(due=False), ensure_ascii=False, indent=4)
    code = (
        "import subprocess\n\n"
        f"command = {call}\n"
        "done = subprocess.run(command, text=True, capture_output=True)\n"
        "print(done.stdout + done.stderr)\n"
        "if done.returncode not in (0, 4):  # 4: a report waits for its source\n"
        '    raise SystemExit(f"clientlib left with exit code {done.returncode}; see: clientlib status")'
    )
    told = [job.told, " ".join(SECRETS), _HOW_IN_JUPYTER.format(name=job.name)]
    cells = [
        nbformat.v4.new_markdown_cell("\n\n".join(told), id="told"),
        nbformat.v4.new_code_cell(code, id="report"),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    definition = {
        "name": job.name,
        "input_uri": f"{job.name}.ipynb",
        "runtime_environment_name": "python3",
        "output_formats": ["ipynb"],
        "schedule": _cron_moment(job.rules, last="L"),
        "timezone": job.zone,
        "tags": ["clientlib"],
    }
    return {
        f"{job.name}.ipynb": nbformat.writes(notebook) + "\n",
        f"{job.name}.job.json": json.dumps(definition, ensure_ascii=False, indent=2) + "\n",
    }
