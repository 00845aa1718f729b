"""A segmenter is a plain Keras model that answers for every pixel, and learns from the labelled ones alone."""

import json
import re
import zipfile
from dataclasses import replace
from functools import cache

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.special import log_softmax, softmax

from headstart.backbones import Backbone, Stage, WeightsRecord, build_backbone, find_backbone, model_above
from headstart.data import IGNORED, Dataset, ImageSource
from headstart.errors import ClassNamesError
from headstart.heads.taps import taps_at
from headstart.task_spec import SEGMENTATION
from headstart.tasks import SegmentationLoss, Segmenter, build_segmenter, segmenter_taps

NAMES = ("wall", "window")
# One whose size no stride divides, one with the stages of a mobile network.
SIZES = {"vgg19_mini": (32, 48), "mobilenetv2": (72, 64)}


@cache
def network(name):
    weights = "builtin" if name == "vgg19_mini" else "none"
    return build_backbone(name, image_size=SIZES[name], weights=weights)


def build(backbone="vgg19_mini", *, names=NAMES, **options):
    return build_segmenter(network(backbone), names, **{"channels": 8, **options})


@pytest.fixture(scope="module")
def segmenter():
    return build(resize_mode="pad")


@pytest.fixture(scope="module")
def of_ten_classes():
    return build("mobilenetv2", names=tuple("abcdefghij"))


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (2, 32, 48, 3), "uint8")


@pytest.fixture(params=["segmenter", "of_ten_classes"])
def task(request):
    return request.getfixturevalue(request.param)


def test_every_pixel_has_a_logit_for_every_class(task):
    height, width = task.image_size
    assert task.model.output_shape == (None, height, width, len(task.class_names))
    assert task.model.output.dtype == "float32"
    assert task.model.layers[-1].name == "logits"


def test_new_layers_are_named_and_every_other_weight_belongs_to_one_stage(task):
    owners = [layer for layers in task.stages.values() for layer in layers] + list(task.head_layers)
    assert len(owners) == len(set(owners))
    assert {layer.name for layer in task.model.layers if layer.weights} <= set(owners)
    assert all(name.startswith("head_") for name in task.head_layers[:-1])
    assert task.head_layers[-1] == "logits"


def test_no_head_layer_moves_statistics(task):
    heads = [task.model.get_layer(name) for name in task.head_layers]
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in heads)


def test_taps_are_the_highest_stages_of_their_stride(task):
    highest = {stage.stride: stage.layer for stage in find_backbone(task.backbone).stages}
    assert task.tap_layers == tuple(highest[stride] for stride in (4, 8, 16, 32))


def test_of_large_pictures_the_finest_map_is_left_out():
    backbone = build_backbone("vgg19_mini", image_size=(64, 448), weights="none")
    assert segmenter_taps(backbone) == ("block3_pool", "block4_pool", "block5_pool")


def test_where_the_table_knows_no_stage_of_a_stride_its_highest_joint_is_read():
    image = keras.Input((33, 40, 3))
    step = keras.layers.Conv2D(4, 3, strides=4, padding="same", name="step")(image)
    features = keras.layers.Add(name="lower_joint")([step, step])
    features = keras.layers.Add(name="higher_joint")([features, step])
    features = keras.layers.ReLU(name="no_joint")(features)
    features = keras.layers.Conv2D(4, 3, strides=8, padding="same", name="top")(features)
    spec = replace(find_backbone("vgg19_mini"), stages=(Stage("top", "top", 32, 4),))
    backbone = Backbone(spec, keras.Model(image, features), (33, 40), WeightsRecord("none", None, None))
    assert taps_at(backbone, (4, 8, 16, 32)) == {4: "higher_joint", 32: "top"}


def test_what_lies_above_the_taps_is_the_whole_head(segmenter, pictures):
    taps = [segmenter.model.get_layer(name).output for name in segmenter.tap_layers]
    activations = keras.Model(segmenter.model.input, taps).predict_on_batch(pictures)
    answers = model_above(segmenter.model, segmenter.tap_layers).predict_on_batch(activations)
    np.testing.assert_allclose(answers, segmenter.model.predict_on_batch(pictures), atol=1e-5)


def test_the_seed_decides_the_first_weights_of_the_head():
    kernels = [build(seed=seed).model.get_layer("head_mix_0").get_weights()[0] for seed in (1, 1, 2)]
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


def masks_of(folder, masks, names=NAMES):
    rows = []
    for number, mask in enumerate(masks):
        Image.fromarray(np.full((*mask.shape, 3), 90, np.uint8)).save(folder / f"{number}.png")
        Image.fromarray(mask).save(folder / f"mask_{number}.png")
        target = json.dumps({"mask": f"mask_{number}.png"})
        rows.append({"path": f"{number}.png", "target": target, "group": "", "split": ""})
    values = dict(enumerate(names, start=1))
    return Dataset(pd.DataFrame(rows), names, folder, task=SEGMENTATION, mask_values=values)


def test_masks_are_encoded_by_name_whatever_the_order_of_the_data(segmenter, tmp_path):
    mask = np.zeros((32, 48), np.uint8)
    mask[:, 10:20], mask[:, 20:] = 1, 2
    targets = segmenter.encode(masks_of(tmp_path, [mask], names=("window", "wall")))
    (encoded,) = targets.load_batch(np.array([0]), np.eye(3)[np.newaxis])
    assert encoded.dtype == np.uint8
    np.testing.assert_array_equal(encoded[5, [0, 10, 19, 20, 47]], [IGNORED, 1, 1, 0, 0])


def test_unknown_classes_are_named(segmenter, tmp_path):
    with pytest.raises(ClassNamesError, match="door") as caught:
        segmenter.encode(masks_of(tmp_path, [np.ones((32, 48), np.uint8)], names=("door", "wall")))
    assert "window" in caught.value.expected


def a_batch(num_classes=3):
    random = np.random.default_rng(1)
    logits = random.normal(size=(2, 6, 5, num_classes)).astype("float32")
    masks = random.integers(0, num_classes, (2, 6, 5)).astype("uint8")
    masks[0, :3] = masks[1, :, :2] = IGNORED
    return masks, logits


@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_the_loss_is_the_mean_cross_entropy_of_labelled_pixels(label_smoothing):
    masks, logits = a_batch()
    expected = []
    for mask, scores in zip(masks, log_softmax(logits.astype(float), axis=-1), strict=True):
        wanted = np.eye(3)[mask[mask < IGNORED]] * (1 - label_smoothing) + label_smoothing / 3
        expected.append(-(wanted * scores[mask < IGNORED]).sum(axis=1).mean())
    loss = SegmentationLoss(label_smoothing=label_smoothing)
    assert float(loss(masks, logits)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_dice_counts_the_classes_of_the_batch_alike():
    masks, logits = a_batch()
    probabilities, labelled = softmax(logits.astype(float), axis=-1), masks < IGNORED
    shares = np.eye(3)[masks[labelled]]
    both, parts = (shares * probabilities[labelled]).sum(0), (shares + probabilities[labelled]).sum(0)
    added = float(SegmentationLoss(dice_weight=0.5)(masks, logits)) - float(SegmentationLoss()(masks, logits))
    assert added == pytest.approx(0.5 * (1 - 2 * both / parts).mean(), rel=1e-4)


def test_ignored_pixels_play_no_part_in_loss_and_gradient(segmenter):
    masks, logits = a_batch()
    changed = np.where((masks == IGNORED)[..., None], -50.0, logits).astype("float32")
    loss = segmenter.loss(0.1)
    assert float(loss(masks, changed)) == pytest.approx(float(loss(masks, logits)), rel=1e-6)
    assert float(loss(np.full_like(masks, IGNORED), logits)) == 0.0


def test_the_loss_comes_back_from_its_configuration(segmenter):
    masks, logits = a_batch()
    loss = segmenter.loss(0.1)
    assert float(SegmentationLoss.from_config(loss.get_config())(masks, logits)) == float(loss(masks, logits))


def test_decoding_takes_the_likeliest_class(segmenter):
    _, logits = a_batch(2)
    decoded = segmenter.decode(logits)
    assert (decoded.dtype, decoded.shape) == (np.uint8, (2, 6, 5))
    np.testing.assert_array_equal(decoded, (logits[..., 1] > logits[..., 0]).astype(int))
    np.testing.assert_allclose(segmenter.probabilities(logits), softmax(logits, axis=-1), rtol=1e-5)
    np.testing.assert_array_equal(segmenter.decode(segmenter.probabilities(logits)), decoded)


def test_prediction_answers_for_every_picture_in_order(segmenter, tmp_path, pictures):
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    source = ImageSource([tmp_path / "0.png", tmp_path / "1.png"], image_size=segmenter.image_size)
    answers = segmenter.predict(source, batch_size=1)
    np.testing.assert_array_equal(answers, segmenter.decode(segmenter.model.predict_on_batch(pictures)))


def test_one_picture_can_be_learned_by_heart(pictures):
    task = build(dropout=0.0)
    mask = np.zeros((1, 32, 48), np.uint8)
    mask[:, 8:24, 8:32], mask[:, :, 40:] = 1, IGNORED
    scene = np.where((mask == 1)[..., None], pictures[:1], 90).astype("uint8")
    taps = [task.model.get_layer(name).output for name in task.tap_layers]
    activations = keras.Model(task.model.input, taps).predict_on_batch(scene)
    head = model_above(task.model, task.tap_layers)
    head.compile(keras.optimizers.AdamW(1e-2), loss=task.loss())
    for _ in range(30):
        head.train_on_batch(activations, mask)
    answer = task.decode(task.model.predict_on_batch(scene))
    labelled = mask < IGNORED
    assert (answer[labelled] == mask[labelled]).mean() > 0.97


def test_everything_about_a_segmenter_travels_in_its_file_and_its_facts(segmenter, tmp_path, pictures):
    segmenter.model.save(tmp_path / "model.keras")
    loaded = Segmenter.from_file(tmp_path / "model.keras", json.loads(json.dumps(segmenter.facts())))
    assert loaded.facts() == segmenter.facts()
    assert (loaded.image_size, loaded.head_layers) == (segmenter.image_size, segmenter.head_layers)
    logits = segmenter.model.predict_on_batch(pictures)
    assert np.array_equal(loaded.model.predict_on_batch(pictures), logits)


def test_the_file_of_a_segmenter_needs_keras_alone(task, tmp_path):
    task.model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        config = archive.read("config.json").decode()
    modules = re.findall(r'"module": "([^"]+)"', config)
    assert len(modules) > len(task.head_layers)
    assert {module.partition(".")[0] for module in modules} == {"keras"}
    assert "headstart" not in config.replace(f'"{task.model.name}"', "")
