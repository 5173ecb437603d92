"""What a department reads beside its files, in both languages: as of when, which fields, whom to ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clientlib.book import Look
from clientlib.config import Language, Settings
from clientlib.share.agreement import Agreed, Shown
from clientlib.share.reading import Newest

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "title": "# {firm}: client data for {department}",
        "as_of": "As of batch {batch} of the book, recorded {recorded}; written {written}.",
        "rows": "Of clients of: {branches}.",
        "and": ", ",
        "all_rows": "Of all clients.",
        "contact": "Questions: {contact}.",
        "keep": "These files replace earlier ones. Take copies of those away: clients who have since been "
        "erased are still in them.",
        "area": "## {title} ({name}): {rows:,} rows, {files}",
        "columns": "| column | title | shown |\n|---|---|---|",
        "plain": "",
        "bands": "in bands",
        "masked": "masked",
    },
    "zh": {
        "title": "# {firm}：提供给{department}的客户数据",
        "as_of": "截至台账第{batch}批（记录于 {recorded}）；生成于 {written}。",
        "rows": "客户所属营业部：{branches}。",
        "and": "、",
        "all_rows": "包含全部客户。",
        "contact": "如有疑问，请联系：{contact}。",
        "keep": "本批文件取代先前的文件。请清除先前文件的副本：其中仍含此后已被删除的客户。",
        "area": "## {title}（{name}）：{rows:,}行，{files}",
        "columns": "| 列名 | 名称 | 显示方式 |\n|---|---|---|",
        "plain": "",
        "bands": "按区间",
        "masked": "脱敏",
    },
}


@dataclass(frozen=True)
class Written:
    """What was written for a department: its rows of each area, and the file that they are in."""

    rows: Mapping[str, int]
    files: Mapping[str, Path]


def readme(agreed: Agreed, newest: Newest, written: Written, settings: Settings, now: dt.datetime) -> str:
    """The text of the file, in Markdown, each language after the other."""
    return "\n\n---\n\n".join(
        _in_one(agreed, newest, written, settings, now, language) for language in settings.firm.languages
    )


def _in_one(
    agreed: Agreed,
    newest: Newest,
    written: Written,
    settings: Settings,
    now: dt.datetime,
    language: Language,
) -> str:
    words = _WORDS[language]
    firm = settings.firm.name_zh if language == "zh" else settings.firm.name
    recorded = f"{newest.recorded_at:%Y-%m-%d %H:%M}" if newest.recorded_at else "–"
    times = {"batch": newest.number, "recorded": recorded, "written": f"{now:%Y-%m-%d %H:%M}"}
    whose = (
        words["rows"].format(branches=words["and"].join(agreed.branches))
        if agreed.branches
        else words["all_rows"]
    )
    lines = [
        words["title"].format(firm=firm, department=agreed.name),
        f"{words['as_of'].format(**times)} {whose}",
        words["keep"],
    ]
    if settings.share.contact:
        lines.append(words["contact"].format(contact=settings.share.contact))
    for name, shared in agreed.areas.items():
        title = shared.area.title(language)
        file = written.files[name].name
        lines.append(words["area"].format(title=title, name=name, rows=written.rows[name], files=file))
        lines.append("\n".join([words["columns"], *(_column(each, language) for each in shared.fields)]))
    return "\n\n".join(lines) + "\n"


def _column(shown: Shown, language: Language) -> str:
    look: Look = shown.look
    return f"| {shown.field.name} | {shown.field.title(language)} | {_WORDS[language][look]} |"
