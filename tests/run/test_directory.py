"""A run is found, or it is said why not and what to do."""

import pytest

import headstart
from headstart.errors import RecipeError, RunDamagedError, RunIncompleteError, RunNotFoundError
from headstart.prediction import predict
from headstart.run import Run, evaluate, resume, write_report
from headstart.tasks import ImageClassifier, ObjectDetector
from headstart.training import CheckpointDir

GARBAGE = {"no JSON": b"{", "another JSON": b"[1, 2]", "no text": b"\xff\xfe\x00", "nothing": b""}


def test_a_run_is_found_by_its_folder(finished_run, monkeypatch):
    monkeypatch.chdir(finished_run.path.parent)
    for path in (finished_run.path, str(finished_run.path), finished_run.path.name):
        assert headstart.load(path) == finished_run


@pytest.mark.parametrize("kind", ["nowhere", "empty", "file"])
def test_a_folder_without_a_run_is_told(tmp_path, kind):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunNotFoundError) as caught:
        headstart.load(tmp_path / kind)
    assert str(tmp_path / kind) in caught.value.problem


@pytest.fixture
def incomplete(photos, train_quick, tmp_path, interrupter):
    """A run that was stopped in its first epoch."""
    with pytest.raises(KeyboardInterrupt):
        train_quick(photos, tmp_path / "run", progress=interrupter("frozen phase", 1))
    return headstart.load(tmp_path / "run")


def test_an_incomplete_run_says_how_to_go_on(incomplete):
    asked = {
        "model": lambda: incomplete.task,
        "report": lambda: incomplete.report,
        "evaluate": lambda: evaluate(incomplete),
        "predict": lambda: predict(incomplete, incomplete.dataset.paths()[:1]),
        "write_report": lambda: write_report(incomplete),
    }
    for ask in asked.values():
        with pytest.raises(RunIncompleteError) as caught:
            ask()
        assert caught.value.hint == f"Continue it with `headstart resume {incomplete.path}`."
        assert "interrupted" in caught.value.received
    assert incomplete.history.frame["phase"].tolist() == ["linear probe"]


def test_a_run_stopped_in_the_audit_has_no_table_yet(photos, train_quick, tmp_path, interrupter):
    with pytest.raises(KeyboardInterrupt):
        train_quick(photos, tmp_path / "run", progress=interrupter("checking images", 1))
    with pytest.raises(RunIncompleteError, match=r"no dataset\.csv"):
        _ = headstart.load(tmp_path / "run").dataset


READERS = {
    "run.json": lambda run: run.state,
    "task.json": lambda run: run.task,
    "model.keras": lambda run: run.task,
    "report.json": lambda run: run.report,
    "dataset.csv": lambda run: run.dataset,
    "dataset.json": lambda run: run.dataset,
    "audit.json": write_report,
    "environment.json": write_report,
    "predictions.csv": write_report,
}


@pytest.mark.parametrize("content", GARBAGE)
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_named(own_run, name, content):
    (own_run.path / name).write_bytes(GARBAGE[content])
    with pytest.raises(RunDamagedError) as caught:
        READERS[name](Run.load(own_run.path))
    assert name.partition(".")[0] in str(caught.value)
    assert "\n" not in caught.value.received


@pytest.mark.parametrize("text", ["{}", '{"state": "finished"}', '{"format_version": 2, "state": "finished"}'])
def test_a_state_of_another_version_is_told(own_run, text):
    own_run.state_path.write_text(text)
    for use in (resume, lambda path: Run.load(path).state):
        with pytest.raises(RunDamagedError, match=r"run\.json"):
            use(own_run.path)


@pytest.mark.parametrize("name", ["task.json", "audit.json", "environment.json", "predictions.csv"])
def test_a_missing_file_of_a_finished_run_is_named(own_run, name):
    (own_run.path / name).unlink()
    with pytest.raises(RunDamagedError, match=name):
        READERS[name](Run.load(own_run.path))


@pytest.mark.parametrize("content", [b"seed = ", b"seed = -1\n[data]\npath = 'x'"])
def test_a_damaged_recipe_is_told(own_run, content):
    own_run.recipe_path.write_bytes(content)
    with pytest.raises(RecipeError):
        _ = Run.load(own_run.path).recipe


def test_the_history_of_a_run_without_its_table_is_that_of_its_checkpoints(own_run):
    written = own_run.history
    own_run.history_path.unlink()
    assert own_run.history.frame.equals(written.frame)
    assert own_run.checkpoints.newest()[1].frame.equals(written.frame)
    assert isinstance(own_run.checkpoints, CheckpointDir)


def test_facts_add_up_and_an_error_lasts_no_longer_than_the_failure(tmp_path):
    run = Run.create(tmp_path / "run", data_path=tmp_path / "photos")
    run.update_state("started", seconds={})
    run.update_state("failed", error="no room")
    assert run.state == {"format_version": 1, "state": "failed", "seconds": {}, "error": "no room"}
    run.update_state("started", is_split=True)
    assert run.state == {"format_version": 1, "state": "started", "seconds": {}, "is_split": True}


def test_a_model_of_another_task_is_refused(tmp_path):
    run = Run(tmp_path)
    vars(run)["task"] = ImageClassifier(None, ("cat", "dog"), "vgg19", {}, "out")
    assert run.task_as(ImageClassifier) is run.task
    with pytest.raises(RunDamagedError) as caught:
        run.task_as(ObjectDetector)
    assert caught.value.received == "'image-classification'"
