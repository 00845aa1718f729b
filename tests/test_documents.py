"""What the documents say exists: links, files, commands, options and names."""

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer

import headstart
from headstart.cli.app import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "src/**/*.md")
    for path in ROOT.glob(pattern)
    if not path.name.startswith(".")
)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
# The project speaks of itself alone.
FORBIDDEN = re.compile(r"\bsession\b|\bsandbox\b|/work/|\bagents?\b", re.IGNORECASE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def commands_in(text: str) -> set[str]:
    """Every `headstart ...` that can be typed: lines of blocks, and code inside sentences."""
    lines = [line for _, block in BLOCK.findall(text) for line in block.splitlines()]
    pieces = [*lines, *CODE.findall(BLOCK.sub("", text))]
    found = (re.match(r"\s*(?:\.venv/bin/)?headstart ([a-z].*)", piece) for piece in pieces)
    return {match[1].split(" #")[0].split(" > ")[0].strip() for match in found if match}


def options_of(command: str) -> set[str]:
    click_app = typer.main.get_command(app)
    return {name for parameter in click_app.commands[command].params for name in parameter.opts} | {"--help", "-h"}


def every_command() -> list[tuple[str, str]]:
    return [(name_of(path), command) for path in DOCUMENTS for command in sorted(commands_in(path.read_text("utf-8")))]


def test_there_are_documents_and_commands_to_check():
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md"} <= {name_of(path) for path in DOCUMENTS}
    assert len(every_command()) > 20


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(path):
    links = LINK.findall(path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize(("document", "command"), every_command())
def test_every_command_and_option_exists(document, command):
    words = shlex.split(command)
    assert words[0] in typer.main.get_command(app).commands
    typed = {word.split("=")[0] for word in words[1:] if word.startswith("--")}
    assert typed <= options_of(words[0])


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_file_of_the_project_that_is_named_exists(path):
    named = {
        word
        for word in CODE.findall(path.read_text("utf-8"))
        if re.match(r"(src|tests|tools|benchmarks)/[\w/.]+$", word)
    }
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_documents_speak_of_the_project_alone(path):
    assert FORBIDDEN.findall(path.read_text("utf-8")) == []


def test_the_python_of_the_readme_uses_verbs_that_exist():
    blocks = [text for language, text in BLOCK.findall((ROOT / "README.md").read_text("utf-8")) if language == "python"]
    assert blocks
    verbs = {
        node.attr
        for block in blocks
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "headstart"
    }
    assert verbs
    assert verbs <= set(headstart.__all__)


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        target for path in DOCUMENTS for target in re.findall(r"(?:`|^)make ([a-z]+)", path.read_text("utf-8"), re.M)
    }
    assert named
    assert named <= targets


def test_the_changelog_tells_of_what_is_not_released_yet_or_of_this_version():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "## [Unreleased]" in text or f"## [{headstart.__version__}]" in text


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs" / "decisions"
    assert {path.name for path in folder.glob("0*.md")} == set(LINK.findall((folder / "README.md").read_text("utf-8")))
