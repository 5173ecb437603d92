"""Free text without the client's identity in it."""

from __future__ import annotations

import pandas as pd
import pytest

from clientlib.lab.scrubbing import without_identity


def _scrubbed(text: str | None, name: str | None) -> list[object]:
    made = without_identity(pd.Series([text], dtype="object"), pd.Series([name], dtype="object"))
    return list(made.dropna())


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ("我是张三丰，请回电", "张**", "我是张**，请回电"),
        ("电话13812345678", "张**", "电话138****5678"),
        ("Call John Smith today", "J**", "Call J** today"),
        ("ann@example.com", "张**", "a***@example.com"),
        ("服务很好", "张**", "服务很好"),
        ("just fine", "J**", "just fine"),
        ("张三丰", None, "张三丰"),
        ("张三丰", "****", "张三丰"),
    ],
)
def test_what_tells_who_it_is_is_masked(text: str, name: str | None, left: str) -> None:
    assert _scrubbed(text, name) == [left]


def test_a_missing_text_stays_missing() -> None:
    assert _scrubbed(None, "张**") == []
