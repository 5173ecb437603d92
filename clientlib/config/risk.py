"""Settings of the risk review; `clientlib/defaults.toml` explains each line."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from clientlib.codes import CODES
from clientlib.config.section import Fraction, Level, Positive, Section
from clientlib.misfits import Misfit


def _asset_class(name: str) -> str:
    classes = CODES["asset_class"].values
    if name not in classes:
        raise Misfit(
            f'"{name}" is no asset class; there are {", ".join(classes)}',
            f"没有资产类别“{name}”，现有：{'、'.join(classes)}",
        )
    return name


AssetClass = Annotated[str, AfterValidator(_asset_class)]


class MarginLines(Section):
    watch: Positive
    warn: Positive
    close_out: Positive


class MarginDays(Section):
    """Trading days to act in, from the first day under a line."""

    watch: Annotated[int, Field(ge=0)]
    warn: Annotated[int, Field(ge=0)]
    close_out: Annotated[int, Field(ge=0)]


class LevelLimits(Section):
    var: Fraction
    largest_weight: Fraction
    mismatch: Fraction


class SeveritySteps(Section):
    """Multiples of a limit beyond which an alert is to watch, to warn about, or high; none: never so."""

    watch: Positive
    warn: Positive
    high: Positive | None = None


class AlertRules(Section):
    """How long alerts stand, and when they are quiet."""

    release: Annotated[float, Field(gt=0, le=1)]
    look_back_days: Annotated[int, Field(ge=0, le=250)]
    quiet_days: Annotated[int, Field(ge=0)]
    worsened: Annotated[float, Field(ge=0)]


class Scenario(Section):
    """Shocks that are named, or a window of past prices played again: one of the three."""

    title: str
    title_zh: str
    shocks: dict[str, Annotated[float, Field(ge=-1)]] = Field(default_factory=dict)
    replay: tuple[dt.date, dt.date] | None = None
    worst_days: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if [bool(self.shocks), self.replay is not None, self.worst_days is not None].count(True) != 1:
            raise Misfit(
                "one of shocks, replay and worst_days is expected",
                "shocks、replay、worst_days 须填且只填一项",
            )
        if self.replay is not None and self.replay[0] >= self.replay[1]:
            raise Misfit("replay ends before it starts", "replay 的结束日期须晚于开始日期")
        return self


class BacktestRules(Section):
    """When losses beyond the value at risk say that it is wrong."""

    significance: Annotated[float, Field(gt=0, lt=0.5)]
    least_days: Annotated[int, Field(ge=1)]


class Liquidity(Section):
    days: Annotated[int, Field(ge=1)]
    participation: Annotated[float, Field(gt=0, le=1)]
    volume_days: Annotated[int, Field(ge=1)]
    days_to_sell: dict[AssetClass, Annotated[int, Field(ge=1)]]


class Crowding(Section):
    weight: Fraction
    clients: Annotated[int, Field(ge=1)]


class BehaviourRules(Section):
    """When a level no longer fits how its client trades, or what the client owns."""

    months: Annotated[int, Field(ge=1)]
    buys_above: Fraction
    least_buys: Annotated[int, Field(ge=1)]
    net_assets_fall: Fraction
    debt_share: Positive


class PlanRules(Section):
    """How a plan of adjustment may trade."""

    fee: Fraction
    buys: Annotated[int, Field(ge=0)]
    buy_classes: tuple[AssetClass, ...]
    least_order: Annotated[float, Field(ge=0)]
    least_kept: Fraction
    lots: dict[str, Positive]
    least_step: Positive
    seconds: Positive


class Risk(Section):
    window: Annotated[int, Field(ge=2)]
    level: Annotated[float, Field(gt=0.5, lt=1)]
    stale_days: Annotated[int, Field(ge=0)]
    benchmark: str
    exchange_rates: dict[str, str]
    margin_lines: MarginLines
    margin_days: MarginDays
    limits: dict[Level, LevelLimits]
    severity: dict[Literal["var", "largest_weight", "mismatch"], SeveritySteps]
    alerts: AlertRules
    behaviour: BehaviourRules
    liquidity: Liquidity
    crowding: Crowding
    backtest: BacktestRules
    plan: PlanRules
    scenarios: dict[str, Scenario]


SECTIONS: tuple[type[Section], ...] = (
    Risk,
    MarginLines,
    MarginDays,
    LevelLimits,
    SeveritySteps,
    AlertRules,
    BehaviourRules,
    Liquidity,
    Crowding,
    BacktestRules,
    PlanRules,
    Scenario,
)
