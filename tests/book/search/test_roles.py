"""A search finds nobody by what the role does not see, and leaves nothing unmasked behind it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.book import Book, account, open_book
from clientlib.errors import ParameterError, PermissionRefused
from clientlib.workbook import Workbook

AsRole = Callable[[str], Book]
EVERYBODY = [f"C00{n}" for n in range(8)]
TYPED = ("王小明", "wangxiaoming", "wxm", "13812345078", "31010119800101000X", "person0@example.com", "John")


def ids(book: Book, query: str, reason: str = "", sort: str = "") -> list[str]:
    return list(book.search(query, reason=reason, sort=sort).rows["client_id"])


# --------------------------------------------------------------------------------- hidden
@pytest.mark.parametrize(
    "query",
    ["name=王小明", "phone=13812345078", "13812345078", "138****5078", "3****X", "mail:person0", 'name=""'],
)
def test_who_sees_no_identity_cannot_search_by_it(as_role: AsRole, query: str) -> None:
    with pytest.raises(PermissionRefused, match='role "manager" does not see') as refused:
        as_role("manager").search(query)
    assert not any(word in str(refused.value) for word in ("王小明", "13812345078", "person0"))


@pytest.mark.parametrize("role", ["manager", "analyst"])
@pytest.mark.parametrize("field", ["name", "-phone", "id_number"])
def test_who_does_not_see_identity_plain_cannot_sort_by_it(as_role: AsRole, role: str, field: str) -> None:
    with pytest.raises(PermissionRefused, match="sort by it"):
        as_role(role).search("", sort=field)


def test_a_name_is_no_word_that_finds_anybody_where_identity_is_hidden(as_role: AsRole) -> None:
    found = as_role("manager").search("王小明")
    assert (found.total, "full_name" in found.rows) == (0, False)
    assert "names were not looked for" in found.notes[0].told("en")


def test_without_the_vaults_key_conditions_hold_and_identity_is_refused(
    searched: Workbook, tmp_path: Path
) -> None:
    lone = Workbook(Path(shutil.copytree(searched.folder, tmp_path / "firm")))
    (lone.folder / "keys" / "vault.key").unlink()
    with open_book(lone, role="data_entry") as book:
        assert ids(book, "level=C4") == ["C001", "C003", "C005"]
        with pytest.raises(PermissionRefused, match="vault's key is not here"):
            book.search("13812345078")


# --------------------------------------------------------------------------------- masked
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("138****5078", ["C000"]),
        ("13812345078", ["C000"]),
        ("王", ["C000", "C001"]),
        ("王**", ["C000", "C001"]),
        ("王小明", ["C000", "C001"]),
        ("name=王小美", ["C000", "C001"]),
        ("5078", ["C000"]),
        ("3****X", EVERYBODY),
        ("31010119800101000X", EVERYBODY),
        ("p***@example.com", EVERYBODY),
        ("mail=person0@example.com", EVERYBODY),
    ],
)
def test_who_sees_masks_finds_by_what_they_show(as_role: AsRole, query: str, found: list[str]) -> None:
    assert ids(as_role("analyst"), query) == found


@pytest.mark.parametrize(
    "query",
    [
        "小明",
        "name:小明",
        "王小*",
        "name:王小*",
        "wangxiaoming",
        "wxm",
        "wang",
        "name=wangxiaoming",
        "12345078",
        "123450",
        "1381****5078",
        "138****45078",
        "phone:2345",
        "310****000X",
        "3101****000X",
        "id_number:198001",
        "mail:person0",
        "pe***@example.com",
        "person0",
        "person0@",
    ],
)
def test_who_sees_masks_cannot_narrow_down_what_they_hide(as_role: AsRole, query: str) -> None:
    assert ids(as_role("analyst"), query) in ([], ["C000", "C001"], EVERYBODY)
    assert ids(as_role("analyst"), query) != ["C000"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("王小明", ["C000", "C001"]),
        ("wangxiaoming", ["C000"]),
        ("wang xiaoming", ["C000"]),
        ("31010119800101000X 13812345078", ["C000"]),
        ("name=wangxiaoming", ["C000"]),
        ("xiaoming", []),
        ("wang", []),
        ("310101198001", []),
    ],
)
def test_with_a_reason_who_may_look_up_finds_by_whole_values_and_no_less(
    as_role: AsRole, query: str, found: list[str]
) -> None:
    page = as_role("service").search(query, reason="client on the phone")
    assert list(page.rows["client_id"]) == found
    assert all(name.endswith("**") for name in page.rows["full_name"])


def test_the_whole_name_comes_first_where_a_reason_is_given(as_role: AsRole) -> None:
    assert as_role("service").search("王小美", reason="on the phone").rows["client_id"][0] == "C001"


@pytest.mark.parametrize(("role", "reason"), [("service", ""), ("analyst", "I am curious")])
def test_without_the_right_or_a_reason_masks_are_compared(as_role: AsRole, role: str, reason: str) -> None:
    assert not ids(as_role(role), "wangxiaoming", reason)


def test_a_reason_that_says_nothing_is_none(as_role: AsRole) -> None:
    with pytest.raises(ParameterError, match="why you search"):
        as_role("service").search("王小明", reason=".")


# ------------------------------------------------------------------------- above the role
@pytest.mark.parametrize(
    ("role", "query"),
    [
        ("marketing", "assets>5"),
        ("marketing", "age>5"),
        ("manager", "employer:a"),
        ("administrator", "branch=a"),
    ],
)
def test_a_condition_on_what_the_role_does_not_see_is_refused(as_role: AsRole, role: str, query: str) -> None:
    with pytest.raises(PermissionRefused):
        as_role(role).search(query)


@pytest.mark.parametrize("query", ["", "C001", "王"])
def test_who_sees_no_client_finds_none_and_learns_no_number(as_role: AsRole, query: str) -> None:
    with pytest.raises(PermissionRefused, match='does not see the area "clients"'):
        as_role("administrator").search(query)


def test_free_text_above_the_role_is_not_looked_into(as_role: AsRole) -> None:
    assert ids(as_role("service"), "搬家") == ["C005"]
    assert not ids(as_role("manager"), "搬家")
    assert not ids(as_role("marketing"), "搬家")


@pytest.fixture(scope="module")
def manager(searched: Workbook) -> Book:
    return open_book(searched, role="manager")


@given(st.floats(100_000, 199_999), st.sampled_from([">", ">=", "<=", "=", "!="]))
def test_bands_are_not_narrowed_down_by_bisecting(manager: Book, amount: float, sign: str) -> None:
    # C000 and C004 have 100,000, C001 and C005 150,000: all in the band from 100,000 to 199,999.
    found = set(manager.search(f"assets{sign}{amount:.2f}").rows["client_id"])
    assert found & {"C000", "C001", "C004", "C005"} in (set(), {"C000", "C001", "C004", "C005"})


@given(st.dates(), st.sampled_from([">", ">=", "<", "<=", "=", ":"]))
def test_birth_dates_in_bands_likewise(manager: Book, day: object, sign: str) -> None:
    # C000 was born in 1940, C001 in 1945.
    found = set(manager.search(f"birth_date{sign}{day}").rows["client_id"])
    assert found & {"C000", "C001"} in (set(), {"C000", "C001"})


def test_an_order_by_bands_tells_no_more_than_the_bands(manager: Book) -> None:
    assert ids(manager, "", sort="assets")[:4] == ["C000", "C001", "C004", "C005"]
    assert ids(manager, "", sort="-assets")[3:7] == ["C000", "C001", "C004", "C005"]


def test_who_sees_a_branch_finds_and_counts_that_branch_only(searched: Workbook, tmp_path: Path) -> None:
    own = Workbook(Path(shutil.copytree(searched.folder, tmp_path / "firm")))
    people = f'[people."{account()}"]\nroles = ["branch_desk"]\nbranch = "上海徐汇"\n'
    with (own.folder / "workbook.toml").open("a", encoding="utf-8") as file:
        file.write(people)
    with open_book(Workbook(own.folder), role="branch_desk") as book:
        found = book.search("")
        assert (found.total, list(found.rows["client_id"])) == (3, ["C001", "C004", "C007"])
        assert [ids(book, query) for query in ("C000", "138****5078", "搬家", "level=C1", "王")] == [
            [], [], [], ["C004"], ["C001"]
        ]  # fmt: skip
        with pytest.raises(ParameterError, match=r"There are: 上海徐汇\.$"):
            book.search("branch=北京朝阳")


# ---------------------------------------------------------------------------------- audit
def test_a_search_is_recorded_masked_with_its_reason_and_what_was_found(
    searched: Workbook, as_role: AsRole
) -> None:
    service = as_role("service")
    for word in TYPED:
        service.search(word, reason="asked by 13812345078")
        service.search(f'{word} "{word}" level=C1')
    for condition in ("name={}", "remarks:{}", "clients.remarks:{}", "employer={}", "id={}"):
        with contextlib.suppress(ParameterError):
            service.search(condition.format("王小明"))
    records = as_role("auditor").audit_records()
    searches = records[records["event"] == "search"]
    told = searches.astype(str).sum(axis=1).str.cat(sep="\n")
    assert not [word for word in TYPED if word in told]
    assert "level=C1 王** 王**" in told
    assert "asked by 138****5078" in told
    assert {"query", "found"} <= set(searches["details"].astype(str).str.findall(r"\w+").explode())


def test_a_refused_search_is_recorded(as_role: AsRole) -> None:
    with pytest.raises(PermissionRefused):
        as_role("manager").search("name=王小明")
    records = as_role("auditor").audit_records()
    assert "full_name" in str(records[records["event"] == "refused"].iloc[0].to_dict())


@pytest.mark.parametrize(
    "query", ["王小明=1", "level=王小明", "branch=王小明", "assets>王小明", "age>王小明"]
)
def test_what_was_typed_in_the_wrong_place_is_not_quoted(plain: Book, query: str) -> None:
    with pytest.raises(ParameterError) as refused:
        plain.search(query)
    assert "王小明" not in str(refused.value)
