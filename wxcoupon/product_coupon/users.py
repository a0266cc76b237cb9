"""Product coupons in users' hands: confirming them, looking them up, deactivating them."""

from typing import Annotated

from ..endpoint import Endpoint, Listing, endpoint
from ..model import Model, OpenId, RequestNo, Text, Whole, model
from .enums import UserProductCouponState
from .ids import Appid, HeldCode, ProductCouponId, StockId, UserCouponBundleId
from .user_coupons import UserProductCouponEntity

__all__ = ["ConfirmCoupon", "DeactivateUserCoupon", "GetUserCoupon", "ListUserCoupons", "UserCouponPage"]


@endpoint("POST", "/product-coupon/users/{openid}/coupons/{coupon_code}/confirm", rate="500/s", key="out_request_no")
class ConfirmCoupon(Endpoint[UserProductCouponEntity]):
    """Say that a coupon is recorded, so that its user can redeem it (确认发放用户商品券).

    Every coupon needs it, whichever channel sent it, once the callback has told of it. It makes the coupon EFFECTIVE,
    or PENDING before its validity begins. Validity is counted from the claim, so a late confirmation shortens it. Take
    the appid, openid and code of the callback, which may be answered before or after.

    https://pay.weixin.qq.com/doc/v3/partner/4015781575
    https://pay.weixin.qq.com/doc/v3/partner/4016435562
    https://pay.weixin.qq.com/doc/brand/4015736403
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: HeldCode
    """The code of the coupon, up to 40 characters."""
    product_coupon_id: ProductCouponId
    """The product coupon it is of."""
    stock_id: StockId
    """The stock it is of."""
    appid: Appid
    """The appid the openid was computed under."""
    out_request_no: RequestNo
    """Number of this confirmation."""


@endpoint("POST", "/product-coupon/users/{openid}/coupons/{coupon_code}/deactivate", rate="500/s", key="out_request_no")
class DeactivateUserCoupon(Endpoint[UserProductCouponEntity]):
    """Deactivate a user's coupon, for good (失效用户商品券).

    A USED or DELETED one stays what it is, and one of a bundle goes with :class:`DeactivateUserCouponBundle`. Whether
    one that is CONFIRMING or PENDING can be deactivated is not documented.

    https://pay.weixin.qq.com/doc/v3/partner/4015781578
    https://pay.weixin.qq.com/doc/brand/4015736411
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: HeldCode
    """The code of the coupon, up to 40 characters."""
    product_coupon_id: ProductCouponId
    """The product coupon it is of."""
    stock_id: StockId
    """The stock it is of."""
    appid: Appid
    """The appid the openid was computed under."""
    out_request_no: RequestNo
    """Number of this deactivation."""
    deactivate_reason: Annotated[str, Text(1, 150)]
    """Why, in up to 150 characters."""


@endpoint("GET", "/product-coupon/users/{openid}/coupons/{coupon_code}", rate="500/s")
class GetUserCoupon(Endpoint[UserProductCouponEntity]):
    """Look up a user's coupon (查询用户商品券详情).

    Nothing else tells that a user has deleted a coupon: no callback comes for that.

    https://pay.weixin.qq.com/doc/v3/partner/4015781582
    https://pay.weixin.qq.com/doc/v3/partner/4016435702
    https://pay.weixin.qq.com/doc/brand/4016427405
    https://pay.weixin.qq.com/doc/brand/4015736414
    """

    openid: OpenId
    """The user, under ``appid``."""
    coupon_code: HeldCode
    """The code of the coupon, up to 40 characters."""
    product_coupon_id: ProductCouponId
    """The product coupon it is of."""
    stock_id: StockId
    """The stock it is of."""
    appid: Appid
    """The appid the openid was computed under."""


@model
class UserCouponPage(Model):
    """A page of a user's coupons."""

    total_count: int | None = None
    """Coupons that match, all pages together; only on the first page."""
    user_coupon_list: list[UserProductCouponEntity] | None = None
    """The coupons of this page; may be absent where there are none."""
    next_page_token: str | None = None
    """Where the next page begins; absent on the last page."""


@endpoint("GET", "/product-coupon/users/{openid}/coupons", rate="500/s", items="user_coupon_list")
class ListUserCoupons(Listing[UserCouponPage, UserProductCouponEntity]):
    """Go through a user's coupons (指定券状态查询用户商品券列表).

    Callbacks may get lost: those that are CONFIRMING for long are the ones whose callback did.

    https://pay.weixin.qq.com/doc/v3/partner/4015781590
    https://pay.weixin.qq.com/doc/v3/partner/4016435703
    https://pay.weixin.qq.com/doc/brand/4015736420
    """

    openid: OpenId
    """The user, under ``appid``."""
    product_coupon_id: ProductCouponId | None = None
    """Only coupons of this product coupon; of all of the brand's when left out."""
    stock_id: StockId | None = None
    """Only coupons of this stock."""
    appid: Appid
    """The appid the openid was computed under."""
    coupon_state: UserProductCouponState | str | None = None
    """Only coupons in this state."""
    user_coupon_bundle_id: UserCouponBundleId | None = None
    """Only coupons of this bundle of the user's."""
    page_size: Annotated[int, Whole(1, 50, unit="coupons")] | None = None
    """Coupons a page, 1 to 50; 20 when left out."""
    page_token: Annotated[str, Text()] | None = None
    """The ``next_page_token`` of the page before; left out for the first."""
