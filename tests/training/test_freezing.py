"""What a phase moves and what it leaves alone, to the bit."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from family_backbones import FAMILIES, family_backbone

from headstart.data import ImageSource
from headstart.errors import UnknownStageError
from headstart.tasks import build_classifier
from headstart.training import CheckpointDir, Phase, fit_phase, set_trainable

FAMILIES_WITH_BATCH_NORM = sorted(set(FAMILIES) - {"VGG", "ConvNeXt"})


def weights_of(model, kind=None, *, head=False):
    return {
        variable.path: variable.numpy()
        for layer in model.layers
        if (kind is None or isinstance(layer, kind)) and (head or layer.name != "logits")
        for variable in layer.weights
    }


def fit_one_epoch(task, examples, folder, **settings):
    phase = Phase(name="test", epochs=1, learning_rate=1e-3, warmup=0.0, **settings)
    return fit_phase(task, phase, examples, phase_index=0, checkpoints=CheckpointDir(folder))


def assert_bit_equal(before, after):
    assert before.keys() == after.keys()
    assert [path for path in before if before[path].tobytes() != after[path].tobytes()] == []


@pytest.mark.parametrize("backbone", ["vgg19_mini", "mobilenetv2"])
def test_frozen_phase_moves_no_backbone_weight_by_a_bit(small_classifier, examples, tmp_path, backbone):
    task = small_classifier(backbone)
    before, head_before = weights_of(task.model), task.model.get_layer("logits").kernel.numpy()
    fit_one_epoch(task, examples, tmp_path)
    assert_bit_equal(before, weights_of(task.model))
    assert not np.array_equal(head_before, task.model.get_layer("logits").kernel.numpy())


@pytest.mark.parametrize("family", FAMILIES_WITH_BATCH_NORM)
def test_fine_tuning_from_the_lowest_stage_moves_no_batch_norm_by_a_bit(examples, tmp_path, family):
    backbone = family_backbone(family)
    size = backbone.image_size
    fed = replace(
        examples,
        source=ImageSource(examples.source.paths[:4], image_size=size),
        targets=examples.targets[:4],
        validation_source=ImageSource(examples.validation_source.paths[:2], image_size=size),
        validation_targets=examples.validation_targets[:2],
        batch_size=2,
    )
    task = build_classifier(backbone, ("green", "red"))
    kernels = keras.layers.Conv2D
    norms_before, kernels_before = (
        weights_of(task.model, keras.layers.BatchNormalization),
        weights_of(task.model, kernels),
    )
    assert norms_before
    fit_one_epoch(task, fed, tmp_path, unfreeze_from=backbone.spec.stages[0].name)
    assert_bit_equal(norms_before, weights_of(task.model, keras.layers.BatchNormalization))
    moved = [
        path
        for path, value in weights_of(task.model, kernels).items()
        if not np.array_equal(value, kernels_before[path])
    ]
    assert moved


def test_batch_norm_moves_when_the_recipe_asks_for_it(small_classifier, examples, tmp_path):
    task = small_classifier("mobilenetv2")
    before = weights_of(task.model, keras.layers.BatchNormalization)
    fit_one_epoch(task, examples, tmp_path, unfreeze_from="top", unfreeze_batch_norm=True)
    after = weights_of(task.model, keras.layers.BatchNormalization)
    moved = {path.split("/")[0] for path in before if not np.array_equal(before[path], after[path])}
    assert moved
    assert moved <= set(task.stages["top"])


def test_moving_statistics_that_learn_keep_up_with_the_weights(small_classifier):
    """MobileNetV2's own momentum of 0.999 would leave nine tenths of the first statistics after a hundred batches."""
    task = small_classifier("mobilenetv2")
    first, last = task.model.get_layer("bn_Conv1"), task.model.get_layer("Conv_1_bn")
    assert first.momentum == last.momentum == 0.999
    set_trainable(task, unfreeze_from="top", unfreeze_batch_norm=True)
    batch = np.random.default_rng(0).normal(5, 2, (8, 4, 4, last.moving_mean.shape[0])).astype("float32")
    for _ in range(50):
        last(batch, training=True)
    np.testing.assert_allclose(last.moving_mean, batch.mean(axis=(0, 1, 2)), rtol=0.02)
    np.testing.assert_allclose(last.moving_variance, batch.var(axis=(0, 1, 2)), rtol=0.02)
    assert first.momentum == 0.999  # of a stage that stays frozen


@pytest.mark.parametrize("backbone", ["vgg19_mini", "mobilenetv2"])
def test_trainable_and_frozen_parameters_sum_to_all(small_classifier, backbone):
    task = small_classifier(backbone)
    counts = [set_trainable(task, unfreeze_from=stage) for stage in [None, *reversed(task.stages)]]
    assert {count.num_trainable + count.num_frozen for count in counts} == {task.model.count_params()}
    learning = [count.num_trainable for count in counts]
    assert learning == sorted(set(learning)), "each stage further down adds parameters that learn"


def test_only_the_head_learns_when_nothing_is_unfrozen(small_classifier):
    task = small_classifier()
    set_trainable(task, unfreeze_from="block1")
    set_trainable(task, unfreeze_from=None)
    assert {variable.path.split("/")[0] for variable in task.model.trainable_variables} == {"logits"}


def test_unknown_stage_is_refused_with_the_names_of_all(small_classifier):
    with pytest.raises(UnknownStageError, match="block1, block2, block3, block4, block5"):
        set_trainable(small_classifier(), unfreeze_from="block6")


def test_a_layer_that_no_rule_covers_is_refused(small_classifier):
    task = small_classifier()
    stages = {name: layers for name, layers in task.stages.items() if name != "block2"}
    with pytest.raises(ValueError, match="block2_conv1"):
        set_trainable(replace(task, stages=stages), unfreeze_from=None)
