"""The page to drop images on, and a policy under which a browser runs nothing else in it."""

import base64
import hashlib
import re
from importlib.resources import files

# One a task between what they use and the page, which begins.
_SCRIPTS = ("colours.js", "classes.js", "boxes.js", "masks.js", "numbers.js", "anomalies.js", "page.js")


def page() -> tuple[str, str]:
    """The page, and its Content-Security-Policy: its own style and script by their hashes, and this server alone."""
    text = _text("page.html").replace("/* style */\n", _text("page.css"))
    text = text.replace("/* script */\n", "".join(map(_text, _SCRIPTS)))
    style, script = (hash_of(tag, text) for tag in ("style", "script"))
    policy = {
        "default-src": "'none'",
        "style-src": style,
        "script-src": script,
        "img-src": "blob: data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return text, "; ".join(f"{name} {value}" for name, value in policy.items())


def _text(name: str) -> str:
    return files("headstart.serving").joinpath("templates", name).read_text("utf-8")


def hash_of(tag: str, text: str) -> str:
    """The hash of what stands in the only element of its kind, as a Content-Security-Policy names it."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
