"""A link to a file: whether it may be followed, and what proves the file.

WeChat Pay announces some files with a link and a hash. The file is asked for with a signature like anything else, so
a link is followed to documented hosts alone; what comes is not signed, so it is believed by its hash alone.

Rule 1: a link to a host of the client's own is followed there.
Rule 2: a link to WeChat Pay's API is followed to the client's own hosts too. Where those are a proxy or a sandbox they
        stand for WeChat Pay, and no request leaves past them.
Rule 3: a link to WeChat Pay's file service is followed as it is: no other host stands for it.
Rule 4: any other link is refused, and nothing is sent.

https://pay.weixin.qq.com/doc/v3/merchant/4012463585
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable
from urllib.parse import urlsplit

import attrs

from .errors import Fault, InvalidRequest, UnreadableAnswer, WrongHash

if TYPE_CHECKING:
    from hashlib import _Hash

API_HOSTS: Final[tuple[str, str]] = ("https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com")
"""WeChat Pay's API, and the host that stands in for it."""
FILE_HOST: Final = "https://download-service.wechatpay.cn"
"""WeChat Pay's file service."""

_VISIBLE: Final = re.compile(r"[!-~]+")
_PORTS: Final = {"http": 80, "https": 443}


@attrs.frozen
class Link:
    """Where a file is, and its hash.

    Attributes:
        url: the link; whoever has it may have the file while it lives.
        hash_value: the hash of the file, in hexadecimal.
        hash_type: what kind of hash, by any name that :mod:`hashlib` knows, in capitals or not.
    """

    url: str = attrs.field(repr=False)
    hash_value: str
    hash_type: str = "SHA1"


@runtime_checkable
class Downloadable(Protocol):
    """An answer that announces a file."""

    @property
    def download(self) -> Link:
        """The link to the file."""
        ...


@attrs.frozen
class Way:
    """Where a file is asked for.

    Attributes:
        hosts: the hosts to try, in order.
        target: path and query, exactly as in the link.
    """

    hosts: tuple[str, ...]
    target: str = attrs.field(repr=False)

    @property
    def call(self) -> str:
        """The download in words, without anything of the path: a link may be worth the file."""
        return f"GET {self.hosts[0]}/… (a file)"


def way(link: Link, own: Sequence[str]) -> Way:
    """Where the file of *link* is asked for, by a client whose hosts are *own*.

    Raises:
        InvalidRequest: the link leads to a host that no signature is sent to.
        UnreadableAnswer: the link is none.
    """
    url = link.url
    if not isinstance(url, str) or not _VISIBLE.fullmatch(url):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UnreadableAnswer("the answer's link to the file is no address")
    origin = _origin(url)
    target = _target(url)
    origins = [_origin(host) for host in own]
    if origin in origins:
        first = origins.index(origin)
        return Way((own[first], *own[:first], *own[first + 1 :]), target)
    if origin in API_HOSTS:
        return Way(tuple(own), target)
    if origin == FILE_HOST:
        return Way((FILE_HOST,), target)
    known = ", ".join((*dict.fromkeys((*own, *API_HOSTS)), FILE_HOST))
    raise InvalidRequest(
        [Fault("$.url", f"leads to {origin or 'no host'}, and signed requests go to {known} alone; nothing was sent")]
    )


def _target(url: str) -> str:
    """Path and query, as they stand in the link."""
    behind = re.sub(r"^[^:/?#]+://[^/?#]*", "", url).partition("#")[0]
    return behind if behind.startswith("/") else f"/{behind}"


def _origin(url: str) -> str:
    """Scheme, host and port, as far as the port is not the usual one; empty for anything that is no such address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or parts.password is not None:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, _PORTS[parts.scheme]} else "")


class Proof:
    """The hash of a file that is coming, to be held against the announced one.

    Raises:
        UnreadableAnswer: the announced hash is none, or of a kind that is not known here.
    """

    def __init__(self, link: Link) -> None:
        self._kind = link.hash_type or "SHA1"
        self._announced = str(link.hash_value or "").lower()
        size = self.begin().digest_size
        if not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", self._announced) or not size:
            raise UnreadableAnswer(f"the answer's hash is no {self._kind}, so the file could not be proven")

    def begin(self) -> _Hash:
        """An empty hash, for the bytes of one attempt."""
        try:
            return hashlib.new(str(self._kind).lower())
        except (ValueError, TypeError):  # a name with a NUL in it is no name to it
            problem = f"the answer announces the file by its {self._kind!r}, which is not known here"
            raise UnreadableAnswer(problem) from None

    def require(self, found: _Hash) -> None:
        """Refuse a file with another hash.

        Raises:
            WrongHash: it is not the file that was announced.
        """
        if found.hexdigest() != self._announced:
            raise WrongHash(
                f"the file is not the one that was announced: its {self._kind} is another, and it was thrown away; "
                "ask for a new link, which lives 30 seconds, and download again"
            )
