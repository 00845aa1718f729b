"""`headstart export`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import OUTPUT, JsonOption, RunArgument, examples, setting
from headstart.cli.progress import shown_progress
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

if TYPE_CHECKING:
    from headstart.artifacts import ExportFormat, Manifest

EXAMPLES = examples(
    ("headstart export runs/photos-vgg19-1 --to onnx", "one file for ONNX Runtime, and for `headstart serve`"),
    ("headstart export runs/photos-vgg19-1 --to onnx,litert-int8 --out shop", "files for a server and for a phone"),
)


def export(
    context: typer.Context,
    run: RunArgument,
    to: Annotated[
        str,
        typer.Option(
            metavar="FORMATS",
            help="One or more formats, separated by commas: keras, savedmodel, onnx, litert, litert-int8, openvino, "
            "openvino-int8; or all.",
            rich_help_panel=OUTPUT,
        ),
    ] = "onnx",
    out: Annotated[
        Path | None,
        setting(
            "Folder for the files and artifact.json.",
            metavar="FOLDER",
            default="'artifact' in the folder of the run",
            panel=OUTPUT,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Write the model as files for other programs, and check each file against the model of the run.

    A file takes raw images and returns calibrated probabilities, boxes, the class of every pixel, or numbers: resizing,
    normalisation, softmax and temperature are inside the file. Each file is run on the test images in its own runtime.
    A file whose predictions differ from those of the model, or that has too few int8 weights, is moved to `refused`,
    and the exit code is 57. The command prints the measurements and a few lines of Python that use each file.
    """
    surroundings: Surroundings = context.obj
    from headstart.artifacts import find_formats  # noqa: PLC0415  heavy

    find_formats(to)  # an unknown name is reported before TensorFlow starts
    load_keras(surroundings)
    from headstart.run import Run, export as export_run  # noqa: I001, PLC0415  heavy

    with shown_progress(surroundings) as progress:
        manifest = export_run(Run.load(run), to, out=out, progress=progress)
    formats = find_formats(to, manifest.task)
    if as_json:
        names = [each.name for each in formats]
        files = {name: {"path": manifest.files[name].path, **manifest.files[name].parity} for name in names}
        surroundings.print_json({"artifact": str(manifest.folder), "files": files})
    else:
        surroundings.print_result(_described(manifest, formats))
    return None


def _described(manifest: "Manifest", formats: "tuple[ExportFormat, ...]") -> Group:
    from headstart.artifacts import ten_lines  # noqa: PLC0415  heavy

    parts: list[RenderableType] = [Text(f"Written to {manifest.folder}\n"), _table(manifest, formats)]
    for each in formats:
        parts += [
            Text(f"\n{each.name}: code that needs only the file and artifact.json, not Headstart", style="bold"),
            Syntax(ten_lines(each.name, manifest).rstrip("\n"), "python", background_color="default", word_wrap=True),
        ]
    return Group(*parts)


def _table(manifest: "Manifest", formats: "tuple[ExportFormat, ...]") -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("format", "file", "image size"):
        table.add_column(name)
    metric = str(manifest.files[formats[0].name].parity.get("metric", "accuracy")).replace("_", " ")
    for name in ("MB", "int8 stored (computed)", "same predictions", "largest difference", metric, "model"):
        table.add_column(name, justify="right")
    height, width = manifest.image_size
    for each in formats:
        file = manifest.files[each.name]
        parity = file.parity
        table.add_row(
            each.name,
            file.path,
            "any size" if file.any_size else f"{width} x {height}",
            f"{file.num_bytes / 1e6:.1f}",
            _int8_share(parity),
            *_measured(parity),
        )
    return table


def _measured(parity: Mapping[str, object]) -> tuple[str, ...]:
    """Cells of one file: agreement with the model, largest difference, metric of the file, metric of the model."""
    is_classifier = "accuracy" in parity
    names = ("max_probability_difference", "accuracy", "model_accuracy")
    furthest, value, model_value = names if is_classifier else ("largest_difference", "value", "model_value")
    return (
        f"{parity['agreement']:.2%}",
        f"{parity[furthest]:.2g}",
        f"{parity[value]:.4f}",
        f"{parity[model_value]:.4f}",
    )


def _int8_share(parity: Mapping[str, object]) -> str:
    """Share of int8 weights, stored and in brackets computed; empty for files of versions that did not measure it."""
    share = parity.get("int8_share")
    return f"{share['stored']:.0%} ({share['computed']:.0%})" if isinstance(share, Mapping) and share else ""
