"""Uploading the images that cash coupons are shown with."""

import re
from collections.abc import Iterator
from typing import Annotated, Self

from .. import images
from ..endpoint import Endpoint, endpoint
from ..identity import Merchant, Partner
from ..model import PRIVATE, Model, Text, model

__all__ = ["ImageMeta", "UploadImage", "UploadedImage"]


@model
class ImageMeta(Model):
    """What is said of an image, and the only part of its upload that is signed."""

    filename: Annotated[str, Text(1, 128)]
    """Its name, up to 128 characters, ending in .jpg, .bmp or .png."""
    sha256: Annotated[str, Text(1, 256)]
    """The SHA-256 of its bytes, in hexadecimal: 64 digits."""

    def check(self) -> Iterator[tuple[str, str]]:
        """The name says what kind of image it is; the hash is held against the bytes where they are."""
        if not re.fullmatch(images.NAME, self.filename):
            yield "filename", "ends in none of .jpg, .bmp and .png, like tea.png"


@model
class UploadedImage(Model):
    """Where an uploaded image is."""

    media_url: str
    """Its address, for good and up to 256 characters: what the fields for images take."""


@endpoint("POST", "/v3/marketing/favor/media/image-upload", form=True, harmless=True, rate="100/min")
class UploadImage(Endpoint[UploadedImage, Merchant | Partner]):
    """Upload an image, and get the address that coupons name it by (图片上传（营销专用）).

    :meth:`of` makes the request from a name and the bytes. Fields for images take only what this answers.

    https://pay.weixin.qq.com/doc/v3/merchant/4012557233
    """

    meta: ImageMeta
    """What is said of the image."""
    file: Annotated[bytes, PRIVATE]
    """The bytes of a JPG, BMP or PNG, at most 2 MB."""

    @classmethod
    def of(cls, filename: str, content: bytes) -> Self:
        """The upload of an image.

        Args:
            filename: its name, up to 128 characters, ending in .jpg, .bmp or .png.
            content: its bytes.
        """
        return cls(meta=ImageMeta(filename=filename, sha256=images.sha256(content)), file=content)

    def check(self) -> Iterator[tuple[str, str]]:
        """The bytes are those of an image, of the kind its name says, and the hash is theirs."""
        yield from images.faults(self.meta.filename, self.meta.sha256, self.file)
