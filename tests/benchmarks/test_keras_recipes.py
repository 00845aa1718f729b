"""The plain Keras recipes do what the tutorial does, and nothing that would make them a weak opponent."""

import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from keras_recipes import BASES, RECIPES, Base, Parts, Pictures, batches, build_model, fit_keras_recipe, unfreeze
from recipe_vs_keras import Measurement, difference_table, interval, paired_splits, parse

SIDE = 16


def tiny_network(input_shape, include_top, weights):
    """Two convolutions with batch normalisation, as a network of `keras.applications` is built."""
    assert not include_top
    assert weights is None
    inputs = keras.Input(input_shape)
    lower = keras.layers.BatchNormalization(name="lower_norm")(keras.layers.Conv2D(16, 3, strides=2)(inputs))
    upper = keras.layers.BatchNormalization(name="upper_norm")(keras.layers.Conv2D(64, 3, name="upper")(lower))
    return keras.Model(inputs, keras.layers.ReLU()(upper))


TINY = Base(tiny_network, keras.applications.mobilenet_v2.preprocess_input, unfreeze_from=3)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Red and blue pictures: 480 to learn from, 8 to watch, 8 to test."""
    folder = tmp_path_factory.mktemp("colours")
    generator = np.random.default_rng(0)

    def pictures(name, count):
        targets = np.arange(count) % 2
        paths = [folder / f"{name}-{index}.png" for index in range(count)]
        for path, target in zip(paths, targets, strict=True):
            pixels = generator.integers(0, 40, (20, 24, 3), dtype=np.uint8)
            pixels[..., 2 * target] += 200
            Image.fromarray(pixels).save(path)
        return Pictures(paths, targets)

    return Parts(pictures("train", 480), pictures("validation", 8), pictures("test", 8), num_classes=2)


@pytest.fixture(scope="module")
def results(parts):
    return {name: fit_keras_recipe(name, TINY, parts, image_size=SIDE, weights=None, epochs=(8, 1)) for name in RECIPES}


def norm_statistics(model):
    (network,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    return {
        f"{name}/{variable.name}": variable.numpy()
        for name in ("lower_norm", "upper_norm")
        for variable in network.get_layer(name).non_trainable_variables
        if variable.name.startswith("moving")
    }


def untouched(statistics):
    return {key: np.full_like(value, key.endswith("variance")) for key, value in statistics.items()}


def test_careful_recipe_leaves_batch_norm_statistics_bit_equal(results):
    statistics = norm_statistics(results["careful"].model)
    assert len(statistics) == 4
    for key, expected in untouched(statistics).items():
        np.testing.assert_array_equal(statistics[key], expected)


def test_published_recipe_moves_the_statistics_of_unfrozen_batch_norm_only(results):
    statistics = norm_statistics(results["published"].model)
    moved = {key for key, expected in untouched(statistics).items() if (statistics[key] != expected).any()}
    assert moved == {"upper_norm/moving_mean", "upper_norm/moving_variance"}


def test_both_recipes_share_their_frozen_phase(results):
    published, careful = results["published"], results["careful"]
    np.testing.assert_allclose(published.frozen_probabilities, careful.frozen_probabilities, atol=1e-5)


def test_recipe_learns_to_tell_red_from_blue(results, parts):
    answers = results["careful"].probabilities
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(answers.argmax(axis=1), parts.test.targets)


def test_every_step_is_timed(results):
    for result in results.values():
        assert list(result.seconds) == ["build", "frozen phase", "fine-tuning phase", "evaluation"]
        assert min(result.seconds.values()) > 0


def test_pictures_are_decoded_once_and_reshuffled_every_epoch(parts, tmp_path):
    copy = tmp_path / "copy.png"
    copy.write_bytes(parts.train.paths[0].read_bytes())
    pictures = Pictures([copy, *parts.train.paths[1:]], np.arange(480))
    dataset = batches(pictures, SIDE, shuffled=True)
    orders = [np.concatenate([targets for _, targets in dataset.as_numpy_iterator()])]
    copy.unlink()
    orders.append(np.concatenate([targets for _, targets in dataset.as_numpy_iterator()]))
    assert orders[0].tolist() != orders[1].tolist()
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(480))


def test_test_pictures_keep_their_order_and_raw_values(parts):
    ((images, targets),) = batches(parts.test, SIDE).as_numpy_iterator()
    np.testing.assert_array_equal(targets, parts.test.targets)
    brightest = np.where(targets == 0, images[..., 0].mean(axis=(1, 2)), images[..., 2].mean(axis=(1, 2)))
    assert ((brightest > 200) & (brightest < 240)).all()


def test_mobilenet_v2_preprocessing_is_x_over_127_5_minus_1():
    pixels = np.linspace(0, 255, 12, dtype="float32").reshape(1, 2, 2, 3)
    np.testing.assert_allclose(BASES["mobilenetv2"].preprocess(pixels.copy()), pixels / 127.5 - 1, atol=1e-6)


def test_careful_unfreezes_mobilenet_v2_from_layer_100_without_its_batch_norm():
    model, network = build_model(BASES["mobilenetv2"], num_classes=6, image_size=32, weights=None)
    assert len(network.layers) == 154
    network.trainable = False
    assert len(model.trainable_variables) == 2
    unfreeze(network, 100, keep_batch_norm_frozen=RECIPES["careful"])
    learns = [index for index, layer in enumerate(network.layers) if layer.trainable]
    assert min(learns) == 100
    assert not any(isinstance(network.layers[index], keras.layers.BatchNormalization) for index in learns)
    assert sum(bool(network.layers[index].weights) for index in learns) == 2 + 5 * 3 + 1  # block 11, 12 to 16, last


@pytest.mark.parametrize("name", BASES)
def test_bases_are_unfrozen_inside_the_network(name):
    base = BASES[name]
    network = base.build(input_shape=(32, 32, 3), include_top=False, weights=None)
    assert 0.5 < base.unfreeze_from / len(network.layers) < 0.8


@pytest.mark.shared
def test_mobilenet_v2_takes_the_real_weights(shared_dir):
    weights = shared_dir / "weights" / "mobilenet_v2_notop.weights.h5"
    _, network = build_model(BASES["mobilenetv2"], num_classes=2, image_size=32, weights=weights)
    _, untrained = build_model(BASES["mobilenetv2"], num_classes=2, image_size=32, weights=None)
    pixels = keras.random.uniform((2, 32, 32, 3), -1, 1, seed=1)
    assert not np.allclose(network(pixels), untrained(pixels))


def measurement(recipe, seed, correct):
    return Measurement("set", seed, recipe, {}, None, correct, [{"fit": 1.0}], [2.0])


def test_recipes_are_subtracted_picture_by_picture_whatever_their_order():
    rows = [
        measurement("headstart", 3, {"a": True, "b": True, "c": False, "d": False}),
        measurement("careful", 3, {"d": True, "c": False, "b": True, "a": False}),
    ]
    assert paired_splits(rows, "headstart", "careful") == {3: {"a": 1, "b": 0, "c": 0, "d": -1}}


def test_difference_table_counts_wins_and_gives_the_exact_p_of_mcnemar():
    rows = [
        measurement("headstart", 0, {str(index): index < 10 for index in range(20)}),
        measurement("careful", 0, {str(index): index in (0, 19) for index in range(20)}),
    ]
    *_, row = difference_table(rows, "headstart", "careful").splitlines()
    # Nine wins and one loss: 2 (1 + 10) / 2^10.
    assert row.startswith("| set | 0 | +40.0 [")
    assert row.endswith("| 9 | 1 | 0.021 |")


def numbers(text):
    value, low, high = text.replace("[", "").replace("]", "").replace(",", "").split()
    return float(value), float(low), float(high)


def test_interval_agrees_with_the_normal_one_for_many_pictures():
    values = np.random.default_rng(0).choice([-1, 0, 1], size=2000, p=[0.1, 0.6, 0.3])
    value, low, high = numbers(interval([{str(index): int(v) for index, v in enumerate(values)}]))
    half_width = 1.96 * 100 * values.std() / np.sqrt(len(values))
    assert value == pytest.approx(100 * values.mean(), abs=0.06)
    assert low == pytest.approx(100 * values.mean() - half_width, abs=0.3)
    assert high == pytest.approx(100 * values.mean() + half_width, abs=0.3)


def test_seeing_the_same_pictures_again_does_not_narrow_the_interval():
    split = {str(index): index % 3 - 1 for index in range(60)}
    assert interval([split] * 4) == interval([split])


def test_missing_data_is_told_before_anything_is_trained(tmp_path, capsys):
    with pytest.raises(SystemExit):
        parse(["--data", str(tmp_path / "nowhere"), "--weights", "imagenet"])
    assert "nowhere" in capsys.readouterr().err
