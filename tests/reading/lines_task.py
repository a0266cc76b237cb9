"""A small kind of job for tests: lines of printable ASCII are uploaded as they are."""

import hashlib
from collections.abc import Sequence
from typing import ClassVar

from wxcoupon.bulk.pieces import Piece
from wxcoupon.bulk.task import Examined, Task
from wxcoupon.bulk.verdicts import Verdicts
from wxcoupon.errors import ApiError, WxCouponError
from wxcoupon.product_coupon import UploadCouponCodes, UploadedCouponCodes


class Lines(Task[UploadedCouponCodes]):
    """Lines as codes."""

    kind: ClassVar[str] = "lines"

    def __init__(self, size: int = 200, most: int = 1000) -> None:
        super().__init__("spring", {"stock_id": "7"})
        self.size = size  # type: ignore[misc]
        self.most = most  # type: ignore[misc]

    def examine(self, piece: Piece) -> Examined:
        """A line is of letters and digits."""
        joined = "".join(piece.texts)
        if all(piece.texts) and joined.isascii() and joined.isalnum():
            return Examined({}, piece.texts)
        strange = {at: "no code" for at, text in enumerate(piece.texts) if not (text.isascii() and text.isalnum())}
        return Examined(strange, piece.texts)

    def digest(self, sent: Piece) -> bytes:
        """A hash of the lines."""
        return hashlib.blake2b("\n".join(sent.texts).encode(), digest_size=16).digest()

    def request(self, sent: Piece, digest: bytes) -> UploadCouponCodes:
        """The upload of the lines."""
        number = digest.hex()
        codes = list(sent.texts)
        return UploadCouponCodes(product_coupon_id="1", stock_id="7", out_request_no=number, code_list=codes)

    def judge(self, sent: Piece, places: Sequence[int], result: UploadedCouponCodes, *, repeated: bool) -> Verdicts:
        """All of them were stored."""
        assert len(places) == len(sent)
        assert result.success_code_list or repeated
        return Verdicts()

    def holds_for_all(self, error: WxCouponError, sent: Piece, *, first: bool) -> bool:
        """A refused signature is refused for all."""
        return first and len(sent) > 0 and isinstance(error, ApiError) and error.status == 401
