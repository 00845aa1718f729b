"""Valid files, damaged: byte by byte, line by line, and value by value where the file is JSON."""

import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headstart.cli.exit_codes import ExitCode, exit_code_of

NUM_EXAMPLES = int(os.environ.get("HEADSTART_FUZZ_EXAMPLES", "60"))
MAX_SECONDS = 10

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 10**24, 1e308, -1e-308, float("nan"), float("inf"), 0.5),
    *("", "a", "../..", "/etc/passwd", "C:\\con", "a\0b", "\u202e", "ü" * 300, "1e999", "nan", "x" * 5000),
    *([], {}, [[]], [1], {"a": 1}, [None], [[[[[[1]]]]]], ["a"] * 50, "[" * 200),
)
TOKENS = (
    *(
        b"nan",
        b"-1",
        b"1e999",
        b"inf",
        b"0x1F",
        b"9" * 5000,
        b"..",
        b"../x",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"'",
        b'"',
    ),
    *(
        b"[",
        b"[" * 3000,
        b"{",
        b"]",
        b"}",
        b"<",
        b"</",
        b"&x;",
        b"<!ENTITY a 'b'>",
        b"=",
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r",
        b"# ",
    ),
    *(b"999999999999999999999", b"- ", b"path: ..", b"!!python/object:os.system", b"&a [*a]"),
)


@pytest.fixture
def fuzz(tmp_path_factory) -> Callable[..., None]:
    """Damages a file again and again, and fails where reading it is a mistake of the program, a hang or a write.

    Args of the function:
        make: writes valid files into a folder and gives the one to damage.
        read: reads it as a command does.
        settle: does what an attacker can do after a change, such as writing the new hash into another file.
        may_write: whether reading may change the folder.
    """

    def check(
        make: Callable[[Path], Path],
        read: Callable[[Path], object],
        *,
        settle: Callable[[Path], object] = lambda _: None,
        may_write: bool = False,
    ) -> None:
        folder = tmp_path_factory.mktemp("fuzz")
        path = make(folder)
        read(path)
        valid = path.read_bytes()
        hung: list[int] = []

        # What seeds stand for gets no simpler with smaller ones.
        @settings(
            max_examples=NUM_EXAMPLES,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.integers(0, 2**63))
        def reads(seed: int) -> None:
            path.write_bytes(mutated_content(random.Random(seed), valid))
            settle(path)
            before = trace_of(folder)
            try:
                with time_limit(MAX_SECONDS):
                    read(path)
            except Exception as error:
                if exit_code_of(error) is ExitCode.BUG:
                    raise
            except HangError:
                hung.append(seed)
            assert not hung, f"seed {hung[0]} took longer than {MAX_SECONDS} s"
            if not may_write:
                assert trace_of(folder) == before

        reads()

    return check


class HangError(BaseException):
    """Reading takes too long; no `except Exception` in a reader hides it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Turns a hang into an error."""

    def stop(*_: object) -> None:
        raise HangError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def trace_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of everything in a folder."""
    found = [folder, *folder.rglob("*")]
    return {str(each): (each.lstat().st_size, each.lstat().st_mtime_ns) for each in found}


def mutated_content(generator: random.Random, content: bytes) -> bytes:
    """The content with one to four damages."""
    ways: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flipped, _cut, _token, _line, _value, _value, _value)
    for _ in range(generator.randint(1, 4)):
        content = generator.choice(ways)(generator, content)
    return content


def _flipped(generator: random.Random, content: bytes) -> bytes:
    changed = bytearray(content or b" ")
    for _ in range(generator.randint(1, 8)):
        changed[generator.randrange(len(changed))] = generator.randrange(256)
    return bytes(changed)


def _cut(generator: random.Random, content: bytes) -> bytes:
    first, last = sorted(generator.randrange(len(content) + 1) for _ in range(2))
    return generator.choice((content[:first], content[first:], content[:first] + content[last:], content + content))


def _token(generator: random.Random, content: bytes) -> bytes:
    """Another text in place of a word or a number, or between two."""
    words = content.split(generator.choice((b" ", b",", b"\n", b"=", b">")))
    separator = content[len(words[0]) : len(words[0]) + 1] if len(words) > 1 else b" "
    words[generator.randrange(len(words))] = generator.choice(TOKENS)
    return separator.join(words)


def _line(generator: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    place = generator.randrange(len(lines))
    line = lines.pop(place)
    if generator.random() < 0.6:
        for _ in range(generator.choice((1, 2, 50))):
            lines.insert(generator.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _value(generator: random.Random, content: bytes) -> bytes:
    """Another value somewhere in JSON; a token in anything else."""
    try:
        whole = [json.loads(content)]
    except (ValueError, RecursionError):
        return _token(generator, content)
    place: Any = whole
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = generator.choice(keys)
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or generator.random() < 0.2:
            break
        place = inner
    if generator.random() < 0.25 and place is not whole:
        del place[key]
    elif isinstance(place, dict) and generator.random() < 0.2:
        place[generator.choice([str(value)[:100] for value in VALUES])] = place.pop(key)
    else:
        place[key] = generator.choice(VALUES)
    return json.dumps(whole[0]).encode()
