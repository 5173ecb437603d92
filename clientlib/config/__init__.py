"""`workbook.toml` over `defaults.toml` → one frozen settings object.

Every level, threshold, period, limit and role is a setting. Defaults stand in `clientlib/defaults.toml`
and nowhere else.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    ValidationError,
    field_validator,
    model_validator,
)

from clientlib import misfits
from clientlib.config import risk as risk_settings
from clientlib.config.risk import Risk
from clientlib.config.section import Fraction, Level, Positive, ProductLevel, Section
from clientlib.errors import SettingsError, Words, meant
from clientlib.misfits import Misfit

Language = Literal["en", "zh"]
ClientRecord = Literal["clients", "contacts", "finances", "preferences", "balances"]
"""The areas that keep a dated version of a client, which can therefore be out of date."""
Beside = Literal["xlsx", "pdf"]
"""What can be made beside a report's page, in the order in which it names them."""
BESIDE: tuple[Beside, ...] = get_args(Beside)
SETTINGS_FILE = "workbook.toml"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Misfit(
            f'there is no time zone "{name}"; write one as in "Asia/Shanghai"',
            f"没有时区“{name}”；请写成如“Asia/Shanghai”",
        ) from None
    return name


def _path(text: str) -> str:
    if not text or "\0" in text:
        raise Misfit("the name of a file or a folder is expected", "应为文件或文件夹的名称")
    return text


PathText = Annotated[str, AfterValidator(_path)]


def other(language: Language) -> Language:
    """The language that stands beside `language` where something is said in both."""
    return "en" if language == "zh" else "zh"


class Firm(Section):
    name: str
    name_zh: str
    currency: str
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    languages: tuple[Language, ...]


class Suitability(Section):
    valid_months: Annotated[int, Field(gt=0)]
    warn_days: Annotated[int, Field(ge=0)]
    score_bands: dict[Level, float]
    match: dict[Level, tuple[ProductLevel, ...]]
    lowest_class_match: tuple[ProductLevel, ...]
    professional_financial_assets: Positive
    professional_income: Positive
    professional_years: Annotated[float, Field(ge=0)]
    rule_version: str
    schemes: dict[str, dict[str, Level]]


class Segments(Section):
    recency_days: Annotated[int, Field(gt=0)]
    clusters: tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(ge=2)]]
    least_stability: Fraction
    smallest_cluster: Fraction
    new_days: Annotated[int, Field(ge=0)]
    fading_days: Annotated[int, Field(gt=0)]
    fading_share: Fraction


class FeedbackRules(Section):
    period_days: Annotated[int, Field(gt=0)]
    smallest_group: Annotated[int, Field(ge=1)]
    significance: Fraction
    first_response_hours: dict[str, Positive]
    resolution_hours: dict[str, Positive]


class QualityRules(Section):
    """What a record needs to be in order; areas by name. How long assessments hold, `Suitability` says."""

    required_records: tuple[ClientRecord, ...]
    urgency: tuple[ClientRecord, ...]
    trend_months: Annotated[int, Field(ge=1, le=60)]
    review_days: dict[ClientRecord, Annotated[int, Field(gt=0)]]
    review_months: dict[ClientRecord, Annotated[int, Field(gt=0)]]


class FarTrans(Section):
    """How the FAR-Trans reader fills what that source lacks."""

    currency: str
    risk_levels: dict[str, ProductLevel]


class Intake(Section):
    max_file_mb: Annotated[int, Field(gt=0)]
    max_workbook_mb: Annotated[int, Field(gt=0)]
    max_unpacked_mb: Annotated[int, Field(gt=0)]
    far_trans: FarTrans


class BookRules(Section):
    wait_seconds: Annotated[float, Field(ge=0, le=86_400)]


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


def _month_day(value: object) -> object:
    if value == "last" or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 28):
        return value
    raise Misfit(
        'a day that every month has is expected: 1 to 28, or "last"',
        '应为每个月都有的日期：1至28，或 "last"（月末）',
    )


MonthDay = Annotated[int | Literal["last"], PlainValidator(_month_day)]


class ReportSchedule(Section):
    """When reports are due, in the firm's time zone; `clientlib/defaults.toml` explains each line."""

    every: Literal["never", "day", "week", "month"]
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    weekday: Weekday
    day: MonthDay
    stale_hours: Annotated[int, Field(ge=1, le=8_784)]


class Reports(Section):
    """How reports are made and kept; `clientlib/defaults.toml` explains each line."""

    timeout_seconds: Annotated[int, Field(gt=0)]
    memory_mb: Annotated[int, Field(ge=500)]
    jobs: Annotated[int, Field(ge=1, le=64)]
    beside: tuple[Beside, ...]
    browser: str
    planted: tuple[Annotated[str, Field(min_length=2)], ...]
    keep_days: Annotated[int, Field(ge=1)]
    keep_months: Annotated[int, Field(ge=0)]
    address: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")]
    schedule: ReportSchedule


Happening = Literal["failed", "waiting", "high", "missed"]
"""What may be worth a message: a report failed, one waits for a source, a grave alert, a run was missed."""
_ADDRESS = r"[^@\s,<>\"]+@[^@\s,<>\"]+"
MailAddress = Annotated[str, Field(pattern=rf"^{_ADDRESS}$")]


class NotifyEmail(Section):
    """The mail server; without a host none is asked. The password is no setting."""

    host: str
    port: Annotated[int, Field(ge=1, le=65_535)]
    security: Literal["none", "starttls", "tls"]
    user: str
    sender: Annotated[str, Field(pattern=rf"^({_ADDRESS})?$")]
    recipients: tuple[MailAddress, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.host and not (self.sender and self.recipients):
            raise Misfit(
                "with a host, a sender and recipients are expected", "填写 host 时，须同时填写发件人和收件人"
            )
        if self.user and self.security == "none":
            raise Misfit(
                'a password is sent encrypted only: set security to "starttls" or "tls"',
                '密码只能加密发送：请将 security 设为 "starttls" 或 "tls"',
            )
        return self


class NotifyWebhook(Section):
    """Where messages are posted to. The address is no setting: whoever has it can write there."""

    kind: Literal["none", "generic", "text", "wecom", "dingtalk", "feishu"]


class Notify(Section):
    """Who is told when a run did not go as it should; `clientlib/defaults.toml` explains each line."""

    on: tuple[Happening, ...]
    email: NotifyEmail
    webhook: NotifyWebhook


class KeyRules(Section):
    command: tuple[str, ...]


class AuditRules(Section):
    keep_years: Annotated[float, Field(ge=0.5, le=1000)]
    anchor: PathText


class BackupRules(Section):
    folder: PathText


class ErasureRules(Section):
    """Areas of which rows are kept, locked away, for so many years after their last date."""

    keep_years: dict[str, Annotated[int, Field(ge=1, le=1000)]]


class MaskRules(Section):
    """How many characters of an ID number stay at its ends; where bands of money begin, rising; how many
    years a band of birth dates has."""

    id_number: tuple[Annotated[int, Field(ge=0, le=4)], Annotated[int, Field(ge=0, le=4)]]
    money_bands: tuple[float, ...]
    birth_years: Annotated[int, Field(ge=2)]

    @field_validator("money_bands")
    @classmethod
    def _rising(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if not edges or list(edges) != sorted(set(edges)):
            raise Misfit(
                "the amounts must rise, and there must be one at least", "金额须由小到大，且至少有一个"
            )
        return edges


Rows = Literal["all", "branch", "advisor"]


class Role(Section):
    """What a role sees and may do; `clientlib/defaults.toml` explains each line."""

    areas: Literal["all"] | tuple[str, ...]
    sensitivity: Literal["N", "S", "I"]
    identity: Literal["hidden", "masked", "plain"]
    rows: Rows = "all"
    bands: bool = False
    may_edit: bool = False
    may_export: bool = False
    may_look_up: bool = False
    may_answer: bool = False
    may_acknowledge: bool = False
    may_audit: bool = False
    may_keep: bool = False


class Person(Section):
    """Which roles an account of this machine may take, and whose clients are its own."""

    roles: tuple[str, ...]
    branch: str | None = None
    advisor: str | None = None


DepartmentName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]


class Department(Section):
    """What another department gets of the book; `clientlib/defaults.toml` explains each line."""

    role: str
    areas: Literal["all"] | tuple[str, ...] = "all"
    branches: tuple[str, ...] = ()
    identity: bool = False
    server_role: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_\-]{0,62})?$")] = ""


class Share(Section):
    server_schema: DepartmentName
    contact: str
    departments: dict[DepartmentName, Department] = Field(default_factory=dict)


class Settings(Section):
    """All settings of a workbook. Made by `load`, never changed."""

    firm: Firm
    suitability: Suitability
    risk: Risk
    segments: Segments
    feedback: FeedbackRules
    quality: QualityRules
    intake: Intake
    book: BookRules
    reports: Reports
    notify: Notify
    keys: KeyRules
    audit: AuditRules
    backup: BackupRules
    erasure: ErasureRules
    masks: MaskRules
    share: Share
    roles: dict[str, Role]
    people: dict[str, Person] = Field(default_factory=dict)


def load(folder: Path | None = None) -> Settings:
    """The settings of the workbook in `folder`; without one, the defaults.

    Raises
    ------
    SettingsError
        `workbook.toml` is not TOML, or holds a setting that does not exist or cannot be so; or it lets a
        person take a role that there is not.
    """
    values = tomllib.loads(resources.files("clientlib").joinpath("defaults.toml").read_text("utf-8"))
    if folder is not None:
        values = _over(values, _read(folder / SETTINGS_FILE))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        wrong = [_sentence(problem) for problem in error.errors(include_url=False)]
        raise SettingsError(*_lines(wrong)) from None
    if unknown := list(_unknown_roles(settings)):
        raise SettingsError(*_lines(unknown))
    return settings


def _lines(sentences: Iterable[Words]) -> Words:
    en, zh = zip(*sentences, strict=True)
    return Words("\n".join(en), "\n".join(zh))


def _unknown_roles(settings: Settings) -> Iterator[Words]:
    """A sentence for each role that a person may take and that there is not."""
    for who, person in settings.people.items():
        for role in person.roles:
            if role not in settings.roles:
                hint = meant(role, settings.roles, Words("The roles are", "现有角色"))
                yield Words(
                    f'{SETTINGS_FILE}, [people.{who}] roles: there is no role "{role}". {hint.en}',
                    f"{SETTINGS_FILE}，[people.{who}] roles：没有角色“{role}”。{hint.zh}",
                )


def default_text() -> str:
    """A `workbook.toml` to begin with: every default, commented out."""
    text = resources.files("clientlib").joinpath("defaults.toml").read_text("utf-8")
    lines = (f"# {line}" if line and not line.startswith("#") else line for line in text.splitlines())
    return (
        "# Take the # away from a line (and from its [section]) to change a setting.\n"
        + "\n".join(lines)
        + "\n"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path.name} is not UTF-8 text. Save it as UTF-8.",
            f"{path.name} 不是UTF-8文本。请另存为UTF-8。",
        ) from None
    except tomllib.TOMLDecodeError as error:
        why = misfits.of_toml(error)
        raise SettingsError(
            f"{path.name} is not valid TOML: {why.en}.", f"{path.name} 不是有效的TOML：{why.zh}。"
        ) from None


def _over(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        old = merged.get(name)
        merged[name] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _sentence(problem: Any) -> Words:
    *section, name = [str(part) for part in problem["loc"]]
    place = f"[{'.'.join(section)}] {name}" if section else f"[{name}]"
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, _known_names(), n=1)
        hint = Words("Take the line out.", "请删除此行。")
        if near:
            hint = Words(f"Did you mean {near[0]}?", f"是否指 {near[0]}？")
        return Words(
            f"{SETTINGS_FILE}, {place}: there is no such setting. {hint.en}",
            f"{SETTINGS_FILE}，{place}：没有此项设置。{hint.zh}",
        )
    if problem["type"] == "tuple_type":
        return Words(
            f'{SETTINGS_FILE}, {place}: a list is expected, e.g. ["one", "two"].',
            f'{SETTINGS_FILE}，{place}：应为列表，例如 ["one", "two"]。',
        )
    unfit = misfits.of_value(problem)
    return Words(f"{SETTINGS_FILE}, {place}: {unfit.en}.", f"{SETTINGS_FILE}，{place}：{unfit.zh}。")


def _known_names() -> list[str]:
    sections: list[type[Section]] = [
        Settings,
        Firm,
        Suitability,
        Segments,
        *risk_settings.SECTIONS,
    ]
    sections += [FeedbackRules, QualityRules, Intake, FarTrans, BookRules, Reports, Role]
    sections += [ReportSchedule, Notify, NotifyEmail, NotifyWebhook]
    sections += [KeyRules, AuditRules, BackupRules, ErasureRules, MaskRules, Person, Share, Department]
    return [name for section in sections for name in section.model_fields]
