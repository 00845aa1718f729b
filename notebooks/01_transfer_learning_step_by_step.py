# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Transfer learning, step by step
#
# A network that has learned to see millions of images has learned edges, strokes, textures and shapes on the way.
# Most of that is useful for other images too. **Transfer learning** keeps what is useful and learns only the rest:
#
# 1. **load** a pretrained network without its last layers (the *backbone*);
# 2. **freeze** it, so that what it knows cannot be destroyed;
# 3. **add new layers** for the new classes (the *head*) and train them alone;
# 4. **fine-tune**: unfreeze the upper part of the backbone and train it too, gently.
#
# ```
#                    backbone (pretrained)                  head (new)
#            ┌────────┬────────┬────────┬────────┬────────┐ ┌──────────┐
#    image ─▶│ block1 │ block2 │ block3 │ block4 │ block5 │▶│ 10 logits│─▶ prediction
#            └────────┴────────┴────────┴────────┴────────┘ └──────────┘
#              edges, strokes  ─▶  shapes  ─▶  parts of things
#
# 1 load       knows    knows    knows    knows    knows
# 2 freeze     frozen   frozen   frozen   frozen   frozen
# 3 add        frozen   frozen   frozen   frozen   frozen     learns
# 4 fine-tune  frozen   frozen   slowest  slower   slow       learns
# ```
#
# This notebook does each step by itself, with the same functions that `headstart train` calls. Its data and its
# network come with the package: nothing is downloaded, and it takes about two minutes on two cores.

# %%
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # spares us most of TensorFlow's remarks

# %matplotlib inline
import keras
import numpy as np
import pandas as pd

pd.options.display.max_colwidth = 120
workspace = tempfile.TemporaryDirectory(prefix="headstart-")  # goes away with the kernel
folder = Path(workspace.name)

# %% [markdown]
# ## The images
#
# `write_digits` writes scikit-learn's handwritten digits as ten folders of PNG files. Your own data would look the
# same: one folder per class. `read_dataset` makes a table of it, one row per image.

# %%
from headstart.data import audit_dataset, read_dataset, split_dataset, write_digits

dataset = read_dataset(write_digits(folder / "digits"))
dataset.frame

# %% [markdown]
# ### Audit
#
# Every file is opened once before anything is learned from it. Damaged files would be left out by name. Here the
# audit only notes digits that look almost alike.

# %%
audit = audit_dataset(dataset)
audit.summary()

# %% [markdown]
# ### Split
#
# Three parts, with the same mix of classes in each:
#
# - **train**: the model learns from it;
# - **validation**: we look at it to decide (when to stop, what to unfreeze);
# - **test**: touched once, at the very end. Whatever is decided by looking at a part makes the score on that part too
#   good.
#
# Copies stay on one side, or the test would ask for images learned by heart. Transfer learning is for few labels,
# so only 30 % are for training, about 54 images per class; the large test part makes the final number precise.

# %%
from headstart.report import class_count_bars, picture_gallery

FRACTIONS = (0.3, 0.1, 0.6)

dataset = split_dataset(audit.dataset, fractions=FRACTIONS, seed=0)
class_count_bars(dataset.class_counts())

# %% [markdown]
# An `ImageSource` reads images in the size that the network will see. Pixels stay raw RGB from 0 to 255: what a
# network wants done to them (VGG: subtract a mean, swap red and blue) happens inside the model, so it cannot be
# forgotten later.

# %%
from headstart.data import ImageSource

IMAGE_SIZE = (32, 32)


def pictures_of(part):
    return ImageSource(dataset.part(part).paths(), image_size=IMAGE_SIZE)


train_pictures, validation_pictures, test_pictures = map(pictures_of, ("train", "validation", "test"))
train_labels = dataset.part("train").frame["target"]

samples = train_labels.groupby(train_labels).head(2)
picture_gallery([train_pictures.load(i) for i in samples.index], samples.tolist(), columns=10)

# %% [markdown]
# ### Augmentation
#
# Each epoch shows each training image a little differently: turned, zoomed, moved. The label stays true, so small
# data goes further. First column: the image itself; then five views of it, as five epochs might show it.

# %%
from headstart.data import Augmentation, augment_views

augmentation = Augmentation(rotation_degrees=10, zoom=0.1, translation=0.08)

originals = np.stack([train_pictures.load(i) for i in samples.index[5:11:2]])
views = augment_views(originals, augmentation, seed=0, num_views=5)
rows = np.concatenate([originals[None], views]).swapaxes(0, 1)
titles = ["original", *(f"view {view}" for view in range(1, 6))]
picture_gallery([view for row in rows for view in row], titles * len(rows), columns=6)

# %% [markdown]
# The rule is: vary only what leaves the label true. Photos of flowers may be mirrored, and
# `Augmentation.from_name("medium")` does so. **Digits may not**: a mirrored digit is another sign (a 2 becomes nearly
# a 5), or none. For the same reason the rotation is small; upside down, a 6 is a 9.

# %%
mirrored = originals[:, :, ::-1]
picture_gallery([*originals, *mirrored], ["as written"] * 3 + ["mirrored"] * 3, columns=3)

# %% [markdown]
# ## Step 1: load a pretrained network
#
# `vgg19_mini` is VGG19 with a quarter of the filters; its weights travel with the package. Like every backbone it is
# divided into **stages**. Going up, maps get smaller (`stride` is pixels per step) and features more abstract: from
# edges to parts of objects.

# %%
from headstart.backbones import build_backbone, find_backbone

keras.utils.set_random_seed(0)
backbone = build_backbone("vgg19_mini", image_size=IMAGE_SIZE, weights="builtin")
pd.DataFrame([asdict(stage) | {"map": backbone.stage_output(stage.name).shape[1:3]} for stage in backbone.spec.stages])

# %% [markdown]
# ### VGG19 with ImageNet weights, also without a network
#
# For photographs take a network trained on ImageNet, such as VGG19 itself: `build_backbone("vgg19")`. Keras downloads
# the weights once. On a machine without a network, fetch the file elsewhere and put it into Keras' folder of models,
# or leave it anywhere and name it: `build_backbone("vgg19", weights="path/to/the/file.h5")`.

# %%
vgg19 = find_backbone("vgg19")
models_folder = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "models"  # where Keras looks before it downloads

print(f"fetch   {vgg19.weights.url} ({vgg19.megabytes:.0f} MB)")
print(f"put at  {models_folder / vgg19.weights.file_name}")
print(f"MD5     {vgg19.weights.file_hash}")
print(f"licence {vgg19.weights.licence}, {vgg19.weights.origin}")

# %% [markdown]
# ## Steps 2 and 3: freeze it, add new layers
#
# `build_classifier` puts a head on the backbone: the average of each feature over all positions, dropout, and one
# dense layer that gives a number (*logit*) per class. `set_trainable` says which parameters learn; everything would,
# if nobody asked. The last row is what stays set: `unfreeze_from=None` freezes all that lies below the head.

# %%
from headstart.tasks import build_classifier
from headstart.training import set_trainable

task = build_classifier(backbone, dataset.class_names, dropout=0.2, seed=0)
pd.DataFrame(
    {
        "everything learns": asdict(set_trainable(task, unfreeze_from="block1")),
        "blocks 3 to 5 and head (step 4)": asdict(set_trainable(task, unfreeze_from="block3")),
        "head alone (steps 2 and 3)": asdict(set_trainable(task, unfreeze_from=None)),
    }
).T.style.format("{:,}")

# %% [markdown]
# The top of the model, as it stands now:

# %%
pd.DataFrame(
    [
        {
            "layer": layer.name,
            "kind": type(layer).__name__,
            "output": layer.output.shape[1:],
            "parameters": layer.count_params(),
            "learns": layer.trainable and bool(layer.weights),
        }
        for layer in task.model.layers[-6:]
    ]
)

# %% [markdown]
# Only 1,290 of 1.25 million parameters will learn.
#
# ### What is the pretrained network worth?
#
# Before training anything: how well does plain logistic regression tell the digits apart from the backbone's frozen
# features, stage by stage, and from those of the same network with *random* weights? It gets 20 images per class,
# five times anew, and is scored on the others of the training and validation parts. The test part stays untouched.

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

known = np.concatenate([train_pictures.load_all(), validation_pictures.load_all()])
known_labels = pd.concat([train_labels, dataset.part("validation").frame["target"]]).to_numpy()


def pooled_features(network):
    pooled = [keras.ops.mean(network.stage_output(stage.name), axis=(1, 2)) for stage in network.spec.stages]
    return keras.Model(network.model.input, pooled).predict(known, batch_size=64, verbose=0)


def probe_accuracies(network):
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    draws = StratifiedShuffleSplit(n_splits=5, train_size=20 * len(dataset.class_names), random_state=0)
    return [cross_val_score(probe, x, known_labels, cv=draws).mean() for x in pooled_features(network)]


# %%
random_accuracies = []
for seed in range(3):
    keras.utils.set_random_seed(seed)
    random_backbone = build_backbone("vgg19_mini", image_size=IMAGE_SIZE, weights="none")
    random_accuracies.append(probe_accuracies(random_backbone))

probes = pd.DataFrame(
    {"pretrained": probe_accuracies(backbone), "random (mean of 3)": np.mean(random_accuracies, axis=0)},
    index=pd.Index([stage.name for stage in backbone.spec.stages], name="stage"),
)
probes["gain"] = probes["pretrained"] - probes["random (mean of 3)"]
probes.style.format("{:.1%}")

# %% [markdown]
# - The **lower stages transfer**: edges and strokes are the same everywhere. Pretrained blocks 1 and 2 are well
#   ahead.
# - **Further up the gain fades, and the last stage does harm.** It was trained on photographs and keeps what matters
#   there; for drawn signs random features serve better. On photographs it is the other way round: there the same
#   weights gain 20 to 30 points at the last stage ([model card](../src/headstart/backbones/weights/VGG19_MINI.md)).
#
# Measured, not guessed: keep blocks 1 and 2 as they are, and let those above learn again. That is what fine-tuning
# will do.
#
# ### Train the head
#
# First the head alone. Its weights are random: were the backbone free now, their large, meaningless gradients would
# wreck it. A `Phase` says what learns, for how long and how fast.

# %%
from headstart.training import CheckpointDir, Phase, TrainingExamples, fit_phase

examples = TrainingExamples(
    source=train_pictures,
    targets=task.encode(dataset.part("train")),
    validation_source=validation_pictures,
    validation_targets=task.encode(dataset.part("validation")),
    weights=None,  # all classes are equally large
    batch_size=32,
    seed=0,
    augmentation=augmentation,
)
checkpoints = CheckpointDir(folder / "checkpoints")


def backbone_weights():
    return {
        stage: [w for name in layers for w in task.model.get_layer(name).get_weights()]
        for stage, layers in task.stages.items()
    }


# %%
frozen_phase = Phase("frozen", epochs=6, learning_rate=0.02, label_smoothing=0.1)

weights_loaded = backbone_weights()
frozen = fit_phase(task, frozen_phase, examples, phase_index=1, checkpoints=checkpoints)
frozen.history.frame

# %% [markdown]
# Frozen means frozen: no weight of the backbone has moved by a single bit.

# %%
assert all(
    np.array_equal(before, after)
    for stage, weights in backbone_weights().items()
    for before, after in zip(weights_loaded[stage], weights, strict=True)
)
frozen.count

# %% [markdown]
# ## Step 4: fine-tune
#
# Now the stages from `block3` up learn too. Two things keep this gentle:
#
# - **Low rates, lower further down.** The more general a stage, the less it should change: each learns at 0.7 times
#   the rate of the stage above. Blocks 1 and 2 stay frozen.
# - **Warm-up, then a falling rate.** The optimizer takes small steps until it knows how large gradients are, and
#   small ones again at the end, to settle.

# %%
fine_tuning_phase = Phase(
    "fine-tuning", epochs=10, learning_rate=7e-4, unfreeze_from="block3", stage_rate_decay=0.7, label_smoothing=0.1
)
tuned = fit_phase(
    task,
    fine_tuning_phase,
    examples,
    phase_index=2,
    checkpoints=checkpoints,
    start=(frozen.checkpoint, frozen.history),
)
tuned.count

# %% [markdown]
# How far did each stage move? Relative change is the length of the change divided by the length of the weights
# before.


# %%
def relative_change(before, after):
    before, after = (np.concatenate([w.ravel() for w in weights]) for weights in (before, after))
    return np.linalg.norm(after - before) / np.linalg.norm(before)


learning = list(task.stages)[list(task.stages).index(fine_tuning_phase.unfreeze_from) :]
peak_rates = {
    stage: fine_tuning_phase.learning_rate * fine_tuning_phase.stage_rate_decay**depth
    for depth, stage in enumerate(reversed(learning))
}
moved = backbone_weights()
pd.DataFrame(
    {
        "peak learning rate": {stage: peak_rates.get(stage, 0.0) for stage in task.stages},
        "relative change": {stage: relative_change(weights_loaded[stage], moved[stage]) for stage in task.stages},
    }
).style.format({"peak learning rate": "{:.2g}", "relative change": "{:.1%}"})

# %% [markdown]
# ### Learning curves
#
# In the frozen phase the head makes the best of features that do not fit; once the upper stages may adapt, accuracy
# jumps. Training lies *below* validation at first because it is measured under dropout and augmentation, and while
# the weights still change. Whatever the last epoch brings, the weights with the lowest validation loss are kept.

# %%
from headstart.report import learning_curves

learning_curves(tuned.history.frame)

# %% [markdown]
# ### The batch normalisation trap
#
# VGG has no batch normalisation, but nearly every newer network has, and there fine-tuning often fails for one
# reason. A batch normalisation layer keeps a running mean and variance of what passes through. In training mode it
# normalises with those of the current batch instead and moves the running ones along. Unfreeze it on small data, and
# statistics from millions of images are replaced by those of a few small batches, which the layers above have never
# seen: accuracy collapses.
#
# In Keras, `layer.trainable = False` on a batch normalisation layer means both: gamma and beta do not learn, *and*
# the layer runs in inference mode, whatever it is told. One number per image, always 100, in a hundred batches:

# %%
for trainable in (True, False):
    layer = keras.layers.BatchNormalization(trainable=trainable)
    for _ in range(100):
        layer(np.full((32, 1), 100.0, "float32"), training=True)
    print(f"trainable={trainable!s:5}  moving mean 0 -> {float(layer.moving_mean[0]):.0f}")

# %% [markdown]
# So Headstart leaves these layers frozen inside unfrozen stages, unless a phase says `unfreeze_batch_norm=True`. The
# other advice you may read, to call the backbone with `training=False`, does not hold in Keras 3: `fit` overrides it.

# %% [markdown]
# ## The result
#
# All decisions are made; now the test part, once. Each number has its 95 % interval (how far it would move with
# another test set of this size) and stands beside the baseline, which answers always with the class frequencies of
# the training part. (The calibration error comes from label smoothing: the model learns to claim less than it keeps.)

# %%
from headstart.report import headline
from headstart.tasks import evaluate_classification

probabilities = task.predict(test_pictures)
test_targets = task.encode(dataset.part("test")).argmax(axis=1)
report = evaluate_classification(
    probabilities, test_targets, task.class_names, baseline_targets=examples.targets.argmax(axis=1)
)
print(headline(report))
columns = ["value", "low", "high", "baseline", "num_examples", "higher_is_better"]
pd.DataFrame([asdict(metric) for metric in report.metrics.values()]).set_index("name")[columns].round(3)

# %%
from headstart.report import confusion_matrix

confusion_matrix(report.confusion, report.class_names)

# %% [markdown]
# ### Mistakes, and where the model looked
#
# The mistakes that the model was surest of come first. Look at your own: this is where wrong labels show.
# **Grad-CAM** colours the places whose features raise the score of the predicted class. For large images ask
# `task.last_feature_layer`. At 32 pixels that is a map of 2 by 2, so we ask the last convolution of `block4`: 4 by 4.

# %%
from headstart.report import Mistake, grad_cam, grad_cam_gallery, overlay
from headstart.tasks import most_confident_mistakes

worst = most_confident_mistakes(probabilities, test_targets, limit=6)
pictures = np.stack([test_pictures.load(i) for i in worst["example"]])
heatmaps = grad_cam(task.model, pictures, worst["predicted"].to_numpy(), layer_name="block4_conv4")

mistakes = [
    Mistake(
        picture,
        task.class_names[row.true],
        task.class_names[row.predicted],
        row.probability,
        overlay=overlay(picture, heat),
    )
    for row, picture, heat in zip(worst.itertuples(), pictures, heatmaps, strict=True)
]
grad_cam_gallery(mistakes)

# %% [markdown]
# ## Keep it: a plain Keras file
#
# The model holds its preprocessing and only stock Keras layers. It goes into one `.keras` file that loads where
# Headstart is not installed, takes raw RGB 0-255 and gives the same predictions. Its outputs are logits; a softmax
# turns them into probabilities.

# %%
without_optimizer = keras.Model(task.model.input, task.model.output)  # the same layers; only training needs the rest
without_optimizer.save(folder / "digits.keras")

loaded = keras.saving.load_model(folder / "digits.keras")
logits = loaded.predict(test_pictures.load_all(), batch_size=32, verbose=0)
largest_difference = np.abs(keras.ops.softmax(logits, axis=1).numpy() - probabilities).max()
assert largest_difference < 0.001
print(f"{largest_difference:.7f} is the largest difference of any probability")

# %% [markdown]
# ## The same in one command
#
# Everything above is one **recipe**, a small TOML file:

# %%
recipe = f"""
[data]
path = '{folder / "digits"}'
fractions = {list(FRACTIONS)}

[backbone]
name = "vgg19_mini"
image_size = {list(IMAGE_SIZE)}

[images.augmentation]
rotation_degrees = {augmentation.rotation_degrees}
zoom = {augmentation.zoom}
translation = {augmentation.translation}

[bank]
num_views = 0

[head]
start = "random"

[frozen_phase]
epochs = {frozen_phase.epochs}
learning_rate = {frozen_phase.learning_rate}

[fine_tuning_phase]
epochs = {fine_tuning_phase.epochs}
learning_rate = {fine_tuning_phase.learning_rate}
ema = {fine_tuning_phase.ema}
unfreeze_from = "{fine_tuning_phase.unfreeze_from}"
stage_rate_decay = {fine_tuning_phase.stage_rate_decay}
precision = "{fine_tuning_phase.precision}"
"""
recipe_path = folder / "digits.toml"
recipe_path.write_text(recipe)
print(recipe)

# %% [markdown]
# ```
# headstart train --recipe digits.toml
# ```
#
# It also keeps checkpoints (`headstart resume` goes on after a crash) and writes `report.html`. For images of your
# own the defaults are a fair start, without any recipe: `headstart train photos`. The same from Python, in five
# lines:

# %%
import headstart

run = headstart.train(recipe=recipe_path, out=folder / "run")
print(run.report.metrics["accuracy"])
run = headstart.load(folder / "run")  # any time later
headstart.predict(run, test_pictures.paths[:3]).iloc[:, :3]

# %% [markdown]
# It is the same training, epoch for epoch: same seed, same numbers. (Left to itself, `headstart train` multiplies in
# bfloat16 where the processor has instructions for it, which is faster; `precision` prevents that here. With a GPU it
# computes in half precision, and the two differ a little.)

# %%
quantities = ["loss", "accuracy", "val_loss", "val_accuracy"]
differences = (run.history.frame[quantities] - tuned.history.frame[quantities]).abs()
largest_difference_of_an_epoch = float(differences.max(axis=None))
print(f"{largest_difference_of_an_epoch:.7f} is the largest difference of any number in any epoch")

# %% [markdown]
# ## What is frozen needs computing only once
#
# Blocks 1 and 2 never changed, and still every epoch above computed them for every image, because the recipe says
# `num_views = 0`. Without it, `headstart train` keeps a **feature bank**. The frozen part (the *trunk*) gives the same
# activations whenever it sees the same image, so each image goes through it once in each of a few views. The result is
# kept on disk. Every epoch draws one of the views and trains only the layers above. Later runs use the same bank,
# whatever their split or head.

# %%
banked_path = folder / "banked.toml"
banked_path.write_text(recipe.replace("num_views = 0", "num_views = 8"))
banked = headstart.train(recipe=banked_path, out=folder / "banked", bank_dir=folder / "banks")
pd.DataFrame({"from the pixels": run.state["seconds"], "from a bank": banked.state["seconds"]}).round(1)

# %% [markdown]
# The other setting that the recipe changes is `start = "random"`. On frozen features the best head is the solution of a
# convex problem; by default it is solved, not trained (a **linear probe**), and a frozen phase is no longer needed.
# That suits photographs, whose features fit from the start. Digits change the features so much that a head which is
# sure of them does harm.

# %%
{
    "test_accuracy": report.metrics["accuracy"].value,
    "test_accuracy_in_one_command": run.report.metrics["accuracy"].value,
    "test_accuracy_from_a_bank": banked.report.metrics["accuracy"].value,
    "largest_difference_of_an_epoch": largest_difference_of_an_epoch,
}

# %% [markdown]
# ## Where to go next
#
# - **Your images.** One folder per class; `headstart audit photos`, then `headstart train photos`. Start with
#   ImageNet weights (`headstart backbones` lists all networks) and with the default recipe.
# - **What to change first.** More images of the classes that are confused; then `image_size`; then how far down to
#   unfreeze: photographs like ImageNet's need less of it than digits, X-rays or drawings.
#   [Every setting](../docs/recipe.md).
# - **Always.** Decide on the validation part, look at the test part once, and read the mistakes.
# - **How it is built**, and which function does what: [the drawing](../docs/architecture.md).
#   `headstart.train` is [one file](../src/headstart/run/train.py) that reads like this notebook.
