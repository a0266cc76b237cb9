"""The values that members of stores may have; one that is not known is kept as text in an answer."""

from enum import StrEnum

__all__ = ["RecipientState", "StoreAuditState", "StoreState"]


class StoreState(StrEnum):
    """Whether a store is in business."""

    OPEN = "OPEN"
    """In effect, whatever its hours are."""
    CREATING = "CREATING"
    """New and under review."""
    CLOSED = "CLOSED"
    """Suspended; it may be resumed or deleted."""


class StoreAuditState(StrEnum):
    """How the review of the last creation or change stands."""

    SUCCESS = "SUCCESS"
    """Approved."""
    PROCESSING = "PROCESSING"
    """Under review."""
    REJECTED = "REJECTED"
    """Rejected; ``review_reject_reason`` says why."""


class RecipientState(StrEnum):
    """How the binding of a receiving merchant stands."""

    CONFIRMED = "CONFIRMED"
    """Bound."""
    ADMIN_REJECTED = "ADMIN_REJECTED"
    """Refused by the merchant's administrator."""
    CONFIRMING = "CONFIRMING"
    """Waiting for the merchant's administrator."""
    TIMEOUT_REJECTED = "TIMEOUT_REJECTED"
    """Refused because the administrator did not answer in time."""
