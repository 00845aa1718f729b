"""The page to drop pictures on, and a policy under which a browser runs nothing else in it."""

import base64
import hashlib
import re
from importlib.resources import files


def page() -> tuple[str, str]:
    """The page, and its Content-Security-Policy: its own style and script by their hashes, and this server alone."""
    text = files("headstart.serving").joinpath("page.html").read_text("utf-8")
    style, script = (_hash_of(tag, text) for tag in ("style", "script"))
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


def _hash_of(tag: str, text: str) -> str:
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
