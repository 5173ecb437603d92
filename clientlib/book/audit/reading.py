"""The audit as people read it: a frame of records, and the records by which they are found."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from clientlib.book.audit.record import Link

COLUMNS = ["seq", "at", "who", "role", "event", "outcome", "clients", "reason", "details", "pid"]


def framed(links: Iterable[Link], time_zone: str) -> pd.DataFrame:
    """Records as a frame, each once, oldest first.

    Parameters
    ----------
    links : iterable of Link
        In any order, also twice: those of a file's table and those of the journal overlap.
    time_zone : str
        The zone in which instants are shown.

    Returns
    -------
    pandas.DataFrame
        `seq`; `at`; `who`, `role`, `event`, `outcome`, `reason`; `clients`, their numbers separated by
        spaces; `details`, as JSON; `pid`. Of a record that was changed there may be little: that is for
        `verify` to say.
    """
    each = {link.seq: link for link in links}
    frame = pd.DataFrame([_row(link) for _, link in sorted(each.items())], columns=COLUMNS)
    at = pd.to_datetime(frame["at"], utc=True, format="ISO8601", errors="coerce")
    return frame.assign(at=at.dt.tz_convert(time_zone))


def _row(link: Link) -> dict[str, Any]:
    said = link.read()
    details = json.dumps(said.get("details") or {}, ensure_ascii=False, sort_keys=True)
    clients = " ".join(map(str, said.get("clients") or []))
    return said | {"seq": link.seq, "clients": clients, "details": details}
