"""What a delivery plan is, and what of it can be changed."""

from collections.abc import Iterator
from typing import Annotated, Final

from ..model import Model, Text, Time, Whole, model
from .enums import PlanState, PlanUsageMode

__all__ = ["DeliveryPlan", "ModifyContent"]

_NAME_BYTES: Final = 36
_WORD_WIDTH: Final = 18


def texts(plan_name: str | None, recommend_word: str | None) -> Iterator[tuple[str, str]]:
    """What is dubious about the texts of a plan; their documented maxima seem to count UTF-8 bytes."""
    if plan_name is not None and len(plan_name.encode()) > _NAME_BYTES:
        yield "plan_name", "is normally at most 12 Chinese characters"
    if recommend_word is not None and sum(1 if mark.isascii() else 2 for mark in recommend_word) > _WORD_WIDTH:
        yield "recommend_word", "is normally at most 9 Chinese or 18 Latin characters"


@model
class DeliveryPlan(Model):
    """A delivery plan as answers show it. Which limits were never set may be missing, whatever their type says."""

    plan_id: str
    """The plan."""
    plan_name: str
    """Its name."""
    plan_state: PlanState | str
    """Where it stands; TERMINATED and EXPIRED are final."""
    delivery_start_time: Time
    """When it begins."""
    delivery_end_time: Time
    """When it ends."""
    product_coupon_id: str
    """The product coupon it gives away."""
    usage_mode: PlanUsageMode | str
    """How often a claimed coupon may be redeemed."""
    stock_id: str | None = None
    """The stock, for usage mode SINGLE."""
    stock_bundle_id: str | None = None
    """The stock bundle, for usage mode PROGRESSIVE_BUNDLE."""
    recommend_word: str | None = None
    """Its label; None when it was never set."""
    brand_id: str
    """The brand it belongs to."""
    total_count: int
    """How many coupons it may give away."""
    user_limit: int
    """How many of them one user may have."""
    daily_limit: int
    """How many of them it may give away on one day."""
    reuse_coupon_config: bool
    """Whether name, quantities and times follow the product coupon and the stock."""


@model
class ModifyContent(Model):
    """What of a plan is to change: only that."""

    plan_name: Annotated[str, Text(1, 36)] | None = None
    """Its name, at most 12 Chinese characters."""
    delivery_end_time: Time | None = None
    """When it ends: later than before, and no later than a creation may say."""
    total_count: Annotated[int, Whole(unit="coupons")] | None = None
    """How many coupons it may give away: more than before."""
    user_limit: Annotated[int, Whole(unit="coupons")] | None = None
    """How many of them one user may have: more than before; not for a plan created without it."""
    daily_limit: Annotated[int, Whole(unit="coupons")] | None = None
    """How many of them it may give away on one day: more than before; not for a plan created without it."""
    recommend_word: Annotated[str, Text(1, 27)] | None = None
    """Its label, at most 9 Chinese or 18 Latin characters."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """Texts have the length that users see."""
        return texts(self.plan_name, self.recommend_word)
