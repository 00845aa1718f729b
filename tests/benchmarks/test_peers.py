"""The comparison with other libraries: what stands between their processes, and the tables; none of it needs a peer."""

import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from headstart_vs_peers import PEERS_PYTHON, parse, read_contests, split_of, split_pictures
from peers.exchange import Answers, Split, largest_difference, num_code_lines, require_equal_features
from peers.keras_weights import arrays_of
from peers.tables import Contest, difference_table, mean_table, result_table

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"
SPLIT = Split(
    data="/data/coins",
    seed=3,
    image_size=32,
    class_names=["head", "tail"],
    paths={"train": ["/a", "/b"], "validation": ["/c"], "test": ["/d", "/e", "/f", "/g"]},
    targets={"train": [0, 1], "validation": [0], "test": [0, 1, 0, 1]},
)


def answers(ways, *, validation=(1.0, 0.1), epochs=None):
    """Answers that are right for the given test images with the given confidence: way → (confidence, right images)."""
    given = Answers(
        test={
            way: [
                [confidence, 1 - confidence] if (target == 0) == (index in right) else [1 - confidence, confidence]
                for index, target in enumerate(SPLIT.targets["test"])
            ]
            for way, (confidence, right) in ways.items()
        },
        seconds={"training": 10.0, **dict.fromkeys(ways, 2.0)},
        cpu_seconds={"training": 15.0, **dict.fromkeys(ways, 3.0)},
        facts={"lines": dict.fromkeys(ways, 7)} | ({} if epochs is None else {"epochs": epochs}),
    )
    given.validation_accuracy = dict.fromkeys(ways, validation[0])
    given.validation_loss = dict.fromkeys(ways, validation[1])
    return given


def contest(**replaced):
    contestants = {
        "headstart": answers({"Headstart": (0.9, {0, 1, 2, 3}), "Headstart + mirrored": (0.9, {0, 1, 2, 3})}),
        "fastai-5": answers(
            {"fastai": (0.8, {0, 1}), "fastai + TTA": (0.8, {0, 1, 2})}, validation=(0.8, 0.5), epochs=5
        ),
        "fastai-10": answers({"fastai": (0.7, {0}), "fastai + TTA": (0.7, {0, 1})}, validation=(0.8, 0.6), epochs=10),
        "scikit-learn": answers({"scikit-learn": (0.6, {3})}),
    }
    return Contest("mobilenetv2", SPLIT, contestants | replaced)


def test_a_split_file_is_read_back_as_it_was_written(tmp_path):
    SPLIT.write(tmp_path / "coins.split.json")
    assert Split.read(tmp_path / "coins.split.json") == SPLIT


def test_the_split_file_has_the_parts_of_a_run_with_that_seed(tmp_path):
    generator = np.random.default_rng(0)
    for number in range(30):
        folder = tmp_path / ("head" if number % 2 else "tail")
        folder.mkdir(exist_ok=True)
        Image.fromarray(generator.integers(256, size=(8, 8, 3), dtype="uint8")).save(folder / f"{number}.png")
    split, dataset = split_of(tmp_path, 5, image_size=32), split_pictures(tmp_path, 5)
    assert sum(map(len, split.paths.values())) == 30
    for part in ("train", "validation", "test"):
        assert split.paths[part] == [str(path.resolve()) for path in dataset.part(part).paths()]
        names = [split.class_names[target] for target in split.targets[part]]
        assert names == [Path(path).parent.name for path in split.paths[part]]


def test_features_that_are_equal_up_to_rounding_are_accepted():
    features = np.random.default_rng(0).normal(size=(6, 20))
    assert require_equal_features(features * (1 + 1e-6), features) == pytest.approx(1e-6, rel=1e-3)


@pytest.mark.parametrize("spoil", [lambda row: row * 1.01, lambda row: row[::-1], lambda row: row * np.nan])
def test_nothing_is_compared_when_the_features_of_a_single_image_differ(spoil):
    features = np.random.default_rng(0).normal(size=(6, 20))
    other = features.copy()
    other[4] = spoil(other[4])
    with pytest.raises(SystemExit, match="Nothing was trained"):
        require_equal_features(other, features)


def test_features_of_another_shape_are_refused():
    with pytest.raises(SystemExit, match=r"\(6, 10\)"):
        require_equal_features(np.ones((6, 10)), np.ones((6, 20)))


def test_the_difference_is_relative_to_the_length_of_the_features():
    assert largest_difference(np.array([[3.0, 4.0], [0.0, 20.0]]), np.array([[3.0, 3.0], [0.0, 10.0]])) == 1.0


def test_every_weight_of_a_network_is_exported_in_order():
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, use_bias=False)(inputs))
    network = keras.Model(inputs, keras.layers.DepthwiseConv2D(3)(keras.layers.ReLU()(hidden)))
    arrays = arrays_of(network)
    assert list(arrays) == [
        "0.kernel",
        *(f"1.{kind}" for kind in ("gamma", "beta", "moving_mean", "moving_variance")),
        "2.kernel",
        "2.bias",
    ]
    assert sum(array.size for array in arrays.values()) == network.count_params()


def test_of_several_trainings_the_validation_images_choose():
    assert contest().chosen("fastai") == "fastai-5"  # equal accuracy, lower log loss
    better = answers({"fastai": (0.7, {0}), "fastai + TTA": (0.7, {0, 1})}, validation=(0.9, 0.9), epochs=10)
    assert contest(**{"fastai-10": better}).chosen("fastai + TTA") == "fastai-10"


def test_the_table_has_a_row_for_every_way_of_answering():
    lines = result_table([contest()]).splitlines()
    assert len(lines) == 2 + 5
    assert "| coins (4) | 3 | Headstart | 1.000 [1.000, 1.000] | 0.105 | 0.100 | 18 | 12 | 7 |" in lines[2]
    assert "| fastai + TTA (5 epochs) | 0.750 [" in lines[5]


def test_the_difference_is_that_of_the_same_images():
    (row,) = [line for line in difference_table([contest()]).splitlines() if "Headstart - fastai" in line]
    assert "| +50.0 [" in row
    assert row.endswith("| 2 | 0 | 0.5 |")


def test_a_way_that_was_not_measured_is_left_out_of_the_tables():
    unfinished = contest()
    del unfinished.contestants["fastai-10"]
    assert "fastai" not in result_table([unfinished])
    assert "fastai" not in difference_table([unfinished])
    assert "scikit-learn" in difference_table([unfinished])
    assert "Headstart" not in mean_table([unfinished])
    assert "| mobilenetv2 | 1 | scikit-learn | 0.250 |" in mean_table([contest(), unfinished])


def test_results_are_read_from_their_folder(tmp_path):
    SPLIT.write(tmp_path / "coins.v2-3.split.json")
    for name, given in contest().contestants.items():
        given.write(tmp_path / f"mobilenetv2.coins.v2-3.{name}.json")
    (read,) = read_contests(tmp_path)
    assert read.split == SPLIT
    assert result_table([read]) == result_table([contest()])


def test_lines_of_code_do_not_depend_on_comments_and_layout():
    source = 'def f(a):\n    """Text."""\n    # why\n    b = max(\n        a,\n        1,\n    )\n\n    return b\n'
    assert num_code_lines(source, {"f"}) == 2
    with pytest.raises(ValueError, match="'g'"):
        num_code_lines(source, {"f", "g"})


@pytest.mark.parametrize(
    ("file", "functions"),
    [
        ("headstart_peer.py", {"train", "answer", "answer_mirrored"}),
        ("fastai_peer.py", {"train", "answer", "answer_with_tta"}),
        ("sklearn_peer.py", {"train", "embed"}),
        ("torch_networks.py", {"pooled_features", "_pooled", "_pixels"}),
    ],
)
def test_the_counted_functions_exist(file, functions):
    assert num_code_lines((PEERS / file).read_text("utf-8"), functions) >= len(functions)


def test_a_size_that_keras_pads_otherwise_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        parse(["--out", str(tmp_path), "--table", "--image-size", "150"])
    assert "multiple of 32, received 150" in capsys.readouterr().err


def test_a_missing_environment_of_the_peers_is_named_with_what_makes_it(tmp_path, capsys):
    with pytest.raises(SystemExit):
        parse(["--out", str(tmp_path), "--peers-python", str(tmp_path / "none")])
    error = capsys.readouterr().err
    assert str(tmp_path / "none") in error
    assert "`make peers`" in error
    assert PEERS_PYTHON.parts[-3:] == (".venv-peers", "bin", "python")


def test_no_package_of_the_peers_is_a_dependency_of_headstart():
    project = PEERS.parents[1]
    locked = (project / "requirements.lock").read_text("utf-8")
    assert not [name for name in ("fastai", "torch", "torchvision") if f"\n{name}==" in f"\n{locked}"]
    assert "\nfastai==" in (PEERS / "requirements.lock").read_text("utf-8")
