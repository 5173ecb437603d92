"""What speaks for a column being a field, as declared in `evidence.toml`: weights, shapes, ranges, roles."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from clientlib.declare import Field

Range = tuple[float, float]


@dataclass(frozen=True)
class Evidence:
    """The declared numbers; see the comments in `evidence.toml`.

    `fields` holds shapes and traits by ``name`` or ``area.name``; `roles` what a role adds to a field,
    with ``_`` for every other field.
    """

    weights: Mapping[str, float]
    reads: Mapping[str, float]
    background: Mapping[str, float]
    steps: Mapping[str, float]
    kinds: Mapping[str, Mapping[str, Range]]
    fields: Mapping[str, Mapping[str, Any]]
    roles: Mapping[str, Mapping[str, float]]

    def traits(self, field: Field) -> dict[str, Range]:
        """The ranges in which an honest column of the field lies."""
        found: Mapping[str, Range] = self._own(field).get("traits", {})
        return {**self.kinds.get(field.kind, {}), **found}

    def shapes(self, field: Field) -> Mapping[str, float] | None:
        """The chance of each shape in the field, where its reader tells little; None: nothing is expected."""
        found: Mapping[str, float] | None = self._own(field).get("shapes")
        return found

    def role(self, role: str, field: Field) -> float:
        added = self.roles[role]
        return added.get(field.name, added.get("_", 0.0))

    def _own(self, field: Field) -> Mapping[str, Any]:
        return self.fields.get(f"{field.area}.{field.name}", self.fields.get(field.name, {}))

    def shape_score(self, shares: Mapping[str, float], field: Field) -> float:
        """Log-likelihood ratio of one typical cell: the field's shapes against those of any column."""
        expected = self.shapes(field)
        if expected is None:
            return 0.0
        # What is not listed may still turn up: the rest is spread over all shapes.
        left = max(1.0 - sum(expected.values()), 0.02) / len(self.background)
        return sum(
            share * math.log(expected.get(shape, left) / self.background[shape])
            for shape, share in shares.items()
        )

    def trait_score(self, traits: Mapping[str, float], field: Field) -> float:
        """The traits of a column against the ranges expected; one that it does not have says nothing."""
        score = 0.0
        for name, (low, high) in self.traits(field).items():
            if name in traits:
                outside = max(low - traits[name], traits[name] - high, 0.0) / self.steps[name]
                score += (
                    self.weights["inside"] if outside == 0 else -min(outside, self.weights["outside_cap"])
                )
        return score


@cache
def declared() -> Evidence:
    """The evidence that comes with the package."""
    text = resources.files("clientlib.intake.recognise").joinpath("evidence.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    return Evidence(
        weights=raw["weights"],
        reads=raw["reads"],
        background=raw["background"],
        steps=raw["traits"],
        kinds=raw["kinds"],
        fields=raw["fields"],
        roles=raw["roles"],
    )
