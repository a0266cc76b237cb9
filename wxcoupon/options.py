"""What may be said of single calls: how long they may take, how they are repeated, and headers of their own."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import aiohttp
import attrs

from .errors import ConfigurationError
from .retry import Pause, RetryPolicy

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "wechatpay-serial",
    }
)
"""Headers that say what is signed, with which key, or how the bytes travel; another value would break the call."""


def seconds(value: object, what: str) -> float:
    """Check a number of seconds.

    Raises:
        ConfigurationError: it is none above 0.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ConfigurationError(f"{what} is a number of seconds above 0, not {value!r}")
    return float(value)


def added(headers: Mapping[str, str]) -> dict[str, str]:
    """Check headers that are added to calls.

    Raises:
        ConfigurationError: one is the library's to set, or cannot stand in a request; its value is not repeated.
    """
    if not isinstance(headers, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"headers are names and values, as {{'Accept-Language': 'en'}}, not a {type(headers).__name__}"
        )
    if len({str(name).lower() for name in headers}) != len(headers):
        raise ConfigurationError(f"headers: one of {', '.join(map(str, headers))} is there twice; case makes no other")
    for name, value in headers.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"headers: {name!r} is no name of a header")
        if name.lower() in _OURS:
            raise ConfigurationError(
                f"headers: {name} is set by the client itself, from the identity, the keys and the body, and another "
                "value would break the call; leave it out"
            )
        if not isinstance(value, str) or not _VALUE.fullmatch(value):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(
                f"headers: the value of {name} cannot stand in a header; it is printable ASCII, without a space at "
                "its ends"
            )
    return dict(headers)


def _kept(retry: RetryPolicy, before: RetryPolicy) -> RetryPolicy:
    """A policy that says no deadline, with the one that was said before.

    Raises:
        ConfigurationError: it is no policy.
    """
    if not isinstance(retry, RetryPolicy):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"retry is a RetryPolicy, as RetryPolicy(attempts=2), not {type(retry).__name__}")
    return retry if retry.deadline is not None else attrs.evolve(retry, deadline=before.deadline)


async def _simply(pause: Pause) -> None:
    await pause()


def _short(options: Options) -> aiohttp.ClientTimeout:
    # Connecting may not take all of the time, or the other host is never tried.
    return aiohttp.ClientTimeout(total=options.timeout, sock_connect=min(5.0, options.timeout / 2))


def _long(options: Options) -> aiohttp.ClientTimeout:
    silent = options.timeout
    return aiohttp.ClientTimeout(total=None, connect=silent, sock_connect=min(5.0, silent / 2), sock_read=silent)


@attrs.frozen(eq=False)
class Options:
    """How the calls of one client are made, apart from what their endpoints say.

    Attributes:
        timeout: seconds one attempt may take, the connection included.
        retry: which failed calls are repeated, and the deadline of the whole.
        headers: headers added to every call.
        rest: what a pause before a repetition is spent in; by default nothing is done about it.
        leaves: is called before each request leaves, when its turn has come.
        whole: the timeout of an attempt, as aiohttp takes it.
        silence: that of a file, which may be long in coming, but not silent for long.
    """

    timeout: float
    retry: RetryPolicy
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    rest: Callable[[Pause], Awaitable[object]] = attrs.field(default=_simply, repr=False)
    leaves: Callable[[], object] | None = attrs.field(default=None, repr=False)
    whole: aiohttp.ClientTimeout = attrs.field(init=False, repr=False, default=attrs.Factory(_short, takes_self=True))
    silence: aiohttp.ClientTimeout = attrs.field(init=False, repr=False, default=attrs.Factory(_long, takes_self=True))

    def within(self, left: float, *, file: bool) -> aiohttp.ClientTimeout:
        """The timeout of an attempt.

        Args:
            left: seconds that are left of the call; infinity without a deadline.
            file: whether the answer is a file.
        """
        usual = self.silence if file else self.whole
        if left >= (usual.total or math.inf):
            return usual
        # To the moment: aiohttp would round what is longer than five seconds up to a whole one.
        return aiohttp.ClientTimeout(
            total=left,
            connect=usual.connect,
            sock_connect=usual.sock_connect,
            sock_read=usual.sock_read,
            ceil_threshold=math.inf,
        )

    def but(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Options:
        """These options, changed where something is said.

        Raises:
            ConfigurationError: one of them cannot be used; the message says which one and why.
        """
        changed: dict[str, Any] = {}
        if timeout is not None:
            changed["timeout"] = seconds(timeout, "timeout")
        if retry is not None:
            changed["retry"] = _kept(retry, self.retry)
        if deadline is not None:
            end = None if deadline == math.inf else deadline
            changed["retry"] = attrs.evolve(retry or self.retry, deadline=end)
        if headers is not None:
            new = added(headers)
            names = {name.lower() for name in new}
            kept = {name: value for name, value in self.headers.items() if name.lower() not in names}
            changed["headers"] = kept | new
        return attrs.evolve(self, **changed)
