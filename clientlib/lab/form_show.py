"""What the entry form says, as HTML: every value escaped, nothing but sentences and one table."""

from __future__ import annotations

import html
from collections.abc import Iterable
from importlib import resources

from clientlib.declare import SEPARATOR, Field
from clientlib.lab import show
from clientlib.lab.form_desk import Change, Checked, Saved
from clientlib.lab.form_wording import say
from clientlib.tables import AreaInfo


def style_html() -> str:
    """The style sheets, to stand once in the form."""
    own = resources.files("clientlib.lab").joinpath("form.css").read_text("utf-8")
    return f"{show.style_html()}<style>{own}</style>"


def status_html(sentences: Iterable[str], kind: str) -> str:
    """What became of a press on a button, read aloud; `kind` is good, wrong or plain."""
    said = " ".join(html.escape(sentence) for sentence in sentences)
    return f'<div role="{"alert" if kind == "wrong" else "status"}" class="cw-told cw-{kind}">{said}</div>'


# ------------------------------------------------------------------------------ one field
def notes_html(checked: Checked, field: Field, language: str) -> str:
    """What is said of one field, line by line; "" when nothing is."""
    errors = [note.text(language) for note in checked.errors if note.field == field.name]
    lines = [_line("cw-error", text) for text in errors]
    if any(note.field == field.name for note in checked.pending):
        lines.append(_line("cw-pending", say("pending", language, title=field.title(language))))
    if field.name in checked.taken_as and not errors:
        lines.append(_line("cw-quiet", _taken_as(checked.taken_as[field.name], field, language)))
    return "".join(lines)


def _line(kind: str, text: str) -> str:
    return f'<div class="{kind}">{html.escape(text)}</div>'


def _taken_as(text: str, field: Field, language: str) -> str:
    if not text:
        return say("taken_as_empty", language)
    return say("taken_as", language, value=worded(text, field, language))


def worded(text: str, field: Field, language: str) -> str:
    """A value as a person would type it, codes by their labels."""
    if field.code_list is None:
        return text
    parts = text.split(SEPARATOR) if field.kind == "codes" else [text]
    return ", ".join(field.code_list.label(part, language) for part in parts)


# ---------------------------------------------------------------------------- what changes
def changes_html(key: str, changes: Iterable[Change], area: AreaInfo, language: str) -> str:
    """Old → new, field by field."""
    heads = "".join(f"<th scope='col'>{say(word, language)}</th>" for word in ("field", "before", "after"))
    rows = "".join(_change_row(change, area.field(change.field), language) for change in changes)
    caption = html.escape(say("to_agree", language, record=key))
    return (
        f'<div class="cw-scroll" role="alert"><table class="cw-table"><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _change_row(change: Change, field: Field, language: str) -> str:
    before, after = (_side(text, field, language) for text in (change.before, change.after))
    if before == after:
        after = f"{after} ({say('behind_mask', language)})"
    cells = "".join(f"<td>{html.escape(text)}</td>" for text in (before, after))
    return f'<tr><th scope="row">{html.escape(field.title(language))}</th>{cells}</tr>'


def _side(text: str | None, field: Field, language: str) -> str:
    return say("nothing_there", language) if text is None else worded(text, field, language)


# -------------------------------------------------------------------------- what became of it
def saved_sentences(saved: Saved, area: AreaInfo, language: str) -> list[str]:
    """What became of a row."""
    told = [_outcome(saved, area, language)]
    if saved.batch is not None and saved.pending:
        told.append(say("saved_pending", language))
    if saved.newer:
        told.append(say("saved_older", language, newer=saved.newer))
    for name, value in saved.unknown.items():
        told.append(say("saved_reference", language, title=area.field(name).title(language), value=value))
    return told


def _outcome(saved: Saved, area: AreaInfo, language: str) -> str:
    if saved.batch is None:
        return say("saved_unchanged", language, record=saved.key)
    if not saved.stood:
        return say("saved_new", language, record=saved.key, batch=saved.batch)
    if not saved.changes:
        return say("saved_confirmed", language, record=saved.key, batch=saved.batch)
    changed = titles((change.field for change in saved.changes), area, language)
    return say("saved_changed", language, record=saved.key, batch=saved.batch, titles=changed)


def titles(names: Iterable[str], area: AreaInfo, language: str) -> str:
    """Fields by their titles, each once."""
    found = dict.fromkeys(area.field(name).title(language) for name in names)
    return ("、" if language == "zh" else ", ").join(found)
