"""`clientlib calls`: who gets whom on the list, how it shows them, where it lies, and what is recorded."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import Result

from clientlib.analysis.risk import review_risk
from clientlib.book import account, open_book
from clientlib.errors import ClientlibError, ParameterError, PermissionRefused, Unwritable
from clientlib.report import RunResult, manifest
from clientlib.report.publish import Edition
from clientlib.workbook import Workbook

Cli = Callable[..., Result]
WHY = "calls of the risk review"
NAMES = {"K1": "=1+1", "K2": "王小明", "K3": "李芳", "K4": "Ann Other"}
ADVISORS = {"K1": "A1", "K2": "A1", "K3": "A2", "K4": ""}
MOBILES = {client: f"1391234567{client[1]}" for client in NAMES}
HAND_IN = {
    "clients": "client_id,full_name,client_type,id_type,id_number,birth_date,gender,investor_class,branch,"
    "advisor,opened_on,status,updated_at\n"
    + "".join(
        f"{c},{name},individual,passport,E000{c},1970-05-05,2,ordinary,East,{ADVISORS[c]},2020-01-01,active,"
        "2026-01-01 09:00:00\n"
        for c, name in NAMES.items()
    ),
    "contacts": "client_id,mobile,preferred_channel,marketing_consent,updated_at\n"
    + "".join(f"{c},{mobile},phone,no,2026-01-01 09:00:00\n" for c, mobile in MOBILES.items()),
    "preferences": "client_id,assessed_on,questionnaire_score,risk_level,level_source\n"
    + "".join(f"{c},2026-01-05,10,C1,assessed\n" for c in NAMES),
    "securities": "security_id,name,asset_class,risk_level,currency,market\nS1,Steel,equity,R5,CNY,SH\n",
    "prices": "security_id,date,close\n" + "".join(f"S1,2026-01-{d:02},10\n" for d in range(5, 10)),
    "trades": "trade_id,client_id,traded_at,security_id,side,quantity,price,amount,currency\n"
    + "".join(f"T{c},{c},2026-01-06 10:00:00,S1,buy,1000,10,10000,CNY\n" for c in NAMES),
}
PEOPLE = f"""
[people.{account()}]
roles = ["advisor", "risk", "analyst", "manager", "data_entry", "auditor", "report"]
advisor = "A1"
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, pristine: Path, cli: Cli) -> Path:
    """A book of four clients who hold what is far above their level, each with an advisor but the last."""
    root = tmp_path_factory.mktemp("calls")
    folder, handed_in = Path(shutil.copytree(pristine, root / "firm")), root / "in"
    handed_in.mkdir()
    for area, text in HAND_IN.items():
        (handed_in / f"{area}.csv").write_text(text, "utf-8")
    done = cli("import", handed_in, "--workbook", folder, "--output", root / "out")
    assert done.exit_code == 0, done.output
    with (folder / "workbook.toml").open("a", encoding="utf-8") as settings:
        settings.write(PEOPLE)
    return folder


@pytest.fixture
def book(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "firm"))


@pytest.fixture(scope="module")
def reviews() -> dict[Any, Any]:
    """Every test has the same records, so what they come to is worked out once."""
    return {}


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch, reviews: dict[Any, Any]) -> None:
    review = review_risk

    def known(held: Any, *frames: Any, **more: Any) -> Any:
        key = (frames[5], *held["client_id"])
        return reviews[key] if key in reviews else reviews.setdefault(key, review(held, *frames, **more))

    monkeypatch.setattr("clientlib.report.calls.review.review_risk", known)


@pytest.fixture
def calls(cli: Cli, book: Path) -> Callable[..., Result]:
    return lambda *words: cli("calls", *words, "--workbook", book)


def refused(done: Result) -> ClientlibError:
    assert isinstance(done.exception, ClientlibError), done.output
    return done.exception


def lists(book: Path) -> list[Path]:
    return sorted((book / "calls").rglob("*.xlsx"))


def sheet_of(file: Path, sheet: str) -> list[dict[str, Any]]:
    rows: list[Any] = list(openpyxl.load_workbook(file)[sheet].values)
    head = next(n for n, row in enumerate(rows) if "Client ID" in row)
    return [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]]


def shown(file: Path, sheet: str = "A1") -> dict[str, tuple[Any, Any]]:
    """Name and mobile of each client on a sheet."""
    return {row["Client ID"]: (row.get("Name"), row.get("Mobile")) for row in sheet_of(file, sheet)}


# ------------------------------------------------------------------ who gets whom, and how
def test_an_advisor_gets_the_own_clients_plain_for_a_reason(calls: Callable[..., Result], book: Path) -> None:
    done = calls("--reason", WHY)
    assert done.exit_code == 0, done.exception
    (file,) = lists(book)
    assert openpyxl.load_workbook(file).sheetnames[0] == "A1"
    assert shown(file) == {"K1": ("=1+1", "+8613912345671"), "K2": ("王小明", "+8613912345672")}


def test_without_a_reason_names_and_numbers_are_masked(calls: Callable[..., Result], book: Path) -> None:
    assert "With --reason" in calls().output
    (file,) = lists(book)
    assert shown(file)["K2"] == ("王**", "139****5672")
    assert file.name.endswith("-masked.en.xlsx")


def test_without_the_vaults_key_no_column_tells_who_a_client_is(
    calls: Callable[..., Result], book: Path
) -> None:
    (book / "keys" / "vault.key").unlink()
    assert "by number only" in calls("--role", "analyst", "--to", book / "numbers.xlsx").output
    rows = sheet_of(book / "numbers.xlsx", "A1")
    assert {"Name", "Mobile", "Prefers"}.isdisjoint(rows[0])
    asked = refused(calls("--reason", WHY))
    assert isinstance(asked, PermissionRefused)
    assert "vault's key" in str(asked)


def test_a_role_that_sees_the_firm_gets_a_workbook_an_advisor(
    calls: Callable[..., Result], book: Path
) -> None:
    assert "4 clients to call" in calls("--role", "risk", "--reason", WHY).output
    firsts = {file.name.split("-")[4]: openpyxl.load_workbook(file).sheetnames[0] for file in lists(book)}
    assert firsts == {"A1": "A1", "A2": "A2", "No": "No advisor"}


def test_one_workbook_has_a_sheet_an_advisor(calls: Callable[..., Result], book: Path) -> None:
    calls("--role", "risk", "--reason", WHY, "--to", book / "all.xlsx")
    assert openpyxl.load_workbook(book / "all.xlsx").sheetnames[:3] == ["A1", "A2", "No advisor"]
    calls("--role", "risk", "--reason", WHY, "--advisor", "A2", "--to", book / "one.xlsx")
    assert shown(book / "one.xlsx", "A2").keys() == {"K3"}


@pytest.mark.parametrize(
    ("words", "error", "told"),
    [
        (["--advisor", "A2"], ParameterError, 'own clients only, those of "A1"'),
        (["--role", "risk", "--advisor", "A3"], ParameterError, 'There is no advisor "A3"'),
        (["--role", "data_entry"], ParameterError, "--reason"),
        (["--role", "manager"], PermissionRefused, "sees no amounts"),
        (["--role", "auditor"], PermissionRefused, "does not see the area"),
        (["--role", "report", "--reason", WHY], PermissionRefused, "may not see who a client is"),
        (["--as-of", "2019-12-31"], ParameterError, "before any data"),
        (["--as-of", "2026-02-30"], ParameterError, "no date of the calendar"),
        (["--branch", "West"], ParameterError, "no branch called"),
        (["--language", "fr"], ClientlibError, "no language"),
        (["--to", "/proc/nowhere/calls.xlsx"], Unwritable, "cannot be written"),
        (["--to", "calls.csv"], Unwritable, "end in .xlsx"),
    ],
)
def test_what_cannot_be_had_is_refused_in_a_sentence(
    calls: Callable[..., Result], book: Path, words: list[str], error: type[ClientlibError], told: str
) -> None:
    found = refused(calls(*words))
    assert isinstance(found, error)
    assert told in str(found)
    assert lists(book) == []


def test_where_nobody_has_to_be_called_no_file_is_written(calls: Callable[..., Result], book: Path) -> None:
    done = calls("--as-of", "2026-01-05")  # the day before they bought
    assert (done.exit_code, lists(book)) == (0, [])
    assert "Nobody whom you see has to be called" in done.output


# ------------------------------------------------------------------ where it lies
def test_it_lies_beside_the_reports_for_its_owner_only(calls: Callable[..., Result], book: Path) -> None:
    calls("--reason", WHY)
    (file,) = lists(book)
    assert file.parent == book / "calls" / "2026-01-09"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent, file.parent.parent)] == [
        0o600,
        0o700,
        0o700,
    ]


def test_it_agrees_with_the_edition_of_its_date_and_says_so(calls: Callable[..., Result], book: Path) -> None:
    known = put_edition(book)
    done = calls("--reason", WHY)
    assert "as in the risk review in reports/2026-01-08" in done.output
    (file,) = lists(book)
    assert f"-{known:%Y%m%dT%H%M%SZ}." in file.name
    assert "reports/2026-01-08" in openpyxl.load_workbook(file)["A1"]["A2"].value


def test_an_earlier_list_of_the_edition_stays_and_is_told_of(
    calls: Callable[..., Result], book: Path
) -> None:
    put_edition(book)
    before = put_list(book)
    assert "1 earlier list of this date" in calls().output
    assert len(lists(book)) == 2
    assert before.read_bytes() == b"filled in"


def test_a_run_that_makes_the_page_again_tells_of_the_lists_of_the_page_before(
    cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_edition(book)
    folder = book / "reports" / "2026-01-08"
    made = RunResult("", (Edition(folder, dt.date(2026, 1, 8), "all"),), (), folder / "index.html")
    monkeypatch.setattr("clientlib.report.run.run_reports", lambda *_, **__: made)
    assert "call list" not in cli("report", "--workbook", book).output
    put_list(book)
    assert "clientlib calls --as-of 2026-01-08" in cli("report", "--workbook", book).output


def put_list(book: Path) -> Path:
    """A list that somebody made before the edition was made again, and wrote into."""
    file = book / "calls" / "2026-01-08" / "calls-2026-01-08-A1-20260109T010000Z.en.xlsx"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"filled in")
    return file


def put_edition(book: Path) -> dt.datetime:
    """A risk review of a day, and the instant whose records it was made from."""
    known_at, folder = dt.datetime.now(dt.UTC), book / "reports" / "2026-01-08"
    run = {"page": "risk_review.html", "known_at": known_at.isoformat()}
    told: dict[str, Any] = {"format": manifest.FORMAT, "as_of": folder.name, "branch": "all"}
    told["reports"] = {"risk_review": {"runs": {"en": run}}}
    folder.mkdir()
    (folder / manifest.FILE).write_text(json.dumps(told), "utf-8")
    return known_at


def test_a_list_into_which_somebody_may_have_written_is_not_replaced(
    calls: Callable[..., Result], book: Path
) -> None:
    target = book / "mine.xlsx"
    calls("--to", target)
    before = target.read_bytes()
    assert "there already" in str(refused(calls("--to", target)))
    assert target.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told(calls: Callable[..., Result], book: Path) -> None:
    (book / "calls").write_text("in the way", "utf-8")
    assert isinstance(refused(calls()), Unwritable)


# ------------------------------------------------------------------ what is recorded
def test_each_look_and_each_list_is_recorded(calls: Callable[..., Result], book: Path) -> None:
    calls("--reason", WHY)
    with open_book(Workbook(book), role="auditor") as opened:
        records = opened.audit_records()
    told = records[records["role"].eq("advisor") & records["event"].ne("open")]
    assert told[["event", "clients", "reason"]].to_numpy().tolist() == [
        ["look_up", "K1 K2", WHY],
        ["look_up", "K1 K2", WHY],
        ["export", "K1 K2", ""],
    ]


def test_no_identity_is_read_where_none_is_shown(calls: Callable[..., Result], book: Path) -> None:
    calls("--role", "report", "--to", book / "numbers.xlsx")
    with open_book(Workbook(book), role="auditor") as opened:
        records = opened.audit_records()
    assert records.loc[records["role"].eq("report"), "event"].to_list() == ["open", "export"]


# ------------------------------------------------------------------ the page
def test_page_and_list_say_the_same(report_run: RunResult, cli: Cli, tmp_path: Path) -> None:
    page = sheet_of(report_run.folder / "risk_review.xlsx", "Call list")
    target, branch = tmp_path / "calls.xlsx", page[0]["Branch"]
    folder = report_run.folder.parents[1]
    cli("calls", "--role", "report", "--branch", branch, "--workbook", folder, "--to", target)
    advisors = openpyxl.load_workbook(target).sheetnames[:-2]
    listed = {row["Client ID"]: row for name in advisors for row in sheet_of(target, name)}
    for row in (row for row in page if row["Branch"] == branch):
        own = listed[row["Client ID"]]
        assert (row["Why"], row["Call by"]) == (own["Why"].split("\nAlso")[0], own["Call by"])
        # Where the others of many orders stand, each says in its own way.
        assert row["What to do"].split(" more ")[0] == own["What to do"].split(" more ")[0]
