"""Valid files, damaged: byte by byte, line by line, and value by value where the file is JSON."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

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


@pytest.fixture(scope="session")
def mutated() -> Callable[[random.Random, bytes], bytes]:
    """Gives the content of a file with one to four damages."""
    return mutated_content


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
