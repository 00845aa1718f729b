"""What a terminal would obey or hide is shown."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.files import one_line, visible

AWKWARD = {
    "\x1b[2J": r"\x1b[2J",
    "a\x07\x08\x7f\x9bz": r"a\x07\x08\x7f\x9bz",
    "\x9d0;title\x9c": r"\x9d0;title\x9c",
    "gpj\u202eexe": r"gpj\u202eexe",
    "\u2066a\u2069\u200f\u061c": r"\u2066a\u2069\u200f\u061c",
    "a\u200bb\u200d\ufeff\u00ad": r"a\u200bb\u200d\ufeff\xad",
    "a\tb\rc": r"a\tb\rc",
    "\u2028\u2029": r"\u2028\u2029",
    "\udc80": r"\udc80",
    "\U000e0041": r"\U000e0041",
}


@pytest.mark.parametrize("text", AWKWARD)
def test_what_a_terminal_obeys_or_hides_becomes_an_escape(text):
    assert visible(text) == one_line(text) == AWKWARD[text]


def test_letters_of_every_script_stay():
    for text in ("Löwe 花 شجر עץ 🦁 a\u0301 \u00a0", "C:\\photos\\new", "'$x_1^2$' [red] :smile:"):
        assert visible(text) == one_line(text) == text


def test_a_line_feed_stays_in_a_text_and_not_in_a_name():
    assert visible("a\nb") == "a\nb"
    assert one_line("a\nb") == r"a\nb"


@given(st.text(st.characters(max_codepoint=sys.maxunicode)))
def test_no_control_is_left_and_twice_is_as_good_as_once(text):
    shown = one_line(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert one_line(shown) == visible(shown) == shown
