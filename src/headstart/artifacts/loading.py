"""From an exported file, compared with its hashes, to predictions."""

from pathlib import Path

from headstart.artifacts.checked_runtime import CheckedRuntime
from headstart.artifacts.exported_task import exported_task
from headstart.artifacts.formats import FORMATS, PREFERRED, ExportFormat, find_format, load_named, require
from headstart.artifacts.manifest import FILE_NAME, Manifest, read_manifest
from headstart.artifacts.predictor import PredictorFacts, Runtime, TaskPredictor
from headstart.errors import ArtifactDamagedError, ArtifactNotFoundError, ExtraMissingError
from headstart.files import UnusableFileError
from headstart.task_spec import DEFAULT_TASK, find_task
from headstart.trust import DEFAULT_COVERAGE

_MAX_SHOWN = 300  # characters of an error of a runtime, some of which take many lines


def load_predictor(
    path: Path | str,
    format_name: str | None = None,
    coverage: float = DEFAULT_COVERAGE,
    min_score: float | None = None,
) -> TaskPredictor:
    """The predictor of an exported file.

    Args:
        path: the artifact's folder, or a file inside it, which says the format as well.
        format_name: a name in `FORMATS`; None: the first of `PREFERRED` that the artifact has and that can run here.
        coverage: how often prediction sets and intervals hold the truth, above 0 and below 1.
        min_score: from which on a detector's box is a prediction, 0 to 1; None: as the run chose it.

    Raises:
        ArtifactNotFoundError: there is no artifact, or it lacks the format.
        ArtifactDamagedError: a file is missing, was changed, cannot be run, or its outputs do not fit the class names.
        ArtifactNewerError: a newer version of this package wrote the artifact.
        UnknownFormatError: there is no format of this name.
        ExtraMissingError: what runs the format is not installed.
    """
    manifest, name = find_exported(path, format_name)
    chosen = find_format(name)
    file = manifest.check(name)
    require(chosen.runs_with, chosen)
    runtime = CheckedRuntime(
        load_runtime(chosen, file, manifest.task), file, manifest.task, num_names=len(manifest.class_names)
    )
    runtime.try_out(manifest.image_size)
    facts: PredictorFacts = {
        "runtime": runtime,
        "class_names": manifest.class_names,
        "image_size": manifest.image_size,
        "resize_mode": manifest.resize_mode,
    }
    return exported_task(manifest.task).predictor(facts, manifest, manifest.files[name], coverage, min_score)


def find_exported(path: Path | str, format_name: str | None = None) -> tuple[Manifest, str]:
    """The artifact at a path and which of its formats is used, without loading it.

    Arguments and errors are those of `load_predictor`.
    """
    path = Path(path).expanduser().absolute()
    manifest = read_manifest(_folder_of(path))
    return manifest, format_name or _format_at(manifest, path) or _preferred(manifest)


def load_runtime(chosen: ExportFormat, file: Path, task: str = DEFAULT_TASK) -> Runtime:
    """The runtime of a file of a task.

    Raises:
        ArtifactDamagedError: the file cannot be run.
    """
    runtime = load_named(chosen.runtime)
    try:
        loaded: Runtime = runtime(file, find_task(task).outputs)
        return loaded
    except UnusableFileError as error:
        raise ArtifactDamagedError(
            f"'{file}' is refused, because `headstart export` does not write such files.",
            expected=f"a file of the format '{chosen.name}' with {error.expected}",
            received=error.received,
            hint="Export it again with `headstart export`. Do not run a refused file from another person.",
        ) from error
    except Exception as error:  # each library has errors of its own for a file that it cannot read
        raise ArtifactDamagedError(
            f"'{file}' cannot be run.",
            expected=f"a file of the format '{chosen.name}', without code of its own",
            received=" ".join(f"{type(error).__name__}: {error}".split())[:_MAX_SHOWN],
            hint="Export it again with `headstart export`.",
        ) from error


def _folder_of(path: Path) -> Path:
    """The artifact's folder: the path itself, or the nearest folder above that has an artifact.json."""
    return next((folder for folder in (path, *path.parents) if (folder / FILE_NAME).is_file()), path)


def _format_at(manifest: Manifest, path: Path) -> str | None:
    """The format that a file inside the artifact belongs to; None for the artifact itself."""
    if path in (manifest.folder, manifest.folder / FILE_NAME):
        return None
    inside = path.relative_to(manifest.folder).as_posix()
    for name, exported in manifest.files.items():
        if inside in exported.sha256 or inside == exported.path or inside == Path(exported.path).parts[0]:
            return name
    raise ArtifactNotFoundError(
        f"'{path}' is not an exported file of the artifact in its folder.",
        expected=f"one of {', '.join(exported.path for exported in manifest.files.values())}",
        received=inside,
        hint=f"Use the folder '{manifest.folder}' or one of these files.",
    )


def _preferred(manifest: Manifest) -> str:
    present = [name for name in PREFERRED if name in manifest.files]
    if not present:
        raise ArtifactNotFoundError(
            f"The artifact '{manifest.folder}' has no file that this version can run.",
            expected=f"one of {', '.join(FORMATS)}",
            received=", ".join(manifest.files) or "none",
            hint="Create one with `headstart export RUN --to onnx`.",
        )
    runnable = [name for name in present if FORMATS[name].can_run]
    if not runnable:
        wanted = FORMATS[present[0]]
        raise ExtraMissingError(
            f"No runtime for the files in '{manifest.folder}' is installed.",
            expected=f"a runtime for one of {', '.join(present)}",
            received="none of them",
            hint=f"Run `pip install 'headstart[{wanted.extra}]'` for {wanted.name}.",
        )
    return runnable[0]
