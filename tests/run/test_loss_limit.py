"""By the default recipe, fine-tuning never takes the validation loss far above that of the linear probe."""

import shutil

import numpy as np
import pytest
from family_backbones import FAMILIES, family_backbone
from PIL import Image

import headstart
from headstart.data import ImageSource
from headstart.recipe import Recipe
from headstart.run.phases import phases_of
from headstart.run.rates import highest_rate
from headstart.task_settings import settings_of
from headstart.tasks import build_classifier, solve_probe, start_from_probe
from headstart.training import CheckpointDir, TrainingExamples, fit_phase

LIMIT = 1.05
CLASSES = ("dark", "middle", "bright")
EPOCHS = 2


def drawn(folder, *, size, num_each, seed):
    """Noisy images in three shades, and their one-hot targets."""
    noise, paths = np.random.default_rng(seed), []
    for index in range(num_each * len(CLASSES)):
        shade = 90 + 40 * (index % len(CLASSES))
        pixels = noise.normal(shade, 60, (*size, 3)).clip(0, 255).astype("uint8")
        paths.append(folder / f"{seed}-{index}.png")
        Image.fromarray(pixels).save(paths[-1])
    return ImageSource(paths, image_size=size), np.eye(3, dtype="float32")[np.arange(len(paths)) % len(CLASSES)]


@pytest.mark.parametrize("family", FAMILIES)
def test_no_family_loses_what_it_transfers(family, tmp_path):
    backbone = family_backbone(family)
    source, targets = drawn(tmp_path, size=backbone.image_size, num_each=4, seed=0)
    validation_source, validation_targets = drawn(tmp_path, size=backbone.image_size, num_each=4, seed=1)
    examples = TrainingExamples(
        source, targets, validation_source, validation_targets, weights=None, batch_size=8, seed=0, augmentation=None
    )
    rate = min(settings_of("image-classification").fine_tuning_rate, highest_rate(backbone, "part"))
    values = {"epochs": EPOCHS, "unfreeze_from": "part", "learning_rate": rate, "precision": "float32"}
    recipe = Recipe.from_values(
        {"data": {"path": "drawn"}, "fine_tuning_phase": values, "deep_phase": {"learning_rate": rate}}
    )
    phase = phases_of(recipe)[1]
    task, checkpoints = build_classifier(backbone, CLASSES), CheckpointDir(tmp_path / "checkpoints")
    start = start_from_probe(
        task, solve_probe(task, examples, label_smoothing=phase.label_smoothing), checkpoints=checkpoints
    )
    result = fit_phase(task, phase, examples, phase_index=2, checkpoints=checkpoints, start=start)
    probe, *epochs = [row["val_loss"] for row in result.history.rows]
    assert len(epochs) == EPOCHS
    assert max(epochs) <= LIMIT * probe


@pytest.mark.shared
@pytest.mark.parametrize(
    ("backbone", "weights"),
    [
        ("vgg16", "vgg16_notop.weights.h5"),
        ("mobilenetv2", "mobilenet_v2_notop.weights.h5"),
        ("mobilenet", "mobilenet_v1_notop.weights.h5"),
        ("vgg19_mini", None),
    ],
)
def test_real_weights_keep_what_they_transfer_at_the_default_rate(backbone, weights, shared_dir, tmp_path):
    for folder in sorted((shared_dir / "data" / "flowers5").iterdir()):
        for file in sorted(folder.iterdir())[:20]:
            target = tmp_path / "flowers" / folder.name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    run = headstart.train(
        tmp_path / "flowers",
        backbone=backbone,
        weights=None if weights is None else str(shared_dir / "weights" / weights),
        image_size=96,
        epochs=5,
        views=2,
        out=tmp_path / "run",
    )
    losses = run.history.frame.set_index("phase")["val_loss"]
    assert len(losses["fine-tuning"]) == 5
    assert losses["fine-tuning"].max() <= LIMIT * losses["linear probe"]
    assert run.fact("phases")[1]["num_restarts"] == 0
