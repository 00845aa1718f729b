"""`headstart bank`."""

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import BankDirOption, JsonOption, examples
from headstart.cli.surroundings import Surroundings

if TYPE_CHECKING:
    from headstart.features import BankSummary

EXAMPLES = examples(
    ("headstart bank list", "all banks with network, size and date"),
    ("headstart bank clear 3f2a9c0d1e5b7a864c21", "delete one bank; without a name, all banks"),
)


class Action(StrEnum):
    """The actions of `headstart bank`."""

    LIST = "list"
    CLEAR = "clear"


def bank(
    context: typer.Context,
    action: Annotated[Action, typer.Argument(metavar="list|clear", help="List or delete.", show_default=False)],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="Banks to delete; without a name, all.", show_default=False),
    ] = None,
    bank_dir: BankDirOption = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """List or delete feature banks: stored activations of frozen networks.

    Training stores them, so that later runs do not compute them again. A bank that was deleted is computed again when
    a run needs it.
    """
    surroundings: Surroundings = context.obj
    from headstart.features import clear_banks, default_bank_dir, list_banks  # noqa: PLC0415  `--help` needs it not

    path = default_bank_dir() if bank_dir is None else bank_dir.expanduser().absolute()
    banks = list_banks(path) if action is Action.LIST else clear_banks(path, tuple(names or ()))
    if as_json:
        rows = [{**asdict(one), "last_used": one.last_used.isoformat(timespec="seconds")} for one in banks]
        surroundings.print_json({"bank_dir": str(path), "banks": rows})
        return None
    verb = "kept" if action is Action.LIST else "deleted"
    total = sum(one.num_bytes for one in banks)
    number = "1 feature bank" if len(banks) == 1 else f"{len(banks)} feature banks"
    last = Text(f"{number}, {total / 1e6:,.0f} MB, {verb} in {path}")
    surroundings.print_result(Group(*_rows(banks), last))
    return None


def _rows(banks: list["BankSummary"]) -> list[RenderableType]:
    if not banks:
        return []
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column("name", no_wrap=True, min_width=20)  # to be copied whole
    for heading in ("network", "size", "stages", "engine"):
        table.add_column(heading, overflow="fold")
    for heading in ("rows", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("last used", no_wrap=True)
    for one in banks:
        facts = one.facts
        table.add_row(
            one.name,
            str(facts.get("backbone", "unknown")),
            "x".join(str(side) for side in facts.get("image_size", ())),
            ", ".join(facts.get("stages", ())),
            str(facts.get("engine", {}).get("engine", "unknown")),
            f"{one.num_rows:,}",
            f"{one.num_bytes / 1e6:,.0f}",
            f"{one.last_used:%Y-%m-%d}",
        )
    return [table, Text()]
