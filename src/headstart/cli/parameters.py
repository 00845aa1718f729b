"""What several commands take, in one wording, and how text becomes values."""

import re
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

DATA, NETWORK, TRAINING, TABLES, OUTPUT = "Data", "Network", "Training", "Tables of labels", "Output"


def examples(*commands: tuple[str, str]) -> str:
    """The last lines of a command's help: commands to copy, each with what it does."""
    lines = [f"  {command}\n      [dim]{effect}[/]" for command, effect in commands]
    return "\n".join(["[bold]Examples[/]", *lines])


class ImageSize(NamedTuple):
    """Pixels; a class of its own because Typer would want two words for a plain tuple."""

    height: int
    width: int


def parse_image_size(text: str) -> ImageSize:
    """The size that a text names.

    Example:
        >>> parse_image_size("160x200")
        ImageSize(height=160, width=200)

    Raises:
        typer.BadParameter: the text is no size.
    """
    match = re.fullmatch(r"(\d{1,5})(?:[x×X](\d{1,5}))?", text.strip())
    if match is None:
        raise typer.BadParameter(
            f"'{text}' is no size. Expected pixels such as 160, or height x width such as 160x200."
        )
    height, width = match.groups()
    return ImageSize(int(height), int(width or height))


def setting(text: str, *, metavar: str, default: str, panel: str) -> Any:
    """An option that is None when it is left out, so that a recipe's value holds; `default` is for the eye."""
    return typer.Option(metavar=metavar, help=with_default(text, default), show_default=False, rich_help_panel=panel)


def with_default(text: str, default: str) -> str:
    """A line of help that ends with what holds when nothing is typed."""
    return f"{text} [dim]\\[default: {default}][/]"


RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder that `headstart train` made.", show_default=False)
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON instead of text.", rich_help_panel=OUTPUT)
]
PathColumnOption = Annotated[str | None, setting("Column with the path.", metavar="NAME", default="path", panel=TABLES)]
LabelColumnOption = Annotated[
    str | None,
    setting("Column with the label; several are joined with ';'.", metavar="NAME", default="label", panel=TABLES),
]
SplitColumnOption = Annotated[
    str | None,
    setting(
        "Column that says train, validation or test.", metavar="NAME", default="split, if there is one", panel=TABLES
    ),
]
GroupColumnOption = Annotated[
    str | None,
    setting(
        "Column naming what must stay in one part, such as a patient.",
        metavar="NAME",
        default="group, if there is one",
        panel=TABLES,
    ),
]
