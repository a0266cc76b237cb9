"""A WeChat Pay on your own machine: the other side of the wire, made from the same declarations as the client.

::

    async with Sandbox() as sandbox:
        async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url) as client:
            ...

It verifies every request as the real one does, keeps state, answers with signed answers and documented errors, keeps
the documented rates, and sends sealed and signed callbacks. It never imports the client.

Everything is created by calls. Two stocks of merchant coupons are there from the start besides, for everybody and
with product information, which no call gives a stock: ``100088`` (``MERCHANT_API``, the caller names the code) and
``100089`` (``WECHATPAY_MODE``); ``sandbox.world.add_merchant_stock`` seeds others.

What users and other people do is played: ``sandbox.claim`` takes a pre-sent coupon and ``sandbox.delete`` throws one
away, ``sandbox.pay`` and ``sandbox.refund`` use a cash coupon, ``sandbox.change_plan`` reviews and pauses a delivery
plan. Callbacks tell of sent product coupons, of images, of sent merchant coupons, of cash coupons that were paid with,
and of plans; each is repeated on its own documented schedule, at the address that its own call has set. With
``Sandbox(probe_callbacks=0.1, duplicate_callbacks=0.1)`` some are probes first, and some come twice.

What it cannot know, it does not check: whether an appid is bound, whether an openid belongs to an appid, whether an
image was uploaded, whether a callback address was set before the first product coupon, whether a merchant has money.
A new stock takes codes at once, where the real one takes about five minutes: ``Sandbox(review_seconds=300)`` does too.
"""

from .callers import Keys
from .refusals import Refusal
from .server import Sandbox
from .service import Arrival

__all__ = ["Arrival", "Keys", "Refusal", "Sandbox"]
