"""A part of a data set, for benchmarks that ask what a given number of pictures costs."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def sampled(folder: Path, num_pictures: int | None, *, seed: int) -> Iterator[Path]:
    """A folder of class folders with links to so many pictures, evenly over the classes; the folder itself for None.

    Args:
        folder: class folders with pictures.
        num_pictures: how many in all.
        seed: decides which.
    """
    if num_pictures is None:
        yield folder
        return
    generator = random.Random(seed)
    classes = [sorted(path.iterdir()) for path in sorted(folder.iterdir()) if path.is_dir()]
    for pictures in classes:
        generator.shuffle(pictures)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary) / folder.name
        for number in range(num_pictures):
            picture = classes[number % len(classes)][number // len(classes)].resolve()
            link = root / picture.parent.name / picture.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(picture)
        yield root
