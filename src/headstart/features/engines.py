"""What runs a frozen trunk: Keras itself, or OpenVINO, which is faster on a processor."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import keras
import numpy as np

from headstart.errors import RecipeError
from headstart.features.memory import is_out_of_memory
from headstart.features.openvino_engine import OpenVinoEngine, bfloat16_engine, float32_engine
from headstart.features.processor import BFLOAT16_MATRICES, instructions
from headstart.features.quantized_trunk import quantized_model


class Engine(Protocol):
    """A trunk with the library that computes it.

    Attributes:
        name: a name in `ENGINES`.
        batch_size: the most images that `run` takes at once.
        facts: what decides the numbers, as plain values that JSON can hold: the engine, versions of its libraries, its
            precision, and for int8 the hash of the images that its ranges were measured on.
        note: why it is not the engine that `AUTO` would choose first, for people; "" where it is.
    """

    name: str
    batch_size: int
    facts: dict[str, object]
    note: str

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """The activations of the trunk for images; no bit of a row depends on the other images of the batch.

        Args:
            images: `(n, height, width, 3)` RGB 0-255, uint8 or float32, `n` up to `batch_size`.

        Returns:
            One float32 array `(n, ...)` an output of the trunk.
        """
        ...


@dataclass(frozen=True)
class EngineSettings:
    """The settings of an engine beside the trunk; each field is an argument of `build_engine`."""

    batch_size: int
    calibration: Callable[[], np.ndarray] | None
    cache_dir: Path | None


class KerasEngine:
    """The trunk in Keras, compiled, always with full batches.

    A short batch is filled up, so that every image meets the same computation however many come with it. That an
    image's place in the batch does not matter either is what the libraries below do, not what they promise; a test
    looks at it on the processor. On a GPU it may fail in the last bits.
    """

    def __init__(self, trunk: keras.Model, settings: EngineSettings, *, note: str = "") -> None:
        self.note = note
        backend = keras.backend.backend()
        self.name = "keras"
        self.batch_size = settings.batch_size
        self._size = settings.batch_size  # of a call; halved when memory runs out
        self.facts: dict[str, object] = {
            "engine": self.name,
            "keras": keras.__version__,
            backend: version(backend),
            "precision": trunk.outputs[0].dtype,
        }
        # A model of its own, because compiling one changes it. XLA takes ten times as long on a processor.
        self._model = keras.Model(trunk.inputs, trunk.outputs)
        self._model.compile(jit_compile=False)

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `Engine.run`."""
        if len(images) > self.batch_size:
            raise ValueError(f"Expected at most {self.batch_size} images. Received: {len(images)}")
        while True:
            slices = [images[start : start + self._size] for start in range(0, len(images), self._size)]
            try:
                parts = [self._run_full(part) for part in slices]
            except Exception as error:
                if self._size == 1 or not is_out_of_memory(error):
                    raise
                self._size //= 2
            else:
                return tuple(map(np.concatenate, zip(*parts, strict=True)))

    def _run_full(self, images: np.ndarray) -> list[np.ndarray]:
        """Activations of at most `_size` images, computed with empty images up to that size."""
        batch = np.zeros((self._size, *images.shape[1:]), "float32")
        batch[: len(images)] = images
        outputs = keras.tree.flatten(self._model.predict_on_batch(batch))
        return [np.asarray(output[: len(images)], "float32") for output in outputs]


def _openvino(trunk: keras.Model, settings: EngineSettings) -> OpenVinoEngine:
    return float32_engine(trunk, batch_size=settings.batch_size)


def _openvino_bfloat16(trunk: keras.Model, settings: EngineSettings) -> OpenVinoEngine:
    return bfloat16_engine(trunk, batch_size=settings.batch_size)


def _openvino_int8(trunk: keras.Model, settings: EngineSettings) -> OpenVinoEngine:
    if settings.calibration is None:
        raise ValueError("The engine 'openvino-int8' measures ranges on images. Received: calibration=None")
    model, facts = quantized_model(trunk, settings.calibration, settings.cache_dir)
    return OpenVinoEngine("openvino-int8", model, batch_size=settings.batch_size, facts=facts)


def suitable_engine() -> str:
    """Name of the engine that suits this machine, by rule.

    OpenVINO where it is installed and there is no GPU, in bfloat16 where the processor multiplies matrices of it (AMX);
    else Keras.
    """
    if not importlib.util.find_spec("openvino") or keras.distribution.list_devices("gpu"):
        return "keras"
    return "openvino-bfloat16" if BFLOAT16_MATRICES in instructions() else "openvino"


def _automatic(trunk: keras.Model, settings: EngineSettings) -> Engine:
    """The suitable engine, or Keras where that one does not start: the run needs a trunk, not this library."""
    name = suitable_engine()
    try:
        return ENGINES[name](trunk, settings)
    except Exception as error:
        if name == "keras":
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        note = f"The engine '{name}' does not start here ({reason}); Keras computes the bank in its place"
        return KerasEngine(trunk, settings, note=note)


AUTO = "auto"
ENGINES: Mapping[str, Callable[[keras.Model, EngineSettings], Engine]] = MappingProxyType(
    {
        "keras": KerasEngine,
        "openvino": _openvino,
        "openvino-bfloat16": _openvino_bfloat16,
        "openvino-int8": _openvino_int8,
    }
)


def build_engine(
    name: str,
    trunk: keras.Model,
    *,
    batch_size: int = 32,
    calibration: Callable[[], np.ndarray] | None = None,
    cache_dir: Path | None = None,
) -> Engine:
    """The engine of this name for a trunk, whose weights it takes as they are now.

    Args:
        name: `auto` for the suitable one, which falls back to Keras where it does not start; or, without a fallback,
            `keras`, `openvino` (float32), `openvino-bfloat16`, eight times as fast on processors with AMX, or
            `openvino-int8`, two to twelve times as fast where the processor has instructions for int8, and a few per
            cent off.
        trunk: from images of one size to one or more activations, such as the lower half of a model that was cut.
        batch_size: the most images at once.
        calibration: gives images `(n, height, width, 3)` like those to come; `openvino-int8` measures the range of
            every activation on the first 32 of them.
        cache_dir: where `openvino-int8` keeps the quantised model, so that the same trunk and images are not
            quantised twice; None keeps nothing.

    Raises:
        RecipeError: no engine is called so.
        ExtraMissingError: the engine needs packages that are not installed.
    """
    settings = EngineSettings(batch_size=batch_size, calibration=calibration, cache_dir=cache_dir)
    if name == AUTO:
        return _automatic(trunk, settings)
    if name not in ENGINES:
        raise RecipeError(
            f"There is no engine '{name}'.",
            expected=f"one of {', '.join(ENGINES)}",
            received=name,
            hint="Use `keras`, which runs everywhere, or `openvino`, which gives the same numbers faster on a CPU.",
        )
    return ENGINES[name](trunk, settings)
