"""Free words sorted into a code list: known ones looked up, others guessed from their letters.

The guess is one logistic regression a code on runs of one to four characters, trained in an instant on the
code list, the everyday words of `words.toml` and what the firm itself has decided before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from clientlib.codes import CodeList, fold
from clientlib.declare import Field
from clientlib.intake.cells import EMPTY_WORDS, split_several
from clientlib.intake.recognise import vocabulary

SURE = 0.7
"""A guess less probable than this is called unsure."""
DECIDED_WEIGHT = 3
"""A decision of the firm weighs as much as so many words of the vocabulary."""
Status = Literal["listed", "decided", "sure", "unsure"]
SORTED = pl.Schema(
    {
        "text": pl.String(),
        "code": pl.String(),
        "probability": pl.Float64(),
        "status": pl.String(),
        "count": pl.UInt32(),
    }
)
DECIDED = pl.Schema({"text": pl.String(), "code": pl.String()})
_STRENGTH = 100.0
"""Inverse of the regression's penalty; at this one its probabilities came true (see the test's table)."""


def sort_text(
    values: Iterable[str | None],
    into: CodeList | Field,
    *,
    decisions: pl.DataFrame | None = None,
    sure: float = SURE,
) -> pl.DataFrame:
    """Sort words into a code list.

    Parameters
    ----------
    values : iterable of str
        As typed; None, empty ones and words for nothing (``无``, ``n/a``) are left out.
    into : CodeList or Field
        The list, or the field that has one. Cells of a field that takes several values are taken apart.
    decisions : polars.DataFrame, optional
        What the firm has decided before for this field: text, code; the last row of a text counts.
    sure : float, default 0.7
        A guess of at least this probability is "sure", one of less "unsure".

    Returns
    -------
    polars.DataFrame, a row a different word, in the order of their first appearance
        text, code, probability (of the code being right), status, count (how often the word stands there).
        Status: "listed" (the code list knows the word), "decided" (the firm has decided so before), "sure"
        or "unsure" (guesses). An address is sorted into the list of regions by the place that it names.

    Notes
    -----
    Deterministic: the same words and decisions give the same answer. A list of one code cannot be
    learned, and every word outside it is unsure.

    Examples
    --------
    >>> from clientlib.codes import CODES
    >>> sort_text(["高级软件工程师", "职员"], CODES["occupation"])["code"].to_list()
    ['2', '3']
    """
    entries, several = _list_of(into)
    counts = _counted(values, several)
    decided = decisions if decisions is not None else DECIDED.to_frame()
    known = {
        fold(text): code for text, code in decided.select("text", "code").rows() if code in entries.values
    }
    looked_up = {text: _looked_up(text, entries, known) for text in counts}
    left = [text for text, guess in looked_up.items() if guess is None]
    guesses = dict(zip(left, _guesses(left, entries, decided, sure), strict=True))
    rows = []
    for text, count in counts.items():
        guess = looked_up[text] or guesses[text]
        rows.append((text, guess.code, round(guess.probability, 4), guess.status, count))
    return pl.DataFrame(rows, schema=SORTED, orient="row")


@dataclass(frozen=True)
class _Guess:
    code: str | None
    probability: float
    status: Status


def _list_of(into: CodeList | Field) -> tuple[CodeList, bool]:
    if isinstance(into, CodeList):
        return into, False
    if into.code_list is None:
        raise ValueError(f"{into.name} has no code list: there is nothing to sort into")
    return into.code_list, into.kind == "codes"


def _counted(values: Iterable[str | None], several: bool) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        for part in split_several(value or "") if several else [(value or "").strip()]:
            if part and part.casefold() not in EMPTY_WORDS:
                counts[part] = counts.get(part, 0) + 1
    return counts


def _looked_up(text: str, entries: CodeList, decided: dict[str, str]) -> _Guess | None:
    folded = fold(text)
    if code := entries.lookup.get(folded):
        return _Guess(code, 1.0, "listed")
    if code := decided.get(folded):
        return _Guess(code, 1.0, "decided")
    return None


# ---------------------------------------------------------------------------- guesses
def _guesses(texts: list[str], entries: CodeList, decided: pl.DataFrame, sure: float) -> list[_Guess]:
    if not texts:
        return []
    if entries.name == vocabulary.REGION.name:
        return [_by_place(text, sure) for text in texts]
    model = _Model(entries, decided)
    return [
        _Guess(code, chance, "sure" if chance >= sure else "unsure") for code, chance in model.guess(texts)
    ]


def _by_place(address: str, sure: float) -> _Guess:
    """The region of an address by the places that it names; one that names two regions is never sure."""
    found = vocabulary.regions(address)
    if not found:
        return _Guess(None, 0.0, "unsure")
    chance = _PLACE_ALONE if len(found) == 1 else 0.5
    return _Guess(found[0], chance, "sure" if chance >= sure else "unsure")


_PLACE_ALONE = 0.98
"""Streets and firms are named after far cities now and then."""


class _Model:
    """A regression on runs of characters, over the words of a code list and the firm's decisions."""

    def __init__(self, entries: CodeList, decided: pl.DataFrame) -> None:
        # Imported here: scikit-learn takes a second, and only unfamiliar words need it.
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        own = [pair for pair in decided.select("text", "code").rows() if pair[1] in entries.values]
        # A decision stands there as often as it weighs.
        known = [*vocabulary.words(entries), *own * DECIDED_WEIGHT]
        words, codes = zip(*known, strict=True)
        self._vectors: Any = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True)
        features = self._vectors.fit_transform([_marked(word) for word in words])
        self._codes = sorted(set(codes))
        self._model: Any = None
        if len(self._codes) > 1:
            one = LogisticRegression(
                C=_STRENGTH,
                class_weight="balanced",
                solver="liblinear",
                dual=True,
                random_state=0,
                max_iter=1000,
            )
            self._model = OneVsRestClassifier(one).fit(features, codes)

    def guess(self, texts: list[str]) -> list[tuple[str, float]]:
        """The most probable code of each text, and its probability."""
        if self._model is None:
            return [(self._codes[0], 0.0)] * len(texts)
        chances = self._model.predict_proba(self._vectors.transform([_marked(text) for text in texts]))
        best = chances.argmax(axis=1)
        return [
            (str(self._model.classes_[at]), float(row[at])) for row, at in zip(chances, best, strict=True)
        ]


def _marked(text: str) -> str:
    """Folded, with marks where it begins and ends: the last characters of a Chinese title tell most."""
    return f"^{fold(text)}$"
