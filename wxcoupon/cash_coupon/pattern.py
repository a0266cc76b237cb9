"""What a coupon looks like."""

from collections.abc import Iterator
from typing import Annotated, Final

from ..model import Model, Text, model
from .enums import CashBackgroundColor, JumpTarget

__all__ = ["PatternInfo"]

_NAME_BYTES: Final = 36


@model
class PatternInfo(Model):
    """What a coupon looks like. Images are addresses that an upload of this family answered."""

    description: Annotated[str, Text(1, 1000)]
    """The terms of use, as its page shows them: up to 1000 characters."""
    merchant_logo: Annotated[str, Text(1, 128)] | None = None
    """Address of the logo: 120 x 120 pixels, JPG or PNG, less than 1 MB; up to 128 characters."""
    merchant_name: Annotated[str, Text(1, _NAME_BYTES)] | None = None
    """Name of the brand: up to 12 Chinese or 36 Latin characters."""
    background_color: CashBackgroundColor | str | None = None
    """Colour of the card; leave it out rather than empty."""
    coupon_image: Annotated[str, Text(1, 128)] | None = None
    """Address of the large image: 850 x 350 pixels, JPG or PNG, up to 2 MB; up to 128 characters."""
    jump_target: JumpTarget | str | None = None
    """Where the button to use it leads; DEFAULT_PAGE when left out."""
    mini_program_appid: Annotated[str, Text(1, 128)] | None = None
    """The mini program of MINI_PROGRAM, bound to a merchant where the coupon can be used: up to 128 characters."""
    mini_program_path: Annotated[str, Text(1, 128)] | None = None
    """The page of that mini program: up to 128 characters."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The name fits, and a mini program is named where one is opened."""
        if self.merchant_name is not None and (size := len(self.merchant_name.encode())) > _NAME_BYTES:
            yield "merchant_name", f"has to be at most 12 Chinese characters, or {_NAME_BYTES} bytes (it has {size})"
        if self.jump_target == JumpTarget.MINI_PROGRAM:
            for name in ("mini_program_appid", "mini_program_path"):
                if getattr(self, name) is None:
                    yield name, "is required when jump_target is MINI_PROGRAM"
