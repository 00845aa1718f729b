"""The room `writing`: how text and files leave the program."""

from headstart.writing.csv_text import csv_line, csv_text, frame_csv, write_csv
from headstart.writing.locks import sole_use
from headstart.writing.storage import is_full, storage_errors
from headstart.writing.visible import one_line, visible
from headstart.writing.whole import (
    PARTIAL_PREFIX,
    claim_folder,
    remove_stale_partials,
    whole_file,
    whole_folder,
    write_bytes,
    write_json,
    write_text,
)

__all__ = [
    "PARTIAL_PREFIX",
    "claim_folder",
    "csv_line",
    "csv_text",
    "frame_csv",
    "is_full",
    "one_line",
    "remove_stale_partials",
    "sole_use",
    "storage_errors",
    "visible",
    "whole_file",
    "whole_folder",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_text",
]
