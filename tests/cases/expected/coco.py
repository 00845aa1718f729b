"""Cases of COCO files."""

from pathlib import Path

from headstart.data import audit_dataset, read_dataset


def c21_class_case(data: Path) -> None:
    audit = audit_dataset(read_dataset(data))
    assert audit.dataset.class_names == ("Red", "red")
    similar = audit.findings[audit.findings["kind"] == "similar_names"]
    assert similar["severity"].tolist() == ["warning"]
    assert "'Red'" in similar["detail"].item()
    assert "'red'" in similar["detail"].item()
