"""What every feature means: name, titles, unit, definition and what a missing value says. One line a feature.

The order here is the order of the columns that `client_features` returns. Nothing is computed here.
"""
# ruff: noqa: E501 - one line a feature, as in tables.py

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from clientlib.codes import CODES

Dtype = Literal["str", "float64", "int64", "bool", "date"]
Unit = Literal["", "currency", "fraction", "ratio", "days", "years", "hours", "count", "score"]

NEVER = "never missing"


@dataclass(frozen=True)
class Feature:
    """One number (or code, or date) about one client as of a date.

    `dtype` is the column's in pandas: "str", "float64", "int64", "bool" or "date" (datetime64, midnight).
    `missing` says what an empty value means; `NEVER` where there is none.
    """

    name: str
    title_en: str
    title_zh: str
    dtype: Dtype
    unit: Unit
    definition: str
    missing: str

    def title(self, language: str) -> str:
        return self.title_zh if language == "zh" else self.title_en


def _of_class(code: str, en: str, zh: str) -> Feature:
    return Feature(
        f"share_{code}",
        f"Share of {en[:1].lower()}{en[1:]}",
        f"{zh}占比",
        "float64",
        "fraction",
        f"Market value of positions of asset class {code} / market_value.",
        "nothing priced is held",
    )


def _of_level(code: str) -> Feature:
    return Feature(
        f"share_{code.lower()}",
        f"Share of {code}",
        f"{code}占比",
        "float64",
        "fraction",
        f"Market value of positions in securities rated {code} / market_value.",
        "nothing priced is held",
    )


# fmt: off
_WHO = (
    Feature("client_type", "Client type", "客户类型", "str", "", "As in the clients area: individual, institution or product.", "not stated"),
    Feature("investor_class", "Investor class", "投资者类别", "str", "", "As in the clients area: ordinary or professional.", "not stated"),
    Feature("branch", "Branch", "营业部", "str", "", "As in the clients area.", "not stated"),
    Feature("advisor", "Advisor", "客户经理", "str", "", "As in the clients area.", "not stated"),
    Feature("status", "Status", "客户状态", "str", "", "As in the clients area: active, dormant or closed.", "not stated"),
    Feature("client_group", "Client group", "客户分组", "str", "", "As in the clients area: a source's own grouping.", "not stated"),
    Feature("age", "Age", "年龄", "float64", "years", "Whole years from birth_date to the as-of date.", "no birth date, as for institutions"),
    Feature("tenure_days", "Tenure", "开户天数", "float64", "days", "Days from opened_on to the as-of date.", "no opening date"),
    Feature("annual_income", "Annual income", "年收入", "float64", "currency", "Of the newest statement up to the as-of date.", "not stated, or stated in another currency"),
    Feature("financial_assets", "Financial assets", "金融资产", "float64", "currency", "Of the newest statement up to the as-of date.", "not stated, or stated in another currency"),
    Feature("capacity_band", "Capacity band", "投资能力区间", "str", "", "Of the newest statement up to the as-of date: a source's own band.", "not stated"),
)
_LEVEL = (
    Feature("risk_level", "Risk level", "风险承受能力等级", "str", "", "C1 to C5 of the newest assessment up to the as-of date, expired or not.", "never assessed, or without a result"),
    Feature("level_source", "Level source", "等级来源", "str", "", "Of the same assessment: assessed, or predicted by a model.", "never assessed, or not stated"),
    Feature("lowest_class", "Lowest class", "最低类别", "bool", "", "Of the same assessment: true where it says so.", NEVER),
    Feature("assessed_on", "Assessed on", "测评日期", "date", "", "Day of the same assessment.", "never assessed"),
    Feature("assessment_age_days", "Assessment age", "测评距今天数", "float64", "days", "Days from assessed_on to the as-of date.", "never assessed"),
    Feature("expires_on", "Expires on", "有效期至", "date", "", "Last day of the same assessment; where it states none, assessed_on plus settings.suitability.valid_months.", "never assessed"),
    Feature("level_valid", "Level valid", "等级有效", "bool", "", "True if there is a risk_level and expires_on is not before the as-of date.", NEVER),
)
_HOLDINGS = (
    Feature("currency", "Currency", "币种", "str", "", "The currency of every amount in the row.", NEVER),
    Feature("market_value", "Market value", "持仓市值", "float64", "currency", "Quantity × last close, over the priced positions; 0 for who holds nothing.", "positions are held and not one has a price"),
    Feature("cost", "Cost", "持仓成本", "float64", "currency", "Average cost, buy fees included, of all positions in the currency, priced or not.", NEVER),
    Feature("unpriced_cost", "Cost of unpriced positions", "无价格持仓成本", "float64", "currency", "The part of cost that stands for unpriced positions.", NEVER),
    Feature("unrealised_profit", "Unrealised profit", "浮动盈亏", "float64", "currency", "market_value less the cost of the priced positions.", "positions are held and not one has a price"),
    Feature("realised_profit", "Realised profit", "已实现盈亏", "float64", "currency", "Proceeds of all sales up to the as-of date, fees taken off, less the average cost of what was sold; nothing on uncovered parts.", NEVER),
    Feature("n_positions", "Positions", "持仓数量", "int64", "count", "Securities held (per currency), priced or not.", NEVER),
    Feature("unpriced_positions", "Unpriced positions", "无价格持仓", "int64", "count", "Positions in the currency without a close, or with a stale one: left out of market_value.", NEVER),
    Feature("foreign_positions", "Foreign-currency positions", "外币持仓", "int64", "count", "Positions traded in another currency: left out of every amount.", NEVER),
    Feature("uncovered_sells", "Uncovered sales", "超出持仓的卖出", "int64", "count", "Sales of more than the trades on record had brought in, in any currency.", NEVER),
    Feature("uncovered_amount", "Uncovered amount", "超出持仓的卖出金额", "float64", "currency", "Amount of the uncovered parts of sales, before fees.", NEVER),
    Feature("largest_weight", "Largest weight", "最大持仓占比", "float64", "fraction", "Largest position / market_value.", "nothing priced is held"),
)
_UNLISTED = Feature("share_unlisted", "Share not listed", "未登记证券占比", "float64", "fraction", "Market value of positions whose asset class is not on record / market_value.", "nothing priced is held")
_UNRATED = Feature("share_unrated", "Share not rated", "未评级证券占比", "float64", "fraction", "Market value of positions without a product risk level / market_value.", "nothing priced is held")
_MONEY = (
    Feature("cash", "Cash", "资金余额", "float64", "currency", "Of the newest balance up to the as-of date.", "no balance, or one in another currency"),
    Feature("margin_loan", "Margin loan", "融资余额", "float64", "currency", "Of the same balance.", "no balance, or one in another currency"),
    Feature("short_value", "Short value", "融券市值", "float64", "currency", "Of the same balance.", "no balance, or one in another currency"),
    Feature("accrued_interest", "Accrued interest", "应计利息", "float64", "currency", "Of the same balance.", "no balance, or one in another currency"),
    Feature("maintenance_ratio", "Maintenance ratio", "维持担保比例", "float64", "ratio", "(cash + market_value) / (margin_loan + short_value + accrued_interest); unpriced positions count as nothing.", "nothing is owed, or no balance in the currency"),
)
_TRADING = (
    Feature("n_trades", "Trades", "交易笔数", "int64", "count", "All trades up to the as-of date.", NEVER),
    Feature("buys", "Buys", "买入笔数", "int64", "count", "Buys up to the as-of date.", NEVER),
    Feature("sells", "Sales", "卖出笔数", "int64", "count", "Sales up to the as-of date.", NEVER),
    Feature("uncounted_trades", "Uncounted trades", "未计入持仓的交易", "int64", "count", "Trades that lack a field that positions need, or state a quadrillion or more: counted as trades, not in positions.", NEVER),
    Feature("recency_days", "Days since the last trade", "距上次交易天数", "float64", "days", "Days from the last trade (a day in the firm's time zone) to the as-of date; 0: the same day.", "never traded"),
    Feature("frequency", "Frequency", "交易频次", "int64", "count", "Trades in the last settings.segments.recency_days days.", NEVER),
    Feature("monetary", "Amount traded", "交易金额", "float64", "currency", "Amount bought and sold in that period.", NEVER),
    Feature("turnover", "Turnover", "换手率", "float64", "ratio", "Half of the amount bought and sold in the last 365 days / market_value at the as-of date.", "nothing priced is held"),
    Feature("digital_share", "Digital share", "线上交易占比", "float64", "fraction", "Trades by app or web / trades whose channel is known.", "no trade with a known channel"),
)
_SERVICE = (
    Feature("requests", "Service requests", "服务请求数", "int64", "count", "Requests opened in the last settings.feedback.period_days days.", NEVER),
    Feature("complaints", "Complaints", "投诉数", "int64", "count", "Those of them that are complaints.", NEVER),
    Feature("open_requests", "Open requests", "未办结请求数", "int64", "count", "Requests of any age not closed by the end of the as-of day.", NEVER),
    Feature("median_first_response_hours", "Median first response", "首次响应时间中位数", "float64", "hours", "From opening to first response, over the requests of the period answered by the end of the as-of day; still unanswered ones are left out.", "nothing answered in the period"),
    Feature("n_feedback", "Feedback", "反馈数", "int64", "count", "Answers given in the last settings.feedback.period_days days.", NEVER),
    Feature("mean_csat", "Mean satisfaction", "平均满意度", "float64", "score", "Mean csat (1 to 5) of those answers.", "no csat in the period"),
    Feature("last_csat", "Last satisfaction", "最近满意度", "float64", "score", "The newest csat (1 to 5), of any age.", "never given"),
    Feature("last_nps", "Last recommendation", "最近推荐意愿", "float64", "score", "The newest nps (0 to 10), of any age.", "never given"),
)
# fmt: on

FEATURES: tuple[Feature, ...] = (
    *_WHO,
    *_LEVEL,
    *_HOLDINGS,
    *(_of_class(entry.value, entry.en, entry.zh) for entry in CODES["asset_class"].entries),
    _UNLISTED,
    *(_of_level(level) for level in CODES["product_level"].values),
    _UNRATED,
    *_MONEY,
    *_TRADING,
    *_SERVICE,
)
"""Every feature, in the order of the columns."""

BY_NAME: Mapping[str, Feature] = MappingProxyType({feature.name: feature for feature in FEATURES})
"""Every feature by its name."""
