"""One widget a field, by its kind: what is in it is always text as a person types it, for the intake to read.

A date or a number is typed, not picked: what cannot be read is then quoted back instead of being lost.
"""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets

from clientlib.codes import fold
from clientlib.declare import SEPARATOR, Field
from clientlib.lab.form_wording import say

LONG = 200
"""A text that may be longer than this gets several lines, and a row of the form to itself."""
Heard = Callable[[str], None]
"""Is told the name of a field that somebody changed."""


class FieldBox(ABC):
    """A field of the form: its title, its widget, and under it what is said of it.

    Attributes
    ----------
    field : Field
    inputs : list of ipywidgets.DOMWidget
        What takes keys and clicks; the first is the one to be focused.
    notes : ipywidgets.HTML
        For what is said of the field.
    view : ipywidgets.VBox
    """

    def __init__(self, field: Field) -> None:
        self.field = field
        self.language = "en"
        self.inputs: list[Any] = []
        self._heard: Heard | None = None
        self.notes = widgets.HTML(layout={"display": "none"})
        self.view = widgets.VBox([*self._make(), self.notes])
        self.view.add_class("cw-field")

    # ---------------------------------------------------------------------- by kind
    @abstractmethod
    def _make(self) -> list[Any]:
        """The widgets, from top to bottom."""

    @abstractmethod
    def _get(self) -> str:
        """What is in them."""

    @abstractmethod
    def _put(self, text: str) -> None:
        """Show a text."""

    @abstractmethod
    def _word(self, title: str, tooltip: str) -> None:
        """Show the title, and the choices in `language`."""

    # -------------------------------------------------------------------- all kinds
    @property
    def text(self) -> str:
        """What is in it, as the intake reads it."""
        return self._get()

    @text.setter
    def text(self, text: str) -> None:
        with self._unheard():
            self._put(text)

    def word(self, language: str) -> None:
        """Put title, hint and choices into a language."""
        self.language = language
        required = self.field.required
        parts = [self.field.hint(language), say("required", language) if required else ""]
        hint = ("" if language == "zh" else " ").join(part for part in parts if part)
        title = self.field.title(language)
        with self._unheard():
            self._word(f"{title} *" if required else title, hint or title)

    def heard_by(self, heard: Heard) -> None:
        """Tell `heard` from now on when somebody changes what is in it."""
        self._heard = heard

    def lock(self, locked: bool) -> None:
        for box in self.inputs:
            box.disabled = locked

    def tell(self, html: str, *, wrong: bool) -> None:
        """Say something under the field; "" takes away what was said."""
        if self.notes.value != html:
            self.notes.value = html
            self.notes.layout.display = "" if html else "none"
        mark = self.view.add_class if wrong else self.view.remove_class
        mark("cw-wrong")

    def _listening(self, box: Any) -> Any:
        self.inputs.append(box)
        box.add_class("cw-input")
        box.observe(self._on_change, "value")
        return box

    def _on_change(self, _: Any) -> None:
        if self._heard is not None:
            self._heard(self.field.name)

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Widgets change here because we say so, not because somebody typed."""
        heard, self._heard = self._heard, None
        try:
            yield
        finally:
            self._heard = heard


class TextBox(FieldBox):
    """Whatever is typed: texts, numbers, dates and moments."""

    def _make(self) -> list[Any]:
        made = widgets.Textarea(rows=2) if is_long(self.field) else widgets.Text()
        # Told when the field is left: a half-typed date is no mistake yet.
        made.continuous_update = False
        self.box = self._listening(made)
        return [self.box]

    def _get(self) -> str:
        return str(self.box.value)

    def _put(self, text: str) -> None:
        self.box.value = text

    def _word(self, title: str, tooltip: str) -> None:
        self.box.description, self.box.tooltip = title, tooltip
        self.box.placeholder = self.field.hint(self.language)


class ChoiceBox(FieldBox):
    """One of a list, or yes and no. A value outside the list stays until somebody chooses another."""

    def _make(self) -> list[Any]:
        self.box = self._listening(widgets.Dropdown(options=[("", "")], value=""))
        return [self.box]

    def _get(self) -> str:
        return str(self.box.value or "")

    def _put(self, text: str) -> None:
        listed = self.field.choices
        code = listed.lookup.get(fold(text), text)
        options = [(say("choose", self.language), "")]
        options += [(label, value) for value, label in listed.labels(self.language).items()]
        if code and code not in listed.values:
            options.append((say("unlisted", self.language, value=code), code))
        with self.box.hold_sync():
            self.box.options = options
            self.box.value = code

    def _word(self, title: str, tooltip: str) -> None:
        self.box.description, self.box.tooltip = title, tooltip
        self._put(self._get())


class ChoicesBox(FieldBox):
    """Several of a list, each with a box to tick; values outside the list keep theirs."""

    def _make(self) -> list[Any]:
        self.title = widgets.HTML().add_class("cw-group")
        self.ticks: dict[str, Any] = {}
        self.row = widgets.HBox().add_class("cw-ticks")
        self._show(self.field.choices.values)
        return [self.title, self.row]

    def _show(self, codes: tuple[str, ...]) -> None:
        """Have exactly these boxes."""
        for code in codes:
            if code not in self.ticks:
                self.ticks[code] = self._listening(widgets.Checkbox(indent=False))
        self.row.children = [self.ticks[code] for code in codes]

    def _get(self) -> str:
        return SEPARATOR.join(code for code, tick in self.ticks.items() if tick.value)

    def _put(self, text: str) -> None:
        listed = self.field.choices
        wanted = {listed.lookup.get(fold(part), part) for part in text.split(SEPARATOR) if part}
        self._show((*listed.values, *sorted(wanted.difference(listed.values))))
        for code, tick in self.ticks.items():
            tick.value = code in wanted
        self.word(self.language)

    def _word(self, title: str, tooltip: str) -> None:
        self.title.value = f"<span>{html.escape(title)}</span>"
        labels = self.field.choices.labels(self.language)
        for code, tick in self.ticks.items():
            tick.description = labels.get(code) or say("unlisted", self.language, value=code)
            tick.tooltip = f"{title}: {tooltip}"


_CHOICES: dict[str, Callable[[Field], FieldBox]] = {
    "code": ChoiceBox,
    "yes_no": ChoiceBox,
    "codes": ChoicesBox,
}


def is_long(field: Field) -> bool:
    """Whether a text needs several lines."""
    return field.kind == "text" and (field.maximum or 0) > LONG


def box_for(field: Field) -> FieldBox:
    """The widget of a field, worded in English until it is told otherwise."""
    box = _CHOICES.get(field.kind, TextBox)(field)
    if field.kind == "codes" or is_long(field):
        box.view.add_class("cw-wide")
    box.word("en")
    return box
