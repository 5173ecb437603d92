"""The fields of one area on the entry form, with what was typed, what is open, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from clientlib.lab.form_desk import Checked, Texts, identifiers
from clientlib.lab.form_fields import box_for
from clientlib.lab.form_show import notes_html
from clientlib.tables import AreaInfo


class AreaPage:
    """One area's fields, each with its widget, in the order of the table.

    Parameters
    ----------
    area : AreaInfo
    proposed : mapping of str to str
        What an empty row begins with.
    language : {"en", "zh"}
    heard : callable
        Called when somebody has changed a field.

    Attributes
    ----------
    boxes : dict of str to FieldBox
    opened : str
        The key of the record that is being edited; "" while a new row is filled in.
    """

    def __init__(self, area: AreaInfo, proposed: Texts, language: str, heard: Callable[[], None]) -> None:
        self.area = area
        self.boxes = {field.name: box_for(field) for field in area.fields}
        self.opened = ""
        self._heard = heard
        self._language = language
        self._begun: Texts = {}
        self._touched: set[str] = set()
        self._all_told = False
        self._last: Checked | None = None
        self.view = widgets.GridBox([box.view for box in self.boxes.values()])
        self.view.add_class("cw-fields")
        self.begin(proposed)
        self.word(language)
        for box in self.boxes.values():
            box.heard_by(self._on_change)

    # --------------------------------------------------------------------- what is in it
    @property
    def texts(self) -> Texts:
        """The row as it was typed."""
        return {name: box.text for name, box in self.boxes.items()}

    @property
    def changed(self) -> bool:
        """Whether something was typed since the row was begun."""
        return any(box.text != self._begun[name] for name, box in self.boxes.items())

    def begin(self, texts: Texts, opened: str = "") -> None:
        """Begin anew: with what is proposed, or with the record `opened`, whose number stays what it is."""
        self.opened = opened
        for name, box in self.boxes.items():
            box.text = texts.get(name, "")
            box.lock(bool(opened) and name in identifiers(self.area))
        # As the widgets give it: the book keeps several codes in another order than the list.
        self._begun = self.texts
        self._touched, self._all_told, self._last = set(), False, None
        self._tell()

    def _on_change(self, name: str) -> None:
        self._touched.add(name)
        self._heard()

    # ------------------------------------------------------------------- what is said of it
    def tell(self, checked: Checked, *, everything: bool) -> None:
        """Show what the intake says: of fields that somebody changed, or of all once that was asked for."""
        self._last = checked
        self._all_told = self._all_told or everything
        self._tell()

    def word(self, language: str) -> None:
        """Put all of it into a language."""
        self._language = language
        for box in self.boxes.values():
            box.word(language)
        self._tell()

    def focus(self, names: tuple[str, ...]) -> None:
        """Put the cursor into the first of these fields, in the order of the form, that is not locked."""
        boxes = [self.boxes[name] for name in self.boxes if name in names]
        inputs = [box.inputs[0] for box in boxes if not box.inputs[0].disabled]
        if inputs:
            inputs[0].focus()

    def _tell(self) -> None:
        for name, box in self.boxes.items():
            checked = self._last if self._all_told or name in self._touched else None
            said = notes_html(checked, box.field, self._language) if checked else ""
            wrong = checked is not None and any(note.field == name for note in checked.errors)
            box.tell(said, wrong=wrong)
