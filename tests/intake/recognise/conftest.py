"""A measurement that is shown, and a small unfamiliar hand-in with the questions about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from clientlib.intake.recognise.files import Recognised, recognise_file
from clientlib.sheets.confirmation import write_confirmation

Tell = Callable[[str], None]
Answer = Callable[..., Path]

CLIENTS = """\
Kd-Nr,大名,sfz,生日,性别,职业,类型,证件,投资者,网点,开户,状态,更新
K1,张伟,780101198503210017,1985-03-21,男,软件工程师,个人,身份证,普通,东湖,2019-06-03,正常,2026-01-05 10:00:00
K2,王芳,780101199002140027,1990-02-14,女,夜市小贩,个人,身份证,普通,东湖,2020-06-03,正常,2026-01-05 10:01:00
K3,赵敏,780101197708090042,1977-08-09,女,退休教师,个人,身份证,普通,东湖,2018-06-03,正常,2026-01-05 10:02:00
"""
CONTACTS = """\
K1,16012345678,client1@example.com,广东省深圳市福田区青年路169号,是,2020-01-02,2026-01-05 10:00:00
K2,16012345679,client2@example.com,上海市浦东新区学府路12号,是,2021-01-02,2026-01-05 10:01:00
K3,16012345670,client3@example.com,成都市高新区东湖路7号,是,2021-05-02,2026-01-05 10:02:00
"""


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Shows a measurement though the test passes."""

    def show(text: str) -> None:
        with capsys.disabled():
            print(text)  # noqa: T201 (the table is the measurement)

    return show


@pytest.fixture
def hand_in(tmp_path: Path) -> Path:
    """A folder: clients under strange titles with free words in them, and contacts without a header."""
    folder = tmp_path / "hand-in"
    folder.mkdir()
    (folder / "people.csv").write_text(CLIENTS, "utf-8")
    (folder / "list.csv").write_text(CONTACTS, "utf-8")
    return folder


@pytest.fixture
def recognised(hand_in: Path) -> Recognised:
    return recognise_file(hand_in)


@pytest.fixture
def answer(tmp_path: Path, recognised: Recognised) -> Answer:
    """Writes the questions and answers them: (row, answer) or (row, answer, choice), or one for all rows."""

    def write(
        columns: Sequence[tuple[Any, ...]] | str = (),
        words: Sequence[tuple[Any, ...]] | str = (),
        language: str = "en",
    ) -> Path:
        path = tmp_path / "questions.xlsx"
        write_confirmation(path, recognised, language=language)  # type: ignore[arg-type]
        book = openpyxl.load_workbook(path)
        for sheet, answers in zip(book.worksheets, (columns, words), strict=False):
            right = [cell.value for cell in sheet[1]].index({"en": "Right?", "zh": "对吗？"}[language]) + 1
            if isinstance(answers, str):
                answers = [(row, answers) for row in range(2, sheet.max_row + 1)]
            for row, said, *chosen in answers:
                sheet.cell(row, right).value = said
                if chosen:
                    sheet.cell(row, right + 1).value = chosen[0]
        book.save(path)
        return path

    return write
