"""What goes wrong when rows are shared."""

from __future__ import annotations

from clientlib.errors import ClientlibError, Words

NOBODY = Words(
    "Nothing was agreed with anybody: workbook.toml has no [share.departments.NAME]. Say there what each "
    "department gets; clientlib init writes an example.",
    "尚未约定向任何部门共享：workbook.toml 中没有 [share.departments.NAME]。请在其中写明各部门可得到的内容；"
    "clientlib init 生成的文件中有示例。",
)


SHARING = Words("share rows with other departments", "向其他部门共享数据")
"""What a role may or may not do."""


class ShareError(ClientlibError):
    """Rows cannot be shared: the place cannot be reached or written, or is not what it should be."""
