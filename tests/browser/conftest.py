"""A Chromium that reaches this machine only, a JupyterLab on a demo workbook, and the pages of one run."""

from __future__ import annotations

import json
import os
import queue
import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psutil
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Route,
    WebSocket,
    expect,
    sync_playwright,
)

from clientlib import report
from clientlib.workbook import Workbook

REPOSITORY = Path(__file__).parents[2]
HERE = "tests/browser/"
DEBIAN = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SERVER_SECONDS, STOP_SECONDS = 90, 20
IDLE = "Python 3 (ipykernel) | Idle"
START_MS, RUN_MS = 90_000, 120_000


# ------------------------------------------------------------------------------- the browser
@dataclass
class Visit:
    """A page in a window of its own, with what went wrong on it and what it asked of other addresses."""

    page: Page
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is. Without one the test is skipped; on CI (CI=true) it fails."""
    found = str(DEBIAN) if DEBIAN.exists() else shutil.which("chromium")
    if found:
        return found
    reason = "there is no Chromium on this machine (sh tests/install.sh)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser a test module: Playwright keeps an event loop running that other tests must not meet."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens a window of a width: `visit(1440)`. Nothing but file:, data: and this machine is reached."""
    with _windows(browser) as opened:
        yield opened


@contextmanager
def _windows(browser: Browser) -> Iterator[Callable[..., Visit]]:
    contexts: list[BrowserContext] = []

    def opened(width: int, height: int = 1000) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
        contexts.append(context)
        seen = Visit(context.new_page())
        context.route("**/*", lambda route: _let_through(route, seen))
        seen.page.on("console", lambda message: _note(message, seen))
        seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
        seen.page.on("websocket", lambda socket: _note_socket(socket, seen))
        return seen

    try:
        yield opened
    finally:
        for context in contexts:
            context.close()


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where screenshots go, for a person to look at."""
    folder = REPOSITORY / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder


def _is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"file", "data", "blob", "about"} or parts.hostname in LOOPBACK


def _let_through(route: Route, seen: Visit) -> None:
    if _is_ours(route.request.url):
        route.continue_()
    else:
        seen.outside.append(route.request.url)
        route.abort()


def _note(message: ConsoleMessage, seen: Visit) -> None:
    if message.type == "error":
        seen.errors.append(f"{message.text} ({message.location.get('url', '')})")


def _note_socket(socket: WebSocket, seen: Visit) -> None:
    if not _is_ours(socket.url):
        seen.outside.append(socket.url)


# ------------------------------------------------------------------------------- accessibility
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""The rules of WCAG 2.2 at levels A and AA."""
VIOLATIONS = """async levels => {
    const found = await axe.run({runOnly: levels, resultTypes: ["violations"]});
    const where = rule => rule.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(" | ");
    return found.violations.map(rule => `${rule.id}: ${rule.help}: ${where(rule)}`);
}"""


@pytest.fixture(scope="session")
def violations() -> Callable[[Page], list[str]]:
    """What axe-core finds against WCAG 2.2 A and AA in an open page, one line a rule.

    Its source is evaluated rather than added as a script, which the pages' policy would refuse.
    """

    def found(page: Page) -> list[str]:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        told: list[str] = page.evaluate(VIOLATIONS, LEVELS)
        return told

    return found


@pytest.fixture
def faults(
    visit: Callable[..., Visit], violations: Callable[[Page], list[str]], artefacts: Path, tmp_path: Path
) -> Callable[[str, str, int], dict[str, Any]]:
    """What is wrong with a page of its own, by kind: `faults(html, "person-en", 390)`; a picture is kept."""

    def found(html: str, name: str, width: int) -> dict[str, Any]:
        (tmp_path / "page.html").write_text(html, "utf-8")
        seen = visit(width)
        seen.page.goto((tmp_path / "page.html").as_uri())
        seen.page.screenshot(path=artefacts / f"{name}-{width}.png", full_page=True)
        told = {
            "wider than its window": seen.page.evaluate(
                "() => document.documentElement.scrollWidth > innerWidth"
            ),
            "errors": seen.errors,
            "asked of others": seen.outside,
            "violations": violations(seen.page),
        }
        return {kind: what for kind, what in told.items() if what}

    return found


# ------------------------------------------------------------------------------- JupyterLab
@dataclass(frozen=True)
class Lab:
    """A running JupyterLab. `address` ends without a slash; `workbook` is the folder that it serves."""

    address: str
    token: str
    workbook: Workbook

    def notebook(self, path: str) -> str:
        """The address of a notebook of the workbook."""
        return f"{self.address}/lab/tree/{path}?token={self.token}"


@pytest.fixture(scope="session")
def lab_workbook(demo_workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """A copy of the demo workbook: JupyterLab saves notebooks and leaves checkpoints in it."""
    return Workbook(Path(shutil.copytree(demo_workbook.folder, tmp_path_factory.mktemp("lab") / "firm")))


@pytest.fixture(scope="session")
def lab(chromium: str, lab_workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a free port of this machine, behind a token; it and its kernels are gone afterwards."""
    with _jupyter(lab_workbook, tmp_path_factory.mktemp("jupyter")) as started:
        yield started


@pytest.fixture(scope="module")
def run_notebook(lab: Lab, visit: Callable[..., Visit]) -> Callable[[str, Callable[[Page], Locator]], Visit]:
    """Opens a notebook in JupyterLab and runs every cell: `run_notebook(path, what_is_then_to_be_seen)`."""

    def run(notebook: str, ready: Callable[[Page], Locator]) -> Visit:
        opened = visit(1440, 1400)
        page = opened.page
        page.goto(lab.notebook(notebook))
        idle = page.get_by_text(IDLE)
        expect(idle).to_be_visible(timeout=START_MS)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator("#jp-mainmenu-run").get_by_text("Run All Cells", exact=True).click()
        expect(ready(page)).to_be_visible(timeout=RUN_MS)
        expect(idle).to_be_visible(timeout=RUN_MS)
        return opened

    return run


@contextmanager
def _jupyter(workbook: Workbook, home: Path) -> Iterator[Lab]:
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.port=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={workbook.folder}"]
    environment = _jupyter_environment(home) | {"JUPYTER_TOKEN": token}
    server = subprocess.Popen(
        command, env=environment, cwd=workbook.folder, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert server.stderr is not None
    log = _Log(server.stderr)
    try:
        yield Lab(log.address(), token, workbook)
    finally:
        _stop(server)
        log.close()


def _jupyter_environment(home: Path) -> dict[str, str]:
    """A person's own Jupyter settings stay out of it; no news, no look for updates."""
    overrides = home / "config" / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    overrides.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": quiet}), "utf-8")
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
    }
    return dict(os.environ) | {name: str(home / folder) for name, folder in places.items()}


class _Log:
    """The server's log, read to its end by a thread, so that the pipe never fills."""

    def __init__(self, pipe: IO[str]) -> None:
        self._pipe = pipe
        self._told: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._pipe:
            if told := re.search(r"(http://127\.0\.0\.1:\d+)/lab", line):
                self._told.put(told[1])

    def address(self) -> str:
        """Waits until the server tells its address."""
        try:
            return self._told.get(timeout=SERVER_SECONDS)
        except queue.Empty:
            pytest.fail(f"JupyterLab did not start within {SERVER_SECONDS} seconds")

    def close(self) -> None:
        """Ends with the server: its end of the pipe is gone by then."""
        self._thread.join(STOP_SECONDS)
        self._pipe.close()


def _stop(server: subprocess.Popen[str]) -> None:
    ours = [server, *_children(server.pid)]
    server.terminate()
    _, alive = psutil.wait_procs([p for p in ours if p is not server], timeout=STOP_SECONDS)
    for process in alive:
        process.kill()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _children(pid: int) -> list[Any]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


# ------------------------------------------------------------------------------- reports
@pytest.fixture(scope="session")
def report_pages(report_run: report.RunResult) -> list[Path]:
    """Every HTML page of that run, and the home pages above it."""
    return sorted([*report_run.folder.glob("*.html"), *report_run.folder.parent.glob("*.html")])


# ------------------------------------------------------------------------------- the closing line
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name the browser tests that were skipped: a green run without them is not the whole truth."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if HERE in r.nodeid]
    if skipped:
        names = ", ".join(sorted({r.nodeid.split("::")[-1].split("[")[0] for r in skipped}))
        reason = str(skipped[0].longrepr[2]).removeprefix("Skipped: ")
        told = f"Browser tests skipped ({len(skipped)}): {names}. Reason: {reason}"
        terminalreporter.write_line(told, yellow=True)
