"""Names that hold what programs stumble over go from the audit to the report and back, exact for programs."""

import csv
import io
import json
import subprocess
import unicodedata

import pytest

from headstart.files import one_line
from headstart.run import Run

CLASSES = ('=cmd()|"a,b"\r\n', "<script>$x_1^2$ `|`\t\x1b]0;title\x07", "[red]gpj\u202eexe :smile: \x9b31m")
FILE_NAME = 'a\r\nb\tc, "d" \x1b[2J\u2066 $y$.png'
QUICK = ["--backbone", "vgg19_mini", "--weights", "none", "--image-size", "32", "--frozen-epochs", "1", "--epochs", "0"]


def dangerous(text: str) -> set[str]:
    """Characters that a terminal would obey or hide."""
    return {char for char in text if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}}


@pytest.fixture(scope="module")
def awkward(tmp_path_factory, make_pictures):
    folder = make_pictures(tmp_path_factory.mktemp("awkward") / "photos [red]", dict.fromkeys(CLASSES, 8))
    for name in CLASSES:
        (folder / name / "0.png").rename(folder / name / FILE_NAME)
    return folder


@pytest.fixture(scope="module")
def run(awkward, tmp_path_factory, type_command):
    path = tmp_path_factory.mktemp("runs") / "run"
    outcome = type_command("train", awkward, *QUICK, "--out", path)
    assert outcome.code == 0, outcome.stderr
    assert not dangerous(outcome.stdout + outcome.stderr)
    return path


def test_the_audit_shows_names_to_people_and_gives_them_to_programs(awkward, type_command, tmp_path):
    outcome = type_command("audit", awkward)
    assert outcome.code == 0, outcome.stderr
    assert not dangerous(outcome.stdout + outcome.stderr)
    assert json.loads(type_command("audit", awkward, "--json").stdout)
    missing = type_command("audit", tmp_path / "no\x1b[31m\u202e\ntwo")
    assert not dangerous(missing.stderr)
    assert r"no\x1b[31m\u202e" in missing.stderr.replace("\n", "").replace(" ", "")


def test_a_run_keeps_names_exactly_and_goes_on_after_its_tables_are_written(run, type_command):
    names = {example.relative_to(Run.load(run).dataset.root).parts[0] for example in Run.load(run).dataset.paths()}
    assert names == set(CLASSES)
    Run.load(run).update_state("failed")
    for name in ("report.json", "report.html"):
        (run / name).unlink()
    outcome = type_command("resume", run)
    assert outcome.code == 0, outcome.stderr
    page = (run / "report.html").read_text("utf-8")
    assert "<script>$x_1" not in page
    assert not dangerous(page)
    assert not dangerous((run / "run.log").read_text("utf-8"))


def test_the_card_holds_no_html_and_no_control_character(run, type_command, tmp_path):
    assert type_command("card", run, "--out", tmp_path / "card.md").code == 0
    card = (tmp_path / "card.md").read_text("utf-8")
    assert "&lt;script&gt;" in card
    assert "<script>" not in card.replace(repr(list(CLASSES)), "").replace(repr(sorted(CLASSES)), "")
    assert not dangerous(card)


@pytest.mark.parametrize("form", ["--csv", "--json", "out"])
def test_answers_for_programs_hold_every_name_to_the_byte(awkward, run, start_process, tmp_path, form):
    out = ["--out", tmp_path / "a.csv"] if form == "out" else [form]
    with start_process("predict", run, awkward, *out, text=False, stderr=subprocess.DEVNULL) as process:
        content = process.stdout.read()
    assert process.returncode == 0
    text = ((tmp_path / "a.csv").read_bytes() if form == "out" else content).decode("utf-8")
    if form == "--json":
        assert not dangerous(text)
        rows = [json.loads(line) for line in text.splitlines()]
    else:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert {row["path"] for row in rows} == {str(path) for path in awkward.rglob("*.png")}
    assert {row["prediction"] for row in rows} <= set(CLASSES)


def test_answers_for_people_show_one_line_a_file_without_control_characters(awkward, run, type_command):
    outcome = type_command("predict", run, awkward)
    assert not dangerous(outcome.stdout)
    assert len(outcome.stdout.splitlines()) == 1 + 24
    assert one_line(FILE_NAME) in outcome.stdout
    assert r"\x1b" in outcome.stdout


def test_on_a_terminal_only_the_program_itself_moves_the_cursor(awkward, run, type_on_terminal):
    outcome = type_on_terminal("predict", run, awkward)
    shown = outcome.stdout + outcome.stderr
    assert "\x1b[2J" not in shown
    assert not dangerous(shown) - {"\x1b"}
    assert "[red]" in shown
    assert ":smile:" in shown
