"""XML by the places of its elements: what is found is what stands there, and an edit changes nothing else."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.sheets.xlsx.splice import Edit, UnreadableXml, appended, parse, retagged, spliced, xml_text

NAMES = st.sampled_from(["c", "row", "v", "x:c", "f"])
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
)


def _element(name: str, attribute: str, inside: list[str]) -> str:
    start = f"<{name} xmlns:x='urn:x' a={quoteattr(attribute)}"
    return f"{start}>{''.join(inside)}</{name}>" if inside else f"{start} />"


XML = st.recursive(
    TEXTS.map(escape) | st.builds(_element, NAMES, TEXTS, st.just([])),
    lambda inside: st.builds(_element, NAMES, TEXTS, st.lists(inside, max_size=4)),
    max_leaves=12,
).map(lambda inside: f"<root>{inside}</root>".encode())


@given(XML)
def test_every_element_lies_where_it_is_said_to(data: bytes) -> None:
    expected = [(e.tag.rpartition("}")[2], e.get("a")) for e in ElementTree.fromstring(data).iter()]
    found = []
    for node in parse(data).walk():
        whole = data[node.start : node.end]
        alone = ElementTree.fromstring(b"<w xmlns:x='urn:x'>" + whole + b"</w>")[0]
        found.append((alone.tag.rpartition("}")[2], alone.get("a")))
    assert found == expected


@given(XML, TEXTS)
def test_an_attribute_is_changed_and_all_else_stays(data: bytes, value: str) -> None:
    root = parse(data)
    for node in list(root.walk()):
        changed = parse(spliced(data, [retagged(node, b=value)]))
        pairs = zip(root.walk(), changed.walk(), strict=True)
        assert all(
            (a.tag, a.text, {**a.attributes}) == (b.tag, b.text, _without(b.attributes)) for a, b in pairs
        )
        assert sum(n.attributes.get("b") == value for n in changed.walk()) == 1


def _without(attributes: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name != "b"}


@given(XML)
def test_what_is_appended_is_the_last_child(data: bytes) -> None:
    for place, node in enumerate(parse(data).walk()):
        changed = list(parse(spliced(data, appended(node, b"<new/>"))).walk())[place]
        assert changed.children[-1].tag == "new"


def test_edits_at_one_place_keep_their_order() -> None:
    assert spliced(b"ab", [Edit(1, 1, b"1"), Edit(1, 1, b"2")]) == b"a12b"


@pytest.mark.parametrize(
    "data",
    [b"<a", b"<a></b>", b"\xff\xfe<\x00a\x00", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"],
    ids=["cut off", "crossed", "another encoding", "document type"],
)
def test_what_is_no_plain_xml_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableXml):
        parse(data)


def test_text_loses_only_what_xml_cannot_hold() -> None:
    assert xml_text("a\x00<b>\x0b𠮷") == "a&lt;b&gt;𠮷"
