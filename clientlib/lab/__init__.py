"""Interactive tools for analysts in JupyterLab: `explore()` opens the client explorer."""

from __future__ import annotations

from clientlib.lab.explorer import Explorer, explore
from clientlib.lab.search import searched_fields
from clientlib.lab.snapshot import Snapshot, take

__all__ = ["Explorer", "Snapshot", "explore", "searched_fields", "take"]
