"""Distil the weights that ship with `vgg19_mini`.

A teacher (MobileNetV2, ImageNet) looks at random crops of a folder of pictures; the student (VGG19Mini) learns
to say the same about them. No label is read. One fifth of the pictures is never looked at: see `held_out`.

    PYTHONPATH=src python tools/pretrain_vgg19_mini.py --output vgg19_mini_notop.weights.h5
"""

import argparse
import hashlib
import os
import tempfile
import time
from pathlib import Path

import imagehash
import keras
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from headstart.backbones.vgg19_mini import BLOCKS, WEIGHTS_PATH, VGG19Mini

SHARED = Path(os.environ.get("HEADSTART_SHARED", "../shared"))
TEACHER_SIDE = 128  # pixels; the teacher's last map is then 4 x 4, like the student's block 5 at 64 pixels
NEAR_COPY_BITS = 6  # of a 64-bit perceptual hash
CHUNK = 1024  # views made and shown to the teacher at a time


def held_out(path):
    """Whether the picture belongs to the fifth that only tests may see; decided by its bytes alone."""
    return int(hashlib.sha256(path.read_bytes()).hexdigest()[:8], 16) % 5 == 0


def training_pictures(folder):
    """Paths under `folder` that are neither held out, nor near copies of a held-out picture, nor masks."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in {".jpg", ".jpeg", ".png"}]
    paths = [path for path in paths if not path.parent.name.startswith("masks")]
    hashes = np.array([imagehash.phash(Image.open(path)).hash.ravel() for path in paths])
    hidden = np.array([held_out(path) for path in paths])
    distances = [np.count_nonzero(hashes[hidden] != each, axis=1).min(initial=64) for each in hashes]
    return [path for path, bits in zip(paths, distances, strict=True) if bits > NEAR_COPY_BITS]


def decode(path, longest=384):
    """RGB picture whose sides are at most `longest` pixels."""
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((longest, longest), Image.Resampling.BICUBIC)
    return picture


def random_crop(picture, rng):
    """A turned, stretched, perhaps mirrored part (30 to 100 %) of the picture, `TEACHER_SIDE` pixels square."""
    width, height = picture.size
    area, stretch, angle = rng.uniform(0.3, 1.0), np.exp(rng.uniform(-0.25, 0.25)), np.radians(rng.normal(0, 10))
    crop = np.minimum(1, np.sqrt(area) * np.array([stretch, 1 / stretch])) * (width, height)
    centre = crop / 2 + rng.uniform(0, 1, 2) * ((width, height) - crop)
    mirror = rng.choice([-1, 1])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn * crop / TEACHER_SIDE * [mirror, 1]
    offset = centre - matrix.sum(axis=1) * TEACHER_SIDE / 2
    affine = (*matrix[0], offset[0], *matrix[1], offset[1])
    fill = tuple(np.array(picture.resize((1, 1)))[0, 0].tolist())
    square = (TEACHER_SIDE, TEACHER_SIDE)
    return picture.transform(square, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC, fillcolor=fill)


def random_glyph(rng):
    """A character in two random colours: strokes, as in scanned digits and signs, which photographs lack."""
    back, ink = rng.integers(0, 256, (2, 3))
    picture = Image.new("RGB", (TEACHER_SIDE, TEACHER_SIDE), tuple(back.tolist()))
    character = rng.choice(list("0123456789ABCDEFGHJKLMNPQRTUVWXYZabdefghkmnqrt&?#@"))
    font = ImageFont.load_default(int(rng.integers(70, 150)))
    centre = tuple((TEACHER_SIDE / 2 + rng.normal(0, 8, 2)).tolist())
    stroke = int(rng.integers(0, 5))
    ImageDraw.Draw(picture).text(
        centre, character, tuple(ink.tolist()), font, anchor="mm", stroke_width=stroke, stroke_fill=tuple(ink.tolist())
    )
    return picture


def random_look(picture, rng, *, coarse_share):
    """Jitter light and colour; at times drop the colour, invert, or (`coarse_share`) leave 8 to 32 pixels a side."""
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = enhance(picture).enhance(rng.uniform(0.6, 1.4))
    if rng.random() < 0.15:
        picture = ImageOps.grayscale(picture).convert("RGB")
    if rng.random() < 0.05:
        picture = ImageOps.invert(picture)
    if rng.random() < coarse_share:
        coarse = int(rng.integers(8, 33))
        smooth = rng.choice([Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
        picture = picture.resize((coarse, coarse), Image.Resampling.BOX).resize(picture.size, smooth)
    return picture


def random_view(pictures, index, seed):
    """View number `index`: one time in 8 a glyph, one in four a blend of two crops, else a crop."""
    rng = np.random.default_rng((seed, index))
    if rng.random() < 1 / 8:
        return np.array(random_look(random_crop(random_glyph(rng), rng), rng, coarse_share=0.5))
    view = random_crop(pictures[index % len(pictures)], rng)
    if rng.random() < 1 / 4:
        view = Image.blend(view, random_crop(pictures[rng.integers(len(pictures))], rng), rng.uniform(0.2, 0.8))
    return np.array(random_look(view, rng, coarse_share=0.15))


def teach(pictures, work, options):
    """Views and what the teacher says about them, as arrays on disk in the folder `work`.

    Returns:
        uint8 `(count, 128, 128, 3)` RGB, and float16 `(count, 4, 4, 1280)` teacher activations.
    """
    pixels = keras.Input((TEACHER_SIDE, TEACHER_SIDE, 3))
    teacher = keras.applications.MobileNetV2(include_top=False, weights=None, input_tensor=pixels)
    teacher.load_weights(options.teacher)
    count = options.views
    views = np.lib.format.open_memmap(work / "views.npy", "w+", "uint8", (count, TEACHER_SIDE, TEACHER_SIDE, 3))
    targets = np.lib.format.open_memmap(work / "targets.npy", "w+", "float16", (count, *teacher.output_shape[1:]))
    started = time.monotonic()
    for start in range(0, count, CHUNK):
        stop = min(start + CHUNK, count)
        views[start:stop] = [random_view(pictures, index, options.seed) for index in range(start, stop)]
        targets[start:stop] = teacher.predict(views[start:stop] / np.float32(127.5) - 1, batch_size=64, verbose=0)
        report("views", stop, count, started)
    return views, targets


def report(what, done, total, started):
    """Print how far it is and how long it will still take."""
    left = (time.monotonic() - started) * (total - done) / done
    print(f"{what} {done}/{total}, {left / 60:.1f} min left", flush=True)


class Lessons(keras.utils.PyDataset):
    """Shuffled batches of views, half of them mirrored, with the teacher's standardised activations."""

    def __init__(self, views, targets, *, sides, batch_size, seed):
        super().__init__(workers=2)
        self.views, self.targets, self.sides, self.batch_size = views, targets, sides, batch_size
        self.rng = np.random.default_rng(seed)
        sample = targets[:4096].astype("float32")
        self.mean, self.map_scale = sample.mean(axis=(0, 1, 2)), sample.std(axis=(0, 1, 2)) + 1e-3
        self.scale = sample.mean(axis=(1, 2)).std(axis=0) + 1e-3
        self.on_epoch_end()

    def __len__(self):
        return len(self.views) // self.batch_size

    def on_epoch_end(self):
        """Shuffle single views; Keras itself would only shuffle whole batches."""
        self.order = self.rng.permutation(len(self.views))

    def __getitem__(self, index):
        rows = np.sort(self.order[index * self.batch_size :][: self.batch_size])
        mirror = slice(None, None, -1 if self.order[index] % 2 else 1)
        side = self.sides[index % len(self.sides)]
        pixels = keras.ops.image.resize(self.views[rows][:, :, mirror].astype("float32"), (side, side))
        maps = self.targets[rows][:, :, mirror].astype("float32") - self.mean
        return pixels, {"map": maps / self.map_scale, "pooled": maps.mean(axis=(1, 2)) / self.scale}


def build_student():
    """VGG19Mini with a BatchNormalization after every convolution, and linear maps onto the teacher's activations."""
    pixels = keras.Input((None, None, 3))
    features = keras.applications.vgg19.preprocess_input(pixels)
    for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
        for convolution in range(1, convolutions + 1):
            name = f"block{block}_conv{convolution}"
            features = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(features)
            features = keras.layers.BatchNormalization(momentum=0.95, name=f"{name}_norm")(features)
            features = keras.layers.ReLU()(features)
        maps = features
        features = keras.layers.MaxPooling2D(2)(features)
    channels = 1280
    maps = keras.layers.BatchNormalization(momentum=0.95)(keras.layers.Resizing(4, 4)(maps))
    maps = keras.layers.Dense(channels, dtype="float32", name="map")(maps)
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(features)
    pooled = keras.layers.BatchNormalization(momentum=0.95, dtype="float32")(pooled)
    pooled = keras.layers.Dense(channels, dtype="float32", name="pooled")(pooled)
    return keras.Model(pixels, {"map": maps, "pooled": pooled})


def fold(student):
    """VGG19Mini that computes what the student does: each normalisation moves into its convolution."""
    network = VGG19Mini()
    for layer in network.layers:
        if layer.weights:
            norm = student.get_layer(f"{layer.name}_norm")
            gamma, beta, mean, variance = norm.get_weights()
            factor = gamma / np.sqrt(variance + norm.epsilon)
            layer.set_weights([student.get_layer(layer.name).get_weights()[0] * factor, beta - mean * factor])
    return network


def save_float16(network, path):
    """Write the weights in half precision; Keras widens them again when a float32 network loads them."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    narrow = VGG19Mini()
    keras.config.set_dtype_policy(policy)
    narrow.set_weights(network.get_weights())
    narrow.save_weights(path)


class Keep(keras.callbacks.Callback):
    """Keeps the weights of every epoch, so that a run cut short still leaves a file."""

    def __init__(self, path):
        super().__init__()
        self.path, self.started = path, time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        """Write the folded weights and tell how it goes."""
        save_float16(fold(self.model), self.path)
        print({name: round(value, 4) for name, value in logs.items()})
        report("epochs", epoch + 1, self.params["epochs"], self.started)


def train(views, targets, options):
    """Fit the student to the teacher: AdamW, one warm-up epoch, cosine to zero."""
    lessons = Lessons(views, targets, sides=options.sides, batch_size=options.batch_size, seed=options.seed)
    keras.config.set_dtype_policy(options.dtype)
    student = build_student()
    keras.config.set_dtype_policy("float32")
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        len(lessons) * (options.epochs - 1),
        warmup_target=options.learning_rate,
        warmup_steps=len(lessons),
    )
    weights = {"map": options.map_weight, "pooled": 1.0}
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.02)
    student.compile(optimizer, loss=dict.fromkeys(weights, "mse"), loss_weights=weights)
    student.fit(lessons, epochs=options.epochs, verbose=0, callbacks=[Keep(options.output)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, default=SHARED / "data", help="folder of data-set folders")
    parser.add_argument("--teacher", type=Path, default=SHARED / "weights" / "mobilenet_v2_notop.weights.h5")
    parser.add_argument("--output", type=Path, default=WEIGHTS_PATH)
    parser.add_argument("--views", type=int, default=32768, help="crops shown to the teacher, 90 kB of disk each")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--sides", type=int, nargs="+", default=[64], help="pixels; batches take turns")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--map-weight", type=float, default=0.5, help="of the 4 x 4 map against the pooled target")
    parser.add_argument("--dtype", default="mixed_bfloat16", help="twice as fast as float32 where the CPU has it")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    folders = sorted(folder for folder in options.pictures.iterdir() if folder.is_dir())
    paths = [path for folder in folders for path in training_pictures(folder)]
    print(f"{len(paths)} pictures of {len(folders)} folders", flush=True)
    with tempfile.TemporaryDirectory(prefix="vgg19_mini") as work:
        train(*teach([decode(path) for path in paths], Path(work), options), options)


if __name__ == "__main__":
    main()
