"""Whatever a person gets wrong: one screen that helps, an own exit code, no traceback, the data folder untouched."""

import errno
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from headstart.cli.exit_codes import ExitCode

QUICK = ["--backbone", "vgg19_mini", "--weights", "none", "--image-size", "32", "--frozen-epochs", "1", "--epochs", "0"]
SCREEN_LINES = 24


def trace_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file and folder: what writing would alter."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
    }


def problem_screen(stderr: str) -> str:
    """The screen with its lines joined, without the lines of progress before it."""
    start = stderr.index(" ─ ")
    assert len(stderr[start:].splitlines()) <= SCREEN_LINES
    return " ".join(stderr[start:].split())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def expect_error(data: Path, tmp_path: Path, type_command) -> Iterator[Callable[..., str]]:
    """Types a command that must fail with a code, and gives what stands on its screen."""

    def expect(code: ExitCode, *words: str | Path) -> str:
        before = trace_of(data)
        outcome = type_command(*words)
        assert ExitCode(outcome.code) is code, outcome.stderr
        assert outcome.stdout == ""
        assert "Traceback" not in outcome.stderr
        assert trace_of(data) == before
        screen = problem_screen(outcome.stderr)
        for part in ("expected", "received", "what to do", f"exit code {code.value}"):
            assert part in screen
        return screen

    return expect


def write_junk(folder: Path, *, classes: int = 2, files: int = 4) -> None:
    for name in range(classes):
        (folder / f"class{name}").mkdir()
        for index in range(files):
            (folder / f"class{name}" / f"{index}.jpg").write_text("this is no picture")


def test_the_folder_is_missing(expect_error, data):
    screen = expect_error(ExitCode.DATA_NOT_FOUND, "train", data / "fotos", "--out", data.parent / "run")
    assert "does not exist" in screen
    assert not (data.parent / "run").exists()


def test_there_are_no_class_folders(expect_error, data, make_pictures):
    make_pictures(data, {"red": 3})
    expect_error(ExitCode.NO_CLASS_FOLDERS, "train", data / "red")


def test_there_is_only_one_class(expect_error, data, make_pictures):
    make_pictures(data, {"red": 6})
    expect_error(ExitCode.ONE_CLASS, "train", data, *QUICK, "--out", data.parent / "run")


def test_a_class_has_a_single_picture(expect_error, data, make_pictures):
    make_pictures(data, {"red": 6, "blue": 6, "lonely": 1})
    screen = expect_error(ExitCode.CLASS_TOO_SMALL, "train", data, *QUICK, "--out", data.parent / "run")
    assert "lonely" in screen


def test_no_picture_can_be_read(expect_error, data):
    write_junk(data)
    expect_error(ExitCode.NO_READABLE_IMAGES, "train", data, *QUICK, "--out", data.parent / "run")


def test_the_audit_says_the_same_about_pictures_that_cannot_be_read(expect_error, data):
    write_junk(data)
    expect_error(ExitCode.NO_READABLE_IMAGES, "audit", data)


def write_table(folder: Path, header: str, *rows: str) -> Path:
    table = folder / "labels.csv"
    table.write_text("\n".join([header, *rows]) + "\n")
    return table


def test_the_table_lacks_a_column(expect_error, data):
    table = write_table(data, "where,what", "7,red", "8,blue")
    screen = expect_error(ExitCode.TABLE_COLUMNS, "train", table)
    assert "path" in screen
    assert "--path-column NAME" in screen


def test_the_table_names_pictures_that_do_not_exist(expect_error, data):
    table = write_table(data, "path,label", "a.png,red", "b.png,blue")
    screen = expect_error(ExitCode.TABLE_PATH_MISSING, "train", table)
    assert "a.png" in screen


def test_the_table_names_pictures_outside_its_folder(expect_error, data, make_pictures):
    make_pictures(data.parent / "elsewhere", {"red": 1})
    table = write_table(data, "path,label", "../elsewhere/red/0.png,red", "../elsewhere/red/0.png,blue")
    screen = expect_error(ExitCode.TABLE_PATH_OUTSIDE, "train", table)
    assert "elsewhere" in screen


def test_nobody_knows_the_backbone(expect_error, photos):
    screen = expect_error(ExitCode.UNKNOWN_BACKBONE, "train", photos, "--backbone", "vgg-91")
    assert "vgg19" in screen


def test_the_backbone_has_no_such_stage(expect_error, photos):
    screen = expect_error(ExitCode.UNKNOWN_STAGE, "train", photos, "--unfreeze-from", "blok5")
    assert "block5" in screen


def test_the_picture_size_is_too_small(expect_error, photos, data):
    screen = expect_error(
        ExitCode.IMAGE_SIZE, "train", photos, *QUICK, "--image-size", "16", "--out", data.parent / "run"
    )
    assert "32" in screen
    assert not (data.parent / "run").exists()


def test_the_weights_belong_to_another_network(expect_error, photos, data):
    other = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
    path = data.parent / "other.weights.h5"
    other.save_weights(path)
    words = ["train", photos, *QUICK, "--weights", path, "--out", data.parent / "run"]
    expect_error(ExitCode.WEIGHTS_MISMATCH, *words)
    assert not (data.parent / "run").exists()


def test_the_weights_file_is_missing(expect_error, photos, data):
    words = ["train", photos, *QUICK, "--weights", data / "lost.weights.h5", "--out", data.parent / "run"]
    expect_error(ExitCode.WEIGHTS_NOT_FOUND, *words)


def test_a_setting_is_out_of_range(expect_error, photos):
    screen = expect_error(ExitCode.RECIPE, "train", photos, "--learning-rate", "-1", "--batch-size", "0")
    assert "learning_rate" in screen
    assert "batch_size" in screen


def test_there_is_neither_data_nor_a_recipe(expect_error):
    expect_error(ExitCode.RECIPE, "train")


def test_the_recipe_is_no_toml(expect_error, data):
    (data / "recipe.toml").write_text("= nonsense")
    expect_error(ExitCode.RECIPE, "train", "--recipe", data / "recipe.toml")


def test_the_run_would_lie_in_the_data_folder(expect_error, data, make_pictures):
    make_pictures(data / "photos", {"red": 6, "blue": 6})
    expect_error(ExitCode.RUN_EXISTS, "train", data / "photos", *QUICK, "--out", data / "photos" / "run")


def test_the_run_folder_is_taken(expect_error, photos, finished_run):
    expect_error(ExitCode.RUN_EXISTS, "train", photos, *QUICK, "--out", finished_run)


def test_there_is_no_run(expect_error, data):
    for command in (["resume"], ["evaluate"], ["report"]):
        expect_error(ExitCode.RUN_NOT_FOUND, *command, data)
    expect_error(ExitCode.RUN_NOT_FOUND, "predict", data, "a.png")


def test_labelled_data_has_a_class_that_the_model_does_not_know(expect_error, data, make_pictures, finished_run):
    make_pictures(data, {"red": 2, "violet": 2})
    screen = expect_error(ExitCode.CLASS_NAMES, "evaluate", finished_run, "--data", data)
    assert "violet" in screen


def test_nothing_matches_the_pattern_to_predict(expect_error, data, finished_run):
    expect_error(ExitCode.DATA_NOT_FOUND, "predict", finished_run, data / "*.jpg")


def test_a_folder_that_may_not_be_written_to(expect_error, photos, data, monkeypatch):
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    # Root may write anywhere: only the answer of the system can be simulated.
    monkeypatch.setattr(Path, "write_bytes", refuse)
    expect_error(ExitCode.STORAGE_PERMISSION, "train", photos, *QUICK, "--out", data.parent / "run")


@pytest.mark.parametrize("last_good", [0, 3, 6])
def test_the_disk_fills_up_at_some_point(expect_error, photos, data, monkeypatch, last_good):
    write_bytes, written = Path.write_bytes, []

    def write_until_full(path: Path, *arguments: object, **options: object) -> int:
        written.append(path)
        if len(written) > last_good:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write_bytes(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_bytes", write_until_full)
    expect_error(ExitCode.STORAGE_FULL, "train", photos, *QUICK, "--out", data.parent / "run")


def test_a_file_that_is_no_picture_gets_a_row_that_says_so(type_command, photos, finished_run, tmp_path):
    junk = tmp_path / "junk.jpg"
    junk.write_text("this is no picture")
    outcome = type_command("predict", finished_run, photos / "red" / "0.png", junk, "--json")
    assert outcome.code == ExitCode.PARTIAL
    good, bad = map(json.loads, outcome.stdout.splitlines())
    assert good["error"] is None
    assert np.isclose(sum(good["probabilities"].values()), 1.0)
    assert "junk.jpg" in bad["error"]
    assert bad["prediction"] is None


def test_a_word_that_is_no_option_is_a_mistake_in_typing(type_command):
    outcome = type_command("train", "photos", "--learning-rat", "0.1")
    assert outcome.code == ExitCode.USAGE
    assert "--learning-rate" in outcome.stderr


@pytest.mark.parametrize("size", ["12a", "0x", "160x", "-3"])
def test_a_text_that_is_no_size_is_a_mistake_in_typing(type_command, size):
    outcome = type_command("train", "photos", "--image-size", size)
    assert outcome.code == ExitCode.USAGE
    assert "160x200" in outcome.stderr


def test_with_json_an_error_is_one_line_for_a_program(type_command, data):
    outcome = type_command("train", data / "fotos", "--json")
    assert outcome.stdout == ""
    assert json.loads(outcome.stderr.splitlines()[-1])["exit_code"] == outcome.code == ExitCode.DATA_NOT_FOUND
