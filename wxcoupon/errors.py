"""Everything that can go wrong, as one tree.

::

    WxCouponError
    ├── LocalError                  yours: nothing was sent
    │   ├── InvalidRequest          the request breaks documented rules; every fault with its path
    │   ├── ConfigurationError      a key, a setting or an argument cannot be used
    │   ├── NotAllowedError         this identity may not make this call
    │   ├── ClientStateError        the client is closed, or belongs to another event loop
    │   ├── NoTurnError             its turn below the documented rate would come too late
    │   ├── SigningError            who keeps the private key gave no signature
    │   └── NoCertificatesError     no platform certificate could be had to verify the answer with
    ├── NetworkError                the wire's: no answer came
    │   ├── UnreachableError        no connection was made, so nothing was done
    │   └── NoAnswerError           the request left and no whole answer came back: outcome unknown
    ├── UntrustedAnswer             an answer came, and it is not proven to be WeChat Pay's
    │   ├── MissingSignature
    │   ├── UnknownSerial
    │   ├── ClockSkew
    │   ├── UnsupportedSignature
    │   ├── ProbeSignature
    │   ├── BadSignature
    │   └── WrongHash
    ├── UnreadableAnswer            a proven answer that is not what the documentation says
    └── ApiError                    theirs: WeChat Pay answered with an error
        ├── RateLimited             429, or the numeric code of it
        └── ServerError             5xx: outcome unknown

The branch says whose fault it is. :attr:`WxCouponError.outcome_unknown` says the one thing that matters
before repeating a call: whether WeChat Pay may have acted on it. :attr:`WxCouponError.retryable` and
:attr:`WxCouponError.same_request_no` say whether and how to repeat it, :attr:`ApiError.hint` why it was refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

if TYPE_CHECKING:
    from .hints import Hint


class WxCouponError(Exception):
    """Anything this library raises on purpose.

    Attributes:
        call: what was being asked, as ``METHOD /path/template``; None where no call was under way.
    """

    outcome_unknown: bool = False
    """True when WeChat Pay may have acted: repeat only with the same request number and the same body.

    An error that ended a call stays so when an earlier attempt of the call had an unknown outcome.
    """

    call: str | None = None
    _retryable: ClassVar[bool] = False

    @property
    def retryable(self) -> bool:
        """True when the identical request may be repeated after a pause, which may mend it.

        While :attr:`outcome_unknown`, this holds for a GET or a call with a request number; look up first what became
        of any other. The client has repeated such calls already, as often as its :class:`~wxcoupon.RetryPolicy` says,
        except after a :class:`NoTurnError` and a :class:`NoCertificatesError`.
        """
        return self._retryable

    @property
    def same_request_no(self) -> bool | None:
        """Which request number to repeat the call with.

        True: the same one, with the same data. False: this data cannot go under that number, which has other data
        already; make sure that this is something new before giving it a new number, or it is done twice. None: not
        known, or it depends; see :attr:`hint`.
        """
        return True if self.outcome_unknown or self.retryable else None

    @property
    def hint(self) -> Hint | None:
        """Why this usually comes and what ends it, where an answer of WeChat Pay says more than its text."""
        return None

    def __reduce__(self) -> tuple[Any, ...]:
        # By default an exception is made anew from its args, which keyword arguments do not survive.
        return (_rebuild, (type(self), self.args, self.__dict__))

    def about(self, call: str) -> None:
        """Name the call this error belongs to, unless it has a name already."""
        if self.call is None:
            self.call = call

    def __str__(self) -> str:
        text = super().__str__()
        return f"{self.call}: {text}" if self.call else text


def _rebuild(kind: type[WxCouponError], args: tuple[Any, ...], state: dict[str, Any]) -> WxCouponError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class LocalError(WxCouponError):
    """The fault is on this side, and nothing was sent."""

    @property
    def same_request_no(self) -> bool | None:
        """True: nothing was sent, so the number is as unused as before."""
        return True


@attrs.frozen
class Fault:
    """One thing wrong with a request.

    Attributes:
        path: where, as a JSON path from the request's root (``$.stock.store_scope``).
        problem: what is wrong and what would be right.
    """

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class InvalidRequest(LocalError):  # noqa: N818 - it names what the request is
    """The request breaks documented rules.

    Attributes:
        faults: all of them, in the order of the request's fields.
        page: the page of WeChat Pay's documentation that states the rules, where known.
    """

    def __init__(self, faults: Sequence[Fault], page: str | None = None) -> None:
        self.faults = tuple(faults)
        self.page = page
        super().__init__(self.faults, page)

    @property
    def same_request_no(self) -> bool | None:
        """None: the number itself may be what is wrong."""
        return None

    def __str__(self) -> str:
        lines = "; ".join(str(fault) for fault in self.faults)
        text = f"{lines} (see {self.page})" if self.page else lines
        return f"{self.call}: {text}" if self.call else text


class ConfigurationError(LocalError):
    """A key, a setting or an argument cannot be used; the message says which one and what to do."""


class NotAllowedError(LocalError):
    """This identity may not make this call."""


class ClientStateError(LocalError):
    """The client is closed, or is used from an event loop it does not belong to."""


class NoTurnError(LocalError):
    """The call would have waited too long for its turn below the documented rate, so it did not wait at all.

    Attributes:
        expected: seconds it would have waited.
        most: seconds it was allowed to wait.
    """

    _retryable = True

    def __init__(self, expected: float, most: float) -> None:
        self.expected = expected
        self.most = most
        super().__init__(
            f"its turn would come in {expected:.1f} s, and it may wait {most:.1f} s; "
            "call less often, or allow more with max_wait or deadline"
        )


class SigningError(LocalError):
    """Whoever keeps the private key elsewhere gave no signature, so nothing was sent; its own error is the cause.

    The client asks again, as often as its :class:`~wxcoupon.RetryPolicy` says. Only where an earlier attempt of the
    call was sent, the call ends with the error of that one.
    """

    _retryable = True


class NoCertificatesError(LocalError):
    """There is no platform certificate to verify the answer with, and none could be had; so the call was not made.

    Attributes:
        reason: what became of asking for the certificates.
    """

    def __init__(self, reason: WxCouponError) -> None:
        self.reason = reason
        super().__init__(reason)

    @property
    def retryable(self) -> bool:
        """Whether asking for the certificates may succeed after a pause."""
        return self.reason.retryable

    def __str__(self) -> str:
        text = f"nothing was sent, because the platform certificates could not be had ({self.reason})"
        if isinstance(self.reason, ApiError) and self.reason.status in {403, 404}:
            text += (
                "; a merchant that has a WeChat Pay public key gives it as platform_keys, or "
                "WXCOUPON_PLATFORM_KEY_ID and WXCOUPON_PLATFORM_KEY_FILE"
            )
        return f"{self.call}: {text}" if self.call else text


class NetworkError(WxCouponError):
    """No answer came."""


class UnreachableError(NetworkError):
    """No connection was made, so WeChat Pay has not seen the request."""

    _retryable = True


class NoAnswerError(NetworkError):
    """The request may have arrived, and no whole answer came back."""

    outcome_unknown = True
    _retryable = True


class UntrustedAnswer(WxCouponError):  # noqa: N818
    """An answer came that is not proven to be WeChat Pay's, so what it says is not used.

    Attributes:
        status: the HTTP status of the answer, None for a callback.
        request_id: the answer's ``Request-ID``: unproven, quote it to support all the same.
    """

    outcome_unknown = True
    status: int | None = None
    request_id: str | None = None


class MissingSignature(UntrustedAnswer):
    """A header the signature needs did not come."""


class UnknownSerial(UntrustedAnswer):
    """The answer is signed with a key that is not in the key ring."""


class ClockSkew(UntrustedAnswer):
    """The answer's timestamp is 300 seconds or more away from this machine's clock.

    Attributes:
        offset: seconds the sender's clock is ahead of ours (negative: behind).
    """

    def __init__(self, message: str, offset: float) -> None:
        self.offset = offset
        super().__init__(message)


class UnsupportedSignature(UntrustedAnswer):
    """The answer is signed with an algorithm this library does not verify."""


class ProbeSignature(UntrustedAnswer):
    """A deliberately wrong signature (``WECHATPAY/SIGNTEST/``), sent to see that it is refused.

    A repetition is never probed, so only the first is worth repeating.
    """

    _retryable = True


class BadSignature(UntrustedAnswer):
    """The signature does not belong to this answer."""


class WrongHash(UntrustedAnswer):
    """A file came that is not the one whose hash was announced; nothing of it was kept."""

    outcome_unknown = False  # a file that is fetched changes nothing


class UnreadableAnswer(WxCouponError):  # noqa: N818
    """A proven answer whose body is not the JSON the documentation promises."""

    outcome_unknown = True


class ApiError(WxCouponError):
    """WeChat Pay answered with an error.

    Attributes:
        status: the HTTP status.
        code: the symbolic code (``PARAM_ERROR``), empty when the body had none. Branch on status and code.
        message: WeChat Pay's text, for people.
        detail: the ``detail`` member exactly as it came: an object, a string or None.
        request_id: the ``Request-ID`` header, to be quoted to support.
        numeric_code: the digits after the last hyphen of the ``Request-ID``, None without them.
        verified: True when the answer carried a valid signature. An unverified error is no proof of a final state, so
            its outcome is unknown; only an unverified 429 is taken at its word.
        retry_after: seconds the answer asks to wait, None when it does not say.
        doubt: of an answer that carries a signature, why it was not believed; None when it was, and without one.
        diagnosis: of a 401, what was compared with the request as it was signed, and the part that differs or the
            likely cause; it ends the text of the error. None for any other.
    """

    retry_after: float | None = None
    doubt: str | None = None
    diagnosis: str | None = None

    def __init__(
        self,
        *,
        status: int,
        code: str = "",
        message: str = "",
        detail: Any = None,
        request_id: str | None = None,
        verified: bool = False,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.request_id = request_id
        self.verified = verified
        suffix = (request_id or "").rpartition("-")
        self.numeric_code = suffix[2] if suffix[1] and suffix[2].isdecimal() else None
        super().__init__(status, code)

    @property
    def retryable(self) -> bool:
        """True for too many requests, a fault on WeChat Pay's side, and a coupon that is locked for the moment.

        Also for 408, with which a gateway says that the request did not arrive whole or in time.
        """
        hint = None if self._retryable else self.hint
        return (self._retryable or self.status == 408) if hint is None else hint.retryable

    @property
    def same_request_no(self) -> bool | None:
        """Which request number to repeat the call with; see :attr:`WxCouponError.same_request_no`."""
        known = super().same_request_no
        hint = None if known else self.hint
        return known if hint is None else hint.same_request_no

    @property
    def hint(self) -> Hint | None:
        """Why this usually comes and what ends it: by the numeric code, else the symbolic one, else the status.

        None where nothing is known. An answer that is not signed may be any gateway's, so of it only 401, 429 and 5xx
        are explained, by the status alone.
        """
        from . import hints  # here, so that importing the package stays light

        if isinstance(self, RateLimited):
            return hints.of_status(429)
        if self.verified:
            return hints.find(self.status, self.code, self.numeric_code, self.call)
        return hints.of_status(self.status) if self.status == 401 or self.status >= 500 else None

    def __str__(self) -> str:
        if self.diagnosis is not None:
            return f"{self.without_cure()}; {self.diagnosis}"
        hint = self.hint
        return self.without_cure() if hint is None else f"{self.without_cure()}; {hint.cure}"

    def without_cure(self) -> str:
        """What :func:`str` gives without the cure at its end."""
        parts = [f"HTTP {self.status}", self.code, self.message]
        text = " ".join(part for part in parts if part)
        if isinstance(self.detail, dict) and self.detail.get("issue"):
            text += f" ({self.detail.get('field', '')}: {self.detail['issue']})"
        if self.doubt is not None:
            # What to do about that is in the diagnosis too, where there is one.
            doubt = self.doubt if self.diagnosis is None else self.doubt.partition(";")[0]
            text += f" (this answer is signed, but not believed: {doubt})"
        elif not self.verified:
            text += " (this answer is not signed: WeChat Pay's gateway may have made it, or any other on the way)"
        if self.request_id:
            text += f" [Request-ID {self.request_id}]"
        return f"{self.call}: {text}" if self.call else text


class RateLimited(ApiError):  # noqa: N818
    """Too many requests. Nothing was done; the same request may be repeated later."""

    _retryable = True


class ServerError(ApiError):
    """A fault on WeChat Pay's side. It may have acted before it failed."""

    outcome_unknown = True
    _retryable = True
