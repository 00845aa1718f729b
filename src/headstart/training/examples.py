"""What a phase learns from and is watched on."""

from dataclasses import dataclass

import numpy as np

from headstart.data import Augmentation, ExampleSource, SideBySide, Targets

# Below this ratio of the largest to the smallest class, weighting costs more accuracy than it gains on the small class.
IMBALANCE_TO_WEIGHT = 3.0


@dataclass(frozen=True, eq=False)
class TrainingExamples:
    """Examples and targets of the training and the validation part, and how they are fed.

    Attributes:
        source: training images, or their activations at the cuts, one beside the other where there are several.
        targets: what the task's loss wants of each example, such as `(examples, num_classes)` float32.
        validation_source: the same of the validation part.
        validation_targets: like `targets`.
        weights: `(examples,)` float32 weight of each training example in the loss, or None.
        batch_size: examples a step.
        seed: of order and augmentation, together with phase, epoch and example.
        augmentation: random changes of training images; None where the source holds activations.
        cuts: names of the layers whose outputs the examples are; none for images, which is the cut at the pixels.
        view_matrices: `(examples, views, 3, 3)`, how the views of activations were varied, for targets that move along.
    """

    source: ExampleSource | SideBySide
    targets: np.ndarray | Targets
    validation_source: ExampleSource | SideBySide
    validation_targets: np.ndarray | Targets
    weights: np.ndarray | None
    batch_size: int
    seed: int
    augmentation: Augmentation | None
    cuts: tuple[str, ...] = ()
    view_matrices: np.ndarray | None = None

    @property
    def cut(self) -> str | None:
        """The one layer whose output the examples are, for tasks whose head reads the top alone; None for images."""
        return self.cuts[0] if self.cuts else None

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the training part, the last of which may be smaller."""
        return -(-len(self.targets) // self.batch_size)


def example_weights(targets: np.ndarray) -> np.ndarray | None:
    """Weights that let every class count the same, or None where classes are balanced or an example may have several.

    Each example weighs `examples / (classes * examples of its class)` (King and Zeng 2001, as in scikit-learn's
    "balanced").

    Args:
        targets: `(examples, num_classes)`, 1 where the class is present.
    """
    if not np.array_equal(targets.sum(axis=1), np.ones(len(targets))):
        return None
    counts = targets.sum(axis=0)
    if counts.max() < IMBALANCE_TO_WEIGHT * counts.min():
        return None
    class_weights = len(targets) / (len(counts) * counts)
    of_examples: np.ndarray = (targets @ class_weights).astype("float32")
    return of_examples
