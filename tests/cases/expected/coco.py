"""Cases of COCO files."""

import numpy as np

from headstart.data import IGNORED, audit_dataset, read_dataset, read_mask
from headstart.task_spec import DETECTION, SEGMENTATION

# The same fourteen images in every case: the objects of the first two, red 0 and blue 1.
FIRST = [[59, 8, 73, 35, 1], [67, 41, 89, 55, 1]]
SECOND = [[16, 9, 45, 24, 1], [69, 15, 87, 30, 0]]


def audited(data, **asked):
    return audit_dataset(read_dataset(data, **asked))


def kinds(audit) -> set[str]:
    return set(audit.findings["kind"])


def assert_all_boxes(audit, *, tolerance=0.0):
    dataset = audit.dataset
    assert (dataset.task, len(dataset), dataset.class_names) == (DETECTION, 14, ("red", "blue"))
    assert sum(map(len, dataset.boxes())) == 28
    assert not audit.left_out
    np.testing.assert_allclose(dataset.boxes()[0], FIRST, atol=tolerance)
    np.testing.assert_allclose(dataset.boxes()[1], SECOND, atol=tolerance)


def assert_all_masks(audit):
    dataset = audit.dataset
    assert dataset.class_names == ("background", "red", "blue")
    mask = read_mask(dataset, 1)
    expected = np.zeros((72, 96), int)
    for left, top, right, bottom, number in SECOND:
        expected[top:bottom, left:right] = number + 1
    assert np.array_equal(mask, expected)


def c04_coco_normalised(data):
    audit = audited(data)
    assert_all_boxes(audit, tolerance=0.02)
    assert "fractions" in kinds(audit)


def c05b_coco_rle_mixed(data):
    assert_all_boxes(audited(data))
    assert_all_masks(audited(data, task=SEGMENTATION))


def c06_coco_crowd(data):
    audit = audited(data)
    assert {"many_crowds", "crowd"} <= kinds(audit)
    assert audit.dataset.boxes()[0].shape == (0, 5)
    assert audit.dataset.ignored_boxes()[0][:, :5].tolist() == FIRST
    assert sum(map(len, audit.dataset.boxes())) == sum(map(len, audit.dataset.ignored_boxes())) == 14


def c07d_coco_label_studio(data):
    audit = audited(data)
    assert_all_boxes(audit)
    assert audit.dataset.frame["path"][0] == "images/000.jpg"


def c18_coco_official_annotations(data):
    audit = audited(data)
    assert_all_boxes(audit)
    assert audit.findings["path"][audit.findings["kind"] == "other_annotations"].tolist() == [
        "annotations/captions_train2017.json"
    ]


def c19_fiftyone_coco(data):
    assert_all_boxes(audited(data))


def c21_class_case(data):
    audit = audit_dataset(read_dataset(data))
    assert audit.dataset.class_names == ("Red", "red")
    similar = audit.findings[audit.findings["kind"] == "similar_names"]
    assert similar["severity"].tolist() == ["warning"]
    assert "'Red'" in similar["detail"].item()
    assert "'red'" in similar["detail"].item()


def c25_coco_segmentation_flat(data):
    assert_all_boxes(audited(data))
    audit = audited(data, task=SEGMENTATION)
    assert_all_masks(audit)
    assert not any((read_mask(audit.dataset, index) == IGNORED).any() for index in range(14))


def c27_cvat_subset_Train(data):  # noqa: N802 (the name of the case)
    audit = audited(data)
    assert_all_boxes(audit)
    assert set(audit.dataset.frame["split"]) == {"train"}
