"""A detector is a plain Keras model that learns where things are, and its answers mean what its targets mean."""

import json
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.backbones import BACKBONES, build_backbone, find_backbone, separating_layers
from headstart.data import IGNORED_CLASS, Dataset
from headstart.errors import ClassNamesError
from headstart.task_spec import DETECTION
from headstart.tasks import DetectionLoss, Detections, ObjectDetector, build_detector, detector_taps, evaluate_detection

NAMES = ("square", "disc")
SIZE = (64, 64)
RNG = np.random.default_rng(7)


@pytest.fixture(scope="module")
def detector() -> ObjectDetector:
    return build_detector(build_backbone("vgg19_mini", image_size=SIZE, weights="builtin"), NAMES, channels=32)


def padded(*boxes: tuple[float, ...], length: int = 6) -> np.ndarray:
    """One picture's boxes as `BoxTargets` gives them: `(1, length, 5)`."""
    rows = np.full((1, length, 5), -1, "float32")
    rows[0, : len(boxes)] = np.array(boxes, "float32").reshape(-1, 5)
    return rows


def some_logits(*, batch: int = 1, classes: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, (batch, 8, 8, classes + 4)).astype("float32")


def loss_of(targets: np.ndarray, logits: np.ndarray) -> float:
    return float(DetectionLoss(SIZE)(targets, logits))


BOXES = ((4, 6, 30, 34, 0), (20, 20, 60, 50, 1), (40, 2, 62, 14, 1))


@pytest.mark.parametrize(("network", "weights"), [("vgg19_mini", "builtin"), ("vgg19", "none")])
def test_one_picture_is_learned_by_heart(network: str, weights: str) -> None:
    keras.utils.set_random_seed(0)
    detector = build_detector(build_backbone(network, image_size=SIZE, weights=weights), NAMES, channels=32)
    image = np.full((1, *SIZE, 3), 90, "float32")
    image[0, 6:34, 4:30] = (250, 40, 30)
    image[0, 20:50, 34:60] = (20, 60, 240)
    truth = ((4, 6, 30, 34, 0), (34, 20, 60, 50, 1))
    for layer in detector.model.layers:
        layer.trainable = layer.name in detector.head_layers
    detector.model.compile(keras.optimizers.AdamW(4e-3), loss=detector.loss(), jit_compile=False)
    losses = detector.model.fit(image, padded(*truth), epochs=40, verbose=0).history["loss"]
    (found,) = detector.decode(detector.model(image).numpy())
    assert losses[-1] < losses[0] / 10
    assert found.classes[:2].tolist() in ([0, 1], [1, 0])
    for box, number in zip(found.boxes[:2], found.classes[:2], strict=True):
        np.testing.assert_allclose(box, truth[number][:4], atol=4)
    assert found.scores[1] > 0.3
    assert (found.scores[2:] < found.scores[1] / 2).all()
    report = evaluate_detection([found], [np.array(truth, float)], NAMES, score_threshold=0.3, seed=0)
    assert report.metrics["map50"].value == pytest.approx(1)


def test_graph_and_numpy_decode_alike(detector: ObjectDetector) -> None:
    logits = some_logits(batch=3)
    in_graph = [keras.ops.convert_to_numpy(part) for part in detector.decoding_layers(keras.ops.array(logits))]
    for one, other in zip(detector.decode(logits), detector.detections(*in_graph), strict=True):
        np.testing.assert_allclose(one.boxes, other.boxes, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
        np.testing.assert_array_equal(one.classes, other.classes)


def test_decoding_is_part_of_a_functional_model(detector: ObjectDetector) -> None:
    whole = keras.Model(detector.model.input, detector.decoding_layers(detector.model.output))
    image = RNG.uniform(0, 255, (1, *SIZE, 3)).astype("float32")
    boxes, scores, classes = (part.numpy() for part in whole(image))
    assert boxes.shape == (1, 100, 4)
    assert scores.shape == classes.shape == (1, 100)
    assert (np.diff(scores) <= 0).all()
    np.testing.assert_allclose(scores[0, 0], detector.decode(detector.model(image).numpy())[0].scores[0], atol=1e-6)


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(3)), extra=st.integers(0, 9))
def test_neither_order_nor_padding_changes_the_loss(order: list[int], extra: int) -> None:
    logits = some_logits()
    plain = loss_of(padded(*BOXES, length=3), logits)
    shuffled = padded(*(BOXES[place] for place in order), length=3 + extra)
    assert loss_of(shuffled, logits) == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize(
    "box",
    [(200, 200, 260, 260, 1), (-90, -80, -10, -5, 0), (10, 10, 10, 30, 0), (30, 30, 20, 20, 1), (4, 4, 20, 20, 2)],
    ids=["outside", "left of the picture", "without width", "swapped", "unknown class"],
)
def test_boxes_that_are_no_objects_change_nothing(box: tuple[float, ...]) -> None:
    logits = some_logits()
    assert loss_of(padded(*BOXES, box), logits) == pytest.approx(loss_of(padded(*BOXES), logits), rel=1e-6)


def test_an_answer_in_an_ignored_box_costs_nothing_and_elsewhere_as_much_as_before() -> None:
    quiet = np.full((1, 8, 8, 6), -8.0, "float32")
    inside, beside, other_class = quiet.copy(), quiet.copy(), quiet.copy()
    inside[0, 6, 6, 1] = beside[0, 6, 2, 1] = other_class[0, 6, 6, 0] = 4.0
    sure, ignored = (4, 6, 30, 34, 0), (44, 44, 60, 60, IGNORED_CLASS - 1)
    base = loss_of(padded(sure, ignored), quiet)
    assert loss_of(padded(sure, ignored), inside) == pytest.approx(base)
    assert loss_of(padded(sure), inside) > base + 1
    for wrong in (beside, other_class):
        assert loss_of(padded(sure, ignored), wrong) == pytest.approx(loss_of(padded(sure), wrong))
        assert loss_of(padded(sure, ignored), wrong) > base + 1


def test_an_object_inside_an_ignored_box_is_still_learned() -> None:
    logits = np.full((1, 8, 8, 6), -8.0, "float32")
    inner, around = (20, 20, 44, 44, 0), (0, 0, 64, 64, IGNORED_CLASS)
    missed = loss_of(padded(inner, around), logits)
    logits[0, 4, 4, 0] = 8.0
    assert loss_of(padded(inner, around), logits) < missed - 1


def test_empty_pictures_have_a_finite_loss_that_fewer_false_boxes_lower() -> None:
    logits = some_logits()
    quiet = logits - np.array([6, 6, 0, 0, 0, 0], "float32")
    assert 0 < loss_of(padded(), quiet) < loss_of(padded(), logits) < np.inf


def test_perfect_logits_have_almost_no_loss_and_give_the_boxes_back(detector: ObjectDetector) -> None:
    logits = np.full((1, 8, 8, 6), -12, "float32")
    box = (8, 16, 40, 56, 1)
    middle_row, middle_column = 4, 3
    center = np.array([(middle_column + 0.5) * 8, (middle_row + 0.5) * 8] * 2)
    for row in range(8):
        for column in range(8):
            cell = np.array([(column + 0.5) * 8, (row + 0.5) * 8])
            distances = np.maximum(np.concatenate([cell - box[:2], np.array(box[2:4]) - cell]), 0.1)
            logits[0, row, column, 2:] = np.log(distances / 16)
    logits[0, middle_row, middle_column, 1] = 12
    assert loss_of(padded(box), logits) < 0.01
    (found,) = detector.decode(logits)
    assert found.classes[0] == 1
    np.testing.assert_allclose(found.boxes[0], box[:4], atol=1e-3)
    assert (found.boxes[0, :2] < center[:2]).all()


def test_a_far_box_gives_finite_gradients() -> None:
    logits = tf.Variable(some_logits() * 50)
    with tf.GradientTape() as tape:
        loss = DetectionLoss(SIZE)(padded(*BOXES, (0, 0, 64, 64, 0), (3, 3, 3.01, 3.01, 1)), logits)
    assert np.isfinite(tape.gradient(loss, logits).numpy()).all()


def test_repeats_of_one_class_go_and_those_of_another_stay() -> None:
    found = Detections(
        boxes=np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [30, 30, 40, 40]], float),
        scores=np.array([0.5, 0.9, 0.4, 0.3]),
        classes=np.array([0, 0, 1, 0]),
    ).without_repeats(0.5)
    np.testing.assert_array_equal(found.scores, [0.9, 0.4, 0.3])
    np.testing.assert_array_equal(found.classes, [0, 1, 0])
    assert len(found.above(0.35)) == 2


def test_nothing_found_is_no_error() -> None:
    nothing = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    assert len(nothing.without_repeats(0.5)) == 0


def test_saved_model_is_of_stock_layers_and_gives_the_same(detector: ObjectDetector, tmp_path) -> None:
    image = RNG.uniform(0, 255, (2, *SIZE, 3)).astype("float32")
    detector.model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert "headstart" not in archive.read("config.json").decode()
    facts = json.loads(json.dumps(detector.facts()))
    again = ObjectDetector.from_file(tmp_path / "model.keras", facts)
    assert again.facts() == detector.facts()
    assert again.head_layers == detector.head_layers
    np.testing.assert_allclose(again.model(image).numpy(), detector.model(image).numpy(), atol=1e-5)


def test_every_layer_belongs_to_head_or_stages(detector: ObjectDetector) -> None:
    covered = {*detector.head_layers}.union(*detector.stages.values())
    assert {layer.name for layer in detector.model.layers if layer.weights} <= covered
    assert detector.head_layers[-1] == "logits"
    assert not {*detector.head_layers} & {"image"}.union(*detector.stages.values())


def test_half_precision_has_a_finite_loss() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        detector = build_detector(build_backbone("vgg19_mini", image_size=SIZE, weights="builtin"), NAMES, channels=32)
        logits = detector.model(RNG.uniform(0, 255, (1, *SIZE, 3)))
    finally:
        keras.config.set_dtype_policy(before)
    assert logits.dtype == "float32"
    assert np.isfinite(loss_of(padded(*BOXES), logits))


def test_encoded_boxes_are_in_pixels_of_the_model(detector: ObjectDetector, tmp_path) -> None:
    targets = detector.encode(_dataset(tmp_path, ["disc"], [[["disc", 10, 20, 30, 60]], []]))
    batch = targets.load_batch(np.arange(2), np.tile(np.eye(3), (2, 1, 1)))
    np.testing.assert_allclose(batch, [[[5, 10, 15, 30, 1]], [[-1] * 5]], atol=1e-4)


def test_unknown_class_is_named(detector: ObjectDetector, tmp_path) -> None:
    with pytest.raises(ClassNamesError, match="cone"):
        detector.encode(_dataset(tmp_path, ["cone", "disc"], [[["cone", 1, 1, 9, 9]]]))


def _dataset(root, names: list[str], boxes: list[list]) -> Dataset:
    frame = pd.DataFrame(
        {
            "path": [f"{number}.png" for number in range(len(boxes))],
            "target": [json.dumps(rows) for rows in boxes],
            "width": 128,
            "height": 128,
        }
    )
    return Dataset(root=root, frame=frame, class_names=tuple(names), task=DETECTION)


@pytest.mark.parametrize(
    ("name", "taps"),
    [
        ("vgg19_mini", ("block4_conv4", "block5_conv4", "block5_pool")),
        ("mobilenetv2", ("block_6_expand_relu", "block_13_expand_relu", "out_relu")),
    ],
)
def test_taps_are_the_richest_layers_of_each_stride(name: str, taps: tuple[str, ...]) -> None:
    backbone = build_backbone(name, image_size=(96, 96), weights="none")
    assert detector_taps(backbone) == taps
    assert set(taps) <= set(separating_layers(backbone.model))
    detector = build_detector(backbone, NAMES, channels=8)
    assert detector.model.output_shape == (None, 12, 12, 6)


@pytest.mark.parametrize("name", [name for name in BACKBONES if "nasnet" not in name])
def test_every_backbone_has_a_stage_for_each_stride(name: str) -> None:
    assert {8, 16, 32} <= {stage.stride for stage in find_backbone(name).stages}


def test_the_one_object_of_its_class_counts_as_much_as_many_of_another() -> None:
    crowd = [(x, y, x + 8, y + 8, 0) for x in (4, 24, 44) for y in (4, 24, 44)]
    alone = (28, 34, 36, 42, 1)
    logits = np.full((1, 8, 8, 6), -6, "float32")
    missed_one, missed_many = logits.copy(), logits.copy()
    for left, top, *_ in crowd:
        missed_one[0, int(top + 4) // 8, int(left + 4) // 8, 0] = 6
    missed_many[0, 4, 4, 1] = 6
    one, many = (loss_of(padded(*crowd, alone, length=10), case) for case in (missed_one, missed_many))
    assert one == pytest.approx(many, rel=1e-3)


def test_the_box_of_the_one_object_of_its_class_counts_as_much_as_those_of_many() -> None:
    cells = [(row, column) for row in (0, 3, 6) for column in (0, 3, 6)]
    crowd = [(column * 8, row * 8, column * 8 + 8, row * 8 + 8, 0) for row, column in cells]
    targets = padded(*crowd, (32, 40, 40, 48, 1), length=10)
    poor, true = np.zeros(4, "float32"), np.full(4, np.log(4 / 16), "float32")  # sides 16 and 4 pixels away
    one, many = np.zeros((2, 1, 8, 8, 6), "float32")
    one[..., 2:], many[..., 2:] = true, poor
    one[0, 5, 4, 2:], many[0, 5, 4, 2:] = poor, true
    assert loss_of(targets, one) == pytest.approx(loss_of(targets, many), rel=1e-4)
