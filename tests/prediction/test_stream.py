"""Pictures are read ahead by threads and answered in order, however many there are."""

import re
import threading
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data import decode_image, resize_image
from headstart.errors import RecipeError
from headstart.prediction import answer_batches, expand_paths
from headstart.prediction.stream import check_batch_size


def flat(batches):
    return list(chain.from_iterable(batches))


def test_answers_come_in_the_order_of_the_files_whatever_the_batches_and_threads(predictor, pictures):
    files = list(expand_paths([pictures]))
    plain = predictor.predict([resize_image(decode_image(file), (8, 8)) for file in files])
    for batch_size, num_threads in ((1, 1), (7, 3), (32, None), (1000, 8)):
        predictions = flat(answer_batches(predictor, files, batch_size=batch_size, num_threads=num_threads))
        assert [prediction.path for prediction in predictions] == [str(file) for file in files]
        assert [prediction.answer.prediction for prediction in predictions] == [answer.prediction for answer in plain]
        for ours, theirs in zip(predictions, plain, strict=True):
            np.testing.assert_array_equal(ours.answer.probabilities, theirs.probabilities)


def test_no_batch_is_larger_than_asked(predictor, pictures):
    flat(answer_batches(predictor, expand_paths([pictures]), batch_size=16))
    assert predictor.runtime.batch_sizes == [16, 16, 16, 2]


def test_a_file_that_is_no_picture_does_not_shift_the_answers_of_the_others(predictor, pictures, tmp_path):
    junk = tmp_path / "junk.png"
    junk.write_text("no picture")
    good = list(expand_paths([pictures]))[:5]
    with_junk = flat(answer_batches(predictor, [good[0], junk, *good[1:3], junk, *good[3:]], batch_size=3))
    without = flat(answer_batches(predictor, good, batch_size=3))
    assert [prediction.path for prediction in with_junk if prediction.answer] == [p.path for p in without]
    for ours, theirs in zip((p for p in with_junk if p.answer), without, strict=True):
        assert ours.answer.prediction == theirs.answer.prediction
    assert [("junk.png" in prediction.error) for prediction in with_junk] == [False, True, False, False, True] + [
        False
    ] * 2


def test_why_a_file_has_no_answer_is_told_on_one_line_with_what_was_expected_and_received(predictor, tmp_path):
    contents = {"junk.png": b"no picture", "empty.png": b"", "html.png": b"<html>not found</html>"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.png").mkdir()
    files = [tmp_path / name for name in (*contents, "folder.png", "nowhere.png")]
    for prediction in flat(answer_batches(predictor, files, batch_size=4)):
        assert prediction.answer is None
        assert Path(prediction.path).name in prediction.error
        assert re.search(r" Expected [^\n]+; received [^\n]+\.$", prediction.error)
        assert len(prediction.error.splitlines()) == 1


def test_a_batch_without_any_picture_asks_the_model_nothing(predictor, tmp_path):
    (tmp_path / "junk.png").touch()
    predictions = flat(answer_batches(predictor, [tmp_path / "junk.png"] * 3, batch_size=2))
    assert [prediction.answer for prediction in predictions] == [None] * 3
    assert predictor.runtime.batch_sizes == []


def test_files_are_taken_only_a_few_batches_ahead(predictor, pictures):
    taken = []

    def endless():
        for file in repeat(next(expand_paths([pictures]))):
            taken.append(file)
            yield file

    batches = answer_batches(predictor, endless(), batch_size=4)
    for number in range(1, 6):
        next(batches)
        assert len(taken) <= 4 * (number + 3)
    batches.close()


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path, peak_memory):
    Image.new("RGB", (400, 400)).save(tmp_path / "large.bmp")
    few, many = (peak_memory("answer", tmp_path / "large.bmp", count) for count in (24, 240))
    assert many < few + 200_000


def test_pictures_are_read_while_the_model_answers(predictor, pictures, monkeypatch):
    """The model waits, within its first batch, until a picture of a later batch has been read."""
    files = list(expand_paths([pictures]))[:12]
    read_later = threading.Event()
    from headstart.prediction import stream  # noqa: PLC0415

    open_rgb = stream.open_rgb

    def watched(file):
        if file == files[8]:
            read_later.set()
        return open_rgb(file)

    run = predictor.runtime.run

    def slow(images):
        assert read_later.wait(10)
        return run(images)

    monkeypatch.setattr(stream, "open_rgb", watched)
    monkeypatch.setattr(predictor.runtime, "run", slow)
    assert len(flat(answer_batches(predictor, files, batch_size=4))) == 12


def test_whoever_stops_asking_leaves_no_thread_behind(predictor, pictures):
    batches = answer_batches(predictor, expand_paths([pictures]), batch_size=2)
    next(batches)
    batches.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pictures")]


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True, "32"])
def test_a_number_of_pictures_at_a_time_that_is_none_is_refused(batch_size):
    with pytest.raises(RecipeError, match="at least 1") as caught:
        check_batch_size(batch_size)
    assert caught.value.received == f"batch_size={batch_size!r}"
