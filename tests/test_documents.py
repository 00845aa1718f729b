"""What the documents say exists: links, files, commands, options, targets and names."""

import ast
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

import headstart
from headstart.cli.app import COMMANDS, app
from headstart.options import OPTIONS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "headstart"
DECISIONS = ROOT / "docs" / "decisions"
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "src/**/*.md")
    for path in ROOT.glob(pattern)
    if not path.name.startswith(".")
)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
PROJECT_FILE = re.compile(r"(src|tests|tools|benchmarks|docs|notebooks|\.ci)/[\w/.*]+")
MAX_README_LINES = 160
# The project speaks of itself alone.
FORBIDDEN = re.compile(r"\bsessions?\b|\bsandbox|/work/|\bagents?\b", re.IGNORECASE)

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def text_of(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text("utf-8")


def section_of(text: str, heading: str) -> str:
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def lines_of_blocks(text: str) -> list[str]:
    return [line.split(" #")[0] for _, block in BLOCK.findall(text) for line in block.splitlines()]


def code_in_sentences(text: str) -> list[str]:
    return CODE.findall(BLOCK.sub("", text))


def commands_in(path: Path) -> list[list[str]]:
    """The words after `headstart` of everything that can be typed: lines of blocks, and code inside sentences."""
    text = path.read_text("utf-8")
    pieces = [*lines_of_blocks(text), *code_in_sentences(text)]
    found = (re.match(r"\s*(?:\.venv/bin/)?headstart ([^.=].*)", piece) for piece in pieces)
    return [shlex.split(match[1].split(" > ")[0]) for match in found if match]


def problem_of(words: list[str]) -> str | None:
    """Why a command line cannot be typed, None if it can; the bare name of a command is no command line."""
    command = typer.main.get_command(app).commands.get(words[0])
    if command is None:
        return f"no command {words[0]}"
    if len(words) == 1 or words[1:] == ["--help"]:
        return None
    try:
        command.make_context(words[0], words[1:], obj=None)
    except Exception as error:  # Typer's own classes of mistakes, which it does not show at its door
        return f"{' '.join(words)}: {error}"
    return None


@pytest.mark.parametrize(
    ("words", "is_fine"),
    [
        (["train", "DATA", "--backbone", "vgg19", "--image-size", "160"], True),
        (["train"], True),
        (["trian", "DATA"], False),
        (["train", "DATA", "--colour", "red"], False),
        (["train", "DATA", "--image-size", "large"], False),
        (["predict", "RUN"], False),
        (["report", "RUN", "RUN"], False),
    ],
)
def test_a_command_line_that_cannot_be_typed_is_noticed(words, is_fine):
    assert (problem_of(words) is None) == is_fine


def test_there_are_documents_and_commands_to_check():
    names = {path.name for path in DOCUMENTS}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "architecture.md", "VGG19_MINI.md"} <= names
    assert sum(len(commands_in(path)) for path in DOCUMENTS) > 30


@each_document
def test_every_link_leads_somewhere(path):
    assert [link for link in LINK.findall(path.read_text("utf-8")) if not (path.parent / link).exists()] == []


@each_document
def test_every_command_line_can_be_typed(path):
    assert [problem for words in commands_in(path) if (problem := problem_of(words))] == []


@each_document
def test_every_file_of_the_project_that_is_named_exists(path):
    text = path.read_text("utf-8")
    words = {word for code in [*code_in_sentences(text), *lines_of_blocks(text)] for word in code.split()}
    named = {word for word in words if PROJECT_FILE.fullmatch(word)}
    assert [name for name in sorted(named) if not list(ROOT.glob(name))] == []
    modules = {word for word in words if re.fullmatch(r"[\w/]+\.py", word)}
    places = (ROOT, PACKAGE.parent, PACKAGE, path.parent)
    assert [name for name in sorted(modules) if not any((place / name).exists() for place in places)] == []


@each_document
def test_every_option_of_a_script_that_is_shown_exists(path):
    shown = re.findall(r"python ((?:benchmarks|tools)/\w+\.py)([^#\n`]*)", path.read_text("utf-8"))
    for script, arguments in shown:
        source = text_of(script)
        options = re.findall(r"--[\w-]+", arguments)
        assert [option for option in options if f'"{option}"' not in source] == []


@each_document
def test_every_make_target_that_is_named_exists(path):
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", path.read_text("utf-8"), re.MULTILINE)) <= targets


@each_document
def test_every_name_below_headstart_exists(path):
    """Such as `headstart.training.freezing`, `headstart.train`, or a class in a module."""
    named = {code for code in code_in_sentences(path.read_text("utf-8")) if re.fullmatch(r"headstart(\.\w+)+", code)}
    missing = []
    for dotted in named:
        place, rest = PACKAGE, dotted.split(".")[1:]
        while rest and ((place / rest[0]).is_dir() or (place / f"{rest[0]}.py").is_file()):
            place = place / rest.pop(0)
        source = (place / "__init__.py" if place.is_dir() else place.with_suffix(".py")).read_text("utf-8")
        if len(rest) > 1 or (rest and not re.search(rf"\b{rest[0]}\b", source)):
            missing.append(dotted)
    assert missing == []


@each_document
def test_documents_speak_of_the_project_alone(path):
    assert FORBIDDEN.findall(path.read_text("utf-8")) == []


def python_of_readme() -> ast.Module:
    (code,) = [block for language, block in BLOCK.findall(text_of("README.md")) if language == "python"]
    return ast.parse(code)


def attributes_of(tree: ast.Module, name: str) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def test_the_python_of_the_readme_uses_names_and_options_that_exist():
    tree = python_of_readme()
    verbs = attributes_of(tree, "headstart")
    assert "train" in verbs
    assert verbs <= set(headstart.__all__)
    # Read and not imported: a run brings TensorFlow.
    module = ast.parse(text_of("src", "headstart", "run", "directory.py"))
    (run,) = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "Run"]
    members = {node.name for node in run.body if isinstance(node, ast.FunctionDef)} | {"path"}
    assert attributes_of(tree, "run") <= members
    (train,) = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("train")
    ]
    assert {keyword.arg for keyword in train.keywords} <= {*OPTIONS, "out", "recipe", "progress"}


def test_the_readme_is_short_and_lists_every_command():
    text = text_of("README.md")
    assert len(text.splitlines()) <= MAX_README_LINES
    listed = re.findall(r"^\| `headstart ([a-z]+)", section_of(text, "Commands"), re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


def test_the_readme_has_one_place_for_results():
    text = text_of("README.md")
    assert text.count("<!-- results:begin -->") == text.count("<!-- results:end -->") == 1
    between = section_of(text, "Results").split("<!-- results:begin -->")[1].split("<!-- results:end -->")[0]
    assert "`make bench`" in between


def test_make_bench_runs_every_benchmark_and_all_are_explained():
    scripts = {path.name for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8")}
    assert {"startup.py", "recipe_choices.py"} <= scripts
    run = re.findall(r"benchmarks/(\w+\.py)", text_of("Makefile"))
    explained = re.findall(r"^\| `(\w+\.py)` \|", text_of("benchmarks", "README.md"), re.MULTILINE)
    assert set(run) == set(explained) == scripts


@pytest.mark.parametrize(
    ("document", "heading"),
    [("README.md", "What a run leaves behind"), ("docs/architecture.md", "The run directory")],
)
def test_every_file_of_a_run_is_explained(document, heading):
    files = set(re.findall(r'self\.path / "([\w.]+)"', text_of("src", "headstart", "run", "directory.py")))
    assert {"run.json", "model.keras", "checkpoints"} <= files
    explained = {
        name.rstrip("/")
        for line in section_of(text_of(document), heading).splitlines()
        if line.startswith("| `")
        for name in CODE.findall(line.split("|")[1])
    }
    assert explained == files | {"dataset.json"}  # written beside dataset.csv by the table itself


def test_every_claim_of_trust_names_what_holds_it():
    rows = [line for line in section_of(text_of("README.md"), "Why you can trust it").splitlines() if line[:1] == "|"]
    assert len(rows) > 5
    assert [row for row in rows[2:] if not re.search(r"`(tests|benchmarks)/[\w/]+\.py`", row.split("|")[2])] == []


def test_continuous_integration_runs_every_supported_python():
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    stated = [line.rpartition(" ")[2] for line in project["classifiers"] if "Python :: 3." in line]
    tested = yaml.safe_load(text_of(".github", "workflows", "ci.yml"))["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert stated == tested == ["3.11", "3.12", "3.13"]
    assert project["requires-python"] == ">=3.11,<3.14"


def test_every_command_of_the_pre_commit_hooks_is_in_the_own_environment():
    """A hook that pre-commit itself installs would need a network."""
    (repo,) = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert repo["repo"] == "local"
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    assert {hook["entry"].split()[0] for hook in repo["hooks"]} <= {
        f".venv/bin/{tool}" for tool in ("ruff", "mypy", "python")
    }


def test_the_changelog_tells_of_what_is_not_released_yet_or_of_this_version():
    text = text_of("CHANGELOG.md")
    assert "## [Unreleased]" in text or f"## [{headstart.__version__}]" in text


def test_decisions_are_numbered_and_listed_under_their_titles():
    records = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    titles = {path.name: path.read_text("utf-8").splitlines()[0] for path in records}
    listed = re.findall(
        r"^\| \[(\d+)\]\(([^)]+)\) \| (.+) \|$", text_of("docs", "decisions", "README.md"), re.MULTILINE
    )
    assert {name: f"# {int(number)}. {title}" for number, name, title in listed} == titles


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_every_decision_says_why_what_and_at_what_price(path):
    text = path.read_text("utf-8")
    assert re.findall(r"^\*\*(Context|Choice|Direction)\.\*\*", text, re.MULTILINE) in (
        ["Context", "Choice"],
        ["Context", "Direction"],
    )
    assert re.search(r"^\*\*(Given up|Would be given up)\.\*\* \w", text, re.MULTILINE)
    assert len(text.splitlines()) <= 40
