"""What the other reports of an edition found, for a report that draws on them all.

While a run is at work, what became of the others lies in the edition in the making, which the process of a
report is told of by `publish.EDITION_VARIABLE`; of those that the run does not make, and outside a run, the
published edition of the same day and branch tells.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from clientlib.report import manifest, outcome, plan, publish
from clientlib.report.outcome import SEVERITIES
from clientlib.report.page import Page
from clientlib.report.plan import Report
from clientlib.workbook import Workbook, find

STATUSES = ("made", "kept", "unavailable", "skipped", "failed")
"""How a report stands; *kept* is one that could not be made again, so that its last good page stands."""
_REPORTS = ["report", "title", "status", "page", "language", "order"]
_POINTS = ["report", "title", "severity", "text", "page", "anchor", "language", "rank"]
_SHOWN = ("page", "figures", "points")


@dataclass(frozen=True)
class Others:
    """What the other reports found.

    Attributes
    ----------
    reports : DataFrame, index report, in the index's order
        title, status (one of `STATUSES`), page (file beside this page; missing where there is none),
        language (of what it found), order, and how many points it has of each severity (`SEVERITIES`).
    points : DataFrame, by rank
        report, title, severity, text, page, anchor (empty: the whole page), language, rank. The gravest come
        first; of equal gravity, each report has its first, then each its second.
    figures : dict of str to tuple of mapping
        Each report's figures as it showed them, see `Page.figures`.
    """

    reports: pd.DataFrame
    points: pd.DataFrame
    figures: Mapping[str, tuple[Mapping[str, Any], ...]]

    def things(self, most: int = 10) -> pd.DataFrame:
        """The `most` things to know, by rank.

        No report has much more than its share while another has something to say, but what must be acted on
        today is never left out for that.
        """
        speaking = max(self.points["report"].nunique(), 1)
        share = -(-most // speaking) + 1
        turn = self.points.groupby("report").cumcount()
        within = (turn < share) | self.points["severity"].eq(SEVERITIES[0])
        chosen = pd.concat([self.points[within], self.points[~within]]).head(most)
        return chosen.sort_values("rank", ignore_index=True)

    @property
    def totals(self) -> dict[str, float]:
        """What each figure that is a number comes to, by its label."""
        every = [figure for figures in self.figures.values() for figure in figures]
        return {f["label"]: float(f["value"]) for f in every if isinstance(f["value"], int | float)}

    def headlines(self, most: int = 5) -> list[dict[str, Any]]:
        """Figures for a strip: each report's first, then each one's second, `most` in all."""
        told = {report: list(figures) for report, figures in self.figures.items()}
        return [{**figure, "key": f"{report}_{figure['key']}"} for report, figure in _in_turn(told, most)]

    def by_branch(self, most: int = 5) -> pd.DataFrame:
        """Counts that the figures tell by branch: index branch, a column a figure, named as it is there.

        Missing where a report has withheld a branch; 0 only where it has counted nobody. Chosen as headlines
        are, of figures that have something to tell.
        """
        told = {
            report: [figure for figure in figures if any(figure["parts"].values())]
            for report, figures in self.figures.items()
        }
        columns = {figure["label"]: pd.Series(figure["parts"]) for _, figure in _in_turn(told, most)}
        return pd.DataFrame(columns, dtype="float64").rename_axis("branch").sort_index()


def others(page: Page, workbook: Workbook | None = None) -> Others:
    """What the other reports of the page's day and branch found, in its language where there is a choice.

    Parameters
    ----------
    page : Page
        The report that draws on them. Reports that do so as well are left out, as they may not be made yet.
    workbook : Workbook, optional
        Where the notebooks and editions lie; without it, the one that is found from here.
    """
    workbook = workbook or find()
    told = list(_told(page, workbook))
    lines = [
        [report.name, run["title"] or report.title(page.language), _status(run), run["page"], language, n]
        for n, (report, language, run) in enumerate(told)
    ]
    reports = pd.DataFrame(lines, columns=_REPORTS).set_index("report")
    points = _ranked(pd.DataFrame(list(_points(told, reports)), columns=_POINTS), reports["order"])
    severities = pd.crosstab(points["report"], points["severity"])
    counts = severities.reindex(index=reports.index, columns=list(SEVERITIES), fill_value=0)
    figures = {report.name: tuple(run["figures"]) for report, _, run in told if run["page"]}
    return Others(reports.join(counts), points, figures)


# ------------------------------------------------------------------ within
def _in_turn(told: Mapping[str, Sequence[Any]], most: int) -> list[tuple[str, Any]]:
    """Each report's first, then each one's second, until there are `most`; told report by report."""
    entries = [
        (turn, place, report, thing)
        for place, (report, things) in enumerate(told.items())
        for turn, thing in enumerate(things)
    ]
    chosen = sorted(entries, key=itemgetter(0, 1))[:most]
    return [(report, thing) for _, _, report, thing in sorted(chosen, key=itemgetter(1, 0))]


_Told = tuple[Report, str, Mapping[str, Any]]


def _told(page: Page, workbook: Workbook) -> Iterator[_Told]:
    """Each other report that anything is known of, with the language and what became of it."""
    edition = workbook.reports / publish.edition_name(page.as_of, page.branch)
    published = manifest.read(edition)
    making = os.environ.get(publish.EDITION_VARIABLE)
    for report in plan.discover(workbook):
        if report.draws_on_others or report.name == page.name:
            continue
        before = manifest.runs(published, report.name)
        runs = {**before, **(dict(_words(Path(making), report.name, before)) if making else {})}
        if runs:
            language = max(runs, key=lambda name: (bool(runs[name]["page"]), name == page.language))
            yield report, language, runs[language]


def _words(folder: Path, report: str, before: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the run at work has made of a report, by language. As in the manifest, one that could not be made
    keeps the page of before."""
    for file in outcome.word_files(folder, report):
        if word := outcome.read(file):
            kept = before.get(word.language, {}) if not word.shown else {}
            yield word.language, {**asdict(word), **{key: kept[key] for key in _SHOWN if kept.get("page")}}


def _status(run: Mapping[str, Any]) -> str:
    return "kept" if run["status"] in ("failed", "skipped") and run["page"] else str(run["status"])


def _points(told: list[_Told], reports: pd.DataFrame) -> Iterator[list[Any]]:
    for report, language, run in told:
        for point in run["points"] if run["page"] else ():
            title = reports.loc[report.name, "title"]
            facts = [point["severity"], point["text"], run["page"], point["anchor"]]
            yield [report.name, title, *facts, language, 0]


def _ranked(points: pd.DataFrame, order: pd.Series) -> pd.DataFrame:
    gravity = points["severity"].map({severity: n for n, severity in enumerate(SEVERITIES)})
    turn = points.groupby(["report", "severity"]).cumcount()
    by = pd.DataFrame({"gravity": gravity, "turn": turn, "order": points["report"].map(order)})
    ranked = points.loc[by.sort_values(["gravity", "turn", "order"]).index].reset_index(drop=True)
    return ranked.assign(rank=range(1, len(ranked) + 1))
