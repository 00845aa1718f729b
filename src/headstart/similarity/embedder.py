"""A model that turns images into embeddings: pooled features of a run's model, or of a pretrained backbone."""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import PIL

from headstart.backbones import build_backbone
from headstart.data import AUGMENTATIONS, ImageSource
from headstart.errors import IndexMismatchError
from headstart.features import (
    BFLOAT16_MATRICES,
    ENGINES,
    Engine,
    FeatureBank,
    Pictures,
    Views,
    build_engine,
    default_bank_dir,
    fill_bank,
    instructions,
    trunk_hash,
)
from headstart.files import file_sha256
from headstart.heads import POOLED
from headstart.progress import Progress
from headstart.similarity.exact import unit_rows
from headstart.similarity.index_schema import EmbedderValues
from headstart.similarity.model_source import ModelSource

ROWS_AT_A_TIME = 1024


@dataclass(frozen=True, eq=False)
class Embedder:
    """A model that computes embeddings.

    Attributes:
        engine: runs it.
        facts: plain values that an index keeps: `model`, `image_size`, `resize_mode`, `engine`.
        dimension: numbers an embedding.
        bank_facts: what decides the numbers of a frozen backbone, as its feature bank names them; None for the model of
            a run, whose numbers nothing else will ask for.
    """

    engine: Engine
    facts: EmbedderValues
    dimension: int
    bank_facts: Mapping[str, object] | None

    @property
    def image_size(self) -> tuple[int, int]:
        """`(height, width)` in pixels."""
        height, width = self.facts["image_size"]
        return height, width

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Embeddings `(n, d)` float16 of length 1, of images `(n, height, width, 3)`; `n` up to the engine's most."""
        (features,) = self.engine.run(images)
        return _as_embeddings(features)

    def embed_all(
        self, paths: Sequence[Path], hashes: Sequence[str], *, bank_dir: Path | str | None, progress: Progress
    ) -> Iterator[np.ndarray]:
        """Embeddings of all images in order, some at a time, through the feature bank where there is one.

        Args:
            paths: the files.
            hashes: SHA-256 of each.
            bank_dir: where feature banks are kept; None: the platform's folder for caches.
            progress: notified of every batch.
        """
        if self.bank_facts is None:
            return self._streamed(paths, progress)
        place = default_bank_dir() if bank_dir is None else Path(bank_dir).expanduser().absolute()
        return self._from_bank(Pictures(paths, hashes), place, progress)

    def _streamed(self, paths: Sequence[Path], progress: Progress) -> Iterator[np.ndarray]:
        progress.start("computing embeddings", len(paths))
        for start in range(0, len(paths), self.engine.batch_size):
            batch = paths[start : start + self.engine.batch_size]
            source = ImageSource(
                batch, image_size=self.image_size, resize_mode=self.facts["resize_mode"], cache_bytes=0
            )
            yield self.embed(source.load_all())
            progress.advance(len(batch))
        progress.finish()

    def _from_bank(self, pictures: Pictures, place: Path, progress: Progress) -> Iterator[np.ndarray]:
        bank = FeatureBank(place, self.bank_facts or {}, {POOLED: (self.dimension,)})
        views = Views(AUGMENTATIONS["none"], seed=0, count=1)
        fill_bank(
            bank,
            self.engine,
            [pictures],
            views,
            image_size=self.image_size,
            resize_mode=self.facts["resize_mode"],
            progress=progress,
        )
        part = bank.part(pictures, views, stage=POOLED)
        for start in range(0, len(part), ROWS_AT_A_TIME):
            rows = np.arange(start, min(start + ROWS_AT_A_TIME, len(part)))
            yield _as_embeddings(part.load_batch(rows, np.zeros(len(rows), np.int64)))


def open_embedder(source: ModelSource, *, engine: str = "auto") -> Embedder:
    """Loads a model and makes it ready.

    Args:
        source: which.
        engine: `auto`, `keras` or `openvino`; `auto` takes the one that suits this machine.

    Raises:
        HeadstartError: as `Run.load` and `build_backbone`.
    """
    return _embedder_of_run(source, engine) if source.kind == "run" else _embedder_of_backbone(source, engine)


def open_embedder_of(facts: EmbedderValues, source: ModelSource) -> Embedder:
    """The embedder that an index was made with; the one opened last is remembered.

    Args:
        facts: the index's.
        source: where its model is said to lie.

    Raises:
        IndexMismatchError: another model lies there.
    """
    return _embedder_with(source, _known_engine(facts["engine"]), facts["model"]["sha256"])


@lru_cache(maxsize=1)
def _embedder_with(source: ModelSource, engine: str, sha256: str) -> Embedder:
    embedder = open_embedder(source, engine=engine)
    received = embedder.facts["model"]["sha256"]
    if received != sha256 or embedder.image_size != source.image_size:
        raise IndexMismatchError(
            f"The index was made with a model that differs from the one in '{source.place}'.",
            expected=f"the {source.kind} with SHA-256 {sha256}",
            received=f"SHA-256 {received}",
            hint="Give the path of the right model with --model or --weights, or make the index again.",
        )
    return embedder


def _embedder_of_run(source: ModelSource, engine: str) -> Embedder:
    from headstart.run import Run  # noqa: PLC0415  brings every room below it

    run = Run.load(source.place)
    task = run.task
    model = _pooled_model(task.model, task.stages)
    facts: EmbedderValues = {
        "model": {"kind": "run", "name": task.backbone, "place": str(run.path), "sha256": file_sha256(run.model_path)},
        "image_size": list(task.image_size),
        "resize_mode": task.resize_mode,
        "engine": (built := build_engine(engine, model)).name,
    }
    return Embedder(built, facts, model.output.shape[-1], None)


def _pooled_model(model: keras.Model, stages: Mapping[str, tuple[str, ...]]) -> keras.Model:
    """The model up to the input of a classifier's head; for other tasks, up to the averaged last feature map."""
    if POOLED in {layer.name for layer in model.layers}:
        return keras.Model(model.input, model.get_layer(POOLED).output)
    last_map = model.get_layer(list(stages.values())[-1][-1]).output
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED)(last_map)
    return keras.Model(model.input, pooled)


def _embedder_of_backbone(source: ModelSource, engine: str) -> Embedder:
    if source.place == "none":
        keras.utils.set_random_seed(0)  # so that the same random weights can be drawn again for a search
    backbone = build_backbone(source.name, image_size=source.image_size, weights=source.place)
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED)(backbone.model.output)
    model = keras.Model(backbone.model.input, pooled)
    built = build_engine(engine, model)
    trunk = trunk_hash(model)
    facts: EmbedderValues = {
        "model": {
            "kind": "backbone",
            "name": source.name,
            "place": source.place,
            "sha256": backbone.weights.sha256 or trunk,
        },
        "image_size": list(backbone.image_size),
        "resize_mode": source.resize_mode or "stretch",
        "engine": built.name,
    }
    # The facts of the bank that `headstart rank` fills: what it computed is not computed again.
    bank_facts = {
        "backbone": source.name,
        "trunk": trunk,
        "image_size": list(backbone.image_size),
        "resize_mode": source.resize_mode,
        "reader": f"pillow {PIL.__version__}",
        "engine": dict(built.facts),
    }
    return Embedder(built, facts, pooled.shape[-1], bank_facts)


def _known_engine(name: str) -> str:
    """The engine of the index where it can run here; any other gives the same numbers but for the last digits."""
    if name == "openvino-bfloat16" and BFLOAT16_MATRICES not in instructions():
        return "auto"
    return name if name in ENGINES and (name == "keras" or importlib.util.find_spec("openvino")) else "auto"


def _as_embeddings(features: np.ndarray) -> np.ndarray:
    # By way of float16 like rows of a bank, so that an image has the same embedding whichever way it came.
    largest = float(np.finfo(np.float16).max)
    rounded = np.clip(features, -largest, largest).astype(np.float16)
    return unit_rows(rounded).astype(np.float16)
