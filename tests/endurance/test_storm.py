"""Thousands of calls through refusals, resets, cuts, delays and losses: what is told is true, and nothing is left."""

import asyncio
import json
import logging
import warnings
from collections import Counter
from typing import Any

import pytest

from tests.core.conftest import new_upload_coupon
from wxcoupon import WxCouponError, busifavor, store
from wxcoupon import product_coupon as pc
from wxcoupon.endpoint import AnyEndpoint
from wxcoupon.errors import NoAnswerError, SigningError, UnreachableError
from wxcoupon.sandbox import Keys

from . import storm as storms
from .storm import Storm

_log = logging.getLogger(__name__)


def _told(done: bool, ending: Any) -> bool:  # noqa: FBT001
    """Whether what a call was told agrees with whether it was done."""
    if isinstance(ending, WxCouponError):
        return ending.outcome_unknown or not done
    return done


def _sent(come: Storm) -> None:
    """Every coupon reported sent is there with its code, under its number, and there is one for each number."""
    coupons = come.sandbox.world.merchant_coupons
    by_number = {coupon.out_request_no: coupon for coupon in coupons.values()}
    assert len(by_number) == len(coupons) == come.sandbox.world.merchant_stocks[storms.WECHAT_MAKES_CODES].sent
    for request, ending in come.of(busifavor.SendCoupon):
        assert isinstance(request, busifavor.SendCoupon)
        coupon = by_number.get(request.out_request_no)
        assert _told(coupon is not None, ending), (request, ending)
        if not isinstance(ending, WxCouponError):
            assert coupon is not None
            assert coupon.coupon_code == ending.result.coupon_code


def _uploaded(come: Storm) -> None:
    """Of every upload all codes are there or none; one that was reported was stored by this very call."""
    for request, ending in come.of(pc.UploadCouponCodes):
        assert isinstance(request, pc.UploadCouponCodes)
        there = {code in come.codes for code in request.code_list}
        assert 1 == len(there)
        assert _told(there == {True}, ending), (request, ending)
        if not isinstance(ending, WxCouponError):
            assert request.code_list == ending.success_code_list


def _made(come: Storm) -> None:
    """A call without a number reached the server once at the most, whatever became of it."""
    there = storms.stores(come.sandbox)
    reached = Counter(
        json.loads(passage.body)["store_basics"]["store_reference_id"]
        for passage in come.proxy.seen
        if passage.target.endswith("/brandstores")
    )
    assert set(reached.values()) <= {1}
    for request, ending in come.of(store.CreateBrandStore):
        assert isinstance(request, store.CreateBrandStore)
        assert request.store_basics is not None
        reference = str(request.store_basics.store_reference_id)
        assert there[reference] <= 1
        assert _told(there[reference] == 1, ending), (request, ending)


def _unchanged(come: Storm) -> None:
    """All attempts under one number have the same bytes, and no two signatures or nonces are alike."""
    bodies: dict[str, set[bytes]] = {}
    for passage in come.proxy.seen:
        if b"out_request_no" in passage.body:
            bodies.setdefault(json.loads(passage.body)["out_request_no"], set()).add(passage.body)
    assert {1} == {len(each) for each in bodies.values()}
    pairs = [passage.authorization for passage in come.proxy.seen]
    assert len(pairs) == len({each["signature"] for each in pairs}) == len({each["nonce_str"] for each in pairs})


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(1_000, id="one thousand"),
        pytest.param(10_000, id="ten thousand", marks=[pytest.mark.slow, pytest.mark.timeout(300)]),
    ],
)
async def test_a_storm(count: int, keys: Keys) -> None:
    """Every call ends with the truth or with not knowing; nothing is done twice, and nothing reported done is lost."""
    await storms.settled()
    files, tasks = storms.open_files(), asyncio.all_tasks()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        come = await storms.storm(count, keys, new_upload_coupon("create-storm"), seed=count)
        await storms.settled()
        left = asyncio.all_tasks() - tasks

    assert set() == left
    assert files == storms.open_files()
    assert count == len(come.endings)
    errors = Counter(type(ending) for _, ending in come.endings if isinstance(ending, WxCouponError))
    # A machine that is too busy for a signature in that time says so: nothing was sent, which is looked at below.
    assert set(errors) <= {NoAnswerError, UnreachableError, SigningError}
    for fault in storms.RATES:
        assert 0.6 * 0.05 < come.proxy.counts[fault] / len(come.proxy.seen) < 1.4 * 0.05, fault
    _sent(come)
    _uploaded(come)
    _made(come)
    _unchanged(come)
    kinds: set[type[AnyEndpoint]] = {type(request) for request, _ in come.endings}
    assert 4 == len(kinds)
    faults = {fault.value: number for fault, number in come.proxy.counts.items()}
    _log.info("%d calls, %d attempts: %s", count, len(come.proxy.seen), faults)
    _log.info("ended with %s", {kind.__name__: number for kind, number in errors.items()})
