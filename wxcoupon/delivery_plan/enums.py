"""The values that members of delivery plans may have; one that is not known is kept as text in an answer."""

from enum import StrEnum

__all__ = ["PlanAuditState", "PlanState", "PlanUsageMode"]


class PlanState(StrEnum):
    """Where a plan stands. WeChat Pay spells the states without ``PLAN_`` now; the older spelling is still read."""

    CREATED = "CREATED"
    """Made, and not running yet."""
    DELIVERING = "DELIVERING"
    """Running."""
    PAUSED = "PAUSED"
    """Paused."""
    TERMINATED = "TERMINATED"
    """Ended by request, for good."""
    EXPIRED = "EXPIRED"
    """Over, for good."""
    PLAN_CREATING = "PLAN_CREATING"
    """Older spelling: being made, a state there is no more."""
    PLAN_CREATED = "PLAN_CREATED"
    """Older spelling of CREATED."""
    PLAN_TERMINATING = "PLAN_TERMINATING"
    """Older spelling: being ended, a state there is no more."""
    PLAN_TERMINATED = "PLAN_TERMINATED"
    """Older spelling of TERMINATED."""
    PLAN_EXPIRED = "PLAN_EXPIRED"
    """Older spelling of EXPIRED."""
    PLAN_DELIVERING = "PLAN_DELIVERING"
    """Older spelling of DELIVERING."""
    PLAN_PAUSED = "PLAN_PAUSED"
    """Older spelling of PAUSED."""


class PlanAuditState(StrEnum):
    """How the review of a plan stands; people do it, in about two working days."""

    AUDIT_INITIAL = "AUDIT_INITIAL"
    """Not begun."""
    AUDIT_PROCESSING = "AUDIT_PROCESSING"
    """Under review."""
    AUDIT_PASSED = "AUDIT_PASSED"
    """Approved."""
    AUDIT_REJECTED = "AUDIT_REJECTED"
    """Rejected."""


class PlanUsageMode(StrEnum):
    """How often a claimed coupon may be redeemed."""

    SINGLE = "SINGLE"
    """Once, out of a stock."""
    PROGRESSIVE_BUNDLE = "PROGRESSIVE_BUNDLE"
    """Several times in order, out of a stock bundle."""
