"""How long the steps of a run take on this machine, from a few images that are timed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from headstart.backbones import Backbone, cut_model, model_above, operation_name
from headstart.data import Augmentation, Dataset, ImageSource, augment_views
from headstart.heads import POOLED, build_task
from headstart.recipe import Recipe
from headstart.run.bank import Trunk, cut_layer, head_settings, stored_layers, taps_of
from headstart.run.task_steps import MAX_CALIBRATION_PICTURES
from headstart.training import PROBE_VIEWS

BACKWARD_COST = 3.0  # a training step in forward passes: forward, gradients of activations, gradients of weights
TIMED_PICTURES, TIMED_VIEWS = 8, 8
# Seconds in which TensorFlow traces the training and the validation step of a phase: for the optimizer and the batches,
# and for each layer that learns.
TRACE_SECONDS, TRACE_SECONDS_A_LAYER = 1.5, 0.05
REPORT_SECONDS = 5.0  # figures, and heat maps of mistakes


@dataclass(frozen=True)
class Speed:
    """Seconds that one image takes, measured on a few.

    Attributes:
        read: decoding and resizing.
        vary: augmenting.
        trunk: the trunk, by the engine of the bank.
        below: the layers below the cut in Keras, forward.
        above: the layers above the cut in Keras, forward.
        head: what learns in the frozen phase, forward, where it is more than a layer on pooled features.
        num_layers: layers above the cut.
    """

    read: float
    vary: float
    trunk: float
    below: float
    above: float
    head: float = 0.0
    num_layers: int = 0

    @classmethod
    def measured(cls, recipe: Recipe, dataset: Dataset, backbone: Backbone, trunk: Trunk | None) -> "Speed":
        """Times a few images of the data set on this machine."""
        paths = dataset.paths()[:: max(1, len(dataset) // TIMED_PICTURES)][:TIMED_PICTURES]
        source = ImageSource(paths, image_size=backbone.image_size, resize_mode=recipe.images.resize_mode)
        images, read = _read(source)
        vary = _vary_seconds(images, recipe.images.augmentation)
        count = recipe.images.batch_size
        batch = np.resize(images, (count, *images.shape[1:])).astype("float32")
        cut = cut_layer(recipe)
        layer = operation_name(backbone.model.output) if cut == POOLED else cut
        halves = cut_model(backbone.model, layer) if layer else None
        lower = halves.lower if halves else None
        learning, on_top = _learning_parts(recipe, dataset, backbone)
        above = _predict_seconds(learning, count) / count
        head = 0.0 if on_top is None else _predict_seconds(on_top, count) / count
        below = 0.0 if lower is None or trunk is not None else _predict_seconds(lower, TIMED_PICTURES) / TIMED_PICTURES
        if trunk is None:
            return cls(read, vary, below or above, below, above, head, len(learning.layers))
        rows = batch[: trunk.engine.batch_size]
        trunk.engine.run(rows)
        trunk_seconds = _seconds(lambda: trunk.engine.run(rows)) / len(rows)
        return cls(read, vary, trunk_seconds, below, above, head, len(learning.layers))

    def seconds(self, recipe: Recipe, num_training: int, num_validation: int) -> dict[str, float]:
        """Step → expected seconds."""
        num_examples = num_training + num_validation
        views = recipe.bank.num_views or 0
        whole = self.below + self.above
        answer = self.above if views else whole  # of an example, as the phases get it
        num_rows = views * num_training + num_validation if views else 0
        epoch = num_training * (BACKWARD_COST * self.above + (0.0 if views else self.below + self.vary))
        deep = num_training * BACKWARD_COST * (whole or self.trunk) + num_validation * whole
        steps = {
            "audit": num_examples * self.read * 1.5,
            "feature bank": num_rows * (self.trunk + self.vary) + num_examples * self.read * bool(views),
            "linear probe": self._probe_seconds(recipe, num_training, num_validation, answer),
            "frozen phase": self._frozen_seconds(recipe, num_examples, num_training),
            "fine-tuning phase": self._phase_seconds(recipe.fine_tuning_phase.epochs, epoch + num_validation * answer),
            "deep phase": self._phase_seconds(recipe.deep_phase.epochs, deep),
            "calibration": (min(MAX_CALIBRATION_PICTURES, num_training) + num_validation) * answer,
            "evaluation and report": num_validation * (self.read + self.trunk + self.above) + REPORT_SECONDS,
        }
        return {step: seconds for step, seconds in steps.items() if seconds}

    def _probe_seconds(self, recipe: Recipe, num_training: int, num_validation: int, answer: float) -> float:
        """Pooling the features of a few views; solving hardly takes time."""
        if recipe.head.start != "probe" or self.head:
            return 0.0
        return (min(PROBE_VIEWS, max(1, recipe.bank.num_views or 0)) * num_training + num_validation) * answer

    def _phase_seconds(self, epochs: int | None, seconds: float) -> float:
        """The seconds of a phase: tracing, then the epochs."""
        return TRACE_SECONDS + TRACE_SECONDS_A_LAYER * self.num_layers + epochs * seconds if epochs else 0.0

    def _frozen_seconds(self, recipe: Recipe, num_examples: int, num_training: int) -> float:
        """Seconds of the frozen phase: with a bank, features are pooled once per view, and the head alone is fast."""
        epochs = recipe.frozen_phase.epochs or 0
        if self.head and recipe.bank.num_views:
            return epochs * (num_training * BACKWARD_COST + num_examples - num_training) * self.head
        if recipe.bank.num_views and epochs:
            return recipe.bank.num_views * num_training * self.above
        return epochs * num_examples * (self.below + self.above)


def _learning_parts(recipe: Recipe, dataset: Dataset, backbone: Backbone) -> tuple[keras.Model, keras.Model | None]:
    """The layers that learn in the fine-tuning phase, and in the frozen phase if these are more than one."""
    cut = cut_layer(recipe)
    if not taps_of(recipe, backbone):
        layer = operation_name(backbone.model.output) if cut == POOLED else cut
        return (cut_model(backbone.model, layer).upper if layer else backbone.model), None
    model, stored = build_task(backbone, dataset, head_settings(recipe)).model, stored_layers(recipe, backbone)
    return (model_above(model, stored.upper) if stored.upper else model), model_above(model, stored.frozen)


def _read(source: ImageSource) -> tuple[np.ndarray, float]:
    """The images that can be read, and seconds per image."""
    images = []
    started = time.perf_counter()
    for index in range(len(source)):
        try:
            images.append(source.load(index))
        except Exception:
            continue
    seconds = (time.perf_counter() - started) / max(1, len(source))
    return (np.stack(images) if images else np.zeros((1, *source.shape), np.uint8)), seconds


def _vary_seconds(images: np.ndarray, augmentation: Augmentation) -> float:
    """Seconds to vary one image."""

    def vary(count: int) -> None:
        augment_views(images[:1], augmentation, seed=0, num_views=count)

    if augmentation.is_none:
        return 0.0
    vary(1)  # builds its graph
    return _seconds(lambda: vary(TIMED_VIEWS)) / TIMED_VIEWS


def _predict_seconds(model: keras.Model, count: int) -> float:
    rows = [np.zeros((count, *tensor.shape[1:]), "float32") for tensor in model.inputs]
    batch = rows if len(rows) > 1 else rows[0]
    model(batch)  # the first call prepares kernels; a graph is not built, which would take longer than it is worth
    return _seconds(lambda: model(batch))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
