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
# # From a model to a phone and a server
#
# A model that predicts well in a notebook is half of the way. Others want a *file*: one for a phone, one for a server,
# one for somebody who has never heard of this package. And they want to know how far a prediction can be trusted, above
# all when somebody shows the model an image of something it has never learned.
#
# ```
#  run ──▶ calibrate ──▶ export ──▶ compare ──▶ model.onnx    ──▶ server, any program
#                                           ├─▶ model.tflite  ──▶ phone
#                                           └─▶ model.keras   ──▶ Python
# ```
#
# This notebook trains a small model on handwritten digits, asks how honest it is, makes files of it, checks that the
# files predict the same as the model, uses them without Headstart, shows them what is no digit, and puts one
# behind a web address. Nothing is downloaded; it takes about a minute on two cores.

# %%
import json
import logging
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # spares us most of TensorFlow's remarks
logging.getLogger("tensorflow").setLevel(logging.ERROR)

# %matplotlib inline
import numpy as np
import pandas as pd
from PIL import Image

pd.options.display.max_colwidth = 120
workspace = tempfile.TemporaryDirectory(prefix="headstart-")  # goes away with the kernel
folder = Path(workspace.name)

# %% [markdown]
# ## A model to ship
#
# The first notebook goes through training step by step. Here it is one call. Digits are far from the photographs that
# the network has seen, so it learns from `block3` up, and its head starts from random weights. Digits are never
# mirrored.

# %%
import headstart
from headstart import Recipe
from headstart.data import write_digits

recipe = Recipe.from_values(
    {
        "data": {"path": str(write_digits(folder / "digits"))},
        "backbone": {"name": "vgg19_mini", "image_size": 32},
        "images": {"augmentation": {"rotation_degrees": 10.0, "zoom": 0.1, "translation": 0.08}},
        "bank": {"num_views": 3},
        "head": {"start": "random"},
        "frozen_phase": {"epochs": 3, "learning_rate": 0.02},
        "fine_tuning_phase": {"epochs": 8, "unfreeze_from": "block3", "learning_rate": 7e-4, "stage_rate_decay": 0.7},
    }
)
run = headstart.train(recipe=recipe, out=folder / "run", bank_dir=folder / "banks")
report = run.report
print(report.metrics["accuracy"])

# %% [markdown]
# ## Does it mean what it says?
#
# A model gives each class a probability. If it says 0.9, it should be right 9 times of 10. This one is too modest: it
# learned with *label smoothing*, which forbids it to be sure. The upper image shows it as it was trained. Bars above
# the dashed line: right more often than it claims.

# %%
from headstart.report import reliability_diagram, trust_facts

reliability_diagram(report.trust.calibration_before)

# %% [markdown]
# ### One number mends that
#
# Before logits become probabilities they are divided by a **temperature**. Above 1 it makes predictions softer, below 1
# sharper; which class comes first stays as it was. At the end of a training Headstart finds the temperature that suits
# the *validation* images best. The test images, which had no part in it, say whether it helped:

# %%
reliability_diagram(report.calibration)

# %%
pd.Series(trust_facts(report), name="measured on the test part").to_frame()

# %% [markdown]
# Three more promises stand in that table, all made from validation images:
#
# - **Sets.** Beside its one prediction the model gives every class that is likely enough. How likely that must be is
#   counted out on validation images, so that the set holds the true class as often as you ask for (the *coverage*,
#   0.9 unless told). This is called conformal prediction, and it needs no belief in the model.
# - **Not sure.** If the set does not hold the prediction alone, the model can predict "not sure" instead of guessing.
# - **Out-of-distribution.** An image whose features leave the directions of the training images is unlike all of them.
#   The limit of the score is set so that 95 of 100 validation images are below it.
#
# ## Files
#
# `export` writes one file per format. Each takes raw pixels, 0 to 255, and gives calibrated probabilities and the
# out-of-distribution score: normalisation, softmax and temperature are all *inside*, so that nobody can forget or
# change them. Every file is then run by its own runtime on test images, and refused if it differs from the model.
# (Files made by other tools often do not: that is a
# [common](https://github.com/tensorflow/hub/issues/439) [complaint](https://github.com/ultralytics/ultralytics/issues/5016).)

# %%
from headstart.run import export

artifact = export(run, ["keras", "onnx", "litert", "litert-int8"], out=folder / "artifact")

parity = pd.DataFrame({name: file.parity for name, file in artifact.files.items()}).T
table = pd.DataFrame(
    {
        "MB": {name: file.num_bytes / 1e6 for name, file in artifact.files.items()},
        "same prediction": parity["agreement"],
        "largest difference of a probability": parity["max_probability_difference"],
        "accuracy": parity["accuracy"],
        "accuracy of the model": parity["model_accuracy"],
    }
)
table.style.format("{:.6f}").format("{:.2f}", subset=["MB"]).format("{:.1%}", subset=["same prediction"])

# %% [markdown]
# `litert-int8` is for small devices: most numbers in it have 8 bits instead of 32. It is about a third of the
# size, and not quite the same model, as the table shows. It may predict 2 of 100 images differently, the other files
# none.
#
# ### For whoever has never heard of Headstart
#
# Beside the files lies `artifact.json` with the names of the classes. Plain lines with **ONNX Runtime**, which servers
# use. The file takes an image of any size:

# %%
import onnxruntime

test = run.dataset.part("test")
names = json.loads((artifact.folder / "artifact.json").read_text())["class_names"]
picture = Image.open(test.paths()[0]).convert("RGB")

session = onnxruntime.InferenceSession(artifact.folder / "model.onnx")
probabilities, foreign_score = session.run(["probabilities", "foreign_score"], {"images": np.array(picture)[None]})
print(names[probabilities[0].argmax()], probabilities[0].max(), foreign_score[0])

# %% [markdown]
# And with **LiteRT** (once called TensorFlow Lite), which phones use. Here the image comes in the model's own size:

# %%
from ai_edge_litert.interpreter import Interpreter

small = picture.resize((32, 32), Image.Resampling.BICUBIC)
answer = Interpreter(str(artifact.folder / "model.tflite")).get_signature_runner()(images=np.array(small)[None])
print(names[answer["probabilities"][0].argmax()], answer["probabilities"][0].max(), answer["foreign_score"][0])

# %% [markdown]
# ## Predictions for many images
#
# `headstart predict` takes a run or any of these files and gives the same rows. It streams folders of any size, and
# `--out answers.csv` goes on after a kill. From Python it is a table:

# %%
onnx_answers = headstart.predict(artifact.folder / "model.onnx", test.paths())
run_answers = headstart.predict(run, test.paths())
probabilities = [f"p({name})" for name in names]
differences = (onnx_answers[probabilities] - run_answers[probabilities]).abs()
print(f"{differences.max(axis=None):.7f} is the largest difference of a probability")
onnx_answers[["prediction", "probability", "prediction_set", "is_sure", "is_foreign"]].head()

# %% [markdown]
# ### How sure is sure enough?
#
# A larger coverage makes larger sets, hence fewer predictions that are sure. It is for you to choose: how often may the
# truth be missing from the set? Of the test images, for some coverages:

# %%
targets = test.frame["target"].reset_index(drop=True)
rows = {}
for coverage in (0.8, 0.9, 0.95, 0.98, 0.99):
    answers = headstart.predict(artifact.folder, test.paths(), coverage=coverage)
    sets = answers["prediction_set"].str.split(";")
    right = answers["prediction"] == targets
    rows[coverage] = {
        "set holds the truth": np.mean([target in chosen for target, chosen in zip(targets, sets, strict=True)]),
        "classes in a set": answers["prediction_set"].map(lambda text: len(text.split(";")) if text else 0).mean(),
        "sure": answers["is_sure"].mean(),
        "sure predictions that are right": right[answers["is_sure"]].mean(),
    }
pd.DataFrame(rows).T.rename_axis("coverage").style.format("{:.3f}")

# %% [markdown]
# This model is right more often than 9 of 10 times, so that a coverage of 0.9 leaves some sets *empty*: no class is
# likely enough. From here on we ask for 0.98.
#
# ## What is no digit
#
# Two kinds of images that the model was not made for: two digits laid over each other, and pieces of photographs. It
# must predict a digit, since it knows nothing else. It must not be *sure*.

# %%
from sklearn.datasets import load_sample_images

from headstart.report import picture_gallery

strange = folder / "strange"
strange.mkdir()

draw = np.random.default_rng(2)
for number in range(8):
    first, second = draw.choice(targets.unique(), 2, replace=False)
    pair = [Image.open(test.paths()[draw.choice(np.flatnonzero(targets == name))]) for name in (first, second)]
    Image.blend(*pair, 0.5).save(strange / f"blend-{number}-of-{first}-and-{second}.png")

for photo, pixels in enumerate(load_sample_images().images):
    for number, (top, left) in enumerate(draw.integers(0, 300, (20, 2))):
        Image.fromarray(pixels[top : top + 120, left : left + 120]).save(strange / f"photo-{photo}-{number:02}.png")

answers = headstart.predict(artifact.folder, strange, coverage=0.98, abstain=True)


def title(row):
    if row["is_foreign"]:
        return "out-of-distribution"
    return (
        f"not sure: {row['prediction_set'].replace(';', ', ') or 'no class'}"
        if not row["is_sure"]
        else row["prediction"]
    )


shown = answers.iloc[[*range(8), *range(8, 48, 5)]]
picture_gallery(
    [np.array(Image.open(path).convert("RGB").resize((120, 120))) for path in shown["path"]],
    [title(row) for row in shown.to_dict("records")],
    columns=8,
)

# %%
kinds = answers["path"].str.extract(r"(blend|photo)-")[0].rename("kind")
share_flagged = answers["is_foreign"].groupby(kinds).mean()
pd.DataFrame(
    {"out-of-distribution": share_flagged, "not sure": (answers["prediction"] == "not sure").groupby(kinds).mean()}
)

# %% [markdown]
# Some of the blends are accepted: if one of the two digits is much clearer, the image is that digit with some dirt on
# it. And what would the model have said of the photographs without the out-of-distribution score? For many of them it
# is nearly certain of a digit (left). The probability says which class fits best, not whether any does; the
# out-of-distribution score distinguishes
# them (right):

# %%
from matplotlib.figure import Figure

guesses = headstart.predict(artifact.folder, strange)
figure = Figure(figsize=(7, 3), layout="constrained")
left, right = figure.subplots(1, 2)
photos = (kinds == "photo").to_numpy()
bins = np.linspace(0, 1, 21)
left.hist(
    [onnx_answers["probability"], guesses["probability"][photos]], bins, density=True, label=["digits", "photographs"]
)
left.set(xlabel="probability of the prediction", yticks=[])
left.legend(frameon=False)
right.hist(
    [onnx_answers["foreign_score"], guesses["foreign_score"][photos]], 20, density=True, label=["digits", "photographs"]
)
right.axvline(artifact.files["onnx"].thresholds.highest_familiar_score(), color="black", linestyle="--")
right.set(xlabel="out-of-distribution score, with the limit", yticks=[])
figure

# %% [markdown]
# ## A server
#
# `headstart serve ARTIFACT` predicts over HTTP with the ONNX file, without loading TensorFlow. It listens only to this
# machine unless told otherwise, gathers images that arrive together into batches, and has a page at `/` to drop a
# image on. Here it runs in a process of its own, at any port that is free:

# %%
command = [sys.executable, "-c", "from headstart.cli.app import main; main()"]
server = subprocess.Popen(
    [*command, "serve", str(artifact.folder), "--port", "0"],
    stderr=subprocess.PIPE,
    stdout=subprocess.DEVNULL,
    text=True,
)
greeting = server.stderr.readline()
address = greeting.split()[2]
print(greeting)

# %% [markdown]
# Anything that speaks HTTP can ask. A digit, two digits in one, and a piece of a photograph:


# %%
def ask(path):
    request = urllib.request.Request(
        f"{address}/v1/predict?abstain=true&coverage=0.98", Path(path).read_bytes(), {"Content-Type": "image/png"}
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["pictures"][0]


doubtful = answers[answers["prediction"] == "not sure"]
pd.DataFrame(
    [ask(test.paths()[0]), ask(doubtful["path"].iloc[0]), ask(doubtful["path"].iloc[-1])],
    index=["a digit", "two digits", "a photograph"],
)[["prediction", "prediction_set", "is_foreign", "foreign_score"]]

# %% [markdown]
# When it is told to stop, it first finishes what it has accepted.

# %%
server.terminate()
server.communicate(timeout=30)
print("ended with", server.returncode)

# %% [markdown]
# ## The same in a shell
#
# ```
# headstart train photos --out runs/photos
# headstart evaluate runs/photos                          # how honest is it?
# headstart export runs/photos --to onnx,litert-int8      # files, compared with the model
# headstart predict runs/photos/artifact new --abstain --out answers.csv
# headstart serve runs/photos/artifact
# headstart card runs/photos                              # what to tell those who get it
# ```
#
# More: [predictions for new images](../docs/predict.md).

# %%
{
    "test_accuracy": report.metrics["accuracy"].value,
    "onnx_accuracy": artifact.files["onnx"].parity["accuracy"],
    "int8_accuracy": artifact.files["litert-int8"].parity["accuracy"],
    "share_of_photographs_flagged": float(share_flagged["photo"]),
}
