"""Uploading the images that product coupons are shown with."""

from collections.abc import Iterator
from typing import Annotated, Self

from .. import images
from ..endpoint import Endpoint, endpoint
from ..model import PRIVATE, Model, Text, model

__all__ = ["ImageMeta", "UploadImage", "UploadedImage"]


@model
class ImageMeta(Model):
    """What is said of an image, and the only part of its upload that is signed."""

    filename: Annotated[str, Text(1, 150, pattern=images.NAME, like="tea.jpg, tea.bmp or tea.png")]
    """Its name, up to 150 characters, ending in .jpg, .bmp or .png."""
    sha256: Annotated[str, Text(pattern=images.HASH, like="64 hexadecimal digits")]
    """The SHA-256 of its bytes, in hexadecimal: 64 digits."""


@model
class UploadedImage(Model):
    """Where an uploaded image is."""

    image_url: str
    """Its address, for good and up to 256 characters: what the fields for images take."""


@endpoint("POST", "/product-coupon/media/upload-image", form=True, harmless=True, brand_scoped=False, rate="20/s")
class UploadImage(Endpoint[UploadedImage]):
    """Upload an image, and get the address that coupons name it by (图片上传).

    :meth:`of` makes the request from a name and the bytes. Fields for images take only what this answers.

    https://pay.weixin.qq.com/doc/v3/partner/4015781275
    https://pay.weixin.qq.com/doc/v3/partner/4016435731
    https://pay.weixin.qq.com/doc/brand/4015736285
    """

    meta: ImageMeta
    """What is said of the image."""
    file: Annotated[bytes, PRIVATE]
    """The bytes of a JPG, BMP or PNG, at most 2 MB."""

    @classmethod
    def of(cls, filename: str, content: bytes) -> Self:
        """The upload of an image.

        Args:
            filename: its name, up to 150 characters, ending in .jpg, .bmp or .png.
            content: its bytes.
        """
        return cls(meta=ImageMeta(filename=filename, sha256=images.sha256(content)), file=content)

    def check(self) -> Iterator[tuple[str, str]]:
        """The bytes are those of an image, of the kind its name says, and the hash is theirs."""
        yield from images.faults(self.meta.filename, self.meta.sha256, self.file)
