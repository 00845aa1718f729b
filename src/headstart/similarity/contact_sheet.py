"""One image with all that was found: each query first, then its neighbours under their labels and distances."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from headstart.data import open_rgb
from headstart.errors import FolderOccupiedError, StoragePermissionError, UnreadableImageError
from headstart.files import is_inside, whole_file
from headstart.similarity.results import Neighbour, QueryResult, SearchResults

CELL, GAP, MARGIN, FRAME = 168, 12, 20, 4  # pixels
LINE, FONT_SIZE = 17, 13
COLUMNS = 7
MAX_QUERIES = 50  # a sheet of more could not be looked at
PAPER, INK, FAINT, ACCENT, EMPTY = "#ffffff", "#1c1e21", "#6b7078", "#1f6feb", "#e3e5e8"


class Caption(NamedTuple):
    """Two lines under an image."""

    first: str
    second: str


@dataclass(frozen=True)
class Cell:
    """One cell of the contact sheet.

    Attributes:
        path: the image.
        caption: what stands under it.
        is_query: whether it was searched for.
    """

    path: Path
    caption: Caption
    is_query: bool = False


def draw_sheet(results: SearchResults) -> Image.Image:
    """A sheet with a block of rows for each image that was searched for, the first 50 of them.

    Images are read from where the index found them; one that is gone leaves a grey place.
    """
    queries = [query for query in results.queries if query.error is None][:MAX_QUERIES]
    rows = [row for query in queries for row in _rows(_cells(query, results))]
    columns = max(place for row in rows for place, _ in row) + 1
    height_of_row = CELL + 2 * LINE + 2 * GAP
    width = 2 * MARGIN + columns * (CELL + GAP) - GAP
    sheet = Image.new("RGB", (width, 2 * MARGIN + len(rows) * height_of_row - GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), _font()
    for number, row in enumerate(rows):
        top = MARGIN + number * height_of_row
        if number and row[0][1].is_query:
            draw.line([(MARGIN, top - GAP), (width - MARGIN, top - GAP)], fill=EMPTY)
        for place, cell in row:
            _draw_cell(sheet, draw, cell, (MARGIN + place * (CELL + GAP), top), font)
    return sheet


def check_sheet(path: Path, root: Path) -> None:
    """Raises an error if the sheet would lie among the images.

    Raises:
        FolderOccupiedError: it would lie in the data folder.
    """
    if is_inside(path.expanduser(), root):
        raise FolderOccupiedError(
            f"The contact sheet cannot be written to '{path}'.",
            expected="a file outside the data folder",
            received="a file inside the data folder, which is never written to",
            hint="Choose another file with --out.",
        )


def write_sheet(results: SearchResults, path: Path | str) -> Path:
    """Draws the sheet and writes it in one step, as its ending says (.png, .jpg or .webp); gives its path.

    Raises:
        FolderOccupiedError: the file would lie in the data folder.
        StoragePermissionError: the folder may not be written to.
    """
    path = Path(path).expanduser().absolute()
    check_sheet(path, results.root)
    sheet = draw_sheet(results)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            sheet.save(partial)
    except PermissionError as error:
        raise StoragePermissionError(
            f"The contact sheet cannot be written to '{path}'.",
            expected="a folder with write permission",
            received=str(error),
            hint="Choose another file with --out.",
        ) from error
    return path


def _cells(query: QueryResult, results: SearchResults) -> list[Cell]:
    found = [
        Cell(results.root / neighbour.path, _caption(neighbour, rank))
        for rank, neighbour in enumerate(query.neighbours, start=1)
    ]
    return [Cell(query.path, Caption(query.path.name, "searched for"), is_query=True), *found]


def _caption(neighbour: Neighbour, rank: int) -> Caption:
    place, name = f"{rank} · {neighbour.distance:.3f}", Path(neighbour.path).name
    return Caption(neighbour.label, f"{place} · {name}") if neighbour.label else Caption(name, place)


def _rows(cells: Sequence[Cell]) -> list[list[tuple[int, Cell]]]:
    """Cells with their columns: the first column is left to the image that was searched for."""
    query, *found = cells
    slices = [found[start : start + COLUMNS - 1] for start in range(0, len(found), COLUMNS - 1)]
    rows = [list(enumerate(row, start=1)) for row in slices]
    return [[(0, query), *rows[0]], *rows[1:]]


def _draw_cell(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    cell: Cell,
    corner: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    left, top = corner
    box = (left, top, left + CELL, top + CELL)
    picture = _thumbnail(cell.path)
    if picture is None:
        draw.rectangle(box, fill=EMPTY)
        draw.text((left + 8, top + CELL // 2 - LINE // 2), "cannot be read", fill=FAINT, font=font)
    else:
        sheet.paste(picture, (left + (CELL - picture.width) // 2, top + (CELL - picture.height) // 2))
    if cell.is_query:
        draw.rectangle(
            (left - FRAME, top - FRAME, left + CELL + FRAME, top + CELL + FRAME), outline=ACCENT, width=FRAME
        )
    draw.text((left, top + CELL + 7), _fitting(cell.caption.first, font), fill=INK, font=font)
    second = _fitting(cell.caption.second, font)
    draw.text((left, top + CELL + 7 + LINE), second, fill=ACCENT if cell.is_query else FAINT, font=font)


def _thumbnail(path: Path) -> Image.Image | None:
    try:
        picture = open_rgb(path)
    except UnreadableImageError:
        return None
    scale = CELL / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text cut to the width of a cell; the end of a file's name tells more than its middle."""
    text = "".join(character if character.isprintable() else "?" for character in text)
    if font.getlength(text) <= CELL:
        return text
    kept = len(text)
    while kept > 2 and font.getlength(_shortened(text, kept)) > CELL:
        kept -= 1
    return _shortened(text, kept)


def _shortened(text: str, kept: int) -> str:
    end = kept // 2
    return f"{text[: kept - end]}…{text[len(text) - end :]}"


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans, which comes with matplotlib and has letters of many scripts; Pillow's own has Latin ones."""
    import matplotlib as mpl  # noqa: PLC0415  only a sheet needs it

    return ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), FONT_SIZE)
