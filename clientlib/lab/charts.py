"""The two charts of a client's card, drawn with seaborn: pictures, each with a text that tells it."""

from __future__ import annotations

import base64
import html
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from clientlib import fonts
from clientlib.codes import CODES
from clientlib.lab import values
from clientlib.lab.card import Card, Period
from clientlib.lab.wording import say

BUY, SELL, HOLD = "#14425f", "#e08a3c", "#2c8c84"
"""Told apart by lightness too, on a grey printer and by those who see few colours."""
INK, QUIET = "#1f2a36", "#5a6673"
SIZE = (6.4, 3.5)
_TICKS = 8


def trades_chart(card: Card, language: str) -> str:
    """What the client bought (upwards) and sold (downwards) over time, as an `<img>` with its text."""
    if card.trades.empty:
        return ""
    title = say("trades_title", language, client=card.client_id)
    with _style():
        figure, axes = _figure()
        places = list(range(len(card.trades)))
        for sums, colour, label in _sides(card.trades, language):
            sns.barplot(
                x=places, y=sums, color=colour, saturation=1, width=0.85, label=label, errorbar=None, ax=axes
            )
        axes.axhline(0, color=INK, linewidth=0.8)
        step = -(-len(places) // _TICKS)
        starts = card.trades["period_start"]
        axes.set_xticks(places[::step], [_period_label(start, card.period) for start in starts[::step]])
        _finish(card, axes, title, language, pad=28)
        axes.set_ylabel(say(f"trades_by_{card.period}", language, currency=card.currency))
        axes.yaxis.set_major_formatter(lambda value, _: values.short_money(abs(value), language))
        axes.legend(loc="upper left", frameon=False, ncols=2, handlelength=1, bbox_to_anchor=(-0.02, 1.12))
        return _picture(figure, _trades_text(card, title, language))


def holdings_chart(card: Card, language: str) -> str:
    """What the client holds by asset class, as an `<img>` with its text."""
    if card.holdings.empty:
        return ""
    title = say("holdings_title", language, client=card.client_id)
    labels = [CODES["asset_class"].label(str(code), language) for code in card.holdings.index]
    amounts = [float(value) for value in card.holdings]
    total = sum(amounts)
    shares = [values.percent(value / total) if total > 0 else values.MISSING for value in amounts]
    with _style():
        figure, axes = _figure()
        sns.barplot(
            x=amounts, y=labels, color=HOLD, saturation=1, width=0.62, orient="h", errorbar=None, ax=axes
        )
        for bars in axes.containers:
            axes.bar_label(bars, shares, padding=4, color=INK)
        axes.margins(x=0.14)
        _finish(card, axes, title, language)
        axes.set(xlabel=say("holdings_axis", language, currency=card.currency), ylabel="")
        axes.xaxis.set_major_formatter(lambda value, _: values.short_money(value, language))
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        listed = ", ".join(f"{label} {share}" for label, share in zip(labels, shares, strict=True))
        return _picture(figure, say("holdings_alt", language, title=title, shares=listed))


def _sides(trades: pd.DataFrame, language: str) -> Iterator[tuple[list[float], str, str]]:
    side = CODES["side"]
    yield trades["buy"].to_list(), BUY, side.label("buy", language)
    yield (-trades["sell"]).to_list(), SELL, side.label("sell", language)


def _trades_text(card: Card, title: str, language: str) -> str:
    starts = card.trades["period_start"]
    return say(
        "trades_alt",
        language,
        title=title,
        count=card.trade_count,
        first=_period_label(starts.iloc[0], card.period),
        last=_period_label(starts.iloc[-1], card.period),
        bought=values.short_money(float(card.trades["buy"].sum()), language),
        sold=values.short_money(float(card.trades["sell"].sum()), language),
        currency=card.currency,
    )


def _period_label(start: pd.Timestamp, period: Period) -> str:
    if period == "month":
        return f"{start:%Y-%m}"
    return f"{start.year} Q{start.quarter}" if period == "quarter" else str(start.year)


@contextmanager
def _style() -> Iterator[None]:
    """The look of the charts, for as long as they are drawn: an analyst's own settings stay theirs."""
    settings: dict[Any, Any] = {
        "font.family": fonts.families(),
        "font.size": 9.5,
        "axes.titlesize": 11,
        "text.color": INK,
        "axes.labelcolor": QUIET,
        "xtick.color": QUIET,
        "ytick.color": INK,
        "grid.color": "#dfe4e8",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "svg.fonttype": "none",
        "text.parse_math": False,
    }
    with warnings.catch_warnings(), mpl.rc_context(), sns.axes_style("whitegrid"):
        # Without a Chinese font here the reader's browser brings one; only the layout is less exact.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        mpl.rcParams.update(settings)
        yield


def _figure() -> tuple[Any, Any]:
    # Not pyplot's: nothing is left open, and no notebook backend shows it a second time.
    figure = Figure(figsize=SIZE, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    return figure, figure.subplots()


def _finish(card: Card, axes: Any, title: str, language: str, pad: int = 10) -> None:
    axes.set_title(title, loc="left", fontweight="bold", pad=pad)
    axes.set_xlabel("")
    axes.grid(visible=False, axis="x")
    source = say("source", language, as_of=card.as_of.isoformat())
    axes.figure.supxlabel(source, x=0.01, ha="left", fontsize=8, color=QUIET)


def _picture(figure: Any, text: str) -> str:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    data = base64.b64encode(drawn.getvalue().encode("utf-8")).decode("ascii")
    return (
        f'<img class="cw-chart" src="data:image/svg+xml;base64,{data}" alt="{html.escape(text, quote=True)}">'
    )
