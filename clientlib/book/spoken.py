"""What the book's two files, and what is done with them, are called in the sentences of its errors."""

from __future__ import annotations

from clientlib.errors import Words

FILES = {"book": Words("book", "台账"), "vault": Words("vault", "身份库")}
"""By the name of a file, or of its key."""
_DOING = {
    "reading it": "读取",
    "changing it": "更改数据",
    "importing": "导入",
    "trying a hand-in out": "试导入",
    "making a backup of it": "备份",
    "verifying a backup": "核验备份",
    "putting a backup back": "恢复备份",
    "bringing it to this version": "升级台账",
    "writing it anew": "重新写入台账",
    "putting new files in its place": "替换台账文件",
}


def doing(en: str) -> Words:
    """What a holder of the book says it does, as in "has been importing".

    It is read from a file that another version may have written: what this one has no word for is "using".
    """
    return Words(en, _DOING.get(en, "使用"))
