"""What callbacks tell about product coupons, to partners and brands alike."""

from typing import Annotated

from ..event import Event, event
from ..model import PRIVATE, OpenId, Time
from .enums import UserProductCouponSendChannel
from .ids import HeldCode
from .image_tasks import CombineImageResult, CutOutResult, ImageGenerationTaskState, ImageGenerationType

__all__ = ["CouponReturned", "CouponSent", "CouponUsed", "ImageGenerated"]


@event(
    "PRODUCT_COUPON_SP.SEND",
    "PRODUCT_COUPON.SEND",
    key=("product_coupon_id", "stock_id", "coupon_code"),
    must=True,
)
class CouponSent(Event):
    """A user has a new coupon, through any channel but the exchange of points (领券).

    Record it, then confirm it with :class:`ConfirmCoupon`: until then it is CONFIRMING, and of no use to anybody. Of a
    bundle each round is a coupon of its own, told when the one before was redeemed, and confirmed by itself.

    https://pay.weixin.qq.com/doc/v3/partner/4015780862
    https://pay.weixin.qq.com/doc/v3/partner/4016435717
    https://pay.weixin.qq.com/doc/brand/4015755761
    """

    coupon_code: HeldCode
    """Its code: up to 40 characters, though one table says 32."""
    brand_id: str | None = None
    """The brand it belongs to; a brand itself may not be told."""
    product_coupon_id: str
    """The product coupon."""
    stock_id: str
    """The stock it came from."""
    stock_bundle_id: str | None = None
    """The stock bundle, for usage mode PROGRESSIVE_BUNDLE."""
    user_coupon_bundle_id: str | None = None
    """The user's bundle, for usage mode PROGRESSIVE_BUNDLE."""
    appid: str
    """The appid of ``openid``: the confirmation takes exactly this pair."""
    openid: OpenId
    """The user, under ``appid``."""
    unionid: Annotated[str, PRIVATE]
    """The user, under all appids of one owner."""
    receive_time: Time
    """When the user received it."""
    send_request_no: str
    """The number of the sending; WeChat Pay's own where it sent."""
    send_channel: UserProductCouponSendChannel | str
    """How it came to the user."""
    valid_begin_time: Time
    """From when it may be redeemed."""
    valid_end_time: Time
    """Until when."""
    phone_number: Annotated[str | None, PRIVATE] = None
    """The user's phone number in clear text, where the user allowed it: a limited trial."""
    country_code: str | None = None
    """The country code of ``phone_number``, without a plus sign."""
    attach: str | None = None
    """The text that the sending passed, for API and RECEIVE_COMPONENT."""
    channel_custom_info: str | None = None
    """Text of the channel, for BRAND_MANAGE."""


@event(
    "PRODUCT_COUPON_SP.IMAGE_GENERATION",
    "PRODUCT_COUPON.IMAGE_GENERATION",
    key=("task_id", "task_state"),
)
class ImageGenerated(Event):
    """An image task has ended (图片生成回调通知).

    https://pay.weixin.qq.com/doc/v3/partner/4017327744
    https://pay.weixin.qq.com/doc/v3/partner/4017327759
    """

    task_id: str
    """The task, as its creation named it."""
    brand_id: str
    """The brand it is for."""
    image_generation_type: ImageGenerationType | str
    """How the image is made."""
    task_state: ImageGenerationTaskState | str
    """How far it is."""
    combine_image_result: CombineImageResult | None = None
    """The image of a COMBINE_IMAGE in state SUCCESS."""
    cut_out_result: CutOutResult | None = None
    """The image of a CUT_OUT in state SUCCESS."""


@event("PRODUCT_COUPON.USE", "PRODUCT_COUPON_SP.USE")
class CouponUsed(Event):
    """A coupon was redeemed (核销): named once by WeChat Pay and described nowhere, so all that comes is in ``extra``.

    Never depend on it; look the coupon up with :class:`GetUserCoupon`.
    """


@event("PRODUCT_COUPON.RETURN", "PRODUCT_COUPON_SP.RETURN")
class CouponReturned(Event):
    """A redemption was returned (退券): named once by WeChat Pay and described nowhere; all that comes is in ``extra``.

    Never depend on it; look the coupon up with :class:`GetUserCoupon`.
    """
