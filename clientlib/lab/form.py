"""The entry form: one row of the table, filled in by hand, checked while typing, saved into the book.

What a row comes to is worked out in `form_desk`, what is shown in `form_page` and `form_show`; here it is
only wired together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from clientlib import config
from clientlib.errors import ClientlibError
from clientlib.lab import form_show, show
from clientlib.lab.catalogue import LANGUAGES
from clientlib.lab.form_desk import ROLE, Change, Checked, Desk, Saved, ToAgree, identifiers, sit_down
from clientlib.lab.form_page import AreaPage
from clientlib.lab.form_wording import Hindrance, problem, say
from clientlib.tables import AreaInfo
from clientlib.workbook import Workbook

Said = Callable[[str], str]
"""What the form says, as HTML, in a language that may be changed later."""


def entry_form(
    path: Path | Workbook | None = None, role: str = ROLE, language: str | None = None
) -> EntryForm:
    """The entry form of a workbook; what hinders it is told in a sentence, not raised.

    Parameters
    ----------
    path : Path or Workbook, optional
        The workbook folder; by default `CLIENTLIB_WORKBOOK`, else the nearest parent with a workbook.toml.
    role : str
        A role of the settings that may edit and sees all fields.
    language : {"en", "zh"}, optional
        To begin with; by default the firm's first.
    """
    try:
        return EntryForm(sit_down(path, role), language)
    except ClientlibError as hindrance:
        return EntryForm(hindrance, language)


class EntryForm:
    """An area to choose, its fields, and buttons to open, check and save a row.

    Parameters
    ----------
    desk : Desk or ClientlibError
        Where rows are checked and saved; or why there is none.
    language : {"en", "zh"}, optional
        To begin with; by default the firm's first.

    Attributes
    ----------
    view : ipywidgets.VBox
        The whole of it. Showing the EntryForm as a cell's result shows this.
    """

    def __init__(self, desk: Desk | ClientlibError, language: str | None = None) -> None:
        self._desk = desk if isinstance(desk, Desk) else None
        self._hindrance = desk if isinstance(desk, ClientlibError) else None
        self._firm = (self._desk.workbook.settings if self._desk else config.load()).firm
        self._language = language if language in ("en", "zh") else self._firm.languages[0]
        self._pages: dict[str, AreaPage] = {}
        self._asked: ToAgree | None = None
        self._said: Said = _nothing
        self._make()
        self._word()
        self._listen()

    # -------------------------------------------------------------- what others use
    @property
    def page(self) -> AreaPage:
        """The fields of the chosen area; they are made when it is first chosen, and keep what was typed."""
        name = self.area.value
        if name not in self._pages:
            area = self.desk.areas[name]
            proposed = self.desk.proposed(area)
            self._pages[name] = AreaPage(area, proposed, self._language, self._on_typed)
        return self._pages[name]

    @property
    def desk(self) -> Desk:
        """Where rows are checked and saved.

        Raises
        ------
        ClientlibError
            The form cannot be used: why.
        """
        if self._desk is None:
            raise self._hindrance or ClientlibError("The form cannot be used.", "无法使用表单。")
        return self._desk

    def __repr__(self) -> str:
        # A cell's result is saved with the notebook: nothing that was typed may be in it.
        return "EntryForm(…)"

    def _repr_mimebundle_(self, **asked: Any) -> Any:
        return self.view._repr_mimebundle_(**asked) | {"text/plain": repr(self)}

    # -------------------------------------------------------------- the widgets
    def _make(self) -> None:
        self.language = widgets.ToggleButtons(
            options=LANGUAGES, value=self._language, style={"button_width": "70px"}, layout={"width": "auto"}
        )
        self.title = widgets.HTML(layout={"flex": "1 1 300px"})
        self.status = widgets.HTML()
        self.buttons = {
            name: widgets.Button() for name in ("open", "check", "save", "empty", "agree", "keep")
        }
        self.buttons["save"].button_style = "primary"
        self.buttons["agree"].button_style = "primary"
        self.area = widgets.Dropdown(options=self._area_options()).add_class("cw-input")
        self.numbers: dict[str, Any] = {}
        self.finder = widgets.HBox().add_class("cw-top").add_class("cw-finder")
        self.legend = widgets.HTML()
        self.place = widgets.VBox()
        self.changes = widgets.HTML()
        acts = ("check", "save", "empty")
        self.acts = widgets.HBox([self.buttons[name] for name in acts]).add_class("cw-acts")
        agreeing = widgets.HBox([self.buttons["agree"], self.buttons["keep"]]).add_class("cw-acts")
        self.question = widgets.VBox([self.changes, agreeing], layout={"display": "none"})
        parts = [self.finder, self.legend, self.place, self.acts, self.question] if self._desk else []
        self.view = widgets.VBox([self._top(), *parts, self.status]).add_class("cw-form")
        if self._desk:
            self._show_area()

    def _top(self) -> Any:
        style = widgets.HTML(form_show.style_html(), layout={"width": "0", "height": "0", "margin": "0"})
        return widgets.HBox([self.title, self.language, style]).add_class("cw-top")

    def _area_options(self) -> list[tuple[str, str]]:
        areas = self._desk.areas.values() if self._desk else ()
        return [(area.title(self._language), area.name) for area in areas]

    def _show_area(self) -> None:
        """The fields of the chosen area, and a box for each part of the number of a record."""
        self.numbers = {name: widgets.Text() for name in identifiers(self.page.area)}
        boxes = [box.add_class("cw-input") for box in self.numbers.values()]
        self.finder.children = [self.area, *boxes, self.buttons["open"]]
        self.place.children = [self.page.view]

    def _listen(self) -> None:
        self.language.observe(self._on_language, "value")
        if self._desk is None:
            return
        self.area.observe(self._on_area, "value")
        for name, act in {
            "open": self._open,
            "check": self._check,
            "save": self._save,
            "empty": self._empty,
            "agree": self._agree,
            "keep": self._keep,
        }.items():
            self.buttons[name].on_click(partial(self._on_press, act))

    # -------------------------------------------------------------- what happens
    def _on_language(self, change: Any) -> None:
        self._language = change["new"]
        self._word()

    def _on_area(self, change: Any) -> None:
        # While the options change their language there is no choice for a moment.
        if change["new"] is not None and self.place.children != (self.page.view,):
            self._tell(_nothing)
            self._show_area()
            self._word()

    def _on_typed(self) -> None:
        self._tell(_nothing)
        self.page.tell(self._checked(), everything=False)

    def _on_press(self, act: Callable[[], None], _: Any) -> None:
        try:
            act()
        except ClientlibError as hindrance:
            self._tell(partial(_hindered, hindrance))

    def _open(self) -> None:
        page = self.page
        if page.changed:
            raise Hindrance("unsaved")
        wanted = {name: box.value.strip() for name, box in self.numbers.items()}
        if "" in wanted.values():
            raise Hindrance("no_number")
        found = self.desk.find(page.area, wanted)
        key = " · ".join(found[name] for name in identifiers(page.area))
        proposed = self.desk.proposed(page.area)
        page.begin({**found, **proposed}, opened=key)
        dated = "opened_dated" if page.area.versioned else "opened_correcting"
        self._tell(partial(_plain, "opened" if proposed else dated, record=key))
        page.focus(tuple(page.boxes))

    def _check(self) -> None:
        checked = self._checked()
        self.page.tell(checked, everything=True)
        if checked.errors:
            self._refuse(checked)
        else:
            self._tell(partial(_good, "sound_pending" if checked.pending else "sound"))

    def _save(self, agreed: tuple[Change, ...] = ()) -> None:
        page = self.page
        if not page.changed and not page.opened:
            # A second press on the button that has just saved must not take its answer away.
            self._tell(self._said if self._said is not _nothing else partial(_plain, "nothing"))
            return
        checked = self._checked()
        page.tell(checked, everything=True)
        if checked.errors:
            self._refuse(checked)
            return
        outcome = self.desk.save(checked, agreed)
        if isinstance(outcome, ToAgree):
            self._ask(outcome)
            return
        page.begin(self.desk.proposed(page.area))
        self._tell(partial(_saved, outcome, page.area))
        page.focus(tuple(page.boxes))

    def _agree(self) -> None:
        if self._asked is not None:
            self._save(self._asked.changes)

    def _keep(self) -> None:
        self._tell(_nothing)

    def _empty(self) -> None:
        self.page.begin(self.desk.proposed(self.page.area))
        self._tell(partial(_plain, "emptied"))

    def _checked(self) -> Checked:
        return self.desk.check(self.page.area, self.page.texts)

    def _refuse(self, checked: Checked) -> None:
        names = tuple(note.field for note in checked.errors if note.field)
        self._tell(partial(_wrong, names, checked.area))
        self.page.focus(names)

    def _ask(self, asked: ToAgree) -> None:
        self._tell(_nothing)
        self._asked = asked
        self._word_question()
        self.buttons["agree"].focus()

    # -------------------------------------------------------------- what is shown
    def _tell(self, said: Said) -> None:
        """Say something in the place of what was said before, a question too."""
        self._said, self._asked = said, None
        self.status.value = said(self._language)
        self._word_question()

    def _word(self) -> None:
        """Put every label into the language chosen."""
        hint = say("language_hint", self._language)
        self.language.tooltips, self.language.tooltip = [hint] * len(LANGUAGES), hint
        name = self._firm.name_zh if self._language == "zh" else self._firm.name
        header = say("header", self._language, firm=name)
        self.title.value = show.heading_html(say("title", self._language), header)
        if self._hindrance is not None:
            self.status.value = _unusable(self._hindrance, self._language)
            return
        self._word_finder()
        for key, button in self.buttons.items():
            _label(button, say(key, self._language), say(f"{key}_hint", self._language))
        self.legend.value = f'<span class="cw-quiet">{say("legend", self._language)}</span>'
        self.page.word(self._language)
        self.status.value = self._said(self._language)
        self._word_question()

    def _word_finder(self) -> None:
        chosen = self.area.value
        with self.area.hold_sync():
            self.area.options = self._area_options()
            self.area.value = chosen
        _label(self.area, say("area", self._language), say("area_hint", self._language))
        for name, box in self.numbers.items():
            title = self.page.area.field(name).title(self._language)
            told = say("open_by", self._language, title=title)
            _label(box, told, say("open_by_hint", self._language))

    def _word_question(self) -> None:
        asked, area = self._asked, self.page.area
        self.question.layout.display = "none" if asked is None else ""
        self.acts.layout.display = "" if asked is None else "none"
        told = "" if asked is None else form_show.changes_html(asked.key, asked.changes, area, self._language)
        if self.changes.value != told:
            self.changes.value = told


def _label(widget: Any, description: str, tooltip: str) -> None:
    widget.description, widget.tooltip = description, tooltip


# --------------------------------------------------------------------- what is said, in a language
def _nothing(_: str) -> str:
    return ""


def _plain(key: str, language: str, **values: object) -> str:
    return form_show.status_html([say(key, language, **values)], "plain")


def _good(key: str, language: str) -> str:
    return form_show.status_html([say(key, language)], "good")


def _wrong(names: tuple[str, ...], area: AreaInfo, language: str) -> str:
    titles = form_show.titles(names, area, language)
    return form_show.status_html([say("wrong", language, titles=titles)], "wrong")


def _saved(outcome: Saved, area: AreaInfo, language: str) -> str:
    return form_show.status_html(form_show.saved_sentences(outcome, area, language), "good")


def _hindered(hindrance: ClientlibError, language: str) -> str:
    return form_show.status_html([problem(hindrance, language)], "wrong")


def _unusable(hindrance: ClientlibError, language: str) -> str:
    return form_show.status_html([say("not_usable", language), problem(hindrance, language)], "wrong")
