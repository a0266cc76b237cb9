"""Making, finding, changing and ending delivery plans (投放计划)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final

from ..endpoint import Endpoint, Listing, endpoint
from ..identity import Partner
from ..model import Model, RequestNo, Text, Time, Whole, model
from .entities import DeliveryPlan, ModifyContent, texts
from .enums import PlanAuditState, PlanState, PlanUsageMode

__all__ = [
    "CreateDeliveryPlan",
    "DeliveryPlanAnswer",
    "DeliveryPlans",
    "ListDeliveryPlans",
    "TerminateDeliveryPlan",
    "UpdateDeliveryPlan",
]

_OWN: Final = ("plan_name", "total_count", "delivery_start_time", "delivery_end_time")
_OWN_LIMITS: Final = ("user_limit", "daily_limit")
_ENOUGH: Final = 10_000
_LONG_ENOUGH: Final = timedelta(days=5)
_PLACES: Final = {"SINGLE": "stock_id", "PROGRESSIVE_BUNDLE": "stock_bundle_id"}


@model
class DeliveryPlanAnswer(Model):
    """One plan."""

    plan: DeliveryPlan
    """The plan as it is now."""


@endpoint("POST", "/delivery-plan/delivery-plans", rate="100/s", key="out_request_no")
class CreateDeliveryPlan(Endpoint[DeliveryPlanAnswer, Partner]):
    """Make a delivery plan for a stock or a stock bundle of a product coupon (创建投放计划).

    At least 10000 coupons have to be available, and people review the plan. Guides ask besides that the stock runs
    for more than five days, is not of ``coupon_code_mode`` API_ASSIGN and has no OFFLINE way of use.

    https://pay.weixin.qq.com/doc/v3/partner/4016184554
    """

    out_request_no: RequestNo
    """Number of this creation; repeat it only with the same request."""
    product_coupon_id: Annotated[str, Text()]
    """The product coupon, as its creation answered."""
    stock_id: Annotated[str, Text()] | None = None
    """A stock of it: exactly for usage mode SINGLE."""
    reuse_coupon_config: bool
    """Whether name, quantities and times are those of the product coupon and the stock, and follow their changes."""
    plan_name: Annotated[str, Text(1, 36)] | None = None
    """The name users see, at most 12 Chinese characters; required where nothing is reused."""
    total_count: Annotated[int, Whole(unit="coupons")] | None = None
    """How many coupons it may give away; required where nothing is reused."""
    user_limit: Annotated[int, Whole(unit="coupons")] | None = None
    """How many of them one user may have; it cannot be set later."""
    daily_limit: Annotated[int, Whole(unit="coupons")] | None = None
    """How many of them it may give away on one day; it cannot be set later."""
    delivery_start_time: Time | None = None
    """When it begins: after now and after the stock's begin; required where nothing is reused."""
    delivery_end_time: Time | None = None
    """When it ends: a day and the days a coupon waits and lasts before the stock; required where nothing is reused."""
    recommend_word: Annotated[str, Text(1, 27)] | None = None
    """A label, at most 9 Chinese or 18 Latin characters."""
    usage_mode: PlanUsageMode | str | None = None
    """How often a claimed coupon may be redeemed; SINGLE when left out."""
    stock_bundle_id: Annotated[str, Text()] | None = None
    """A stock bundle of it: exactly for usage mode PROGRESSIVE_BUNDLE."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The stock is named as the usage mode wants it, and what is not reused is given."""
        mode = self.usage_mode or PlanUsageMode.SINGLE
        wanted = _PLACES.get(mode)
        for place in _PLACES.values() if wanted else ():
            given = getattr(self, place) is not None
            if place == wanted and not given:
                yield place, f"is required when usage_mode is {mode}"
            elif place != wanted and given:
                yield place, f"has to be left out when usage_mode is {mode}"
        if not self.reuse_coupon_config:
            for name in _OWN:
                if getattr(self, name) is None:
                    yield name, "is required when reuse_coupon_config is false"
        begin, end = self.delivery_start_time, self.delivery_end_time
        if begin is not None and end is not None and end <= begin:
            yield "delivery_end_time", "has to be later than the start"

    def advise(self) -> Iterator[tuple[str, str]]:
        """What single passages and guides ask for."""
        for name in (*_OWN, *_OWN_LIMITS):
            if self.reuse_coupon_config and getattr(self, name) is not None:
                yield name, "is that of the product coupon and the stock while reuse_coupon_config is true"
        for name in _OWN_LIMITS:
            if not self.reuse_coupon_config and getattr(self, name) is None:
                yield name, "is required when reuse_coupon_config is false, as one passage has it; it cannot come later"
        if self.total_count is not None and self.total_count < _ENOUGH:
            yield "total_count", f"is normally at least {_ENOUGH}"
        begin, end = self.delivery_start_time, self.delivery_end_time
        if begin is not None and end is not None and end - begin <= _LONG_ENOUGH:
            yield "delivery_end_time", "is normally more than 5 days after the start"
        yield from texts(self.plan_name, self.recommend_word)


@model
class DeliveryPlans(Model):
    """Some of a brand's plans."""

    total_count: int
    """How many there are."""
    plan_list: list[DeliveryPlan] | None = None
    """The plans."""


@endpoint(
    "GET",
    "/delivery-plan/delivery-plans/{brand_id}/delivery-plans",
    rate="100/s",
    items="plan_list",
    step="row",
)
class ListDeliveryPlans(Listing[DeliveryPlans, DeliveryPlan, Partner]):
    """List a brand's delivery plans (分页查询投放计划列表).

    https://pay.weixin.qq.com/doc/v3/partner/4016184563
    """

    page_size: Annotated[int, Whole(0, 50)] | None = None
    """How many plans to answer, up to 50; 10 when left out."""
    offset: Annotated[int, Whole()] | None = None
    """The row to begin with, counted from 0; 0 when left out."""
    plan_state: PlanState | str | None = None
    """Only plans of this state, without ``PLAN_`` in front; plans of all states when left out."""
    audit_state: PlanAuditState | str | None = None
    """Only plans whose review stands so; all plans when left out."""
    plan_id: Annotated[str, Text()] | None = None
    """Only this plan."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """States are spelled as they are now."""
        if self.plan_state is not None and self.plan_state.startswith("PLAN_"):
            yield "plan_state", "is an older spelling; the states are written without PLAN_ now"


@endpoint("PATCH", "/delivery-plan/delivery-plans/{plan_id}", rate="100/s", key="out_request_no", brand_scoped=False)
class UpdateDeliveryPlan(Endpoint[DeliveryPlanAnswer, Partner]):
    """Change a delivery plan: what is given is changed, what is left out stays (更新投放计划).

    https://pay.weixin.qq.com/doc/v3/partner/4016184594
    """

    plan_id: Annotated[str, Text(1, 32)]
    """The plan, as its creation answered."""
    modify_content: ModifyContent
    """What is to change."""
    out_request_no: RequestNo
    """Number of this change; repeat it only with the same request."""


@endpoint("POST", "/delivery-plan/delivery-plans/{plan_id}/terminate", rate="100/s", brand_scoped=False)
class TerminateDeliveryPlan(Endpoint[None, Partner]):
    """End a delivery plan, for good (终止投放计划).

    The POST has no body. Nothing makes a repetition safe: after an unknown outcome, look the plan up first.

    https://pay.weixin.qq.com/doc/v3/partner/4016184572
    """

    plan_id: Annotated[str, Text()]
    """The plan, as its creation answered."""
