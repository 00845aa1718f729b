"""Classes with too few images to learn from."""

from dataclasses import replace

import numpy as np

from headstart.data.annotations import LABEL_SEPARATOR
from headstart.data.dataset import Dataset
from headstart.data.findings import Finding
from headstart.data.separation import separable_groups
from headstart.errors import ClassTooSmallError
from headstart.task_spec import TargetForm


def without_rare_classes(dataset: Dataset, min_per_class: int) -> tuple[Dataset, list[Finding]]:
    """The data set without its rare classes, and a finding for each of these.

    Images that are given to validation or test are not counted, and copies and groups count once. An image with several
    labels loses the rare ones; an image that loses all of them goes. Other tasks than classification keep all classes.

    Args:
        dataset: usable examples with their duplicate groups.
        min_per_class: classes with fewer images are rare.

    Raises:
        ClassTooSmallError: fewer than two classes are left.
    """
    if dataset.form is not TargetForm.LABELS or min_per_class <= 1:
        return dataset, []
    learned = dataset.frame["split"].isin(["", "train"]).to_numpy()
    units, matrix = separable_groups(dataset.frame)[learned], dataset.class_matrix()[learned] == 1
    numbers = {name: len(np.unique(units[matrix[:, column]])) for column, name in enumerate(dataset.class_names)}
    rare = {name: number for name, number in numbers.items() if number < min_per_class}
    if not rare:
        return dataset, []
    if len(numbers) - len(rare) < 2:
        raise ClassTooSmallError(
            f"{len(numbers) - len(rare)} of {len(numbers)} classes have {min_per_class} training images.",
            expected="at least two classes that are not left out",
            received=f"at most {max(numbers.values())} images of a class, without copies",
            hint="Use a smaller --min-per-class, or add images.",
        )
    targets = [LABEL_SEPARATOR.join(name for name in names if name not in rare) for names in dataset.labels()]
    frame = dataset.frame.assign(target=targets)
    # An image without any label, in a table of 0 and 1, is an example of none of the classes and stays.
    frame = frame[(frame["target"] != "") | (dataset.frame["target"] == "")].reset_index(drop=True)
    findings = [
        Finding("rare_class", "", f"'{name}' has {number} training images, fewer than {min_per_class}")
        for name, number in rare.items()
    ]
    class_names = tuple(name for name in dataset.class_names if name not in rare)
    return replace(dataset, frame=frame, class_names=class_names), findings
