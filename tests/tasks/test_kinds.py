"""Every task of the table keeps the promises that training, runs and exports rely on."""

import json
from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from headstart.backbones import Backbone, build_backbone, model_above
from headstart.data import Dataset, ImageSource, audit_dataset, read_dataset, split_dataset
from headstart.errors import ClassNamesError
from headstart.heads import HeadSettings, Task, build_task, read_task, tap_layers
from headstart.task_spec import TASK_KINDS
from headstart.training import set_trainable, without_optimizer

SIZE = (64, 48)


@dataclass(frozen=True, eq=False)
class Built:
    """A task on drawn pictures: `(4, *SIZE, 3)` float32 and their targets, as the loss gets them."""

    task: Task
    dataset: Dataset
    pictures: np.ndarray
    targets: np.ndarray


def network() -> Backbone:
    return build_backbone("vgg19_mini", image_size=SIZE, weights="builtin")


def outputs_of(model: keras.Model, inputs) -> np.ndarray:
    """Without a graph, whose building would take longer than its run."""
    return keras.ops.convert_to_numpy(model(inputs, training=False))


def targets_of(task: Task, dataset: Dataset) -> np.ndarray:
    """Targets of plain pictures, whether they move with their pictures or not."""
    targets = task.encode(dataset)
    if isinstance(targets, np.ndarray):
        return targets
    return targets.load_batch(np.arange(len(targets)), np.tile(np.eye(3), (len(targets), 1, 1)))


@pytest.fixture(scope="module", params=TASK_KINDS)
def built(request, tmp_path_factory, draw_data) -> Built:
    data = draw_data(tmp_path_factory.mktemp("drawn"), request.param, count=12)
    dataset = split_dataset(audit_dataset(read_dataset(data, task=request.param)).dataset)
    task = build_task(network(), dataset, HeadSettings(dropout=0.0))
    few = replace(dataset, frame=dataset.frame.head(4))
    pictures = ImageSource(few.paths(), image_size=SIZE).load_all().astype("float32")
    return Built(task, few, pictures, targets_of(task, few))


def test_data_says_which_task_it_is(built):
    assert built.dataset.task == built.task.kind
    assert set(built.task.class_names) == set(built.dataset.class_names)
    assert built.task.image_size == SIZE


def test_the_model_is_flat_of_stock_layers_and_ends_in_one_float32_tensor(built):
    for layer in built.task.model.layers:
        assert type(layer).__module__.startswith("keras.")
        assert not isinstance(layer, keras.Model | keras.layers.Lambda)
    assert len(built.task.model.outputs) == 1
    assert built.task.model.output.dtype == "float32"
    assert built.task.model.layers[-1].name == "logits"


def test_new_layers_are_named_as_such(built):
    *lower, last = built.task.head_layers
    assert last == "logits"
    assert all(name.startswith("head_") for name in lower)


def test_every_layer_with_weights_belongs_to_one_stage_or_to_the_head(built):
    owners = [set(built.task.head_layers), *map(set, built.task.stages.values())]
    for layer in built.task.model.layers:
        assert sum(layer.name in owner for owner in owners) == 1 or not layer.weights


def test_taps_are_known_before_the_task_is_built(built):
    backbone = network()
    assert tap_layers(built.task.kind, backbone) == built.task.tap_layers
    places = [[layer.name for layer in backbone.model.layers].index(name) for name in built.task.tap_layers]
    assert places == sorted(places)


def test_what_stands_above_the_taps_answers_like_the_whole(built):
    task = built.task
    cuts = task.tap_layers or (network().model.layers[-1].name,)
    outputs = [task.model.get_layer(name).output for name in cuts]
    lower = keras.Model(task.model.input, outputs if len(cuts) > 1 else outputs[0])
    upper = model_above(task.model, cuts)
    assert {layer.name for layer in upper.layers if layer.weights} <= set(task.head_layers) | {
        name for names in task.stages.values() for name in names
    }
    np.testing.assert_allclose(
        outputs_of(upper, lower(built.pictures)),
        outputs_of(task.model, built.pictures),
        atol=1e-4,
        rtol=1e-4,
    )


def test_a_frozen_phase_has_gradients_for_the_head_alone(built):
    task = built.task
    set_trainable(task, unfreeze_from=None)
    of_head = [weight for name in task.head_layers for weight in task.model.get_layer(name).trainable_weights]
    assert {weight.path for weight in task.model.trainable_weights} == {weight.path for weight in of_head}
    with tf.GradientTape() as tape:
        loss = task.loss()(built.targets, task.model(built.pictures, training=True))
    gradients = [gradient.numpy() for gradient in tape.gradient(loss, [weight.value for weight in of_head])]
    assert 0 < float(loss) < np.inf
    assert all(np.isfinite(gradient).all() and np.abs(gradient).max() > 0 for gradient in gradients)


def test_unfreezing_a_stage_lets_that_and_all_above_it_learn(built):
    names = list(built.task.stages)
    count = set_trainable(built.task, unfreeze_from=names[-2])
    learning = {layer.name for layer in built.task.model.layers if layer.trainable_weights}
    assert learning & set(built.task.stages[names[-2]])
    assert not learning & set(built.task.stages[names[-3]])
    assert count.num_trainable + count.num_frozen == built.task.model.count_params()


def test_a_picture_has_the_same_loss_alone_or_among_others_that_are_equal(built):
    outputs = outputs_of(built.task.model, built.pictures[:1])
    alone, among = (
        float(built.task.loss()(np.repeat(built.targets[:1], n, axis=0), np.repeat(outputs, n, axis=0))) for n in (1, 3)
    )
    assert among == pytest.approx(alone, rel=1e-5)


def test_metrics_take_what_the_loss_takes(built):
    for metric in built.task.metrics():
        metric.update_state(built.targets, outputs_of(built.task.model, built.pictures))
        assert np.isfinite(float(metric.result()))


def test_facts_and_file_give_the_same_task(built, tmp_path):
    without_optimizer(built.task.model).save(tmp_path / "model.keras")
    facts = json.loads(json.dumps(built.task.facts()))
    again = read_task(tmp_path / "model.keras", facts)
    assert type(again) is type(built.task)
    assert again.facts() == facts
    assert facts["task"] == built.task.kind
    assert again.head_layers == built.task.head_layers
    assert again.tap_layers == built.task.tap_layers
    np.testing.assert_array_equal(targets_of(again, built.dataset), built.targets)
    np.testing.assert_allclose(
        outputs_of(again.model, built.pictures), outputs_of(built.task.model, built.pictures), atol=1e-5
    )


def test_the_same_seed_gives_the_same_head(built):
    """And another one another."""
    heads = {}
    for seed in (0, 0, 1):
        task = build_task(network(), built.dataset, HeadSettings(seed=seed))
        weights = [weight for name in task.head_layers for weight in task.model.get_layer(name).get_weights()]
        heads.setdefault(seed, []).append(weights)
    (first, second), (other,) = heads.values()
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(first, second, strict=True))
    assert not all(np.array_equal(ours, theirs) for ours, theirs in zip(first, other, strict=True))


def test_a_class_that_the_model_does_not_know_is_named(built):
    wanted = {"red": "crimson", "label": "weight", "anomaly": "weight"}
    names = tuple(wanted.get(name, name) for name in built.dataset.class_names)
    targets = built.dataset.frame["target"].str.replace("red", "crimson", regex=False)
    strange = replace(built.dataset, class_names=names, frame=built.dataset.frame.assign(target=targets))
    with pytest.raises(ClassNamesError) as caught:
        built.task.encode(strange)
    assert ("crimson" if "crimson" in names else "weight") in str(caught.value)
