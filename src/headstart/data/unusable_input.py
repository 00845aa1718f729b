"""Errors for paths from which no data set can be read."""

import difflib
import os
import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from headstart.data.inspection import UNREAD_SUFFIXES, could_be_picture
from headstart.errors import DataNotFoundError, NoClassFoldersError

_MODELS = (".keras", ".onnx", ".tflite", ".safetensors", ".pb")
_ADVICE: dict[str, str] = {
    **dict.fromkeys(_MODELS, "This is a model. Name the folder or table with images to learn from."),
    **dict.fromkeys((".pdf", ".docx", ".pptx"), "Save the pages or the images in them as files, such as JPEG or PNG."),
    **dict.fromkeys(UNREAD_SUFFIXES, "Convert the images to JPEG or PNG first."),
}
_GENERAL_ADVICE = "Name the folder that holds the class folders, or a table of labels."


def not_found(path: Path) -> DataNotFoundError:
    """The error for a path at which there is nothing."""
    parent = next(parent for parent in path.absolute().parents if os.path.exists(parent))  # noqa: PTH110
    return DataNotFoundError(
        f"'{path}' does not exist.",
        expected="a folder of class folders or annotated images, or a table of labels (.csv, .tsv, .parquet)",
        received=f"nothing of that name; the nearest folder that exists is '{parent}'",
        hint=_what_was_meant(path, parent),
    )


def neither(path: Path, table_suffixes: Collection[str]) -> NoClassFoldersError:
    """The error for a file that is no table."""
    suffix = path.suffix.lower()
    if suffix and could_be_picture(path.name):
        advice = f"Name the folder that holds the class folders. To classify this image: headstart predict RUN '{path}'"
    else:
        advice = _ADVICE.get(suffix, _GENERAL_ADVICE)
    return NoClassFoldersError(
        f"'{path}' is neither a folder nor a table of labels.",
        expected=f"a folder with one folder per class, or a table ({', '.join(table_suffixes)})",
        received=f"a file ending in '{path.suffix}'" if suffix else "a file whose name has no ending",
        hint=advice,
    )


def no_class_folders(root: Path, *, num_folders: int) -> NoClassFoldersError:
    """The error for a folder without class folders with images."""
    files = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    relative = [file.relative_to(root) for file in files]
    shown = [file for file in relative if not any(part.startswith(".") for part in file.parts)]
    endings = sorted({file.suffix.lower() for file in shown if file.suffix})
    received = f"{num_folders} folders and {len(files)} files, no image in a class folder"
    if endings:
        received += f"; names end in {', '.join(endings[:5])}"
    return NoClassFoldersError(
        f"'{root}' has no class folders with images.",
        expected="one folder per class with images inside, such as photos/cat/1.jpg and photos/dog/1.jpg",
        received=received,
        hint=_advice_for_folder(relative, shown),
    )


def _advice_for_folder(files: list[Path], shown: list[Path]) -> str:
    if files and not shown:
        return "Folders and files whose names begin with a dot are hidden and never read: rename them."
    if any(file.suffix and could_be_picture(file.name) for file in shown):
        return (
            "Sort the images into one folder per class, or write a table with the columns path and label (.csv, .tsv, "
            ".parquet) and name that table. If this folder is one class, name the folder above it. To classify images: "
            "headstart predict RUN FOLDER"
        )
    advice = [_ADVICE[ending] for ending in sorted({file.suffix.lower() for file in shown}) if ending in _ADVICE]
    if advice:
        return advice[0]
    return "Name the folder that holds the images, sorted into one folder per class."


def _what_was_meant(path: Path, parent: Path) -> str:
    text = str(path)
    if re.match(r"(https?|s3|gs|ftp):/", text):
        return "Download the data and unpack it first, then name the folder."
    unquoted = text.strip().strip("'\"").strip()
    candidates = [unquoted, unquoted.replace("\\", "/"), unquoted.replace("\\ ", " ")]
    for candidate in candidates:
        if candidate not in {text, ""} and os.path.exists(candidate):  # noqa: PTH110
            return f"Did you mean '{candidate}'?"
    if re.match(r"[A-Za-z]:[\\/]", unquoted) and os.name != "nt":
        return "This is a Windows path, and this system is not Windows. Under WSL, C:\\photos is /mnt/c/photos."
    if any(letter in text for letter in "*?["):
        return f"Name the folder itself, without a pattern, such as '{parent}'."
    near = _nearest(path, parent)
    return f"Did you mean '{near}'?" if near else "Check the spelling."


def _nearest(path: Path, parent: Path) -> str:
    """The path with the first name that does not exist replaced by the most similar one that does."""
    missing, *rest = PurePosixPath(os.path.relpath(path.absolute(), parent)).parts
    try:
        names = os.listdir(parent)  # noqa: PTH208  names are what is compared
    except OSError:
        return ""
    plain = {name.strip().casefold(): name for name in names if not name.startswith(".")}
    close = difflib.get_close_matches(missing.strip().casefold(), list(plain), n=1, cutoff=0.75)
    if not close:
        return ""
    near = parent / plain[close[0]]
    if os.path.exists(near.joinpath(*rest)):  # noqa: PTH110
        near = near.joinpath(*rest)
    if path.is_absolute():
        return str(near)
    return os.path.relpath(near) if not os.path.relpath(near).startswith("..") else str(near)
