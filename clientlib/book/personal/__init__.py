"""What a person may ask of the firm: a copy of all that is held on them, and to be erased.

`desk` opens the book for whoever answers; `dossier` reads what is there; `copy` makes of it what the person
is given; `erasure` takes it away and `retention` says what the law makes the firm keep; `erased` keeps a
client who was erased from coming back unnoticed; `elsewhere` tells where the book does not reach.
"""

from __future__ import annotations

from clientlib.book.personal.copy import PersonalCopy, copy_for, json_value
from clientlib.book.personal.elsewhere import Trace
from clientlib.book.personal.erasure import Due, Erasure, Share, erase, erase_due

__all__ = ["Due", "Erasure", "PersonalCopy", "Share", "Trace", "copy_for", "erase", "erase_due", "json_value"]
