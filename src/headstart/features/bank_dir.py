"""The folder of all banks: where it is, what lies in it, and how to empty it."""

import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field

from headstart.errors import BankNotFoundError
from headstart.features.chunks import ChunkFacts
from headstart.files import PARTIAL_PREFIX, Name, Schema, UnusableFileError, check, read_json, read_plain

FACTS_FILE = "bank.json"  # of each bank: what was computed

BANK_DIR_VARIABLE = "HEADSTART_BANK_DIR"

ENGINES_FOLDER = "engines"


class _BankFacts(Schema):
    """The part of bank.json that is shown; a bank of another version may lack some fields."""

    backbone: str = ""
    image_size: list[int] = Field(default_factory=list)
    stages: dict[Name, list[int]] = Field(default_factory=dict)
    engine: dict[str, object] = Field(default_factory=dict)


@dataclass(frozen=True)
class BankSummary:
    """One bank on disk.

    Attributes:
        name: of its folder.
        facts: what was computed, as `FeatureBank` takes it.
        num_rows: images times views.
        num_bytes: on disk.
        last_used: when a run last opened it.
    """

    name: str
    facts: Mapping[str, Any]
    num_rows: int
    num_bytes: int
    last_used: datetime


def default_bank_dir() -> Path:
    """The folder of banks without `--bank-dir`: `HEADSTART_BANK_DIR`, or else the cache folder of the platform."""
    if named := os.environ.get(BANK_DIR_VARIABLE):
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("headstart", appauthor=False) / "banks"


def list_banks(bank_dir: Path) -> list[BankSummary]:
    """The banks in a folder, the one used last first; none where there is no such folder."""
    found = [_summary(path.parent) for path in bank_dir.glob(f"*/{FACTS_FILE}")]
    summaries = [summary for summary in found if summary is not None]
    return sorted(summaries, key=lambda summary: summary.last_used, reverse=True)


def clear_banks(bank_dir: Path, names: tuple[str, ...] = ()) -> list[BankSummary]:
    """Deletes the named banks, or all, and gives what was deleted. Runs compute again what they need.

    Raises:
        BankNotFoundError: there is no bank of a name; nothing is deleted then.
    """
    banks = list_banks(bank_dir)
    known = {bank.name for bank in banks}
    if unknown := [name for name in names if name not in known]:
        raise BankNotFoundError(
            f"There is no feature bank '{unknown[0]}' in '{bank_dir}'.",
            expected=f"one of {', '.join(sorted(known))}" if known else "a bank; this folder contains none",
            received=unknown[0],
            hint="See the banks with `headstart bank list`; `headstart bank clear` without names deletes all.",
        )
    chosen = [bank for bank in banks if not names or bank.name in names]
    for bank in chosen:
        _delete(bank_dir / bank.name)
    if not names:  # quantised models serve banks only
        shutil.rmtree(bank_dir / ENGINES_FOLDER, ignore_errors=True)
    return chosen


def _delete(folder: Path) -> None:
    """Deletes a bank that other processes may be filling: moved away first, it is theirs no more."""
    doomed = folder.with_name(f"{PARTIAL_PREFIX}{folder.name}-{secrets.token_hex(6)}")
    try:
        folder.replace(doomed)
    except FileNotFoundError:
        return  # another process deleted it
    shutil.rmtree(doomed, ignore_errors=True)


def _summary(path: Path) -> BankSummary | None:
    """The summary of a bank; None if it was deleted meanwhile."""
    facts_path = path / FACTS_FILE
    try:
        facts = read_plain(facts_path)
        check(facts, _BankFacts)
    except UnusableFileError:
        facts = {}
    try:
        last_used = datetime.fromtimestamp(facts_path.stat().st_mtime).astimezone()
    except FileNotFoundError:
        return None
    return BankSummary(
        name=path.name,
        facts=facts,
        num_rows=sum(_num_rows(file) for file in path.glob("chunks/*.json")),
        num_bytes=sum(_num_bytes(file) for file in path.rglob("*")),
        last_used=last_used,
    )


def _num_bytes(path: Path) -> int:
    try:
        status = path.stat()
    except OSError:  # deleted, or replaced, meanwhile
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _num_rows(path: Path) -> int:
    try:
        return len(read_json(path, ChunkFacts).rows)
    except UnusableFileError:
        return 0
