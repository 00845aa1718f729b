"""`headstart backbones`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import JsonOption, examples
from headstart.cli.surroundings import Surroundings

if TYPE_CHECKING:
    from headstart.backbones import BackboneSpec

EXAMPLES = examples(
    ("headstart backbones", "all networks, one per line"),
    ("headstart backbones vgg19", "one network with its stages, which are the values of --unfreeze-from"),
)


def backbones(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="Network to show with its stages; without it, all are listed.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """List the pretrained networks with size, input size, stages, source of the weights and licence."""
    surroundings: Surroundings = context.obj
    from headstart.backbones import BACKBONES, find_backbone  # noqa: PLC0415  `--help` does not need it

    if name is not None:
        spec = find_backbone(name)
        if as_json:
            surroundings.print_json(asdict(spec))
        else:
            surroundings.print_result(_details(spec))
        return None
    if as_json:
        surroundings.print_json([asdict(spec) for spec in BACKBONES.values()])
    else:
        surroundings.print_result(_table(list(BACKBONES.values())))
    return None


def _table(specs: list["BackboneSpec"]) -> Table:
    table = Table("name", box=None, pad_edge=False, collapse_padding=True)
    for heading in ("parameters", "input"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("stages", overflow="fold")
    table.add_column("weights", no_wrap=True)
    table.add_column("licence", overflow="fold")
    for spec in specs:
        table.add_row(
            spec.name,
            f"{spec.num_parameters / 1e6:.1f} M",
            _size(spec.image_size),
            f"{len(spec.stages)}, {spec.stages[0].name}-{spec.stages[-1].name}",
            spec.weights.source,
            spec.weights.licence,
        )
    return table


def _details(spec: "BackboneSpec") -> Group:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    weights = spec.weights
    for name, value in (
        ("name", spec.name),
        ("parameters", f"{spec.num_parameters:,} without the classifier ({spec.megabytes:.0f} MB)"),
        ("input", f"{_size(spec.image_size)} pixels, at least {_size(spec.min_image_size)}"),
        ("weights", f"{weights.source}: {weights.file_name}"),
        ("from", weights.url or "inside this package"),
        ("origin", weights.origin),
        ("licence", weights.licence),
        ("paper", spec.paper),
        ("fine-tuning", f"usually from {spec.default_unfreeze_from}"),
    ):
        facts.add_row(name, Text(value))
    return Group(Text(spec.title, style="bold"), Text(), facts, Text(), _stages_table(spec))


def _stages_table(spec: "BackboneSpec") -> Table:
    table = Table("stage", "ends with layer", box=None, pad_edge=False)
    for heading in ("stride", "channels"):
        table.add_column(heading, justify="right")
    for stage in spec.stages:
        table.add_row(stage.name, stage.layer, str(stage.stride), str(stage.channels))
    return table


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
