"""Cases of YOLO labels."""

from pathlib import Path

import pytest

from headstart.data import DETECTION, read_dataset
from headstart.errors import DataFormatError


def y17_zip_nested(data: Path) -> None:
    for asked in ({}, {"task": DETECTION}):
        with pytest.raises(DataFormatError) as caught:
            read_dataset(data, **asked)
        assert caught.value.hint == f"Name the inner folder: headstart train '{data}/chess.v1i'"
    assert read_dataset(data / "chess.v1i").task == DETECTION
