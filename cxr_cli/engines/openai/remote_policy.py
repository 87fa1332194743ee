"""Report text and films leave this machine only when the user allows it: is a server here or elsewhere?"""

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from cxr_cli.errors import CxrError


def base_url(url: str, *, allow_remote: bool) -> tuple[str, bool]:
    """The URL, with /v1 if it has no path, and whether the server is on this machine.

    "http://localhost:8000" -> ("http://localhost:8000/v1", True). Raises CxrError for a server elsewhere, unless
    `allow_remote`.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise CxrError(f"{url}: not the URL of a server: http://localhost:8000/v1")
    local = is_local(host)
    if not (local or allow_remote):
        raise CxrError(f"{host} is not this machine: --allow-remote sends reports and films there")
    return (url.rstrip("/") if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/v1"), local


def is_local(host: str) -> bool:
    """Whether all addresses of this name belong to this machine. False if the name does not resolve."""
    try:
        found = {(family, address[0]) for family, *_, address in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(_is_own(family, str(address)) for family, address in found)


def _is_own(family: int, address: str) -> bool:
    if ip_address(address.partition("%")[0]).is_loopback:
        return True
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))  # works only for an address of this machine
        except OSError:
            return False
    return not ip_address(address.partition("%")[0]).is_multicast
