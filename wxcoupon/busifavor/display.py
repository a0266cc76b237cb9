"""How a merchant coupon looks in the card pack, and where it leads."""

from typing import Annotated

from ..model import Model, Text, model
from .enums import BackgroundColor, CodeDisplayMode
from .ids import Appid

__all__ = [
    "CustomEntrance",
    "DisplayPatternInfo",
    "FinderInfo",
    "MiniProgramsInfo",
    "ModifyCustomEntrance",
    "ModifyMiniProgramsInfo",
    "NotifyConfig",
]


@model
class MiniProgramsInfo(Model):
    """A mini program that the coupon leads to."""

    mini_programs_appid: Appid
    """Its appid of 1 to 32 characters, bound to the owner of the stock or to the caller."""
    mini_programs_path: Annotated[str, Text(1, 128)]
    """The page to open, of 1 to 128 characters."""
    entrance_words: Annotated[str, Text(1, 5)]
    """The words that lead there: 1 to 5 characters."""
    guiding_words: Annotated[str, Text(0, 6)] | None = None
    """Words beside them: up to 6 characters."""


@model
class ModifyMiniProgramsInfo(Model):
    """A mini program that the coupon leads to from now on."""

    mini_programs_appid: Appid | None = None
    """Its appid of 1 to 32 characters, bound to the owner of the stock or to the caller."""
    mini_programs_path: Annotated[str, Text(1, 128)] | None = None
    """The page to open, of 1 to 128 characters."""
    entrance_words: Annotated[str, Text(1, 5)] | None = None
    """The words that lead there: 1 to 5 characters."""
    guiding_words: Annotated[str, Text(0, 6)] | None = None
    """Words beside them: up to 6 characters."""


@model
class CustomEntrance(Model):
    """Where the card of a coupon leads."""

    mini_programs_info: MiniProgramsInfo | None = None
    """A mini program."""
    appid: Appid | None = None
    """An official account, by its appid of 1 to 32 characters, bound to the owner of the stock or to the caller."""
    hall_id: Annotated[str, Text(1, 64)] | None = None
    """A marketing hall, by its id of 1 to 64 characters."""
    store_id: Annotated[str, Text(1, 64)] | None = None
    """A store that takes the coupon, by its id of 1 to 64 characters."""
    code_display_mode: CodeDisplayMode | str | None = None
    """How the code is shown."""


@model
class ModifyCustomEntrance(Model):
    """Where the card of a coupon leads from now on."""

    mini_programs_info: ModifyMiniProgramsInfo | None = None
    """A mini program."""
    appid: Appid | None = None
    """An official account, by its appid of 1 to 32 characters, bound to the owner of the stock or to the caller."""
    hall_id: Annotated[str, Text(1, 64)] | None = None
    """A marketing hall, by its id of 1 to 64 characters."""
    code_display_mode: CodeDisplayMode | str | None = None
    """How the code is shown."""


@model
class FinderInfo(Model):
    """A video that the coupon leads to (视频号)."""

    finder_id: Annotated[str, Text(1)]
    """The channel."""
    finder_video_id: Annotated[str, Text(1)]
    """The video."""
    finder_video_cover_image_url: Annotated[str, Text(1)]
    """Its cover, as an upload of a marketing image answered: 716x402 pixels, less than 2 MB, JPG or PNG."""


@model
class DisplayPatternInfo(Model):
    """How a coupon looks."""

    description: Annotated[str, Text(0, 1000)] | None = None
    """Terms of use, up to 1000 characters; listings of a user's coupons leave them out."""
    merchant_logo_url: Annotated[str, Text(1, 128)] | None = None
    """A logo, as an upload of a marketing image answered: 120x120 pixels, less than 1 MB, JPG or PNG; for good."""
    merchant_name: Annotated[str, Text(1, 16)] | None = None
    """A name of up to 16 characters, 12 of them shown; WeChat Pay fills it in now, and it is for good."""
    background_color: BackgroundColor | str | None = None
    """The colour of the card."""
    coupon_image_url: Annotated[str, Text(1, 128)] | None = None
    """An image, as an upload of a marketing image answered: 1074x603 pixels, at most 2 MB, JPG or PNG."""
    finder_info: FinderInfo | None = None
    """A video to lead to."""


@model
class NotifyConfig(Model):
    """How callbacks about a stock name its users."""

    notify_appid: Annotated[str, Text(1, 64)] | None = None
    """The appid under which callbacks compute openid and unionid, 1 to 64 characters; both are empty without it."""
