"""Reading the program's own files: nothing in them is trusted before it is checked.

Names are imported when first used, so that light commands do not wait for NumPy.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.stored.arrays import map_array, read_array, read_arrays
    from headstart.stored.content import (
        OtherArrayError,
        UnusableFileError,
        inside,
        read_bounded,
        refuse_outside,
        shown,
        size_of,
    )
    from headstart.stored.json_files import check, parse_json, read_json, read_plain, without_nan
    from headstart.stored.keras_files import check_keras_file
    from headstart.stored.schema import (
        MAX_IMAGE_SIDE,
        Hashes,
        ImageSize,
        Name,
        Names,
        Number,
        Numbers,
        Schema,
        Sha256,
        Share,
        Side,
        Text,
    )
    from headstart.stored.tables import read_table
    from headstart.stored.toml_files import read_toml_tables

_MODULE_OF = {
    "Hashes": "schema",
    "ImageSize": "schema",
    "MAX_IMAGE_SIDE": "schema",
    "Name": "schema",
    "Names": "schema",
    "Number": "schema",
    "Numbers": "schema",
    "OtherArrayError": "content",
    "Schema": "schema",
    "Sha256": "schema",
    "Share": "schema",
    "Side": "schema",
    "Text": "schema",
    "UnusableFileError": "content",
    "check": "json_files",
    "check_keras_file": "keras_files",
    "inside": "content",
    "map_array": "arrays",
    "parse_json": "json_files",
    "read_array": "arrays",
    "read_arrays": "arrays",
    "read_bounded": "content",
    "read_json": "json_files",
    "read_plain": "json_files",
    "read_table": "tables",
    "read_toml_tables": "toml_files",
    "refuse_outside": "content",
    "shown": "content",
    "size_of": "content",
    "without_nan": "json_files",
}

__all__ = [
    "MAX_IMAGE_SIDE",
    "Hashes",
    "ImageSize",
    "Name",
    "Names",
    "Number",
    "Numbers",
    "OtherArrayError",
    "Schema",
    "Sha256",
    "Share",
    "Side",
    "Text",
    "UnusableFileError",
    "check",
    "check_keras_file",
    "inside",
    "map_array",
    "parse_json",
    "read_array",
    "read_arrays",
    "read_bounded",
    "read_json",
    "read_plain",
    "read_table",
    "read_toml_tables",
    "refuse_outside",
    "shown",
    "size_of",
    "without_nan",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
