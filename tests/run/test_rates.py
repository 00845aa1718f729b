"""The default rate of fine-tuning follows from the task and from the weights of the network."""

import keras
import numpy as np
import pytest

from headstart.backbones import build_backbone
from headstart.recipe import Recipe
from headstart.run.rates import highest_rate, with_rates
from headstart.task_settings import settings_of
from headstart.task_spec import TASK_KINDS

# Tasks that are trained in epochs.
WITH_PHASES = [task for task in TASK_KINDS if settings_of(task).has_phases]


@pytest.fixture
def backbone():
    keras.utils.set_random_seed(0)
    return build_backbone("vgg19_mini", image_size=(32, 32), weights="none")


def recipe_of(task="image-classification", backbone="vgg19_mini", **phases):
    values = {"data": {"path": "photos"}, "backbone": {"name": backbone, "weights": "none"}, **phases}
    return Recipe.from_values(values).resolved(task)


def set_kernels(backbone, factor):
    """Kernels of random weights, `factor` times as large as He et al. (arXiv 1502.01852) draw them."""
    generator = np.random.default_rng(0)
    for layer in backbone.model.layers:
        for variable in layer.weights:
            if variable.name == "kernel":
                size = factor * np.sqrt(2 / np.prod(variable.shape[:-1]))
                variable.assign(generator.normal(0, size, variable.shape))


@pytest.mark.parametrize("task", WITH_PHASES)
def test_a_network_that_bears_it_learns_at_the_rate_of_the_task(backbone, task):
    set_kernels(backbone, 1.0)
    recipe, notes = with_rates(recipe_of(task), backbone)
    assert recipe.fine_tuning_phase.learning_rate == settings_of(task).fine_tuning_rate
    assert recipe.deep_phase.learning_rate == 1e-4
    assert not notes


@pytest.mark.parametrize("task", WITH_PHASES)
def test_a_network_with_small_kernels_learns_more_slowly_and_the_plan_says_so(backbone, task):
    set_kernels(backbone, 0.05)
    recipe, notes = with_rates(recipe_of(task, fine_tuning_phase={"epochs": 3}), backbone)
    rate = recipe.fine_tuning_phase.learning_rate
    assert rate == pytest.approx(highest_rate(backbone, "block5"), rel=0.05)
    assert rate < settings_of(task).fine_tuning_rate / 3
    assert notes == [
        f"learning rate {rate:g} instead of {settings_of(task).fine_tuning_rate:g}, because the kernels of "
        "VGG19Mini from block5 upwards are small"
    ]


def test_the_highest_rate_is_proportional_to_the_kernels(backbone):
    set_kernels(backbone, 1.0)
    before = highest_rate(backbone, "block4")
    set_kernels(backbone, 0.5)
    assert highest_rate(backbone, "block4") == pytest.approx(before / 2)


def test_a_kernel_with_equal_steps_moves_by_the_rate_in_spectral_norm(backbone):
    set_kernels(backbone, 0.5)
    rate = highest_rate(backbone, "block5")
    relative = []
    for name in ("block5_conv1", "block5_conv2", "block5_conv3", "block5_conv4"):
        kernel = np.asarray(backbone.model.get_layer(name).kernel)
        matrix = kernel.reshape(-1, kernel.shape[-1])
        random = np.random.default_rng(0).normal(0, np.sqrt(np.mean(matrix**2)), matrix.shape)
        relative.append(np.linalg.norm(np.full_like(matrix, rate), 2) / np.linalg.norm(random, 2))
    assert np.percentile(relative, 75) == pytest.approx(0.57, rel=0.05)


def test_a_rate_that_is_asked_for_stays(backbone):
    set_kernels(backbone, 0.01)
    asked = recipe_of(fine_tuning_phase={"learning_rate": 1e-3}, deep_phase={"learning_rate": 2e-3})
    recipe, notes = with_rates(asked, backbone)
    assert (recipe, notes) == (asked, [])


@pytest.mark.shared
def test_vgg16_with_its_own_weights_fine_tunes_at_a_quarter_of_the_usual_rate(shared_dir):
    weights = str(shared_dir / "weights" / "vgg16_notop.weights.h5")
    vgg16 = build_backbone("vgg16", image_size=(64, 64), weights=weights)
    recipe, notes = with_rates(recipe_of(backbone="vgg16", fine_tuning_phase={"epochs": 3}), vgg16)
    assert recipe.fine_tuning_phase.learning_rate == pytest.approx(3e-4, rel=0.1)
    assert "VGG16 from block5 up" in notes[0]
