"""From streams of codes and users to requests, with numbers that a repetition finds again.

A request number is derived from what the request says. The same codes in the same job make the same number, so
running a job again is a replay of the same calls, never a second upload; other codes make another number.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar, overload

if TYPE_CHECKING:  # a family is loaded when it is used: here, when the first requests are made
    from ..product_coupon import PreSendCoupon, UploadCouponCodes

T = TypeVar("T")

CODES_PER_CALL: Final = 200
"""The most codes one upload takes. https://pay.weixin.qq.com/doc/v3/partner/4015781572"""


def request_no_for(job: str, *parts: str) -> str:
    """A request number of 36 characters that is the same whenever *job* and *parts* are the same.

    Args:
        job: names the occasion, so that the same content may be sent again on purpose under another name.
        parts: what the request is about: ids, codes, an openid. They cannot be read back from the number.
    """
    # These numbers may never change: a job that was begun with one version is resumed with another.
    text, kind = "\0".join((job, *parts)), b"parts"
    if text.count("\0") != len(parts):  # a NUL inside a part: lengths say where the parts end
        text, kind = "".join(f"{len(part)}:{part}" for part in (job, *parts)), b"lengths"
    encoded = text.encode("utf-8", "surrogatepass")
    return f"wxc-{hashlib.blake2b(encoded, digest_size=16, person=kind).hexdigest()}"


async def _async_batches(items: AsyncIterable[T], size: int) -> AsyncIterator[list[T]]:
    batch: list[T] = []
    async for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of *size* items each, the last one with what is left."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


@overload
def upload_requests(
    codes: Iterable[str], *, product_coupon_id: str, stock_id: str, job: str
) -> Iterator[UploadCouponCodes]: ...
@overload
def upload_requests(
    codes: AsyncIterable[str], *, product_coupon_id: str, stock_id: str, job: str
) -> AsyncIterator[UploadCouponCodes]: ...
def upload_requests(
    codes: Iterable[str] | AsyncIterable[str], *, product_coupon_id: str, stock_id: str, job: str
) -> Iterator[UploadCouponCodes] | AsyncIterator[UploadCouponCodes]:
    """Make uploads of at most 200 codes from any stream of distinct codes.

    Args:
        codes: the codes, from any iterable or async iterable; read as the requests are taken.
        product_coupon_id: the product coupon.
        stock_id: its stock, whose ``coupon_code_mode`` is UPLOAD.
        job: names the upload: the same codes in the same order under the same name make the same request numbers.

    Returns:
        An iterator of requests, or an async one when *codes* is async.
    """
    from ..product_coupon import UploadCouponCodes

    def request(batch: list[str]) -> UploadCouponCodes:
        number = request_no_for(job, product_coupon_id, stock_id, *batch)
        return UploadCouponCodes(
            product_coupon_id=product_coupon_id, stock_id=stock_id, out_request_no=number, code_list=batch
        )

    if isinstance(codes, AsyncIterable):
        return (request(batch) async for batch in _async_batches(codes, CODES_PER_CALL))
    return (request(batch) for batch in batches(codes, CODES_PER_CALL))


@overload
def pre_send_requests(
    openids: Iterable[str], *, product_coupon_id: str, stock_id: str, appid: str, job: str
) -> Iterator[PreSendCoupon]: ...
@overload
def pre_send_requests(
    openids: AsyncIterable[str], *, product_coupon_id: str, stock_id: str, appid: str, job: str
) -> AsyncIterator[PreSendCoupon]: ...
def pre_send_requests(
    openids: Iterable[str] | AsyncIterable[str], *, product_coupon_id: str, stock_id: str, appid: str, job: str
) -> Iterator[PreSendCoupon] | AsyncIterator[PreSendCoupon]:
    """Make a pre-send token request for each user.

    Args:
        openids: the users, from any iterable or async iterable.
        product_coupon_id: the product coupon.
        stock_id: its stock.
        appid: the appid the openids were computed under.
        job: names the occasion: one user gets one coupon of the stock for it, however often it is run.

    Returns:
        An iterator of requests, or an async one when *openids* is async. For stocks whose codes the caller assigns,
        make :class:`~wxcoupon.product_coupon.PreSendCoupon` yourself, with its ``coupon_code``.
    """
    from ..product_coupon import PreSendCoupon

    def request(openid: str) -> PreSendCoupon:
        return PreSendCoupon(
            openid=openid,
            product_coupon_id=product_coupon_id,
            stock_id=stock_id,
            appid=appid,
            send_request_no=request_no_for(job, product_coupon_id, stock_id, openid),
        )

    if isinstance(openids, AsyncIterable):
        return (request(openid) async for openid in openids)
    return (request(openid) for openid in openids)
