"""`clientlib …`: what a person or a scheduler types. It talks and sets exit codes; the work is done below.

Exit codes: 0 well · 1 findings · 2 wrong use or environment · 3 a report failed · 4 a report waits for a
source · 5 a run was missed for too long · 130 interrupted.
"""

from __future__ import annotations

from clientlib.cli import (
    acknowledging,
    audit,
    authoring,
    backups,
    calls,
    find,
    handins,
    history,
    keys,
    operations,
    people,
    person,
    records,
    reports,
    sharing,
    workbooks,
)
from clientlib.cli.app import app, join_lines, main

join_lines(app)

__all__ = [
    "acknowledging",
    "app",
    "audit",
    "authoring",
    "backups",
    "calls",
    "find",
    "handins",
    "history",
    "keys",
    "main",
    "operations",
    "people",
    "person",
    "records",
    "reports",
    "sharing",
    "workbooks",
]
