"""The guide to operations: what it quotes is understood, what it lists is there, in both languages."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from clientlib.book import passwords
from clientlib.config import NotifyWebhook, Settings, load
from clientlib.report.running import journal
from clientlib.report.watch import due, notify, prometheus
from clientlib.report.watch.runs import Planned, Run
from clientlib.report.watch.status import Standing, Status
from tests.test_administration_guide import BLOCK, INLINE, LINK, parsed, quoted

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = ("operations.md", "operations.zh.md")
PACKAGE = DOCS.parent / "clientlib"


def guide(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def blocks(name: str, kind: str) -> list[str]:
    return [text for named, text in BLOCK.findall(guide(name)) if named == kind]


def listed(name: str, pattern: str) -> list[str]:
    """The first cells of table rows that are code of a kind."""
    return re.findall(rf"^\| `({pattern})` \|", guide(name), re.MULTILINE)


# ------------------------------------------------------------------------------ commands
@pytest.mark.parametrize("name", GUIDES)
def test_every_command_is_understood(name: str) -> None:
    text = guide(name)
    commands = [*quoted(text), *INLINE.findall(text)]
    assert len(commands) > 20
    for command in commands:
        parsed(command)


@pytest.mark.parametrize("kind", ["sh", "toml", "json", "yaml"])
def test_both_languages_quote_the_same_blocks(kind: str) -> None:
    english, chinese = (blocks(name, kind) for name in GUIDES)
    assert english
    assert english == chinese


def test_both_languages_have_the_same_chapters_and_rows() -> None:
    shapes = [re.findall(r"^(#+ |\|)", guide(name), re.MULTILINE) for name in GUIDES]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", GUIDES)
def test_every_document_that_it_points_to_is_there(name: str) -> None:
    assert [path for path in LINK.findall(guide(name)) if not (DOCS / path).is_file()] == []


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readme_points_to_it(readme: str) -> None:
    name = "operations.zh.md" if ".zh." in readme else "operations.md"
    assert f"(docs/{name})" in (DOCS.parent / readme).read_text("utf-8")


# ------------------------------------------------------------------------- what it lists
@pytest.mark.parametrize("text", blocks(GUIDES[0], "toml"))
def test_every_setting_is_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "workbook.toml").write_text(text, "utf-8")
    assert isinstance(load(tmp_path), Settings)


@pytest.mark.parametrize("name", GUIDES)
def test_every_metric_is_listed(name: str) -> None:
    now = dt.datetime.now(dt.UTC)
    run = Run("a", now, 1, "here", (Planned("a", "en", "2026-06-30"),), ended=now, exit_code=0)
    report = Standing("a", "en", {}, now.date(), "2026-06-30", now, "2026-06-30", "made", "", {}, late=False)
    text = prometheus.text(Status(now, None, None, (run,), (report,), now, now))
    written = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    assert set(listed(name, r"clientlib_\w+")) == written


@pytest.mark.parametrize("name", GUIDES)
def test_every_event_is_listed(name: str) -> None:
    described = (journal.__doc__ or "").split("Events, each", 1)[1].split(":", 1)[1]
    events = set(re.findall(r"`(\w+)`\s*\(", described))
    assert {notify.EVENT, due.PASSED} < events == set(listed(name, r"(?!clientlib)\w+(?:_started|ed)"))


@pytest.mark.parametrize("name", GUIDES)
def test_every_secret_is_listed_with_its_places(name: str) -> None:
    for secret, variable in passwords.VARIABLES.items():
        assert f"| `{secret}` | `{variable}` | `keys/{secret}.secret` |" in guide(name)


@pytest.mark.parametrize("name", GUIDES)
def test_every_kind_of_webhook_is_named(name: str) -> None:
    kinds = set(NotifyWebhook.model_json_schema()["properties"]["kind"]["enum"]) - {"none"}
    assert {kind for kind in kinds if f"`{kind}`" not in guide(name)} == set()


def test_the_event_that_is_shown_is_an_event() -> None:
    (text,) = blocks(GUIDES[0], "json")
    assert {"at", "run", "event"} <= set(json.loads(text))


@pytest.mark.parametrize("name", GUIDES)
def test_what_it_tells_how_to_mend_is_what_a_command_says(name: str) -> None:
    chapter = guide(name).split("\n## 5.", 1)[1]
    cells = [row.split(" | ")[0] for row in re.findall(r"^\| (.*) \|$", chapter, re.MULTILINE)]
    quoted_words = [words for cell in cells[2:] for words in re.findall("`([^`]+)`", cell)]
    files = [*PACKAGE.rglob("*.py"), PACKAGE / "talk.toml"]
    said = " ".join(" ".join(file.read_text("utf-8").split()) for file in files)
    assert [words for words in quoted_words if words not in said] == []
