"""The client explorer: widgets over a snapshot, with nothing of the book open while they are used.

What is found and shown is worked out in `search`, `card` and `show`; here it is only wired together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from clientlib.codes import CODES
from clientlib.errors import ClientlibError
from clientlib.lab import search, show
from clientlib.lab.card import Card, card_of
from clientlib.lab.catalogue import LANGUAGES
from clientlib.lab.search import Query
from clientlib.lab.snapshot import Snapshot, nothing, take
from clientlib.lab.wording import say
from clientlib.workbook import Workbook

LIST, CARD = 0, 1
"""Places of the two tabs."""
CARDS_KEPT = 32
"""Cards that are drawn already and need not be drawn again."""
_FILTERS = ("branch", "level", "state", "status")


def explore(
    path: Path | Workbook | None = None, as_of: str | None = None, language: str | None = None
) -> Explorer:
    """Read the book, close it, and return the explorer; what hinders it is told in a sentence, not raised.

    Parameters
    ----------
    path : Path or Workbook, optional
        The workbook folder; by default `CLIENTLIB_WORKBOOK`, else the nearest parent with a workbook.toml.
    as_of : str, optional
        Business date such as "2026-06-30"; by default the newest in the book.
    language : {"en", "zh"}, optional
        To begin with; by default the firm's first.
    """
    try:
        snapshot = take(path, as_of)
    except ClientlibError as problem:
        snapshot = nothing(notice=problem.words)
    return Explorer(snapshot, language)


class Explorer:
    """Search box, filters, a paged list, and one client's card.

    Parameters
    ----------
    snapshot : Snapshot
        What is explored.
    language : {"en", "zh"}, optional
        To begin with; by default the firm's first.

    Attributes
    ----------
    view : ipywidgets.VBox
        The whole of it. Showing the Explorer as a cell's result shows this.
    """

    def __init__(self, snapshot: Snapshot, language: str | None = None) -> None:
        self.snapshot = snapshot
        self._language = language if language in ("en", "zh") else snapshot.settings.firm.languages[0]
        self._texts = search.searchable(snapshot.clients, snapshot.table)
        self._query = Query()
        self._found = search.find(snapshot.clients, self._texts, self._query)
        self._opened: str | None = None
        self._quiet = False
        self._drawn = lru_cache(maxsize=CARDS_KEPT)(self._draw)
        self._make()
        self._word()
        self._listen()

    # -------------------------------------------------------------- what others use
    @property
    def found(self) -> pd.DataFrame:
        """The clients that fit the search and the filters, in the list's order; a copy, identity masked."""
        return self._found.copy()

    @property
    def card(self) -> Card | None:
        """The open client's card as data; None while none is open."""
        return card_of(self.snapshot, self._opened) if self._opened is not None else None

    def open(self, client_id: str) -> None:
        """Open a client's card, as pressing the client ID does.

        Raises
        ------
        KeyError
            There is no such client as of the date.
        """
        if client_id not in self.snapshot.clients.index:
            raise KeyError(f"There is no client {client_id} as of {self.snapshot.as_of}.")
        self._opened = client_id
        self._show_card()
        self._show_page()
        self.tabs.selected_index = CARD

    def _repr_mimebundle_(self, **asked: Any) -> Any:
        return self.view._repr_mimebundle_(**asked)

    # -------------------------------------------------------------- the widgets
    def _make(self) -> None:
        self.language = widgets.ToggleButtons(
            options=LANGUAGES, value=self._language, style={"button_width": "70px"}, layout={"width": "auto"}
        )
        self.title = widgets.HTML(layout={"flex": "1 1 auto"})
        self.search = widgets.Text(
            continuous_update=True, layout={"width": "440px"}, style={"description_width": "initial"}
        )
        self.clear = widgets.Button(layout={"width": "84px"})
        self.filters = {
            name: widgets.Dropdown(
                options=[("", "")],
                layout={"width": "auto", "margin": "2px 16px 2px 0"},
                style={"description_width": "initial"},
            )
            for name in _FILTERS
        }
        self.heads = {
            column: widgets.Button(
                layout={"width": f"{show.WIDTHS[column]}px", "margin": "0", "flex": "0 0 auto"}
            )
            for column in search.COLUMNS
        }
        self.heads["market_value"].add_class("cw-right")
        self.ids = widgets.ToggleButtons(options=[], style={"button_width": f"{show.WIDTHS['client_id']}px"})
        self.ids.layout = widgets.Layout(width=f"{show.WIDTHS['client_id']}px", margin="0", flex="0 0 auto")
        self.rows = widgets.HTML(layout={"margin": "0", "flex": "0 0 auto"})
        self.count, self.page = widgets.HTML(), widgets.HTML()
        self.steps = {
            name: widgets.Button(layout={"width": "auto"}) for name in ("first", "previous", "next", "last")
        }
        self.back = widgets.Button(icon="arrow-left", layout={"width": "auto", "align_self": "flex-start"})
        self.card_page = widgets.HTML()
        self.view = self._arrange() if len(self.snapshot.clients) else self._arrange_notice()
        self.view.add_class("cw-explorer")

    def _arrange(self) -> Any:
        head = widgets.HBox(list(self.heads.values()), layout={"flex": "0 0 auto"})
        head.add_class("cw-head")
        self.ids.add_class("cw-ids")
        body = widgets.HBox([self.ids, self.rows])
        table = widgets.VBox([head, body], layout={"overflow": "auto", "width": "100%"})
        first, previous, following, last = self.steps.values()
        pager = widgets.HBox([self.count, first, previous, self.page, following, last])
        pager.layout = widgets.Layout(align_items="center", flex_flow="row wrap")
        self.tabs = widgets.Tab([widgets.VBox([pager, table]), widgets.VBox([self.back, self.card_page])])
        ask = widgets.HBox([self.search, self.clear], layout={"flex_flow": "row wrap"})
        narrow = widgets.HBox(list(self.filters.values()), layout={"flex_flow": "row wrap"})
        return widgets.VBox([self._top(), ask, narrow, self.tabs])

    def _arrange_notice(self) -> Any:
        self.tabs = widgets.Tab()
        self.notice = widgets.HTML()
        return widgets.VBox([self._top(), self.notice])

    def _top(self) -> Any:
        style = widgets.HTML(show.style_html(), layout={"width": "0", "height": "0", "margin": "0"})
        return widgets.HBox([self.title, self.language, style], layout={"align_items": "flex-start"})

    def _listen(self) -> None:
        self.language.observe(self._on_language, "value")
        for box in (self.search, *self.filters.values()):
            box.observe(self._on_query, "value")
        for column, head in self.heads.items():
            head.on_click(lambda _, column=column: self._on_sort(column))
        self.steps["first"].on_click(lambda _: self._turn(1))
        self.steps["previous"].on_click(lambda _: self._turn(self._query.page - 1))
        self.steps["next"].on_click(lambda _: self._turn(self._query.page + 1))
        self.steps["last"].on_click(lambda _: self._turn(len(self._found)))
        self.ids.observe(self._on_open, "value")
        self.clear.on_click(lambda _: self._on_clear())
        self.back.on_click(lambda _: setattr(self.tabs, "selected_index", LIST))

    # -------------------------------------------------------------- what happens
    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Widgets change here because we say so, not because somebody asked for something."""
        self._quiet, before = True, self._quiet
        try:
            yield
        finally:
            self._quiet = before

    def _on_language(self, change: Any) -> None:
        self._language = change["new"]
        self._word()

    def _on_query(self, _: Any) -> None:
        if not self._quiet:
            chosen = {name: box.value for name, box in self.filters.items()}
            self._ask(replace(self._query, text=self.search.value, page=1, **chosen))

    def _on_sort(self, column: str) -> None:
        again = column == self._query.sort
        self._ask(replace(self._query, sort=column, descending=again and not self._query.descending, page=1))

    def _on_clear(self) -> None:
        with self._unheard():
            self.search.value = ""
            for box in self.filters.values():
                box.value = ""
        self._on_query(None)

    def _on_open(self, change: Any) -> None:
        if not self._quiet and change["new"]:
            self.open(change["new"])

    def _turn(self, page: int) -> None:
        self._query = replace(self._query, page=page)
        self._show_page()

    def _ask(self, query: Query) -> None:
        self._query = query
        self._found = search.find(self.snapshot.clients, self._texts, query)
        self.tabs.selected_index = LIST
        self._show_page()

    # -------------------------------------------------------------- what is shown
    def _say(self, key: str, **values: object) -> str:
        return say(key, self._language, **values)

    def _word(self) -> None:
        """Put every label into the language chosen."""
        self.language.tooltips = [self._say("language_hint")] * len(LANGUAGES)
        self.language.tooltip = self._say("language_hint")
        if not len(self.snapshot.clients):
            self._word_notice()
            return
        self.title.value = self._title()
        _label(self.search, self._say("search"), self._say("search_hint"))
        self.search.placeholder = self._say("search_empty")
        _label(self.clear, self._say("clear"), self._say("clear_hint"))
        self._word_filters()
        for name, step in self.steps.items():
            _label(step, self._say(name), self._say("page_hint", what=self._say(name)))
        _label(self.back, self._say("back"), self._say("back_hint"))
        self.ids.tooltip = self._say("rows_hint")
        self.tabs.titles = (self._say("list"), self._say("card"))
        self._show_page()
        self._show_card()

    def _word_notice(self) -> None:
        reason = self.snapshot.notice
        told = f"{self._say('problem')} {reason.told(self._language)}" if reason else self._say("empty")
        self.notice.value = show.notice_html(told)

    def _title(self) -> str:
        firm = self.snapshot.settings.firm
        header = self._say(
            "header",
            firm=firm.name_zh if self._language == "zh" else firm.name,
            as_of=str(self.snapshot.as_of),
            total=len(self.snapshot.clients),
        )
        return show.heading_html(self._say("title"), header)

    def _word_filters(self) -> None:
        any_of = (self._say("any"), "")
        levels = list(CODES["client_level"].labels(self._language).items())
        options = {
            "branch": [(name, name) for name in search.choices(self.snapshot.clients, "branch")],
            "level": [(label, code) for code, label in levels] + [(self._say("no_level"), search.NO_LEVEL)],
            "state": [(self._say(f"state_{state}"), state) for state in search.STATES],
            "status": [
                (label, code) for code, label in CODES["client_status"].labels(self._language).items()
            ],
        }
        columns = {"branch": "branch", "level": "stated_level", "state": "level_status", "status": "status"}
        with self._unheard():
            for name, box in self.filters.items():
                chosen = box.value
                box.options = [any_of, *options[name]]
                box.value = chosen
                what = show.title(columns[name], self._language)
                _label(box, what, self._say("filter_hint", what=what))

    def _show_page(self) -> None:
        page = search.page_of(self._found, len(self.snapshot.clients), self._query.page)
        self._query = replace(self._query, page=page.number)
        self._show_heads()
        shown = [str(client) for client in page.rows.index]
        with self._unheard(), self.ids.hold_sync():
            if list(self.ids.options) != shown:
                self.ids.options = shown
            self.ids.tooltips = [self._say("open_hint", client=client) for client in shown]
            self.ids.value = self._opened if self._opened in shown else None
        name = self._say(
            "list_name",
            page=page.number,
            pages=page.pages,
            column=show.title(self._query.sort, self._language),
        )
        time_zone = self.snapshot.settings.firm.time_zone
        self.rows.value = show.list_table(page, self._opened, name, self._language, time_zone)
        self.count.value = show.status_html(self._say("count", found=page.found, total=page.total))
        self.page.value = show.status_html(self._say("page", page=page.number, pages=page.pages))
        for name, step in self.steps.items():
            step.disabled = page.number == (1 if name in ("first", "previous") else page.pages)

    def _show_heads(self) -> None:
        for column, head in self.heads.items():
            what = show.title(column, self._language)
            arrow = " ▼" if self._query.descending else " ▲"
            _label(
                head, what + (arrow if column == self._query.sort else ""), self._say("sort_hint", what=what)
            )

    def _show_card(self) -> None:
        told = self._drawn(self._opened, self._language) if self._opened else self._say("card_none")
        if self.card_page.value != told:
            self.card_page.value = told

    def _draw(self, client_id: str, language: str) -> str:
        return show.card_html(
            card_of(self.snapshot, client_id), language, self.snapshot.settings.firm.time_zone
        )


def _label(widget: Any, description: str, tooltip: str) -> None:
    widget.description, widget.tooltip = description, tooltip
