"""Which classes an image shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np
import pandas as pd

from headstart.backbones import Backbone, last_map_layer, stage_layers
from headstart.data import LABEL_SEPARATOR, Dataset, ImageSource, evaluation_batches
from headstart.errors import ClassNamesError
from headstart.heads import POOLED, HeadSettings, TaskModel, from_saved, plain_facts, pooled_maps
from headstart.task_spec import CLASSIFICATION
from headstart.tasks.classification.decoding import decide, joined_names

HEAD_LAYERS = (POOLED, "head_dropout", "logits")


@dataclass(frozen=True, eq=False)
class ImageClassifier:
    """A classifier: a plain Keras model from raw RGB 0-255 to logits, and what its outputs mean.

    Attributes:
        model: flat functional model of stock layers, `(batch, height, width, 3)` to `(batch, num_classes)` logits.
        class_names: what each logit stands for.
        backbone: name of the backbone below the head.
        stages: stage name → names of the layers that belong to it, lowest stage first.
        last_feature_layer: the highest layer that tells places apart, where Grad-CAM looks.
        multi_label: whether an image may show several classes, or none.
        resize_mode: how an image of another size becomes one of `image_size`.
    """

    kind: ClassVar[str] = CLASSIFICATION

    model: keras.Model
    class_names: tuple[str, ...]
    backbone: str
    stages: Mapping[str, tuple[str, ...]] = field(repr=False)
    last_feature_layer: str
    multi_label: bool = False
    resize_mode: str = "stretch"

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images the model takes."""
        _, height, width, _ = self.model.input_shape
        return height, width

    @property
    def model_with_features(self) -> keras.Model:
        """The model with two outputs: logits, and the pooled features `(batch, num_features)` below them."""
        pooled = self.model.get_layer(POOLED).output
        return keras.Model(self.model.input, [self.model.output, pooled], name=f"{self.model.name}_with_features")

    @property
    def head_layers(self) -> tuple[str, ...]:
        """Names of the new layers on top of the backbone, lowest first."""
        of_stages = tuple(layer.name for layer in self.model.layers if layer.name.startswith(f"{POOLED}_"))
        return (*of_stages, *HEAD_LAYERS)

    @property
    def tap_layers(self) -> tuple[str, ...]:
        """None: the head reads pooled features, whether of one stage or of several."""
        return ()

    def encode(self, dataset: Dataset) -> np.ndarray:
        """Targets as the loss wants them: `(examples, num_classes)` float32, 1 where the class is present.

        Raises:
            ClassNamesError: the data has a class that the model does not know.
        """
        return self.encode_targets(dataset.frame["target"])

    def encode_targets(self, targets: Iterable[str]) -> np.ndarray:
        """Encoded targets from those of a table: class names, joined by `;` if there are several."""
        labels = [self._labels(target) for target in targets]
        self._check_known({label for names in labels for label in names})
        index = {name: position for position, name in enumerate(self.class_names)}
        encoded = np.zeros((len(labels), len(self.class_names)), "float32")
        for row, names in enumerate(labels):
            encoded[row, [index[name] for name in names]] = 1.0
        return encoded

    def _check_known(self, labels: set[str]) -> None:
        unknown = sorted(labels - set(self.class_names))
        if unknown:
            raise ClassNamesError(
                f"The data has {len(unknown)} classes that the model does not know: {', '.join(unknown[:8])}.",
                expected=f"only the classes {', '.join(self.class_names)}",
                received=", ".join(unknown[:8]),
                hint="Rename or remove these classes, or train a model that knows them.",
            )

    def _labels(self, target: str) -> list[str]:
        if not self.multi_label:
            return [target]
        return [name.strip() for name in target.split(LABEL_SEPARATOR) if name.strip()]  # none where none is marked

    def loss(self, label_smoothing: float = 0.0) -> keras.losses.Loss:
        """Cross-entropy on logits; `label_smoothing` from 0 to below 1 (arXiv 1512.00567, section 7)."""
        kind = keras.losses.BinaryCrossentropy if self.multi_label else keras.losses.CategoricalCrossentropy
        return kind(from_logits=True, label_smoothing=label_smoothing)

    def smoothed(self, targets: np.ndarray, label_smoothing: float) -> np.ndarray:
        """Targets as `loss(label_smoothing)` sees them, both `(examples, num_classes)`."""
        share = 1 / 2 if self.multi_label else 1 / len(self.class_names)
        return targets * (1 - label_smoothing) + label_smoothing * share

    def metrics(self) -> list[keras.metrics.Metric]:
        """The metrics that training shows per epoch; reported numbers come from `headstart.metrics`."""
        if self.multi_label:
            return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)]
        return [keras.metrics.CategoricalAccuracy(name="accuracy")]

    def accuracy(self, logits: np.ndarray, targets: np.ndarray) -> float:
        """The value of the metric that training shows, for logits and targets, both `(n, num_classes)`."""
        (metric,) = self.metrics()
        metric.update_state(targets, logits)
        return float(metric.result())

    def predict(
        self, source: ImageSource, *, batch_size: int = 32, callbacks: list[keras.callbacks.Callback] | None = None
    ) -> np.ndarray:
        """Probabilities, `(pictures, num_classes)` float64, in the order of `source`."""
        batches = evaluation_batches(source, batch_size=batch_size)
        logits = self.model.predict(batches, verbose=0, callbacks=callbacks)
        return self.probabilities(logits)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Softmax of each row, or the sigmoid of each logit when images may show several classes."""
        logits = np.asarray(logits, "float64")
        if self.multi_label:
            chances: np.ndarray = np.exp(-np.logaddexp(0.0, -logits))  # the sigmoid, written so that it never overflows
            return chances
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
        return shares

    def decode(self, probabilities: np.ndarray) -> pd.DataFrame:
        """The prediction for each row: `prediction` (names joined by `;` when several may be true) and `probability`.

        With several labels `probability` is that of the least certain of the predictions "present" and "absent".
        """
        chosen, certainty = decide(probabilities, multi_label=self.multi_label)
        names = [joined_names(self.class_names, row) for row in chosen]
        return pd.DataFrame({"prediction": names, "probability": certainty})

    def facts(self) -> dict[str, object]:
        """Everything but the model, as plain values that JSON can hold; `from_file` takes them back."""
        return plain_facts(self)

    @classmethod
    def from_file(cls, model_path: Path, facts: Mapping[str, object]) -> "ImageClassifier":
        """The classifier of a saved `.keras` file and its `facts`; custom code in the file is refused."""
        return from_saved(cls, model_path, facts)


def build_classifier(
    backbone: Backbone,
    class_names: tuple[str, ...],
    *,
    multi_label: bool = False,
    resize_mode: str = "stretch",
    dropout: float = 0.2,
    num_stages: int = 1,
    seed: int = 0,
) -> ImageClassifier:
    """A classifier with a new head on a backbone: average over positions, dropout, one dense layer to logits.

    Args:
        backbone: the pretrained network; its layers become the classifier's own, nothing is nested or copied.
        class_names: at least two names, in the order of the logits.
        multi_label: whether an image may show several classes.
        resize_mode: kept so that prediction resizes as training did.
        dropout: share of pooled features left out while training, 0 to below 1.
        num_stages: how many stages the head reads, from the highest down. Above 1 the backbone must stay frozen: no
            layer below the pooled features separates the model then.
        seed: of the head's first weights and of the dropout.
    """
    features = pooled_maps(backbone, num_stages)
    features = keras.layers.Dropout(dropout, seed=seed, name="head_dropout")(features)
    initializer = keras.initializers.GlorotUniform(seed=seed)
    dense = keras.layers.Dense(len(class_names), kernel_initializer=initializer, dtype="float32", name="logits")
    model = keras.Model(backbone.model.input, dense(features), name=f"{backbone.spec.name}_classifier")
    return ImageClassifier(
        model=model,
        class_names=tuple(class_names),
        backbone=backbone.spec.name,
        stages=stage_layers(backbone.model, backbone.spec),
        last_feature_layer=last_map_layer(backbone.model, backbone.spec),
        multi_label=multi_label,
        resize_mode=resize_mode,
    )


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> ImageClassifier:
    return build_classifier(
        backbone,
        dataset.class_names,
        resize_mode=settings.resize_mode,
        seed=settings.seed,
        multi_label=dataset.multi_label,
        dropout=settings.dropout,
        num_stages=settings.num_stages,
    )


MODEL = TaskModel(ImageClassifier, _build)
