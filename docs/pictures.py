"""Makes the handbook's pictures from a real template and a real returned workbook: `make pictures`.

It takes LibreOffice (soffice), poppler (pdftotext, pdftoppm) and a Chinese font. The pictures are
committed: only who changes how the workbooks look has to make them again.
"""

from __future__ import annotations

import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

from clientlib.config import Language, load
from clientlib.intake import check_file
from clientlib.sheets import guide, summary
from clientlib.sheets.returned import mark_workbook
from clientlib.sheets.tally import Outcome
from clientlib.sheets.template import write_template
from clientlib.simulate.exercise import write_exercise
from clientlib.tables import AREAS

FOLDER = Path(__file__).parent / "pictures"
LANGUAGES: tuple[Language, ...] = ("en", "zh")
WIDEST = 1200
"""Pixels: sharp on a screen, small in the repository."""
_DPI = 300
_COLOURS = 32
_BORDER = 16
_PAPER = (255, 255, 255)


@dataclass(frozen=True)
class Picture:
    """A picture: the workbook, the sheet (its name in each language), and the part of what is printed of it.

    `part` is the share of width and height, from the upper left corner, that is shown.
    """

    name: str
    workbook: str
    sheet: Callable[[Language], str]
    part: tuple[float, float] = (1.0, 1.0)


def _area(name: str) -> Callable[[Language], str]:
    return AREAS[name].title


PICTURES = (
    Picture("guide", "template", guide.NAMES.__getitem__),
    Picture("sheet", "template", _area("clients"), (0.5, 1.0)),
    Picture("colours", "exercise", _area("clients"), (0.37, 1.0)),
    Picture("result", "returned", summary.SHEET_NAMES.__getitem__),
    Picture("marked", "returned", _area("finances"), (0.87, 1.0)),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for language in LANGUAGES:
            made = _workbooks(Path(folder) / language, language)
            pages = {name: _printed(path) for name, path in made.items()}
            for picture in PICTURES:
                page = _page_of(pages[picture.workbook], picture.sheet(language))
                _save(page, picture.part, FOLDER / f"{picture.name}.{language}.png")


def _workbooks(folder: Path, language: Language) -> dict[str, Path]:
    folder.mkdir()
    zone = load().firm.time_zone
    template, returned = folder / "template.xlsx", folder / "returned.xlsx"
    write_template(template, AREAS, language=language, time_zone=zone)
    exercise, _ = write_exercise(folder, language)
    found = check_file(exercise)
    mark_workbook(exercise, found.findings, returned, language=language, outcome=Outcome.of(found))
    _show_a_comment(returned)
    return {"template": template, "exercise": exercise, "returned": returned}


def _show_a_comment(workbook: Path) -> None:
    """Open the second comment of the last sheet that has any, as resting the pointer on the cell does."""
    with zipfile.ZipFile(workbook) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    drawing = max(name for name in parts if name.endswith(".vml"))
    notes = parts[drawing].decode().split("</v:shape>")
    opened = notes[1].replace("visibility:hidden", "visibility:visible")
    notes[1] = opened.replace("<x:AutoFill>", "<x:Visible/><x:AutoFill>")
    parts[drawing] = "</v:shape>".join(notes).encode()
    with zipfile.ZipFile(workbook, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in parts.items():
            written.writestr(name, data)


# ------------------------------------------------------------------------------- printing
def _printed(workbook: Path) -> Path:
    profile = f"-env:UserInstallation=file://{workbook.parent / 'office'}"
    _run("soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", workbook.parent, workbook)
    return workbook.with_suffix(".pdf")


def _page_of(pages: Path, sheet: str) -> Image.Image:
    """The first page of a sheet: the one whose footer, or whose title, is the sheet's name."""
    texts = _run("pdftotext", "-layout", pages, "-").split("\f")
    number = next(place for place, text in enumerate(texts, start=1) if _is_of(text, sheet))
    image = pages.with_name("page")
    _run("pdftoppm", "-r", _DPI, "-png", "-singlefile", "-f", number, "-l", number, pages, image)
    with Image.open(image.with_suffix(".png")) as opened:
        return opened.convert("RGB")


def _is_of(text: str, sheet: str) -> bool:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return bool(lines) and (lines[0] == sheet or lines[-1].startswith(f"{sheet} "))


def _run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout


# ------------------------------------------------------------------------------- cropping
def _save(page: Image.Image, part: tuple[float, float], target: Path) -> None:
    without_footer = page.crop((0, 0, page.width, int(page.height * 0.93)))
    left, top, right, bottom = _inked(without_footer)
    box = (left, top, left + int((right - left) * part[0]), top + int((bottom - top) * part[1]))
    shown = without_footer.crop(box)
    if shown.width > WIDEST:
        size = (WIDEST, round(shown.height * WIDEST / shown.width))
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    framed = Image.new("RGB", (shown.width + 2 * _BORDER, shown.height + 2 * _BORDER), _PAPER)
    framed.paste(shown, (_BORDER, _BORDER))
    framed.quantize(_COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def _inked(page: Image.Image) -> tuple[int, int, int, int]:
    """The box around everything that is not paper."""
    box = ImageChops.difference(page, Image.new("RGB", page.size, _PAPER)).getbbox()
    if box is None:
        raise SystemExit("A page is empty: LibreOffice did not print the workbook as expected.")
    return box


if __name__ == "__main__":
    main()
