"""Options that several commands share, in one wording."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from headstart.data import ReadingOptions

DATA, NETWORK, TRAINING, TABLES, OUTPUT = "Data", "Network", "Training", "Tables of labels", "Output"
BANK = "Feature bank"


def examples(*commands: tuple[str, str]) -> str:
    """The last lines of a command's help: commands to copy, each with its effect."""
    lines = [f"  {command}\n      [dim]{effect}[/]" for command, effect in commands]
    return "\n".join(["[bold]Examples[/]", *lines])


def setting(text: str, *, metavar: str, default: str, panel: str) -> Any:
    """An option that is None if it is not given, so that the value of the recipe is used; `default` is only shown."""
    return typer.Option(metavar=metavar, help=with_default(text, default), show_default=False, rich_help_panel=panel)


def with_default(text: str, default: str) -> str:
    """A line of help that ends with the default."""
    return f"{text} [dim]\\[default: {default}][/]"


def reading_options(
    *,
    format: str | None = None,  # noqa: A002  the option's name
    ignore_value: int | str | None = None,
    path_column: str | None = None,
    label_column: str | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
) -> "ReadingOptions":
    """Arguments of `read_dataset` from the options of a command; a column that is not given keeps its default."""
    options: ReadingOptions = {
        "format": format,
        "ignore_value": ignore_value,
        "split_column": split_column,
        "group_column": group_column,
    }
    if path_column is not None:
        options["path_column"] = path_column
    if label_column is not None:
        options["label_column"] = label_column
    return options


RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder written by `headstart train`.", show_default=False)
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON instead of text.", rich_help_panel=OUTPUT)
]
BankDirOption = Annotated[
    Path | None,
    setting(
        "Folder of the feature banks.",
        metavar="FOLDER",
        default="in the cache folder of the system",
        panel=BANK,
    ),
]
BankLimitOption = Annotated[
    float | None,
    setting(
        "Size limit of the feature bank in gigabytes; 0: no bank. To keep the limit, fewer views are stored or the "
        "network is cut at a later layer.",
        metavar="GB",
        default="half of the free disk space",
        panel=BANK,
    ),
]
