import subprocess
import sys
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from headstart.data.augmentation import AUGMENTATIONS, Augmentation
from headstart.data.batches import TrainingBatches, evaluation_batches, original_errors, training_batches
from headstart.data.images import ImageSource
from headstart.data.reading_threads import ReadingThreads
from headstart.errors import UnreadableImageError

NUM_PICTURES = 11
BATCH_SIZE = 4
STEPS = 3  # 4 + 4 + 3


@pytest.fixture
def paths(tmp_path) -> list[Path]:
    paths = [tmp_path / f"picture-{index}.png" for index in range(NUM_PICTURES)]
    for index, path in enumerate(paths):
        pixels = np.random.default_rng(index).integers(0, 256, (16, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return paths


@pytest.fixture
def source(paths) -> ImageSource:
    return ImageSource(paths, image_size=(16, 20))


def batches(source: ImageSource, **changes: object) -> TrainingBatches:
    settings = {"batch_size": BATCH_SIZE, "seed": 1, "phase": 0, "augmentation": AUGMENTATIONS["strong"]}
    return training_batches(source, np.arange(len(source)), **{**settings, **changes})


def epochs(batches: TrainingBatches, count: int) -> list[list[tuple[np.ndarray, ...]]]:
    stream = batches.dataset.as_numpy_iterator()
    return [[next(stream) for _ in range(batches.steps_per_epoch)] for _ in range(count)]


def order(epoch: list[tuple[np.ndarray, ...]]) -> list[int]:
    return [int(target) for batch in epoch for target in batch[1]]


def pictures_of(epoch: list[tuple[np.ndarray, ...]]) -> dict[int, bytes]:
    return {
        int(target): image.tobytes() for images, targets in epoch for image, target in zip(images, targets, strict=True)
    }


def test_every_epoch_shows_every_example_once_and_no_batch_spans_two_epochs(source):
    made = batches(source)
    assert made.steps_per_epoch == STEPS
    for epoch in epochs(made, 4):
        assert [len(targets) for _, targets in epoch] == [4, 4, 3]
        assert sorted(order(epoch)) == list(range(NUM_PICTURES))


def test_images_are_float32_rgb_0_to_255_and_belong_to_their_targets(source):
    (epoch,) = epochs(batches(source, augmentation=None), 1)
    for images, targets in epoch:
        assert images.dtype == np.float32
        for image, target in zip(images, targets, strict=True):
            assert np.array_equal(image, source.load(int(target)))


def test_order_changes_with_epoch_phase_and_seed(source):
    orders = [order(epoch) for epoch in epochs(batches(source), 3)]
    orders += [order(epochs(batches(source, **change), 1)[0]) for change in ({"phase": 1}, {"seed": 2})]
    assert len({tuple(one) for one in orders}) == 5


def test_starting_at_epoch_3_gives_epoch_3_bit_for_bit(source, paths):
    from_the_start = epochs(batches(source), 5)
    resumed = epochs(batches(ImageSource(paths, image_size=(16, 20), cache_bytes=0), first_epoch=3), 2)
    for expected, epoch in zip(from_the_start[3:], resumed, strict=True):
        for one, other in zip(expected, epoch, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_variation_of_an_example_does_not_depend_on_the_batch_size(source):
    made = [epochs(batches(source, batch_size=size), 2) for size in (1, 4, 100)]
    for epoch in (0, 1):
        assert pictures_of(made[0][epoch]) == pictures_of(made[1][epoch]) == pictures_of(made[2][epoch])


def test_the_variation_of_an_example_does_not_depend_on_the_number_of_threads(source):
    made = batches(source)
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    alone = TrainingBatches(made.dataset.with_options(options), made.steps_per_epoch)
    assert [pictures_of(epoch) for epoch in epochs(made, 2)] == [pictures_of(epoch) for epoch in epochs(alone, 2)]


def test_the_variation_of_an_example_changes_from_epoch_to_epoch_and_phase_to_phase(source):
    first, second = (pictures_of(epoch) for epoch in epochs(batches(source), 2))
    (other_phase,) = (pictures_of(epoch) for epoch in epochs(batches(source, phase=1), 1))
    for example in range(NUM_PICTURES):
        assert len({first[example], second[example], other_phase[example]}) == 3


def test_examples_of_one_picture_are_varied_each_in_its_own_way(paths):
    source = ImageSource([paths[0]] * 6, image_size=(16, 20))
    (epoch,) = epochs(batches(source), 1)
    assert len(set(pictures_of(epoch).values())) == 6


def test_augmentation_none_is_no_augmentation(source):
    plain, none = (epochs(batches(source, augmentation=given), 1)[0] for given in (None, Augmentation()))
    assert pictures_of(plain) == pictures_of(none)


def test_weights_and_targets_of_any_shape_come_with_their_pictures(source):
    targets = np.eye(NUM_PICTURES, dtype=np.float32)
    weights = np.arange(NUM_PICTURES) / 10
    made = training_batches(source, targets, batch_size=4, seed=0, phase=0, weights=weights)
    for images, rows, row_weights in epochs(made, 1)[0]:
        examples = rows.argmax(1)
        assert np.array_equal(images, np.stack([source.load(int(example)) for example in examples]))
        assert np.allclose(row_weights, examples / 10)


def test_unequal_lengths_and_no_pictures_at_all_are_refused(source):
    with pytest.raises(ValueError, match="equal numbers of images"):
        training_batches(source, np.arange(3), batch_size=4, seed=0, phase=0)
    with pytest.raises(ValueError, match="weights"):
        training_batches(source, np.arange(NUM_PICTURES), batch_size=4, seed=0, phase=0, weights=np.ones(2))
    with pytest.raises(ValueError, match="at least one"):
        training_batches(ImageSource([], image_size=(8, 8)), np.arange(0), batch_size=4, seed=0, phase=0)


def test_evaluation_shows_the_pictures_in_order_as_they_are(source):
    made = evaluation_batches(source, batch_size=4)
    assert made.cardinality() == STEPS
    assert made.element_spec == tf.TensorSpec((None, 16, 20, 3), tf.float32)
    assert np.array_equal(np.concatenate(list(made.as_numpy_iterator())), source.load_all())


def test_evaluation_can_bring_targets(source):
    made = evaluation_batches(source, batch_size=4, targets=np.arange(NUM_PICTURES))
    assert made.cardinality() == STEPS
    assert np.concatenate([targets for _, targets in made.as_numpy_iterator()]).tolist() == list(range(NUM_PICTURES))


class Epochs(keras.callbacks.Callback):
    """Remembers what the model was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[int] = []

    def on_epoch_begin(self, epoch, logs=None):
        self.steps.append(0)

    def on_train_batch_end(self, batch, logs=None):
        self.steps[-1] += 1


def small_model() -> tuple[keras.Model, list[int]]:
    """A model that learns one bias, and a list that grows whenever it is traced."""
    traced: list[int] = []

    class Bias(keras.layers.Layer):
        def build(self, shape):
            self.bias = self.add_weight(shape=(), initializer="zeros")

        def call(self, images):
            traced.append(1)
            return keras.ops.mean(images, (1, 2, 3))[:, None] * 0 + self.bias

    inputs = keras.Input((16, 20, 3))
    model = keras.Model(inputs, Bias()(inputs))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model, traced


def test_one_fit_call_trains_all_epochs_of_a_phase_without_tracing_again(source):
    made = batches(source)
    model, traced = small_model()
    seen = Epochs()
    model.fit(made.dataset, steps_per_epoch=STEPS, epochs=1, verbose=0)
    traces = len(traced)
    model.fit(made.dataset, steps_per_epoch=STEPS, initial_epoch=1, epochs=5, verbose=0, callbacks=[seen])
    assert seen.steps == [STEPS] * 4
    assert len(traced) == traces


def test_a_fit_that_was_stopped_ends_like_one_that_was_not(source):
    unbroken, _ = small_model()
    unbroken.fit(batches(source).dataset, steps_per_epoch=STEPS, epochs=4, verbose=0)
    broken, _ = small_model()
    broken.fit(batches(source).dataset, steps_per_epoch=STEPS, epochs=2, verbose=0)
    broken.fit(batches(source, first_epoch=2).dataset, steps_per_epoch=STEPS, initial_epoch=2, epochs=4, verbose=0)
    assert np.array_equal(unbroken.get_weights()[0], broken.get_weights()[0])


def test_a_picture_that_becomes_unreadable_is_named_when_fitting(source, paths):
    paths[7].write_bytes(b"no longer a picture")
    model, _ = small_model()
    with pytest.raises(UnreadableImageError, match=r"picture-7\.png"), original_errors(source):
        model.fit(batches(source).dataset, steps_per_epoch=STEPS, epochs=1, verbose=0)


def test_a_picture_that_becomes_unreadable_is_named_when_predicting(source, paths):
    paths[7].unlink()
    model, _ = small_model()
    readable = ImageSource(paths[:2], image_size=(16, 20))
    with pytest.raises(UnreadableImageError, match=r"picture-7\.png"), original_errors(readable, source):
        model.predict(evaluation_batches(source, batch_size=4), verbose=0)


def test_other_errors_of_tensorflow_are_not_blamed_on_a_picture(source, paths):
    paths[7].unlink()
    with pytest.raises(UnreadableImageError):
        source.load(7)
    with pytest.raises(tf.errors.InvalidArgumentError), original_errors(source):
        tf.debugging.assert_equal(1, 2)


def test_closing_waits_for_calls_under_way_and_refuses_later_ones():
    threads = ReadingThreads()
    ended: list[float] = []

    def read() -> None:
        with threads.call():
            time.sleep(0.3)
        ended.append(time.monotonic())

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.05)
    threads.close()
    assert ended
    assert ended[0] < time.monotonic()
    with pytest.raises(RuntimeError, match="ending"), threads.call():
        pass


def test_closing_is_immediate_when_nothing_was_read():
    started = time.monotonic()
    ReadingThreads().close()
    assert time.monotonic() - started < 0.05


def test_the_interpreter_ends_while_pictures_are_read_ahead(paths):
    code = f"""
from pathlib import Path
import numpy as np
from headstart.data import ImageSource, training_batches
paths = [Path(path) for path in {[str(path) for path in paths]!r}] * 20
source = ImageSource(paths, image_size=(64, 64), cache_bytes=0)
stream = iter(training_batches(source, np.arange(len(paths)), batch_size=32, seed=0, phase=0).dataset)
next(stream)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, timeout=120, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert ended.returncode == 0
