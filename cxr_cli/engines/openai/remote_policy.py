"""Report text and films leave this machine only when the user allows it: is a server here or elsewhere?"""

import re
import socket
from functools import cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from cxr_cli.errors import CxrError
from cxr_cli.extras import need

_KEY_PLACE = re.compile(r"[@?#;=&]|%(?:40|3f|23|3b|3d|26)", re.IGNORECASE)
_HOST = re.compile(r"[\w.:%-]{1,253}")


def base_url(url: str, *, allow_remote: bool) -> tuple[str, bool]:
    """The URL, with /v1 if it has no path, and whether the server is on this machine.

    "http://localhost:8000" -> ("http://localhost:8000/v1", True). Raises CxrError for a server elsewhere, unless
    `allow_remote`, and for a URL that holds a key: it would be written into rows and errors.
    """
    if _KEY_PLACE.search(url):
        raise CxrError(
            "the URL of a server may hold no user name, password, query, parameter or #: put a key into OPENAI_API_KEY"
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or re.search(r"[\s\\\0]", url):
        raise CxrError(f"{url[:200]!r}: not the URL of a server, such as http://localhost:8000/v1")
    local = is_local(host)
    if not (local or allow_remote):
        raise CxrError(f"{host} is not this machine: --allow-remote sends reports and films there")
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}", local


def is_local(host: str) -> bool:
    """Whether all addresses of this name belong to this machine. False if the name does not resolve."""
    try:
        addresses = {str(address[0]) for *_, address in socket.getaddrinfo(host, None)}
    except (OSError, ValueError):
        return False
    return all(map(is_own_address, addresses))


def is_own_address(address: str) -> bool:
    """Whether an address, 10.1.2.3 or fe80::1%eth0, is one of this machine's own."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_loopback or ip.is_unspecified or str(ip) in _interface_addresses()


@cache
def _interface_addresses() -> frozenset[str]:
    """The addresses of the machine's network interfaces, without their zones."""
    with need("llm"):
        import psutil
    addresses = (address.address for interface in psutil.net_if_addrs().values() for address in interface)
    return frozenset(address.partition("%")[0] for address in addresses)
