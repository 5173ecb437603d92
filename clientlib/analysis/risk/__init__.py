"""Market risk, margin, stress and limits: what may happen to each client's holdings, and whom to call."""

from clientlib.analysis.risk.backtest import count_exceedances
from clientlib.analysis.risk.effect import clients_beyond
from clientlib.analysis.risk.gauges import SEVERITIES
from clientlib.analysis.risk.limits import RULES
from clientlib.analysis.risk.liquidity import crowded_securities, liquidity_by_client, market_volumes
from clientlib.analysis.risk.margin import margin_accounts
from clientlib.analysis.risk.plan import AdjustmentPlans, adjustment_plan
from clientlib.analysis.risk.portfolio import portfolio_risk
from clientlib.analysis.risk.prices import carried_closes, price_history
from clientlib.analysis.risk.reverse import bearable_loss, reverse_stress, worst_hit
from clientlib.analysis.risk.review import RiskReview, review_risk
from clientlib.analysis.risk.scenarios import ScenarioShocks, scenario_shocks
from clientlib.analysis.risk.stress import StressTest, stress_by_client, stress_of_firm, stress_test
from clientlib.analysis.risk.where import calls_by_place

__all__ = [
    "RULES",
    "SEVERITIES",
    "AdjustmentPlans",
    "RiskReview",
    "ScenarioShocks",
    "StressTest",
    "adjustment_plan",
    "bearable_loss",
    "calls_by_place",
    "carried_closes",
    "clients_beyond",
    "count_exceedances",
    "crowded_securities",
    "liquidity_by_client",
    "margin_accounts",
    "market_volumes",
    "portfolio_risk",
    "price_history",
    "reverse_stress",
    "review_risk",
    "scenario_shocks",
    "stress_by_client",
    "stress_of_firm",
    "stress_test",
    "worst_hit",
]
