"""How product coupons, their goods and their stocks are shown to users.

Images are given by the URLs that the image upload answers.
"""

from collections.abc import Iterator
from typing import Annotated

from ..model import Fen, Items, Model, Text, Whole, model
from . import advice
from .enums import AppJumpType, BackgroundColor, CouponCodeDisplayMode, CouponUsageMethod
from .ids import Appid

__all__ = [
    "ComboPackage",
    "ComboPackageChoice",
    "CouponAvailableStoreInfo",
    "CouponDisplayInfo",
    "EntranceFinder",
    "EntranceMiniProgram",
    "EntranceOfficialAccount",
    "ProductCouponDisplayInfo",
    "UsageRuleDisplayInfo",
]


def _half_a_mini_program(appid: str | None, path: str | None) -> Iterator[tuple[str, str]]:
    # An empty text is what WeChat Pay's own examples send for "none".
    if appid and not path:
        yield "mini_program_path", "is required together with mini_program_appid"
    if path and not appid:
        yield "mini_program_appid", "is required together with mini_program_path"


@model
class ComboPackageChoice(Model):
    """One of the goods to choose from."""

    name: Annotated[str, Text(1, 15)]
    """Name of the goods, up to 15 characters."""
    price: Fen
    """Price in fen."""
    count: Annotated[int, Whole(0, 99, unit="pieces")]
    """Pieces, up to 99."""
    image_url: str | None = None
    """Picture, square, PNG of 1080 by 1080 with a transparent margin of 120 pixels; for the claim component."""
    mini_program_appid: str | None = None
    """Mini program that opens from the goods; together with ``mini_program_path``."""
    mini_program_path: str | None = None
    """Page of that mini program; together with ``mini_program_appid``."""

    def check(self) -> Iterator[tuple[str, str]]:
        """A mini program is given whole or not at all."""
        yield from _half_a_mini_program(self.mini_program_appid, self.mini_program_path)

    def advise(self) -> Iterator[tuple[str, str]]:
        """The picture was uploaded."""
        yield from advice.image("image_url", self.image_url)


@model
class ComboPackage(Model):
    """A group of goods that the coupon is for; only shown."""

    name: Annotated[str, Text(1, 15)]
    """Name of the group, up to 15 characters."""
    pick_count: Annotated[int, Whole(unit="pieces")]
    """How many of the choices the user picks: 3 where it is 3 out of 10."""
    choice_list: Annotated[list[ComboPackageChoice], Items(1, 99)]
    """What there is to choose from, up to 99."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """Nobody picks more than there is; no page says so, and an example does."""
        yield from advice.picks(self.pick_count, len(self.choice_list))


@model
class ProductCouponDisplayInfo(Model):
    """How a product coupon is shown."""

    name: Annotated[str, Text(3, 15)]
    """Name shown to users, 3 to 15 characters."""
    image_url: Annotated[str, Text()]
    """Head image, square, PNG of 1080 by 1080 with a transparent margin of 120 pixels; up to 2 MB."""
    background_url: Annotated[str, Text()]
    """Background image, 1170 by 1326, JPG or PNG, up to 2 MB."""
    detail_image_url_list: Annotated[list[str], Items(0, 8)] | None = None
    """Up to 8 detail images, 1170 by 1326, JPG or PNG, up to 2 MB each."""
    original_price: Annotated[int, Whole(0, 10_000_000, unit="fen")] | None = None
    """List price in fen, up to 10,000,000; only shown; 0 when left out, though some pages want it for scope SINGLE."""
    combo_package_list: Annotated[list[ComboPackage], Items(0, 50)] | None = None
    """Up to 50 groups of goods the coupon is for; only shown; at least one for scope SINGLE."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """The images were uploaded."""
        yield from advice.image("image_url", self.image_url)
        yield from advice.image("background_url", self.background_url)
        for index, url in enumerate(self.detail_image_url_list or []):
            yield from advice.image(f"detail_image_url_list[{index}]", url)


@model
class CouponAvailableStoreInfo(Model):
    """How the stores that take a coupon are described."""

    description: Annotated[str, Text(1, 1000)]
    """Text that tells where the coupon is taken, up to 1000 characters."""
    mini_program_appid: str | None = None
    """Mini program that lists the stores, bound to brand or partner; together with ``mini_program_path``."""
    mini_program_path: str | None = None
    """Page of that mini program; together with ``mini_program_appid``."""

    def check(self) -> Iterator[tuple[str, str]]:
        """A mini program is given whole or not at all."""
        yield from _half_a_mini_program(self.mini_program_appid, self.mini_program_path)


@model
class UsageRuleDisplayInfo(Model):
    """How the rules of use are shown, and where "use now" leads."""

    coupon_usage_method_list: Annotated[list[CouponUsageMethod | str], Items(1)]
    """Ways to redeem, at least one."""
    mini_program_appid: str | None = None
    """Mini program that "use now" opens; needed for MINI_PROGRAM, together with ``mini_program_path``."""
    mini_program_path: str | None = None
    """Page of that mini program; needed for MINI_PROGRAM, together with ``mini_program_appid``."""
    app_path: str | None = None
    """Address that opens for redeeming in an app; needed for ``app_jump_type`` H5."""
    usage_description: Annotated[str, Text(1, 1000)]
    """The rules in full, up to 1000 characters."""
    coupon_available_store_info: CouponAvailableStoreInfo | None = None
    """How the stores are described."""
    app_jump_type: AppJumpType | str | None = None
    """What redeeming in an app does; needed for APP."""
    passcode_link: str | None = None
    """Text for the user to copy; needed for ``app_jump_type`` PASSCODE_LINK."""

    def check(self) -> Iterator[tuple[str, str]]:
        """Each way to redeem has what it needs."""
        methods = self.coupon_usage_method_list
        if CouponUsageMethod.MINI_PROGRAM in methods and not (self.mini_program_appid or self.mini_program_path):
            yield "mini_program_appid", "is required when coupon_usage_method_list has MINI_PROGRAM"
            yield "mini_program_path", "is required when coupon_usage_method_list has MINI_PROGRAM"
        yield from _half_a_mini_program(self.mini_program_appid, self.mini_program_path)
        if CouponUsageMethod.APP in methods and not self.app_jump_type:
            yield "app_jump_type", "is required when coupon_usage_method_list has APP"
        if self.app_jump_type == AppJumpType.H5 and not self.app_path:
            yield "app_path", "is required when app_jump_type is H5"
        if self.app_jump_type == AppJumpType.PASSCODE_LINK and not self.passcode_link:
            yield "passcode_link", "is required when app_jump_type is PASSCODE_LINK"


@model
class EntranceMiniProgram(Model):
    """A way from the coupon to a mini program of the brand."""

    appid: Appid
    """The mini program, bound to the brand."""
    path: Annotated[str, Text()]
    """Its page."""
    entrance_wording: Annotated[str, Text(1, 5)]
    """Text of the entrance, up to 5 characters."""
    guidance_wording: Annotated[str, Text(1, 6)]
    """Text that leads to it, up to 6 characters."""


@model
class EntranceOfficialAccount(Model):
    """A way from the coupon to an official account of the brand."""

    appid: Appid
    """The official account, bound to the brand."""


@model
class EntranceFinder(Model):
    """A way from the coupon to a video of the brand's Channels (视频号)."""

    finder_id: Annotated[str, Text()]
    """The Channels account, bound to the brand."""
    finder_video_id: Annotated[str, Text()]
    """A video of that account."""
    finder_video_cover_image_url: Annotated[str, Text()]
    """Its cover, 716 by 402, JPG or PNG, up to 2 MB."""

    def advise(self) -> Iterator[tuple[str, str]]:
        """The cover was uploaded."""
        yield from advice.image("finder_video_cover_image_url", self.finder_video_cover_image_url)


@model
class CouponDisplayInfo(Model):
    """How a coupon looks in the card pack."""

    code_display_mode: CouponCodeDisplayMode | str
    """How the code is shown."""
    background_color: BackgroundColor | str | None = None
    """The colour; Color020 when left out."""
    entrance_mini_program: EntranceMiniProgram | None = None
    """A way to a mini program."""
    entrance_official_account: EntranceOfficialAccount | None = None
    """A way to an official account."""
    entrance_finder: EntranceFinder | None = None
    """A way to a video."""
