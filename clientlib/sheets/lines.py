"""Findings for machines: JSON Lines, one finding a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from clientlib.aside import written_aside
from clientlib.intake.result import FOUND_AT
from clientlib.sheets.keys import shown_keys
from clientlib.tables import AREAS, Areas


def write_lines(
    findings: pl.DataFrame,
    target: Path,
    *,
    rejected: Mapping[str, pl.DataFrame] | None = None,
    areas: Areas = AREAS,
) -> None:
    """Write the findings as JSON Lines: UTF-8, one JSON object a line, each with the same keys.

    The keys, in this order; all but the first five may be null:

    ============  =====================================================================================
    severity      "error" (the row is refused) or "notice"
    rule          name of the rule; the names do not change with the language or the wording
    file          name of the file; in a folder, its path from there
    sheet         name of the sheet; "" in a file without sheets
    message_en    what is wrong and the mend, in English
    message_zh    the same in Chinese
    row           row as a person counts, the header being row 1; null: the sheet or file as a whole
    area          area of the table (`trades`); null: of none
    field         name of the field (`quantity`); null: the row as a whole
    value         what stood there, identity masked and long text cut
    key           object of the row's key fields and their values as typed; null for rows that were taken
    ============  =====================================================================================

    Parameters
    ----------
    findings : polars.DataFrame
        As in `CheckResult.findings`.
    target : path
        Written aside and renamed.
    rejected : mapping of str to polars.DataFrame, optional
        As in `CheckResult.rejected`; without it no row has a key.
    areas : mapping, optional
        The firm's table.

    Raises
    ------
    Unwritable
        `target` cannot be written.
    """
    keys = shown_keys(rejected or {}, areas)
    keyed = findings.join(keys, on=FOUND_AT, how="left", nulls_equal=False, maintain_order="left")
    with written_aside(target) as aside, aside.open("w", encoding="utf-8", newline="\n") as stream:
        for finding in keyed.select(_ORDER).iter_rows(named=True):
            key = finding["key"]
            record = {**finding, "key": json.loads(key) if key is not None else None}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")


_ORDER = (
    "severity",
    "rule",
    "file",
    "sheet",
    "message_en",
    "message_zh",
    "row",
    "area",
    "field",
    "value",
    "key",
)
