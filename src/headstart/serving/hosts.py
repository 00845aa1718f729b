"""Which names requests may ask for, and which pages may send them.

A page from elsewhere can make a browser ask a server on the same machine: under a name that first leads to the page's
own server and then to 127.0.0.1 (DNS rebinding), it could even read the answers. Such a request has that name as its
`Host`. Any other request from a page of another origin states that origin in `Origin`.
"""

import re
from collections.abc import Collection
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import urlsplit

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
ANY = "*"
_HOST = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{0,5})?")
_PORTS = {"http": 80, "https": 443}


def host_name(host: str) -> str:
    """The name in a `Host` header or an option, without port, brackets, final dot and capitals; "" for no name."""
    if host.count(":") > 1 and not host.startswith("["):  # an address of IPv6 as people type it
        host = f"[{host}]"
    parts = _HOST.fullmatch(host)
    if parts is None:
        return ""
    if parts["name"]:
        return parts["name"].lower().removesuffix(".")
    try:
        return IPv6Address(parts["address"]).compressed
    except AddressValueError:
        return ""


def is_host_name(name: str) -> bool:
    """Whether a name can be allowed."""
    return name == ANY or bool(host_name(name))


def allowed_names(hosts: Collection[str]) -> frozenset[str] | None:
    """The names that are answered, with those of this machine; None for any."""
    return None if ANY in hosts else LOCAL_NAMES | {host_name(host) for host in hosts} - {""}


def is_same_origin(origin: str, host: str) -> bool:
    """Whether a page of this origin comes from the server that it asks; in front of it may be one that speaks TLS."""
    try:
        page = urlsplit(origin)
        asked = urlsplit(f"//{host}")
        usual = _PORTS[page.scheme]
        return (page.hostname, page.port or usual) == (asked.hostname, asked.port or usual)
    except (ValueError, KeyError):
        return False
