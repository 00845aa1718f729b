"""Boxes in COCO's form: images, categories, and an annotation with a score for every box."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from headstart.prediction import Form, Record


def write_coco(path: Path, records: Iterable[Record], form: Form) -> None:
    """Writes one JSON object with `images`, `categories` and `annotations`.

    Images have the numbers 1, 2, ... in the order asked for, and so do files that are no images, which are left
    out. What is written is never held in memory as a whole.

    Args:
        path: the file.
        records: of a detector; gone through twice.
        form: names the classes, whose categories have the numbers 1, 2, ...

    References:
        https://cocodataset.org/#format-results; `annotations` is the list that `COCO.loadRes` takes.
    """
    categories = [{"id": number, "name": name} for number, name in enumerate(form.class_names, start=1)]
    with path.open("w", encoding="utf-8") as file:
        file.write('{"categories": ' + json.dumps(categories, ensure_ascii=False) + ',\n"images": ')
        _write_list(file, (_image(number, record) for number, record in _pictures(records)))
        file.write(',\n"annotations": ')
        _write_list(file, _annotations(records, form.class_names))
        file.write("}\n")


def _pictures(records: Iterable[Record]) -> Iterator[tuple[int, Record]]:
    return ((number, record) for number, record in enumerate(records, start=1) if record["error"] is None)


def _image(number: int, record: Record) -> dict[str, object]:
    return {"id": number, "file_name": record["path"], "width": record["width"], "height": record["height"]}


def _annotations(records: Iterable[Record], class_names: tuple[str, ...]) -> Iterator[dict[str, object]]:
    numbers = {name: number for number, name in enumerate(class_names, start=1)}
    count = 0
    for image_id, record in _pictures(records):
        for box in record["boxes"]:
            count += 1
            left, top, right, bottom = box["box"]
            width, height = round(right - left, 2), round(bottom - top, 2)
            yield {
                "id": count,
                "image_id": image_id,
                "file_name": record["path"],
                "category_id": numbers[box["name"]],
                "bbox": [left, top, width, height],
                "area": round(width * height, 2),
                "iscrowd": 0,
                "score": box["score"],
            }


def _write_list(file: TextIO, values: Iterable[object]) -> None:
    separator = "[\n"
    for value in values:
        file.write(separator + json.dumps(value, ensure_ascii=False))
        separator = ",\n"
    file.write("[]" if separator == "[\n" else "\n]")
