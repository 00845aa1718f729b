"""An index of images, made from a model and a folder."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Literal, TypedDict, TypeVar, Unpack, get_args

import numpy as np

from headstart.data import ReadingOptions
from headstart.errors import (
    FolderOccupiedError,
    ImageSizeError,
    RecipeError,
)
from headstart.files import claim_folder, is_inside, map_array, sole_use, whole_folder
from headstart.files import storage_errors as disk_errors
from headstart.progress import SILENT, Progress
from headstart.recipe import ResizeMode
from headstart.similarity.hnsw import check_method, write_graph
from headstart.similarity.index import SimilarityIndex, write_facts, write_pictures
from headstart.similarity.index_schema import EMBEDDINGS_FILE, GRAPH_FILE, PICTURES_FILE, EmbeddingsValues
from headstart.similarity.model_source import ModelSource, find_source
from headstart.similarity.pictures import IndexedPictures, check_pictures, list_pictures
from headstart.similarity.retrieval import measure_retrieval

IndexEngine = Literal["auto", "keras", "openvino"]
Choice = TypeVar("Choice", bound=str)


class IndexOptions(TypedDict, total=False):
    """Further named arguments of `headstart.index`; None is the default."""

    image_size: int | tuple[int, int] | None
    resize_mode: ResizeMode | None
    engine: IndexEngine | None
    labelled: bool
    format: str | None
    path_column: str | None
    label_column: str | None


INDEX_OPTIONS = tuple(IndexOptions.__annotations__)
INDEX_ENGINES: tuple[IndexEngine, ...] = get_args(IndexEngine)
RESIZE_MODES: tuple[ResizeMode, ...] = get_args(ResizeMode)


def build_index(
    model: Path | str,
    data: Path | str,
    *,
    out: Path | str | None = None,
    weights: Path | str | None = None,
    method: str = "exact",
    bank_dir: Path | str | None = None,
    progress: Progress = SILENT,
    **options: Unpack[IndexOptions],
) -> SimilarityIndex:
    """An index of all images in a folder, to find those that look alike.

    The data folder is only read. With labels the index says how well it finds images of the same class: each image
    is searched for among the others, its copies left out.

    Args:
        model: folder of a run, whose own model makes the embeddings, or name of a backbone.
        data: any folder of images, or a table of labels. Class folders and tables give labels.
        out: new folder for the index; None: `indexes/DATA-MODEL-NUMBER`.
        weights: of a backbone: `imagenet`, `builtin`, `none` (random) or a file; None: those that come with it.
        method: `exact`, or `hnsw` to build a graph as well, for very many images (extra `headstart[similarity]`).
        bank_dir: where the features of backbones are kept; None: the platform's folder for caches.
        progress: notified of every step.
        **options: `image_size` (a number, or height and width) and `resize_mode`, of a backbone; `engine` (`auto`,
            `keras` or `openvino`); `labelled=False` to take no class from a folder's name; `format`, `path_column` and
            `label_column` as for `read_dataset`.

    Raises:
        HeadstartError: any error that the user can correct.

    Example:
        index = headstart.index("mobilenetv2", "photos")
        print(headstart.search(index, "new.jpg").frame)
    """
    _check_options(options)
    check_method(method)
    source = find_source(
        model, weights=weights, image_size=options.get("image_size"), resize_mode=options.get("resize_mode")
    )
    dataset = list_pictures(data, labelled=options.get("labelled", True), **_columns(options))
    named = _default_name(data, source) if out is None else Path(out).expanduser().absolute()
    _check_folder(named, dataset.root)
    pictures = check_pictures(dataset, progress=progress)
    if pictures.left_out:
        progress.say(f"{len(pictures.left_out)} files are left out; index.json lists them")
    with _claimed(named, is_numbered=out is None) as (folder, partial):
        facts = _write_embeddings(partial, source, pictures, options.get("engine") or "auto", bank_dir, progress)
        embeddings = map_array(partial / EMBEDDINGS_FILE, (facts["num_pictures"], facts["dimension"]), "float16")
        write_pictures(partial / PICTURES_FILE, pictures.frame)
        if method == "hnsw":
            progress.start("building the graph", 1)
            write_graph(partial / GRAPH_FILE, embeddings)
            progress.finish()
        write_facts(partial, {**facts, **_facts_of_pictures(pictures), "quality": _quality(embeddings, pictures)})
    return SimilarityIndex.load(folder)


def _columns(options: IndexOptions) -> ReadingOptions:
    columns: ReadingOptions = {"format": options.get("format")}
    if (path_column := options.get("path_column")) is not None:
        columns["path_column"] = path_column
    if (label_column := options.get("label_column")) is not None:
        columns["label_column"] = label_column
    return columns


def _check_options(options: IndexOptions) -> None:
    if unknown := sorted(set(options) - set(INDEX_OPTIONS)):
        raise RecipeError(
            f"An index has no option '{unknown[0]}'.",
            expected=f"one of {', '.join(INDEX_OPTIONS)}",
            received=unknown[0],
            hint="Leave it out.",
        )
    known_engine(options.get("engine"))
    known_resize_mode(options.get("resize_mode"))
    size = options.get("image_size")
    sides = (size, size) if isinstance(size, int) else size
    if sides is not None and not (len(sides) == 2 and all(isinstance(side, int) and side > 0 for side in sides)):
        raise ImageSizeError(
            f"An image cannot have the size {size}.",
            expected="a number of pixels, or height and width",
            received=f"image_size={size!r}",
            hint="Leave it out for the image size of the pretraining.",
        )


def known_engine(name: str | None) -> IndexEngine | None:
    """The engine of this name.

    Raises:
        RecipeError: there is none of the name for an index.
    """
    return _known("engine", name, INDEX_ENGINES)


def known_resize_mode(name: str | None) -> ResizeMode | None:
    """The resize mode that the user gives.

    Raises:
        RecipeError: there is none of the name.
    """
    return _known("resize_mode", name, RESIZE_MODES)


def _known(name: str, value: str | None, known: tuple[Choice, ...]) -> Choice | None:
    if value is None:
        return None
    for choice in known:
        if choice == value:
            return choice
    raise RecipeError(
        f"There is no {name.replace('_', ' ')} '{value}' for an index.",
        expected=f"one of {', '.join(known)}",
        received=f"{name}={value!r}",
        hint=f"Use '{known[0]}', the default.",
    )


def _default_name(data: Path | str, source: ModelSource) -> Path:
    """Without the number that makes it new."""
    model, name = source.name or Path(source.place).name, Path(data).expanduser().absolute().stem
    # A run that was trained on these images has their name already.
    return Path("indexes").absolute() / (model if model.startswith(f"{name}-") else f"{name}-{model}")


def _check_folder(folder: Path, root: Path) -> None:
    in_data = is_inside(folder, root)
    is_taken = folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))
    if in_data or is_taken:
        raise FolderOccupiedError(
            f"The index cannot be written to '{folder}'.",
            expected="a new folder outside the data folder",
            received="a folder inside the data folder, which is never written to" if in_data else "existing files",
            hint="Choose another folder with --out, or remove the existing files.",
        )


@contextmanager
def _claimed(named: Path, *, is_numbered: bool) -> Iterator[tuple[Path, Path]]:
    """The folder for the index, which no other process takes, and one beside to write into.

    The second becomes the first if the block succeeds; if it fails, both go away.
    """
    with disk_errors(
        named,
        room="space for the index: 2 bytes per feature and image",
        full_hint="Free some room, or name another folder with --out.",
        place_hint="Name another one with --out.",
    ):
        is_own = is_numbered or not named.exists()
        folder = claim_folder(named.parent, named.name) if is_numbered else named
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with (
                sole_use(folder, purpose="writes an index to", hint="Choose another folder with --out."),
                whole_folder(folder) as partial,
            ):
                yield folder, partial
        except BaseException:
            if is_own:
                with suppress(OSError):
                    folder.rmdir()  # only where it is empty
            raise


def _write_embeddings(
    folder: Path,
    source: ModelSource,
    pictures: IndexedPictures,
    engine: str,
    bank_dir: Path | str | None,
    progress: Progress,
) -> EmbeddingsValues:
    """Writes them as they come, and gives what made them."""
    from headstart.similarity.embedder import open_embedder  # noqa: PLC0415  TensorFlow: mistakes are reported before it

    progress.start("loading the model", 1)
    embedder = open_embedder(source, engine=engine)
    progress.finish()
    path, shape = folder / EMBEDDINGS_FILE, (len(pictures.frame), embedder.dimension)
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    start, hashes = 0, list(pictures.frame["sha256"])
    for rows in embedder.embed_all(pictures.paths(), hashes, bank_dir=bank_dir, progress=progress):
        array[start : start + len(rows)] = rows
        start += len(rows)
    array.flush()
    return {**embedder.facts, "num_pictures": shape[0], "dimension": shape[1]}


def _facts_of_pictures(pictures: IndexedPictures) -> dict[str, object]:
    return {
        "root": str(pictures.root),
        "class_names": None if pictures.class_names is None else list(pictures.class_names),
        "left_out": [{"path": path, "reason": reason} for path, reason in pictures.left_out],
    }


def _quality(embeddings: np.ndarray, pictures: IndexedPictures) -> dict[str, object]:
    if pictures.class_names is None:
        return {}
    groups = pictures.frame["duplicate_group"].to_numpy()
    metrics = measure_retrieval(embeddings, pictures.targets, groups)
    return {
        name: {key: value for key, value in asdict(metric).items() if key != "name"} for name, metric in metrics.items()
    }
