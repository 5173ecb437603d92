"""Stored rows against today's rules: which required cells are empty, and which values no longer hold.

The rules are those of the table, also the ones a firm has added or narrowed since the row came in. What
looks at identity cannot be judged without it: such rules held when the row was taken in, and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from clientlib.analysis.quality.rows import NUMBER, PENDING
from clientlib.declare import SEPARATOR, rules_of
from clientlib.tables import AreaInfo

MISSING, INVALID = "missing", "invalid"
REQUIRED = "required"
CELLS, GAPS, WRONG = "_cells", "_gaps", "_wrong"
FAULTS = pl.Schema({NUMBER: pl.UInt32, "field": pl.String, "rule": pl.String, "kind": pl.String})


@dataclass(frozen=True)
class Judged:
    """What the rules say of an area's rows.

    Attributes
    ----------
    rows : polars.DataFrame
        A row each: `_number`, `_cells` (cells that have to be filled in it), `_gaps` (those that are not),
        `_wrong` (a value in it does not hold).
    faults : polars.DataFrame
        `FAULTS`: one for each cell that is missing or broken rule. `field` names the cell; several names
        joined by `SEPARATOR` mean one of them (identity, of which only the gap is known).
    """

    rows: pl.DataFrame
    faults: pl.DataFrame


@dataclass(frozen=True)
class _Rule:
    field: str
    name: str
    holds: pl.Expr


def judge(rows: pl.DataFrame, area: AreaInfo) -> Judged:
    """Apply every rule of an area that looks at nothing but what `rows` holds.

    Parameters
    ----------
    rows : polars.DataFrame
        From `rows.typed_rows`.
    area : AreaInfo
        What they are.

    Notes
    -----
    A remark excuses a gap at the intake, but does not fill it: rules are applied as if there were none.
    Where a rule over several fields breaks only because its first field is empty, that cell is required in
    this row (a person's birth date, the date of a consent) and counts as such, filled or not. A pending
    row whose visible cells are all there lacks an identity cell.
    """
    bare = rows.with_columns(remarks=pl.lit(None, pl.String))
    required = [f.name for f in area.fields if f.required and not f.key and f.name in rows.columns]
    conditional = list(_conditional(bare, area, required))
    gaps = [_faults(rows, rows[name].is_null(), name, REQUIRED, MISSING) for name in required]
    gaps += [_faults(rows, n & rows[r.field].is_null(), r.field, r.name, MISSING) for r, n in conditional]
    gap = pl.concat([FAULTS.to_frame(), *gaps]).unique([NUMBER, "field"], maintain_order=True)
    unseen = [f.name for f in area.fields if f.required and f.sensitivity == "I"]
    gap = pl.concat([gap, _unseen_gaps(rows, gap, unseen)])
    faults = pl.concat([gap, _invalid(rows, bare, area)])
    cells = pl.repeat(len(required) + len(unseen), rows.height, dtype=pl.Int64, eager=True)
    for needed in _once_a_field(conditional).values():
        cells = cells + needed.cast(pl.Int64)
    return Judged(_counted(rows, faults, cells.alias(CELLS)), faults)


def _conditional(
    bare: pl.DataFrame, area: AreaInfo, required: list[str]
) -> Iterator[tuple[_Rule, pl.Series]]:
    """Rules that make a cell required in some rows, and in which: where they break once it is emptied."""
    for rule in _cross_rules(area, bare.columns):
        if rule.field in required or area.field(rule.field).key:
            continue
        emptied = bare.with_columns(pl.lit(None, area.field(rule.field).dtype).alias(rule.field))
        needed = _broken(emptied, rule)
        if needed.any():
            yield rule, needed


def _once_a_field(conditional: list[tuple[_Rule, pl.Series]]) -> dict[str, pl.Series]:
    """Where each cell is required, by whichever rule."""
    needs: dict[str, pl.Series] = {}
    for rule, needed in conditional:
        needs[rule.field] = needs[rule.field] | needed if rule.field in needs else needed
    return needs


def _invalid(rows: pl.DataFrame, bare: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    broken = [(rule, _broken(rows, rule)) for rule in _cell_rules(area, rows.columns)]
    broken += [(rule, _broken(bare, rule)) for rule in _cross_rules(area, rows.columns)]
    found = [
        _faults(rows, where & rows[rule.field].is_not_null(), rule.field, rule.name, INVALID)
        for rule, where in broken
    ]
    return pl.concat([FAULTS.to_frame(), *found])


def _unseen_gaps(rows: pl.DataFrame, gap: pl.DataFrame, unseen: list[str]) -> pl.DataFrame:
    if not unseen:
        return FAULTS.to_frame()
    pending = rows[PENDING].fill_null(value=False) & ~rows[NUMBER].is_in(gap[NUMBER].implode())
    return _faults(rows, pending, SEPARATOR.join(unseen), REQUIRED, MISSING)


def _cell_rules(area: AreaInfo, columns: list[str]) -> Iterator[_Rule]:
    """The checks of single cells, but for those that ask for a value at all."""
    for name, column in area.schema.columns().items():
        if name not in columns:
            continue
        for check, holds in column.validation_rules(pl.col(name)).items():
            if check not in ("nullability", f"check__{REQUIRED}"):
                yield _Rule(name, check.removeprefix("check__"), holds)


def _cross_rules(area: AreaInfo, columns: list[str]) -> Iterator[_Rule]:
    """The rules over several fields, all of which are in `columns`."""
    schemas = {schema.__name__: schema for schema in area.schema.__mro__}
    for words in rules_of(area.schema):
        holds = vars(schemas[words.schema])[words.name].validation_fn(area.schema)
        if set(holds.meta.root_names()) <= set(columns):
            yield _Rule(words.fields[0], words.name, holds)


def _broken(rows: pl.DataFrame, rule: _Rule) -> pl.Series:
    """(rows,) where a rule is broken; what it cannot tell for an empty cell passes, as at the intake."""
    return rows.select((~rule.holds).fill_null(value=False).alias("broken")).to_series()


def _faults(rows: pl.DataFrame, where: pl.Series, field: str, rule: str, kind: str) -> pl.DataFrame:
    return rows.filter(where).select(
        NUMBER, pl.lit(field).alias("field"), pl.lit(rule).alias("rule"), pl.lit(kind).alias("kind")
    )


def _counted(rows: pl.DataFrame, faults: pl.DataFrame, cells: pl.Series) -> pl.DataFrame:
    of_row = faults.group_by(NUMBER).agg(
        pl.col("kind").eq(MISSING).sum().cast(pl.Int64).alias(GAPS),
        pl.col("kind").eq(INVALID).any().alias(WRONG),
    )
    return (
        rows.select(NUMBER)
        .with_columns(cells)
        .join(of_row, on=NUMBER, how="left", maintain_order="left")
        .with_columns(pl.col(GAPS).fill_null(0), pl.col(WRONG).fill_null(value=False))
    )
