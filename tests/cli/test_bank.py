"""`headstart bank` lists and deletes what training left, and nothing else."""

import json
import subprocess
import sys

import pytest

from headstart.cli.exit_codes import ExitCode


@pytest.fixture
def banks(tmp_path, photos, type_command):
    """Folder with one bank of each of two networks' sizes."""
    folder = tmp_path / "banks"
    for size in ("32", "48"):
        words = ["--backbone", "vgg19_mini", "--weights", "none", "--image-size", size, "--epochs", "0"]
        outcome = type_command("train", photos, *words, "--bank-dir", folder, "--out", tmp_path / f"run-{size}")
        assert outcome.code == 0, outcome.stderr
    (folder / "notes.txt").write_text("mine")
    return folder


def listed(type_command, folder):
    outcome = type_command("bank", "list", "--bank-dir", folder, "--json")
    assert outcome.code == 0, outcome.stderr
    return json.loads(outcome.stdout)["banks"]


@pytest.mark.slow
def test_banks_are_listed_and_deleted_by_name_and_all_at_once(type_command, banks):
    last, first = listed(type_command, banks)
    assert [bank["facts"]["image_size"] for bank in (last, first)] == [[48, 48], [32, 32]]
    assert last["num_rows"] == 18 * 2 + 3  # a linear probe, which is the whole training here, uses two views
    assert last["num_bytes"] == sum(path.stat().st_size for path in (banks / last["name"]).rglob("*") if path.is_file())
    text = type_command("bank", "list", "--bank-dir", banks).stdout
    for part in ("2 feature banks", "vgg19_mini", "48x48", last["name"], first["name"]):
        assert part in text

    outcome = type_command("bank", "clear", first["name"], "--bank-dir", banks)
    assert "1 feature bank, " in outcome.stdout
    assert listed(type_command, banks) == [last]
    assert type_command("bank", "clear", "--bank-dir", banks).code == 0
    assert listed(type_command, banks) == []
    assert (banks / "notes.txt").read_text() == "mine"


def test_a_bank_that_is_not_there_is_told_and_nothing_is_deleted(type_command, tmp_path):
    (tmp_path / "abc").mkdir()
    (tmp_path / "abc" / "bank.json").write_text("{}")
    outcome = type_command("bank", "clear", "abc", "xyz", "--bank-dir", tmp_path)
    assert outcome.code == ExitCode.BANK_NOT_FOUND
    assert "one of abc" in outcome.stderr
    assert (tmp_path / "abc" / "bank.json").exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [("", ExitCode.USAGE), *((name, ExitCode.BANK_NOT_FOUND) for name in (".", "..", "../photos"))],
)
def test_a_name_that_leads_elsewhere_is_no_bank(type_command, tmp_path, name, code):
    (tmp_path / "banks").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "bank.json").write_text("{}")
    assert type_command("bank", "clear", name, "--bank-dir", tmp_path / "banks").code == code
    assert (tmp_path / "photos" / "bank.json").exists()


def test_listing_does_not_wait_for_keras(tmp_path):
    code = "import sys; from headstart.cli.app import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    words = [sys.executable, "-c", code, "bank", "list", "--bank-dir", tmp_path]
    process = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "0 feature banks" in process.stdout
    assert not {"keras", "tensorflow"} & set(process.stderr.split())


def test_without_a_folder_there_is_no_bank(type_command, tmp_path):
    assert listed(type_command, tmp_path / "nowhere") == []
    assert type_command("bank", "clear", "--bank-dir", tmp_path / "nowhere").code == 0


def test_the_environment_may_name_the_folder(type_command, tmp_path):
    outcome = type_command("bank", "list", "--json", env={"HEADSTART_BANK_DIR": str(tmp_path)})
    assert json.loads(outcome.stdout)["bank_dir"] == str(tmp_path)
