"""Which numbers an image shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np

from headstart.backbones import Backbone, last_map_layer, stage_layers
from headstart.data import Dataset, ImageSource, evaluation_batches
from headstart.errors import ClassNamesError
from headstart.heads import HeadSettings, TaskModel, from_saved, plain_facts
from headstart.task_spec import REGRESSION
from headstart.tasks.regression.loss import RegressionLoss, StandardisedAbsoluteError
from headstart.tasks.regression.spec import SPEC

(NUMBERS,) = SPEC.outputs

HEAD_LAYERS = ("head_pool", "head_dropout", "head_numbers", "logits")


@dataclass(frozen=True, eq=False)
class ImageRegressor:
    """A regressor: a plain Keras model from raw RGB 0-255 to numbers in their own unit, and what they are called.

    What learns works on standardised numbers, with mean 0 and deviation 1 over the training examples; the last layer
    turns them into the user's.

    Attributes:
        kind: of task.
        model: flat functional model of stock layers, `(batch, height, width, 3)` to `(batch, numbers)` float32.
        class_names: what the numbers are called.
        backbone: name of the backbone below the head.
        stages: stage name → names of the layers that belong to it, lowest stage first.
        last_feature_layer: the highest layer that tells places apart, where Grad-CAM looks.
        resize_mode: how an image of another size becomes one of `image_size`.
    """

    kind: ClassVar[str] = REGRESSION

    model: keras.Model
    class_names: tuple[str, ...]
    backbone: str
    stages: Mapping[str, tuple[str, ...]] = field(repr=False)
    last_feature_layer: str
    resize_mode: str = "stretch"

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images the model takes."""
        _, height, width, _ = self.model.input_shape
        return height, width

    @property
    def head_layers(self) -> tuple[str, ...]:
        """Names of the new layers on top of the backbone, lowest first."""
        return HEAD_LAYERS

    @property
    def tap_layers(self) -> tuple[str, ...]:
        """None: the head reads the top of the backbone, pooled."""
        return ()

    @property
    def means(self) -> np.ndarray:
        """`(numbers,)` float64, of the numbers the model was built for."""
        return np.asarray(self.model.get_layer("logits").offset, "float64")

    @property
    def deviations(self) -> np.ndarray:
        """`(numbers,)` float64 above 0, likewise."""
        return np.asarray(self.model.get_layer("logits").scale, "float64")

    @property
    def model_with_features(self) -> keras.Model:
        """The model with two outputs: numbers, and the pooled features `(batch, num_features)` below them."""
        pooled = self.model.get_layer(HEAD_LAYERS[0]).output
        return keras.Model(self.model.input, [self.model.output, pooled], name=f"{self.model.name}_with_features")

    def start_from(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        """Lets the head predict as a linear layer on pooled features does.

        Args:
            kernel: `(num_features, numbers)`, from pooled features to numbers in their own unit.
            bias: `(numbers,)`, likewise.
        """
        weights = [kernel / self.deviations, (bias - self.means) / self.deviations]
        self.model.get_layer("head_numbers").set_weights(weights)

    def encode(self, dataset: Dataset) -> np.ndarray:
        """Targets as the loss wants them: `(examples, numbers)` float32 in their own unit.

        Raises:
            ClassNamesError: the data has other numbers than the model predicts.
        """
        if set(dataset.class_names) != set(self.class_names):
            raise ClassNamesError(
                f"The data has the numbers {', '.join(dataset.class_names)}, which are not those of the model.",
                expected=", ".join(self.class_names),
                received=", ".join(dataset.class_names),
                hint="Give a table with these columns, or train a model for the others.",
            )
        columns = [dataset.class_names.index(name) for name in self.class_names]
        return dataset.numbers()[:, columns].astype("float32")

    def loss(self, label_smoothing: float = 0.0) -> keras.losses.Loss:  # noqa: ARG002 (numbers have none)
        """Huber loss of errors in deviations, so that several numbers count alike; nothing is smoothed."""
        return RegressionLoss(self.deviations.tolist())

    def metrics(self) -> list[keras.metrics.Metric]:
        """The mean absolute error; in deviations where there are several numbers, which have no unit in common."""
        if len(self.class_names) == 1:
            return [keras.metrics.MeanAbsoluteError(name="mean_absolute_error")]
        return [StandardisedAbsoluteError(self.deviations.tolist())]

    def predict(
        self, source: ImageSource, *, batch_size: int = 32, callbacks: list[keras.callbacks.Callback] | None = None
    ) -> np.ndarray:
        """Numbers in their own unit, `(pictures, numbers)` float64, in the order of `source`."""
        batches = evaluation_batches(source, batch_size=batch_size)
        return self.decode(self.model.predict(batches, verbose=0, callbacks=callbacks))

    def decode(self, logits: np.ndarray) -> np.ndarray:
        """The predictions, `(n, numbers)` float64, which are the model's outputs as they are."""
        return np.asarray(logits, "float64")

    def facts(self) -> dict[str, object]:
        """Everything but the model, as plain values that JSON can hold; `from_file` takes them back."""
        return plain_facts(self)

    @classmethod
    def from_file(cls, model_path: Path, facts: Mapping[str, object]) -> "ImageRegressor":
        """The regressor of a saved `.keras` file and its `facts`; custom code in the file is refused."""
        return from_saved(cls, model_path, facts)


def build_regressor(
    backbone: Backbone,
    class_names: tuple[str, ...],
    *,
    means: Sequence[float],
    deviations: Sequence[float],
    resize_mode: str = "stretch",
    dropout: float = 0.2,
    seed: int = 0,
) -> ImageRegressor:
    """A regressor with a new head on a backbone: average over positions, dropout, one dense layer, the user's unit.

    Args:
        backbone: the pretrained network; its layers become the regressor's own, nothing is nested or copied.
        class_names: what the numbers are called, at least one.
        means: of each number over the training examples; an untrained head predicts about that.
        deviations: of each number over the training examples; 0 for one that never changes counts as 1.
        resize_mode: kept so that prediction resizes as training did.
        dropout: share of pooled features left out while training, 0 to below 1.
        seed: of the head's first weights and of the dropout.
    """
    features = keras.layers.GlobalAveragePooling2D(name="head_pool")(backbone.model.output)
    features = keras.layers.Dropout(dropout, seed=seed, name="head_dropout")(features)
    initializer = keras.initializers.GlorotUniform(seed=seed)
    numbers = keras.layers.Dense(
        len(class_names), kernel_initializer=initializer, dtype="float32", name="head_numbers"
    )(features)
    # No dense layer with fixed weights: a layer of the head learns, and these must not.
    in_own_unit = keras.layers.Rescaling(
        [float(deviation) or 1.0 for deviation in deviations],
        [float(mean) for mean in means],
        dtype="float32",
        name="logits",
    )
    return ImageRegressor(
        model=keras.Model(backbone.model.input, in_own_unit(numbers), name=f"{backbone.spec.name}_regressor"),
        class_names=tuple(class_names),
        backbone=backbone.spec.name,
        stages=stage_layers(backbone.model, backbone.spec),
        last_feature_layer=last_map_layer(backbone.model, backbone.spec),
        resize_mode=resize_mode,
    )


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> ImageRegressor:
    numbers = dataset.part("train").numbers() if (dataset.frame["split"] == "train").any() else dataset.numbers()
    return build_regressor(
        backbone,
        dataset.class_names,
        resize_mode=settings.resize_mode,
        seed=settings.seed,
        dropout=settings.dropout,
        means=numbers.mean(axis=0),
        deviations=numbers.std(axis=0),
    )


def _numbers(_: ImageRegressor, logits: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    return {NUMBERS: logits}


MODEL = TaskModel(ImageRegressor, _build, exported=_numbers)
