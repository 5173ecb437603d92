"""The guard sees identity in what a person can read, and is not fooled by numbers that are none."""

from __future__ import annotations

from typing import Any

import pytest

from clientlib.report import guard

CARD = "11010519491231002X"  # the standard's own example number
KINDS = {"ID card number", "mobile number", "e-mail address"}


def kinds(html: str) -> set[str]:
    return {s.kind for s in guard.sightings(html)}


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        (f"<p>ID {CARD}.</p>", "ID card number"),
        (f"<td>{CARD.lower()}</td>", "ID card number"),
        ("<p>call 13812345678 now</p>", "mobile number"),
        ("<p>+8613812345678</p>", "mobile number"),
        ("<p>电话：138 1234 5678。</p>", "mobile number"),
        ("<svg><title>138-1234-5678</title></svg>", "mobile number"),
        ('<img alt="wang@example.com">', "e-mail address"),
        ('<a href="mailto:wang@example.com">x</a>', "e-mail address"),
    ],
)
def test_identity_is_seen(html: str, kind: str) -> None:
    assert kinds(html) == {kind}


@pytest.mark.parametrize(
    "html",
    [
        "<p>11010519491231002Y 110105194912310021</p>",  # wrong form, wrong check character
        "<td>13,812,345,678</td>",
        "<p>value 13812345678.25</p>",
        '<path d="M 13812345678 20"/>',
        "<style>.a{width:13812345678px}</style>",
        "<code>a13812345678f</code>",
        "<td>138****5678</td>",
        "<dd>2026-06-30 18:00:00 +0800</dd>",
    ],
)
def test_other_numbers_pass(html: str) -> None:
    assert kinds(html) == set()


def test_the_outputs_of_a_notebook_are_read_too() -> None:
    output = {"output_type": "stream", "text": f"{CARD}\n"}
    block = {
        "output_type": "display_data",
        "data": {"text/html": "<p>a@b.cn</p>", "text/plain": "13812345678"},
    }
    found = guard.sightings_in_notebook({"cells": [{"outputs": [output, block]}]})
    assert {s.kind for s in found} == KINDS


@pytest.mark.parametrize(
    "data",
    [
        {"text/markdown": "call **13812345678**"},
        {"image/svg+xml": "<svg><text>13812345678</text></svg>"},
        {"text/html": "R&13812345678"},
        {"application/json": {"call": "13812345678"}},
    ],
    ids=lambda data: next(iter(data)),
)
def test_an_output_of_any_kind_is_read(data: dict[str, Any]) -> None:
    output = {"output_type": "display_data", "data": data}
    assert [s.kind for s in guard.sightings_in_notebook({"cells": [{"outputs": [output]}]})] == [
        "mobile number"
    ]


def test_a_picture_is_not_read() -> None:
    output = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo+13812345678+"}}
    assert guard.sightings_in_notebook({"cells": [{"outputs": [output]}]}) == []


def test_the_sentence_holds_no_identity() -> None:
    text = guard.sentence(guard.sightings(f"<p>{CARD} 13812345678</p>"))
    assert CARD not in text
    assert "13812345678" not in text
