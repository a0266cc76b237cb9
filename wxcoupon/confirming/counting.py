"""What a confirmer counts."""

from __future__ import annotations

import attrs


@attrs.define
class ConfirmCounts:
    """What was written down and what became of it, since the confirmer was made; the ledger has the present state.

    Attributes:
        noted: coupons that were written down to be confirmed, anew or again.
        known: coupons that were brought again and wait, or are confirmed, already.
        confirmed: coupons that a call of this confirmer was said to have confirmed.
        found: coupons that a query found past their confirmation: used, expired, deleted, deactivated, or confirmed.
        postponed: calls in vain after which the coupon is tried again.
        given_up: coupons that were given up.
    """

    noted: int = 0
    known: int = 0
    confirmed: int = 0
    found: int = 0
    postponed: int = 0
    given_up: int = 0
