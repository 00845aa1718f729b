"""Files of the program: complete or absent when written, checked before use when read; locks and storage errors.

Names are imported when first used, so that light commands do not wait for NumPy.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.files.arrays import map_array, read_array, read_arrays
    from headstart.files.content import (
        OtherArrayError,
        UnusableFileError,
        inside,
        read_bounded,
        refuse_outside,
        shown,
        size_of,
    )
    from headstart.files.json_files import check, parse_json, read_json, read_plain, read_toml_tables, without_nan
    from headstart.files.keras_files import check_keras_file
    from headstart.files.locks import sole_use
    from headstart.files.schema import (
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
    from headstart.files.storage import is_full, storage_errors
    from headstart.files.tables import csv_line, csv_text, frame_csv, read_table, write_csv
    from headstart.files.terminal_text import one_line, visible
    from headstart.files.whole import (
        PARTIAL_PREFIX,
        claim_folder,
        remove_stale_partials,
        whole_file,
        whole_folder,
        write_bytes,
        write_json,
        write_text,
    )

_MODULE_OF = {
    "Hashes": "schema",
    "ImageSize": "schema",
    "MAX_IMAGE_SIDE": "schema",
    "Name": "schema",
    "Names": "schema",
    "Number": "schema",
    "Numbers": "schema",
    "OtherArrayError": "content",
    "PARTIAL_PREFIX": "whole",
    "Schema": "schema",
    "Sha256": "schema",
    "Share": "schema",
    "Side": "schema",
    "Text": "schema",
    "UnusableFileError": "content",
    "check": "json_files",
    "check_keras_file": "keras_files",
    "claim_folder": "whole",
    "csv_line": "tables",
    "csv_text": "tables",
    "frame_csv": "tables",
    "inside": "content",
    "is_full": "storage",
    "map_array": "arrays",
    "one_line": "terminal_text",
    "parse_json": "json_files",
    "read_array": "arrays",
    "read_arrays": "arrays",
    "read_bounded": "content",
    "read_json": "json_files",
    "read_plain": "json_files",
    "read_table": "tables",
    "read_toml_tables": "json_files",
    "refuse_outside": "content",
    "remove_stale_partials": "whole",
    "shown": "content",
    "size_of": "content",
    "sole_use": "locks",
    "storage_errors": "storage",
    "visible": "terminal_text",
    "whole_file": "whole",
    "whole_folder": "whole",
    "without_nan": "json_files",
    "write_bytes": "whole",
    "write_csv": "tables",
    "write_json": "whole",
    "write_text": "whole",
}

__all__ = [
    "MAX_IMAGE_SIDE",
    "PARTIAL_PREFIX",
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
    "claim_folder",
    "csv_line",
    "csv_text",
    "frame_csv",
    "inside",
    "is_full",
    "map_array",
    "one_line",
    "parse_json",
    "read_array",
    "read_arrays",
    "read_bounded",
    "read_json",
    "read_plain",
    "read_table",
    "read_toml_tables",
    "refuse_outside",
    "remove_stale_partials",
    "shown",
    "size_of",
    "sole_use",
    "storage_errors",
    "visible",
    "whole_file",
    "whole_folder",
    "without_nan",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_text",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
