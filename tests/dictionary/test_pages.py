"""The pages: whole, safe to open anywhere, and saying what was gathered."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from clientlib import declare, dictionary
from clientlib.config import load
from clientlib.dictionary.content import gather
from clientlib.dictionary.markdown import cell, markdown, table
from clientlib.dictionary.pages import html
from clientlib.errors import Unwritable
from clientlib.tables import AREAS

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = REPOSITORY / "notebooks"
SETTINGS = load()
LANGUAGES = ("en", "zh")


class Seen(HTMLParser):
    """The ids, inner links and addresses of a page, and its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href" and (value or "").startswith("#"):
                self.links.append((value or "")[1:])
            elif name in ("href", "src", "action"):
                self.addresses.append(value or "")
            elif name.startswith("on"):
                self.handlers.append(name)


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request: pytest.FixtureRequest) -> str:
    return html(gather(AREAS, SETTINGS, [], request.param), SETTINGS, LANGUAGES)


# -------------------------------------------------------------------------------- HTML
def test_every_field_can_be_linked_to(page: str) -> None:
    assert {f"{f.area}.{f.name}" for a in AREAS.values() for f in a.fields} <= set(Seen(page).ids)


def test_every_link_within_the_page_leads_somewhere(page: str) -> None:
    seen = Seen(page)
    assert set(seen.links) <= set(seen.ids)


def test_no_anchor_stands_twice(page: str) -> None:
    ids = Seen(page).ids
    assert len(ids) == len(set(ids))


def test_the_page_names_no_address_but_the_other_language(page: str) -> None:
    assert all(re.fullmatch(r"data-dictionary\.(en|zh)\.html", a) for a in Seen(page).addresses)


def test_only_the_search_may_run(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert f"script-src &#39;sha256-{digest}&#39;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")
    assert Seen(page).handlers == []


def test_what_a_firm_writes_is_text_and_not_markup() -> None:
    own = declare.text("<b>x</b>", "</article>", "<script>alert(1)</script>", "\"'&", longest=3)
    areas = {**AREAS, "clients": AREAS["clients"].extended({"own": own})}
    shown = html(gather(areas, SETTINGS, [], "en"), SETTINGS, LANGUAGES)
    assert "<b>x</b>" not in shown
    assert shown.count("<script>") == 1
    assert shown.count("</article>") == sum(len(a.fields) for a in areas.values())


# ---------------------------------------------------------------------------- Markdown
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_of_the_markdown_is_rectangular(language: str) -> None:
    told = gather(AREAS, SETTINGS, [], language)
    rows: list[list[str]] = []
    for token in MarkdownIt().enable("table").parse(markdown(told)):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level >= 4:
            rows[-1].append(token.content)
    bodies = [row for row in rows if "---" not in row]
    fields, codes = told.size, sum(len(listed.codes) for listed in told.code_lists)
    assert len(bodies) == fields + codes + len(told.areas) + len(told.code_lists)
    assert {len(row) for row in bodies} == {9, 4}


@given(st.text(min_size=1))
def test_any_text_stays_one_cell_and_reads_as_it_was(text: str) -> None:
    shown = MarkdownIt().enable("table").parse(table(["a", "b"], [[cell(text), "end"]]))
    cells = [token for token in shown if token.type == "inline"]
    assert len(cells) == 4
    assert cells[3].content == "end"


def test_marks_of_markdown_are_shown_and_do_not_mark() -> None:
    (inline,) = [t for t in MarkdownIt().parse(cell("a|b *c* _d_ `e` <f> [g](h)")) if t.type == "inline"]
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}


# ------------------------------------------------------------------------------- files
def test_both_forms_in_both_languages_are_written(tmp_path: Path) -> None:
    written = dictionary.write(tmp_path / "new", AREAS, SETTINGS, notebooks=NOTEBOOKS)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(p.name for p in written)
    assert {p.name for p in written} == {
        f"data-dictionary.{lang}.{kind}" for lang in LANGUAGES for kind in ("html", "md")
    }


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    def once() -> list[bytes]:
        written = dictionary.write(tmp_path, AREAS, SETTINGS, notebooks=NOTEBOOKS)
        return [path.read_bytes() for path in written]

    assert once() == once()


def test_one_language_alone_links_to_no_other(tmp_path: Path) -> None:
    page, _ = dictionary.write(tmp_path, AREAS, SETTINGS, notebooks=NOTEBOOKS, languages=["zh"])
    assert Seen(page.read_text("utf-8")).addresses == []


def test_a_folder_that_cannot_be_written_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable, match="cannot be written"):
        dictionary.write(tmp_path / "file", AREAS, SETTINGS, notebooks=NOTEBOOKS)


def test_a_broken_write_leaves_the_old_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = dictionary.write(tmp_path, AREAS, SETTINGS, notebooks=NOTEBOOKS, languages=["en"])
    before = [path.read_bytes() for path in old]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    firm = SETTINGS.model_copy(update={"firm": SETTINGS.firm.model_copy(update={"name": "Other"})})
    with pytest.raises(Unwritable, match="No space left"):
        dictionary.write(tmp_path, AREAS, firm, notebooks=NOTEBOOKS, languages=["en"])
    assert [path.read_bytes() for path in old] == before
    assert len(list(tmp_path.iterdir())) == len(old)


def test_the_firm_is_named_on_its_page() -> None:
    named = SETTINGS.firm.model_copy(update={"name_zh": "东方证券示例"})
    settings = SETTINGS.model_copy(update={"firm": named})
    told = gather(AREAS, settings, [], "zh")
    assert "东方证券示例" in html(told, settings, LANGUAGES)
