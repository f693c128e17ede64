"""Where a source lives and how the way there is secured: base URL, loopback, TLS, and what HTTP libraries may log."""

from __future__ import annotations

import logging
import ssl
from functools import lru_cache
from ipaddress import ip_address

import httpx

from dagster_mlb.sources.http_outcome import SourceNotConfiguredError


class _QuietBelowWarning(logging.Filter):
    """Drops what HTTP libraries say below WARNING, whatever level anyone sets: it contains URLs and header values."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


# hpack logs every header it adds to its table, `:path` with the query included.
_CHATTY_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "hpack.hpack",
    "hpack.table",
)


def quiet_the_libraries() -> None:
    for name in _CHATTY_LOGGERS:
        if not any(isinstance(present, _QuietBelowWarning) for present in logging.getLogger(name).filters):
            logging.getLogger(name).addFilter(_QuietBelowWarning())


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def checked_base_url(source: str, base_url: str) -> httpx.URL:
    """The address of a source. Raises SourceNotConfiguredError, naming the setting, if it is none or holds a secret."""
    setting = f"MLB_{source.upper()}_BASE_URL"
    url: httpx.URL | None
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError):
        url = None
    if url is None or url.scheme not in ("http", "https") or not url.host:
        raise SourceNotConfiguredError(f"{setting} is no address: give it as https://host (and a path, if any)")
    if url.query or url.userinfo:
        raise SourceNotConfiguredError(f"{setting} must hold no user, password or query: an address is not secret")
    return url


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether two addresses share scheme, host and port."""
    ports = {"http": 80, "https": 443}
    return (one.scheme, one.host, one.port or ports.get(one.scheme)) == (
        other.scheme,
        other.host,
        other.port or ports.get(other.scheme),
    )


@lru_cache(maxsize=2)
def tls_context(trust_env: bool) -> ssl.SSLContext:
    """Certificates and host names are always checked. Made once (25 ms) and shared by all clients."""
    return httpx.create_ssl_context(trust_env=trust_env)


def is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
