"""What a report's notebook calls: each call puts one block on the page, in the language of the run.

A block is displayed twice over: as HTML, for the analyst who opens the notebook in JupyterLab, and under
an own media type (`BLOCK`), by which the exporter knows that it belongs on the manager's page. Whatever
else a cell prints stays in the notebook.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import pandas as pd

from clientlib import __version__
from clientlib.analysis import disclosure
from clientlib.config import Settings
from clientlib.report import formats, messages, parameters, plan, svg, tables, theme
from clientlib.report.charts import Charts
from clientlib.report.outcome import Severity

if TYPE_CHECKING:
    from clientlib.book import Book

BLOCK = "application/vnd.clientlib.block+json"
"""The media type of a block; its value is the block without the HTML."""
Publish = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Figure:
    """A number of the at-a-glance strip.

    Parameters
    ----------
    key : str
        Its label is the message `figure.KEY`.
    value : number, date or str
        What is shown; NaN shows as a dash.
    kind : str
        See `formats.write`.
    alert : bool
        Whether it stands out.
    note : mapping
        Fills the message `figure.KEY_note`, where there is one.
    parts : mapping of str to number, optional
        What a count is made of, by branch, so that the index can tell where a change comes from. Parts too
        small to be shown are left out of the page, and a second one with them.
    better : {"up", "down", ""}
        Which way is good news; empty where neither is.
    """

    key: str
    value: Any
    kind: str = "count"
    alert: bool = False
    note: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)
    better: Literal["up", "down", ""] = ""


@dataclass(frozen=True)
class Page:
    """A report in the making: its parameters, checked, and the calls that write it.

    Keys are looked up in the report's own messages first (`sizes` is `segmentation.sizes`), then as they
    stand.
    """

    name: str
    as_of: dt.date
    known_at: dt.datetime
    branch: str
    language: str
    currency: str
    settings: Settings
    publish: Publish

    # ------------------------------------------------------------------ words and numbers

    @property
    def smallest(self) -> int:
        """The size of the smallest group that may be shown."""
        return self.settings.feedback.smallest_group

    @property
    def style(self) -> tables.Style:
        return tables.Style(self.name, self.language, self.currency, self.smallest)

    @property
    def draw(self) -> Charts:
        """The charts of the house, labelled in the reader's language."""
        return Charts(self.style)

    def text(self, key: str, **values: Any) -> str:
        """The message `key`, its numbers written in the reader's language."""
        return messages.say(self._key(key), self.language, self.currency, **values)

    def labels(self, values: Any, kind: str) -> list[str]:
        """Codes or keys as words, in order: `page.labels(frame["level"], "code:client_level")`."""
        return [tables.written(value, kind, self.style) for value in values]

    def label(self, value: Any, kind: str) -> str:
        """One code or key as a word."""
        return tables.written(value, kind, self.style)

    def titled(self, thing: Any) -> str:
        """The title of something that has `title` and `title_zh`, such as a scenario of the settings."""
        return str(thing.title_zh if self.language == "zh" else thing.title)

    def sentences(self, frame: pd.DataFrame, key: str, by: str) -> list[str]:
        """A sentence for each row: the message `KEY.VALUE` of the value in `by`, filled from the row."""
        rows = frame.to_dict("records")
        return [self.text(f"{key}.{row[by]}", **{str(k): v for k, v in row.items()}) for row in rows]

    def write(self, value: Any, kind: str) -> str:
        """A number as the reader's language writes it."""
        return formats.write(value, kind, self.language, self.currency)

    # ------------------------------------------------------------------ choosing rows

    def read(self, book: Book, *areas: str, versions: Collection[str] = ()) -> dict[str, pd.DataFrame]:
        """Areas of the book at the run's two clocks, by name; those about clients for its branch only.

        Of the areas in `versions` all versions up to the day are there, not only each client's newest.
        """
        clients = self.of_branch(book.area("clients", self.as_of, self.known_at))
        frames = {"clients": clients}
        for name in (*areas, *versions):
            if name != "clients":
                frame = book.area(name, self.as_of, self.known_at, versions=name in versions)
                frames[name] = self.of_clients(frame, clients) if "client_id" in frame else frame
        return frames

    def of_branch(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of the run's branch, by the frame's column `branch`."""
        return frame if self.branch == parameters.ALL else frame[frame["branch"] == self.branch]

    def of_clients(self, frame: pd.DataFrame, clients: pd.DataFrame) -> pd.DataFrame:
        """The rows of the run's branch, by the `client_id` of the branch's `clients`."""
        if self.branch == parameters.ALL:
            return frame
        return frame[frame["client_id"].isin(clients["client_id"])]

    def large_enough(self, frame: pd.DataFrame, size: str = "clients") -> pd.DataFrame:
        """The rows whose group is large enough to be shown to a manager."""
        return disclosure.large_enough(frame, size, self.smallest)

    def parts(self, frame: pd.DataFrame, among: pd.DataFrame) -> dict[str, int]:
        """How many rows of `frame` lie in each branch that `among` has, as the `parts` of a figure.

        Both have a column `branch`. The report of one branch has no parts.
        """
        if self.branch != parameters.ALL:
            return {}
        nowhere = messages.say("page.no_branch", self.language)
        sizes = frame["branch"].astype("str").fillna(nowhere).value_counts()
        names = among["branch"].astype("str").fillna(nowhere).unique()
        return {str(name): int(sizes.get(name, 0)) for name in sorted(names)}

    def enough(self, clients: pd.DataFrame) -> bool:
        """Whether there are as many clients as a report must be about; if not, the page says so.

        Without any client there is nobody to protect, and the report says itself what it lacks.
        """
        if not 0 < len(clients) < self.smallest:
            return True
        self.unavailable("page.too_few", smallest=self.smallest)
        return False

    def large_among(self, frame: pd.DataFrame, size: str, *groupings: str) -> pd.DataFrame:
        """The same where rows with equal values in any of these columns add up to a total that is known."""
        hidden = disclosure.withheld_among(frame[size], [frame[by] for by in groupings], self.smallest)
        return frame[~hidden]

    def without_small_cells(
        self, frame: pd.DataFrame, whole: str, parts: Sequence[str], *, along: Sequence[str] = ()
    ) -> pd.DataFrame:
        """A table of groups whose small cells are missing; see `disclosure.small_cells_emptied`."""
        return disclosure.small_cells_emptied(frame, whole, parts, self.smallest, along=along)

    def told(self, counts: pd.Series, sizes: pd.Series) -> pd.Series:
        """Whether it may be told of each group how many of its clients are such and such, or which share.

        `counts` add up to a known total, and so do the groups' `sizes`.
        """
        return ~disclosure.withheld_parts(counts, sizes, self.smallest)

    def large(self, counts: pd.Series) -> pd.Series:
        """Counts of clients that do not add up to a known total, without those of too few to be shown."""
        return counts[(counts == 0) | (counts >= self.smallest)]

    def has(self, frame: pd.DataFrame, key: str, **values: Any) -> bool:
        """Whether there is something in `frame`; if not, the page says so with the message `key`."""
        if len(frame):
            return True
        self.unavailable(key, **values)
        return False

    # ------------------------------------------------------------------ blocks

    def figures(self, *figures: Figure | Mapping[str, Any]) -> None:
        """The strip at the top, the most important first: the index has room for three of them.

        A figure that another report has shown is given as that report's facts about it, and shown as it was.
        """
        shown = [self._figure(f) if isinstance(f, Figure) else dict(f) for f in figures]
        items = "".join(_figure_html(figure) for figure in shown)
        self._put("figures", f'<dl class="figures">{items}</dl>', figures=shown)

    def point(self, key: str, severity: Severity, *, section: str = "", **values: Any) -> None:
        """A thing to know, in one sentence (the message `point.KEY`), for the index and the overview.

        Points of severity `high` and `warn` are the report's alerts, and also stand at its top. `section`
        is the key of the section that tells more.
        """
        text = self.text(f"point.{key}", **values)
        facts = {"key": key, "severity": severity, "text": text, "anchor": _anchor(section)}
        self._put("point", f'<p class="point {severity}">{escape(text)}</p>', **facts)

    def section(self, key: str, **values: Any) -> None:
        """A heading (`KEY.heading`) and, where the catalogue has one, its question (`KEY.lead`)."""
        heading = self.text(f"{key}.heading", **values)
        anchor = _anchor(key)
        html = f'<h2 id="{anchor}">{escape(heading)}</h2>'
        if messages.has(self._key(f"{key}.lead")):
            html += f'<p class="lead">{escape(self.text(f"{key}.lead", **values))}</p>'
        self._put("section", html, anchor=anchor, heading=heading)

    def say(self, key: str, **values: Any) -> None:
        """A paragraph computed from the numbers."""
        self._put("prose", f"<p>{escape(self.text(key, **values))}</p>")

    def conclude(self, key: str, **values: Any) -> None:
        """What the section means and what to do next; it stands out."""
        label = escape(messages.say("page.meaning", self.language))
        text = escape(self.text(key, **values))
        self._put("conclusion", f'<p class="conclusion"><b>{label}</b> {text}</p>')

    def method(self, *keys: str, **values: Any) -> None:
        """How it was reckoned and what it cannot tell; folded, at the end of the page."""
        html = "".join(f"<p>{escape(self.text(f'method.{key}', **values))}</p>" for key in keys)
        self._put("method", html)

    def unavailable(self, key: str, **values: Any) -> None:
        """A sentence about what the book does not hold, in the place of what would stand there."""
        text = self.text(key, **values)
        self._put("unavailable", f'<p class="unavailable">{escape(text)}</p>', text=text)

    def table(
        self,
        key: str,
        frame: pd.DataFrame,
        columns: Mapping[str, str],
        *,
        size: str | None = None,
        folded: bool = False,
        shaded: Sequence[str] = (),
    ) -> None:
        """A table titled `KEY.title`; see `tables.table` for the columns, `size`, `folded` and `shaded`."""
        title = self.text(f"{key}.title")
        html = tables.table(frame, columns, self.style, title, size=size, folded=folded, shaded=shaded)
        self._put("table", html, data=tables.data(frame, columns, self.style, title, size=size))

    def things(self, key: str, points: pd.DataFrame) -> None:
        """A ranked list of what other reports tell, titled `KEY.title`, each with a way to its page.

        Parameters
        ----------
        points : DataFrame
            rank, severity, text, title (of the report), page, anchor, language: see `others.Others.points`.
        """
        title = self.text(f"{key}.title")
        shown = points.assign(severity=self.labels(points["severity"], "label:page.severity"))
        marks = zip(points["severity"], shown.to_dict("records"), strict=True)
        items = "".join(_thing_html(mark, thing, self.language) for mark, thing in marks)
        columns = {"rank": "count", "severity": "text", "text": "sentence", "title": "text"}
        html = f'<ol class="things" aria-label="{escape(title)}">{items}</ol>'
        self._put("things", html, data=tables.data(shown, columns, self.style, title))

    def chart(
        self,
        key: str,
        figure: Any,
        *,
        numbers: pd.DataFrame | None = None,
        columns: Mapping[str, str] | None = None,
        size: str | None = None,
        **values: Any,
    ) -> None:
        """A chart titled `KEY.title`, read out as `KEY.alt`, with source and date, its numbers folded."""
        title, alt = self.text(f"{key}.title", **values), self.text(f"{key}.alt", **values)
        wide = bool(figure.get_figwidth() > (theme.HALF[0] + theme.WIDE[0]) / 2)
        drawing = svg.inline(figure, f"{self.name}.{key}.{self.language}", title, alt)
        html = (
            f'<figure class="chart"><figcaption>{escape(title)}</figcaption>'
            f'{_box(drawing, title, scrolls=wide)}<p class="source">{escape(self._source())}</p>'
            f"{self._numbers(title, numbers, columns, size)}</figure>"
        )
        data = None
        if numbers is not None and columns is not None:
            data = tables.data(numbers, columns, self.style, title, size=size)
        self._put("chart", html, wide=wide, data=data)

    def card_chart(self, figure: Any, key: str, **values: Any) -> None:
        """The small chart on the report's card; it does not stand on the page itself."""
        title = self.text(f"{key}.title", **values)
        drawing = svg.inline(
            figure, f"{self.name}.card.{self.language}", title, self.text(f"{key}.alt", **values)
        )
        self._put("card", f'<div class="drawing">{drawing}</div><p>{escape(title)}</p>')

    # ------------------------------------------------------------------ within

    def _key(self, key: str) -> str:
        own = f"{self.name}.{key}"
        return key if messages.has(key) and not messages.has(own) else own

    def _source(self) -> str:
        return messages.say("page.source", self.language, as_of=self.as_of)

    def _figure(self, figure: Figure) -> dict[str, Any]:
        key = self._key(f"figure.{figure.key}")
        note = f"{key}_note"
        return {
            "key": figure.key,
            "label": messages.say(key, self.language, self.currency),
            "shown": self.write(figure.value, figure.kind),
            "value": formats.plain(figure.value),
            "kind": figure.kind,
            "currency": self.currency if figure.kind == "money" else "",
            "better": figure.better,
            "parts": self._parts(figure.parts),
            "note": messages.say(note, self.language, self.currency, **figure.note) if figure.note else "",
            "alert": bool(figure.alert),
        }

    def _parts(self, parts: Mapping[str, float]) -> dict[str, float]:
        sizes = pd.Series(dict(parts), dtype="float64")
        return {str(name): float(n) for name, n in sizes[~disclosure.withheld(sizes, self.smallest)].items()}

    def _numbers(
        self, title: str, frame: pd.DataFrame | None, columns: Mapping[str, str] | None, size: str | None
    ) -> str:
        if frame is None or columns is None:
            return ""
        summary = escape(messages.say("page.show_numbers", self.language))
        table = tables.table(frame, columns, self.style, title, size=size)
        return f"<details><summary>{summary}</summary>{table}</details>"

    def _put(self, kind: str, html: str, **facts: Any) -> None:
        self.publish({BLOCK: {"kind": kind, **facts}, "text/html": html, "text/plain": f"<{kind}>"})


def open_page(
    name: str, book: Book, *, as_of: str = "", known_at: str = "", branch: str = "all", language: str = "en"
) -> Page:
    """Begin the report `name`: check its parameters against the book, set the theme, write the page's head.

    Parameters
    ----------
    name : str
        The notebook's name, by which its words are found: in the catalogue, and in `NAME.toml` beside it.
    book : Book
        Open for reading; it may be closed when all frames are read.
    as_of, known_at, branch, language : str
        The parameters of the notebook; an empty `as_of` is the newest date in the book, an empty
        `known_at` now.

    Raises
    ------
    ParameterError
        One of them cannot be.
    WordsError
        The words beside the notebook are not whole.
    """
    messages.bring(name, plan.words_file(book.workbook.notebooks / plan.FOLDER / f"{name}.ipynb"))
    facts = book_facts(book)
    question = parameters.check(
        (), facts, book.settings, as_of=as_of, known_at=known_at, branch=branch, languages=[language]
    )
    theme.apply()
    page = Page(
        name=name,
        as_of=question.as_of,
        known_at=question.known_at,
        branch=question.branch,
        language=language,
        currency=_currency(book, question),
        settings=book.settings,
        publish=_display,
    )
    head = {
        "as_of": question.as_of.isoformat(),
        "known_at": question.known_at.isoformat(),
        "branch": question.branch,
        "language": language,
        "code": f"clientlib {__version__}",
        **_provenance(book, question.known_at),
    }
    text = page.text("page.dated", as_of=page.as_of)
    page.publish(
        {BLOCK: {"kind": "head", **head}, "text/html": f"<p>{escape(text)}</p>", "text/plain": "<head>"}
    )
    return page


def book_facts(book: Book) -> parameters.Facts:
    """What of the book decides which questions can be asked."""
    batches = book.batches()
    first = batches["recorded_at"].min() if len(batches) else None
    return parameters.Facts(book.span(), tuple(book.branches()), _instant(first))


def _currency(book: Book, question: parameters.Question) -> str:
    from clientlib.features.query import currency_of

    with book.views(question.as_of, question.known_at) as connection:
        return currency_of(connection, book.settings.firm.currency)


def _provenance(book: Book, known_at: dt.datetime) -> dict[str, Any]:
    batches = book.batches()
    known = batches[pd.to_datetime(batches["recorded_at"], utc=True) <= pd.Timestamp(known_at)]
    return {"batches": len(known), "rows": int(known["accepted"].sum())}


def _instant(value: Any) -> dt.datetime | None:
    if value is None or pd.isna(value):
        return None
    stamp = pd.Timestamp(value)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return stamp.to_pydatetime()


def _anchor(section: str) -> str:
    return section.replace(".", "-")


def _box(drawing: str, title: str, *, scrolls: bool) -> str:
    """The drawing in its box; one that is wider than a phone scrolls there, by keyboard too."""
    reached = f' tabindex="0" role="group" aria-label="{escape(title)}"' if scrolls else ""
    return f'<div class="drawing"{reached}>{drawing}</div>'


def _figure_html(figure: Mapping[str, Any]) -> str:
    note = f'<dd class="note">{escape(figure["note"])}</dd>' if figure["note"] else ""
    alert = ' class="alert"' if figure["alert"] else ""
    return f"<div{alert}><dt>{escape(figure['label'])}</dt><dd>{escape(figure['shown'])}</dd>{note}</div>"


def _thing_html(severity: str, thing: Mapping[Any, Any], language: str) -> str:
    foreign = f' lang="{thing["language"]}"' if thing["language"] != language else ""
    anchor = f"#{quote(thing['anchor'])}" if thing["anchor"] else ""
    address = escape(quote(thing["page"], safe="") + anchor)
    mark, text = f"<b>{escape(thing['severity'])}</b>", f"<span{foreign}>{escape(thing['text'])}</span>"
    link = f'<a href="{address}"{foreign}>{escape(thing["title"])}</a>'
    return f'<li class="{severity}">{mark} {text} {link}</li>'


def _display(data: dict[str, Any]) -> None:
    from IPython.display import publish_display_data

    publish_display_data(data)
