"""Addresses that secrets are sent to: valid ones, ServiceTitan's own, and the warning about others."""

from __future__ import annotations

import ipaddress
import logging
import threading

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

ENVIRONMENTS = {
    "production": ("https://api.servicetitan.io", "https://auth.servicetitan.io/connect/token"),
    "integration": (
        "https://api-integration.servicetitan.io",
        "https://auth-integration.servicetitan.io/connect/token",
    ),
}
"""The addresses of the API and of its sign-in."""

SERVICE_URLS = {"production": "https://go.servicetitan.com"}
"""The address of the ServiceTitan site, where it is known."""

_SIGN_IN = "/connect/token"
_KNOWN = frozenset(url.removesuffix(_SIGN_IN) for pair in ENVIRONMENTS.values() for url in pair)
_log = logging.getLogger("stcrm_pandas")
_named: set[str] = set()
_naming = threading.Lock()


def check_address(value: str) -> str:
    """Return an address without spaces around it or a slash at the end.

    Raises
    ------
    ValueError
        It is not an address, contains a user name or a password, or is neither https nor on this machine. The message
        does not repeat it.
    """
    value = value.strip().rstrip("/")
    if not value.lower().startswith(("http://", "https://")):
        raise ValueError("an address must start with https:// or http://")
    if not all("!" <= character <= "~" for character in value) or "\\" in value:
        raise ValueError("it contains a space or another character that is not allowed in an address")
    try:
        parts = parse_url(value)
    except LocationParseError:
        raise ValueError("it is not a valid address") from None
    if parts.auth is not None or "@" in value:
        raise ValueError("an address must not contain a user name or a password; use the settings for secrets")
    if not parts.host:
        raise ValueError("it has no host name")
    if parts.query is not None or parts.fragment is not None:
        raise ValueError("an address must not contain ? or #")
    if parts.scheme != "https" and not is_loopback(value):
        raise ValueError("it must start with https://; http:// is allowed only for this machine (127.0.0.1, localhost)")
    return value


def is_loopback(url: str) -> bool:
    """Return whether an address is on this machine.

    Examples
    --------
    >>> is_loopback("http://127.0.0.1:8080/x"), is_loopback("http://[::1]"), is_loopback("http://127.0.0.1.example")
    (True, True, False)
    """
    host = (parse_url(url).host or "").strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_known(url: str) -> bool:
    """Return whether an address is one of the two environments that ServiceTitan publishes."""
    return url.removesuffix(_SIGN_IN) in _KNOWN


def environment_of(name: str) -> str:
    """Return one name for an environment, which is a name or an address, however its address is written.

    Examples
    --------
    >>> environment_of("production"), environment_of("https://API.servicetitan.io:443")
    ('production', 'production')
    >>> environment_of("HTTP://127.0.0.1:8080/st"), environment_of("sandbox-1")
    ('http://127.0.0.1:8080/st', 'sandbox-1')
    """
    if "://" not in name:
        return name
    parts = parse_url(name)
    port = None if (parts.scheme, parts.port) in (("https", 443), ("http", 80)) else parts.port
    address = parts._replace(port=port).url.rstrip("/")
    return next((known for known, (api, _) in ENVIRONMENTS.items() if api == address), address)


def name_once(url: str, setting: str, source: str) -> None:
    """Log, once per process, that secrets are sent to an address that is not ServiceTitan's own.

    Parameters
    ----------
    url : str
        The address.
    setting : str
        The name of the setting, such as STCRM_API_URL.
    source : str
        The source of that setting.
    """
    with _naming:
        if url in _named:
            return
        _named.add(url)
    _log.warning(
        "stcrm: secrets are sent to %s (%s, from %s), not to ServiceTitan's own address.", url, setting, source
    )
