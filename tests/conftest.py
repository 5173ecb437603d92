"""What all tests share: a small demo workbook made the way a person makes one, and where real data lies."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from clientlib.cli import app
from clientlib.report import Asked, RunResult, run_reports
from clientlib.report.running import crew
from clientlib.workbook import Workbook
from tests.report import small_reports
from tests.report.foundry import Foundry

REPOSITORY = Path(__file__).parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
DEMO_CLIENTS = 400
pd.set_option("compute.use_bottleneck", False)
"""A library of the benchmarks brings bottleneck, which pandas would take to; users have none."""
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
"""A busy machine is slow at random; that is no failure of what is tested."""
MadeOnce = Callable[[str, Callable[[Path], Any]], Any]
START_FORGE = crew.start_forge
KEY_VARIABLES = ("CLIENTLIB_KEY", "CLIENTLIB_VAULT_KEY", "CLIENTLIB_WORKBOOK")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--benchmarks", action="store_true", help="run tests/bench and print the ratios")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Find the tests without looking for garbage: there is none, and thousands of them are looked through."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()  # nor are they looked through again while the tests run
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--benchmarks"):
        wait = pytest.mark.skip(reason="a benchmark: make bench")
        for item in items:
            if "bench" in item.path.parts:
                item.add_marker(wait)
    if hasattr(config, "workerinput"):
        items.sort(key=_turn_of_files(items))


def _turn_of_files(items: list[pytest.Item]) -> Callable[[pytest.Item], tuple[bool, int, str]]:
    """Several processes share the files: those with slow tests come first, so that none is left to one alone
    at the end, when the others have nothing to do (`--no-loadscope-reorder` keeps to it)."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    tests = Counter(item.path for item in items)
    return lambda item: (item.path not in slow, -tests[item.path], item.nodeid.partition("::")[0])


@pytest.fixture(autouse=True, scope="session")
def _no_keys_from_outside() -> None:
    """A person's own keys and workbook must not leak into the tests, nor the tests into them."""
    for name in KEY_VARIABLES:
        os.environ.pop(name, None)


@pytest.fixture(autouse=True, scope="session")
def _forges_at_once() -> Iterator[None]:
    """Reports that tests make in this process come from a forge that need not import anything first."""
    with pytest.MonkeyPatch.context() as patch, Foundry() as foundry:
        if sys.platform == "linux":
            patch.setattr(crew, "start_forge", foundry.start_forge)
        yield


@pytest.fixture(scope="module")
def own_forges() -> Iterator[None]:
    """Forges are started, as they are outside of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "start_forge", START_FORGE)
        yield


@pytest.fixture(scope="session")
def cli() -> Callable[..., Result]:
    """Runs a command in this process; a `ClientlibError` comes back as the result's `exception`."""

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, cli: Callable[..., Result]) -> Path:
    folder = tmp_path_factory.mktemp("pristine") / "firm"
    assert cli("init", folder).exit_code == 0
    return folder


@pytest.fixture
def firm(tmp_path: Path, pristine: Path) -> Path:
    """A new, empty workbook."""
    return Path(shutil.copytree(pristine, tmp_path / "firm"))


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Has something made, in a folder of its own, by the one of pytest's processes that needs it first.

    What it gives, the others are given as well: it has to be such that `pickle` can keep it.
    """
    base = tmp_path_factory.getbasetemp()

    def once(name: str, make: Callable[[Path], Any]) -> Any:
        if sys.platform == "win32" or "PYTEST_XDIST_WORKER" not in os.environ:
            return make(tmp_path_factory.mktemp(name))
        import fcntl

        folder, kept = base.parent / name, base.parent / f"{name}.pickle"
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of one who failed
                folder.mkdir()
                made = make(folder)
                kept.write_bytes(pickle.dumps(made))
        return pickle.loads(kept.read_bytes())

    return once


@pytest.fixture(scope="session")
def demo_workbook(
    made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory, cli: Callable[..., Result]
) -> Workbook:
    """A demo workbook of 400 clients. Shared by all tests: read it, never change it."""

    def make(folder: Path) -> Path:
        for command in (["init"], ["demo", "--clients", str(DEMO_CLIENTS), "--workbook"]):
            result = cli(*command, folder / "firm")
            assert result.exit_code == 0, result.output
        return folder / "firm"

    # A copy for each process: to read a book leaves traces of who did.
    pattern = made_once("demo-firm", make)
    return Workbook(Path(shutil.copytree(pattern, tmp_path_factory.mktemp("demo") / "firm")))


@pytest.fixture(scope="session")
def report_run(made_once: MadeOnce, demo_workbook: Workbook) -> RunResult:
    """All reports of the demo workbook, in both languages, made once."""

    def make(folder: Path) -> RunResult:
        own = shutil.copytree(demo_workbook.folder, folder / "firm")
        return run_reports(Workbook(Path(own)), Asked(languages=("en", "zh")))

    made: RunResult = made_once("reports-of-the-firm", make)
    return made


@pytest.fixture
def own_demo_workbook(demo_workbook: Workbook, tmp_path: Path) -> Workbook:
    """A copy of the demo workbook that a test may change."""
    return Workbook(Path(shutil.copytree(demo_workbook.folder, tmp_path / "firm")))


@pytest.fixture(scope="session")
def far_trans() -> Path:
    """The folder of real FAR-Trans files; without it the test is skipped."""
    folder = SHARED_DATA / "far-trans"
    if not folder.is_dir():
        pytest.skip("the FAR-Trans files are not beside the repository (../shared/data/far-trans)")
    return folder


@pytest.fixture
def reporting(demo_workbook: Workbook, tmp_path: Path) -> Workbook:
    """A copy of the demo workbook that has one report, `good`, to be changed at will."""
    made = small_reports.without_reports(demo_workbook, tmp_path / "firm")
    small_reports.write(made, "good", small_reports.GOOD)
    return made


@pytest.fixture
def report(cli: Callable[..., Result], reporting: Workbook) -> Callable[..., Result]:
    """`clientlib report` on it, in English, with nothing beside."""

    def run(*words: str) -> Result:
        return cli("report", "--workbook", reporting.folder, "--beside", "none", "-l", "en", *words)

    return run
