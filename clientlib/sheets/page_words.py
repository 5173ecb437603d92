"""What the page of findings says, in both languages."""

from __future__ import annotations

from clientlib.config import Language

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Check result",
        "skip": "Skip to the findings",
        "checked": "Checked on",
        "rows_in": "rows read",
        "good": "good",
        "pending": "pending: a required cell is empty, and the remarks say why",
        "refused": "refused",
        "fine": "Nothing is wrong with these rows. There is nothing to mend.",
        "lead": "Refused rows are not taken, not even in part. Please mend them and hand the file in again: "
        "rows that were taken before and did not change are left as they are.",
        "overview": "What is wrong",
        "overview_notices": "Worth knowing",
        "notices_lead": "Nothing here made a row be refused.",
        "where": "Where",
        "times": "{times}×",
        "example": "For example",
        "rightly": "What belongs there",
        "key": "Key",
        "row": "Row no.",
        "value": "As typed",
        "empty": "empty",
        "whole": "the whole sheet or file",
        "more": "and {more} more rows",
        "rows_of": "Rows that break this rule: {title}",
        "masked": "Values that could tell who a person is are masked, long texts are cut. Rows are named "
        "by their key; a key that has not its right form is not shown, and the row is found by its number.",
        "made": "Written by Client Workbook.",
    },
    "zh": {
        "title": "检查结果",
        "skip": "跳到检查结果",
        "checked": "检查时间",
        "rows_in": "读取行数",
        "good": "合格",
        "pending": "待补：必填项为空，备注已说明原因",
        "refused": "退回",
        "fine": "所有行均无错误，无需更正。",
        "lead": "退回的行不会被接收，也不会部分接收。请更正后重新提交整个文件："
        "已接收且没有改动的行保持不变。",
        "overview": "需要更正的问题",
        "overview_notices": "提示",
        "notices_lead": "以下内容不会导致退回。",
        "where": "位置",
        "times": "{times}处",
        "example": "示例",
        "rightly": "应填内容",
        "key": "编号",
        "row": "行号",
        "value": "所填内容",
        "empty": "空",
        "whole": "整张工作表或整个文件",
        "more": "另有{more}行",
        "rows_of": "违反此规则的行：{title}",
        "masked": "可能识别个人身份的内容已脱敏，长文本已截断。"
        "各行以编号标识；编号格式不符的不显示，请按行号查找。",
        "made": "由Client Workbook生成。",
    },
}
