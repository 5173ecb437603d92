"""How much each agreement and disagreement says for or against two records being of one client.

The weights are those of Fellegi and Sunter (1969): log2(m / u), where m is how often something is seen
between two records of the same client, and u how often between those of two different ones. They are
reasoned, not trained: in a book where one client in a hundred is registered twice, expectation
maximisation would take the far more numerous households, who share a telephone and an address, for the
hidden class it looks for. What differs between firms is counted: how many clients there are, and how
common a name or a birth date is among them.

What a family has in common counts once: an address beside the same telephone or mailbox adds next to
nothing, and the common birthday of two people with the same family name and different given names is that
of twins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

PRIOR, MISSING = "prior", "missing"
"""The step before anything is compared, and the level of a field that one of the two records lacks."""
DUPLICATE_SHARE = 0.01
"""Share of clients who are expected to be registered a second time."""
LARGEST_PRIOR = 0.1
"""Two records of a handful are no likelier to be one client than this."""
COMMON = {"core": (1 / 4000, 2000), "ring": (1 / 2000, 2000), "birth": (1 / 24000, 5000)}
"""How common a value is elsewhere, and with the weight of how many clients that counts beside the book."""


class Reason(NamedTuple):
    """What came of comparing one field, and how much it weighs (log2 of the odds; below 0: against)."""

    field: str
    level: str
    weight: float


@dataclass(frozen=True)
class Level:
    """One outcome of comparing a field; the first whose condition holds is taken.

    Attributes
    ----------
    name : str
    when : str
        SQL over the columns of `duplicates_records.records`, with `_l` and `_r` for the two records;
        `ELSE` for what is left.
    m : float
        How often two records of one client come out here.
    u : float, optional
        How often two records of different clients do.
    others : float
        Where `u` is not given: with how many other clients a client comes out here, on average, however
        many there are. For what is unique but for families and mistakes.
    common : str, optional
        In place of both: the column whose value tells how often by how common it is.
    """

    name: str
    when: str
    m: float
    u: float | None = None
    others: float = 0.0
    common: str | None = None

    def probability_by_chance(self, clients: int) -> float:
        """u in a book of so many clients; where a value decides, that of a value seen nowhere else."""
        if self.u is not None:
            return self.u
        if self.common is not None:
            return COMMON[self.common][0]
        return min(self.others / clients, 0.5)


@dataclass(frozen=True)
class Comparison:
    """A field, when it cannot be compared, and what can come of comparing it."""

    field: str
    missing: str
    levels: tuple[Level, ...]

    def level_of(self, outcome: int) -> str:
        """The level behind Splink's number of an outcome: −1 missing, 0 the last level, and so on up."""
        return MISSING if outcome < 0 else self.levels[len(self.levels) - 1 - outcome].name


def _either(column: str) -> str:
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def _same(column: str) -> str:
    return f"{column}_l = {column}_r"


_ONE_SLIP = "damerau_levenshtein({0}_l, {0}_r) = 1"
_PEOPLE = "kind_l = 'person' AND kind_r = 'person'"
_SAME_READING = f"({_same('sound')} OR ({_same('ring')} AND (latin_l OR latin_r)))"
_OTHER_GIVEN = f"{_same('family')} AND core_l <> core_r AND NOT {_SAME_READING}"
_HALF_OF_GIVEN = (
    "length(given_l) = 2 AND length(given_r) = 2 AND "
    "(left(given_l, 1) = left(given_r, 1) OR right(given_l, 1) = right(given_r, 1))"
)
_PART_OF_OTHER = (
    f"NOT ({_PEOPLE}) AND kind_l = kind_r AND kind_l <> 'product' AND "
    "least(length(core_l), length(core_r)) >= 4 AND (contains(core_l, core_r) OR contains(core_r, core_l))"
)
_UNCHECKED = "document_kind_l NOT IN ('id_card', 'licence')"

NAME = Comparison(
    "full_name",
    _either("core"),
    (
        Level("same", _same("written"), 0.80, common="core"),
        Level("characters", f"{_same('name')} AND traditional_l <> traditional_r", 0.05, common="core"),
        Level("spelling", _same("name"), 0.05, common="core"),
        Level("company_form", _same("core"), 0.20, common="core"),
        Level("latin", f"{_same('ring')} AND (latin_l OR latin_r)", 0.04, common="ring"),
        Level("homophone", _same("sound"), 0.04, common="ring"),
        Level("part", _PART_OF_OTHER, 0.03, u=0.0005),
        # Brothers and sisters often share a character of their given names.
        Level("one_character", f"{_same('family')} AND {_HALF_OF_GIVEN}", 0.01, u=0.02),
        Level("family_name", _same("family"), 0.001, u=0.06),
        Level("different", "ELSE", 0.006, u=0.94),
    ),
)
DOCUMENT = Comparison(
    "id_number",
    _either("document"),
    (
        # The products of one manager stand under that manager's licence.
        Level("manager", f"{_same('document')} AND kind_l = 'product' AND kind_r = 'product'", 0.9, others=5),
        Level("old_form", f"{_same('document')} AND document_old_l <> document_old_r", 0.05, others=1e-5),
        Level("same", _same("document"), 0.75, others=1e-6),
        Level("check_character", _same("document_stem"), 0.03, others=1e-4),
        # Of two right numbers neither is the other one mistyped: the check character finds every single
        # mistake and every exchange of neighbours.
        Level(
            "both_valid",
            f"document_valid_l AND document_valid_r AND {_same('document_kind')}",
            2e-5,
            u=0.9,
        ),
        # Passports issued together, as to a family, have neighbouring numbers.
        Level(
            "slip_unchecked",
            f"{_UNCHECKED} AND {_same('document_kind')} AND {_ONE_SLIP.format('document')}",
            0.05,
            others=0.05,
        ),
        Level(
            "transposed",
            f"{_same('document_digits')} AND {_ONE_SLIP.format('document')}",
            0.05,
            others=1e-3,
        ),
        Level("slip", _ONE_SLIP.format("document"), 0.05, others=2e-3),
        Level("other_kind", "document_kind_l <> document_kind_r", 0.01, u=0.05),
        Level("renewed", _UNCHECKED, 0.15, u=0.5),
        Level("different", "ELSE", 0.01, u=0.9),
    ),
)
BIRTH = Comparison(
    "birth_date",
    _either("birth"),
    (
        Level("twins", f"{_same('birth')} AND {_OTHER_GIVEN}", 0.02, u=0.005),
        Level("same", _same("birth"), 0.93, common="birth"),
        Level(
            "day_month",
            "substr(birth_l, 1, 4) = substr(birth_r, 1, 4) AND "
            "substr(birth_l, 5, 2) = substr(birth_r, 7, 2) AND substr(birth_l, 7, 2) = substr(birth_r, 5, 2)",
            0.01,
            u=4e-5,
        ),
        Level("slip", _ONE_SLIP.format("birth"), 0.02, u=8e-4),
        Level("year", "substr(birth_l, 5) = substr(birth_r, 5)", 0.01, u=2.7e-3),
        Level("different", "ELSE", 0.02, u=0.995),
    ),
)
GENDER = Comparison(
    "gender",
    _either("gender"),
    (Level("same", _same("gender"), 0.995, u=0.5), Level("different", "ELSE", 0.005, u=0.5)),
)
MOBILE = Comparison(
    "mobile",
    _either("mobile"),
    (
        Level("same", _same("mobile"), 0.55, others=0.1),
        Level("slip", f"length(mobile_l) >= 8 AND {_ONE_SLIP.format('mobile')}", 0.04, others=3e-3),
        Level("different", "ELSE", 0.3, u=1.0),
    ),
)
EMAIL = Comparison(
    "email",
    _either("email"),
    (
        Level("same_with_mobile", f"{_same('email')} AND {_same('mobile')}", 0.5, u=0.05),
        Level("same", _same("email"), 0.45, others=0.03),
        Level("slip", f"length(email_l) >= 8 AND {_ONE_SLIP.format('email')}", 0.03, others=0.05),
        Level("mailbox", _same("mailbox"), 0.05, others=0.05),
        Level("different", "ELSE", 0.3, u=1.0),
    ),
)
_SAME_PLACE = f"({_same('address')} OR {_same('place')})"
ADDRESS = Comparison(
    "address",
    _either("address"),
    (
        Level(
            "same_with_contact",
            f"{_SAME_PLACE} AND ({_same('mobile')} OR {_same('email')})",
            0.6,
            u=0.5,
        ),
        Level("same", _same("address"), 0.4, others=0.4),
        Level("written_otherwise", _same("place"), 0.2, others=0.3),
        Level("different", "ELSE", 0.35, u=1.0),
    ),
)
COMPARISONS = (NAME, DOCUMENT, BIRTH, GENDER, MOBILE, EMAIL, ADDRESS)

CANDIDATES = (
    "l.document = r.document",
    "l.document_digits = r.document_digits",
    "l.document_stem = r.document_stem",
    "l.mobile = r.mobile",
    "l.email = r.email",
    "l.ring = r.ring AND l.birth = r.birth",
    "l.ring = r.ring AND l.place = r.place",
    "l.ring = r.ring AND l.document_end = r.document_end",
    "l.birth = r.birth AND l.place = r.place",
    "l.organisation = r.organisation",
)
"""Only pairs that agree in one of these are compared at all (blocking)."""


def prior(clients: int) -> float:
    """The probability that two of so many clients, taken by chance, are one."""
    return min(2 * DUPLICATE_SHARE / max(clients - 1, 1), LARGEST_PRIOR)


def settings(clients: int) -> Any:
    """The model as Splink takes it, for a book of so many clients."""
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="client_id",
        probability_two_random_records_match=prior(clients),
        comparisons=[_comparison(c, clients) for c in COMPARISONS],
        blocking_rules_to_generate_predictions=[{"blocking_rule": rule} for rule in CANDIDATES],
        retain_matching_columns=True,  # without them Splink does not say which level was met
        retain_intermediate_calculation_columns=True,
    )


def _comparison(comparison: Comparison, clients: int) -> dict[str, Any]:
    missing = {"sql_condition": comparison.missing, "label_for_charts": MISSING, "is_null_level": True}
    levels = [missing, *(_level(level, clients) for level in comparison.levels)]
    return {"output_column_name": comparison.field, "comparison_levels": levels}


def _level(level: Level, clients: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "sql_condition": level.when,
        "label_for_charts": level.name,
        "m_probability": level.m,
        "u_probability": level.probability_by_chance(clients),
    }
    if level.common is not None:
        made |= {"tf_adjustment_column": level.common, "disable_tf_exact_match_detection": True}
    return made
