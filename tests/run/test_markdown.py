"""Names stay text wherever Markdown may stand."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from headstart.files import one_line
from headstart.run.markdown import markdown_code, markdown_text

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
AWKWARD = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a | b",
    "`code`",
    "a``b`",
    "two\nlines\r\n# heading",
    "[click](http://evil.example)",
    "![](http://evil.example/pixel.png)",
    "**bold** _it_ ~~gone~~",
    "# heading",
    "- item",
    "1. item",
    "10) item",
    "=cmd()|'/c calc'!A0",
    "&amp; &lt;",
    "back\\slash\\|",
    "gpj.\u202eexe",
    "http://evil.example www.evil.example @you :smile: $x^2$",
]
NAMES = st.text(st.one_of(st.sampled_from("<>&|`*_[]()!#~$@:\\-=+1.\n\r "), st.characters(codec="utf-8")), min_size=1)


def shown(markdown):
    """The text that a reader sees, and the tags around it."""
    page = MARKDOWN.render(markdown)
    return html.unescape(re.sub(r"<[^>]*>", "", page)).strip(), set(re.findall(r"</?([a-z0-9]+)", page))


@pytest.mark.parametrize("name", AWKWARD)
def test_a_name_shows_as_it_is_and_nothing_comes_of_it(name):
    assert shown(markdown_text(name)) == (one_line(name), {"p"})
    assert shown(markdown_code(name)) == (one_line(name), {"p", "code"})


@given(NAMES)
def test_any_name_shows_as_it_is_within_a_sentence_and_a_cell(name):
    text, tags = shown(f"Sorts into a{markdown_text(name)}a.")
    assert (text, tags) == (f"Sorts into a{one_line(name)}a.", {"p"})
    rows = MARKDOWN.render(f"| class |\n| --- |\n| a{markdown_text(name)}a |")
    (cell,) = re.findall(r"<td>(.*)</td>", rows)
    assert html.unescape(cell) == f"a{one_line(name)}a"


def test_plain_names_stay_plain():
    for name in ("red fox", "Löwenzahn 花", "class-1 (old)", "95 %", "3.5"):
        assert markdown_text(name) == name
    assert markdown_code("photos") == "`photos`"
