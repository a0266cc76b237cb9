"""What callbacks tell about delivery plans; they have an address of their own."""

from enum import StrEnum

from ..event import Event, event
from ..model import Time
from .enums import PlanState

__all__ = ["EventPlanAuditState", "PlanChanged"]


class EventPlanAuditState(StrEnum):
    """How the review of a plan stands, as callbacks spell it; a list's filter has ``AUDIT_`` before it."""

    PROCESSING = "PROCESSING"
    """Under review."""
    PASSED = "PASSED"
    """Approved."""
    REJECTED = "REJECTED"
    """Rejected."""


@event(
    "DELIVERY_PLAN.CHANGE",
    "DELIVERY_PLAN_STATE.DELIVER",
    key=("plan_id", "plan_state", "audit_state", "modify_time"),
)
class PlanChanged(Event):
    """A plan has changed (投放计划变更回调通知).

    https://pay.weixin.qq.com/doc/v3/partner/4016168699
    """

    plan_id: str
    """The plan."""
    plan_state: PlanState | str
    """Where it stands now."""
    audit_state: EventPlanAuditState | str
    """How its review stands now."""
    change_reason: str
    """Why it changed."""
    modify_time: Time
    """When it changed."""
