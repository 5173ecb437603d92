"""The audit: who looked at what and who changed what, in a chain of records that cannot be altered unseen.

`record` says what a record is; `journal` and `anchor` are its two files beside the book; `trail` writes,
`folding` takes records over into the book with each batch, and `chain` and `verify` look whether all of it
is as it was left.
"""

from __future__ import annotations
