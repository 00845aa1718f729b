"""Layers that learn may compute in bfloat16; weights, head and the model that is delivered stay in float32."""

import keras
import numpy as np
import pytest

from headstart.progress import SILENT
from headstart.training import CheckpointDir, Phase, fit_phase, pooled_examples
from headstart.training.precision import computing_in

PHASE = Phase("fine-tuning", epochs=2, learning_rate=1e-3, unfreeze_from="block4", precision="bfloat16")


def policies(task):
    return {layer.name: layer.dtype_policy.name for layer in task.model.layers}


def test_convolutions_compute_in_bfloat16_inside_the_block_and_as_before_after_it(small_classifier):
    task = small_classifier()
    before, images = policies(task), np.full((1, 32, 32, 3), 200.0, "float32")
    exact = task.model(images)
    with computing_in(task, task.model, "bfloat16"):
        inside = policies(task)
        assert keras.backend.standardize_dtype(task.model.get_layer("block1_conv1")(images).dtype) == "bfloat16"
        rounded = task.model(images)
    convolutions = {layer.name for layer in task.model.layers if isinstance(layer, keras.layers.Conv2D)}
    assert {name for name, policy in inside.items() if policy == "mixed_bfloat16"} == convolutions
    assert policies(task) == before
    assert not np.array_equal(exact, rounded)
    np.testing.assert_allclose(exact, rounded, atol=0.05)
    assert np.array_equal(exact, task.model(images))


def test_policies_come_back_after_an_error(small_classifier):
    task = small_classifier()
    before = policies(task)
    with pytest.raises(KeyboardInterrupt), computing_in(task, task.model, "bfloat16"):
        raise KeyboardInterrupt
    assert policies(task) == before


def test_a_phase_in_bfloat16_learns_float32_weights(small_classifier, examples, tmp_path):
    task = small_classifier()
    before = task.model.get_weights()
    result = fit_phase(task, PHASE, examples, phase_index=1, checkpoints=CheckpointDir(tmp_path))
    assert all(variable.dtype == "float32" for variable in task.model.variables if "seed" not in variable.path)
    assert any(not np.array_equal(ours, theirs) for ours, theirs in zip(before, task.model.get_weights(), strict=True))
    # The delivered model answers in float32 what was validated in bfloat16.
    logits = task.model.predict(examples.validation_source.load_all(), verbose=0)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)(examples.validation_targets, logits)
    best = min(row["val_loss"] for row in result.history.rows)
    assert float(loss) == pytest.approx(best, rel=0.02)


def test_pooled_examples_are_what_the_head_sees_in_every_view(small_classifier, examples):
    task = small_classifier()
    pooled = pooled_examples(task, examples, precision="float32", progress=SILENT)
    expected = keras.Model(task.model.input, task.model.get_layer("head_pool").output).predict(
        examples.source.load_all(), verbose=0
    )
    everyone = np.arange(len(examples.source))
    assert pooled.cut == "head_pool"
    np.testing.assert_allclose(pooled.source.load_batch(everyone, everyone * 0), expected, rtol=2e-3, atol=2e-3)
    assert len(pooled.validation_source) == len(examples.validation_source)
