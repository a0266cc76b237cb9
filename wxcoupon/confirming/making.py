"""One confirmation: the call, and what its answer means.

======================================= =============================================================================
what came                               what is done
======================================= =============================================================================
the coupon, in another state than       it is confirmed
CONFIRMING
no answer, 5xx, 429, 408, a locked      again, after a pause that grows; without end, because it says nothing of the
coupon, an answer that is not proven    coupon
401, 403                                the same: it is the caller who is refused, and that can be mended
any other refusal                       the coupon is looked up: past CONFIRMING there is nothing to do any more.
                                        Otherwise again, and given up when it was refused so often and for so long;
                                        400 PARAM_ERROR at once
what breaks documented rules, or is not given up at once; nothing was sent
this identity's to ask
a coupon that the ledger took for       it is looked up first, because it may have been confirmed since it was seen
confirmed, and was seen CONFIRMING
======================================= =============================================================================

https://pay.weixin.qq.com/doc/v3/partner/4015781575
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import attrs

from ..bulk.confirmations import REOPENED, Confirmation
from ..client import Client
from ..errors import ApiError, InvalidRequest, NotAllowedError, WxCouponError
from ..product_coupon import ConfirmCoupon, GetUserCoupon, UserProductCouponEntity, UserProductCouponState

_PAST: Final = frozenset(UserProductCouponState) - {UserProductCouponState.CONFIRMING}
_MOST: Final = 500
"""Characters of a reason that are kept."""


class Outcome(Enum):
    """What became of an attempt."""

    CONFIRMED = "confirmed"
    """The call confirmed it."""
    FOUND = "found"
    """A query found it past its confirmation."""
    TROUBLE = "trouble"
    """It says nothing of the coupon: try again."""
    REFUSED = "refused"
    """The coupon was refused: try again a few times."""
    NEVER = "never"
    """It cannot be confirmed."""


@attrs.frozen
class Attempt:
    """An attempt, and what it came to.

    Attributes:
        outcome: what it came to.
        text: the ``coupon_state`` where that is known, otherwise why not.
        wait: seconds that the answer asks to wait, where it does.
    """

    outcome: Outcome
    text: str
    wait: float = 0.0


async def attempt(client: Client[Any], one: Confirmation) -> Attempt:
    """Confirm a coupon, or find out what it is."""
    coupon: Mapping[str, Any] = {
        "openid": one.openid,
        "coupon_code": one.coupon_code,
        "product_coupon_id": one.product_coupon_id,
        "stock_id": one.stock_id,
        "appid": one.appid,
    }
    if one.reason == REOPENED:  # a look that was late is no reason for a second number
        try:
            found = await client.call(GetUserCoupon(**coupon))
        except WxCouponError as error:
            if judged(error) is Outcome.TROUBLE:
                return attrs.evolve(_failed(Outcome.TROUBLE, error), text=REOPENED)
        else:
            if _is_past(found):
                return Attempt(Outcome.FOUND, str(found.coupon_state))
    try:
        confirmed = await client.call(ConfirmCoupon(**coupon, out_request_no=one.request_no))
    except WxCouponError as error:
        kind = judged(error)
        return await _found(client, coupon, error) if kind is Outcome.REFUSED else _failed(kind, error)
    if _is_past(confirmed):
        return Attempt(Outcome.CONFIRMED, str(confirmed.coupon_state))
    return await _found(client, coupon, None)


async def _found(client: Client[Any], coupon: Mapping[str, Any], refusal: WxCouponError | None) -> Attempt:
    """Look a coupon up whose confirmation was refused, or was answered and shows it CONFIRMING all the same."""
    try:
        found = await client.call(GetUserCoupon(**coupon))
    except WxCouponError as error:
        kind = judged(error)
        # Of two refusals the first says more.
        return _refused(refusal) if refusal is not None and kind is Outcome.REFUSED else _failed(kind, error)
    if _is_past(found):
        return Attempt(Outcome.FOUND, str(found.coupon_state))
    if refusal is not None:
        return _refused(refusal)
    return Attempt(Outcome.TROUBLE, f"it is {found.coupon_state} after its confirmation was answered")


def _refused(error: WxCouponError) -> Attempt:
    never = isinstance(error, ApiError) and error.code == "PARAM_ERROR"
    return _failed(Outcome.NEVER if never else Outcome.REFUSED, error)


def _failed(outcome: Outcome, error: WxCouponError) -> Attempt:
    wait = error.retry_after if isinstance(error, ApiError) else None
    # The text of a body may hold half a character, which no ledger can keep.
    text = str(error).encode("utf-8", "replace").decode("utf-8")[:_MOST]
    return Attempt(outcome, text, wait or 0.0)


def judged(error: WxCouponError) -> Outcome:
    """What an error says of a coupon: TROUBLE, REFUSED or NEVER."""
    if isinstance(error, InvalidRequest | NotAllowedError):
        return Outcome.NEVER
    if not isinstance(error, ApiError) or not error.verified or error.retryable:
        return Outcome.TROUBLE
    return Outcome.REFUSED if 400 <= error.status < 500 and error.status not in {401, 403} else Outcome.TROUBLE


def _is_past(coupon: UserProductCouponEntity) -> bool:
    """Whether there is nothing left to confirm; a state nobody knows yet counts if a confirmation is named."""
    return coupon.coupon_state in _PAST or (
        coupon.coupon_state != UserProductCouponState.CONFIRMING and bool(coupon.confirm_request_no)
    )
