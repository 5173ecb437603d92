"""Market risk, margin, stress and limits: what may happen to each client's holdings, and whom to call."""

from clientlib.analysis.risk.backtest import count_exceedances
from clientlib.analysis.risk.limits import RULES, SEVERITIES
from clientlib.analysis.risk.margin import margin_accounts
from clientlib.analysis.risk.portfolio import portfolio_risk
from clientlib.analysis.risk.prices import price_history
from clientlib.analysis.risk.review import RiskReview, review_risk
from clientlib.analysis.risk.stress import stress_by_client, stress_of_firm

__all__ = [
    "RULES",
    "SEVERITIES",
    "RiskReview",
    "count_exceedances",
    "margin_accounts",
    "portfolio_risk",
    "price_history",
    "review_risk",
    "stress_by_client",
    "stress_of_firm",
]
