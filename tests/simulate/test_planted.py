"""What is said to be planted is there: each fact worked out anew from the frames."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from clientlib import config, simulate
from clientlib.simulate.cast import GROUPS

END = dt.date(2026, 6, 30)


def _of(frame: pl.DataFrame, firm: simulate.Demo, group: str) -> pl.DataFrame:
    return frame.filter(pl.col("client_id").is_in(firm.planted[group]["clients"]))


def _total(frame: pl.DataFrame, column: str) -> float:
    return float(frame.select(pl.col(column).sum()).item())


def test_the_groups_share_no_client(firm: simulate.Demo) -> None:
    groups = [name for name in GROUPS if "clients" in firm.planted.get(name, {})]
    members = [
        client for name in groups for client in firm.planted[name]["clients"] if name != "expired_assessment"
    ]
    assert len(members) == len(set(members)) > 0


def test_one_client_alone_carries_nothing() -> None:
    planted = simulate.demo(clients=1).planted
    assert all(planted[name]["clients"] == [] for name in ("over_level", "drifting", "weaker_finances"))


def test_about_one_in_fifty_holds_over_their_level(firm: simulate.Demo) -> None:
    assert len(firm.planted["over_level"]["clients"]) == 40


def test_their_share_above_the_level_exceeds_every_limit(
    firm: simulate.Demo, above_level: pl.DataFrame
) -> None:
    planted = _of(above_level, firm, "over_level")
    limits = config.load().risk.limits
    assert planted.height == 40
    assert set(planted["investor_class"]) == {"ordinary"}
    assert planted.filter(
        pl.col("share") <= 2 * max(limits[level].mismatch for level in ("C1", "C2", "C3"))
    ).is_empty()


def test_no_other_ordinary_client_exceeds_a_limit(firm: simulate.Demo, above_level: pl.DataFrame) -> None:
    planted = firm.planted["over_level"]["clients"] + firm.planted["lowest_class_breach"]["clients"]
    others = above_level.filter(
        (pl.col("investor_class") == "ordinary") & ~pl.col("client_id").is_in(planted)
    )
    assert others["share"].max() == 0


def test_clients_of_the_lowest_class_hold_something_else_than_r1(
    firm: simulate.Demo, holdings: pl.DataFrame, client_levels: pl.DataFrame
) -> None:
    lowest = client_levels.filter("lowest_class")
    breach = holdings.join(lowest, on="client_id").filter(pl.col("product_level") > 1)
    assert sorted(breach["client_id"].unique()) == firm.planted["lowest_class_breach"]["clients"]
    assert breach["client_id"].n_unique() == 3


def test_all_expired_assessments_are_listed(firm: simulate.Demo, client_levels: pl.DataFrame) -> None:
    expired = client_levels.filter(pl.col("expires_on") < END)["client_id"]
    assert sorted(expired) == firm.planted["expired_assessment"]["clients"]


def test_active_clients_are_among_the_expired(firm: simulate.Demo, newest_clients: pl.DataFrame) -> None:
    fact = firm.planted["expired_assessment"]
    active = newest_clients.filter(pl.col("status") == "active")["client_id"]
    assert set(fact["active_clients"]) == set(fact["clients"]) & set(active)
    assert len(fact["active_clients"]) >= 80


@pytest.fixture(scope="module")
def coverage(firm: simulate.Demo, holdings: pl.DataFrame) -> pl.DataFrame:
    """client_id, ratio: (cash + securities) / (loan + short value + interest), of margin accounts."""
    value = holdings.group_by("client_id").agg(pl.col("value").sum())
    debt = pl.col("margin_loan") + pl.col("short_value") + pl.col("accrued_interest")
    return (
        firm.areas["balances"]
        .filter((pl.col("as_of") == END) & (pl.col("margin_loan") > 0))
        .join(value, on="client_id")
        .select("client_id", ratio=(pl.col("cash") + pl.col("value")) / debt)
    )


@pytest.mark.parametrize(
    ("group", "low", "high"),
    [("margin_watch", 1.4, 1.5), ("margin_warn", 1.3, 1.4), ("margin_close_out", 1.0, 1.3)],
)
def test_margin_accounts_lie_between_their_lines(
    firm: simulate.Demo, coverage: pl.DataFrame, group: str, low: float, high: float
) -> None:
    between = coverage.filter(pl.col("ratio").is_between(low, high, closed="left"))
    assert sorted(between["client_id"]) == firm.planted[group]["clients"] != []


def test_most_margin_accounts_are_healthy(coverage: pl.DataFrame) -> None:
    assert coverage.select((pl.col("ratio") > 1.8).mean()).item() > 0.8


def test_concentrated_clients_hold_little_else(firm: simulate.Demo, holdings: pl.DataFrame) -> None:
    planted = _of(holdings, firm, "concentrated")
    largest = planted.group_by("client_id").agg(
        share=pl.col("value").max() / pl.col("value").sum(), things=pl.len()
    )
    assert largest.height == len(firm.planted["concentrated"]["clients"]) > 0
    assert largest["share"].min() > 0.9  # type: ignore[operator]
    assert largest["things"].min() == 2


def test_drifting_clients_stopped_trading(firm: simulate.Demo) -> None:
    trades = _of(firm.areas["trades"], firm, "drifting")
    since = dt.datetime.fromisoformat(firm.planted["drifting"]["since"]).replace(tzinfo=dt.UTC)
    early = trades.filter(pl.col("traded_at").is_between(since - dt.timedelta(days=365), since))
    late = trades.filter(pl.col("traded_at") > since + dt.timedelta(days=1))
    assert early.group_by("client_id").len()["len"].min() >= 5  # type: ignore[operator]
    assert set(late["side"]) == {"sell"}
    assert late["traded_at"].max() < dt.datetime(2026, 4, 15, tzinfo=dt.UTC)  # type: ignore[operator]


def test_drifting_clients_took_their_money_away(
    firm: simulate.Demo, holdings: pl.DataFrame, newest_clients: pl.DataFrame
) -> None:
    left = _total(_of(holdings, firm, "drifting"), "value")
    cash = _of(firm.areas["balances"], firm, "drifting")
    before, after = (
        _total(cash.filter(pl.col("as_of") == day), "cash") for day in (dt.date(2026, 3, 31), END)
    )
    trades = _of(firm.areas["trades"], firm, "drifting")
    bought = _total(trades.filter(pl.col("side") == "buy"), "amount")
    assert left < 0.1 * bought
    assert after < 0.1 * before
    assert set(_of(newest_clients, firm, "drifting")["status"]) == {"active"}


def test_active_high_value_clients_trade_most_and_own_most(
    firm: simulate.Demo, holdings: pl.DataFrame
) -> None:
    trades = firm.areas["trades"].group_by("client_id").len()
    value = holdings.group_by("client_id").agg(pl.col("value").sum())
    assert _of(trades, firm, "active_high_value")["len"].min() > trades["len"].quantile(0.95)  # type: ignore[operator]
    planted = _of(value, firm, "active_high_value")
    assert planted.filter(pl.col("value") > value["value"].quantile(0.9)).height > 0.9 * planted.height


def test_above_level_traders_buy_above_and_hold_nothing_of_it(
    firm: simulate.Demo,
    above_level: pl.DataFrame,
    product_levels: pl.DataFrame,
    client_levels: pl.DataFrame,
) -> None:
    bought = (
        _of(firm.areas["trades"], firm, "above_level_trader")
        .filter(pl.col("side") == "buy")
        .join(product_levels, on="security_id")
        .join(client_levels, on="client_id")
    )
    above = bought.group_by("client_id").agg(
        (pl.col("product_level") > pl.col("level")).mean().alias("share")
    )
    assert above["share"].min() > 0.4  # type: ignore[operator]
    assert _of(above_level, firm, "above_level_trader")["share"].max() == 0


def test_finances_that_fell_are_told_by_a_statement_after_the_assessment(
    firm: simulate.Demo, client_levels: pl.DataFrame
) -> None:
    statements = firm.areas["finances"].sort("as_of")
    later = statements.join(
        firm.areas["preferences"].group_by("client_id").agg(pl.col("assessed_on").max()), on="client_id"
    ).filter(pl.col("as_of") > pl.col("assessed_on"))
    assert sorted(later["client_id"]) == firm.planted["weaker_finances"]["clients"]
    assert later.height == 6
    before = statements.join(later, on="client_id", suffix="_later").filter(
        pl.col("as_of") <= pl.col("assessed_on")
    )
    before = before.group_by("client_id", maintain_order=True).agg(pl.col("net_assets").last())
    fell = later.join(before, on="client_id", suffix="_before").select(
        fell=1 - pl.col("net_assets") / pl.col("net_assets_before"),
        owed=pl.col("liabilities") / pl.col("total_assets"),
    )
    assert fell["fell"].min() >= 0.69  # type: ignore[operator]
    assert ((fell["owed"] > 0.85) | (fell["owed"] == 0)).all()


def test_scores_below_the_level_are_the_planted_ones(
    firm: simulate.Demo, client_levels: pl.DataFrame
) -> None:
    lowest = {1: 0, 2: 20, 3: 37, 4: 54, 5: 83}
    newest = firm.areas["preferences"].sort("assessed_on").group_by("client_id").agg(pl.all().last())
    below = newest.join(client_levels, on="client_id").filter(
        pl.col("questionnaire_score") < pl.col("level").replace_strict(lowest)
    )
    assert sorted(below["client_id"]) == firm.planted["score_below_level"]["clients"]
    assert below.height == 6
    assert (below["expires_on"] >= END).all()
    assert (below["questionnaire_score"] >= 1).all()


def test_who_no_longer_fits_plays_no_other_part(firm: simulate.Demo) -> None:
    unfit = [c for name in ("weaker_finances", "score_below_level") for c in firm.planted[name]["clients"]]
    others = {client for name in GROUPS for client in firm.planted.get(name, {}).get("clients", [])}
    assert len(set(unfit)) == len(unfit)
    assert others.isdisjoint(unfit)


def test_the_unpriced_security_is_held(firm: simulate.Demo, holdings: pl.DataFrame) -> None:
    held = holdings.filter(pl.col("value").is_null())
    assert set(held["security_id"]) == {firm.planted["unpriced"]["security_id"]}
    assert sorted(held["client_id"]) == firm.planted["unpriced_holder"]["clients"]


def test_duplicates_are_one_person_twice(firm: simulate.Demo, newest_clients: pl.DataFrame) -> None:
    person = newest_clients.select("client_id", "full_name", "id_number", "birth_date", "gender")
    by_client = {row[0]: row[1:] for row in person.iter_rows()}
    pairs = firm.planted["duplicates"]["pairs"]
    assert len(pairs) == 4
    assert all(by_client[first] == by_client[second] for first, second in pairs)


def test_the_neglected_branch_has_not_looked_at_its_records_for_a_year(
    firm: simulate.Demo, newest_clients: pl.DataFrame
) -> None:
    a_year_ago = dt.datetime(2025, 6, 30, tzinfo=dt.UTC)
    active = newest_clients.filter(pl.col("status") == "active")
    stale = active.group_by("branch").agg((pl.col("updated_at") < a_year_ago).mean().alias("share"))
    share = dict(stale.iter_rows())
    neglected = share.pop(firm.planted["neglected_branch"]["branch"])
    assert max(share.values()) < 0.25 < 0.4 < neglected


def test_a_missing_income_is_explained_and_of_the_neglected_branch(
    firm: simulate.Demo, newest_clients: pl.DataFrame
) -> None:
    lacking = firm.areas["finances"].filter(pl.col("annual_income").is_null())
    branches = lacking.join(newest_clients, on="client_id")["branch"].unique().to_list()
    assert lacking["remarks"].is_not_null().all()
    assert branches == [firm.planted["neglected_branch"]["branch"]]


def test_the_list_is_written_whole(firm: simulate.Demo, tmp_path: Path) -> None:
    simulate.write_planted(firm, tmp_path / "new" / "planted.json")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["planted.json"]
    text = (tmp_path / "new" / "planted.json").read_text("utf-8")
    assert firm.planted["slow_branch"]["branch"] in text
