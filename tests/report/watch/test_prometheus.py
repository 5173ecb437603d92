"""The text file for Prometheus, read by a strict checker of its format; in its place is never a half."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clientlib.errors import ParameterError
from clientlib.report.watch import prometheus
from clientlib.report.watch.status import Standing, Status
from tests.report.watch.journals import at, run

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HELP = re.compile(rf"# HELP ({NAME}) ((?:[^\\\n]|\\\\|\\n)*)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram|summary|untyped)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\\\|\\"|\\n)*)"(?:,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?(?:\d+\.?\d*(?:e[+-]?\d+)?|Inf|NaN))")
ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Samples:
    """The samples of a text in the exposition format, version 0.0.4; an assertion for whatever is not so."""
    assert text.endswith("\n")
    found: Samples = {}
    done: set[str] = set()
    lines = text.splitlines()
    while lines:
        told, kind = HELP.fullmatch(lines.pop(0)), TYPE.fullmatch(lines.pop(0))
        assert told
        assert kind
        name = told[1]
        assert kind[1] == name
        assert name not in done, "a family stands in two places"
        done.add(name)
        assert lines
        while lines and not lines[0].startswith("#"):
            sample = SAMPLE.fullmatch(lines.pop(0))
            assert sample
            assert sample[1] == name
            key = (name, labels(sample[2] or ""))
            assert key not in found, "a sample stands twice"
            found[key] = float(sample[3])
    return found


def labels(text: str) -> frozenset[tuple[str, str]]:
    read, at = [], 0
    while at < len(text):
        label = LABEL.match(text, at)
        assert label, text[at:]
        read.append((label[1], re.sub(r"\\.", lambda mark: ESCAPED[mark[0]], label[2])))
        at = label.end()
    assert len({name for name, _ in read}) == len(read), "a label stands twice"
    return frozenset(read)


def standing(report: str, **changes: object) -> Standing:
    values: dict[str, object] = {
        "report": report,
        "language": "en",
        "titles": {},
        "as_of": at("2026-06-30").date(),
        "edition": "2026-06-30",
        "made_at": at("2026-07-01T06:00"),
        "tried": "2026-06-30",
        "status": "made",
        "reason": "",
        "alerts": {"high": 2},
        "late": False,
    }
    return Standing(**values | changes)  # type: ignore[arg-type]


def state(*reports: Standing, **changes: object) -> Status:
    values: dict[str, object] = {
        "at": at("2026-07-01T12:00"),
        "working": None,
        "broken_off": None,
        "ended": (run("2026-07-01T06:00", code=4),),
        "reports": reports,
        "due_before": at("2026-07-01T06:00"),
        "due_next": at("2026-07-02T06:00"),
    }
    return Status(**values | changes)  # type: ignore[arg-type]


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


# ------------------------------------------------------------------------------- content
def test_a_report_tells_when_it_was_made_well_and_what_it_alerts_to() -> None:
    samples = parsed(prometheus.text(state(standing("risk", status="failed"))))
    report = {"report": "risk", "language": "en"}
    made = at("2026-07-01T06:00").timestamp()
    assert value(samples, "clientlib_report_last_success_timestamp_seconds", **report) == made
    assert value(samples, "clientlib_report_failed", **report) == 1
    assert value(samples, "clientlib_alerts", **report, severity="high") == 2
    assert value(samples, "clientlib_alerts", **report, severity="warn") == 0


def test_the_last_run_tells_its_exit_code_and_how_long_it_took() -> None:
    samples = parsed(prometheus.text(state()))
    assert value(samples, "clientlib_run_last_exit_code") == 4
    assert value(samples, "clientlib_run_duration_seconds") == 0
    assert value(samples, "clientlib_run_at_work") == 0


def test_what_there_is_not_is_left_out_rather_than_nought() -> None:
    nothing = state(
        standing("new", made_at=None, as_of=None, status=""), ended=(), due_before=None, due_next=None
    )
    names = {name for name, _ in parsed(prometheus.text(nothing))}
    assert "clientlib_report_late" in names
    assert not names & {
        "clientlib_report_last_success_timestamp_seconds",
        "clientlib_run_last_exit_code",
        "clientlib_due_timestamp_seconds",
        "clientlib_alerts",
    }


def test_a_name_with_quotes_backslashes_and_line_ends_is_escaped() -> None:
    strange = 'a "b" \\ c\n客户'
    samples = parsed(prometheus.text(state(standing(strange))))
    assert value(samples, "clientlib_report_failed", report=strange, language="en") == 0


# ---------------------------------------------------------------------------------- file
def test_the_file_is_put_in_place_whole_and_readable_for_the_exporter(tmp_path: Path) -> None:
    file = tmp_path / "clientlib.prom"
    file.write_text("what stood there before\n")
    before = file.stat().st_ino
    prometheus.write(file, state(standing("risk")))
    assert parsed(file.read_text("utf-8"))
    assert (file.stat().st_ino != before, file.stat().st_mode & 0o777) == (True, 0o644)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_file_that_the_exporter_would_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"end in \.prom"):
        prometheus.write(tmp_path / "clientlib.txt", state())
