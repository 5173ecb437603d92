"""The commands `share` and `export`: what they say, in both languages, and their exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from clientlib.errors import ClientlibError, ParameterError, PermissionRefused
from clientlib.share.errors import ShareError
from clientlib.workbook import Workbook

Cli = Callable[..., Result]
SECRET = "s3cret"
DEPARTMENT = '\n[share.departments.risk]\nrole = "risk"\nareas = ["clients"]\n'


def told(done: Result, code: int = 0) -> str:
    if isinstance(done.exception, ClientlibError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def agreed(firm: Path) -> Path:
    """A new workbook in which something is agreed."""
    with (firm / "workbook.toml").open("a", encoding="utf-8") as settings:
        settings.write(DEPARTMENT)
    return firm


# ---------------------------------------------------------------------------------- share
@pytest.mark.parametrize(("language", "said"), [("en", "Shared as of batch 0"), ("zh", "已共享，截至第0批")])
def test_files_are_shared_and_told_of(
    cli: Cli, agreed: Path, tmp_path: Path, language: str, said: str
) -> None:
    shown = told(cli("share", "--to", tmp_path / "out", "-l", language, "-w", agreed))
    assert said in shown
    assert (tmp_path / "out" / "risk" / "clients.parquet").exists()


def test_a_branch_that_no_client_is_of_is_told(cli: Cli, agreed: Path, tmp_path: Path) -> None:
    with (agreed / "workbook.toml").open("a", encoding="utf-8") as settings:
        settings.write('branches = ["上海普东"]\n')
    done = cli("share", "--to", tmp_path / "out", "-w", agreed)
    assert "risk: no client is of the branch 上海普东" in " ".join(done.output.split())


def test_without_an_agreement_the_way_to_one_is_told(cli: Cli, firm: Path, tmp_path: Path) -> None:
    with pytest.raises(ShareError, match=r"\[share\.departments\.NAME\]"):
        told(cli("share", "--to", tmp_path / "out", "-w", firm))


def test_a_password_on_the_command_line_is_refused_and_not_repeated(cli: Cli, agreed: Path) -> None:
    with pytest.raises(ParameterError, match="everybody on this machine can see") as caught:
        told(cli("share", "--to", f"postgresql://wang:{SECRET}@127.0.0.1:1/firm", "-w", agreed))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("to", [f"postgresql:/wang:{SECRET}@db/firm", f"mysql://wang:{SECRET}@db/firm"])
def test_a_mistyped_server_is_not_taken_for_a_folder(
    cli: Cli, agreed: Path, to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    with pytest.raises(ParameterError, match="is no server") as caught:
        told(cli("share", "--to", to, "-w", agreed))
    assert SECRET not in str(caught.value)
    assert set(tmp_path.iterdir()) == before


def test_a_password_may_be_in_the_environment_and_is_not_repeated(
    cli: Cli, agreed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_SHARE", f"postgresql://wang:{SECRET}@127.0.0.1:1/firm")
    with pytest.raises(ShareError, match=r"server \(127\.0\.0\.1:1/firm\) cannot be reached") as caught:
        told(cli("share", "-w", agreed))
    assert SECRET not in str(caught.value)
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in _files(agreed))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("option", ["--check", "--print-sql"])
def test_what_is_about_a_server_needs_one(cli: Cli, agreed: Path, tmp_path: Path, option: str) -> None:
    with pytest.raises(ParameterError, match="is about a server"):
        told(cli("share", "--to", tmp_path / "out", option, "-w", agreed))


@pytest.mark.parametrize(
    ("options", "said"), [([], "Say where to"), (["--to", "x", "--format", "csv"], "Choose parquet or xlsx")]
)
def test_wrong_use_is_answered_with_the_way_to_right_use(
    cli: Cli, agreed: Path, options: list[str], said: str
) -> None:
    with pytest.raises(ParameterError, match=said):
        told(cli("share", *options, "-w", agreed))


def test_the_sql_for_the_administrator_makes_roles_without_a_log_in(cli: Cli, agreed: Path) -> None:
    shown = told(cli("share", "--to", "postgresql://wang@db.example/firm", "--print-sql", "-w", agreed))
    assert 'CREATE ROLE "clientlib_risk" NOLOGIN;' in shown
    assert 'GRANT CREATE ON DATABASE "firm" TO "wang";' in shown


def test_who_does_not_keep_the_book_may_not_share(cli: Cli, agreed: Path, tmp_path: Path) -> None:
    with pytest.raises(PermissionRefused, match="These may: administrator"):
        told(cli("share", "--to", tmp_path / "out", "--role", "risk", "-w", agreed))


# --------------------------------------------------------------------------------- export
def test_an_export_says_what_it_wrote(cli: Cli, own_demo_workbook: Workbook, tmp_path: Path) -> None:
    target = tmp_path / "clients.csv"
    command = ["export", "clients", "--to", target, "--role", "risk", "--language", "zh"]
    shown = told(cli(*command, "-w", own_demo_workbook.folder))
    assert "基本信息：" in shown
    assert target.read_text("utf-8-sig").startswith("客户编号,")


def test_an_export_in_a_role_that_may_not_names_those_that_may(cli: Cli, firm: Path, tmp_path: Path) -> None:
    with pytest.raises(PermissionRefused, match="These may: data_entry, risk, marketing"):
        told(cli("export", "clients", "--to", tmp_path / "a.csv", "-w", firm))
