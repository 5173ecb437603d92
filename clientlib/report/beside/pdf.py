"""A finished page as a PDF, printed by the Chromium of this machine; without one there is none.

The browser runs without a window, in a profile that exists for this one page, and may ask no host for
anything: the page needs nothing from outside, and neither does the browser. The profile lies beside the page,
so that of an edition in the making it goes with the rest when the process is killed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from clientlib.aside import written_aside
from clientlib.book import secret_store
from clientlib.config import Settings

VARIABLE = "CLIENTLIB_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
TIMEOUT_SECONDS = 120
_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",  # /dev/shm is small in many containers, and a page with charts is not
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--export-tagged-pdf",
)
_WAY_TO_A_FILE = re.compile(r'(<a\b[^>]*?)\s+href="(?!#)[^"]*"')


class NotMade(Exception):
    """There is no PDF; the sentence tells the administrator why and what to do."""


def write(page: Path, target: Path, settings: Settings) -> None:
    """Print `page` into `target`.

    Raises
    ------
    NotMade
        No browser was found, or it did not print.
    """
    program = browser(settings)
    if program is None:
        raise NotMade(
            "PDF was not made: no Chromium was found. Install it (Debian: apt install chromium), or name the "
            f"program in {VARIABLE} or as browser in [reports] of workbook.toml."
        )
    with written_aside(target) as aside, _profile(target.parent) as profile:
        sheet = Path(profile, page.name)
        sheet.write_text(_on_paper(page.read_text("utf-8")), "utf-8")
        told = _print(program, sheet, aside, Path(profile))
        if not aside.is_file() or not aside.stat().st_size:
            raise NotMade(f"PDF was not made: {Path(program).name} did not print the page{told}.")


def browser(settings: Settings) -> str | None:
    """The program to print with: named in the environment, in the settings, or found on the path."""
    for named in (os.environ.get(VARIABLE), settings.reports.browser):
        if named:
            return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _on_paper(html: str) -> str:
    """A page without its ways to other files: a print would name the folder in which these lie just now."""
    return _WAY_TO_A_FILE.sub(r"\1", html)


def _profile(folder: Path) -> tempfile.TemporaryDirectory[str]:
    # The browser may still write into it when it has printed.
    return tempfile.TemporaryDirectory(prefix=".print-", dir=folder, ignore_cleanup_errors=True)


def _print(program: str, page: Path, target: Path, profile: Path) -> str:
    """Run the browser; what it has to say when it fails, else nothing."""
    command = [program, *_FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={target}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--no-sandbox")  # Chromium refuses to run as root with one
    # Its own home too: what it leaves behind (certificates, caches) goes with the profile.
    environment = {**secret_store.environment(), "HOME": str(profile), "XDG_CONFIG_HOME": str(profile)}
    try:
        done = subprocess.run(  # noqa: S603 - the administrator's own browser, on a page of ours
            [*command, page.resolve().as_uri()],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f" within {TIMEOUT_SECONDS} s"
    except OSError as error:
        return f" ({error.strerror})"
    return f" (exit code {done.returncode})" if done.returncode else ""
