"""The headers that prove a callback, out of whatever a framework calls headers.

Rule 1: names compare without case. ``Wechatpay-Serial``, ``wechatpay-serial``, the bytes of ASGI and WSGI's
        ``HTTP_WECHATPAY_SERIAL`` are the same header.
Rule 2: a header that came twice is refused, even with the same value: whoever stands between could have looked at the
        one and we at the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from ..errors import ConfigurationError, MissingSignature

Headers: TypeAlias = Mapping[str, Any] | Mapping[bytes, Any] | Iterable[tuple[str | bytes, Any]]
"""Headers as a framework has them: a mapping, a list of pairs, pairs of bytes, or a WSGI environment."""

PROVING: Final = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Serial",
    "Wechatpay-Signature",
    "Wechatpay-Signature-Type",
)

_WSGI: Final = {"HTTP_" + name.upper().replace("-", "_"): name for name in PROVING}
_FOLDED: Final = {name.lower(): name for name in PROVING} | {name.lower(): full for name, full in _WSGI.items()}
_EXACT: Final[dict[Any, str]] = {
    **{name: name for name in PROVING},
    **_FOLDED,
    **_WSGI,
    **{name.lower().encode(): name for name in PROVING},
}
"""The spellings that frameworks hand over, so that most names are not folded."""
_LENGTHS: Final = frozenset(len(name) for name in _FOLDED)


def proving(headers: Headers) -> dict[str, str]:
    """The headers that prove a callback, under their usual names.

    Args:
        headers: all that came; those that are none of ours may be anything.

    Raises:
        MissingSignature: one of ours came twice.
        ConfigurationError: *headers* are no headers.
    """
    found: dict[str, str] = {}
    try:
        pairs: Iterable[tuple[Any, Any]] = (
            headers.items() if type(headers) is dict or isinstance(headers, Mapping) else headers
        )
        for name, value in pairs:
            known = _EXACT.get(name) or (_folded(name) if len(name) in _LENGTHS else None)
            if known is None:
                continue
            if known in found:
                raise MissingSignature(f"the callback has more than one {known} header, so it is not known which holds")
            found[known] = value if type(value) is str else _text(known, value)
    except (TypeError, ValueError):
        raise ConfigurationError(
            "headers are a mapping or pairs of names and values; give those of the request as the framework has them"
        ) from None
    return found


def _folded(name: object) -> str | None:
    if isinstance(name, bytes):
        return _FOLDED.get(name.lower().decode("latin-1"))
    return _FOLDED.get(name.lower()) if isinstance(name, str) else None


def _text(name: str, value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list | tuple) and len(value) > 1:
        raise MissingSignature(f"the callback has more than one {name} header, so it is not known which holds")
    raise ConfigurationError(f"headers: the value of {name} is a {type(value).__name__} and has to be text")
