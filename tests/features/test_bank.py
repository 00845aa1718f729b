"""The bank: nothing is computed twice, nothing stale is used, nothing finished is lost."""

import dataclasses
import hashlib
import json
import multiprocessing
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.data import Augmentation, ImageSource, SideBySide, evaluation_batches, original_errors
from headstart.errors import BankNotFoundError, StorageFullError, StoragePermissionError, UnreadableImageError
from headstart.features import FeatureBank, Views, clear_banks, fill_bank, list_banks
from headstart.features import build as build_module
from headstart.features.chunks import ChunkDir
from headstart.features.trunk_key import bank_key, trunk_hash
from headstart.progress import SilentProgress

FACTS = {"backbone": "vgg19_mini", "trunk": "abc", "engine": {"engine": "keras"}}
SIZE = (32, 32)


class Listener(SilentProgress):
    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


@pytest.fixture
def bank_dir(tmp_path):
    return tmp_path / "banks"


@pytest.fixture
def open_bank(bank_dir, shapes):
    return lambda **facts: FeatureBank(bank_dir, {**FACTS, **facts}, shapes)


@pytest.fixture
def fill(views):
    def fill(bank, engine, *parts, views=views, progress=None):
        return fill_bank(
            bank, engine, parts, views, image_size=SIZE, resize_mode="stretch", progress=progress or SilentProgress()
        )

    return fill


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(build_module, "CHUNK_ROWS", 8)


def rows_of(bank, pictures, views, stage="block3_pool"):
    part = bank.part(pictures, views, stage=stage)
    examples = np.repeat(np.arange(len(part)), part.num_views)
    return part.load_batch(examples, np.tile(np.arange(part.num_views), len(part)))


def test_a_row_is_what_the_trunk_makes_of_the_picture(open_bank, fill, engine, paths, pictures_of, views, trunk):
    bank, pictures = open_bank(), pictures_of(paths)
    assert fill(bank, engine, pictures) == engine.num_run == len(paths) * views.count
    images = ImageSource(paths, image_size=SIZE).load_all().astype("float32")
    for stage, expected in zip(bank.shapes, trunk.predict(images, verbose=0), strict=True):
        part = bank.part(pictures, views, stage=stage)
        plain = part.load_batch(np.arange(10), np.zeros(10, int))
        assert plain.dtype == np.float16
        np.testing.assert_allclose(plain, expected, rtol=2e-3, atol=2e-2 * expected.std())


def test_views_differ_from_each_other_and_from_the_plain_picture(open_bank, fill, engine, paths, pictures_of, views):
    bank, pictures = open_bank(), pictures_of(paths)
    fill(bank, engine, pictures)
    rows = rows_of(bank, pictures, views).reshape(len(paths), views.count, -1)
    for picture in rows:
        assert len({view.tobytes() for view in picture}) == views.count


def test_the_same_is_never_computed_twice(open_bank, fill, engine, paths, pictures_of, views):
    fill(open_bank(), engine, pictures_of(paths))
    before = engine.num_run
    assert fill(open_bank(), engine, pictures_of(paths)) == 0
    assert fill(open_bank(), engine, pictures_of(list(reversed(paths)), 1), pictures_of(paths[:3])) == 0
    assert engine.num_run == before


def test_more_views_and_more_pictures_compute_only_what_is_new(open_bank, fill, engine, paths, pictures_of, views):
    fill(open_bank(), engine, pictures_of(paths[:6]))
    assert fill(open_bank(), engine, pictures_of(paths)) == 4 * views.count
    more = dataclasses.replace(views, count=views.count + 2)
    assert fill(open_bank(), engine, pictures_of(paths, more.count), views=more) == 2 * len(paths)


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"augmentation": Augmentation(horizontal_flip=True)}],
    ids=["seed", "augmentation"],
)
def test_other_draws_share_the_plain_view_only(open_bank, fill, engine, paths, pictures_of, views, change):
    fill(open_bank(), engine, pictures_of(paths))
    changed = dataclasses.replace(views, **change)
    assert fill(open_bank(), engine, pictures_of(paths), views=changed) == len(paths) * (views.count - 1)


def test_other_facts_are_another_bank(open_bank, fill, engine, paths, pictures_of):
    fill(open_bank(), engine, pictures_of(paths))
    other = open_bank(trunk="other")
    assert other.path != open_bank().path
    assert fill(other, engine, pictures_of(paths)) == 30


def test_a_changed_picture_alone_is_computed_again(open_bank, fill, engine, paths, pictures_of, views):
    fill(open_bank(), engine, pictures_of(paths))
    Image.new("RGB", (20, 20), "red").save(paths[4])
    assert fill(open_bank(), engine, pictures_of(paths)) == views.count


def test_a_picture_named_twice_is_computed_once(open_bank, fill, engine, paths, pictures_of, views):
    assert fill(open_bank(), engine, pictures_of([paths[0], paths[0]])) == views.count


def test_rows_do_not_depend_on_order_number_of_views_or_company(  # noqa: PLR0913, PLR0917
    open_bank, fill, engine, paths, pictures_of, views, tmp_path, shapes
):
    bank = open_bank()
    fill(bank, engine, pictures_of(paths))
    alone = FeatureBank(tmp_path / "other", FACTS, shapes)
    fewer = dataclasses.replace(views, count=2)
    fill(alone, engine, pictures_of(paths[7:4:-1], 2), views=fewer)
    for stage in shapes:
        ours = rows_of(bank, pictures_of(paths[5:8], 2), views, stage)
        assert np.array_equal(ours, rows_of(alone, pictures_of(paths[5:8], 2), fewer, stage))


def test_what_was_finished_before_a_kill_is_kept_and_the_end_is_the_same(  # noqa: PLR0913, PLR0917
    open_bank, fill, engine, failing_engine, paths, pictures_of, views, tmp_path, shapes
):
    def kill(num_run):
        if num_run > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(open_bank(), failing_engine(kill), pictures_of(paths))
    bank = open_bank()
    assert fill(bank, engine, pictures_of(paths)) == 30 - 16  # two chunks of 8 were whole
    unharmed = FeatureBank(tmp_path / "other", FACTS, shapes)
    fill(unharmed, engine, pictures_of(paths))
    ours, theirs = (rows_of(one, pictures_of(paths), views) for one in (bank, unharmed))
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("damage", ["byte", "cut", "json", "gone"])
def test_a_bank_edited_on_disk_is_noticed_and_mended(open_bank, fill, engine, paths, pictures_of, views, damage):
    bank = open_bank()
    fill(bank, engine, pictures_of(paths))
    expected = rows_of(bank, pictures_of(paths), views)
    victim = sorted(bank.chunk_dir.path.glob("*.1.*.f16"))[0]
    content = bytearray(victim.read_bytes())
    if damage == "byte":
        content[10] ^= 1
        victim.write_bytes(content)
    elif damage == "cut":
        victim.write_bytes(content[:-2])
    elif damage == "json":
        victim.with_name(f"{victim.name.partition('.')[0]}.json").write_text('{"rows": [')
    else:
        victim.unlink()
    listener, mended = Listener(), open_bank()
    assert 0 < fill(mended, engine, pictures_of(paths), progress=listener) <= 8
    assert np.array_equal(rows_of(mended, pictures_of(paths), views), expected)
    assert any("changed on disk" in text for text in listener.said) == (damage == "byte")


def test_a_full_disk_says_what_is_needed_and_loses_nothing(
    open_bank, fill, engine, paths, pictures_of, views, monkeypatch
):
    fill(open_bank(), engine, pictures_of(paths[:4]))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(StorageFullError, match="GB for the 18 rows"):
        fill(open_bank(), engine, pictures_of(paths))
    monkeypatch.undo()
    monkeypatch.setattr(build_module, "CHUNK_ROWS", 8)
    assert fill(open_bank(), engine, pictures_of(paths)) == 18


def test_a_disk_that_fills_up_half_way_keeps_what_was_written(open_bank, fill, engine, paths, pictures_of, monkeypatch):
    write, written = ChunkDir.write, []

    def write_two(self, rows, arrays):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(rows)
        return write(self, rows, arrays)

    with monkeypatch.context() as patch:
        patch.setattr(ChunkDir, "write", write_two)
        with pytest.raises(StorageFullError, match="14 rows"):
            fill(open_bank(), engine, pictures_of(paths))
    assert fill(open_bank(), engine, pictures_of(paths)) == 14


def test_a_folder_that_may_not_be_written_to_is_named(bank_dir, shapes, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)  # as root, modes refuse nothing
    with pytest.raises(StoragePermissionError, match="--bank-dir"):
        FeatureBank(bank_dir, FACTS, shapes)


def test_a_picture_that_became_unreadable_is_named(open_bank, fill, engine, paths, pictures_of):
    pictures = pictures_of(paths)
    paths[3].write_bytes(b"no picture")
    with pytest.raises(UnreadableImageError, match="picture-3"):
        fill(open_bank(), engine, pictures)


def test_numbers_beyond_half_precision_are_cut_not_infinite(tmp_path):
    chunks = ChunkDir(tmp_path, [(2,)])
    chunk = chunks.write(["row"], [np.array([[1e6, -1e6]], "float32")])
    assert chunks.read_array(chunk, 0).tolist() == [[65504.0, -65504.0]]


def test_banks_are_listed_with_what_they_hold_and_cleared_by_name(
    open_bank, fill, engine, paths, pictures_of, bank_dir
):
    fill(open_bank(), engine, pictures_of(paths))
    fill(open_bank(trunk="other"), engine, pictures_of(paths[:2]))
    banks = list_banks(bank_dir)
    assert sorted(bank.num_rows for bank in banks) == [6, 30]
    assert all(bank.num_bytes > bank.num_rows * 2 * 4 * 4 * 64 for bank in banks)
    with pytest.raises(BankNotFoundError, match="nothing"):
        clear_banks(bank_dir, (banks[0].name, "nothing"))
    assert len(list_banks(bank_dir)) == 2
    assert clear_banks(bank_dir, (banks[0].name,)) == [banks[0]]
    assert list_banks(bank_dir) == [banks[1]]
    (bank_dir / "engines" / "int8-model").mkdir(parents=True)
    clear_banks(bank_dir)
    assert list(bank_dir.iterdir()) == []
    assert list_banks(bank_dir) == []
    assert list_banks(bank_dir / "missing") == []


def test_facts_of_a_bank_stand_beside_it(open_bank, shapes):
    bank = open_bank()
    content = json.loads((bank.path / "bank.json").read_text())
    assert content["format_version"] == 1
    assert content["stages"] == {name: list(shape) for name, shape in shapes.items()}


plain_values = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=3),
    max_size=4,
)


@settings(deadline=None)
@given(plain_values, plain_values)
def test_keys_are_equal_only_for_equal_facts(facts, others):
    assert (bank_key(facts) == bank_key(others)) == (facts == others)
    assert bank_key(facts) == bank_key(dict(reversed(facts.items())))


@given(st.integers(0, 2**31 - 1), st.integers(1, 6), st.floats(0, 180))
def test_names_of_views_tell_every_setting_apart_and_grow_with_the_number(seed, count, degrees):
    views = Views(Augmentation(rotation_degrees=degrees), seed, count)
    more = dataclasses.replace(views, count=count + 1)
    assert views.names == more.names[:count]
    assert len(set(more.names)) == count + 1
    assert set(more.names[1:]).isdisjoint(dataclasses.replace(more, seed=seed + 1).names)


def test_trunks_are_told_apart_by_their_weights(trunk):
    before = trunk_hash(trunk)
    layer = next(layer for layer in trunk.layers if layer.weights)
    weights = layer.get_weights()
    layer.set_weights([weights[0] * 1.0001, *weights[1:]])
    changed = trunk_hash(trunk)
    layer.set_weights(weights)
    assert changed != before == trunk_hash(trunk)


def write_chunks(folder, letter, rounds):
    """What each of two processes does that compute the same rows, with other last digits."""
    chunks = ChunkDir(folder, [(64,), (8,)])
    for number in range(rounds):
        rows = [f"{number}-{row}" for row in range(4)]
        chunks.write(rows, [np.full((4, 64), letter, "float32"), np.full((4, 8), letter, "float32")])


def test_processes_that_write_the_same_chunks_with_other_bytes_leave_whole_chunks(tmp_path):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(write_chunks, [(tmp_path, letter, 40) for letter in (1, 2, 3)])
    chunks = ChunkDir(tmp_path, [(64,), (8,)])
    index = chunks.read_index()
    assert len(index) == 40
    for chunk in index.values():
        assert chunks.is_whole(chunk)
        wide, narrow = (np.unique(chunks.read_array(chunk, stage)).tolist() for stage in (0, 1))
        assert len(wide) == 1
        assert wide == narrow  # all of one process
    assert not list(tmp_path.glob(".partial-*"))


def test_a_process_reads_its_own_rows_while_another_writes_the_same_chunk(tmp_path, pictures_of, paths, views):
    ours, theirs = (FeatureBank(tmp_path, FACTS, {"a": (2,)}) for _ in range(2))
    pictures = pictures_of(paths[:1])
    rows = [row for keys in pictures.row_keys(views) for row in keys]
    ours.add(rows, [np.full((len(rows), 2), 1.0)])
    part = ours.part(pictures, views, stage="a")
    theirs.add(rows, [np.full((len(rows), 2), 2.0)])
    assert part.load_batch(np.array([0]), np.array([0])).tolist() == [[1.0, 1.0]]
    assert FeatureBank(tmp_path, FACTS, {"a": (2,)}).missing(rows) == []


def test_chunks_of_the_first_format_are_read_and_may_be_written_again(tmp_path):
    rows, name = ["a", "b"], hashlib.sha256(b"a\nb").hexdigest()[:24]
    content = np.array([[1, 2], [3, 4]], "float16").tobytes()
    (tmp_path / f"{name}.0.f16").write_bytes(content)
    facts = {"format_version": 1, "rows": rows, "hashes": [hashlib.sha256(content).hexdigest()]}
    (tmp_path / f"{name}.json").write_text(json.dumps(facts))
    chunks = ChunkDir(tmp_path, [(2,)])
    (old,) = chunks.read_index().values()
    assert chunks.is_whole(old)
    assert chunks.read_array(old, 0).tolist() == [[1, 2], [3, 4]]
    chunks.write(rows, [np.array([[5, 6], [7, 8]], "float32")])
    (new,) = chunks.read_index().values()
    assert chunks.read_array(new, 0).tolist() == [[5, 6], [7, 8]]


def test_a_bank_may_be_cleared_while_it_is_filled(open_bank, fill, failing_engine, paths, pictures_of, views, bank_dir):
    def clear(num_run):
        if num_run > 20 and not cleared:
            cleared.extend(clear_banks(bank_dir))

    cleared = []
    bank = open_bank()
    assert fill(bank, failing_engine(clear), pictures_of(paths)) == 30
    (listed,) = list_banks(bank_dir)
    assert listed.num_rows == 14
    with pytest.raises(BankNotFoundError, match="deleted while") as caught:
        rows_of(bank, pictures_of(paths), views)
    assert "headstart resume" in caught.value.hint
    assert fill(open_bank(), failing_engine(lambda _: None), pictures_of(paths)) == 16


def test_a_bank_that_is_cleared_while_a_model_learns_from_it_is_told_as_such(
    open_bank, fill, engine, paths, pictures_of, views, bank_dir
):
    bank = open_bank()
    fill(bank, engine, pictures_of(paths))
    part = bank.part(pictures_of(paths), views, stage="block3_pool")
    both = SideBySide([part, part])
    clear_banks(bank_dir)
    with pytest.raises(BankNotFoundError, match="deleted while"), original_errors(both):
        list(evaluation_batches(both, batch_size=4))


def test_a_file_in_the_way_of_the_banks_is_named(tmp_path, shapes):
    (tmp_path / "file").write_text("mine")
    for bank_dir in (tmp_path / "file", tmp_path / "file" / "banks"):
        with pytest.raises(StoragePermissionError, match="--bank-dir"):
            FeatureBank(bank_dir, FACTS, shapes)
