"""The first sheet: how to fill in the workbook, for people who know no computing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clientlib.config import Language
from clientlib.sheets import lists, looks
from clientlib.sheets.looks import Looks
from clientlib.tables import AreaInfo

NAMES: dict[Language, str] = {"en": "Guide", "zh": "填写说明"}
TITLES: dict[Language, str] = {"en": "Client management table", "zh": "客户管理表格"}
_OTHER_TITLES: dict[Language, str] = {"en": "客户管理表格", "zh": "Client management table"}
_WIDTHS = (3, 30, 26, 74)
_TEXT_ROOM = sum(_WIDTHS[1:])
_LINE = 17


@dataclass(frozen=True)
class About:
    """What the guide tells of this workbook."""

    language: Language
    time_zone: str
    branch: str | None
    spare_rows: int


Wording = dict[Language, str]

_HEADINGS: dict[str, Wording] = {
    "fill": {"en": "How to fill in", "zh": "如何填写"},
    "colours": {"en": "What the colours mean", "zh": "颜色的含义"},
    "hand_in": {"en": "How to hand in", "zh": "如何提交"},
    "sheets": {"en": "The sheets", "zh": "各工作表"},
}
_STEPS: tuple[Wording, ...] = (
    {
        "en": "Fill in only the sheets that you have something for, from row 2 on: one row for each client, trade "
        "or request. Leave the others empty.",
        "zh": "只填写您有内容的工作表，从第2行开始，每个客户、每笔交易或每个请求占一行。其他工作表留空即可。",
    },
    {
        "en": "Leave row 1 and the names of the sheets as they are. By them the columns are recognised.",
        "zh": "请不要修改第1行和工作表名称，系统靠它们识别各栏目。",
    },
    {
        "en": "Click into a cell: a note says what belongs there. Where a small arrow appears, choose from the list.",
        "zh": "点击单元格会出现填写提示；出现小箭头时，请从下拉列表中选择。",
    },
    {
        "en": "Dates are year-month-day: 2026-03-21. Times follow after a space: 2026-03-21 10:31:00, by the clock "
        "of {time_zone}.",
        "zh": "日期按“年-月-日”填写：2026-03-21；时间写在日期后，中间空一格：2026-03-21 10:31:00（{time_zone}时间）。",
    },
    {
        "en": "Amounts are digits only, in full units: 350000, not 35万 or 350,000 yuan. Shares are percentages: 20%.",
        "zh": "金额只填数字，以元等基本单位计：350000，不写“35万”或“350,000元”。比例按百分数填写：20%。",
    },
    {
        "en": "Where several values are allowed, separate them by semicolons: Stock;Fund.",
        "zh": "允许填写多个值的栏目，以分号分隔：股票;基金。",
    },
    {
        "en": "A star * and a dark header: required. If you cannot know it yet, leave the cell empty and say why "
        "under Remarks. The row is then taken as pending, and comes back to your branch until it is complete. "
        "Without a remark it is refused. Never make something up.",
        "zh": "带星号*的深色栏目为必填。暂时无法得知时，请留空并在“备注”中说明原因：该行会作为“待补充”接收，"
        "并提示贵营业部直至补齐。没有备注的行会被退回。请勿编造内容。",
    },
    {
        "en": "To correct what is there already, type over it. When a client's situation has changed, also put the "
        "present date and time under Updated at.",
        "zh": "要更正已有内容，直接在原处修改即可。客户情况发生变化时，请同时更新“更新时间”。",
    },
    {
        "en": "The first {spare_rows:,} empty rows of a sheet are prepared. If you need more, copy a prepared row "
        "further down.",
        "zh": "每个工作表已预设{spare_rows:,}个空行的提示和检查。如需更多，请将预设的行复制到下方。",
    },
)
_HANDING_IN: tuple[Wording, ...] = (
    {
        "en": "Save as an Excel workbook (.xlsx), without a password.",
        "zh": "保存为Excel工作簿（.xlsx），不要设置密码。",
    },
    {
        "en": "Hand it in only by the way that your firm has named for client data, never by chat or private mail.",
        "zh": "只通过公司指定的客户资料渠道提交，切勿使用聊天软件或私人邮箱。",
    },
    {
        "en": "What cannot be taken comes back to you as a workbook in which each wrong cell is coloured and has a "
        "comment: what is wrong, and the mend. Mend it there and hand that workbook in again.",
        "zh": "无法接收的内容会以工作簿形式退回，每个有误的单元格都有颜色和批注，说明问题和改法。请直接修改后再次提交。",
    },
)
_LEGEND: tuple[tuple[str, Wording, Wording], ...] = (
    ("required", {"en": "* Client ID", "zh": "* 客户编号"}, {"en": "Required column.", "zh": "必填栏目。"}),
    ("optional", {"en": "Interests", "zh": "兴趣爱好"}, {"en": "Optional column.", "zh": "选填栏目。"}),
    (
        "missing",
        {"en": "(empty)", "zh": "（空）"},
        {
            "en": "A required cell is still empty. Fill it in, or say why under Remarks.",
            "zh": "必填项尚未填写。请填写，或在“备注”中说明原因。",
        },
    ),
    (
        "wrong",
        {"en": "780101198503210010", "zh": "780101198503210010"},
        {
            "en": "This cannot be right: e.g. the check digit of an ID card, two dates in the wrong order, an amount "
            "that does not add up, a row that stands twice.",
            "zh": "内容有误：例如身份证校验码不符、日期先后颠倒、金额不平或重复的行。",
        },
    ),
    (
        "error",
        {"en": "Marked cell", "zh": "带批注"},
        {
            "en": "In a workbook that came back: refused; the comment says why.",
            "zh": "退回的工作簿中：该单元格未被接收，原因见批注。",
        },
    ),
    (
        "notice",
        {"en": "Marked cell", "zh": "带批注"},
        {
            "en": "In a workbook that came back: worth a look; the comment says what.",
            "zh": "退回的工作簿中：请留意，内容见批注。",
        },
    ),
)
_SHEET_HEADS: dict[Language, tuple[str, str, str]] = {
    "en": ("Sheet", "In Chinese", "What it is for"),
    "zh": ("工作表", "英文名称", "用途"),
}
_PURPOSES: dict[str, Wording] = {
    "clients": {
        "en": "Who the client is: name, ID, branch, status. One row for each client.",
        "zh": "客户是谁：姓名、证件、营业部、状态。每个客户一行。",
    },
    "contacts": {
        "en": "How to reach the client, and whether they agreed to marketing.",
        "zh": "如何联系客户，以及客户是否同意营销。",
    },
    "finances": {
        "en": "What the client earns, owns and owes on a date.",
        "zh": "客户在某一日期的收入、资产和负债。",
    },
    "preferences": {
        "en": "The result of a risk questionnaire, and what the client wants from investing.",
        "zh": "风险测评结果以及客户的投资目标和偏好。",
    },
    "relations": {
        "en": "Family, representatives and owners behind the client. One row for each pair.",
        "zh": "客户的家属、代理人和受益所有人。每个关系一行。",
    },
    "trades": {"en": "Orders carried out. One row for each trade.", "zh": "已成交的委托。每笔成交一行。"},
    "service_requests": {
        "en": "What clients asked for, and when it was answered and settled.",
        "zh": "客户提出的请求及其响应、办结时间。",
    },
    "feedback": {"en": "What clients thought of the service.", "zh": "客户对服务的评价。"},
    "balances": {
        "en": "Cash, margin loan and short value of a client on a date.",
        "zh": "客户在某一日期的资金、融资和融券情况。",
    },
    "securities": {"en": "What can be held, with its risk level.", "zh": "可持有的证券及其风险等级。"},
    "prices": {
        "en": "Closing prices. One row for each security and day.",
        "zh": "收盘价。每只证券每天一行。",
    },
    "campaigns": {"en": "What the firm offers, from when to when.", "zh": "公司开展的活动及其起止日期。"},
    "campaign_contacts": {
        "en": "Which client was reached by a campaign, and what came of it.",
        "zh": "活动触达了哪些客户及其结果。",
    },
}
_LISTS_PURPOSE: Wording = {
    "en": "What may be chosen, with codes, and an example of every column. For looking up only.",
    "zh": "可选内容及其代码，以及各栏目的示例。仅供查阅。",
}


def write(sheet: Any, areas: Sequence[AreaInfo], about: About, made: Looks) -> None:
    """Fill the sheet, row by row."""
    page = _Page(sheet, about, made)
    sheet.hide_gridlines(2)
    for place, columns in enumerate(_WIDTHS):
        sheet.set_column(place, place, columns)
    page.title()
    page.heading("fill")
    page.steps(_STEPS)
    page.heading("colours")
    for sign, sample, meaning in _LEGEND:
        page.legend(sign, sample[about.language], meaning[about.language])
    page.heading("hand_in")
    page.steps(_HANDING_IN)
    page.heading("sheets")
    page.sheets(areas)
    sheet.activate()


class _Page:
    """The guide being written from top to bottom."""

    def __init__(self, sheet: Any, about: About, made: Looks) -> None:
        self.sheet, self.about, self.looks, self.row = sheet, about, made, 0
        self.language = about.language

    def title(self) -> None:
        look = self.looks.style(bold=True, font_size=20, font_color=looks.REQUIRED_HEAD, valign="vcenter")
        self.sheet.set_row(self.row, 34)
        self.sheet.write_string(self.row, 1, TITLES[self.language], look)
        self.row += 1
        line = [_OTHER_TITLES[self.language]]
        if self.about.branch is not None:
            line.append(f"{'营业部' if self.language == 'zh' else 'Branch'}: {self.about.branch}")
        look = self.looks.style(font_size=11, font_color=looks.MUTED)
        self.sheet.write_string(self.row, 1, "   ·   ".join(line), look)
        self.row += 1

    def heading(self, name: str) -> None:
        self.row += 1
        look = self.looks.style(
            bold=True,
            font_size=13,
            font_color=looks.REQUIRED_HEAD,
            bottom=2,
            bottom_color=looks.REQUIRED_HEAD,
        )
        self.sheet.set_row(self.row, 24)
        for place in range(1, len(_WIDTHS)):
            text = _HEADINGS[name][self.language] if place == 1 else ""
            self.sheet.write(self.row, place, text, look)
        self.row += 1

    def steps(self, steps: Sequence[Wording]) -> None:
        look = self.looks.style(text_wrap=True, valign="top", font_size=11)
        for number, step in enumerate(steps, start=1):
            told = step[self.language].format(
                time_zone=self.about.time_zone, spare_rows=self.about.spare_rows
            )
            text = f"{number}.  {told}"
            self.sheet.set_row(self.row, _height(text, _TEXT_ROOM))
            self.sheet.merge_range(self.row, 1, self.row, len(_WIDTHS) - 1, text, look)
            self.row += 1

    def legend(self, sign: str, sample: str, meaning: str) -> None:
        colours: dict[str, dict[str, Any]] = {
            "required": {"bg_color": looks.REQUIRED_HEAD, "font_color": looks.PAPER, "bold": True},
            "optional": {"bg_color": looks.OPTIONAL_HEAD, "bold": True},
            "missing": {"bg_color": looks.MISSING_FILL, "font_color": looks.MUTED},
            "wrong": {"bg_color": looks.WRONG_FILL, "font_color": looks.WRONG_INK},
            "error": {"bg_color": looks.ERROR_FILL, "border": 1, "border_color": looks.WRONG_INK},
            "notice": {"bg_color": looks.NOTICE_FILL, "border": 1, "border_color": looks.REQUIRED_HEAD},
        }
        self.sheet.set_row(self.row, _height(meaning, _WIDTHS[2] + _WIDTHS[3]) + 3)
        self.sheet.write_string(
            self.row,
            1,
            sample,
            self.looks.style(valign="vcenter", align="center", num_format="@", **colours[sign]),
        )
        look = self.looks.style(text_wrap=True, valign="vcenter", font_size=11, indent=1)
        self.sheet.merge_range(self.row, 2, self.row, 3, meaning, look)
        self.row += 1

    def sheets(self, areas: Sequence[AreaInfo]) -> None:
        head = self.looks.style(bold=True, bg_color=looks.OPTIONAL_HEAD, font_size=11)
        for place, text in enumerate(_SHEET_HEADS[self.language], start=1):
            self.sheet.write_string(self.row, place, text, head)
        self.row += 1
        other: Language = "en" if self.language == "zh" else "zh"
        for area in areas:
            purpose = _PURPOSES.get(area.name, {}).get(self.language, "")
            self._sheet_line(area.title(self.language), area.title(other), purpose)
        self._sheet_line(lists.NAMES[self.language], lists.NAMES[other], _LISTS_PURPOSE[self.language])

    def _sheet_line(self, name: str, other: str, purpose: str) -> None:
        plain = self.looks.style(
            text_wrap=True, valign="top", font_size=11, bottom=4, bottom_color=looks.LINE
        )
        link = self.looks.style(
            valign="top",
            font_size=11,
            bottom=4,
            bottom_color=looks.LINE,
            font_color=looks.REQUIRED_HEAD,
            underline=1,
        )
        self.sheet.set_row(self.row, _height(purpose, _WIDTHS[3]))
        self.sheet.write_url(self.row, 1, f"internal:'{name}'!A1", link, name)
        self.sheet.write_string(self.row, 2, other, plain)
        self.sheet.write_string(self.row, 3, purpose, plain)
        self.row += 1


def _height(text: str, room: float) -> float:
    # At 11 points a character is wider than the digit that column widths are counted in.
    return _LINE * looks.lines(text, room * 0.86) + 2
