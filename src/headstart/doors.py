"""The doors of rooms that import their modules when a name is first used, so that light verbs do not wait for Keras."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_door(package: str, module_of: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package (PEP 562).

    Args:
        package: its `__name__`; it has `__all__`.
        module_of: name → module of the package that defines it.
    """

    def find(name: str) -> object:
        if name not in module_of:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        value = getattr(import_module(f"{package}.{module_of[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted(sys.modules[package].__all__)

    return find, names
