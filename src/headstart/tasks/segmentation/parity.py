"""Whether an exported segmenter names pixels as the model does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from headstart.artifacts import (
    MAX_INT8_LOSS,
    Check,
    CheckJob,
    Difference,
    MetricParity,
    Runtime,
    unchanged_promises,
    worst_first,
)
from headstart.data import Targets
from headstart.tasks.segmentation.metrics import evaluate_segmentation

MIN_SAME = 0.999  # of pixels
MIN_INT8_SAME = 0.98
MAX_PROBABILITY_DIFFERENCE = 1e-3


@dataclass(frozen=True, eq=False)
class NamedPixels:
    """The predictions of a model or of a file for some images.

    Attributes:
        classes: `(n, height, width)` uint8.
        probabilities: `(n, height, width)` float32, of these classes.
    """

    classes: np.ndarray
    probabilities: np.ndarray


def named_pixels(runtime: Runtime, batches: Iterable[np.ndarray]) -> NamedPixels:
    """The predictions of a file for images."""
    classes, probabilities = zip(*(runtime.run(batch) for batch in batches), strict=True)
    return NamedPixels(np.concatenate(classes).astype(np.uint8), np.concatenate(probabilities))


def compare_masks(
    model: NamedPixels,
    file: NamedPixels,
    targets: Targets,
    *,
    paths: Sequence[str],
    class_names: tuple[str, ...],
    is_int8: bool,
) -> MetricParity:
    """Compares a file's masks with the model's.

    A float file passes when 99.9 % of pixels have the same class, and 99.9 % a probability at most 0.001 off. An int8
    file passes when 98 % have the same class and at most one point of mean IoU is lost.

    Args:
        model: the model's predictions.
        file: the file's predictions for the same images.
        targets: true masks in the model's size.
        paths: of the images.
        class_names: in the order of the classes.
        is_int8: which of the two rules holds.
    """
    gaps = np.abs(file.probabilities - model.probabilities)
    same = file.classes == model.classes
    close = same if is_int8 else same & (gaps <= MAX_PROBABILITY_DIFFERENCE)
    shares = close.mean(axis=(1, 2))
    least = MIN_INT8_SAME if is_int8 else MIN_SAME
    value, model_value = (_mean_iou(each.classes, targets, class_names) for each in (file, model))
    differences = [
        Difference(path, "100 % of pixels", f"{share:.2%} of pixels the same", 1 - float(share))
        for path, share in zip(paths, shares, strict=True)
        if share < least
    ]
    return MetricParity(
        num_pictures=len(paths),
        agreement=float(same.mean()),
        largest_difference=float(np.where(np.isfinite(gaps), gaps, np.inf).max()),
        metric="mean_iou",
        value=value,
        model_value=model_value,
        is_passed=bool(shares.mean() >= least and (not is_int8 or model_value - value <= MAX_INT8_LOSS)),
        differences=worst_first(differences),
    )


def _mean_iou(classes: np.ndarray, targets: Targets, class_names: tuple[str, ...]) -> float:
    true = (targets.load_batch(np.array([row]), np.eye(3)[None])[0] for row in range(len(classes)))
    return float(evaluate_segmentation(classes, true, class_names, num_resamples=2).metrics["mean_iou"].value)


def _compare_masks(job: CheckJob, answers: NamedPixels, is_int8: bool) -> MetricParity:
    test = job.test
    names = job.manifest.class_names
    return compare_masks(test.answers, answers, test.targets, paths=test.names, class_names=names, is_int8=is_int8)


CHECK = Check(named_pixels, _compare_masks, unchanged_promises)
