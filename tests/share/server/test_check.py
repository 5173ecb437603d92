"""The proof of what each department can read: it finds whatever somebody has changed by hand."""

from __future__ import annotations

import pytest

from clientlib.book import open_book
from clientlib.errors import PermissionRefused
from clientlib.share.errors import ShareError
from clientlib.share.server import Address, Checked, check
from clientlib.workbook import Workbook

from ..conftest import AGREED, Database, share


def checked(firm: Workbook, database: Database, own: dict[str, Address] | None = None) -> Checked:
    with open_book(firm, role="administrator") as book:
        return check(book, database.address, own)


def kinds(done: Checked) -> set[tuple[str, str]]:
    return {(each.what, each.department) for each in done.differences}


@pytest.fixture
def shared(firm: Workbook, database: Database) -> Database:
    share(firm, database)
    return database


def test_what_was_just_shared_is_as_agreed(firm: Workbook, shared: Database) -> None:
    done = checked(firm, shared)
    assert done.differences == ()
    rows = {(row["department"], row["area"]): row for row in done.tried.iter_rows(named=True)}
    assert rows["north", "clients"] | {"readable": 0, "refused": 0} == {
        "department": "north",
        "area": "clients",
        "readable": 0,
        "refused": 0,
        "rows": 2,
        "of": 3,
        "writes_refused": 3,
    }


BY_HAND = {
    "a column granted under a view": (
        ["GRANT SELECT (_branch) ON clientlib.clients TO clientlib_marketing"],
        {("appeared", "")},
    ),
    "the tables opened": (
        ["GRANT USAGE ON SCHEMA clientlib TO clientlib_marketing"],
        {("appeared", ""), ("reads", "marketing")},
    ),
    "everything opened to a department": (
        [
            "GRANT USAGE ON SCHEMA clientlib TO clientlib_north",
            "GRANT ALL ON clientlib.trades TO clientlib_north",
        ],
        {("appeared", ""), ("reads", "north"), ("writes", "north")},
    ),
    "another department's view opened": (
        [
            "GRANT USAGE ON SCHEMA clientlib_risk TO clientlib_north",
            "GRANT SELECT ON clientlib_risk._about TO clientlib_north",
        ],
        {("appeared", "")},
    ),
    "a policy dropped": (
        ["DROP POLICY clientlib_north ON clientlib.clients"],
        {("disappeared", ""), ("other_rows", "north")},
    ),
    "a policy widened": (
        ["ALTER POLICY clientlib_north ON clientlib.clients USING (true)"],
        {("appeared", ""), ("disappeared", ""), ("other_rows", "north")},
    ),
    "a policy added": (
        ["CREATE POLICY more ON clientlib.clients FOR SELECT USING (true)"],
        {("appeared", ""), ("other_rows", "north")},
    ),
    "policies switched off": (
        ["ALTER TABLE clientlib.clients DISABLE ROW LEVEL SECURITY"],
        {("appeared", ""), ("disappeared", ""), ("other_rows", "north")},
    ),
    "a view that runs with its owner's rights": (
        ["ALTER VIEW clientlib_north.clients RESET (security_invoker)"],
        {("appeared", ""), ("disappeared", ""), ("other_rows", "north")},
    ),
    "a view that gives more": (
        [
            "DROP VIEW clientlib_marketing.clients",
            "CREATE VIEW clientlib_marketing.clients AS SELECT client_id, employer FROM clientlib.clients",
            "GRANT SELECT ON clientlib_marketing.clients TO clientlib_marketing",
        ],
        {("appeared", ""), ("disappeared", ""), ("reads", "marketing"), ("cannot_read", "marketing")},
    ),
    "a column taken away": (
        ["REVOKE SELECT (status) ON clientlib.clients FROM clientlib_risk"],
        {("disappeared", ""), ("cannot_read", "risk")},
    ),
    "a view taken away": (
        ["DROP VIEW clientlib_risk.trades"],
        {("disappeared", ""), ("cannot_read", "risk"), ("other_rows", "risk")},
    ),
    "everybody let in": (
        # Who has no grant on the table under the view reads nothing by it: only management has one too.
        ["GRANT USAGE ON SCHEMA clientlib_risk TO PUBLIC", "GRANT SELECT ON clientlib_risk.trades TO PUBLIC"],
        {("appeared", ""), ("stranger", ""), ("reads", "management")},
    ),
    "a stranger let in": (
        ["GRANT SELECT ON clientlib.clients TO locked"],
        {("appeared", ""), ("stranger", "")},
    ),
}


@pytest.mark.parametrize("change", BY_HAND)
def test_a_change_by_hand_is_found(firm: Workbook, shared: Database, change: str) -> None:
    statements, found = BY_HAND[change]
    shared.run(*statements)
    assert kinds(checked(firm, shared)) >= found


@pytest.mark.parametrize("change", BY_HAND)
def test_the_next_share_puts_it_in_order(firm: Workbook, shared: Database, change: str) -> None:
    shared.run(*BY_HAND[change][0])
    share(firm, shared)
    assert checked(firm, shared).differences == ()


@pytest.mark.parametrize(
    ("gained", "lost"),
    [
        ("ALTER ROLE clientlib_north BYPASSRLS", "ALTER ROLE clientlib_north NOBYPASSRLS"),
        ("ALTER ROLE clientlib_north SUPERUSER", "ALTER ROLE clientlib_north NOSUPERUSER"),
        ("GRANT pg_read_all_data TO clientlib_north", "REVOKE pg_read_all_data FROM clientlib_north"),
        ("GRANT clientlib_risk TO clientlib_north", "REVOKE clientlib_risk FROM clientlib_north"),
    ],
)
def test_a_role_that_may_do_more_is_found_also_after_the_next_share(
    firm: Workbook, shared: Database, gained: str, lost: str
) -> None:
    shared.run(gained)
    try:
        share(firm, shared)
        assert ("role", "") in kinds(checked(firm, shared))
    finally:
        shared.run(lost)


def test_settings_that_were_changed_since_are_told(firm: Workbook, shared: Database) -> None:
    settings = AGREED.replace('branches = ["North"]', 'branches = ["North", "South"]')
    (firm.folder / "workbook.toml").write_text(settings, "utf-8")
    assert kinds(checked(Workbook(firm.folder), shared)) == {("settings", ""), ("other_rows", "north")}


def test_a_department_may_be_tried_from_its_own_log_in(firm: Workbook, shared: Database) -> None:
    shared.run("DROP ROLE IF EXISTS wang", "CREATE ROLE wang LOGIN IN ROLE clientlib_north")
    own = Address({**shared.superuser, "user": "wang"})
    assert checked(firm, shared, {"north": own}).differences == ()
    shared.run(
        "GRANT USAGE ON SCHEMA clientlib_risk TO wang", "GRANT SELECT ON clientlib_risk.trades TO wang"
    )
    shared.run("GRANT clientlib_risk TO wang")
    assert ("reads", "north") in kinds(checked(firm, shared, {"north": own}))


def test_before_anything_was_shared_there_is_nothing_to_check(firm: Workbook, database: Database) -> None:
    with pytest.raises(ShareError, match="Share first, then check"):
        checked(firm, database)


def test_who_does_not_keep_the_book_may_not_look(firm: Workbook, database: Database) -> None:
    with open_book(firm, role="risk") as book, pytest.raises(PermissionRefused, match="may not look into"):
        check(book, database.address)


def test_trying_changes_nothing(firm: Workbook, shared: Database) -> None:
    query = "SELECT count(*), max(_updated) FROM clientlib.clients"
    before = shared.ask(query)
    checked(firm, shared)
    assert shared.ask(query) == before
