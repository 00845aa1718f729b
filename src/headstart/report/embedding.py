"""Images and figures as text inside an HTML page, so that the page is one file."""

import base64
import hashlib
import io
import re
import warnings

import matplotlib as mpl
import numpy as np
from markupsafe import Markup, escape
from matplotlib.figure import Figure
from PIL import Image

from headstart.report.theme import COLOURS

LARGEST_SIDE = 256  # pixels: sharp in a gallery on a phone, and a dozen pairs stay under half a megabyte


def picture_uri(picture: np.ndarray, *, largest_side: int = LARGEST_SIDE) -> str:
    """An image as a `data:` URI (WebP).

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        largest_side: pixels; a larger image is scaled down to it.
    """
    image = Image.fromarray(np.clip(np.asarray(picture), 0, 255).astype(np.uint8))
    image.thumbnail((largest_side, largest_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=82, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def inline_svg(figure: Figure, *, description: str) -> Markup:
    """A figure as SVG that takes its colours from the page's CSS variables and its letters from the page's fonts.

    Args:
        figure: drawn in the colours of `headstart.report.theme`.
        description: what a user who cannot see it should know.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": description}), warnings.catch_warnings():
        # The page's fonts draw the letters, so that matplotlib's own need not have them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)  # it would hold for the whole page
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg, count=2)
    used = frozenset(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    prefix = hashlib.sha256(description.encode()).hexdigest()[:8]
    # Tags only: the texts between them are names of the user's, such as a colour's "#ffffff".
    svg = re.sub(r"<[^>]+>", lambda tag: _with_own_ids(_with_page_style(tag[0]), used=used, prefix=prefix), svg)
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1))


def _with_page_style(tag: str) -> str:
    tag = re.sub(r"font-family: [^;\"]+|(?<=px )'[^;\"]+", _page_font, tag.replace("xlink:href", "href"))
    for name, colour in COLOURS.items():
        tag = tag.replace(colour.light, f"var(--{name})")
    return tag


def _page_font(match: re.Match[str]) -> str:
    return "font-family: inherit" if match[0].startswith("font-family") else "var(--font)"


def _with_own_ids(tag: str, *, used: frozenset[str], prefix: str) -> str:
    """Drops ids that nothing refers to and prefixes the others: two figures on one page must not share an id."""
    tag = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", tag)
    return re.sub(r'(href="#|url\(#)', lambda m: f"{m[1]}{prefix}-", tag)
