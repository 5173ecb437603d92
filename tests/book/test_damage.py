"""Damaged files: a flipped byte anywhere, a cut end, a folder that cannot be written. Never wrong data.

Each damage gives either a sentence or exactly what the undamaged book shows. All is tried in another process,
for an engine that meets bad bytes may take its process down, and that is no answer.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from clientlib.book import open_book
from clientlib.errors import BookError, ClientlibError
from clientlib.workbook import Workbook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the processes that are damaged are POSIX"),
]

PROCESSES = Path(__file__).parent / "processes"
BLOCK, HEADERS = 262_144, 12_288
BOOK, VAULT = "data/book/book.duckdb", "data/book/vault.duckdb"
FILES, LOGS = (BOOK, VAULT), (f"{BOOK}.wal", f"{VAULT}.wal")
FLIPS = {FILES: 60, LOGS: 40}
"""How many in each file; ten times as many in a benchmark."""
SIGNS = ("damaged", "is no book", "is no vault", "not as it was left", "of different times", "another book")
"""One of these is in the sentence that a damage is answered with."""


def deed(**what: Any) -> dict[str, Any]:
    return {"kind": "import", "chunks": 1, "parts": False, "fields": []} | what


DEEDS = [
    deed(clients=list(range(30)), version=1),
    deed(clients=list(range(10, 40)), version=2),
    deed(kind="merge", kept=0, other=1),
    deed(kind="undo", undoes=2),
]
LAST = deed(clients=list(range(20, 60)), version=3)


class Script:
    """A process that answers orders line by line."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROCESSES / name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.orders, self.answers = self.process.stdin, self.process.stdout

    def ordered(self, **order: Any) -> None:
        self.orders.write(json.dumps(order) + "\n")
        self.orders.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def reader() -> Iterator[Script]:
    started = Script("reader.py")
    yield started
    started.end()


@pytest.fixture(scope="module")
def importer() -> Iterator[Script]:
    started = Script("importer.py")
    yield started
    started.end()


def done(importer: Script, folder: Path, *deeds: dict[str, Any], die_at: str = "") -> None:
    """Have it done by a process that ends well, or that dies when it comes to a phase."""
    importer.ordered(folder=str(folder), deeds=deeds, die_at=die_at)
    words: list[str] = []
    while words[:1] != ["dead"]:
        words = importer.answers.readline().split()
    assert words[1] == ("-9" if die_at else "0")


@pytest.fixture(scope="module")
def whole(
    copied: Callable[[Path], Workbook], tmp_path_factory: pytest.TempPathFactory, importer: Script
) -> Path:
    """A book of a few batches of every kind, closed."""
    folder = copied(tmp_path_factory.mktemp("whole") / "firm").folder
    done(importer, folder, *DEEDS, LAST)
    return folder


@pytest.fixture(scope="module")
def logged(
    copied: Callable[[Path], Workbook], tmp_path_factory: pytest.TempPathFactory, importer: Script
) -> Path:
    """The same book; its last batch lies in the logs, for its process died then. Somebody has read it."""
    folder = copied(tmp_path_factory.mktemp("logged") / "firm").folder
    done(importer, folder, *DEEDS)
    done(importer, folder, LAST, die_at="checkpoint")
    assert all((folder / log).stat().st_size > 1000 for log in LOGS)
    with open_book(folder, role="data_entry") as book:
        assert len(book.batches()) == len(DEEDS) + 1
    return folder


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> random.Random:
    seed = secrets.randbits(32) if request.config.getoption("--benchmarks") else 20_260_702
    request.node.add_report_section("call", "seed", str(seed))
    return random.Random(seed)


def tried(
    reader: Script, folder: Path, file: str, damages: list[tuple[int, int]], undo: int | None = None
) -> Counter[str]:
    """How many damages were noticed, and how many did no harm; any other end of one fails."""
    undamaged = ((folder / file).stat().st_size, 0)
    reader.ordered(folder=str(folder), file=file, damages=[undamaged, *damages], undo=undo)
    right = json.loads(reader.answers.readline())
    assert right[0] == "read"
    found: Counter[str] = Counter()
    for place, bits in damages:
        line = reader.answers.readline()
        where = f"{file}, byte {place}, bits {bits:#x}"
        assert line, f"the process ended without an answer: {where}"
        what, told = json.loads(line)
        assert [what, told] == right or what == "refused", f"wrong data: {where}"
        assert what == "read" or any(sign in told for sign in SIGNS), f"{where}: {told}"
        found["noticed" if what == "refused" else "harmless"] += 1
    return found


def told(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest, what: str) -> None:
    if request.config.getoption("--benchmarks"):
        with capsys.disabled():
            sys.stdout.write(f"\n{what}\n")


def flips(draw: random.Random, size: int, count: int) -> list[tuple[int, int]]:
    """Places over the whole file, and as many again in its headers and at the edges of its blocks."""
    edges = [
        place for start in range(HEADERS, size, BLOCK) for place in (start, start + 8, start + BLOCK - 1)
    ]
    anywhere = [draw.randrange(size) for _ in range(count)]
    heads = [draw.randrange(min(HEADERS, size)) for _ in range(count // 2)]
    places = anywhere + heads + draw.sample(edges, min(count // 2, len(edges)))
    return [(min(place, size - 1), 1 << draw.randrange(8)) for place in places]


@pytest.mark.parametrize("file", [*FILES, *LOGS])
def test_one_flipped_byte_anywhere_gives_a_sentence_or_the_right_data(
    file: str,
    request: pytest.FixtureRequest,
    reader: Script,
    draw: random.Random,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = request.getfixturevalue("logged" if file in LOGS else "whole")
    many = 10 if request.config.getoption("--benchmarks") else 1
    damages = flips(draw, (folder / file).stat().st_size, FLIPS[LOGS if file in LOGS else FILES] * many)
    found = tried(reader, folder, file, damages)
    assert found["noticed"]
    told(capsys, request, f"{file}: {len(damages)} flips, {dict(found)}")


@pytest.mark.parametrize("file", [*FILES, *LOGS])
def test_a_file_cut_anywhere_gives_a_sentence_or_the_right_data(
    file: str, request: pytest.FixtureRequest, reader: Script, draw: random.Random
) -> None:
    folder = request.getfixturevalue("logged" if file in LOGS else "whole")
    size = (folder / file).stat().st_size
    lengths = {0, 1, size - 1, *(draw.randrange(size) for _ in range(25)), *range(0, size, BLOCK)}
    assert tried(reader, folder, file, [(length, 0) for length in sorted(lengths)])["noticed"]


@pytest.mark.parametrize("file", [*FILES, *LOGS])
def test_a_damaged_book_that_is_changed_gives_a_sentence_or_the_right_data(
    file: str, request: pytest.FixtureRequest, reader: Script, draw: random.Random
) -> None:
    folder = request.getfixturevalue("logged" if file in LOGS else "whole")
    damages = flips(draw, (folder / file).stat().st_size, 12)
    assert tried(reader, folder, file, damages, undo=len(DEEDS) + 1)["noticed"]


@pytest.mark.parametrize("logs", [LOGS, LOGS[:1]])
@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_a_committed_batch_that_was_cut_off_with_the_log_is_missed(
    logged: Path, tmp_path: Path, logs: tuple[str, ...], keep: float
) -> None:
    own = copy_of(logged, tmp_path)
    for log in logs:
        path = own / log
        os.truncate(path, int(path.stat().st_size * keep))
    with pytest.raises(BookError, match="knows batch 5, which it does not have"):
        open_book(own, role="data_entry")


def test_a_command_tells_a_damage_in_a_sentence(
    whole: Path, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    own = copy_of(whole, tmp_path)
    os.truncate(own / BOOK, (own / BOOK).stat().st_size // 2)
    for command in (["batches"], ["import", __file__]):
        result = cli(*command, "--workbook", own)
        assert isinstance(result.exception, ClientlibError)
        assert "is damaged" in str(result.exception)


# -------------------------------------------------------------------------- not writable
READ_ONLY = """
import sys
from clientlib.book import open_book
from clientlib.errors import ClientlibError
try:
    with open_book(sys.argv[1], role="data_entry", write=sys.argv[2] == "write") as book:
        sys.stdout.write(f"{len(book.area('clients'))} clients")
except ClientlibError as error:
    sys.stdout.write(str(error))
"""


def read_only(folder: Path, how: str) -> str:
    """What a process says that opens a book in a folder where nobody may write, root neither."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*bound, sys.executable, "-c", READ_ONLY, str(folder), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("how", ["read", "write"])
def test_a_book_in_a_folder_that_cannot_be_written_is_refused_with_a_sentence_and_left_as_it_is(
    whole: Path, tmp_path: Path, how: str
) -> None:
    own = copy_of(whole, tmp_path)
    before = {path: path.read_bytes() for path in own.rglob("*") if path.is_file()}
    said = read_only(own, how)
    assert "cannot be written" in said or "may not be" in said
    assert {path: path.read_bytes() for path in own.rglob("*") if path.is_file()} == before


def copy_of(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "own"))
