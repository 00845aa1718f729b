"""The formats a model can be exported to: what each is called, what it takes, what makes it and what runs it."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from headstart.errors import ExtraMissingError, UnknownFormatError
from headstart.task_spec import find_task


@dataclass(frozen=True)
class ExportFormat:
    """Facts about one format.

    Attributes:
        name: what the user types after `--to`.
        path: of the file to open, or of the folder, below the artifact's folder.
        any_size: whether files take images of any size, or only of the model's.
        exporter: `module:function` that writes the file.
        runtime: `module:class` that runs it.
        int8_share: `module:function` that counts how much of a file is int8; empty for formats in float32.
        extra: of this package, that brings what the format needs; empty where nothing more is needed.
        needs_probabilities: whether only models that return probabilities of classes have files of the format.
        writes_with, runs_with: modules that writing and running need beside this package's own requirements.
    """

    name: str
    path: str
    any_size: bool
    exporter: str
    runtime: str
    int8_share: str = ""
    extra: str = ""
    needs_probabilities: bool = False
    writes_with: tuple[str, ...] = ()
    runs_with: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The first part of `path`: all files of the format lie in it, or it is the only one."""
        return Path(self.path).parts[0]

    @property
    def is_int8(self) -> bool:
        """Whether weights and activations are rounded to eight bits."""
        return bool(self.int8_share)

    def is_for(self, task: str) -> bool:
        """Whether models of a task have files of the format."""
        spec = find_task(task)
        if self.is_int8 and not spec.can_be_rounded:
            return False
        return spec.has_probabilities or not self.needs_probabilities

    @property
    def can_run(self) -> bool:
        """Whether the modules that run it are installed."""
        return all(find_spec(module) for module in self.runs_with)


def _formats(*formats: ExportFormat) -> Mapping[str, ExportFormat]:
    return MappingProxyType({each.name: each for each in formats})


FORMATS: Mapping[str, ExportFormat] = _formats(
    ExportFormat(
        name="keras",
        path="model.keras",
        any_size=False,
        exporter="headstart.artifacts.keras_export:write_keras",
        runtime="headstart.artifacts.keras_runtime:KerasRuntime",
        runs_with=("keras", "tensorflow"),
    ),
    ExportFormat(
        name="savedmodel",
        path="savedmodel",
        any_size=True,
        exporter="headstart.artifacts.tensorflow_export:write_savedmodel",
        runtime="headstart.artifacts.savedmodel_runtime:SavedModelRuntime",
        runs_with=("tensorflow",),
    ),
    ExportFormat(
        name="onnx",
        path="model.onnx",
        any_size=True,
        exporter="headstart.artifacts.onnx_export:write_onnx",
        runtime="headstart.artifacts.onnx_runtime:OnnxRuntime",
        extra="export",
        writes_with=("tf2onnx", "onnx", "onnxruntime"),
        runs_with=("onnxruntime",),
    ),
    ExportFormat(
        name="litert",
        path="model.tflite",
        any_size=False,
        exporter="headstart.artifacts.litert_export:write_litert",
        runtime="headstart.artifacts.litert_runtime:LiteRtRuntime",
        extra="litert",
        runs_with=("ai_edge_litert",),
    ),
    ExportFormat(
        name="litert-int8",
        path="model-int8.tflite",
        any_size=False,
        exporter="headstart.artifacts.litert_int8_export:write_litert_int8",
        runtime="headstart.artifacts.litert_runtime:LiteRtRuntime",
        int8_share="headstart.artifacts.int8_share:litert_int8_share",
        extra="litert",
        needs_probabilities=True,  # which operations bear rounding is judged by probabilities of classes
        writes_with=("ai_edge_quantizer",),
        runs_with=("ai_edge_litert",),
    ),
    ExportFormat(
        name="openvino",
        path="openvino/model.xml",
        any_size=False,
        exporter="headstart.artifacts.openvino_export:write_openvino",
        runtime="headstart.artifacts.openvino_runtime:OpenVinoRuntime",
        extra="openvino",
        runs_with=("openvino",),
    ),
    ExportFormat(
        name="openvino-int8",
        path="openvino-int8/model.xml",
        any_size=False,
        exporter="headstart.artifacts.openvino_export:write_openvino_int8",
        runtime="headstart.artifacts.openvino_runtime:OpenVinoRuntime",
        int8_share="headstart.artifacts.int8_share:openvino_int8_share",
        extra="openvino",
        writes_with=("nncf",),
        runs_with=("openvino",),
    ),
)

# The first of these whose runtime is installed is used if no format is requested.
PREFERRED = ("onnx", "openvino", "litert", "savedmodel", "keras", "openvino-int8", "litert-int8")


def find_format(name: str) -> ExportFormat:
    """The format of this name.

    Raises:
        UnknownFormatError: there is none.
    """
    if name in FORMATS:
        return FORMATS[name]
    nearest = difflib.get_close_matches(name.lower(), FORMATS, n=1)
    raise UnknownFormatError(
        f"There is no export format '{name}'.",
        expected=f"one of {', '.join(FORMATS)}; or all",
        received=name,
        hint=f"Did you mean '{nearest[0]}'?" if nearest else "See the formats in docs/formats.md.",
    )


def find_formats(text: str, task: str | None = None) -> tuple[ExportFormat, ...]:
    """The formats that the user gives: names joined by commas, each counted once; `all` means all of them.

    Args:
        text: what was typed.
        task: of the model, where it is known: `all` means those that it has.

    Raises:
        UnknownFormatError: there is no format of a name, or no name.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if "all" in names:
        return tuple(each for each in FORMATS.values() if task is None or each.is_for(task))
    if not names:
        find_format(text.strip())
    return tuple(find_format(name) for name in dict.fromkeys(names))


def check_task(formats: Iterable[ExportFormat], task: str) -> None:
    """Refuses formats that models of a task have no files of.

    Raises:
        UnknownFormatError: there is one.
    """
    missing = [each.name for each in formats if not each.is_for(task)]
    if missing:
        raise UnknownFormatError(
            f"There is no format '{missing[0]}' for {task}.",
            expected=f"one of {', '.join(each.name for each in find_formats('all', task))}; or all",
            received=", ".join(missing),
            hint="See the formats of each task in docs/formats.md.",
        )


def require(modules: Iterable[str], each: ExportFormat) -> None:
    """Refuses a format whose modules are not installed.

    Raises:
        ExtraMissingError: one is missing; the hint says how to get it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise ExtraMissingError(
            f"The format '{each.name}' requires packages that are not installed.",
            expected=f"Headstart with its extra '{each.extra}'",
            received=f"no module {', '.join(missing)}",
            hint=f"Run `pip install 'headstart[{each.extra}]'`.",
        )


def load_named(place: str) -> Any:
    """The object at the address `module:name`."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
