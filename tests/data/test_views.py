"""Views: a pure function of picture, view and seed."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from headstart.data import AUGMENTATIONS, Augmentation, ImageSource, training_batches, view_batches

SIZE = (24, 32)


@pytest.fixture
def source(tmp_path):
    paths = []
    for number in range(5):
        pixels = np.random.default_rng(number).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(pixels).save(paths[-1])
    return ImageSource(paths, image_size=SIZE)


def views_of(source, rows, *, batch_size=2, augmentation=AUGMENTATIONS["medium"], seed=0):
    batches = [tuple(np.array(rows[start : start + batch_size]).T) for start in range(0, len(rows), batch_size)]
    hashes = np.arange(len(source)) * 1000 + 7
    made = view_batches(source, batches, picture_hashes=hashes, augmentation=augmentation, seed=seed)
    return np.concatenate(list(made))


def test_view_0_is_the_picture(source):
    made = views_of(source, [(example, 0) for example in range(5)])
    assert made.dtype == np.float32
    assert np.array_equal(made, source.load_all())


def test_a_view_depends_on_neither_order_nor_company(source):
    rows = [(example, view) for example in range(5) for view in range(3)]
    made = dict(zip(rows, views_of(source, rows, batch_size=4), strict=True))
    for row in [(3, 2), (0, 1), (4, 0)]:
        assert np.array_equal(views_of(source, [row])[0], made[row])


def test_views_differ_by_number_picture_and_seed(source):
    made = views_of(source, [(0, 1), (0, 2), (1, 1)])
    other = views_of(source, [(0, 1)], seed=1)
    assert len({view.tobytes() for view in (*made, *other)}) == 4


def test_without_augmentation_every_view_is_the_picture(source):
    made = views_of(source, [(0, 0), (0, 3)], augmentation=Augmentation())
    assert np.array_equal(made[0], made[1])


def test_views_stay_within_the_range_of_pixels(source):
    made = views_of(source, [(0, view) for view in range(1, 9)], augmentation=AUGMENTATIONS["strong"])
    assert made.min() >= 0
    assert made.max() <= 255


@dataclasses.dataclass
class Numbered:
    """A source whose examples say who they are: `(example, view)`."""

    num_views: int = 4
    shape = (2,)
    dtype = np.dtype(np.float16)
    failure = None

    def __len__(self):
        return 7

    def load_batch(self, examples, views):
        return np.stack([examples, views], axis=1).astype(np.float16)


def epochs_of(source, count, *, batch_size=3, first_epoch=0):
    made = training_batches(
        source, np.arange(len(source)), batch_size=batch_size, seed=3, phase=1, first_epoch=first_epoch
    )
    stream = made.dataset.as_numpy_iterator()
    return [np.concatenate([next(stream)[0] for _ in range(made.steps_per_epoch)]) for _ in range(count)]


def test_an_epoch_draws_one_view_of_each_example_and_uses_all_views_in_time():
    epochs = epochs_of(Numbered(), 30)
    for epoch in epochs:
        assert sorted(epoch[:, 0]) == list(range(7))
    for example in range(7):
        assert {int(row[1]) for epoch in epochs for row in epoch if row[0] == example} == set(range(4))


def test_views_of_an_epoch_do_not_depend_on_where_training_started_or_on_the_batch_size():
    expected = epochs_of(Numbered(), 4)[3]
    assert np.array_equal(epochs_of(Numbered(), 1, first_epoch=3)[0], expected)
    assert np.array_equal(epochs_of(Numbered(), 1, first_epoch=3, batch_size=7)[0], expected)
