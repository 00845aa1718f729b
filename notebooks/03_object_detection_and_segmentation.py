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
# # Where is it? Boxes and masks
#
# A classifier says *what* an image shows. A **detector** also says *where*: a box around every object. A **segmenter**
# says it for every single pixel. Both stand on the same pretrained networks, and on the same four steps: load, freeze,
# add new layers, fine-tune. What differs is which layers the new ones read:
#
# ```
#              stride 8         stride 16        stride 32
#    image ─▶ fine maps,  ─▶   coarser maps, ─▶  coarsest maps, ─▶ average ─▶ a class
#             know where       know more         know what
#                │                │                 │
#                └──────── joined, finest last ─────┘  ─▶ boxes, or a class for every pixel
# ```
#
# On its way up a network trades *where* for *what*. So the new layers read several **stages** at once, and carry what
# the coarse ones know down to the fine ones.
#
# This notebook draws its own images, trains a detector step by step, checks the numbers of its report by hand, and
# then trains a segmenter on the same data. Nothing is downloaded; it takes about a minute and a half on two cores.

# %%
import json
import logging
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # spares us most of TensorFlow's remarks
logging.getLogger("tensorflow").setLevel(logging.ERROR)

# %matplotlib inline
import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

pd.options.display.max_colwidth = 120
workspace = tempfile.TemporaryDirectory(prefix="headstart-")  # goes away with the kernel
folder = Path(workspace.name)

# %% [markdown]
# ## The images
#
# Three kinds of road signs in many sizes, on grey ground: "no entry" is a disc with a bar, "first aid" a square with a
# cross, "warning" a triangle with a pale middle. They are annotated as people do it: in one JSON file in **COCO** form,
# with a box and an outline for every object.

# %%
SIDE = 128  # pixels


def regular(num_corners, radius=1.0):
    """Corners of a regular polygon, the first one at the top."""
    angles = 2 * np.pi * np.arange(num_corners) / num_corners - np.pi / 2
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def bar(width, height):
    return np.array([[-width, -height], [width, -height], [width, height], [-width, height]])


SIGNS = {  # colour, outline, and what stands on it in white, for a sign of radius 1
    "first aid": ((40, 80, 200), bar(0.75, 0.75), [bar(0.5, 0.16), bar(0.16, 0.5)]),
    "no entry": ((200, 30, 40), regular(32), [bar(0.65, 0.2)]),
    "warning": ((215, 60, 30), regular(3), [regular(3, radius=0.5)]),
}


def draw_scene(draw):
    """An image, and the name and the corners `(n, 2)` of every sign in it."""
    ground = draw.uniform(50, 200, (5, 5, 1)) + draw.uniform(-15, 15, (5, 5, 3))
    picture = Image.fromarray(ground.astype("uint8")).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    brush = ImageDraw.Draw(picture)
    objects = []
    for middle in draw.permutation([(x, y) for x in (34, 94) for y in (34, 94)])[: draw.integers(1, 5)]:
        name = str(draw.choice(list(SIGNS)))
        colour, outline, marks = SIGNS[name]
        size, turn = draw.uniform(11, 28), draw.uniform(-0.2, 0.2)
        matrix = size * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        shift = middle + draw.uniform(-6, 6, 2)
        light = draw.uniform(0.7, 1.2)
        for corners, paint in [(outline, colour), *((mark, (235, 235, 235)) for mark in marks)]:
            shade = tuple(int(value) for value in np.clip(np.multiply(paint, light), 0, 255))
            brush.polygon([tuple(corner) for corner in corners @ matrix + shift], fill=shade)
        objects.append((name, (outline @ matrix + shift).round(1)))
    noisy = np.asarray(picture) + draw.normal(0, 8, (SIDE, SIDE, 3))
    return Image.fromarray(noisy.clip(0, 255).astype("uint8")), objects


def box_around(corners):
    """x_min, y_min, x_max, y_max."""
    return [*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()]


def write_scenes(folder, *, count, seed=0):
    """A folder of images with a file in COCO form, whose boxes are left, top, width, height."""
    draw = np.random.default_rng(seed)
    folder.mkdir()
    content = {"categories": [{"id": i, "name": name} for i, name in enumerate(SIGNS, 1)]}
    content |= {"images": [], "annotations": []}
    for number in range(count):
        picture, objects = draw_scene(draw)
        picture.save(folder / f"{number:03}.png")
        content["images"].append({"id": number, "file_name": f"{number:03}.png", "width": SIDE, "height": SIDE})
        for name, corners in objects:
            left, top, right, bottom = box_around(corners)
            content["annotations"].append(
                {
                    "id": len(content["annotations"]),
                    "image_id": number,
                    "category_id": 1 + list(SIGNS).index(name),
                    "bbox": [left, top, right - left, bottom - top],
                    "segmentation": [corners.ravel().tolist()],
                }
            )
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder, content


scenes, content = write_scenes(folder / "scenes", count=130)
content["annotations"][0]

# %% [markdown]
# ### One convention for boxes
#
# COCO writes left, top, width, height; Pascal VOC the four sides, in XML; YOLO the middle and the size, as shares of
# the image. Inside there is **one** convention, whatever was read: `x_min, y_min, x_max, y_max` in pixels of the
# image, then the number of the class. The same box in three files:

# %%
from headstart.data import read_dataset

x_min, y_min, x_max, y_max = box = np.array([20.0, 40.0, 84.0, 104.0])
shares = [(x_min + x_max) / 2 / SIDE, (y_min + y_max) / 2 / SIDE, (x_max - x_min) / SIDE, (y_max - y_min) / SIDE]
coco = {
    "images": [{"id": 0, "file_name": "1.png"}],
    "categories": [{"id": 7, "name": "warning"}],
    "annotations": [{"image_id": 0, "category_id": 7, "bbox": [20, 40, 64, 64]}],
}
sides = "".join(f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
files = {
    "voc/Annotations/1.xml": f"<annotation><object><name>warning</name><bndbox>{sides}</bndbox></object></annotation>",
    "coco/annotations.json": json.dumps(coco),
    "yolo/labels/1.txt": " ".join(map(str, [0, *shares])),
    "yolo/classes.txt": "warning",
}
pictures = ("voc/JPEGImages/1.png", "coco/1.png", "yolo/images/1.png")
for path in (*files, *pictures):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
for path, text in files.items():
    (folder / path).write_text(text)
for path in pictures:
    Image.new("RGB", (SIDE, SIDE)).save(folder / path)

read = {name: read_dataset(folder / name).boxes()[0][0] for name in ("voc", "coco", "yolo")}
assert all(np.array_equal(row[:4], box) for row in read.values())
pd.DataFrame(read, index=["x_min", "y_min", "x_max", "y_max", "class"]).T

# %% [markdown]
# ### Audit
#
# Annotations are made by people, with errors. Let us make some: a box that reaches out of the image, one that ends
# before it begins, one that stands twice, one of a class that nobody listed. The audit compares every annotation with
# its image, mends what can be mended, and names all of it.

# %%
from headstart.data import audit_dataset, split_dataset

marks = content["annotations"]
marks[3]["bbox"][2] += SIDE
marks[5]["bbox"] = [
    marks[5]["bbox"][0] + marks[5]["bbox"][2],
    *marks[5]["bbox"][1:2],
    -marks[5]["bbox"][2],
    marks[5]["bbox"][3],
]
marks += [marks[8] | {"id": len(marks)}, marks[9] | {"id": len(marks) + 1, "category_id": 99}]
(scenes / "annotations.json").write_text(json.dumps(content))

audit = audit_dataset(read_dataset(scenes))
audit.findings[["kind", "severity", "path", "detail"]]

# %% [markdown]
# ### Split
#
# As for classes: copies stay on one side, and every part gets its share of each kind of object (an image counts for
# every kind that it shows). The first image has the box that reached out. It was cut at the edge, but only a person
# can see that it still is too wide: look at what an audit names.

# %%
from headstart.data import ImageSource
from headstart.report import draw_boxes, picture_gallery

FRACTIONS = (0.6, 0.15, 0.25)
SEED = 0
SIZE = (96, 96)  # what the network will see

dataset = split_dataset(audit.dataset, fractions=FRACTIONS, seed=SEED)
parts = {part: dataset.part(part) for part in ("train", "validation", "test")}
names = dataset.class_names


def with_boxes(picture, boxes, **how):
    """The image, twice as large, with boxes `(n, 5)` on it."""
    large = np.repeat(np.repeat(np.asarray(picture), 2, axis=0), 2, axis=1)
    return draw_boxes(large, 2 * boxes[:, :4], [names[int(row[4])] for row in boxes], **how)


train = parts["train"]
train_boxes = train.boxes()
shown = [with_boxes(Image.open(path), boxes) for path, boxes in zip(train.paths()[:8], train_boxes, strict=False)]
picture_gallery(shown, [""] * 8, columns=4)

# %% [markdown]
# ### Boxes move with their image
#
# A view of an image is turned, zoomed, moved and mirrored, all in one: a matrix says where each place went. The boxes
# go there too. (The box around a turned box is a bit larger than the object, so angles should be small.) What comes
# into view at the edges is grey: a mirrored object without a box would teach the network to overlook it.

# %%
from headstart.backbones import build_backbone
from headstart.data import Augmentation, view_batches, view_matrices
from headstart.features import as_numbers
from headstart.tasks import build_detector

augmentation = Augmentation(
    horizontal_flip=True, rotation_degrees=8, zoom=0.15, translation=0.1, brightness=0.1, contrast=0.2, edges="grey"
)
NUM_VIEWS = 3

keras.utils.set_random_seed(SEED)
task = build_detector(build_backbone("vgg19_mini", image_size=SIZE, weights="builtin"), names, seed=SEED)

sources = {part: ImageSource(data.paths(), image_size=SIZE) for part, data in parts.items()}
targets = {part: task.encode(data) for part, data in parts.items()}
hashes = as_numbers(list(train.frame["sha256"]))
matrices = view_matrices(hashes, augmentation=augmentation, seed=SEED, num_views=NUM_VIEWS, image_size=SIZE)

examples, views = np.repeat([0, 1, 4, 5], NUM_VIEWS), np.tile(np.arange(NUM_VIEWS), 4)
(varied,) = view_batches(
    sources["train"], [(examples, views)], picture_hashes=hashes, augmentation=augmentation, seed=SEED
)
moved = targets["train"].load_batch(examples, matrices[examples, views])
shown = [
    with_boxes(picture.astype("uint8"), boxes[boxes[:, 4] >= 0]) for picture, boxes in zip(varied, moved, strict=True)
]
picture_gallery(shown, ["as it is", "view 1", "view 2"] * 4, columns=6)

# %% [markdown]
# ## The detector
#
# `build_detector` read three layers of the network, the best one for each stride. These are its **taps**:

# %%
pd.DataFrame(
    [
        {
            "tap": name,
            "map": (output := task.model.get_layer(name).output).shape[1:3],
            "channels": output.shape[-1],
            "pixels a step": SIZE[0] // output.shape[1],
        }
        for name in task.tap_layers
    ]
)

# %% [markdown]
# On the taps stands a **feature pyramid** ([Lin et al. 2017](https://arxiv.org/abs/1612.03144)): the coarsest map is
# enlarged and added to the next finer one, and so on down. On the finest map stands a **dense head**: each of its
# cells predicts a score for every class ("the middle of a warning is here") and four distances from the
# middle of the cell to the sides of a box. There are no anchor boxes to be chosen.

# %%
print("one image in:", task.model.input_shape[1:], " out:", task.model.output_shape[1:], "= 3 scores and 4 sides")
pd.DataFrame(
    [
        {"layer": layer.name, "output": layer.output.shape[1:], "parameters": layer.count_params()}
        for layer in task.model.layers
        if layer.name in task.head_layers and layer.count_params()
    ]
)

# %% [markdown]
# ### Frozen once, computed once
#
# Everything below the taps is frozen for now, so it would give the same maps epoch after epoch. It runs **once** for
# every view of every image; what the taps give is kept in a feature bank on disk, side by side. We also keep the
# output of `block2`, where fine-tuning will begin.

# %%
from headstart.data import SideBySide
from headstart.features import FeatureBank, Pictures, Views, build_engine, fill_bank, trunk_hash

CUT = "block2_pool"
stored = (*task.tap_layers, CUT)
trunk = keras.Model(task.model.input, [task.model.get_layer(name).output for name in stored])
bank = FeatureBank(
    folder / "bank",
    facts={"trunk": trunk_hash(trunk), "image_size": SIZE},  # what decides the numbers; its hash names the bank
    shapes={name: tuple(output.shape[1:]) for name, output in zip(stored, trunk.outputs, strict=True)},
)
views = Views(augmentation, SEED, NUM_VIEWS)
pictures = {
    part: Pictures(parts[part].paths(), list(parts[part].frame["sha256"]), count)
    for part, count in (("train", NUM_VIEWS), ("validation", 1))
}
engine = build_engine("keras", trunk)
num_rows = fill_bank(bank, engine, list(pictures.values()), views, image_size=SIZE, resize_mode="stretch")
print(f"{num_rows} rows computed, {sum(file.stat().st_size for file in bank.path.rglob('*.f16')) / 1e6:.0f} MB")

# %% [markdown]
# ### Frozen phase
#
# The head learns from rows of the bank: a batch is a tuple with the maps of three taps, and `view_matrices` says how
# the boxes of each row moved. The loss has two parts: a focal loss of the scores
# ([CenterNet](https://arxiv.org/abs/1904.07850)), in which the many cells without an object do not drown the few with
# one, and how well each box overlaps the true one.

# %%


from headstart.training import CheckpointDir, Phase, TrainingExamples, fit_phase


def rows_at(*layers):
    """What a phase learns from: rows of the bank at these layers."""
    rows = {part: [bank.part(pictures[part], views, stage=name) for name in layers] for part in pictures}
    joined = {part: several[0] if len(several) == 1 else SideBySide(several) for part, several in rows.items()}
    return TrainingExamples(
        source=joined["train"],
        targets=targets["train"],
        validation_source=joined["validation"],
        validation_targets=targets["validation"],
        weights=None,
        batch_size=8,
        seed=SEED,
        augmentation=None,  # the views are varied already
        cuts=layers,
        view_matrices=matrices,
    )


checkpoints = CheckpointDir(folder / "checkpoints")
frozen_phase = Phase("frozen", epochs=6, learning_rate=4e-3, ema=0.9)
frozen = fit_phase(task, frozen_phase, rows_at(*task.tap_layers), phase_index=1, checkpoints=checkpoints)
frozen.count

# %%
from headstart.tasks import boxes_in_picture, evaluate_detection


def answers_for(part):
    """What the detector finds in each image, in pixels of the image as it is stored."""
    logits = task.model.predict(sources[part].load_all(), batch_size=16, verbose=0)
    return [boxes_in_picture(found, (SIDE, SIDE), SIZE, "stretch") for found in task.decode(logits)]


def validation_map50():
    return evaluate_detection(answers_for("validation"), parts["validation"].boxes(), names).metrics["map50"].value


map50_after = {"frozen": validation_map50()}

# %% [markdown]
# ### Fine-tuning phase
#
# Drawn signs are far from the photographs that the network has seen, so more of it than the head should change. Here
# the stages from `block3` up learn too, the lower the more slowly. They start from the bank as well: at the cut below
# `block3`.

# %%
fine_tuning_phase = Phase(
    "fine-tuning", epochs=6, learning_rate=2e-3, unfreeze_from="block3", stage_rate_decay=0.7, ema=0.9
)
tuned = fit_phase(
    task,
    fine_tuning_phase,
    rows_at(CUT),
    phase_index=2,
    checkpoints=checkpoints,
    start=(frozen.checkpoint, frozen.history),
)
map50_after["fine-tuning"] = validation_map50()
print({phase: f"{value:.2f}" for phase, value in map50_after.items()}, "mAP50 on validation images")

# %%
from headstart.report import learning_curves

learning_curves(tuned.history.frame)

# %% [markdown]
# ## From numbers to boxes, by hand
#
# What does the model say of one test image? The sigmoid of its scores is a heat map for every class:

# %%
test = parts["test"]
test_boxes = test.boxes()
chosen = int(np.argmax([len(boxes) for boxes in test_boxes]))
picture = sources["test"].load(chosen)
logits = task.model.predict(picture[None], verbose=0)[0]
scores = 1 / (1 + np.exp(-logits[..., :3]))

figure = Figure(figsize=(9, 2.6), layout="constrained")
for axes, image, title in zip(figure.subplots(1, 4), [picture, *scores.transpose(2, 0, 1)], ["", *names], strict=True):
    axes.imshow(image, vmin=0, vmax=None if title == "" else 1, cmap="magma")
    axes.set(title=title, xticks=[], yticks=[])
figure

# %% [markdown]
# **Peaks.** An object warms the cells around its middle too. Only a cell that is at least as warm as its eight
# neighbours counts. **Sides.** The distances of these cells are exponentials, in units of two cells.

# %%
from scipy.ndimage import maximum_filter

peaks = (scores >= maximum_filter(scores, size=(3, 3, 1))) & (scores > 0.05)
rows, columns, classes = np.nonzero(peaks)
certainty = scores[rows, columns, classes]
cell = SIZE[0] / scores.shape[0]
middle = np.stack([columns + 0.5, rows + 0.5], axis=1) * cell
distances = np.exp(logits[rows, columns, 3:]) * 2 * cell
boxes = np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], axis=1)
order = np.argsort(-certainty)
boxes, certainty, classes = boxes[order], certainty[order], classes[order]
pd.DataFrame(boxes.round(1), columns=["x_min", "y_min", "x_max", "y_max"]).assign(
    name=[names[number] for number in classes], score=certainty.round(3)
)

# %% [markdown]
# **Intersection over union** says how well two boxes agree: the area that both cover, divided by the area that either
# covers. 1 is the same box, 0 is none in common.
#
# **Non-maximum suppression.** Two peaks may be about one object. Going from the surest box down, a box that overlaps a
# surer one of the same class by more than half is dropped.


# %%
def overlap(box, others):
    """IoU of a box `(4,)` with others `(n, 4)`."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    both = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    return both / ((box[2] - box[0]) * (box[3] - box[1]) + areas - both)


kept = []
for place in range(len(boxes)):
    surer = [other for other in kept if classes[other] == classes[place]]
    if not surer or overlap(boxes[place], boxes[surer]).max() <= 0.5:
        kept.append(place)

(decoded,) = task.decode(logits[None])
decoded = decoded.above(0.05)
np.testing.assert_allclose(boxes[kept], decoded.boxes, atol=1e-2)
np.testing.assert_allclose(certainty[kept], decoded.scores, atol=1e-5)
print(f"{len(boxes)} peaks, {len(kept)} boxes: the same as task.decode gives")

# %% [markdown]
# ## How good is it?
#
# Now the test part. Which of many weak boxes to show is a choice to make beforehand: the score from which boxes have
# the best F1 on the *validation* part.

# %%
from dataclasses import asdict

from headstart.report import headline
from headstart.tasks import best_score_threshold

threshold = best_score_threshold(answers_for("validation"), parts["validation"].boxes())
answers = answers_for("test")
report = evaluate_detection(answers, test_boxes, names, score_threshold=threshold, seed=SEED)
print(headline(report))
columns = ["value", "low", "high", "baseline", "num_examples"]
pd.DataFrame([asdict(metric) for metric in report.metrics.values()]).set_index("name")[columns].round(3)

# %% [markdown]
# ### Average precision, by hand
#
# What is **mAP50**? Take all boxes of one class from all images, the surest first. One after the other, each takes
# the true box that it overlaps most, if the IoU is at least 0.5 and no surer one took it: then it is right. After
# each box note the **precision** (the share of boxes so far that are right) and the **recall** (the share of true
# boxes found so far). The area under that curve is the average precision of the class; mAP is the mean over classes.


# %%
def average_precision(number, pictures):
    """Of one class, over images given as (what was found, true boxes)."""
    found = [
        (score, picture, box)
        for picture, (answer, _) in enumerate(pictures)
        for score, box, label in zip(answer.scores, answer.boxes, answer.classes, strict=True)
        if label == number
    ]
    true = [boxes[boxes[:, 4] == number] for _, boxes in pictures]
    is_free = [np.ones(len(boxes), bool) for boxes in true]
    right = []
    for _, picture, box in sorted(found, key=lambda entry: -entry[0]):
        agreement = np.where(is_free[picture], overlap(box, true[picture]), 0)
        right.append(agreement.max(initial=0) >= 0.5)
        if right[-1]:
            is_free[picture][agreement.argmax()] = False
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    recall = np.cumsum(right) / sum(map(len, true))
    # As COCO does: the best precision at this recall or any higher one, read off at 101 places.
    best = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, np.linspace(0, 1, 101))
    return np.append(best, 0)[places].mean()


one_picture = [(answers[chosen], test_boxes[chosen])]
shown_classes = sorted({int(number) for number in test_boxes[chosen][:, 4]})
by_hand = np.mean([average_precision(number, one_picture) for number in shown_classes])
of_report = evaluate_detection([answers[chosen]], [test_boxes[chosen]], names).metrics["map50"].value
print(f"one image: {by_hand:.6f} by hand, {of_report:.6f} in a report")

whole = list(zip(answers, test_boxes, strict=True))
by_hand_whole = [average_precision(number, whole) for number in range(len(names))]
largest_difference_of_map = max(abs(by_hand - of_report), np.abs(by_hand_whole - report.per_class["ap50"]).max())
pd.DataFrame({"by hand": by_hand_whole, "report": report.per_class["ap50"]}).set_axis(names).T

# %% [markdown]
# ### Precision and recall
#
# The same curves for each class. To the left only the surest boxes count, nearly all of them right; further right
# weaker ones count too, more objects are found, and more is wrong.

# %%
from headstart.tasks import precision_recall_curves

precision_recall_curves(report.tables["precision_recall"])

# %% [markdown]
# ### What goes wrong
#
# One number hides *how* a detector fails, and each kind of failure has its own remedy: missed objects want more or
# larger images, wrong classes more examples of these, poor boxes a larger image size, background images without
# objects.

# %%
report.tables["errors"]

# %% [markdown]
# The worst images first. Dashed white: what is true; coloured: what was found.

# %%
from headstart.report import worst_examples
from headstart.tasks import detection_example

worst = [
    detection_example(
        np.asarray(Image.open(test.paths()[i])), test_boxes[i], answers[i], names, score_threshold=threshold
    )
    for i in worst_examples(report, limit=6)
]
picture_gallery(
    [image for example in worst for image in (example.true, example.predicted)], ["true", "found"] * 6, columns=6
)

# %% [markdown]
# ## A class for every pixel
#
# The JSON file also holds outlines. Filled, they are **masks**: a number for every pixel. Nothing needs to be drawn
# anew; the task is only named. The head is a decoder that joins stages from the coarsest to the finest and predicts
# every pixel. This time in one call:

# %%
import headstart
from headstart import Recipe

recipe = Recipe.from_values(
    {
        "task": "semantic-segmentation",
        "seed": SEED,
        "data": {"path": str(scenes), "fractions": FRACTIONS},
        "backbone": {"name": "vgg19_mini", "image_size": SIZE},
        "bank": {"num_views": 2},
        "frozen_phase": {"epochs": 8, "learning_rate": 4e-3, "ema": 0.9},
    }
)
run = headstart.train(recipe=recipe, out=folder / "run", bank_dir=folder / "banks")
print(headline(run.report))
run.report.per_class[["class", "iou", "iou_low", "iou_high", "dice", "pixels"]].round(3)

# %% [markdown]
# ### Masks, true and predicted
#
# Each class in its colour. Outlines are where a segmenter errs first: its finest map has a cell for every four pixels.

# %%
from headstart.data import read_mask
from headstart.report import draw_mask
from headstart.tasks import mask_in_picture

run_test = run.dataset.part("test")
run_names = run.task.class_names
answered = run.task.predict(ImageSource(run_test.paths(), image_size=SIZE))
answered = [mask_in_picture(mask, (SIDE, SIDE), SIZE, "stretch") for mask in answered]
true = [read_mask(run_test, index) for index in range(len(run_test))]

shown = []
for index in [*worst_examples(run.report, limit=2), 0, 1]:
    photo = np.asarray(Image.open(run_test.paths()[index]))
    shown += [photo, *(draw_mask(photo, mask, len(run_names)) for mask in (true[index], answered[index]))]
picture_gallery(shown, ["image", "true", "predicted"] * 4, columns=6)

# %% [markdown]
# ### IoU and Dice, by hand
#
# Count how many pixels of each true class were answered as each class: a **confusion matrix**, here scikit-learn's.
# On its diagonal stands what is right. For a class, **IoU** is right / (true or answered), and **Dice** is 2 x right
# / (true + answered). Most pixels are background, so the share of right pixels would flatter any model; the mean of
# IoU over classes does not.

# %%
from sklearn.metrics import confusion_matrix

pixels = confusion_matrix(np.ravel(true), np.ravel(answered), labels=range(len(run_names)))
right, are_true, are_answered = pixels.diagonal(), pixels.sum(axis=1), pixels.sum(axis=0)
iou = right / (are_true + are_answered - right)
dice = 2 * right / (are_true + are_answered)

largest_difference_of_iou = float(np.abs(iou - run.report.per_class["iou"]).max())
assert np.allclose(dice, run.report.per_class["dice"])
print(f"mean IoU {iou.mean():.6f} by hand, {run.report.metrics['mean_iou'].value:.6f} in the report")
pd.DataFrame(pixels, index=pd.Index(run_names, name="true"), columns=pd.Index(run_names, name="answered"))

# %% [markdown]
# ## The same in a shell
#
# ```
# headstart audit scenes                                          # what is wrong with the annotations?
# headstart train scenes --backbone mobilenetv2                   # boxes: a detector
# headstart train scenes --task semantic-segmentation             # outlines: a segmenter
# headstart evaluate runs/scenes-vgg19-1 --data more-scenes
# headstart predict runs/scenes-vgg19-1 new
# ```
#
# The format of your data is detected automatically: [data formats](../docs/annotations.md). Numbers
# that belong to an image (an age, a price) are learned from a table, and images that look alike are found without
# any training: [similarity](../docs/similarity.md). What happens in a run of each task stands in [one
# table](../src/headstart/run/task_steps.py).

# %%
{
    "map50": report.metrics["map50"].value,
    "gain_by_fine_tuning": map50_after["fine-tuning"] - map50_after["frozen"],
    "mean_iou": run.report.metrics["mean_iou"].value,
    "largest_difference_of_map": float(largest_difference_of_map),
    "largest_difference_of_iou": largest_difference_of_iou,
}
