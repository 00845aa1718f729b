"""Every command does what its help says."""

import json
import tomllib
from pathlib import Path

import pytest

from headstart.backbones import BACKBONES
from headstart.cli.commands.demo import RECIPE
from headstart.cli.exit_codes import ExitCode
from headstart.recipe import Recipe

QUICK = ["--backbone", "vgg19_mini", "--weights", "none", "--image-size", "32", "--frozen-epochs", "1", "--epochs", "0"]


def test_train_with_json_prints_exactly_one_line(type_command, photos, tmp_path):
    outcome = type_command("train", photos, *QUICK, "--out", tmp_path / "run", "--json")
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout.count("\n") == 1
    result = json.loads(outcome.stdout)
    low, high = result["interval"]
    assert 0 <= low <= result["test_accuracy"] <= high <= 1
    assert result["num_test_examples"] > 0
    assert Path(result["run"]) == tmp_path / "run"
    assert Path(result["report"]).is_file()
    assert Path(result["model"]).is_file()
    steps = {"audit", "feature bank", "linear probe", "frozen phase", "fine-tuning phase", "evaluation", "report"}
    assert steps <= set(result["seconds"])


def test_train_names_the_four_steps_and_ends_with_what_to_do_next(type_command, photos, tmp_path):
    outcome = type_command("train", photos, *QUICK, "--epochs", "1", "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.stderr
    steps = [outcome.stderr.index(f"Step {number}") for number in range(1, 5)]
    assert steps == sorted(steps)
    for part in ("test accuracy", "95 % interval", "baseline", "report.html", "model.keras", "headstart predict"):
        assert part in outcome.stdout


def test_a_plan_says_what_would_be_done_and_writes_nothing(type_command, photos, tmp_path):
    out, banks = tmp_path / "run", tmp_path / "banks"
    words = ["train", photos, *QUICK, "--epochs", "3", "--out", out, "--bank-dir", banks, "--plan"]
    outcome = type_command(*words)
    assert outcome.code == 0, outcome.stderr
    for part in ("17 training images", "8 views per training image at block4_pool", "a linear probe", "3 epochs of"):
        assert part in " ".join(outcome.stdout.split())
    plan = json.loads(type_command(*words, "--json").stdout)
    assert Recipe.from_values(plan["recipe"]).fine_tuning_phase.epochs == 3
    assert plan["expected_minutes"] == pytest.approx(sum(plan["expected_seconds"].values()) / 60, abs=0.02)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_may_take_no_time_is_planned_without_epochs_and_says_so(type_command, photos):
    words = ["train", photos, *QUICK, "--epochs", "9", "--minutes", "0.0001", "--plan", "--json"]
    plan = json.loads(type_command(*words).stdout)
    assert plan["recipe"]["fine_tuning_phase"]["epochs"] == 0
    assert "not possible" in plan["notes"][0]


def test_options_win_over_the_recipe_and_what_is_left_out_is_the_recipes(type_command, photos, tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text(f'seed = 7\n[data]\npath = "{photos}"\n[images]\nbatch_size = 5\nresize_mode = "pad"\n')
    words = [
        "train",
        *QUICK,
        "--recipe",
        recipe,
        "--batch-size",
        "9",
        "--image-size",
        "32x48",
        "--out",
        tmp_path / "run",
    ]
    outcome = type_command(*words)
    assert outcome.code == 0, outcome.stderr
    written = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())
    assert written["seed"] == 7
    assert written["images"]["batch_size"] == 9
    assert written["images"]["resize_mode"] == "pad"
    assert written["backbone"]["image_size"] == [32, 48]


def test_train_on_a_terminal_shows_bars_on_stderr_alone(type_on_terminal, photos, tmp_path):
    outcome = type_on_terminal("train", photos, *QUICK, "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.stderr
    assert "frozen phase" in outcome.stderr
    assert "━" in outcome.stderr
    assert "━" not in outcome.stdout
    assert "test accuracy" in outcome.stdout


def test_resume_of_a_finished_run_prints_its_result(type_command, finished_run):
    outcome = type_command("resume", finished_run, "--json")
    assert outcome.code == 0
    assert Path(json.loads(outcome.stdout)["run"]) == finished_run


def test_evaluate_shows_every_metric_with_interval_and_baseline(type_command, finished_run):
    outcome = type_command("evaluate", finished_run)
    assert outcome.code == 0, outcome.stderr
    for part in ("accuracy", "log loss (lower is better)", "95 % interval", "baseline", "precision", "blue"):
        assert part in outcome.stdout


def test_evaluate_on_other_pictures_scores_all_of_them(type_command, finished_run, make_pictures, tmp_path):
    more = make_pictures(tmp_path / "more", {"blue": 3, "green": 2})
    outcome = type_command("evaluate", finished_run, "--data", more, "--json")
    assert outcome.code == 0, outcome.stderr
    result = json.loads(outcome.stdout)
    assert result["num_examples"] == 5
    assert result["data"] == str(more)
    assert {"value", "low", "high", "baseline"} <= set(result["metrics"]["accuracy"])


def test_evaluate_reads_other_images_in_the_format_that_is_asked_for(
    type_command, finished_run, make_pictures, tmp_path
):
    more = make_pictures(tmp_path / "more" / "test", {"blue": 3, "green": 2}).parent
    outcome = type_command("evaluate", finished_run, "--data", more, "--format", "folders", "--json")
    assert outcome.code == 0, outcome.stderr
    assert json.loads(outcome.stdout)["num_examples"] == 5
    outcome = type_command("evaluate", finished_run, "--data", more, "--format", "voc")
    assert outcome.code == ExitCode.DATA_FORMAT
    assert "--format" in outcome.stderr or "voc" in outcome.stderr


def test_evaluate_says_what_it_left_out_because_the_run_learned_from_it(type_command, finished_run, photos):
    outcome = type_command("evaluate", finished_run, "--data", photos, "--json")
    assert outcome.code == 0, outcome.stderr
    assert json.loads(outcome.stdout)["num_examples"] == 3
    assert "Left out: 21 images, because the run learned from them" in outcome.stderr


def test_report_writes_the_page_again_and_prints_its_path(type_command, finished_run):
    page = finished_run / "report.html"
    page.unlink()
    outcome = type_command("report", finished_run)
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout == f"{page}\n"
    assert page.stat().st_size > 10_000


def test_audit_of_sound_pictures_ends_with_0(type_command, photos):
    outcome = type_command("audit", photos)
    assert outcome.code == 0, outcome.stderr
    assert "24 files, 24 usable, 3 classes" in outcome.stdout


def test_audit_names_damaged_files_and_ends_with_4(type_command, tmp_path, make_pictures):
    photos = make_pictures(tmp_path / "photos", {"red": 4, "blue": 4})
    (photos / "red" / "torn.png").write_bytes((photos / "red" / "0.png").read_bytes()[:500])
    outcome = type_command("audit", photos)
    assert outcome.code == ExitCode.FINDINGS
    assert "red/torn.png" in outcome.stdout
    result = json.loads(type_command("audit", photos, "--json").stdout)
    assert [entry["path"] for entry in result["left_out"]] == ["red/torn.png"]


def test_audit_of_many_findings_shows_the_first_and_says_how_many_more(type_command, tmp_path, make_pictures):
    photos = make_pictures(tmp_path / "photos", {"red": 4, "blue": 4})
    for index in range(30):
        (photos / "red" / f"junk{index}.png").write_text("no picture")
    outcome = type_command("audit", photos)
    assert outcome.stdout.count("red/junk") == 20
    assert "and 10 more" in outcome.stdout


def test_audit_shows_files_of_every_finding_before_many_of_one(type_command, tmp_path, make_pictures):
    photos = make_pictures(tmp_path / "photos", {"red": 4, "blue": 4})
    for index in range(30):
        (photos / "red" / f"junk{index}.png").write_text("no picture")
    (photos / "stray.png").write_bytes((photos / "red" / "0.png").read_bytes())
    outcome = type_command("audit", photos)
    assert "stray.png" in outcome.stdout
    assert outcome.stdout.count("red/junk") == 19
    assert "and 11 more" in outcome.stdout


def test_backbones_lists_all_with_their_facts(type_command):
    outcome = type_command("backbones")
    assert outcome.code == 0
    assert all(name in outcome.stdout for name in BACKBONES)
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    assert {entry["name"] for entry in json.loads(type_command("backbones", "--json").stdout)} == set(BACKBONES)


@pytest.mark.parametrize("name", ["vgg19", "VGG-19", "mobilenetv2", "vgg19_mini"])
def test_backbones_shows_one_with_its_stages(type_command, name):
    outcome = type_command("backbones", name)
    spec = json.loads(type_command("backbones", name, "--json").stdout)
    assert outcome.code == 0
    assert spec["title"] in outcome.stdout
    assert all(stage["layer"] in outcome.stdout for stage in spec["stages"])
    assert spec["weights"]["licence"] in outcome.stdout


def test_demo_writes_digits_trains_on_them_and_keeps_every_run(type_command, tmp_path, monkeypatch):
    quick = {"frozen_phase": {"epochs": 1}, "fine_tuning_phase": {"epochs": 0}}
    backbone = {**RECIPE["backbone"], "image_size": 32}
    monkeypatch.setattr("headstart.cli.commands.demo.RECIPE", {**RECIPE, **quick, "backbone": backbone})
    (tmp_path / "run-1").mkdir()
    outcome = type_command("demo", "--out", tmp_path, "--json")
    assert outcome.code == 0, outcome.stderr
    result = json.loads(outcome.stdout)
    assert Path(result["run"]) == tmp_path / "run-2"
    assert Path(result["report"]).is_file()
    assert len(list((tmp_path / "digits").rglob("*.png"))) == 1797


def test_the_demo_recipe_is_valid_and_needs_no_download():
    recipe = Recipe.from_values({**RECIPE, "data": {"path": "digits"}}).resolved()
    assert recipe.backbone.weights == "builtin"
    assert not recipe.images.augmentation.horizontal_flip


def test_pictures_with_several_labels_are_trained_and_predicted(type_command, tmp_path, make_pictures):
    pictures = make_pictures(tmp_path / "data", {"all": 12}) / "all"
    labels = ["cat", "dog", "cat;dog"] * 4
    rows = [f"all/{index}.png,{label}" for index, label in enumerate(labels)]
    table = pictures.parent / "labels.csv"
    table.write_text("\n".join(["path,label", *rows]) + "\n")
    outcome = type_command("train", table, *QUICK, "--out", tmp_path / "run", "--json")
    assert outcome.code == 0, outcome.stderr
    assert json.loads(outcome.stdout)["num_test_examples"] > 0
    lines = type_command("predict", tmp_path / "run", pictures, "--json").stdout.splitlines()
    answers = [json.loads(line) for line in lines]
    assert len(answers) == 12
    assert all(set(answer["probabilities"]) == {"cat", "dog"} for answer in answers)
