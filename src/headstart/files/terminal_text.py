"""Text for people: characters that a terminal executes or hides are shown as escapes.

File and class names come from anyone. A name with an escape sequence could change the title of a terminal, erase lines,
or show other words than it holds; a bidirectional control turns `exe.jpg` around.

References:
    Boucher and Anderson, "Trojan Source: Invisible Vulnerabilities", USENIX Security 2023.
"""

import unicodedata

# Control, format (bidirectional, zero width), half of a surrogate pair, separators of lines and of paragraphs.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORT = {"\t": r"\t", "\r": r"\r", "\n": r"\n"}


def visible(text: str) -> str:
    r"""The text with every control, format and surrogate character but the line feed as an escape.

    Example:
        >>> visible("a\x1b[31mb\u202ec")
        'a\\x1b[31mb\\u202ec'
    """
    if text.isprintable():
        return text
    return "".join(character if character == "\n" else _shown(character) for character in text)


def one_line(text: str) -> str:
    r"""Visible text with line feeds as escapes too, so that a name cannot forge a second line.

    Example:
        >>> one_line("a\nERROR")
        'a\\nERROR'
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) not in _HIDDEN:
        return character
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
