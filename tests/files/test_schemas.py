"""Every schema: one valid example, which is refused without a required value and with a value of another type."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

import headstart
from headstart.files import Schema, UnusableFileError, check

SOURCE = Path(headstart.__file__).parent
SHA256 = "a" * 64
METRIC = {
    "name": "accuracy", "value": 0.5, "low": None, "high": 0.6, "baseline": 0.1, "num_examples": 9,
    "higher_is_better": True,
}  # fmt: skip
BIN = {"low": 0.0, "high": 0.5, "num_examples": 3, "confidence": 0.4, "accuracy": None}
PROPORTION = {"value": 0.5, "low": 0.1, "high": None, "count": 9}
LABEL = {
    "class": "cat", "support": 3, "precision": 0.5, "recall": None, "recall_low": None, "recall_high": 1, "f1": 0.5
}  # fmt: skip
MODEL = {"kind": "backbone", "name": "vgg19_mini", "place": "builtin", "sha256": SHA256}
PHASE = {
    "name": "frozen", "epochs": 1, "unfreeze_from": None, "learning_rate": 0.1, "num_trainable": 9, "num_frozen": 0,
    "num_restarts": 1, "last_learning_rate": 0.01,
}  # fmt: skip
BANK = {"num_views": 2, "num_computed": 9, "stages": {"block5": [1, 1, 8]}, "engine": {"engine": "keras"}}
BOX = {"name": "cat", "score": 0.5, "box": [1.0, 2.0, 3.0, 4.0]}
INTERVAL = {"value": 1.0, "low": None, "high": 2.0}
SCORES = {"nonconformity": [0.1, 0.2], "foreign_scores": [0.5]}
EXPORTED = {
    "path": "model.onnx", "sha256": {"model.onnx": SHA256}, "num_bytes": 4, "any_size": True, "parity": {"a": 1},
    "thresholds": SCORES, "promises": {},
}  # fmt: skip
HONESTY = {
    "temperature": [1.0], "error_before": 0.1, "error_after": None, "loss_before": 0.5, "loss_after": 0.4,
    "calibration_before": [BIN], "coverage": 0.9, "covered": PROPORTION, "mean_set_size": 1.5,
    "kept_accuracy": PROPORTION, "flagged": PROPORTION,
}  # fmt: skip
CHECKPOINT = {
    "phase_index": 0, "epoch": 1, "best_loss": float("inf"), "phase_best_loss": 1.0, "epochs_since_best": 0,
    "stopped": False, "last_file": "a.weights.npy", "best_file": "a.weights.npy", "hashes": {"a.weights.npy": SHA256},
    "num_restarts": 1, "restarted_at": 1, "batch_size": 32,
}  # fmt: skip
FINDING = {"kind": "unreadable", "severity": "error", "count": 1, "meaning": "No image."}

EXAMPLES: dict[str, dict[str, Any]] = {
    "tasks.detection.exported.ExportedBoxPromises": {"score_threshold": 0.5},
    "artifacts.manifest_schema.FileSchema": EXPORTED,
    "artifacts.manifest_schema.ManifestSchema": {
        "format_version": 1, "task": "image-classification", "class_names": ["cat", "dog"], "image_size": [32, 32],
        "resize_mode": "stretch", "files": {"onnx": EXPORTED}, "multi_label": False, "temperature": [1.0, 2.0],
        "provenance": {"run": "a"},
    },
    "tasks.anomaly.exported.ExportedGoodScores": {"scores": [0.5, 0.75]},
    "tasks.regression.exported.ExportedNumberPromises": {"residuals": [[0.1, 0.2]]},
    "artifacts.manifest_schema.ScoresSchema": SCORES,
    "data.dataset_facts.DatasetFacts": {
        "format_version": 1, "num_examples": 3, "class_names": ["cat"], "root": "/data", "multi_label": False,
        "columns": {"path": "text"}, "remarks": [["a", "b", "c"]], "task": "object-detection",
        "mask_values": {"0": "a"},
    },
    "report.schema.BinSchema": BIN,
    "report.schema.TrustSchema": HONESTY,
    "report.schema.MetricSchema": METRIC,
    "report.schema.ProportionSchema": PROPORTION,
    "report.schema.ReportSchema": {
        "format_version": 1, "kind": "single-label", "num_examples": 3, "class_names": ["cat"],
        "metrics": {"accuracy": METRIC, "expected_calibration_error": METRIC},
        "per_class": [LABEL], "confusion": [[3]], "calibration": [BIN],
        "honesty": HONESTY, "tables": {},
    },
    "features.bank_dir._BankFacts": {
        "backbone": "vgg19", "image_size": [32, 32], "stages": {"block5": [1, 1, 8]}, "engine": {"engine": "keras"},
    },
    "features.chunks.ChunkFacts": {"format_version": 2, "rows": ["a-0"], "hashes": [SHA256]},
    "features.quantized_trunk._Facts": {"format_version": 1, "sha256": {"model.xml": SHA256}},
    "tasks.detection.records.BoxRecord": {"path": "a.png", "error": None, "height": 4, "width": 5, "boxes": [BOX]},
    "tasks.detection.records.FoundBoxRecord": BOX,
    "tasks.segmentation.records.MaskRecord": {
        "path": "a.png", "prediction": "cat", "error": None, "height": 4, "width": 5, "mask": None,
        "shares": {"cat": 1.0},
    },
    "tasks.anomaly.records.ScoreRecord": {
        "path": "a.png",
        "prediction": "defect",
        "error": None,
        "score": 2.5,
        "p_value": 0.05,
        "is_defect": True,
    },
    "tasks.regression.records.IntervalRecord": INTERVAL,
    "tasks.regression.records.NumberRecord": {"path": "a.png", "error": None, "numbers": {"age": INTERVAL}},
    "tasks.classification.records.ClassRecord": {
        "path": "a.png", "prediction": "cat", "probability": 0.75, "error": None, "prediction_set": ["cat"],
        "is_sure": True, "is_foreign": False, "foreign_score": 0.5, "probabilities": {"cat": 0.75},
    },
    "run.schemas.AuditFacts": {"format_version": 1, "summary": [FINDING]},
    "run.schemas.BankFacts": BANK,
    "run.schemas.BankPlaceFacts": {"path": "/banks", "limit_gigabytes": 1.0},
    "tasks.detection.steps.BoxPromises": {"format_version": 1, "score_threshold": 0.5},
    "run.schemas.EngineFacts": {"engine": "keras"},
    "run.schemas.Environment": {"format_version": 1, "python": "3.11", "machine": "x86_64", "packages": {"keras": "3"}},
    "run.schemas.Finding": FINDING,
    "tasks.detection.steps.FoundBox": {"name": "cat", "score": 0.5, "sides": [1.0, 2.0, 3.0, 4.0]},
    "tasks.anomaly.steps.GoodScoresFile": {"format_version": 1, "scores": [0.5, 0.75]},
    "tasks.regression.steps.NumberPromises": {"format_version": 1, "residuals": [[0.1], [0.2]]},
    "run.schemas.PhaseFacts": PHASE,
    "run.schemas.RunState": {
        "format_version": 1, "state": "finished", "seconds": {"audit": 0.5}, "is_split": True,
        "bank_place": {"path": "/banks"}, "bank": BANK, "weights": {"source": "none", "sha256": None},
        "phases": [PHASE],
    },
    "run.schemas.WeightsFacts": {"source": "none", "sha256": None},
    "similarity.index_schema.IndexFacts": {
        "format_version": 1, "model": MODEL, "image_size": [32, 32], "resize_mode": "stretch", "engine": "keras",
        "num_pictures": 3, "dimension": 8, "root": "/data", "class_names": ["cat"],
        "left_out": [{"path": "a", "reason": "b"}],
        "quality": {"recall_at_1": {key: 0.5 if key in ("low",) else METRIC[key] for key in METRIC if key != "name"}},
        "files": {"embeddings.npy": SHA256, "pictures.csv": SHA256},
    },
    "similarity.index_schema.LeftOut": {"path": "a", "reason": "b"},
    "similarity.index_schema.ModelFacts": MODEL,
    "similarity.index_schema.QualityFacts": {
        "value": 0.5, "low": 0.4, "high": 0.6, "baseline": 0.1, "num_examples": 3, "higher_is_better": True
    },
    "heads.saved.TaskFacts": {
        "format_version": 1, "task": "image-classification", "class_names": ["cat", "dog"], "backbone": "vgg19_mini",
        "stages": {"block5": ["a", "b"]}, "resize_mode": "stretch", "last_feature_layer": "b", "tap_layers": ["a"],
        "multi_label": False,
    },
    "training.checkpoints.CheckpointFacts": CHECKPOINT,
    "training.checkpoints.CheckpointFile": {"format_version": 1, "checkpoint": CHECKPOINT, "history": [{"loss": 1.0}]},
    "training.history.EpochRow": {
        "phase": "frozen", "epoch": 1, "learning_rate": 0.1, "loss": 1.0, "val_loss": 1.0, "seconds": 1.0,
    },
}  # fmt: skip
# Values of another type than any that a schema asks for at that place.
WRONG = (object(), b"bytes", {1: 2}, [None], "\0\0", -(10**30), float("nan"))
# What takes any text, or anything.
FREE = {
    "artifacts.manifest_schema.FileSchema": {"parity", "promises"},
    "artifacts.manifest_schema.ManifestSchema": {"provenance"},
}

# Values that are needed where others are there.
TOGETHER = {
    "artifacts.manifest_schema.ManifestSchema": {"temperature"},
    "run.schemas.BankFacts": {"num_views", "num_computed", "stages", "engine"},
}


def schemas() -> dict[str, type[Schema]]:
    """Every schema of the package by its place."""
    found: dict[str, type[Schema]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        names = re.findall(r"^class (\w+)\(Schema\b", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        place = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        module = importlib.import_module(f"headstart.{place}") if names else None
        found |= {f"{place}.{name}": getattr(module, name) for name in names}
    return found


SCHEMAS = schemas()


def test_every_schema_has_an_example():
    assert set(EXAMPLES) == set(SCHEMAS)


@pytest.mark.parametrize("place", SCHEMAS)
def test_a_valid_example_is_read_and_what_is_not_known_is_ignored(place):
    schema = SCHEMAS[place]
    assert set(EXAMPLES[place]) == set(schema.model_fields)
    values = check(EXAMPLES[place], schema)
    if schema.model_config.get("extra") != "allow":
        assert check({**EXAMPLES[place], "more": "of a later version"}, schema) == values


@pytest.mark.parametrize("place", SCHEMAS)
def test_a_required_value_that_is_missing_is_named_and_others_may_be_missing_as_in_files_of_earlier_versions(place):
    for name, field in SCHEMAS[place].model_fields.items():
        rest = {key: value for key, value in EXAMPLES[place].items() if key != name}
        if field.is_required():
            with pytest.raises(UnusableFileError, match=f"no '{name}'"):
                check(rest, SCHEMAS[place])
        elif name not in TOGETHER.get(place, set()):
            assert getattr(check(rest, SCHEMAS[place]), name) == field.get_default(call_default_factory=True)


@pytest.mark.parametrize("place", SCHEMAS)
def test_values_of_other_types_are_refused_at_every_place(place):
    for name in set(EXAMPLES[place]) - FREE.get(place, set()):
        taken = [wrong for wrong in WRONG if is_taken({**EXAMPLES[place], name: wrong}, SCHEMAS[place])]
        assert len(taken) <= 3, f"{name} takes {taken}"


def is_taken(values: dict[str, Any], schema: type[Schema]) -> bool:
    try:
        check(values, schema)
    except UnusableFileError:
        return False
    return True
