"""The folder of all banks: where it is, what lies in it, and how to empty it."""

import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import platformdirs

from headstart.errors import BankNotFoundError

FACTS_FILE = "bank.json"  # of each bank: what was computed

BANK_DIR_VARIABLE = "HEADSTART_BANK_DIR"

ENGINES_FOLDER = "engines"


@dataclass(frozen=True)
class BankSummary:
    """One bank on disk.

    Attributes:
        name: of its folder.
        facts: what was computed, as `FeatureBank` takes it.
        num_rows: pictures times views.
        num_bytes: on disk.
        last_used: when a run last opened it.
    """

    name: str
    facts: dict[str, Any]
    num_rows: int
    num_bytes: int
    last_used: datetime


def default_bank_dir() -> Path:
    """Where banks are kept unless a person names a folder: where the environment says, else the folder for caches."""
    if named := os.environ.get(BANK_DIR_VARIABLE):
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("headstart", appauthor=False) / "banks"


def list_banks(bank_dir: Path) -> list[BankSummary]:
    """The banks in a folder, the one used last first; none where there is no such folder."""
    summaries = [_summary(path.parent) for path in bank_dir.glob(f"*/{FACTS_FILE}")]
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
            expected=f"one of {', '.join(sorted(known))}" if known else "a bank; this folder holds none",
            received=unknown[0],
            hint="`headstart bank list` shows the banks, `headstart bank clear` without names deletes all.",
        )
    chosen = [bank for bank in banks if not names or bank.name in names]
    for bank in chosen:
        shutil.rmtree(bank_dir / bank.name)
    if not names:  # quantised models serve banks only
        shutil.rmtree(bank_dir / ENGINES_FOLDER, ignore_errors=True)
    return chosen


def _summary(path: Path) -> BankSummary:
    facts_path = path / FACTS_FILE
    try:
        facts = dict(json.loads(facts_path.read_text()))
    except (OSError, ValueError):
        facts = {}
    return BankSummary(
        name=path.name,
        facts=facts,
        num_rows=sum(_num_rows(file) for file in path.glob("chunks/*.json")),
        num_bytes=sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        last_used=datetime.fromtimestamp(facts_path.stat().st_mtime).astimezone(),
    )


def _num_rows(path: Path) -> int:
    try:
        return len(json.loads(path.read_bytes())["rows"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
