"""For your own tests: callbacks of any event, signed and sealed with throwaway keys, and a sandbox as a fixture.

::

    from wxcoupon import notify, product_coupon, testing

    async def test_a_coupon_is_recorded_once() -> None:
        callbacks = testing.Callbacks()
        router = notify.Router(callbacks.tenant())
        ...
        sent = callbacks(product_coupon.CouponSent, coupon_code="A-1")
        assert 204 == (await router.handle(*sent)).status
        assert 204 == (await router.handle(*callbacks.again(sent))).status
        assert 401 == (await router.handle(*callbacks(product_coupon.CouponSent, variant="forged"))).status

The fixtures are in :mod:`wxcoupon.testing.pytest_plugin`, which alone needs pytest. A service that is configured by
settings takes them from ``callbacks.save(directory)``.
"""

from .callbacks import KEY_ID, Callback, Callbacks, Variant, callback
from .samples import sample

__all__ = ["KEY_ID", "Callback", "Callbacks", "Variant", "callback", "sample"]
