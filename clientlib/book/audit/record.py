"""One record of the audit: what it says, how it is written down, and how it is tied to the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clientlib import masks

LONGEST = 2_000
"""Characters of a text that are kept."""
_OF_NUMBERS = string.ascii_letters + string.digits + "@._+- "
Event = Literal[
    "begin",
    "open",
    "search",
    "look_up",
    "import",
    "undo",
    "merge",
    "keep_apart",
    "acknowledge",
    "export",
    "export_person",
    "share",
    "erase",
    "backup",
    "restore",
    "keys",
    "refused",
    "read_audit",
    "verify",
    "prune",
    "alarm",
]
"""What can be recorded. `begin` is always the first record, `prune` says which ones were let go of when their
time was over, and `alarm` that something of the audit itself was not as it was left."""
PASSING: frozenset[Event] = frozenset(
    {
        "open",
        "search",
        "look_up",
        "refused",
        "read_audit",
        "import",
        "undo",
        "merge",
        "keep_apart",
        "acknowledge",
    }
)
"""Events whose records reach the disk when the system gets to it, all others at once: those that change
nothing, and batches, whose record the book itself takes to the disk in the transaction of the batch."""
NAMED = 1_000
"""So many clients are named one by one. Of more only the number is kept, with the clocks that were read at:
the book never forgets a row, so whoever reads the same area at the same clocks has the same clients."""
START = "0" * 64
"""The hash before the first record."""
DONE, BROKEN_OFF, FAILED = "done", "broken off", "failed"
BATCH, STAMP = "batch", "recorded_at_us"
"""The details by which a record tells of a batch: its number, and when it was recorded."""
BACK_TO = "back_to_batch"
GONE_FROM, GONE_TO, GONE_HASH = "gone_from", "gone_to", "gone_hash"
"""The details by which a record says that others are no longer held: which, and the hash of the last one."""
SO_FAR = "batches_so_far"
"""How many batches there were that no held record needs to tell of."""


@dataclass(frozen=True)
class Entry:
    """What a record says, before it has its place in the chain.

    Never an identity value, never a key: clients by their numbers, and free text with numbers and addresses
    masked.
    """

    event: Event
    who: str
    role: str
    outcome: str = DONE
    clients: tuple[str, ...] = ()
    reason: str = ""
    details: Mapping[str, Any] | None = None

    @classmethod
    def of(
        cls,
        event: Event,
        *,
        who: str,
        role: str,
        outcome: str = DONE,
        clients: Sequence[str] = (),
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Entry:
        """An entry with whatever a person may have typed made harmless."""
        said = {name: _scrubbed(value) for name, value in (details or {}).items()}
        if len(clients) > 1:
            said["client_count"] = len(clients)
        named = tuple(_storable(str(client)) for client in clients) if len(clients) <= NAMED else ()
        return cls(event, who, role, outcome, named, _told(reason), said)

    def text(self, seq: int, at: dt.datetime, pid: int) -> str:
        """The one way in which this record is written: what is hashed and stored."""
        values = {
            "seq": seq,
            "at": written(at),
            "pid": pid,
            "who": self.who,
            "role": self.role,
            "event": self.event,
            "outcome": self.outcome,
            "clients": self.clients,
            "reason": self.reason,
            "details": self.details or {},
        }
        return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _storable(text: str) -> str:
    """What was typed in an encoding that is not the terminal's has question marks for it."""
    return text.encode("utf-8", "replace").decode()


def _told(text: str) -> str:
    """A text as it is kept: of what a person types, never more than a page."""
    held = _storable(text)
    if len(held) > LONGEST:
        # Not within a number: a part of one would no longer be known for one, and not be masked.
        held = held[: LONGEST - 1].rstrip(_OF_NUMBERS) + "…"
    return masks.scrub(held)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return _told(value)
    if isinstance(value, Mapping):
        return {str(name): _scrubbed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(inner) for inner in value]
    return value if isinstance(value, int | float | bool | None) else str(value)


@dataclass(frozen=True)
class Link:
    """A record in its place: its number, its text, and the hash that ties it to all before it."""

    seq: int
    text: str
    hash: str

    def follows(self, previous: str) -> bool:
        """Whether this record was written after the one with the hash `previous`, and not changed since."""
        return self.hash == digest(previous, self.text)

    def read(self) -> dict[str, Any]:
        """What the record says; empty where its text is none."""
        try:
            values = json.loads(self.text)
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}


def digest(previous: str, text: str) -> str:
    return hashlib.sha256(previous.encode() + text.encode("utf-8", "surrogatepass")).hexdigest()


def written(at: dt.datetime) -> str:
    """An instant as a record tells it; of two such texts the greater one is the later."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Batched:
    """A record that tells of a batch: which one, and whether it came to nothing."""

    event: Event
    number: int
    stamp: int
    broken_off: bool

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Batched | None:
        """From what a record says; None when it is about something else."""
        details = said.get("details")
        if not isinstance(details, dict):
            return None
        number, stamp = details.get(BATCH), details.get(STAMP)
        if not isinstance(number, int) or not isinstance(stamp, int):
            return None
        return cls(said.get("event", "begin"), number, stamp, said.get("outcome") == BROKEN_OFF)
