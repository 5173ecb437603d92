"""Interactive tools in JupyterLab: `explore()` for analysts, `entry_form()` for who fills in the table."""

from __future__ import annotations

from clientlib.lab.explorer import Explorer, explore
from clientlib.lab.form import EntryForm, entry_form
from clientlib.lab.search import searched_fields
from clientlib.lab.snapshot import Snapshot, take

__all__ = ["EntryForm", "Explorer", "Snapshot", "entry_form", "explore", "searched_fields", "take"]
