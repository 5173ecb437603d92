"""The status of the reports as a text file for Prometheus' node exporter (its textfile collector)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clientlib.aside import EVERYBODY, write_text
from clientlib.errors import ParameterError
from clientlib.report.outcome import SEVERITIES
from clientlib.report.watch.status import Standing, Status

Labels = dict[str, str]


@dataclass(frozen=True)
class Family:
    """A metric with its samples. All are gauges: they tell how things stand, and may go up and down."""

    name: str
    told: str
    samples: tuple[tuple[Labels, float], ...]

    def lines(self) -> Iterator[str]:
        """As the exposition format has it; without a sample nothing."""
        if not self.samples:
            return
        yield f"# HELP {self.name} {_escaped(self.told)}"
        yield f"# TYPE {self.name} gauge"
        for labels, value in self.samples:
            listed = ",".join(f'{name}="{_quoted(text)}"' for name, text in labels.items())
            yield f"{self.name}{{{listed}}} {value!r}" if listed else f"{self.name} {value!r}"


def write(file: Path, status: Status) -> None:
    """Write the file beside its place and rename it, so that the exporter never reads a half.

    Raises
    ------
    ParameterError
        The exporter would not read it: it reads only files whose names end in .prom.
    Unwritable
        It cannot be written.
    """
    if file.suffix != ".prom":
        raise ParameterError(
            f"{file} would not be read by the node exporter. Let its name end in .prom.",
            f"node exporter 不会读取 {file}。文件名须以 .prom 结尾。",
        )
    write_text(file, text(status), mode=EVERYBODY)


def text(status: Status) -> str:
    """The whole file."""
    return "".join(f"{line}\n" for family in _families(status) for line in family.lines())


def _families(status: Status) -> Iterator[Family]:
    yield from _of_reports(status.reports)
    yield from _of_runs(status)
    yield _one("clientlib_status", "What the command status would leave with: 0, 3 or 4.", status.exit_code)
    if status.due_before and status.due_next:
        told = "When reports were due last, and are due next."
        samples = (
            ({"which": "newest"}, status.due_before.timestamp()),
            ({"which": "next"}, status.due_next.timestamp()),
        )
        yield Family("clientlib_due_timestamp_seconds", told, samples)


def _of_reports(reports: Iterable[Standing]) -> Iterator[Family]:
    each = [({"report": s.report, "language": s.language}, s) for s in reports]
    yield Family(
        "clientlib_report_last_success_timestamp_seconds",
        "When the newest good version of the report was made.",
        tuple((labels, s.made_at.timestamp()) for labels, s in each if s.made_at),
    )
    for name, told, status in (
        ("clientlib_report_failed", "Whether the report failed when it was last tried.", "failed"),
        ("clientlib_report_waiting", "Whether the report waits for a source.", "skipped"),
    ):
        yield Family(name, told, tuple((labels, float(s.status == status)) for labels, s in each))
    yield Family(
        "clientlib_report_late",
        "Whether the report has no good version as new as is settled.",
        tuple((labels, float(s.late)) for labels, s in each),
    )
    yield Family(
        "clientlib_alerts",
        "Things to know that the newest good version of the report tells, by severity.",
        tuple(
            ({**labels, "severity": severity}, float(s.alerts.get(severity, 0)))
            for labels, s in each
            if s.made_at
            for severity in SEVERITIES
        ),
    )


def _of_runs(status: Status) -> Iterator[Family]:
    yield _one("clientlib_run_at_work", "Whether a run is at work.", float(status.working is not None))
    yield _one(
        "clientlib_run_broken_off",
        "Whether the last run was broken off.",
        float(status.broken_off is not None),
    )
    last = status.last
    if last is None or last.ended is None or last.exit_code is None:
        return
    yield _one("clientlib_run_last_exit_code", "The exit code of the last run that ended.", last.exit_code)
    yield _one("clientlib_run_last_end_timestamp_seconds", "When it ended.", last.ended.timestamp())
    yield _one("clientlib_run_duration_seconds", "How long it took.", last.seconds)
    yield Family(
        "clientlib_run_reports",
        "What became of the pages that it set out to make.",
        tuple(({"status": s}, float(len(last.of(s)))) for s in ("made", "unavailable", "skipped", "failed")),
    )


def _one(name: str, told: str, value: float) -> Family:
    return Family(name, told, (({}, float(value)),))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
