"""The areas `clients` and `contacts` of the demo, with their later versions."""

from __future__ import annotations

import numpy as np
import polars as pl

from clientlib.simulate import vocabulary as words
from clientlib.simulate.clientele import CLOSED, DORMANT, INDIVIDUAL, PRODUCT, Clientele
from clientlib.simulate.streams import Days, Floats, Ints, pick, stream, text

UTC_OFFSET_SECONDS = 8 * 3600
"""China's clocks are eight hours ahead, with no summer time since 1991."""
DORMANT_AFTER_DAYS = 365


def client_ids(numbers: Ints | pl.Series) -> pl.Series:
    """K0000001 and so on, by client number (from 0)."""
    serial = (pl.Series(numbers) + 1).cast(pl.String).str.zfill(7)
    return pl.select(pl.concat_str(pl.lit("K"), serial)).to_series()


def instants(days: Days, local_seconds: Floats | Ints) -> pl.Series:
    """UTC instants of days and seconds of the day by the clock in Shanghai."""
    seconds = days.astype("datetime64[D]").astype(np.int64) * 86_400 + local_seconds.astype(np.int64)
    micros = pl.Series((seconds - UTC_OFFSET_SECONDS) * 1_000_000)
    return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def office_seconds(rng: np.random.Generator, size: int) -> Ints:
    """Moments of the working day, as seconds since midnight."""
    return rng.integers(9 * 3600, 17 * 3600, size)


def clients_area(seed: int, clients: Clientele, identity: pl.DataFrame) -> pl.DataFrame:
    """As at the opening, and again when the status, the advisor or the family changed."""
    first = _at_opening(seed, clients, identity)
    frame = pl.concat([first, _settled(seed, clients, first), _ended(seed, clients, first)])
    return frame.sort("updated_at", "client_id")


def _at_opening(seed: int, clients: Clientele, identity: pl.DataFrame) -> pl.DataFrame:
    rng = stream(seed, "people.clients")
    size = clients.size
    person = pl.Series(clients.kind == INDIVIDUAL)
    age = (clients.opened - clients.birth).astype(np.int64) / 365.25
    kinds = np.array(["individual", "institution", "product"], dtype=object)[clients.kind]
    branch = np.array([b.name for b in words.BRANCHES], dtype=object)[clients.branch]
    frame = identity.select("full_name", "id_type", "id_number", "nationality").with_columns(
        client_id=client_ids(np.arange(size)),
        client_type=text(kinds),
        birth_date=pl.Series(clients.birth).cast(pl.Date),
        gender=text(np.where(clients.male, "1", "2")),
        marital_status=_marital(rng, age),
        occupation=text(pick(rng, list("12345678"), size, [8, 24, 16, 22, 4, 14, 0.5, 11.5])),
        employer=_employers(rng, size),
        education=text(pick(rng, ["10", "20", "30", "40", "60", "70", "80"], size, [9, 33, 26, 8, 14, 8, 2])),
        investor_class=pl.Series(clients.professional).replace_strict(
            {True: "professional", False: "ordinary"}, return_dtype=pl.String
        ),
        branch=text(branch),
        advisor=_advisors(rng, clients.branch),
        opened_on=pl.Series(clients.opened).cast(pl.Date),
        status=pl.lit("active"),
        client_group=pl.Series(clients.kind == PRODUCT).replace_strict(
            {True: "产品户", False: None}, return_dtype=pl.String
        ),
        interests=_interests(rng, size),
        updated_at=instants(clients.opened, office_seconds(rng, size)),
        remarks=pl.lit(None, dtype=pl.String),
    )
    personal = ("birth_date", "gender", "marital_status", "occupation", "employer", "education", "interests")
    return frame.with_columns(pl.when(person).then(pl.col(name)).alias(name) for name in personal)


def _marital(rng: np.random.Generator, age: Floats) -> pl.Series:
    draw = rng.random(len(age))
    married = np.clip((age - 20) / 14, 0.02, 0.82)
    codes = np.select(
        [draw < married, draw < married + 0.05, (draw < married + 0.1) & (age > 60), draw > 0.985],
        ["20", "40", "30", "90"],
        "10",
    )
    return text(codes)


def _employers(rng: np.random.Generator, size: int) -> pl.Series:
    name = pick(rng, words.FIRM_WORDS, size) + pick(rng, words.FIRM_TRADES, size)
    return text(np.where(rng.random(size) < 0.7, name, None))


def _advisors(rng: np.random.Generator, branch: Ints) -> pl.Series:
    """Staff numbers A0101 to A1008: eight advisors a branch; a few clients have none."""
    number = (branch + 1) * 100 + rng.integers(1, 9, len(branch))
    staff = pl.concat_str(pl.lit("A"), pl.Series(number).cast(pl.String).str.zfill(4))
    return pl.select(pl.when(pl.Series(rng.random(len(branch)) < 0.94)).then(staff)).to_series()


def _interests(rng: np.random.Generator, size: int) -> pl.Series:
    """None to three different interests; places around a circle, so that none comes twice."""
    known = np.asarray(words.INTERESTS, dtype=object)
    first = rng.integers(0, len(known), size)
    second = first + rng.integers(1, 5, size)
    third = second + rng.integers(1, 5, size)
    count = rng.choice(4, size, p=[0.3, 0.3, 0.25, 0.15])
    chosen = {
        name: text(np.where(count > place, known[at % len(known)], None))
        for place, (name, at) in enumerate({"a": first, "b": second, "c": third}.items())
    }
    joined = pl.concat_str("a", "b", "c", separator=";", ignore_nulls=True)
    return pl.DataFrame(chosen).select(pl.when(joined != "").then(joined)).to_series()


# ------------------------------------------------------------------------ later versions


def _settled(seed: int, clients: Clientele, first: pl.DataFrame) -> pl.DataFrame:
    """A new advisor, a marriage: for about one in six, at some day between opening and end."""
    rng = stream(seed, "people.later")
    room = (np.datetime64(clients.cast.end) - 1 - clients.opened).astype(np.int64)
    day = clients.opened + 1 + (room * rng.random(clients.size)).astype(np.int64)
    chosen = (rng.random(clients.size) < 0.17) & (room > 30) & (day < ended_on(clients))
    married = pl.when(pl.col("marital_status") == "10").then(pl.lit("20")).otherwise("marital_status")
    return first.with_columns(
        updated_at=instants(day, office_seconds(rng, clients.size)),
        advisor=_advisors(rng, clients.branch),
        marital_status=married,
    ).filter(pl.Series(chosen))


def ended_on(clients: Clientele) -> Days:
    """The day on which the account was closed or found dormant; the end for the others."""
    after = np.where(clients.status == DORMANT, DORMANT_AFTER_DAYS, 0)
    return np.where(clients.status == 0, np.datetime64(clients.cast.end) + 1, clients.until + after)


def _ended(seed: int, clients: Clientele, first: pl.DataFrame) -> pl.DataFrame:
    rng = stream(seed, "people.ended")
    seconds = office_seconds(rng, clients.size)
    status = np.where(clients.status == CLOSED, "closed", "dormant")
    return first.with_columns(updated_at=instants(ended_on(clients), seconds), status=text(status)).filter(
        pl.Series(clients.status != 0)
    )


# ------------------------------------------------------------------------------ contacts


def contacts_area(seed: int, clients: Clientele, identity: pl.DataFrame) -> pl.DataFrame:
    """As at the opening, and again for those who moved."""
    rng = stream(seed, "people.contacts")
    size = clients.size
    consent = rng.random(size) < 0.62
    room = (np.datetime64(clients.cast.end) - clients.opened).astype(np.int64)
    # Most agree when they open the account; the others when they are asked later: a new version.
    early = rng.random(size) < 0.8
    first = identity.select("mobile", "email").with_columns(
        client_id=client_ids(np.arange(size)),
        **_addresses(rng, clients.branch),
        preferred_channel=text(
            pick(rng, ["phone", "sms", "wechat", "email", "post", "visit"], size, [30, 12, 40, 10, 2, 6])
        ),
        preferred_time=text(
            pick(rng, ["morning", "afternoon", "evening", "weekend", "any"], size, [20, 22, 20, 12, 26])
        ),
        marketing_consent=pl.Series(consent & early),
        consent_on=pl.when(pl.Series(consent & early)).then(pl.Series(clients.opened).cast(pl.Date)),
        updated_at=instants(clients.opened, office_seconds(rng, size)),
        remarks=pl.lit(None, dtype=pl.String),
    )
    first = _with_pending(rng, first, clients)
    day = clients.opened + 1 + (np.maximum(room - 2, 0) * rng.random(size)).astype(np.int64)
    changed = ((consent & ~early) | (rng.random(size) < 0.08)) & (room > 30)
    later = first.with_columns(
        **_addresses(rng, clients.branch),
        marketing_consent=pl.Series(consent),
        consent_on=pl.when(pl.Series(consent)).then(pl.coalesce("consent_on", pl.Series(day).cast(pl.Date))),
        updated_at=instants(day, office_seconds(rng, size)),
    ).filter(pl.Series(changed))
    return pl.concat([first, later]).sort("updated_at", "client_id")


def _with_pending(rng: np.random.Generator, frame: pl.DataFrame, clients: Clientele) -> pl.DataFrame:
    """A few have no number yet, and the remarks say why: rows that are accepted as pending."""
    pending = pl.Series((rng.random(clients.size) < 0.003) & ~clients.cast.planted)
    return frame.with_columns(
        mobile=pl.when(~pending).then("mobile"),
        remarks=pl.when(pending).then(pl.lit("客户更换号码，待补录")),
    )


def _addresses(rng: np.random.Generator, branch: Ints) -> dict[str, pl.Series]:
    size = len(branch)
    city = np.array([b.city for b in words.BRANCHES], dtype=object)[branch]
    region = np.array([b.region for b in words.BRANCHES], dtype=object)[branch]
    postcode = np.array([b.postcode for b in words.BRANCHES], dtype=object)[branch]
    street = pick(rng, words.STREETS, size)
    house = pl.Series(rng.integers(1, 400, size)).cast(pl.String)
    flat = pl.Series(rng.integers(101, 2800, size)).cast(pl.String)
    address = pl.concat_str(text(city), text(street), house, pl.lit("号"), flat, pl.lit("室"))
    return {
        "address": pl.select(address).to_series(),
        "region": text(region),
        "postcode": text(postcode),
    }
