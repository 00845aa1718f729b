"""Headstart: from a folder of images to a model that you can trust.

    run = headstart.train("photos", backbone="mobilenetv2")
    print(run.report.metrics["accuracy"])
    print(headstart.predict(run, ["new.jpg"]))

Nothing heavy is imported before one of these verbs is used.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart import onednn, version

if TYPE_CHECKING:
    from headstart.data import Audit
    from headstart.data import audit_data as audit
    from headstart.prediction import predict, predict_each
    from headstart.recipe import Recipe
    from headstart.run import Plan, Run, evaluate, export, plan, resume, train, write_card, write_report
    from headstart.run import rank_backbones as rank
    from headstart.similarity import build_index as index
    from headstart.similarity import search_index as search

onednn.switch_on()

__version__ = version.VERSION

_HOMES = {
    "Audit": "headstart.data",
    "Plan": "headstart.run",
    "Recipe": "headstart.recipe",
    "Run": "headstart.run",
    "audit": "headstart.data",
    "evaluate": "headstart.run",
    "export": "headstart.run",
    "index": "headstart.similarity",
    "plan": "headstart.run",
    "predict": "headstart.prediction",
    "predict_each": "headstart.prediction",
    "rank": "headstart.run",
    "resume": "headstart.run",
    "search": "headstart.similarity",
    "train": "headstart.run",
    "write_card": "headstart.run",
    "write_report": "headstart.run",
}
# Verbs that are called otherwise in their room, because a module there has the name.
_NAMES_AT_HOME = {"audit": "audit_data", "index": "build_index", "rank": "rank_backbones", "search": "search_index"}

__all__ = [
    "Audit",
    "Plan",
    "Recipe",
    "Run",
    "__version__",
    "audit",
    "evaluate",
    "export",
    "index",
    "load",
    "plan",
    "predict",
    "predict_each",
    "rank",
    "resume",
    "search",
    "train",
    "write_card",
    "write_report",
]


def load(path: Path | str) -> "Run":
    """The run in a folder.

    Raises:
        RunNotFoundError: there is no run.
    """
    from headstart.run import Run  # noqa: PLC0415  TensorFlow is imported late

    return Run.load(path)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'headstart' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), _NAMES_AT_HOME.get(name, name))


def __dir__() -> list[str]:
    return __all__
