"""The documented rates on the sandbox."""

import asyncio
from typing import Any

import pytest

from wxcoupon import Client, Pacer, Partner, RetryPolicy
from wxcoupon import product_coupon as pc
from wxcoupon.endpoint import Rate
from wxcoupon.errors import RateLimited
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.sandbox.limits import Limits

from .shapes import product_coupon

ONCE = RetryPolicy(attempts=1)


def test_a_window_slides_exactly() -> None:
    """In every window of a second at most the allowed number is taken, and refused requests do not count."""
    now = [0.0]
    limits = Limits(lambda: now[0])
    taken: list[float] = []
    for tick in range(2000):
        now[0] = tick / 128  # exact in binary
        taken += [now[0] for _ in range(1 + tick % 3) if limits.take("key", Rate(20, 1.0))]

    assert all(later - earlier >= 1.0 for earlier, later in zip(taken, taken[20:], strict=False))
    assert len(taken) >= 20 * 15


def test_each_key_has_its_own_window() -> None:
    """Another subject or endpoint is not touched."""
    limits = Limits(lambda: 0.0)

    assert [True, False, True] == [limits.take(key, Rate(1, 1.0)) for key in ("a", "a", "b")]


async def test_beyond_the_documented_rate_is_refused(keys: Keys, unpaced: Pacer) -> None:
    """The 21st upload of a second is refused, changes nothing, and passes a second later; other callers go on."""
    now = [1_800_000_000.0]

    def clock() -> float:
        return now[0]

    async with Sandbox(keys=keys, clock=clock) as sandbox:
        options: dict[str, Any] = {"base_url": sandbox.base_url, "pacer": unpaced, "clock": clock, "retry": ONCE}
        async with (
            Client(sandbox.partner, sandbox.platform_keys, **options) as partner,
            Client(sandbox.brand, sandbox.platform_keys, **options) as brand,
        ):
            period = {
                "available_begin_time": "2027-01-01T00:00:00+08:00",
                "available_end_time": "2027-12-31T23:59:59+08:00",
            }
            requests: dict[str, list[pc.UploadCouponCodes]] = {}
            for name, client in (("p", partner), ("b", brand)):
                made = await client.call(product_coupon(period=period))
                assert made.stock is not None
                requests[name] = [
                    pc.UploadCouponCodes(
                        product_coupon_id=made.product_coupon_id,
                        stock_id=made.stock.stock_id,
                        out_request_no=f"upload_{index}",
                        code_list=[f"{name}_{index}"],
                    )
                    for index in range(21)
                ]
            outcomes = await asyncio.gather(
                *(partner.call(request) for request in requests["p"]), return_exceptions=True
            )

            refused = [outcome for outcome in outcomes if isinstance(outcome, RateLimited)]
            assert [(429, "RATELIMIT_EXCEEDED", "270924289")] == [
                (error.status, error.code, error.numeric_code) for error in refused
            ]
            assert refused[0].verified
            assert 20 == sandbox.state()["stocks"][0]["total_count"]
            assert 1 == (await brand.call(requests["b"][0])).total_count
            with pytest.raises(RateLimited):
                await partner.for_brand("120345").call(requests["p"][20])  # the quota is the partner's, not the brand's
            now[0] += 1
            await asyncio.gather(*(partner.call(request) for request in requests["p"][1:]))
            assert 21 == sandbox.state()["stocks"][0]["total_count"]


async def test_without_limits_nobody_is_refused(partner: Client[Partner]) -> None:
    """With the rates off, any number of requests passes."""
    outcomes = await asyncio.gather(
        *(partner.call(product_coupon(f"create_{index}")) for index in range(50)), return_exceptions=True
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
