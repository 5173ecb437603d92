"""The protocol of an erasure as a page and as JSON: what went, what is locked and why, what is left to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from clientlib.book.personal import Erasure, json_value
from clientlib.config import Language
from clientlib.report import exporter, formats
from clientlib.report.erasure_words import beyond, others, outcomes, say
from clientlib.report.person_page import shared
from clientlib.workbook import Workbook

SCHEMA = "clientlib.erasure/1"
"""The form of `erasure_json`, described in docs/personal-rights.md."""


def erasure_page(erasure: Erasure, language: Language, workbook: Workbook) -> str:
    """The protocol, self-contained: HTML without scripts and addresses, and without identity."""
    at = erasure.at.astimezone(ZoneInfo(workbook.settings.firm.time_zone))
    return (
        exporter.environment()
        .get_template("erasure.html.j2")
        .render(
            **shared(language, workbook),
            numbers=say("number", language, numbers=", ".join(erasure.numbers)),
            made=say("made", language, at=f"{formats.date(at, language)} {at:%H:%M}", batch=erasure.batch),
            outcomes=outcomes(erasure, language, workbook),
            others=others(erasure, language),
            beyond=list(beyond(erasure, language, workbook)),
        )
    )


def erasure_json(erasure: Erasure, workbook: Workbook) -> dict[str, Any]:
    """The protocol as values that JSON can hold."""
    told: dict[str, Any] = json_value(asdict(erasure), ZoneInfo(workbook.settings.firm.time_zone))
    return {"schema": SCHEMA, **told}
