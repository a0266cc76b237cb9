"""Confirming coupons (确认发放): after every callback that tells of one, and after callbacks that never came.

A product coupon is of no use to its user until it is confirmed. A :class:`Confirmer` writes that down before the
callback is acknowledged and does it in the background, and :func:`reconcile_confirms` finds by query what was missed.
"""

from ..bulk.confirmations import Confirmation, ConfirmationLedger, Confirmations, Stages
from .confirmer import Confirmer
from .counting import ConfirmCounts
from .holders import Holder, holders_of_job
from .periodic import reconciling
from .reconcile import Reconciled, reconcile_confirms

__all__ = [
    "ConfirmCounts",
    "Confirmation",
    "ConfirmationLedger",
    "Confirmations",
    "Confirmer",
    "Holder",
    "Reconciled",
    "Stages",
    "holders_of_job",
    "reconcile_confirms",
    "reconciling",
]
