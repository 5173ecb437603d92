"""The few charts that reports draw, with seaborn: direct labels, one thing in colour, the rest quiet.

Each returns a figure; `Page.chart` gives it its title, source and place. A chart is half a page wide, so
that two stand side by side, or with `wide` all of it; text comes out the same in both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from clientlib.report import formats, theme
from clientlib.report.tables import Style

_LETTERS = 8.5
"""So many letters of a label find room in an inch of a grid, what stands at its side reckoned in."""
Column: TypeAlias = "Sequence[Any] | pd.Series[Any]"
"""Labels or numbers in order."""


@dataclass(frozen=True)
class Charts:
    """Charts in the language of `style`. Labels come in words; values as plain numbers."""

    style: Style

    def bars(
        self,
        labels: Column,
        values: Column,
        kind: str,
        *,
        marked: Column | None = None,
        wide: bool = False,
    ) -> Any:
        """Horizontal bars from the top down, each number at its end; `marked` ones in the alert colour."""
        import seaborn as sns

        figure, axes = _axes(wide, len(labels))
        places = [str(n) for n in range(len(labels))]
        sns.barplot(
            x=list(values),
            y=places,
            hue=places,
            palette=_colours(marked, len(labels)),
            saturation=1,
            linewidth=0,
            legend=False,
            width=0.66,
            ax=axes,
        )
        axes.set_yticks(range(len(labels)), [str(label) for label in labels])
        for place, value in enumerate(values):
            if not formats.missing(value):
                outwards = value >= 0
                axes.annotate(
                    self._short(value, kind),
                    (value, place),
                    xytext=(5 if outwards else -5, 0),
                    textcoords="offset points",
                    va="center",
                    ha="left" if outwards else "right",
                    color=theme.INK,
                )
        _bare_x(axes, values)
        return figure

    def pairs(
        self,
        labels: Column,
        values: Mapping[str, Column],
        names: Sequence[str],
        kind: str,
        *,
        wide: bool = False,
    ) -> Any:
        """Two bars a label, such as share of clients beside share of value. `values` maps name → numbers."""
        import seaborn as sns

        figure, axes = _axes(wide, len(labels) + len(labels) // 2 + 1)
        places = [str(n) for n in range(len(labels))]
        filled = {name: [0.0 if formats.missing(v) else float(v) for v in values[name]] for name in names}
        long = pd.DataFrame(
            # A gap is drawn as no length: its label, a dash, still stands where it belongs.
            [(place, name, v) for name in names for place, v in zip(places, filled[name], strict=True)],
            columns=["place", "name", "value"],
        )
        colours = [theme.CONTEXT, theme.MAIN][: len(names)]
        sns.barplot(
            long,
            x="value",
            y="place",
            hue="name",
            palette=colours,
            saturation=1,
            linewidth=0,
            width=0.74,
            legend=False,
            ax=axes,
        )
        axes.set(xlabel="", ylabel="")
        axes.set_yticks(range(len(labels)), [str(label) for label in labels])
        for container, name in zip(axes.containers, names, strict=False):
            texts = [self._short(v, kind) for v in values[name]]
            axes.bar_label(container, texts, padding=4, color=theme.INK, fontsize=10.5)
        handles = [_patch(colour) for colour in colours]
        figure.legend(handles, list(names), loc="outside upper left", ncols=2, handlelength=1, handleheight=1)
        _bare_x(axes, long["value"])
        return figure

    def heat(
        self,
        table: pd.DataFrame,
        kind: str,
        x: str,
        y: str,
        *,
        diverging: bool = False,
        texts: pd.DataFrame | None = None,
        wide: bool = False,
    ) -> Any:
        """A grid of numbers, darker for more; rows and columns as in `table`, already in words.

        Long names of columns are broken over lines.

        `diverging` colours below and above zero apart. `texts` replaces the numbers in the cells.
        """
        import seaborn as sns

        figure, axes = _axes(wide, len(table) + 1)
        if texts is None:
            texts = table.map(lambda v: "" if formats.missing(v) else self._short(v, kind))
        extreme = float(table.abs().max().max() or 1)
        sns.heatmap(
            table.astype(float),
            annot=texts,
            fmt="",
            cmap=theme.ramp("diverging" if diverging else "ramp"),
            vmin=-extreme if diverging else 0,
            vmax=extreme,
            cbar=False,
            linewidths=2,
            linecolor="none",
            annot_kws={"fontsize": 10.5},
            ax=axes,
        )
        axes.set(xlabel=x, ylabel=y)
        axes.grid(visible=False)
        room = int(figure.get_figwidth() * _LETTERS / max(len(table.columns), 1))
        axes.set_xticks(axes.get_xticks(), [_broken(str(name), room) for name in table.columns])
        axes.tick_params(axis="x", rotation=0)
        axes.tick_params(axis="y", rotation=0)
        return figure

    def intervals(
        self,
        labels: Column,
        middle: Column,
        low: Column,
        high: Column,
        kind: str,
        x: str,
        *,
        marked: Column | None = None,
        reference: float | None = None,
        wide: bool = False,
    ) -> Any:
        """A dot with its interval for each label; a broken line where the `reference` lies."""
        import seaborn as sns

        figure, axes = _axes(wide, len(labels))
        colours = _colours(marked, len(labels))
        places = list(range(len(labels)))
        if reference is not None:
            axes.axvline(reference, color=theme.MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
        axes.hlines(places, list(low), list(high), colors=colours, linewidth=2.4, alpha=0.45)
        sns.scatterplot(
            x=list(middle),
            y=places,
            hue=places,
            palette=colours,
            s=62,
            legend=False,
            linewidth=0,
            zorder=3,
            ax=axes,
        )
        axes.set_yticks(places, [str(label) for label in labels])
        axes.set(xlabel=x, ylabel="", ylim=(len(labels) - 0.5, -0.5))
        self._ticks(axes.xaxis, kind)
        return figure

    def trend(
        self,
        dates: Column,
        values: Column,
        kind: str,
        y: str,
        *,
        low: Column | None = None,
        high: Column | None = None,
        wide: bool = False,
    ) -> Any:
        """A line over months with its interval as a band; the last value is written out."""
        import seaborn as sns

        figure, axes = _axes(wide)
        dates, values, places = list(dates), list(values), list(range(len(dates)))
        if low is not None and high is not None:
            axes.fill_between(places, list(low), list(high), color=theme.MAIN, alpha=0.14, linewidth=0)
        sns.lineplot(
            x=places, y=values, color=theme.MAIN, marker="o", markersize=5, markeredgewidth=0, ax=axes
        )
        step = max(1, -(-len(places) // (12 if wide else 5)))
        shown = places[::-1][::step][::-1]
        axes.set_xticks(shown, [formats.month(dates[n], self.style.language) for n in shown])
        axes.set(xlabel="", ylabel=y)
        axes.margins(x=0.12)
        axes.grid(visible=False, axis="x")
        axes.grid(visible=True, axis="y")
        axes.tick_params(axis="x", labelcolor=theme.MUTED)
        axes.tick_params(axis="y", labelcolor=theme.MUTED)
        self._ticks(axes.yaxis, kind)
        if len(places) and not formats.missing(values[-1]):
            axes.annotate(
                self._short(values[-1], kind),
                (places[-1], values[-1]),
                xytext=(8, 0),
                textcoords="offset points",
                ha="left",
                va="center",
                color=theme.INK,
                fontweight="bold",
            )
        return figure

    def spread(
        self,
        quantiles: pd.DataFrame,
        kind: str,
        x: str,
        *,
        limits: Column | None = None,
        limit_name: str = "",
        wide: bool = False,
    ) -> Any:
        """How a measure spreads in each row of `quantiles` (columns `p10`, `p25`, `median`, `p75`, `p90`).

        Thin line: the middle four fifths; thick line: the middle half; dot: the median; a broken upright
        mark where the row's limit lies.
        """
        figure, axes = _axes(wide, len(quantiles) + 1)
        places = list(range(len(quantiles)))
        axes.hlines(places, quantiles["p10"], quantiles["p90"], colors=theme.CONTEXT, linewidth=2.2)
        axes.hlines(places, quantiles["p25"], quantiles["p75"], colors=theme.MAIN, linewidth=7)
        axes.scatter(
            quantiles["median"], places, s=46, color="white", edgecolor=theme.MAIN, linewidth=1.8, zorder=3
        )
        if limits is not None:
            for place, limit in zip(places, limits, strict=True):
                if not formats.missing(limit):
                    axes.vlines(limit, place - 0.34, place + 0.34, colors=theme.ALERT, linewidth=2)
            figure.legend([_line(theme.ALERT)], [limit_name], loc="outside upper left", handlelength=1.2)
        axes.set_yticks(places, [str(label) for label in quantiles.index])
        axes.set(xlabel=x, ylabel="", ylim=(len(places) - 0.5, -0.5))
        self._ticks(axes.xaxis, kind)
        return figure

    def spark(self, values: Column, *, marked: Column | None = None) -> Any:
        """A handful of upright bars without a word, for a card of the index."""
        import seaborn as sns

        figure, axes = _sized((3.2, 0.9))
        places = [str(n) for n in range(len(values))]
        colours = _colours(marked, len(values))
        sns.barplot(
            x=places,
            y=list(values),
            hue=places,
            palette=colours,
            saturation=1,
            linewidth=0,
            legend=False,
            width=0.72,
            ax=axes,
        )
        axes.set_axis_off()
        return figure

    def _short(self, value: float, kind: str) -> str:
        if formats.missing(value):
            return formats.MISSING
        if kind == "money":
            scale = formats.scale_for([value], self.style.language)
            return (
                formats.decimal(value / scale.divisor, self.style.language, 1 if scale.mark else 0)
                + scale.mark
            )
        return formats.write(value, kind, self.style.language)

    def _ticks(self, axis: Any, kind: str) -> None:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: self._tick(float(value), kind)))

    def _tick(self, value: float, kind: str) -> str:
        if kind == "percent":
            places = 0 if abs(value * 100 - round(value * 100)) < 1e-6 else 1
            return formats.decimal(value * 100, self.style.language, places) + "%"
        if kind in ("hours", "days"):
            return formats.decimal(value, self.style.language, 0 if float(value).is_integer() else 1)
        return self._short(value, kind)


def _axes(wide: bool, rows: int | None = None) -> tuple[Any, Any]:
    """A figure and its axes, half a page wide or all of it; with `rows` as high as these need."""
    width, usual = theme.WIDE if wide else theme.HALF
    return _sized((width, theme.height(rows) if rows else usual))


def _broken(name: str, room: int) -> str:
    """A name over as many lines as it takes, each of about `room` letters; a Chinese character takes two."""
    lines, used = [""], 0
    for piece in re.findall(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+", name):
        wide = 2 if len(piece) == 1 and piece >= "\u2e80" else len(piece)
        between = "" if wide == 2 and len(piece) == 1 else " "
        if lines[-1] and used + len(between) + wide > room:
            lines, used = [*lines, piece], wide
        else:
            lines[-1] = f"{lines[-1]}{between}{piece}".strip()
            used += len(between) + wide
    return "\n".join(lines)


def _sized(size: tuple[float, float]) -> tuple[Any, Any]:
    # A Figure of its own: nothing is left behind in pyplot for a notebook to show a second time.
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    return figure, figure.subplots()


def _colours(marked: Column | None, count: int) -> list[str]:
    marks = [False] * count if marked is None else list(marked)
    return [theme.ALERT if mark else theme.MAIN for mark in marks]


def _bare_x(axes: Any, values: Any) -> None:
    """The numbers stand at the bars: no axis, and room for the longest of them."""
    axes.set(xlabel="", ylabel="")
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)
    numbers = [float(v) for v in values if not formats.missing(v)] or [1.0]
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    room = (high - low or 1.0) * 0.2
    axes.set_xlim(low - (room if low < 0 else 0), high + room)


def _patch(colour: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, linewidth=0)


def _line(colour: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linewidth=2)
