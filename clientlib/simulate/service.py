"""The areas `service_requests` and `feedback` of the demo: what clients asked, how long they waited,
and what they thought of it.

Answers are given in working hours (weekdays 9 to 17), so a question put on Friday night waits for
Monday. One branch takes four times as long; at another people are happy.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from clientlib.simulate import vocabulary as words
from clientlib.simulate.clientele import Clientele
from clientlib.simulate.people import UTC_OFFSET_SECONDS, client_ids
from clientlib.simulate.streams import Flags, Floats, Ints, Texts, pick, stream, text

REQUESTS_A_YEAR = 0.75
SLOW_FACTOR = 4.0
SLOW_COMPLAINTS = 3.5
"""How much likelier a request at the slow branch is a complaint."""
HAPPY_LIFT = 0.6
"""What the happy branch adds to a satisfaction of about 4 with a spread of about 1."""
ANSWER_SHARE = 0.38
"""Of closed requests that are followed by feedback."""
SURVEYS_A_YEAR = 0.12
IDENTITY_IN_COMMENTS = 0.01
CATEGORIES = ("advice", "product", "account", "trading", "complaint", "other")
CATEGORY_SHARE = np.array([0.27, 0.17, 0.24, 0.17, 0.05, 0.10])
FIRST_RESPONSE = np.array([1.4, 2.6, 1.1, 0.35, 0.9, 2.4])
"""Median working hours until the first response, by category."""
RESOLUTION = np.array([4.0, 8.0, 5.0, 2.5, 14.0, 6.0])
"""Median working hours from the first response until the request is closed."""
PRIORITIES = ("high", "normal", "low")
FORGOTTEN = 0.015
"""Of all requests; a third of them never had an answer."""
NEVER = 4_000_000_000
"""A local second long after any demo."""
OPENS, WORKING_HOURS = 9, 8
DAY = 86_400
# 1970-01-01 was a Thursday: three days after the Monday from which working days are counted.
_MONDAY = 3


def working_time(local: Ints) -> Floats:
    """Working hours since a Monday long ago, at local seconds since 1970."""
    day = local // DAY + _MONDAY
    weekday = day % 7
    hour = np.clip((local % DAY) / 3600 - OPENS, 0, WORKING_HOURS)
    inside = np.where(weekday < 5, hour, 0.0)
    hours = (day // 7 * 5 + np.minimum(weekday, 5)) * float(WORKING_HOURS) + inside
    return hours.astype(np.float64)


def local_time(working: Floats) -> Ints:
    """The local second at which so many working hours have passed: the inverse of `working_time`."""
    day = np.floor(working / WORKING_HOURS)
    rest = working - day * WORKING_HOURS
    date = day // 5 * 7 + day % 5 - _MONDAY
    second: Ints = np.ceil(date * DAY + (OPENS + rest) * 3600).astype(np.int64)
    return second


def _utc(local: Ints, known: Flags | bool = True) -> pl.Series:
    """UTC instants; null where not `known`."""
    moments = pl.Series((local - UTC_OFFSET_SECONDS) * 1_000_000).cast(pl.Datetime("us"))
    there = pl.Series(np.broadcast_to(np.asarray(known), local.shape))
    return pl.select(pl.when(there).then(moments.dt.replace_time_zone("UTC"))).to_series()


def last_second(clients: Clientele) -> int:
    """The last local second of the demo."""
    return int((np.datetime64(clients.cast.end) + 1).astype(int)) * DAY - 1


# ------------------------------------------------------------------------------ requests


def requests_area(seed: int, clients: Clientele) -> pl.DataFrame:
    """The area, and beside its fields `wait`: log₂ of the time to the first response over the usual one."""
    rng = stream(seed, "service.requests")
    client, opened = _opened(rng, clients)
    size = len(client)
    branch = clients.branch[client]
    slow = branch == clients.cast.slow_branch
    category = _categories(rng, slow)
    priority = _priorities(rng, category)
    first, closed = _answers(rng, opened, category, priority, slow)
    end = last_second(clients)
    answered, done = first <= end, closed <= end
    frame = pl.DataFrame(
        {
            "client_id": client_ids(client),
            "opened_at": _utc(opened),
            "category": text(np.array(CATEGORIES)[category]),
            "channel": text(pick(rng, ["app", "web", "phone", "branch"], size, [48, 14, 30, 8])),
            "text": text(_request_texts(rng, category)),
            "priority": text(np.array(PRIORITIES)[priority]),
            "first_response_at": _utc(first, answered),
            "closed_at": _utc(closed, done),
            "status": text(np.select([done, answered], ["closed", "in_progress"], "open")),
            "handler": text(np.char.mod("S%04d", (branch + 1) * 100 + rng.integers(1, 7, size))),
            "remarks": text([None] * size),
            "wait": np.log2((first - opened + 60) / (FIRST_RESPONSE[category] * 3600 + 60)),
            "client": client,
        }
    )
    serial = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(8)
    return frame.sort("opened_at", "client_id", maintain_order=True).with_columns(
        request_id=pl.concat_str(pl.lit("Q"), serial)
    )


def _priorities(rng: np.random.Generator, category: Ints) -> Ints:
    size = len(category)
    urgent = np.where(category == CATEGORIES.index("complaint"), 0.5, 0.08)
    lower = np.where(rng.random(size) < 0.85, 1, 2)
    return np.where(rng.random(size) < urgent, 0, lower).astype(np.int64)


def _answers(
    rng: np.random.Generator, opened: Ints, category: Ints, priority: Ints, slow: Flags
) -> tuple[Ints, Ints]:
    """Local seconds of the first response and of the closing; `NEVER` where a request was forgotten."""
    size = len(opened)
    hours = FIRST_RESPONSE[category] * np.exp(rng.normal(0, 0.8, size)) * np.array([0.6, 1, 1.5])[priority]
    first = local_time(working_time(opened) + np.where(slow, hours * SLOW_FACTOR, hours))
    work = RESOLUTION[category] * np.exp(rng.normal(0, 0.9, size))
    closed = local_time(working_time(first) + work)
    # A few are forgotten, some before and some after the first answer: open however long one waits.
    forgotten = rng.random(size)
    first = np.where(forgotten < FORGOTTEN / 3, NEVER, first)
    return first, np.where(forgotten < FORGOTTEN, NEVER, closed)


def _opened(rng: np.random.Generator, clients: Clientele) -> tuple[Ints, Ints]:
    """Who asked, and at which local second: by day and evening, less at weekends."""
    start = np.maximum(clients.opened + 1, np.datetime64(clients.cast.start))
    last = np.where(clients.status == 0, np.datetime64(clients.cast.end), clients.until)
    span = np.maximum((last - start).astype(np.int64) + 1, 0)
    # Who trades more asks more.
    count = rng.poisson(REQUESTS_A_YEAR * span / 365.25 * np.clip(clients.rate / 6, 0.6, 3.0))
    client = np.repeat(np.arange(clients.size), count)
    day = start[client].astype(np.int64) + (rng.random(len(client)) * span[client]).astype(np.int64)
    weekend = (day + _MONDAY) % 7 >= 5
    keep = ~weekend | (rng.random(len(client)) < 0.35)
    seconds = ((8 + 13 * rng.beta(1.6, 2.0, len(client))) * 3600).astype(np.int64)
    opened = day * DAY + seconds
    return client[keep], opened[keep]


def _categories(rng: np.random.Generator, slow: Flags) -> Ints:
    grim = CATEGORY_SHARE.copy()
    grim[CATEGORIES.index("complaint")] *= SLOW_COMPLAINTS
    usual = np.cumsum(CATEGORY_SHARE / CATEGORY_SHARE.sum())
    worse = np.cumsum(grim / grim.sum())
    draw = rng.random(len(slow))
    found = np.where(slow, np.searchsorted(worse, draw), np.searchsorted(usual, draw))
    return np.minimum(found, len(CATEGORIES) - 1).astype(np.int64)


def _request_texts(rng: np.random.Generator, category: Ints) -> Texts:
    known = np.array([words.REQUEST_TEXTS[name] for name in CATEGORIES], dtype=object)
    return known[category, rng.integers(0, known.shape[1], len(category))]


# ------------------------------------------------------------------------------ feedback


def feedback_area(
    seed: int, clients: Clientele, requests: pl.DataFrame, identity: pl.DataFrame
) -> tuple[pl.DataFrame, list[str]]:
    """The area, and the numbers of the rows whose comment names the client (for scrubbing)."""
    rng = stream(seed, "service.feedback")
    client, given, wait, about = _occasions(rng, clients, requests)
    size = len(client)
    happy = clients.branch[client] == clients.cast.happy_branch
    temper = stream(seed, "service.temper").normal(0, 0.5, clients.size)[client]
    mood = 4.15 - 0.28 * wait + temper + rng.normal(0, 0.6, size) + HAPPY_LIFT * happy
    csat = np.clip(np.round(mood), 1, 5).astype(np.int64)
    nps = np.clip(np.round(8.1 + 1.9 * (mood - 3.9) + rng.normal(0, 0.8, size)), 0, 10).astype(np.int64)
    named = rng.random(size) < IDENTITY_IN_COMMENTS
    frame = pl.DataFrame(
        {
            "client_id": client_ids(client),
            "given_at": _utc(given),
            "channel": text(pick(rng, ["app", "web", "phone", "branch"], size, [64, 14, 16, 6])),
            "csat": pl.Series(csat),
            "nps": pl.Series(nps),
            "comment": text(_comments(rng, mood)),
            "remarks": text([None] * size),
            "named": named,
            "about": about,
        }
    ).with_columns(_naming(identity, client))
    serial = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(8)
    frame = (
        # A survey asks whether one would recommend the firm, not about one request.
        frame.with_columns(csat=pl.when("about").then("csat"))
        .sort("given_at", "client_id", maintain_order=True)
        .with_columns(feedback_id=pl.concat_str(pl.lit("F"), serial))
    )
    return frame, frame.filter("named")["feedback_id"].to_list()


def _occasions(
    rng: np.random.Generator, clients: Clientele, requests: pl.DataFrame
) -> tuple[Ints, Ints, Floats, Flags]:
    """Client, local second, how long they waited, and whether it is about a request."""
    done = requests.filter(
        pl.Series(rng.random(requests.height) < ANSWER_SHARE) & pl.col("closed_at").is_not_null()
    )
    closed = done["closed_at"].to_physical().to_numpy() // 1_000_000 + UTC_OFFSET_SECONDS
    after = closed + (rng.exponential(14.0, len(closed)) * 3600).astype(np.int64) + 300
    start = np.maximum(clients.opened + 30, np.datetime64(clients.cast.start)).astype(np.int64)
    span = np.maximum(np.datetime64(clients.cast.end).astype(int) - start, 0)
    asked = np.repeat(np.arange(clients.size), rng.poisson(SURVEYS_A_YEAR * span / 365.25))
    day = start[asked] + (rng.random(len(asked)) * span[asked]).astype(np.int64)
    at = day * DAY + (rng.uniform(9, 21, len(asked)) * 3600).astype(np.int64)
    # What clients think of a slow branch does not depend on a request of their own.
    usual = np.where(clients.branch[asked] == clients.cast.slow_branch, 2.0, 0.4)
    client = np.concatenate([done["client"].to_numpy(), asked])
    given = np.concatenate([after, at])
    wait = np.concatenate([done["wait"].to_numpy(), usual])
    about = np.arange(len(client)) < done.height
    keep = given <= last_second(clients)
    return client[keep], given[keep], wait[keep], about[keep]


def _comments(rng: np.random.Generator, mood: Floats) -> Texts:
    size = len(mood)
    choices = [pick(rng, words.COMMENTS_BAD, size), pick(rng, words.COMMENTS_FAIR, size)]
    said = np.select([mood < 2.6, mood < 3.8], choices, pick(rng, words.COMMENTS_GOOD, size))
    return np.where(rng.random(size) < 0.4, said, np.full(size, None, dtype=object))


def _naming(identity: pl.DataFrame, client: Ints) -> pl.Expr:
    """The comment, or for the few named ones a sentence with the client's own name and number."""
    before, between, after = words.COMMENT_WITH_IDENTITY.replace("{mobile}", "{name}").split("{name}")
    mobile = identity["mobile"].str.slice(3)
    sentence = pl.concat_str(
        pl.lit(before), identity["full_name"][client], pl.lit(between), mobile[client], pl.lit(after)
    )
    return pl.when("named").then(sentence).otherwise("comment").alias("comment")
