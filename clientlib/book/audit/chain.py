"""Whether a chain of records is as it was left: pure, nothing is read here and nothing is mended."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from clientlib.book.audit.anchor import Anchor
from clientlib.book.audit.record import (
    BACK_TO,
    GONE_FROM,
    GONE_HASH,
    GONE_TO,
    SO_FAR,
    START,
    Batched,
    Link,
)
from clientlib.config import Language

Source = Literal["book", "vault", "journal"]


@dataclass(frozen=True)
class Remark:
    """Something to be told of the audit: a defect, or a note. `kind` is a key of `sentences.toml`."""

    kind: str
    defect: bool
    values: Mapping[str, object]

    def sentence(self, language: Language = "en") -> str:
        words = _sentences()
        told = {
            name: words["source"][str(value)][language] if name in ("source", "other") else value
            for name, value in self.values.items()
        }
        return str(words[self.kind][language]).format(**told)

    def __str__(self) -> str:
        return self.sentence()


@cache
def _sentences() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "sentences.toml").read_text("utf-8"))


def event_title(event: str, language: Language) -> str:
    """What an event is called; one that is unknown, as in a record that was changed, keeps its name."""
    return _title("event", event, language)


def detail_title(name: str, language: Language) -> str:
    """What a detail of a record is called; empty where its value says it all."""
    return _title("detail", name, language)


def value_title(value: str, language: Language) -> str:
    """How a detail's value reads; what a person or the firm named keeps its name."""
    return _title("value", value, language)


def _title(kind: str, name: str, language: Language) -> str:
    titles = _sentences()[kind].get(name)
    return str(titles[language]) if titles else name


def _defect(kind: str, **values: object) -> Remark:
    return Remark(kind, True, values)


def _note(kind: str, **values: object) -> Remark:
    return Remark(kind, False, values)


@dataclass(frozen=True)
class Found:
    """All that is to be compared.

    Attributes
    ----------
    book : sequence of Link
        Of the book's table, by number.
    vault : sequence of Link or None
        Of the vault's; None: its key is not here.
    journal : sequence of Link or None
        Line by line; None in the place of a line that cannot be read.
    anchor : Anchor or None
    book_id : str
    stamps : mapping of int to int
        The batches of the book, and when each was recorded.
    """

    book: Sequence[Link]
    vault: Sequence[Link] | None
    journal: Sequence[Link | None]
    anchor: Anchor | None
    book_id: str
    stamps: Mapping[int, int]

    @property
    def sources(self) -> dict[Source, Sequence[Link]]:
        """The records that can be read, by where they are."""
        found: dict[Source, Sequence[Link]] = {"book": self.book}
        if self.vault is not None:
            found["vault"] = self.vault
        return found | {"journal": [link for link in self.journal if link is not None]}


@dataclass(frozen=True)
class _Told:
    """A record and what it says."""

    link: Link
    said: Mapping[str, Any]

    @property
    def details(self) -> Mapping[str, Any]:
        details = self.said.get("details")
        return details if isinstance(details, dict) else {}

    def number(self, detail: str) -> int:
        """A detail that is a number; 0 where it is none, as in a record that was changed."""
        value = self.details.get(detail)
        return value if isinstance(value, int) else 0


def check(found: Found) -> list[Remark]:
    """Everything that is wrong with an audit, and what could not be looked at; in order of where it is.

    Detected is any one record that was changed, taken out, put in or moved, in either file or in the journal,
    an end that was cut off, and a batch without its record or a record without its batch.
    """
    told = _all(found.sources)
    gone = [one for one in told if one.number(GONE_TO)]
    remarks = [] if found.vault is not None else [_note("vault_not_looked_at")]
    remarks += [_defect("unreadable", line=n) for n, link in enumerate(found.journal, 1) if link is None]
    remarks += _disagreeing(found.sources)
    said = {one.link: one.said for one in told}
    for source, links in found.sources.items():
        start = Link(0, "", START) if source != "journal" else None
        remarks += _renumbered(source, links, said)
        remarks += _walk(source, links, start, gone)
    last = told[-1].link.seq if told else 0
    for source in _tables(found):
        remarks += _seam(source, found.sources[source], found.sources["journal"], last, gone)
    remarks += _anchored(found, {one.link.seq: one.link for one in told}, last)
    remarks += _alarms(told)
    return remarks + list(_batches(told, found))


def _tables(found: Found) -> list[Source]:
    return ["book"] if found.vault is None else ["book", "vault"]


def _all(sources: Mapping[Source, Sequence[Link]]) -> list[_Told]:
    """Every record once, by number, also when it says otherwise in another place."""
    merged = {link.seq: link for links in reversed(list(sources.values())) for link in links}
    return [_Told(link, link.read()) for _, link in sorted(merged.items())]


def _disagreeing(sources: Mapping[Source, Sequence[Link]]) -> Iterator[Remark]:
    first: dict[int, tuple[Source, Link]] = {}
    for source, links in sources.items():
        for link in links:
            other, there = first.setdefault(link.seq, (source, link))
            if there != link and other != source:
                yield _defect("disagree", seq=link.seq, source=source, other=other)


# ------------------------------------------------------------------------------- one place
def _renumbered(
    source: Source, links: Sequence[Link], said: Mapping[Link, Mapping[str, Any]]
) -> Iterator[Remark]:
    """Records that give themselves another number; `said` spares reading the same record in each place."""
    for link in links:
        if (said[link] if link in said else link.read()).get("seq") != link.seq:
            yield _defect("renumbered", seq=link.seq, source=source)


def _walk(
    source: Source, links: Sequence[Link], start: Link | None, gone: Sequence[_Told]
) -> Iterator[Remark]:
    """One record after the other; after a defect it goes on, so that each is told in its place."""
    previous = start
    for link in links:
        if previous is not None:
            yield from _step(source, previous, link, gone)
        previous = link


def _step(source: Source, previous: Link, link: Link, gone: Sequence[_Told]) -> Iterator[Remark]:
    if link.seq <= previous.seq:
        yield _defect("out_of_order", seq=link.seq, previous=previous.seq, source=source)
    elif link.seq == previous.seq + 1:
        if not link.follows(previous.hash):
            yield _defect("changed", seq=link.seq, previous=previous.seq, source=source)
    elif not any(_explains(words, previous, link) for words in gone):
        yield _defect("missing", first=previous.seq + 1, last=link.seq - 1, source=source)


def _explains(words: _Told, previous: Link, link: Link) -> bool:
    """Whether a record says why those between the two are not here, and the chain goes on with `link`."""
    if words.number(GONE_TO) != link.seq - 1 or words.number(GONE_FROM) > previous.seq + 1:
        return False
    before = str(words.details.get(GONE_HASH, ""))
    # After a book was put back nobody knows any more what the hash was.
    return not before or link.follows(before)


def _seam(
    source: Source,
    table: Sequence[Link],
    journal: Sequence[Link],
    last: int,
    gone: Sequence[_Told],
) -> Iterator[Remark]:
    """Whether the journal goes on where a file's table ends."""
    end = table[-1] if table else Link(0, "", START)
    following = next((link for link in journal if link.seq > end.seq), None)
    if following is not None:
        yield from _step(source, end, following, gone)
    elif end.seq < last:
        yield _defect("ends", seq=end.seq, last=last, source=source)


# --------------------------------------------------------------------------------- the end
def _anchored(found: Found, links: Mapping[int, Link], last: int) -> Iterator[Remark]:
    anchor = found.anchor
    if anchor is None:
        if last:
            yield _defect("no_anchor")
        return
    if anchor.book_id != found.book_id:
        yield _defect("foreign_anchor")
        return
    if anchor.seq > last:
        yield _defect("end_gone", first=last + 1, last=anchor.seq)
    elif anchor.seq in links and links[anchor.seq].hash != anchor.hash:
        yield _defect("anchor_disagrees", seq=anchor.seq)
    for source in _tables(found):
        # The anchor learns of a record before any file has it; of the journal's last one a moment later.
        if (links_there := found.sources[source]) and links_there[-1].seq > anchor.seq:
            yield _defect("beyond_anchor", seq=links_there[-1].seq, source=source, anchor=anchor.seq)
    if anchor.batch and found.stamps.get(anchor.batch) != anchor.stamp:
        yield _defect("batch_gone", batch=anchor.batch, last=max(found.stamps, default=0))


def _alarms(told: Sequence[_Told]) -> Iterator[Remark]:
    """An alarm is a defect until a verification has told of it, and a note from then on."""
    verified = max((one.link.seq for one in told if one.said.get("event") == "verify"), default=0)
    for one in told:
        if one.said.get("event") == "alarm":
            seq = one.link.seq
            kind = "alarm_" + str(one.said.get("outcome")).replace(" ", "_")
            if kind in _sentences():
                yield Remark(kind, seq > verified, {"seq": seq, "at": one.said.get("at")})


# ----------------------------------------------------------------------------- the batches
def _batches(told: Iterable[_Told], found: Found) -> Iterator[Remark]:
    so_far, recorded = _recorded(told)
    stamps = found.stamps
    stored = {source: {link.seq for link in found.sources[source]} for source in _tables(found)}
    following = max(stamps, default=0) + 1
    for number, (seq, stamp) in recorded.items():
        if number == following:
            yield _note("under_way", batch=number, seq=seq)
        elif number not in stamps:
            yield _defect("record_without_batch", batch=number, seq=seq)
        elif stamps[number] != stamp:
            yield _defect("other_batch", batch=number, seq=seq)
        else:
            # A batch and its record are committed together.
            lacking = [source for source, seqs in stored.items() if seq not in seqs]
            yield from (_defect("not_stored", batch=number, seq=seq, source=source) for source in lacking)
    for number in sorted(stamps):
        if number > so_far and number not in recorded:
            yield _defect("batch_without_record", batch=number)


def _recorded(told: Iterable[_Told]) -> tuple[int, dict[int, tuple[int, int]]]:
    """Up to which batch no record is needed; and of the others which landed: by what record, and when."""
    so_far = 0
    landed: dict[int, tuple[int, int]] = {}
    for one in told:
        so_far = max(so_far, one.number(SO_FAR))
        if BACK_TO in one.details:
            back_to = one.number(BACK_TO)
            landed = {number: mark for number, mark in landed.items() if number <= back_to}
        batched = Batched.of(one.said)
        if batched is not None and batched.broken_off:
            landed.pop(batched.number, None)
        elif batched is not None:
            landed[batched.number] = (one.link.seq, batched.stamp)
    return so_far, landed
