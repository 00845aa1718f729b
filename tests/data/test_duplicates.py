import io
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from sklearn.datasets import load_digits

from headstart.data import audit_dataset, duplicates, read_dataset
from headstart.data.duplicates import near_pairs
from headstart.data.inspection import inspect_file
from headstart.data.separation import connected_groups


def saved_as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.BICUBIC)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved at quality 75": lambda picture: saved_as_jpeg(picture, 75),
    "saved at quality 40": lambda picture: saved_as_jpeg(picture, 40),
    "scaled to 0.9": lambda picture: scaled(picture, 0.9),
    "scaled to 0.5": lambda picture: scaled(picture, 0.5),
    "scaled to 1.5": lambda picture: scaled(picture, 1.5),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.8),
    "brighter": lambda picture: picture.point(lambda level: min(255, level + 15)),
    "more contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(1.2),
}


def looks(pictures: list[Image.Image], tmp_path) -> tuple[list[str], np.ndarray]:
    inspections = []
    for number, picture in enumerate(pictures):
        picture.save(tmp_path / f"{number}.png")
        inspections.append(inspect_file(tmp_path / f"{number}.png"))
    return [found.near_hash for found in inspections], np.stack([found.thumbnail for found in inspections])


def pairs_among(pictures, tmp_path) -> set[tuple[int, int]]:
    return set(map(tuple, near_pairs(*looks(pictures, tmp_path)).tolist()))


def digits(number: int) -> list[Image.Image]:
    levels = (load_digits().images[:number] * 255 / 16).astype(np.uint8)
    return [Image.fromarray(image).resize((32, 32), Image.Resampling.BICUBIC).convert("RGB") for image in levels]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_found(tmp_path, change):
    originals = digits(40)
    pairs = pairs_among(originals + [CHANGES[change](picture) for picture in originals], tmp_path)
    assert pairs == {(number, number + 40) for number in range(40)}


def test_different_digits_are_no_copies(tmp_path):
    # The hash alone proposes more than a hundred pairs here.
    assert len(pairs_among(digits(600), tmp_path)) <= 1


def test_plain_surfaces_are_no_near_copies(tmp_path):
    plain = [Image.new("RGB", (40, 40), colour) for colour in ("white", "red", "black", (250, 250, 250))]
    assert pairs_among(plain, tmp_path) == set()


def test_the_same_shape_in_another_colour_or_brightness_is_another_picture(tmp_path):
    picture = digits(1)[0]
    red, green, blue = picture.split()
    coloured = Image.merge("RGB", (red, green.point(lambda _: 0), blue.point(lambda _: 0)))
    dark = picture.point(lambda level: level // 3)
    assert pairs_among([picture, coloured, dark], tmp_path) == set()


def naive_pairs(near_hashes, thumbnails, *, slack):
    """The definition, pair by pair; `slack` moves every bound that rounding may move."""
    bits = [int(text, 16) for text in near_hashes]
    values = thumbnails.reshape(len(thumbnails), -1, 3).astype(float)
    contrast = np.sqrt(values.var(axis=1).mean(axis=1))
    flat = values.reshape(len(values), -1)
    found = set()
    for left in range(len(bits)):
        for right in range(left + 1, len(bits)):
            low, high = sorted((contrast[left], contrast[right]))
            if (bits[left] ^ bits[right]).bit_count() > 10 or low < 2 - slack or high > (1.6 + slack) * low:
                continue
            near_in_mean = abs(flat[left].mean() - flat[right].mean()) <= 64 + slack
            if near_in_mean and np.corrcoef(flat[left], flat[right])[0, 1] >= 0.99 - slack:
                found.add((left, right))
    return found


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(2, 40))
@example(seed=40, num_motifs=1, num_pictures=40)  # a likeness of 0.99 to within a float32's rounding
def test_blocks_find_what_the_definition_finds(seed, num_motifs, num_pictures):
    rng = np.random.default_rng(seed)
    motifs = rng.integers(0, 256, (num_motifs, 16, 16, 3))
    chosen = rng.integers(0, num_motifs, num_pictures)
    strength = rng.uniform(0, 12, (num_pictures, 1, 1, 1))
    thumbnails = np.clip(motifs[chosen] + rng.normal(0, 1, (num_pictures, 16, 16, 3)) * strength, 0, 255).astype(
        np.uint8
    )
    hashes = [f"{int(seed) & 0xFFFFFFFF:08x}{number:08x}" for number in rng.integers(0, 256, num_pictures)]
    pairs = set(map(tuple, near_pairs(hashes, thumbnails).tolist()))
    assert naive_pairs(hashes, thumbnails, slack=-1e-4) <= pairs <= naive_pairs(hashes, thumbnails, slack=1e-4)


def test_pairs_are_found_across_blocks():
    rng = np.random.default_rng(0)
    thumbnails = rng.integers(0, 256, (1500, 16, 16, 3), dtype=np.uint8)
    thumbnails[1400] = thumbnails[3]
    thumbnails[1499] = thumbnails[600]
    hashes = [f"{number:016x}" for number in rng.integers(0, 2**63, 1500)]
    hashes[1400], hashes[1499] = hashes[3], hashes[600]
    assert near_pairs(hashes, thumbnails).tolist() == [[3, 1400], [600, 1499]]


def test_twenty_thousand_pictures_take_seconds():
    rng = np.random.default_rng(0)
    thumbnails = rng.integers(0, 256, (20_000, 16, 16, 3), dtype=np.uint8)
    thumbnails[10_000:] = thumbnails[:10_000]
    hashes = [f"{number:016x}" for number in rng.integers(0, 2**63, 10_000)] * 2
    begin = time.perf_counter()
    pairs = near_pairs(hashes, thumbnails)
    assert pairs.tolist() == [[number, number + 10_000] for number in range(10_000)]
    assert time.perf_counter() - begin < 40  # about 2 s on an idle machine; a loop over pairs takes minutes


def test_thousands_of_copies_of_one_picture_are_one_group(monkeypatch):
    monkeypatch.setattr(duplicates, "_MAX_PAIRS", 1000)
    rng = np.random.default_rng(0)
    thumbnails = np.repeat(rng.integers(0, 256, (3, 16, 16, 3), dtype=np.uint8), [1200, 1, 700], axis=0)
    pairs = near_pairs(["00ff00ff00ff00ff"] * len(thumbnails), thumbnails)
    groups = connected_groups(len(thumbnails), pairs)
    assert groups.tolist() == [0] * 1200 + [1] + [2] * 700
    assert len(pairs) < 600_000  # of 964,050


@settings(deadline=None)
@given(st.integers(1, 12), st.data())
def test_groups_are_connected_components(num_items, data):
    item = st.integers(0, num_items - 1)
    pairs = data.draw(st.lists(st.tuples(item, item), max_size=15))
    expected = list(range(num_items))
    for _ in range(num_items):
        for left, right in pairs:
            expected[left] = expected[right] = min(expected[left], expected[right])
    groups = connected_groups(num_items, np.array(pairs, np.int64).reshape(-1, 2))
    assert [[one == other for other in groups] for one in groups] == [
        [one == other for other in expected] for one in expected
    ]
    first_seen = list(dict.fromkeys(groups.tolist()))
    assert first_seen == sorted(first_seen) == list(range(len(first_seen)))


@pytest.mark.shared
@pytest.mark.parametrize(("name", "num_pairs"), [("trashnet", 1), ("flowers5", 1), ("sign_digits", 0)])
def test_different_real_pictures_are_rarely_merged(shared_dir, name, num_pairs):
    audit = audit_dataset(read_dataset(shared_dir / "data" / name))
    assert (audit.findings["kind"] == "near_duplicate").sum() == num_pairs
    assert len(audit.dataset) - audit.dataset.frame["duplicate_group"].nunique() == num_pairs


@pytest.mark.shared
@pytest.mark.parametrize("name", ["trashnet", "flowers5", "sign_digits"])
def test_changed_copies_of_real_pictures_are_found(shared_dir, tmp_path, name):
    paths = read_dataset(shared_dir / "data" / name).paths()[::60]
    originals = [Image.open(path).convert("RGB") for path in paths]
    copies = [CHANGES[change](picture) for change in CHANGES for picture in originals]
    groups = connected_groups(len(originals) + len(copies), near_pairs(*looks(originals + copies, tmp_path)))
    found = groups[len(originals) :] == np.tile(groups[: len(originals)], len(CHANGES))
    assert found.mean() >= 0.98
