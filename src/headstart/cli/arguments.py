"""Checks of the words of the command line that hold for every command, and how errors in them are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from headstart.files import one_line


class CheckedCommand(TyperCommand):
    """A command that refuses words which can be neither a path nor a name."""

    def get_params(self, context: Any) -> list[Any]:
        """As `click.Command`, without names of Python's types in the help."""
        return _without_types(super().get_params(context))

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """As `click.Command`.

        Raises:
            typer.BadParameter: a word is empty, as an unset variable of a shell leaves it, or holds a NUL character.
        """
        for word in args:
            _check(word)
        with _visible_errors():
            return super().parse_args(context, args)


class CheckedGroup(TyperGroup):
    """The program: shows words that are no command without obeying them."""

    def get_params(self, context: Any) -> list[Any]:
        """As `click.Group`, without names of Python's types in the help."""
        return _without_types(super().get_params(context))

    def resolve_command(self, context: Any, args: list[str]) -> Any:
        """As `click.Group`."""
        with _visible_errors():
            return super().resolve_command(context, args)


def _without_types(parameters: list[Any]) -> list[Any]:
    """A flag takes no value, and an argument is described by its name: `<bool>` and `<list[str]>` only puzzle."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
        elif parameter.param_type_name == "argument":
            parameter.display_type_rich = lambda ctx: None  # noqa: ARG005
    return parameters


def _check(word: str) -> None:
    option, has_value, value = word.partition("=")
    if not word or (option.startswith("--") and has_value and not value):
        raise typer.BadParameter(
            f"{f'The value of {one_line(option)}' if option else 'An argument'} is empty. Expected a path, a name or a "
            "number. In a script, check for unset variables."
        )
    if "\0" in word:
        raise typer.BadParameter("An argument contains a NUL character, which is not allowed in paths and names.")


@contextmanager
def _visible_errors() -> Iterator[None]:
    """Errors of the command line repeat what was typed; Typer prints them itself."""
    try:
        yield
    except Exception as error:
        if isinstance(message := getattr(error, "message", None), str):
            setattr(error, "message", one_line(message))  # noqa: B010  errors of Click have it, others do not
        raise
