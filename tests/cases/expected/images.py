"""Cases of images that are stored in unusual ways."""

from pathlib import Path

import pytest

from headstart.data import audit_dataset, read_dataset
from headstart.errors import NoReadableImagesError


def i01_12bit_in_16(data: Path) -> None:
    findings = audit_dataset(read_dataset(data)).findings
    told = findings[findings["kind"] == "narrow_range"]
    assert told["severity"].tolist() == ["warning"]
    assert "12-bit" in told["detail"].iloc[0]
    assert "multiply all of them by 16" in told["detail"].iloc[0]


def i04_8band_tiff(data: Path) -> None:
    with pytest.raises(NoReadableImagesError, match=r"daisy/00.tif.*8 bands; expected 1 to 4"):
        audit_dataset(read_dataset(data))
