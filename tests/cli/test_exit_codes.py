"""Every cause has its own code, and the document says so."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.cli.exit_codes import EXIT_CODES, MEANINGS, ExitCode, exit_code_of
from headstart.errors import HeadstartError

ROOT = Path(__file__).parents[2]
SYSEXITS = range(64, 79)
SHELL = range(126, 256)


def classes_below(parent: type[HeadstartError]) -> Iterator[type[HeadstartError]]:
    for child in parent.__subclasses__():
        yield child
        yield from classes_below(child)


def own_classes() -> list[type[HeadstartError]]:
    return [kind for kind in classes_below(HeadstartError) if kind.__module__ == "headstart.errors"]


def concrete_classes() -> set[type[HeadstartError]]:
    return {kind for kind in own_classes() if not kind.__subclasses__()}


def test_every_concrete_error_has_a_code():
    assert set(EXIT_CODES) == concrete_classes()


def test_no_two_errors_share_a_code():
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)


def test_every_code_means_something_and_only_one_thing():
    assert set(EXIT_CODES.values()) | set(MEANINGS) == set(ExitCode)
    assert not set(EXIT_CODES.values()) & set(MEANINGS)


def test_codes_of_errors_are_not_those_of_shells_and_of_typer():
    assert all(code not in SHELL and code not in SYSEXITS and code > ExitCode.USAGE for code in EXIT_CODES.values())


@pytest.mark.parametrize("kind", sorted(concrete_classes(), key=lambda kind: kind.__name__))
def test_an_error_ends_with_its_own_code(kind):
    assert exit_code_of(kind("a", expected="b", received="c", hint="d")) is EXIT_CODES[kind]


def test_what_nobody_foresaw_is_a_bug_and_ctrl_c_is_not():
    assert exit_code_of(ValueError("x")) is ExitCode.BUG
    assert exit_code_of(KeyboardInterrupt()) is ExitCode.INTERRUPTED


def test_the_library_raises_only_errors_that_have_a_code():
    grouping = {kind.__name__ for kind in own_classes() if kind.__subclasses__()} | {"HeadstartError"}
    raised = {
        f"{path.name}:{node.lineno}"
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and getattr(node.exc.func, "id", "") in grouping
    }
    assert not raised


def test_the_document_lists_every_code():
    meanings = {code: (kind.__doc__ or "").splitlines()[0] for kind, code in EXIT_CODES.items()} | MEANINGS
    rows = [f"| {code.value} | `{code.name}` | {meanings[code]} |" for code in ExitCode]
    document = re.sub(
        r"\[([^]]+)\]\(glossary\.md#[^)]+\)", r"\1", (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    )
    assert [line for line in document.splitlines() if line.startswith("| ") and "`" in line] == rows
