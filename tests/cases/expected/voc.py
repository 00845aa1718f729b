"""Cases of Pascal VOC files."""

import numpy as np

from headstart.data import audit_dataset, decode_image, read_dataset

FIRST = [[59, 8, 73, 35, 0], [67, 41, 89, 55, 0]]  # both blue; red is 1


def v03_voc_difficult(data):
    audit = audit_dataset(read_dataset(data))  # every object is marked as difficult
    assert audit.findings["detail"][audit.findings["kind"] == "all_difficult"].tolist() == ["28 objects"]
    assert audit.dataset.boxes()[0].tolist() == FIRST
    assert sum(map(len, audit.dataset.boxes())) == 28


def v05_voc_exif(data):
    audit = audit_dataset(read_dataset(data))
    dataset = audit.dataset
    assert (audit.findings["kind"] == "turned_annotation").sum() == len(dataset) == 8
    assert "wrong_size" not in set(audit.findings["kind"])
    channel_of = [{"red": 0, "blue": 2}[name] for name in dataset.class_names]
    for path, boxes in zip(dataset.paths(), dataset.boxes(), strict=True):
        pixels = decode_image(path).astype(int)
        assert len(boxes) == 2
        for left, top, right, bottom, number in boxes.astype(int):
            inside = pixels[top + 2 : bottom - 2, left + 2 : right - 2].mean(axis=(0, 1))
            assert inside.argmax() == channel_of[number]
            assert np.ptp(inside) > 60


def v12_voc_devkit(data):
    dataset = audit_dataset(read_dataset(data)).dataset
    assert (len(dataset), dataset.class_names) == (14, ("blue", "red"))
    assert dataset.frame["path"][0] == "VOC2012/JPEGImages/000.jpg"
    assert dataset.boxes()[0].tolist() == FIRST
