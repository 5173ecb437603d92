"""The words on the entry form itself, in English and Chinese, and what hinders it in both.

Names, hints and lists of fields come from the table, and what is wrong with a cell from the intake.
"""

from __future__ import annotations

from clientlib.errors import BookBusy, ClientlibError, KeyProblem, PermissionRefused
from clientlib.lab.catalogue import Catalogue

WORDS = Catalogue(
    {
        # ------------------------------------------------------------ above the fields
        "title": ("Entry form", "录入表单"),
        "header": (
            "{firm} · one row at a time · the book is open only while a row is opened or saved",
            "{firm} · 每次录入一行 · 仅在打开或保存时占用客户台账",
        ),
        "legend": (
            "* required. If it cannot be filled in yet, say why in the remarks: the row is then taken as "
            "pending.",
            "* 为必填。暂时无法填写时，请在备注中说明原因，该行将作为“待补充”接收。",
        ),
        "language_hint": ("Show everything in this language", "切换界面语言"),
        "area": ("Area", "表区"),
        "area_hint": (
            "What the row is about. What you typed in another area stays there.",
            "本行所属的表区。其他表区中已填写的内容会保留。",
        ),
        "open": ("Open for editing", "打开修改"),
        "open_hint": (
            "Fill the form with the newest record of this number",
            "用该编号的最新记录填充表单",
        ),
        "open_by": ("Existing: {title}", "已有记录：{title}"),
        "open_by_hint": (
            "To change a record: its number here, then “Open for editing”.",
            "修改已有记录：在此填写编号，再点击“打开修改”。",
        ),
        # ------------------------------------------------------------ the fields
        "choose": ("– choose –", "– 请选择 –"),
        "unlisted": ("{value} (not in the list)", "{value}（不在列表中）"),
        "required": ("Required.", "必填。"),
        "taken_as": ("Taken as {value}.", "将记录为 {value}。"),
        "taken_as_empty": ("Taken as empty.", "按空值处理。"),
        "pending": (
            "{title} is left open: the remarks say why, and the row is taken as pending.",
            "“{title}”留待补充：备注已说明原因，该行将作为“待补充”接收。",
        ),
        # ------------------------------------------------------------ the buttons
        "check": ("Check", "检查"),
        "check_hint": ("Check the row as the intake would; nothing is saved", "按导入规则检查本行，不保存"),
        "save": ("Save", "保存"),
        "save_hint": ("Check the row and take it into the book", "检查本行并记入客户台账"),
        "empty": ("Empty the form", "清空表单"),
        "empty_hint": ("Forget what was typed in this area", "清除本表区已填写的内容"),
        "agree": ("Save these changes", "保存以上更改"),
        "agree_hint": ("Take the changes into the book", "将更改记入客户台账"),
        "keep": ("Go on editing", "继续编辑"),
        "keep_hint": ("Save nothing yet", "暂不保存"),
        # ------------------------------------------------------------ what became of it
        "sound": ("Nothing is wrong with this row. It is not saved yet.", "本行没有问题，尚未保存。"),
        "sound_pending": (
            "This row can be taken as pending. It is not saved yet.",
            "本行可作为“待补充”接收，尚未保存。",
        ),
        "wrong": (
            "To mend: {titles}. What is wrong stands under each field; nothing was saved.",
            "请更正：{titles}。具体问题见各字段下方，未保存任何内容。",
        ),
        "nothing": ("There is nothing to save yet.", "尚无可保存的内容。"),
        "opened": (
            "The record of {record} is open. What you save becomes its newest version.",
            "已打开 {record} 的记录。保存后将成为其最新版本。",
        ),
        "opened_dated": (
            "The newest record of {record} is open. What you save corrects it; under another date it is a "
            "record of its own.",
            "已打开 {record} 的最新记录。保存后将更正该记录；改用其他日期则另存为新记录。",
        ),
        "opened_correcting": (
            "The record of {record} is open. What you save corrects it.",
            "已打开 {record} 的记录。保存后将更正该记录。",
        ),
        "unknown": (
            "The book has no record of {record} in this area. Check the number.",
            "客户台账的该表区中没有 {record} 的记录。请核对编号。",
        ),
        "no_number": ("Type the number of the record to open.", "请填写要打开的记录编号。"),
        "unsaved": (
            "What you typed in this area is not saved. Save it or empty the form first.",
            "本表区有尚未保存的内容。请先保存，或清空表单。",
        ),
        "emptied": ("The form is empty again; nothing was saved.", "表单已清空，未保存任何内容。"),
        "to_agree": (
            "{record} stands in the book already. This would change:",
            "客户台账中已有 {record}。以下内容将被更改：",
        ),
        "saved_new": (
            "Saved: {record} is new in the book (batch {batch}).",
            "已保存：{record} 为新记录（批次 {batch}）。",
        ),
        "saved_changed": (
            "Saved: {record} was changed (batch {batch}): {titles}.",
            "已保存：{record} 已更改（批次 {batch}）：{titles}。",
        ),
        "saved_confirmed": (
            "Saved: {record} is confirmed as it stood, with a new date (batch {batch}).",
            "已保存：{record} 内容不变，日期已更新（批次 {batch}）。",
        ),
        "saved_unchanged": (
            "Nothing to save: the book knew {record} just so already.",
            "无需保存：客户台账中的 {record} 与此完全一致。",
        ),
        "saved_pending": ("It is pending until it is complete.", "该行在补全之前为“待补充”。"),
        "saved_older": (
            "A record dated {newer} is newer and goes on counting.",
            "已有日期更新（{newer}）的记录，仍以该记录为准。",
        ),
        "saved_reference": (
            "{title} {value} is not in the book yet: hand it in too.",
            "客户台账中尚无“{title}”{value}，请一并录入。",
        ),
        "field": ("Field", "字段"),
        "before": ("In the book", "台账中"),
        "after": ("As typed", "填写为"),
        "nothing_there": ("(empty)", "（空）"),
        "behind_mask": ("differs where it is masked", "脱敏部分不同"),
        # ------------------------------------------------------------ what hinders
        "not_usable": ("The form cannot be used:", "无法使用表单："),
        "may_not_edit": (
            "The role “{role}” may not add rows. These may: {editors}.",
            "角色“{role}”无权录入。可录入的角色：{editors}。",
        ),
        "sees_too_little": (
            "The role “{role}” does not see every field plainly, so it cannot fill in a whole row. Use a "
            "role that does, e.g. data_entry.",
            "角色“{role}”看不到全部字段的原文，无法录入整行。请使用有此权限的角色，例如 data_entry。",
        ),
        "no_vault_key": (
            "The vault's key is missing, so names and numbers can be neither shown nor kept. Ask the "
            "administrator for it (CLIENTLIB_VAULT_KEY, or keys/vault.key).",
            "缺少身份信息库的密钥，姓名和号码无法显示或保存。"
            "请向管理员索取（CLIENTLIB_VAULT_KEY 或 keys/vault.key）。",
        ),
        "busy": (
            "The book is busy: somebody else is using it. Nothing was saved, and what you typed is still "
            "here. Try again in a moment.",
            "客户台账正被他人使用。未保存任何内容，您填写的内容仍在表单中。请稍后再试。",
        ),
        "key_problem": ("A key is missing or wrong. {detail}", "密钥缺失或有误。{detail}"),
        "refused": ("The role may not do that. {detail}", "当前角色无权执行此操作。{detail}"),
        "other_problem": ("{detail}", "出现问题。{detail}"),
    }
)
say = WORDS.say
_KINDS: tuple[tuple[type[ClientlibError], str], ...] = (
    (BookBusy, "busy"),
    (KeyProblem, "key_problem"),
    (PermissionRefused, "refused"),
    (ClientlibError, "other_problem"),
)
"""What is said of an error: the first that it is one of."""


class Hindrance(ClientlibError):
    """What stands in the way, in words of the form's own."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(say(key, "en", **values), say(key, "zh", **values))
        self.key = key


def problem(error: ClientlibError, language: str) -> str:
    """An error in a sentence."""
    if isinstance(error, Hindrance):
        return error.told(language)
    key = next(key for kind, key in _KINDS if isinstance(error, kind))
    return say(key, language, detail=error.told(language))
