"""Addresses of hosts and proxies, checked before anything is sent to them."""

from __future__ import annotations

from yarl import URL

from .download import API_HOSTS
from .errors import ConfigurationError


def host(url: str, what: str) -> str:
    """Check the address of a host and take it without its last slash.

    Raises:
        ConfigurationError: it is not an http(s) address of a host and nothing more.
    """
    try:
        parsed = URL(url)
        fits = parsed.scheme in {"http", "https"} and bool(parsed.host) and parsed.path in {"", "/"}
    except (ValueError, TypeError):
        parsed, fits = URL(), False
    if not fits or parsed.user is not None or "?" in url or "#" in url:
        shown = "what was given" if "@" in str(url) else repr(url)  # a password may stand before the @
        raise ConfigurationError(f"{what}: {shown} is no address of a host alone; it looks like {API_HOSTS[0]}")
    return url.rstrip("/")


def name(address: str) -> str:
    """The name of a host whose address was checked, without its port; WeChat Pay's backup has the main one's."""
    main, backup = (URL(known).host or "" for known in API_HOSTS)
    found = URL(address).host or ""
    return main if found == backup else found


def proxy_address(url: str) -> str:
    """Check the address of an HTTP proxy, which may hold a user and a password.

    Raises:
        ConfigurationError: it is not one; the message does not repeat it.
    """
    try:
        fits = URL(url).scheme in {"http", "https"} and bool(URL(url).host)
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise ConfigurationError("proxy: this is no address of an HTTP proxy; it looks like http://127.0.0.1:3128")
    return url
