"""A query's words and conditions → the SQL of the clients that fit each, as places in `Standing.clients`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from clientlib import codes, masks
from clientlib.book.access import Access
from clientlib.book.connection import literal, quoted
from clientlib.book.search.fields import CONDITIONED, Fields, Known, KnownTarget, Target, masked
from clientlib.book.search.names import FIELD as FULL_NAME
from clientlib.book.search.names import spellings
from clientlib.book.search.notes import COMPARED_MASKED, NO_NAMES, Note
from clientlib.book.search.query import Condition, Query, Range
from clientlib.book.search.standing import Standing
from clientlib.book.search.values import Reading, code_of
from clientlib.book.search.ways import (
    BEGINS,
    ELSEWHERE,
    EXACT,
    HOLDS,
    SAID,
    STEP,
    Comparison,
    Look,
    Way,
    comparisons,
    is_identity_only,
    is_whole_number,
)
from clientlib.declare import SEPARATOR, Field
from clientlib.errors import ParameterError

_NUMBER = re.compile(r"[0-9a-z._\-]+")
_LIKE_A_NAME = re.compile(r"[^\W\d_]+")
_SEARCHED_IDENTITY = ("clients", "contacts")
NOBODY = "SELECT NULL::INTEGER AS n, NULL::INTEGER AS way WHERE false"


@dataclass
class Plan:
    """What a query comes to, made term by term.

    Attributes
    ----------
    words : list of str
        For each word the SQL of `n` and `way`, the best way in which the client fits.
    texts : list of str
        The words.
    joined : str, optional
        Likewise, of all words as one name.
    fit, unfit : list of str
        For each condition the SQL of `n` of those that fit, and of those that do not.
    once : list of str
        Likewise of those that fit, where each client is there at most once: the quickest to join.
    ways : list of Way
        A way's number is its rank times `STEP` plus its place here.
    frames : dict of str to pyarrow.Table
        What the SQL reads beside the tables.
    shown : list of Target or KnownTarget
        What the conditions are about.
    told : list of str
        The terms as they may stand in a log.
    notes : list of Note
        How something was understood.
    """

    words: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    joined: str | None = None
    fit: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    once: list[str] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    frames: dict[str, pa.Table] = field(default_factory=dict)
    shown: list[Target | KnownTarget] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def number_of(self, way: Way) -> int:
        if way not in self.ways:
            self.ways.append(way)
        return way.rank * STEP + self.ways.index(way)

    def way_of(self, number: int) -> Way:
        return self.ways[number % STEP]

    def frame(self, table: pa.Table) -> str:
        name = f"_frame{len(self.frames)}"
        self.frames[name] = table
        return name

    def note(self, note: Note) -> None:
        if note not in self.notes:
            self.notes.append(note)


class Planner:
    """Makes the plan of a query.

    Parameters
    ----------
    standing : Standing
    access : Access
    fields : Fields
    reading : Reading
    looks : sequence of Look
        What may be compared of identity; none where it is hidden.
    """

    def __init__(
        self, standing: Standing, access: Access, fields: Fields, reading: Reading, looks: Sequence[Look]
    ) -> None:
        self._standing = standing
        self._access = access
        self._fields = fields
        self._reading = reading
        self._looks = looks
        self._plan = Plan()

    def plan(self, query: Query) -> Plan:
        """The plan of a query.

        Raises
        ------
        ParameterError
            A field is not known, or a value cannot be one of it.
        PermissionRefused
            The role does not see what a term is about.
        """
        targets = [self._fields.named(condition.field) for condition in query.conditions]
        self._make_ready(targets)
        for condition, target in zip(query.conditions, targets, strict=True):
            self._condition(target, condition)
        words = [word.text for word in query.words]
        joined = "".join(words)
        if is_whole_number(joined):
            # It was typed in groups of digits.
            words = [joined]
        for word in words:
            self._word(word)
        if len(words) > 1 and all(map(_LIKE_A_NAME.fullmatch, words)):
            self._plan.joined = self._joined(joined)
        return self._plan

    # --------------------------------------------------------------------------------- words
    def _word(self, text: str) -> None:
        self._plan.texts.append(text)
        if number := self._as_number(text):
            way = self._plan.number_of(Way("clients", "client_id", "exact", EXACT))
            self._plan.words.append(
                f"SELECT n, {way} AS way FROM {self._standing.clients} WHERE n = {number[0]}"
            )
            self._plan.told.append(number[1])
            return
        self._plan.told.append(masked(text))
        ways = [*self._by_identity(text)]
        if not is_identity_only(text):
            ways += [*self._by_number(text), *self._by_label(text), *self._by_text(text)]
        found = " UNION ALL ".join(ways) or NOBODY
        self._plan.words.append(f"SELECT n, min(way) AS way FROM ({found}) GROUP BY n")

    def _as_number(self, text: str) -> tuple[int, str] | None:
        """The place and the number of the client of whom a word is the whole number, also one merged away."""
        typed = text.lower()
        if not _NUMBER.fullmatch(typed):
            return None
        query = f"SELECT n, client_id FROM {self._standing.clients} WHERE number = $number"
        with self._standing.on_book() as cursor:
            return cursor.execute(query, {"number": self._reads_as(typed)}).fetchone()

    def _reads_as(self, number: str) -> str:
        """A number in small letters, or that of the client into whom it was merged."""
        into = {other.lower(): kept.lower() for other, kept in self._standing.moment.merged.items()}
        return into.get(number, number)

    def _by_number(self, text: str) -> list[str]:
        typed = text.lower()
        if not _NUMBER.fullmatch(typed) or typed.isalpha():
            return []
        begins = self._plan.number_of(Way("clients", "client_id", "begins", BEGINS))
        holds = self._plan.number_of(Way("clients", "client_id", "holds", HOLDS))
        way = f"CASE WHEN starts_with(number, {literal(typed)}) THEN {begins} ELSE {holds} END"
        where = f"contains(number, {literal(typed)})"
        return [f"SELECT n, {way} AS way FROM {self._standing.clients} WHERE {where}"]

    def _by_label(self, text: str) -> list[str]:
        """Those who have a code of which the word is the label."""
        found = []
        for area in (area for area in self._access.areas if area.name in CONDITIONED):
            for one in area.fields:
                code = one.code_list.lookup.get(codes.fold(text)) if one.code_list else None
                if code is None or one.kind == "yes_no" or len(text) < 2 or self._fields.look(one) != "plain":
                    continue
                way = self._plan.number_of(Way(area.name, one.name, "label", ELSEWHERE))
                column = quoted(one.name)
                table = self._standing.column(one)
                test = f"list_contains(string_split({column}, {literal(SEPARATOR)}), {literal(code)})"
                found.append(f"SELECT n, {way} AS way FROM {table} WHERE {test}")
        return found

    def _by_text(self, text: str) -> list[str]:
        found = []
        for said, rank in ((False, ELSEWHERE), (True, SAID)):
            way = self._plan.number_of(Way("", "said" if said else "texts", "text", rank))
            texts = self._standing.texts_with(spellings(text), said=said)
            found.append(f"SELECT n, {way} AS way FROM ({texts})")
        return found

    def _joined(self, text: str) -> str | None:
        """All words as one name, such as was typed with a space between its syllables."""
        clients = self._access.table["clients"]
        looks = [look for look in self._looks if not look.masked]
        hits = self._hits([clients.field(FULL_NAME)], text, inside=True, looks=looks)
        return f"SELECT n, min(way) AS way FROM ({self._read(hits)}) GROUP BY n" if hits else None

    # ------------------------------------------------------------------------------- identity
    def _by_identity(self, text: str) -> list[str]:
        if not self._looks:
            if is_identity_only(text):
                raise self._fields.refusal(_number_field(self._access, text))
            self._plan.note(NO_NAMES)
            return []
        found = []
        for area in (area for area in self._access.areas if area.name in _SEARCHED_IDENTITY):
            searched = [one for one in area.fields if one.sensitivity == "I"]
            wanted = [one for one in searched if masks.kind_of(one) != "address"]
            found.append(self._hits(wanted, text, inside=True, looks=self._looks))
        return [self._read(hits) for hits in found if hits]

    def _hits(
        self, fields: Sequence[Field], text: str, *, inside: bool, looks: Sequence[Look]
    ) -> pa.Table | None:
        """Whose identity the text may be, by fields of one area: `n` and `way`; None: it can be nobody's."""
        parts = []
        for look in looks:
            found = [c for one in fields for c in comparisons(one, text, look, inside=inside)]
            if found:
                parts.append(self._asked(fields[0].area, found, masked=look.masked))
        return pa.concat_tables(parts) if parts else None

    def _read(self, hits: pa.Table) -> str:
        return f"SELECT n, way FROM {self._plan.frame(hits)}"

    def _asked(self, area: str, found: list[Comparison], *, masked: bool) -> pa.Table:
        """Who fits one of the comparisons, and by which way: of the vault nothing else is told."""
        found = sorted(found, key=lambda comparison: comparison.way.rank)
        cases = " ".join(f"WHEN {c.sql} THEN {self._plan.number_of(c.way)}" for c in found)
        widest = {c.chain: c.sql for c in found}
        table = self._standing.who(area, masked=masked)
        query = f"SELECT n, CASE {cases} END AS way FROM {table} WHERE {' OR '.join(widest.values())}"
        with self._standing.on_vault() as cursor:
            return cursor.execute(query).to_arrow_table()

    # ----------------------------------------------------------------------------- conditions
    def _make_ready(self, targets: Sequence[Target | KnownTarget]) -> None:
        """Fetch what the conditions are about area by area, rather than one by one."""
        fields = [target.field for target in targets if isinstance(target, Target)]
        stored = [one for one in fields if one.sensitivity != "I" and one.name != "client_id"]
        for area in dict.fromkeys(one.area for one in stored):
            self._standing.of(area, [one.name for one in stored if one.area == area])

    def _condition(self, target: Target | KnownTarget, condition: Condition) -> None:
        if target not in self._plan.shown:
            self._plan.shown.append(target)
        there_once = False
        if isinstance(target, KnownTarget):
            sql, told = self._known(target, condition)
        elif target.field.sensitivity == "I":
            sql, told = self._identity(target.field, condition)
        elif target.field.name == "client_id":
            sql, told = self._numbers(target.field, condition)
        else:
            bands = self._fields.look(target.field) == "bands"
            test = self._reading.test(target, condition, bands=bands)
            for note in test.notes:
                self._plan.note(note)
            sql = f"SELECT n FROM {self._standing.column(target.field)} WHERE {test.sql}"
            told, there_once = test.told, self._access.table[target.field.area].merged != "added"
        fits = self._plan.once if there_once else self._plan.fit
        (self._plan.unfit if condition.sign == "!=" else fits).append(sql)
        self._plan.told.append(told)

    def _numbers(self, one: Field, condition: Condition) -> tuple[str, str]:
        texts = _texts(condition, one.name)
        forms = [literal(text.lower()) for text in texts]
        holds = [f"contains(number, {form})" for form in forms] if condition.sign == ":" else []
        whole = [literal(self._reads_as(text.lower())) for text in texts]
        where = " OR ".join([*holds, f"number IN ({', '.join(whole)})"])
        told = ",".join(number[1] if (number := self._as_number(text)) else masked(text) for text in texts)
        return f"SELECT n FROM {self._standing.clients} WHERE {where}", f"{one.name}{condition.sign}{told}"

    def _identity(self, one: Field, condition: Condition) -> tuple[str, str]:
        texts = _texts(condition, one.name)
        if texts == [""]:
            found = [self._empty(one)]
        else:
            found = [sql for text in texts if (sql := self._holders(one, text, condition))]
        told = f"{one.name}{condition.sign}{','.join(map(masked, texts))}"
        return " UNION ALL ".join(found) or NOBODY, told

    def _holders(self, one: Field, text: str, condition: Condition) -> str:
        """Those of whom the text is the value; if it is nobody's, those of whom it is a part of it."""
        if len(self._looks) == 1 and self._looks[0].masked and "*" not in text:
            self._plan.note(COMPARED_MASKED)
        for inside in (False, True) if condition.sign != ":" else (True,):
            hits = self._hits([one], text, inside=inside, looks=self._looks)
            if hits is not None and hits.num_rows:
                return f"SELECT n FROM {self._plan.frame(hits)}"
        return ""

    def _empty(self, one: Field) -> str:
        table = self._standing.who(one.area, masked=self._looks[0].masked)
        with self._standing.on_vault() as cursor:
            query = f"SELECT n FROM {table} WHERE {quoted(one.name)} IS NULL"
            return f"SELECT n FROM {self._plan.frame(cursor.execute(query).to_arrow_table())}"

    def _known(self, target: KnownTarget, condition: Condition) -> tuple[str, str]:
        texts = _texts(condition, target.name)
        choices = target.known.choices
        wanted = [code_of(choices, text, target.name) for text in texts]
        listed = ", ".join(map(literal, wanted))
        sql = f"SELECT n FROM {self.known(target.name, target.known)} WHERE value IN ({listed})"
        return sql, f"{target.name}{condition.sign}{','.join(wanted)}"

    def known(self, name: str, known: Known) -> str:
        """The SQL of `n` and `value` of something that is known beside the book."""
        if name not in self._plan.frames:
            values = known.by_client()
            frame = pl.DataFrame({"client_id": values.index.astype(str), "value": values.astype(str)})
            self._plan.frames[name] = frame.to_arrow()
        joined = (
            f"SELECT c.n, k.value FROM {quoted(name)} k JOIN {self._standing.clients} c USING (client_id)"
        )
        return f"({joined})"


def _texts(condition: Condition, name: str) -> list[str]:
    """The values of a condition on something that is only alike or not."""
    texts = [value for value in condition.values if not isinstance(value, Range)]
    if len(texts) < len(condition.values) or condition.sign not in ("=", "!=", ":"):
        raise ParameterError(
            f"{name} is alike or not: use =, != or : (holds), and no range.",
            f"{name} 只能判断是否相同：请使用 =、!= 或 :（包含），不能用范围。",
        )
    return texts


def _number_field(access: Access, text: str) -> Field:
    """The identity field that a number of this form is a value of."""
    digits = re.split(r"\D", text.removeprefix("+"))[0]
    area, name = ("contacts", "mobile") if 3 <= len(digits) < 15 else ("clients", "id_number")
    return access.table[area].field(name)
