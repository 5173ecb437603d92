"""A book goes on when its firm adds a field, takes one away or narrows it: nothing that is stored is lost."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from clientlib import custom
from clientlib.book import open_book
from clientlib.errors import BookError, SettingsError
from clientlib.intake import stream
from clientlib.workbook import Workbook

HEADER = "campaign_id,name,starts_on,ends_on"
SPONSOR = '[campaigns.sponsor]\ntitle_en = "Sponsor"\ntitle_zh = "赞助方"\ntype = "text"\n'


def declare(workbook: Workbook, lines: str) -> Workbook:
    """The same workbook as a new process sees it, with these lines in its fields.toml."""
    (workbook.folder / custom.FIELDS_FILE).write_text(lines, "utf-8")
    return Workbook(workbook.folder)


def take_in(workbook: Workbook, text: str, area: str = "campaigns") -> None:
    path = workbook.folder / f"{area}.csv"
    path.write_text(text, "utf-8")
    with open_book(workbook, role="data_entry", write=True) as book:
        result = book.import_checked(stream(path, areas=workbook.areas), source=path.name)
    assert result.batch is not None


def campaigns(workbook: Workbook) -> pd.DataFrame:
    with open_book(workbook, role="data_entry") as book:
        return book.area("campaigns").set_index("campaign_id")


@pytest.fixture
def one_campaign(workbook: Workbook) -> Workbook:
    take_in(workbook, f"{HEADER}\nA,Autumn,2026-09-01,2026-10-01\n")
    return workbook


def test_rows_from_before_the_field_read_as_missing(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    assert campaigns(extended)["sponsor"].isna().all()


def test_a_view_has_the_field_before_anything_was_written(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    with open_book(extended) as book, book.views() as connection:
        assert connection.execute("SELECT campaign_id, sponsor FROM campaigns").fetchall() == [("A", None)]


def test_a_value_of_the_field_is_stored_beside_rows_without(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    take_in(extended, f"{HEADER},sponsor\nB,Winter,2026-12-01,2027-01-01,Bank\n")
    found = campaigns(extended)["sponsor"]
    assert found["B"] == "Bank"
    assert pd.isna(found["A"])


def test_filling_the_field_in_is_a_change_of_the_row(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    take_in(extended, f"{HEADER},sponsor\nA,Autumn,2026-09-01,2026-10-01,Bank\n")
    with open_book(extended) as book:
        assert book.batches()["changed"].tolist() == [0, 1]


def test_a_field_taken_away_is_not_shown_and_not_lost(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    take_in(extended, f"{HEADER},sponsor\nB,Winter,2026-12-01,2027-01-01,Bank\n")
    bare = declare(extended, "")
    assert "sponsor" not in campaigns(bare)
    take_in(bare, f"{HEADER}\nC,Spring,2027-03-01,2027-04-01\n")
    again = declare(bare, SPONSOR)
    assert campaigns(again)["sponsor"].dropna().to_dict() == {"B": "Bank"}


def test_a_field_made_narrower_keeps_what_it_held(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    take_in(extended, f"{HEADER},sponsor\nB,Winter,2026-12-01,2027-01-01,A long-winded bank\n")
    narrow = declare(extended, SPONSOR + "longest = 4\n")
    assert campaigns(narrow)["sponsor"]["B"] == "A long-winded bank"


def test_a_stored_field_of_another_type_is_refused_with_the_mend(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    take_in(extended, f"{HEADER},sponsor\nB,Winter,2026-12-01,2027-01-01,Bank\n")
    other = declare(extended, SPONSOR.replace('"text"', '"number"'))
    with pytest.raises(BookError, match=r"campaigns.sponsor is stored as varchar.*Put the type back"):
        open_book(other)


def test_a_stored_field_does_not_become_identity_behind_its_values(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    take_in(extended, f"{HEADER},sponsor\nB,Winter,2026-12-01,2027-01-01,Bank\n")
    moved = declare(extended, SPONSOR + 'sensitivity = "I"\n')
    with pytest.raises(BookError, match=r"is stored in the book, not as identity.*Put the sensitivity back"):
        open_book(moved)


def test_an_identity_field_goes_to_the_vault_also_in_an_area_that_had_none(workbook: Workbook) -> None:
    guarded = declare(workbook, SPONSOR + 'sensitivity = "I"\n')
    take_in(guarded, f"{HEADER},sponsor\nB,Winter,2026-12-01,2027-01-01,王小明\n")
    assert campaigns(guarded)["sponsor"]["B"] == "王小明"
    with open_book(guarded) as book:
        assert book.area("campaigns")["sponsor"].tolist() == ["王**"]
        with book.views() as connection:
            columns = connection.execute("SELECT * FROM campaigns").description
    assert "sponsor" not in [column[0] for column in columns or ()]


def test_an_identity_field_does_not_leave_the_vault(workbook: Workbook) -> None:
    guarded = declare(workbook, SPONSOR + 'sensitivity = "I"\n')
    take_in(guarded, f"{HEADER},sponsor\nB,Winter,2026-12-01,2027-01-01,王小明\n")
    opened = declare(guarded, SPONSOR)
    with (
        pytest.raises(BookError, match="is stored as identity in the vault"),
        open_book(opened, role="data_entry", write=True),
    ):
        pass


def test_a_role_below_the_field_does_not_see_it(one_campaign: Workbook) -> None:
    extended = declare(one_campaign, SPONSOR)
    with open_book(extended, role="manager") as book:
        assert "sponsor" not in book.area("campaigns")


def test_a_broken_file_stops_before_the_book_is_touched(one_campaign: Workbook) -> None:
    before = Path(one_campaign.book_file).read_bytes()
    broken = declare(one_campaign, "[campaigns.sponsor]\n")
    with pytest.raises(SettingsError, match="title_en: is missing"):
        open_book(broken)
    assert one_campaign.book_file.read_bytes() == before
