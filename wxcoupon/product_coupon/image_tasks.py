"""Having head images made: composed of what a coupon offers, or cut out of a picture of the goods."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from ..endpoint import Endpoint, endpoint
from ..identity import Partner
from ..model import Model, RequestNo, Text, model
from .enums import ProductCouponScope, ProductCouponType, UsageMode
from .rules import DiscountCouponUsageRule, ExchangeCouponUsageRule, NormalCouponUsageRule

__all__ = [
    "CombineImage",
    "CombineImageResult",
    "CreateImageGenerationTask",
    "CutOut",
    "CutOutResult",
    "GetImageGenerationTask",
    "ImageGenerationTask",
    "ImageGenerationTaskState",
    "ImageGenerationType",
    "StartedImageGenerationTask",
]


class ImageGenerationType(StrEnum):
    """How an image is made."""

    COMBINE_IMAGE = "COMBINE_IMAGE"
    """Composed of the brand and the discount: meant for coupons with scope ALL."""
    CUT_OUT = "CUT_OUT"
    """The goods without their background: meant for coupons with scope SINGLE."""


class ImageGenerationTaskState(StrEnum):
    """How far a task is."""

    PROCESSING = "PROCESSING"
    """Being worked on."""
    FAIL = "FAIL"
    """Ended without an image."""
    SUCCESS = "SUCCESS"
    """Ended with an image."""


@model
class CombineImage(Model):
    """What an image is composed of."""

    scope: ProductCouponScope | str
    """What the discount applies to."""
    type: ProductCouponType | str
    """The kind of discount; EXCHANGE only with scope SINGLE."""
    usage_mode: UsageMode | str
    """How often the coupon may be redeemed; at present only SINGLE works."""
    normal_coupon: NormalCouponUsageRule | None = None
    """The amount off to print, exactly for type NORMAL."""
    discount_coupon: DiscountCouponUsageRule | None = None
    """The percentage off to print, exactly for type DISCOUNT."""
    exchange_coupon: ExchangeCouponUsageRule | None = None
    """The price to print, exactly for type EXCHANGE."""
    background_color: Annotated[str, Text(pattern="#[0-9A-Fa-f]{6}", like="#ff5733")] | None = None
    """Colour of the brand, as a hash and six hexadecimal digits."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The discount is that of the type, no other is given, and a price is for named goods."""
        if self.type not in set(ProductCouponType):
            return  # which discount it takes, nobody knows; that it is unknown is said of itself
        if self.type == ProductCouponType.EXCHANGE and self.scope == ProductCouponScope.ALL:
            yield "type", "EXCHANGE goes only with scope SINGLE"
        for kind in ProductCouponType:
            name = f"{kind.value.lower()}_coupon"
            given = getattr(self, name) is not None
            if self.type == kind and not given:
                yield name, f"is required when type is {kind}"
            elif self.type != kind and given:
                yield name, f"has to be left out unless type is {kind}"

    def advise(self) -> Iterator[tuple[str, str]]:
        """The enum of usage modes has more than the text beside it lets work."""
        if self.usage_mode != UsageMode.SINGLE:
            yield "usage_mode", "works at present only as SINGLE"


@model
class CutOut(Model):
    """What goods are cut out of."""

    image_url: Annotated[
        str, Text(pattern=r"https://wxpaylogo\.qpic\.cn/.*", like="https://wxpaylogo.qpic.cn/…, as an upload answers")
    ]
    """The picture, at the address that its upload answered."""


@model
class StartedImageGenerationTask(Model):
    """A task that was started."""

    task_id: str
    """The task, as the request named it."""
    brand_id: str | None = None
    """The brand it is for."""


@endpoint("POST", "/product-coupon/image-generation-tasks", rate="10/s", key="task_id")
class CreateImageGenerationTask(Endpoint[StartedImageGenerationTask, Partner]):
    """Have a head image made (提交图片生成任务).

    The image comes with a callback, or :class:`GetImageGenerationTask` asks for it. What the same ``task_id`` does a
    second time is not documented. No page of the brands' has this call.

    https://pay.weixin.qq.com/doc/v3/partner/4017327735
    https://pay.weixin.qq.com/doc/v3/partner/4017327752
    """

    task_id: RequestNo
    """Name of this task: 6 to 40 characters."""
    image_generation_type: ImageGenerationType | str
    """How the image is made."""
    combine_image: CombineImage | None = None
    """What it is composed of: exactly for COMBINE_IMAGE."""
    cut_out: CutOut | None = None
    """What it is cut out of: exactly for CUT_OUT."""

    def check(self) -> Iterator[tuple[str, str]]:
        """What the image is made of is that of the way it is made, and nothing else is given."""
        if self.image_generation_type not in set(ImageGenerationType):
            return  # what it is made of, nobody knows; that it is unknown is said of itself
        for kind in ImageGenerationType:
            name = kind.value.lower()
            given = getattr(self, name) is not None
            if self.image_generation_type == kind and not given:
                yield name, f"is required when image_generation_type is {kind}"
            elif self.image_generation_type != kind and given:
                yield name, f"has to be left out unless image_generation_type is {kind}"


@model
class CombineImageResult(Model):
    """A composed image."""

    image_url: str
    """Where it is."""


@model
class CutOutResult(Model):
    """An image cut out of another."""

    image_url: str
    """Where it is."""


@model
class ImageGenerationTask(Model):
    """A task, and the image once it is made."""

    brand_id: str | None = None
    """The brand it is for."""
    task_id: str
    """The task."""
    image_generation_type: ImageGenerationType | str
    """How the image is made."""
    task_state: ImageGenerationTaskState | str
    """How far it is."""
    combine_image_result: CombineImageResult | None = None
    """The image of a COMBINE_IMAGE in state SUCCESS."""
    cut_out_result: CutOutResult | None = None
    """The image of a CUT_OUT in state SUCCESS."""


@endpoint("GET", "/product-coupon/image-generation-tasks/{task_id}", rate="20/s")
class GetImageGenerationTask(Endpoint[ImageGenerationTask, Partner]):
    """Look up what became of an image to be made (查询图片生成任务执行结果).

    https://pay.weixin.qq.com/doc/v3/partner/4017327739
    https://pay.weixin.qq.com/doc/v3/partner/4017327753
    """

    task_id: Annotated[str, Text(6, 40)]
    """The task."""
    image_generation_type: ImageGenerationType | str
    """How the image is made, as its creation said."""
