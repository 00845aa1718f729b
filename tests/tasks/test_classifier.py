"""A classifier is a plain Keras model, and its answers mean what its targets mean."""

import json
import subprocess
import sys
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax

from headstart.backbones import build_backbone
from headstart.data import Dataset
from headstart.errors import ClassNamesError
from headstart.tasks import ImageClassifier, build_classifier

NAMES = ("zebra", "ant", "mole")  # in no order that sorting would give
# One that subtracts a mean, one that scales, two that normalise inside the network.
SIZES = {"vgg19_mini": (32, 32), "mobilenetv2": (32, 48), "efficientnetb0": (32, 32), "mobilenetv3small": (32, 32)}

WITHOUT_HEADSTART = """
import sys
from pathlib import Path

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "headstart":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocker())
try:
    import headstart
except ModuleNotFoundError:
    print("headstart is blocked")

import keras
import numpy as np

for path in sorted(Path(sys.argv[1]).glob("*.keras")):
    model = keras.saving.load_model(path, safe_mode=True)
    np.save(path.with_suffix(".answer.npy"), keras.ops.convert_to_numpy(model(np.load(path.with_suffix(".npy")))))
"""


def build(backbone="vgg19_mini", *, multi_label=False, **options):
    keras.utils.set_random_seed(0)
    network = build_backbone(backbone, image_size=SIZES[backbone], weights="none")
    return build_classifier(network, NAMES, multi_label=multi_label, **options)


@pytest.fixture(scope="module")
def classifier():
    return build(resize_mode="pad")


@pytest.fixture(scope="module")
def multi_label():
    return build(multi_label=True)


@pytest.fixture(scope="module")
def every_classifier(classifier, multi_label):
    others = {name: build(name) for name in SIZES if name != "vgg19_mini"}
    return {"vgg19_mini": classifier, "vgg19_mini-multi-label": multi_label, **others}


@pytest.fixture(scope="module")
def answers_elsewhere(every_classifier, tmp_path_factory):
    """What saved models answer in a process that has no headstart, and the same here."""
    folder = tmp_path_factory.mktemp("models")
    here = {}
    for name, task in every_classifier.items():
        images = np.random.default_rng(0).integers(0, 256, (5, *task.image_size, 3), "uint8")
        np.save(folder / f"{name}.npy", images)
        task.model.save(folder / f"{name}.keras")
        here[name] = keras.ops.convert_to_numpy(task.model(images))
    command = [sys.executable, "-c", WITHOUT_HEADSTART, str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "headstart is blocked" in result.stdout
    return {name: (here[name], np.load(folder / f"{name}.answer.npy")) for name in here}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SIZES, "vgg19_mini-multi-label"])
def test_a_saved_model_answers_the_same_where_headstart_is_not_installed(answers_elsewhere, name):
    here, elsewhere = answers_elsewhere[name]
    assert np.ptp(here, axis=0).min() > 0  # five pictures, five answers
    np.testing.assert_allclose(elsewhere, here, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", [*SIZES, "vgg19_mini-multi-label"])
def test_the_model_is_flat_and_of_stock_layers(every_classifier, name):
    task = every_classifier[name]
    layers = task.model.layers
    assert not [layer.name for layer in layers if isinstance(layer, keras.Model | keras.layers.Lambda)]
    assert {type(layer).__module__.partition(".")[0] for layer in layers} == {"keras"}
    assert len({layer.name for layer in layers}) == len(layers)


@pytest.mark.parametrize("name", [*SIZES, "vgg19_mini-multi-label"])
def test_the_model_goes_from_pictures_to_logits(every_classifier, name):
    task = every_classifier[name]
    assert task.model.input_shape == (None, *task.image_size, 3)
    assert task.model.output_shape == (None, len(NAMES))
    assert task.model.get_layer("logits").activation is keras.activations.linear
    assert task.model.get_layer(task.last_feature_layer).output.shape[1:3] != task.image_size
    assert [layer.name for layer in task.model.layers][-3:] == list(task.head_layers)


@pytest.mark.parametrize("name", SIZES)
def test_every_layer_with_weights_belongs_to_one_stage_or_to_the_head(every_classifier, name):
    task = every_classifier[name]
    owners = [layer for layers in task.stages.values() for layer in layers] + list(task.head_layers)
    assert len(owners) == len(set(owners))
    with_weights = {
        layer.name
        for layer in task.model.layers
        if layer.weights and not isinstance(layer, keras.layers.Normalization)  # is preprocessing and never learns
    }
    assert with_weights <= set(owners)


def test_the_seed_decides_the_first_weights_of_the_head():
    kernels = [build(seed=seed).model.get_layer("logits").get_weights()[0] for seed in (1, 1, 2)]
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


def test_encoding_and_decoding_are_inverse(classifier):
    targets = ["ant", "zebra", "mole", "ant"]
    encoded = classifier.encode_targets(targets)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, np.eye(3)[[1, 0, 2, 1]])
    assert classifier.decode(encoded)["prediction"].tolist() == targets


def test_encoding_and_decoding_of_several_labels_are_inverse(multi_label):
    targets = ["zebra;mole", "ant", "zebra;ant;mole", ""]
    encoded = multi_label.encode_targets(targets)
    np.testing.assert_array_equal(encoded, [[1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0]])
    assert multi_label.decode(encoded)["prediction"].tolist() == targets


def test_the_order_of_labels_and_blanks_between_them_do_not_matter(multi_label):
    np.testing.assert_array_equal(multi_label.encode_targets(["mole; zebra"]), [[1, 0, 1]])


def test_a_data_set_is_encoded_by_name_whatever_its_own_order(classifier, tmp_path):
    frame = pd.DataFrame({"path": ["1.png", "2.png"], "target": ["mole", "ant"], "group": "", "split": ""})
    dataset = Dataset(frame=frame, class_names=("ant", "mole"), root=tmp_path)
    np.testing.assert_array_equal(classifier.encode(dataset), [[0, 0, 1], [0, 1, 0]])


def test_a_class_name_may_hold_the_separator_where_there_is_one_label_only():
    task = build_classifier(build_backbone("vgg19_mini", image_size=(32, 32), weights="none"), ("a;b", "c"))
    np.testing.assert_array_equal(task.encode_targets(["c", "a;b"]), [[0, 1], [1, 0]])


@pytest.mark.parametrize("targets", [["ant", "wasp", "bee"], ["ant;wasp", "bee"]])
def test_unknown_classes_are_named(classifier, multi_label, targets):
    task = multi_label if ";" in targets[0] else classifier
    with pytest.raises(ClassNamesError) as caught:
        task.encode_targets(targets)
    assert caught.value.received == "bee, wasp"
    assert "zebra, ant, mole" in caught.value.expected


EXTREME = np.array([[1000.0, -1000.0, 0.0], [-1e30, -1e30, -1e30], [88.8, -88.8, 40.0], [-30.0, -35.0, -745.0]])


def test_extreme_logits_become_probabilities(classifier):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probabilities = classifier.probabilities(EXTREME)
    np.testing.assert_allclose(probabilities, softmax(EXTREME, axis=1), rtol=1e-12)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_extreme_logits_become_independent_probabilities(multi_label):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probabilities = multi_label.probabilities(EXTREME)
    np.testing.assert_allclose(probabilities, expit(EXTREME), rtol=1e-12, atol=1e-300)
    assert probabilities.max() <= 1.0


def test_logits_of_half_precision_do_not_overflow(classifier, multi_label):
    logits = np.array([[60000.0, -60000.0, 0.0]], "float16")
    np.testing.assert_array_equal(classifier.probabilities(logits), [[1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(multi_label.probabilities(logits), [[1.0, 0.0, 0.5]])


def test_the_probability_of_an_answer_is_that_of_its_class(classifier):
    decoded = classifier.decode(np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]]))
    assert decoded["prediction"].tolist() == ["mole", "zebra"]
    assert decoded["probability"].tolist() == [0.5, 0.6]


def test_the_probability_of_several_labels_is_that_of_the_least_certain(multi_label):
    decoded = multi_label.decode(np.array([[0.9, 0.3, 0.8], [0.1, 0.2, 0.01]]))
    assert decoded["prediction"].tolist() == ["zebra;mole", ""]
    np.testing.assert_allclose(decoded["probability"], [0.7, 0.8])


def test_the_loss_is_cross_entropy_on_logits(classifier, multi_label):
    logits = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]], "float32")
    targets = np.array([[1, 0, 0], [0, 0, 1]], "float32")
    single = -np.log(softmax(logits, axis=1)[[0, 1], [0, 2]]).mean()
    assert float(classifier.loss()(targets, logits)) == pytest.approx(single, rel=1e-5)
    several = -(targets * np.log(expit(logits)) + (1 - targets) * np.log(expit(-logits))).mean()
    assert float(multi_label.loss()(targets, logits)) == pytest.approx(several, rel=1e-5)


def test_label_smoothing_moves_the_target_towards_the_middle(classifier):
    logits = np.array([[2.0, -1.0, 0.5]], "float32")
    smooth = np.array([[0.7 + 0.1, 0.1, 0.1]])
    expected = -(smooth * np.log(softmax(logits, axis=1))).sum()
    loss = classifier.loss(label_smoothing=0.3)(np.array([[1, 0, 0]], "float32"), logits)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_training_shows_the_share_of_right_answers(classifier, multi_label):
    logits = np.array([[2.0, 0.4, 0.6], [0.0, 3.0, -2.0]], "float32")
    targets = np.array([[1, 0, 0], [0, 0, 1]], "float32")
    for task, expected in ((classifier, 0.5), (multi_label, 2 / 6)):
        (metric,) = task.metrics()
        metric.update_state(targets, logits)
        assert metric.name == "accuracy"
        assert float(metric.result()) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["single", "several"])
def test_everything_about_a_classifier_travels_in_its_file_and_its_facts(classifier, multi_label, tmp_path, kind):
    task = classifier if kind == "single" else multi_label
    task.model.save(tmp_path / "model.keras")
    facts = json.loads(json.dumps(task.facts()))
    loaded = ImageClassifier.from_file(tmp_path / "model.keras", facts)
    assert loaded.class_names == NAMES
    assert loaded.facts() == task.facts()
    assert loaded.multi_label == (kind == "several")
    assert loaded.resize_mode == ("pad" if kind == "single" else "stretch")
    assert (loaded.image_size, loaded.head_layers) == (task.image_size, task.head_layers)
    images = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), "uint8")
    logits = loaded.model.predict_on_batch(images)
    assert np.array_equal(logits, task.model.predict_on_batch(images))
    pd.testing.assert_frame_equal(
        loaded.decode(loaded.probabilities(logits)), task.decode(task.probabilities(logits)), check_exact=True
    )


def test_custom_code_in_a_file_is_refused(classifier, tmp_path):
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Lambda(lambda x: x * 2.0)(image))
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="without code of its own"):
        ImageClassifier.from_file(tmp_path / "model.keras", classifier.facts())
