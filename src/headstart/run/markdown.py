"""Names of files and classes inside Markdown: text that stays text."""

import re

from headstart.files import one_line

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Emphasis, code, links and images, tables, strikethrough, formulas, mentions.
_MARKS = re.compile(r"[\\`*_\[\]|~$@!]|:(?=\S)|(?<=www)\.|\A(?:[#+=-]|\d+(?=[.)](?:\s|\Z)))")


def markdown_text(text: str) -> str:
    r"""Text that shows as it is wherever Markdown may stand: no HTML, link, emphasis, formula or cell comes of it.

    Example:
        >>> markdown_text("<b> a_b | [c](d)")
        '&lt;b&gt; a\\_b \\| \\[c\\](d)'

    References:
        CommonMark 0.31, section 2.4: a backslash before punctuation of ASCII makes it literal.
    """
    safe = re.sub(r"[&<>]", lambda match: _HTML[match[0]], one_line(text))
    return _MARKS.sub(lambda match: _literal(match[0]), safe)


def markdown_code(text: str) -> str:
    """Text as inline code, also where it holds backticks."""
    text = one_line(text)
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def _literal(mark: str) -> str:
    return f"{mark[:-1]}&#{ord(mark[-1])};" if mark[-1].isdigit() else f"\\{mark}"
