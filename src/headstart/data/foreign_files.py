"""Files that may hold images or labels in a form this program does not read, and what to do with each."""

import re
from pathlib import Path
from typing import NamedTuple

from headstart.data.walking import FolderWalk
from headstart.errors import NoClassFoldersError

_CSV = "Save it as CSV: one row per image, with the columns 'path' and 'label'."
_UNPACK = "Unpack it, and use the folder with the images."
_EXPORT = (
    "Write its images to files, in one folder per class or beside a CSV table with the columns 'path' and 'label'."
)
_NUM_SHOWN = 3
_NOTES = re.compile(r".*\.(txt|pdf|docx?|pptx?|html?)", re.IGNORECASE)
_LISTS = re.compile(r"label|class|annot|list|train|test|val", re.IGNORECASE)


class _Foreign(NamedTuple):
    """One known type of file of other programs, and the hint how to convert it."""

    pattern: re.Pattern[str]
    what: str
    hint: str


def _foreign(endings: str, what: str, hint: str) -> _Foreign:
    return _Foreign(re.compile(rf".*\.({endings})", re.IGNORECASE), what, hint)


_FOREIGN = (
    _foreign(
        "xlsx|xlsm|xlsb|xls|ods|numbers", "a spreadsheet", f"{_CSV} In Excel and LibreOffice: File, Save As, CSV UTF-8."
    ),
    _foreign("gsheet", "a link to a spreadsheet", f"{_CSV} In Google Sheets: File, Download, Comma-separated values."),
    _foreign("jsonl|ndjson", "a file with one JSON object per line", f"{_CSV} For boxes, export COCO JSON instead."),
    _foreign("txt|lst|dat", "a text file", f"If it lists images and labels: {_CSV[0].lower()}{_CSV[1:]}"),
    _foreign("csv\\.gz|tsv\\.gz|csv\\.zip|csv\\.bz2|csv\\.xz", "a packed table", "Unpack it, and use the table."),
    _foreign("zip|rar|7z|tar|tgz|tar\\.gz|tar\\.bz2|tar\\.xz|gz|bz2|xz|zst", "an archive", _UNPACK),
    _foreign(r"tfrecords?(-.*)?|record(-.*)?", "a file of TensorFlow records", _EXPORT),
    _foreign("npz|npy", "a file of NumPy arrays", _EXPORT),
    _foreign("mat", "a MATLAB file", _EXPORT),
    _foreign("h5|hdf5|hdf", "an HDF5 file", _EXPORT),
    _foreign("arrow|feather|lmdb|mdb|rec|beton|pkl|pickle|pt|pth", "a file of packed data", _EXPORT),
    _foreign("db|sqlite|sqlite3|sql|accdb", "a database", f"Export the table of labels. {_CSV}"),
    _foreign(
        "dcm|dicom|nii|nii\\.gz|nrrd|mha|svs|ndpi|czi|nd2|lif",
        "a medical or microscope image",
        "Convert the images to PNG or TIFF with 8 or 16 bits.",
    ),
    _foreign("mp4|avi|mov|mkv|webm", "a video", "Save its frames as images."),
    _foreign("pdf|docx?|pptx?|html?", "a document", "Save the images in it as files."),
)


def foreign_file(path: Path) -> NoClassFoldersError | None:
    """The error for a file of a known other form; None for any other file."""
    known = _known(path.name)
    if known is None:
        return None
    return NoClassFoldersError(
        f"'{path}' is {known.what}, which is not supported.",
        expected="a folder with one folder per class, a folder of annotated images, or a table (.csv, .tsv, .parquet)",
        received=known.what,
        hint=known.hint,
    )


def foreign_folder(folder: Path) -> NoClassFoldersError | None:
    """The error for a folder without data where files of a known other form lie; None where there are none."""
    walk = FolderWalk(folder.resolve(), stays_inside=True)
    folders, files = walk.children("")
    # A folder of Parquet files or of records is one data set; a look one level down finds it.
    files += [file for inner in folders[:_NUM_SHOWN] for file in walk.children(inner)[1]]
    names = ((file, file.rpartition("/")[2]) for file in files)
    known = [(file, form) for file, name in names for form in [_known(name)] if form and not _is_note(name)]
    if not known:
        return None
    file, form = min(known, key=lambda it: _FOREIGN.index(it[1]))
    same = [name for name, other in known if other == form]
    more = f" and {len(same) - 1} more such files" if len(same) > 1 else ""
    return NoClassFoldersError(
        f"'{folder}' contains no class folders and no supported table or annotations, but '{file}'{more}.",
        expected="one folder per class, annotated images, or a table (.csv, .tsv, .parquet)",
        received=form.what,
        hint=form.hint,
    )


def _is_note(name: str) -> bool:
    """Whether a text or a document says rather what the data is than which image is what."""
    return _NOTES.fullmatch(name) is not None and _LISTS.search(name) is None


def _known(name: str) -> _Foreign | None:
    return next((form for form in _FOREIGN if form.pattern.fullmatch(name)), None)
