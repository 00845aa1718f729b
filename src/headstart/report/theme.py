"""The colours of figures and pages, declared once: light for notebooks and paper, light and dark on a page."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, hsv_to_rgb, to_rgb

from headstart.files import one_line


@dataclass(frozen=True)
class Colour:
    """One role's colour on light and on dark ground."""

    light: str
    dark: str


# Text colours keep a contrast of at least 4.5 with `ground` (WCAG 2.2, 1.4.3).
COLOURS = {
    "ground": Colour("#ffffff", "#111317"),
    "raised": Colour("#f6f7f9", "#191c22"),
    "line": Colour("#e3e5e9", "#2b2f37"),
    "faint": Colour("#b9bec7", "#4b515c"),
    "muted": Colour("#5b6270", "#9ba3b0"),
    "ink": Colour("#15171c", "#e9ebef"),
    "accent": Colour("#2755c4", "#86aaff"),
}

# First Okabe and Ito's palette without its black, told apart with any colour vision (Wong 2011, Nature Methods 8, 441);
# then those of Tol's "muted" scheme that lie far from these (Tol 2021, Colour Schemes, figure 3), and a brown.
DISTINCT_COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#f0e442"),
    *("#332288", "#882255", "#999933", "#bbbbbb", "#5c3a1e"),
)

# Shares of 1 % must be seen beside shares of 100 %: colour goes with this power of the share.
HEAT_POWER = 0.6

FIGURE_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.parse_math": False,  # a class may be called "$5"
    "text.color": COLOURS["ink"].light,
    "axes.edgecolor": COLOURS["faint"].light,
    "axes.labelcolor": COLOURS["muted"].light,
    "axes.labelsize": 9.0,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.0,
    "axes.titlepad": 12.0,
    "axes.axisbelow": True,
    "grid.color": COLOURS["line"].light,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "xtick.color": COLOURS["faint"].light,
    "ytick.color": COLOURS["faint"].light,
    "xtick.labelcolor": COLOURS["muted"].light,
    "ytick.labelcolor": COLOURS["muted"].light,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "figure.dpi": 110.0,
}


def styled() -> AbstractContextManager[None]:
    """Context in which a figure is drawn in this style; other figures of the process keep theirs."""
    return mpl.rc_context(FIGURE_STYLE)


def light(name: str) -> str:
    """The light colour of a role, such as `"accent"`."""
    return COLOURS[name].light


def class_colours(num_classes: int) -> np.ndarray:
    """`(num_classes, 3)` uint8 RGB: the first seven differ for any colour vision, later ones in hue and lightness.

    Nobody tells twenty colours apart: where classes matter, write their names beside them.
    """
    given = [to_rgb(colour) for colour in DISTINCT_COLOURS]
    places = np.arange(max(0, num_classes - len(given)))
    # The golden ratio spreads any number of hues evenly around the circle.
    hues, values = (0.32 + places * 0.618034) % 1.0, np.array([0.85, 0.5, 0.7])[places % 3]
    further = hsv_to_rgb(np.column_stack([hues, np.full(len(places), 0.65), values]).reshape(-1, 3))
    colours: np.ndarray = np.rint(255 * np.concatenate([given, further])[:num_classes]).astype(np.uint8)
    return colours


def shortened(name: str, *, longest: int) -> str:
    """The name, or its beginning and its end around "…": a figure has no room for more than `longest` characters."""
    name = one_line(name)
    if len(name) <= longest:
        return name
    end = longest // 3
    return f"{name[: longest - 1 - end]}…{name[-end:]}"


def heat_colours() -> LinearSegmentedColormap:
    """From clear to the accent colour: the ground shows through, and ink on it keeps its contrast."""
    red, green, blue = to_rgb(light("accent"))
    return LinearSegmentedColormap.from_list("headstart_heat", [(red, green, blue, 0.0), (red, green, blue, 0.75)])


def rule_horizontally(axes: Axes) -> None:
    """Leaves horizontal grid lines as the only furniture besides the labels."""
    axes.grid(visible=True, axis="y")
    axes.spines["left"].set_visible(False)
