"""Ranking backbones: reuse, what takes part, whose weights are here, and failures that lose nothing else."""

import csv
import json
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from PIL import Image

import headstart
from headstart.backbones import BACKBONES, find_backbone, imagenet_path
from headstart.errors import (
    ClassTooSmallError,
    FolderOccupiedError,
    ImageSizeError,
    OneClassError,
    RecipeError,
    UnknownBackboneError,
    WeightsNotFoundError,
)
from headstart.features import list_banks
from headstart.run import Ranking, rank_backbones
from headstart.run.candidates import SHORT_LIST, find_candidates

SMALL = {"image_size": 32, "engine": "keras"}
BOTH = {"vgg19_mini": "builtin", "mobilenetv2": "none"}


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' folder of models is empty, and whoever asks it for a download fails the test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(keras.utils, "get_file", lambda *words, **options: pytest.fail("a download was asked for"))
    return tmp_path / "keras" / "models"


@pytest.fixture(scope="module")
def bank_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("banks")


@pytest.fixture(scope="module")
def ranking(photos, bank_dir) -> Ranking:
    """The first, which computes everything. Only to be read."""
    return rank_backbones(photos, backbones=[], weights=BOTH, bank_dir=bank_dir, **SMALL)


def scores_of(ranking: Ranking) -> dict[str, object]:
    return {one.name: one.scores for one in ranking.ranked}


def test_every_backbone_has_its_scores_and_the_best_stands_first(ranking):
    assert {one.name: one.weights for one in ranking.ranked} == BOTH
    assert ranking.not_ranked == ()
    assert ranking.best.scores.probe_score == max(one.scores.probe_score for one in ranking.ranked)
    for one in ranking.ranked:
        assert 0 <= one.scores.probe_low <= one.scores.probe_score <= one.scores.probe_high <= 1
        assert 0 <= one.scores.knn_score <= 1
        assert np.isfinite(one.scores.logme)
        assert one.num_parameters == find_backbone(one.name).num_parameters
        assert one.pictures_per_second > 0


def test_a_second_ranking_computes_nothing_and_says_the_same(ranking, photos, bank_dir):
    again = rank_backbones(photos, backbones=[], weights=BOTH, bank_dir=bank_dir, **SMALL)
    assert [one.num_computed for one in again.ranked] == [0, 0]
    assert [one.pictures_per_second for one in again.ranked] == [None, None]
    assert scores_of(again) == scores_of(ranking)


def test_pictures_that_training_would_test_on_are_never_computed(ranking, bank_dir):
    counts = ranking.data["num_examples"]
    used = counts["train"] + counts["validation"]
    assert counts["test"] > 0
    assert used + counts["test"] == 24
    assert {one.num_computed for one in ranking.ranked} == {used}
    assert {bank.num_rows for bank in list_banks(bank_dir)} == {used}


def test_other_test_pictures_change_nothing(tmp_path, make_photos, write_table, bank_dir):
    make_photos(tmp_path / "pictures", {"red": 9, "green": 9})
    make_photos(tmp_path / "others", {"red": 9, "green": 9}, seed=1)
    found = []
    for test_folder in ("pictures", "others"):
        rows = [
            {"path": f"{folder}/{name}/{number}.png", "label": name, "split": part}
            for name in ("red", "green")
            for part, folder, numbers in (
                ("train", "pictures", range(4)),
                ("validation", "pictures", range(4, 7)),
                ("test", test_folder, range(7, 9)),
            )
            for number in numbers
        ]
        table = write_table(tmp_path / f"{test_folder}.csv", rows)
        found.append(rank_backbones(table, backbones="vgg19_mini", bank_dir=bank_dir, **SMALL))
    assert found[0].data["num_examples"] == {"train": 8, "validation": 6, "test": 4}
    assert scores_of(found[0]) == scores_of(found[1])


def test_weights_that_are_not_here_are_named_and_not_downloaded(photos, bank_dir, offline):
    ranking = rank_backbones(photos, backbones=["resnet50", "VGG19-mini"], bank_dir=bank_dir, **SMALL)
    assert [one.name for one in ranking.ranked] == ["vgg19_mini"]
    (missing,) = ranking.not_ranked
    assert missing.name == "resnet50"
    weights = find_backbone("resnet50").weights
    for part in ("weights not here", str(offline / weights.file_name), weights.url, "--weights resnet50=FILE"):
        assert part in missing.reason


def test_weights_in_the_folder_of_keras_are_taken_from_there(photos, bank_dir, offline):
    spec = find_backbone("mobilenetv3small")
    offline.mkdir(parents=True)
    with h5py.File(imagenet_path(spec), "w") as file:
        network = keras.applications.MobileNetV3Small(include_top=False, weights=None, input_shape=(32, 32, 3))
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    assert spec.name in {candidate.spec.name for candidate in find_candidates(None, {}, download=False)}
    ranking = rank_backbones(photos, backbones=spec.name, bank_dir=bank_dir, **SMALL)
    assert [(one.name, one.weights) for one in ranking.ranked] == [(spec.name, "imagenet")]


def test_candidates_are_those_asked_for_each_once():
    names = [candidate.spec.name for candidate in find_candidates(None, {}, download=False)]
    assert names == sorted(SHORT_LIST)
    assert len(find_candidates("all", {"mobilenet": "none"}, download=False)) == len(BACKBONES)
    (vgg, mini) = find_candidates("VGG19,vgg19_mini", {"vgg19": "none"}, download=False)
    assert (vgg.source, mini.source) == ("none", "builtin")
    (candidate,) = find_candidates("resnet50", {}, download=True)
    assert candidate.source == "imagenet"


def test_a_backbone_that_fails_does_not_lose_the_others(photos, bank_dir, tmp_path):
    damaged = tmp_path / "damaged.weights.h5"
    damaged.write_bytes(b"no weights")
    weights = {"vgg19_mini": "builtin", "xception": "none", "mobilenetv2": damaged}
    ranking = rank_backbones(photos, backbones=[], weights=weights, bank_dir=bank_dir, **SMALL)
    assert [one.name for one in ranking.ranked] == ["vgg19_mini"]
    reasons = {one.name: one.reason for one in ranking.not_ranked}
    assert "too small for Xception" in reasons["xception"]
    assert "damaged" in reasons["mobilenetv2"]


def test_if_none_can_be_ranked_the_reason_is_raised(photos, bank_dir):
    with pytest.raises(ImageSizeError):
        rank_backbones(photos, backbones=[], weights={"xception": "none"}, bank_dir=bank_dir, **SMALL)
    with pytest.raises(WeightsNotFoundError, match="no network to rank"):
        rank_backbones(photos, backbones=["resnet50", "vgg16"], bank_dir=bank_dir, **SMALL)


def test_copies_never_stand_on_two_sides(tmp_path, bank_dir):
    """Noise in pairs of equal pictures: who may look at the copy is always right, who may not guesses."""
    noise = np.random.default_rng(0)
    for number in range(36):
        pixels = noise.integers(0, 256, (8, 8, 3), "uint8")
        for copy in range(2):
            path = tmp_path / "noise" / str(number % 3) / f"{number}-{copy}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).resize((40, 40)).save(path)
    (one,) = rank_backbones(tmp_path / "noise", backbones="vgg19_mini", bank_dir=bank_dir, **SMALL).ranked
    assert one.scores.knn_score < 0.7
    assert one.scores.probe_score < 0.7


def test_what_is_written_can_be_read_again(ranking, tmp_path):
    ranking.write(tmp_path)
    facts = json.loads((tmp_path / "rank.json").read_text())
    assert facts == json.loads(json.dumps(ranking.facts()))
    assert facts["format_version"] == 1
    with (tmp_path / "rank.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [one.name for one in ranking.ranked]
    assert Image.open(tmp_path / "rank.png").size[0] > 600


def test_nothing_is_written_into_the_data_folder(own_photos, bank_dir):
    with pytest.raises(FolderOccupiedError):
        rank_backbones(own_photos, backbones="vgg19_mini", out=own_photos / "rank", bank_dir=bank_dir)
    assert not (own_photos / "rank").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"backbones": "mobilnetv2"}, UnknownBackboneError),
        ({"weights": {"mobilnetv2": "none"}}, UnknownBackboneError),
        ({"weights": {"mobilenetv2": "nowhere.weights.h5"}}, WeightsNotFoundError),
        ({"weights": {"mobilenetv2": "builtin"}}, WeightsNotFoundError),
        ({"weights": {"vgg19_mini": "imagenet"}}, WeightsNotFoundError),
        ({"epochs": 3}, RecipeError),
        ({"engine": "steam"}, RecipeError),
    ],
)
def test_what_was_typed_wrongly_is_told_before_any_work(photos, tmp_path, arguments, error):
    with pytest.raises(error):
        rank_backbones(photos, bank_dir=tmp_path / "banks", **arguments)
    assert not (tmp_path / "banks").exists()


def test_one_class_or_too_few_pictures_cannot_be_ranked_on(tmp_path, make_photos):
    make_photos(tmp_path / "one", {"red": 9})
    with pytest.raises(OneClassError):
        rank_backbones(tmp_path / "one", backbones="vgg19_mini", bank_dir=tmp_path)
    make_photos(tmp_path / "few", {"red": 3, "green": 3})
    with pytest.raises(ClassTooSmallError, match="too few images for a ranking"):
        rank_backbones(tmp_path / "few", backbones="vgg19_mini", bank_dir=tmp_path)


def test_it_is_a_verb_of_the_package():
    assert headstart.rank is rank_backbones


@pytest.mark.shared
@pytest.mark.slow
def test_real_weights_are_ranked_above_random_ones_on_real_flowers(shared_dir, tmp_path):
    for folder in sorted((shared_dir / "data" / "flowers5").iterdir()):
        (tmp_path / "flowers" / folder.name).mkdir(parents=True)
        for path in sorted(folder.glob("*.jpg"))[:24]:
            (tmp_path / "flowers" / folder.name / path.name).symlink_to(path)
    weights = {
        "mobilenetv2": shared_dir / "weights" / "mobilenet_v2_notop.weights.h5",
        "mobilenet": shared_dir / "weights" / "mobilenet_v1_notop.weights.h5",
        "mobilenetv3small": "none",
    }
    ranking = rank_backbones(
        tmp_path / "flowers", backbones=[], weights=weights, image_size=128, bank_dir=tmp_path / "banks"
    )
    *real, random = ranking.ranked
    assert random.name == "mobilenetv3small"
    assert min(one.scores.probe_low for one in real) > random.scores.probe_high
    assert min(one.scores.knn_score for one in real) > random.scores.knn_score
    assert min(one.scores.logme for one in real) > random.scores.logme
