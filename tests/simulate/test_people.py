"""People of the demo: identities that are valid in form and nobody's, and consistent profiles."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from clientlib import idcard, simulate
from clientlib.simulate.identity import MAIL_DOMAINS

# GB/T 2260: the codes of the provincial level, the first two digits of every card's region.
PROVINCES = {
    *range(11, 16),
    *range(21, 24),
    *range(31, 38),
    *range(41, 47),
    *range(50, 55),
    *range(61, 66),
    71,
    81,
    82,
    83,
}


@pytest.fixture(scope="module")
def cards(firm: simulate.Demo) -> pl.DataFrame:
    return firm.areas["clients"].filter(pl.col("id_type") == "id_card")


def test_id_cards_have_the_form_and_check_character_of_one(cards: pl.DataFrame) -> None:
    number = pl.col("id_number")
    assert cards.select((idcard.is_card(number) & idcard.check_character_holds(number)).all()).item()


def test_id_cards_are_of_a_region_that_is_nowhere(cards: pl.DataFrame) -> None:
    provinces = set(cards["id_number"].str.slice(0, 2).cast(pl.Int64).unique())
    assert not provinces & PROVINCES
    # Permits of Hong Kong, Macau and Taiwan residents begin with 8, foreigners' cards with 9.
    assert {province // 10 for province in provinces}.isdisjoint({8, 9})


def test_no_two_people_share_an_id_number(firm: simulate.Demo) -> None:
    pairs = firm.planted["duplicates"]["pairs"]
    numbers = firm.areas["clients"].unique("client_id")["id_number"]
    assert numbers.n_unique() == len(numbers) - len(pairs)


def test_mobiles_are_from_ranges_that_no_operator_has(firm: simulate.Demo) -> None:
    # libphonenumber's pattern of Chinese mobiles allows 162, 165, 166 and 167 of 16x alone.
    mobiles = firm.areas["contacts"]["mobile"].drop_nulls()
    assert mobiles.str.contains(r"^\+8616[0134689]\d{8}$").all()


def test_mail_goes_to_domains_kept_out_of_use(firm: simulate.Demo) -> None:
    domains = firm.areas["contacts"]["email"].drop_nulls().str.split("@").list.last().unique()
    assert set(domains) == set(MAIL_DOMAINS)


def test_names_are_of_many_kinds(firm: simulate.Demo) -> None:
    people = firm.areas["clients"].filter(pl.col("client_type") == "individual")["full_name"]
    assert people.str.contains("·").any()
    assert people.str.contains("^[A-Z][a-z]+ [A-Z]").any()
    assert people.str.contains("^(?:欧阳|上官|司马|诸葛|夏侯|尉迟|皇甫|慕容|令狐|东方)").any()
    assert people.str.contains(r"^\p{Han}{2,4}$").sum() > 0.9 * len(people)


def test_kinds_of_clients_and_documents_fit_each_other(firm: simulate.Demo) -> None:
    found = firm.areas["clients"].select("client_type", "id_type").unique()
    assert {"passport", "hmt_permit", "business_licence"} < set(found["id_type"])
    licensed = found.filter(pl.col("id_type") == "business_licence")["client_type"]
    assert set(licensed) == {"institution", "product"}


def test_there_are_ten_branches(firm: simulate.Demo) -> None:
    assert firm.areas["clients"]["branch"].n_unique() == 10


def test_a_client_stays_at_its_branch(firm: simulate.Demo) -> None:
    branches = firm.areas["clients"].group_by("client_id").agg(pl.col("branch").n_unique())
    assert branches["branch"].max() == 1


def test_the_first_row_of_a_client_is_of_the_opening_day(firm: simulate.Demo) -> None:
    first = firm.areas["clients"].sort("updated_at").group_by("client_id").agg(pl.all().first())
    local = first["updated_at"].dt.convert_time_zone("Asia/Shanghai").dt.date()
    assert (local == first["opened_on"]).all()


def test_a_contact_with_consent_has_its_date(firm: simulate.Demo) -> None:
    contacts = firm.areas["contacts"]
    assert (contacts["marketing_consent"] == contacts["consent_on"].is_not_null()).all()


def test_a_missing_number_is_explained(firm: simulate.Demo) -> None:
    pending = firm.areas["contacts"].filter(pl.col("mobile").is_null())
    assert pending["remarks"].is_not_null().all()
    assert set(pending["client_id"]) == set(firm.planted["pending_contacts"]["clients"])


def test_levels_follow_the_score_bands(firm: simulate.Demo) -> None:
    # The bands that one large broker publishes.
    lowest = {"C1": 0, "C2": 20, "C3": 37, "C4": 54, "C5": 83}
    highest = {"C1": 19, "C2": 36, "C3": 53, "C4": 82, "C5": 100}
    # Of some the newest score is one of the level below: planted, and told of there.
    planted = firm.planted["score_below_level"]["clients"]
    rows = (
        firm.areas["preferences"]
        .filter(~pl.col("client_id").is_in(planted))
        .with_columns(
            low=pl.col("risk_level").replace_strict(lowest), high=pl.col("risk_level").replace_strict(highest)
        )
    )
    assert rows["questionnaire_score"].is_between(rows["low"], rows["high"]).all()


def test_every_level_is_there(firm: simulate.Demo) -> None:
    share = firm.areas["preferences"]["risk_level"].value_counts(normalize=True)["proportion"]
    assert len(share) == 5
    assert share.min() > 0.03  # type: ignore[operator]


def test_only_a_score_of_nought_is_the_lowest_class(firm: simulate.Demo) -> None:
    rows = firm.areas["preferences"]
    assert (rows["lowest_class"] == (rows["questionnaire_score"] == 0)).all()


def test_clients_are_assessed_again_before_it_runs_out(firm: simulate.Demo) -> None:
    rows = firm.areas["preferences"].sort("client_id", "assessed_on")
    following = rows.with_columns(next=pl.col("assessed_on").shift(-1).over("client_id"))
    assert following.filter(pl.col("next") > pl.col("expires_on")).is_empty()


def test_professionals_are_rich_enough_or_no_people(
    firm: simulate.Demo, newest_clients: pl.DataFrame
) -> None:
    stated = firm.areas["finances"].sort("as_of").group_by("client_id").agg(pl.all().last())
    people = newest_clients.filter(
        (pl.col("investor_class") == "professional") & (pl.col("client_type") == "individual")
    ).join(stated, on="client_id")
    assert people.height > 0
    assert ((people["financial_assets"] >= 5e6) | (people["annual_income"] >= 5e5)).all()


def test_incomes_are_skewed_like_incomes(firm: simulate.Demo) -> None:
    income = firm.areas["finances"]["annual_income"].to_frame("x")
    assert income.select(pl.col("x").mean() > 1.15 * pl.col("x").median()).item()


def test_couples_name_each_other(firm: simulate.Demo) -> None:
    couples = firm.areas["relations"].filter(pl.col("kind") == "spouse")
    there = set(couples.select("client_id", "related_client_id").iter_rows())
    assert there
    assert there == {(other, one) for one, other in there}


def test_every_institution_has_a_legal_representative(
    firm: simulate.Demo, newest_clients: pl.DataFrame
) -> None:
    firms = newest_clients.filter(pl.col("client_type") != "individual")["client_id"]
    represented = firm.areas["relations"].filter(pl.col("kind") == "legal_representative")["client_id"]
    assert set(firms) == set(represented)


def test_dormant_and_closed_clients_were_active_first(firm: simulate.Demo) -> None:
    ended = firm.areas["clients"].filter(pl.col("status") != "active")
    before = firm.areas["clients"].filter(pl.col("status") == "active")
    late = ended.join(before, on="client_id").filter(pl.col("updated_at") < pl.col("updated_at_right"))
    assert ended.height > 0
    assert late.is_empty()


def test_nobody_opens_an_account_at_a_weekend(firm: simulate.Demo) -> None:
    assert firm.areas["clients"]["opened_on"].dt.weekday().max() <= 5  # type: ignore[operator]


def test_ages_are_those_of_adults(firm: simulate.Demo) -> None:
    people = firm.areas["clients"]["birth_date"].drop_nulls()
    assert people.max() < dt.date(2007, 1, 1)  # type: ignore[operator]
