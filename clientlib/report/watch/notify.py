"""Tells those who want to know, by e-mail and webhook, when a run did not go as it should.

Whether a message arrives never changes what becomes of a run: what went wrong on its way is handed back as a
sentence, and noted in the journal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Literal

from clientlib.book.keys import Key, PlaceKind
from clientlib.book.passwords import PasswordName, find_password, wanted
from clientlib.errors import ClientlibError, NotDelivered, ParameterError, Words
from clientlib.report.run import RunResult
from clientlib.report.running.journal import FILE, Journal, Listener, events
from clientlib.report.watch import due, mail, webhook
from clientlib.report.watch import happened as happenings
from clientlib.report.watch.happened import Happened, Message
from clientlib.workbook import Workbook

Way = Literal["email", "webhook"]
_CALLED: dict[Way, str] = {"email": "电子邮件", "webhook": "网络钩子"}
_LACKING = {
    "smtp": Words("password of the mail server", "邮件服务器的密码"),
    "webhook": Words("address of the webhook", "网络钩子的地址"),
}
EVENT = "notified"
"""The event of the journal: `by`, `about`, and `failed`, which is empty when the message went out."""


def after_run(
    workbook: Workbook,
    result: RunResult,
    *,
    since: dt.datetime | None = None,
    listen: Listener | None = None,
) -> list[str]:
    """Tell what happened in a run.

    Parameters
    ----------
    since : datetime, optional
        What was told at this moment or later is not told again: a run that waits for a source may be tried
        every hour.
    listen : callable, optional
        Told each line of the journal as it is written.

    Returns
    -------
    list of str
        Why a message did not go out, a sentence for each.
    """
    index = "/".join(result.index.parts[-2:])
    happened = happenings.in_run(result, workbook.settings)
    diary = Journal(workbook.reports / FILE, result.run, listen)
    return _tell(workbook, diary, _new(workbook, happened, since), index)


def after_missing(workbook: Workbook, moment: dt.datetime) -> list[str]:
    """Tell that what was due at `moment` is not made any more; as `after_run`."""
    diary = Journal(workbook.reports / FILE, due.passed_name(moment))
    return _tell(workbook, diary, happenings.missed(moment, workbook.settings), "")


def trial(workbook: Workbook) -> tuple[list[Way], list[ClientlibError]]:
    """Send a trial message by every way of the settings: which took it, and why others did not.

    Raises
    ------
    ParameterError
        The settings name no way.
    """
    message = happenings.message((), workbook.settings)
    told: list[Way] = []
    failed: list[ClientlibError] = []
    for way in need_ways(workbook):
        if why := _failure(workbook, way, message):
            failed.append(why)
        else:
            told.append(way)
    return told, failed


# --------------------------------------------------------------------------------- ways
def need_ways(workbook: Workbook) -> list[Way]:
    """The ways that the settings name.

    Raises
    ------
    ParameterError
        They name none.
    """
    found = ways(workbook)
    if not found:
        raise ParameterError(
            "Nobody is told anything: workbook.toml has neither a host in [notify.email] nor a kind in "
            "[notify.webhook]. docs/operations.md tells how to set them.",
            "未设置任何通知方式：workbook.toml 的 [notify.email] 没有 host，[notify.webhook] 也没有 kind。"
            "设置方法见 docs/operations.md。",
        )
    return found


def ways(workbook: Workbook) -> list[Way]:
    """The ways that the settings name; none is well too."""
    return list(_ways(workbook))


def _ways(workbook: Workbook) -> Iterator[Way]:
    rules = workbook.settings.notify
    if rules.email.host:
        yield "email"
    if rules.webhook.kind != "none":
        yield "webhook"


def secrets_of(workbook: Workbook, way: Way) -> dict[PasswordName, PlaceKind | None]:
    """The secrets that a way may need, and in which kind of place each is; None: nowhere.

    Raises
    ------
    KeyProblem
        One lies in a file that others can read.
    """
    names: Sequence[PasswordName] = ("webhook", "webhook_token")
    if way == "email":
        names = ("smtp",) if workbook.settings.notify.email.user else ()
    found = {name: find_password(workbook, name) for name in names}
    return {name: place[1] if place else None for name, place in found.items()}


# ------------------------------------------------------------------------------ telling
def _new(workbook: Workbook, happened: list[Happened], since: dt.datetime | None) -> list[Happened]:
    if since is None:
        return happened
    told = {
        about
        for event in events(workbook.reports)
        if event["event"] == EVENT and not event["failed"] and event["at"] >= since.isoformat()
        for about in event["about"]
    }
    return [one for one in happened if one.about not in told]


def _tell(workbook: Workbook, diary: Journal, happened: Sequence[Happened], index: str) -> list[str]:
    if not happened:
        return []
    message = happenings.message(happened, workbook.settings, index=index)
    failed = []
    for way in ways(workbook):
        why = _failure(workbook, way, message)
        told = str(why) if why else ""
        try:
            diary.note(EVENT, by=way, about=[one.about for one in happened], failed=told)
        except OSError as error:
            failed.append(f"A message by {way} could not be noted in the journal: {error.strerror}.")
        if why:
            failed.append(told)
    return failed


def _failure(workbook: Workbook, way: Way, message: Message) -> ClientlibError | None:
    """Send a message; why it did not go out, or None."""
    try:
        if way == "email":
            rules = workbook.settings.notify.email
            mail.send(rules, _need(workbook, "smtp") if rules.user else None, message)
        else:
            form = workbook.settings.notify.webhook.kind
            token = find_password(workbook, "webhook_token")
            webhook.post(form, _need(workbook, "webhook"), token[0] if token else None, message)
    except ClientlibError as error:
        return error
    except Exception as error:
        # Whatever a mail server or a library comes up with: the text may quote a secret, so its kind is told.
        kind = type(error).__name__
        return NotDelivered(
            f"The message by {way} did not go out: {kind}.", f"{_CALLED[way]}通知未能发出：{kind}。"
        )
    return None


def _need(workbook: Workbook, name: PasswordName) -> Key:
    found = find_password(workbook, name)
    if found is None:
        what, mend = _LACKING[name], wanted(workbook, name)
        raise NotDelivered(
            f"The {what.en} is nowhere to be found: {mend.en}.", f"未找到{what.zh}：{mend.zh}。"
        )
    return found[0]
