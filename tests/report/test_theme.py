"""Colours can be told apart on light and on dark ground, by the thresholds of WCAG 2.2, 1.4.3 and 1.4.11."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb

from headstart.report import reliability_diagram
from headstart.report.theme import COLOURS, heat_colours

ENOUGH_FOR_TEXT, ENOUGH_FOR_SHAPES = 4.5, 3.0

Paint = Callable[[str], np.ndarray]


def luminance(colour: np.ndarray) -> float:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    dark, bright = sorted([luminance(one), luminance(other)])
    return (bright + 0.05) / (dark + 0.05)


def role_of(colour: object) -> str:
    """What a figure's colour stands for: the page paints the role, not the colour."""
    return next(name for name, pair in COLOURS.items() if pair.light == to_hex(colour))


@pytest.fixture(params=["light", "dark"])
def paint(request) -> Paint:
    """From a role to its colour in one scheme."""
    return lambda role: np.array(to_rgb(getattr(COLOURS[role], request.param)))


@pytest.mark.parametrize("role", ["ink", "muted", "accent"])
@pytest.mark.parametrize("ground", ["ground", "raised"])
def test_texts_can_be_read_on_every_ground(paint, role, ground):
    assert contrast(paint(role), paint(ground)) >= ENOUGH_FOR_TEXT


def test_no_two_roles_share_a_colour_by_which_the_page_knows_them():
    assert len({colour.light for colour in COLOURS.values()}) == len(COLOURS)


def test_counts_can_be_read_on_the_deepest_colour_of_a_confusion_matrix():
    *colour, opacity = heat_colours()(1.0)
    deepest = opacity * np.array(colour) + (1 - opacity) * np.array(to_rgb(COLOURS["ground"].light))
    assert contrast(np.array(to_rgb(COLOURS["ink"].light)), deepest) >= ENOUGH_FOR_TEXT


def test_the_line_of_perfection_is_seen_before_the_bars_and_the_bars_before_the_ground(paint):
    calibration = pd.DataFrame({"low": [0.5], "high": [0.6], "num_examples": [4], "accuracy": [0.9]})
    upper = reliability_diagram(calibration).axes[0]
    (bar,), (line,) = upper.patches, upper.lines
    *colour, opacity = bar.get_facecolor()
    seen = opacity * paint(role_of(colour)) + (1 - opacity) * paint("ground")
    assert contrast(seen, paint("ground")) >= ENOUGH_FOR_SHAPES
    assert contrast(paint(role_of(line.get_color())), seen) >= ENOUGH_FOR_SHAPES
    assert line.get_zorder() > bar.get_zorder()
