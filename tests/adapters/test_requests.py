"""What comes over the wire and what goes back, through each adapter on its framework's real server."""

from __future__ import annotations

from typing import Any, Final

import pytest

from wxcoupon import product_coupon as pc
from wxcoupon.keys import KeyRing
from wxcoupon.notify import Notification, Router, Tenant

from ..notify.callbacks import APIV3_KEY, NOW, Callback, Platform, coupon
from .services import CLOSING, EVERY, NOTIFY, SPOOLING, Serving, routed_asgi
from .speaking import Answer, Connection, chunks, head, posted, statuses

NOT_PROVEN: Final = b'{"code":"FAIL","message":"the signature is not proven"}'
STALE: Final = b'{"code":"FAIL","message":"the timestamp is too far from the time here"}'
TOO_LARGE: Final = b'{"code":"FAIL","message":"the body is too large"}'
TOO_SLOW: Final = b'{"code":"FAIL","message":"the body did not come in time"}'
MOST: Final = 200_000
"""More than the buffers of a connection and its server, so that a refusal comes before all is sent."""

every = pytest.mark.parametrize("name", EVERY)


@pytest.fixture
def came() -> list[Notification[pc.CouponSent]]:
    """What the handler was given."""
    return []


@pytest.fixture
def router(ring: KeyRing, came: list[Notification[pc.CouponSent]]) -> Router:
    """A router of one tenant, with one handler."""
    router = Router(Tenant(APIV3_KEY, keys=ring), clock=lambda: NOW, most_bytes=MOST)
    router.on(pc.CouponSent)(_recording(came))
    return router


def _recording(came: list[Notification[pc.CouponSent]]) -> Any:
    async def record(notification: Notification[pc.CouponSent]) -> None:
        came.append(notification)

    return record


def codes(came: list[Notification[pc.CouponSent]]) -> list[str]:
    """The coupons that were handled."""
    return [notification.event.coupon_code for notification in came]


def acknowledged(answer: Answer) -> bool:
    """Whether an answer is a 204 with nothing in it."""
    nothing = "content-type" not in answer.headers and answer.headers.get("content-length", "0") == "0"
    return nothing and (204, b"") == (answer.status, answer.body)


def refused(answer: Answer) -> tuple[int, str | None, bytes]:
    """What there is to a refusal."""
    return answer.status, answer.headers.get("content-type"), answer.body


def said(status: int, body: bytes) -> tuple[int, str, bytes]:
    """A refusal as it is documented."""
    return status, "application/json", body


@every
async def test_answers_are_exact(
    name: str, router: Router, platform: Platform, stranger: Platform, came: list[Notification[pc.CouponSent]]
) -> None:
    """Genuine, again, forged, probing, stale, genuine: each is answered to the byte, over a connection that goes on."""
    one = platform.told(coupon(1))
    callbacks = [one, one, stranger.told(coupon(9)), platform.probe(platform.told(coupon(9)))]
    callbacks += [platform.told(coupon(9), at=NOW - 3600), platform.told(coupon(2))]
    async with EVERY[name](router) as port, Connection(port) as connection:
        answers = [await connection.post(NOTIFY, callback) for callback in callbacks]
        assert (len(callbacks) if name in CLOSING else 1) == connection.opened
    assert [acknowledged(answers[index]) for index in (0, 1, 5)] == [True] * 3
    assert [said(401, NOT_PROVEN), said(401, NOT_PROVEN), said(401, STALE)] == [
        refused(answer) for answer in answers[2:5]
    ]
    assert ["CODE-000001", "CODE-000002"] == codes(came)
    counts = router.counts
    assert (6, 2, 1, 1, 1, 1) == (
        counts.received,
        counts.handled,
        counts.duplicates,
        counts.forged,
        counts.probes,
        counts.stale,
    )


@every
async def test_names_of_headers_have_any_case(
    name: str, router: Router, platform: Platform, came: list[Notification[pc.CouponSent]]
) -> None:
    """A proxy may write the names of headers as it likes."""
    callbacks: list[Callback] = []
    for number, spelt in enumerate((str.lower, str.upper, str.title)):
        headers, body = platform.told(coupon(number))
        callbacks.append(({spelt(header): value for header, value in headers.items()}, body))
    async with EVERY[name](router) as port:
        answers = await posted(port, NOTIFY, *callbacks)
    assert [True] * 3 == [acknowledged(answer) for answer in answers]
    assert ["CODE-000000", "CODE-000001", "CODE-000002"] == codes(came)


@every
async def test_a_header_that_comes_twice_is_refused(name: str, router: Router, platform: Platform) -> None:
    """Nobody knows which of the two holds, even where they are the same."""
    headers, body = platform.told(coupon())
    twice = headers | {"wechatpay-serial": headers["Wechatpay-Serial"]}
    async with EVERY[name](router) as port:
        assert [said(401, NOT_PROVEN)] == [refused(answer) for answer in await posted(port, NOTIFY, (twice, body))]


@every
async def test_chunked_bodies(
    name: str, router: Router, platform: Platform, came: list[Notification[pc.CouponSent]]
) -> None:
    """A body without a length is put together as it was."""
    headers, body = platform.told(coupon())
    async with EVERY[name](router) as port, Connection(port) as connection:
        await connection.say(head("POST", NOTIFY, headers | {"Transfer-Encoding": "chunked"}), chunks(body))
        assert acknowledged(await connection.hear())
    assert ["CODE-000001"] == codes(came)


def _announced(size: int) -> dict[str, str]:
    return {"Content-Type": "application/json", "Content-Length": str(size)}


@every
async def test_what_announces_too_much_is_refused_unread(
    name: str, router: Router, platform: Platform, came: list[Notification[pc.CouponSent]]
) -> None:
    """The answer is there before the body is, and the service goes on; the limit itself is not too much."""
    sent = 2 * MOST if name in SPOOLING else 10
    async with EVERY[name](router) as port, Connection(port) as connection:
        await connection.say(head("POST", NOTIFY, _announced(2 * MOST)), b"x" * sent)
        assert said(413, TOO_LARGE) == refused(await connection.hear())
        await connection.close()
        assert [True] == [acknowledged(answer) for answer in await posted(port, NOTIFY, platform.told(coupon()))]
        over, most = await posted(port, NOTIFY, ({}, b"x" * (MOST + 1))), await posted(port, NOTIFY, ({}, b"x" * MOST))
    assert ([413], [401]) == (statuses(over), statuses(most))
    assert (4, 3) == (router.counts.received, router.counts.forged)
    assert ["CODE-000001"] == codes(came)


@every
async def test_what_never_ends_is_refused(
    name: str, router: Router, platform: Platform, came: list[Notification[pc.CouponSent]]
) -> None:
    """A body in chunks is read up to the limit and no further."""
    start = head("POST", NOTIFY, {"Transfer-Encoding": "chunked"})
    async with EVERY[name](router) as port, Connection(port) as connection:
        await connection.say(start, chunks(b"x" * 2 * MOST, 10_000, last=name in SPOOLING))
        assert said(413, TOO_LARGE) == refused(await connection.hear())
        await connection.close()
        assert [True] == [acknowledged(answer) for answer in await posted(port, NOTIFY, platform.told(coupon()))]
    assert (2, 1) == (router.counts.received, router.counts.forged)
    assert ["CODE-000001"] == codes(came)


@every
async def test_a_refusal_of_size_leaves_the_connection_usable(
    name: str, router: Router, platform: Platform, came: list[Notification[pc.CouponSent]]
) -> None:
    """Whoever sends all of what was refused gets the next answer for the next request."""
    async with EVERY[name](router) as port, Connection(port) as connection:
        refusal = await connection.post(NOTIFY, ({}, b"x" * (MOST + 1)))
        assert said(413, TOO_LARGE) == refused(refusal)
        assert acknowledged(await connection.post(NOTIFY, platform.told(coupon())))
    assert ["CODE-000001"] == codes(came)


@every
async def test_only_post_is_taken(name: str, router: Router, platform: Platform) -> None:
    """Any other method is answered with 405, and the router is not asked."""
    headers, _ = platform.told(coupon())
    async with EVERY[name](router) as port, Connection(port) as connection:
        for method in ("GET", "HEAD", "PUT"):
            await connection.say(head(method, NOTIFY, headers | {"Content-Length": "0"}))
            answer = await connection.hear(method)
            assert (405, True) == (answer.status, "POST" in answer.headers["allow"])
        assert acknowledged(await connection.post(NOTIFY, platform.told(coupon())))
    assert 1 == router.counts.received


@every
async def test_whoever_leaves_in_the_middle_does_no_harm(
    name: str, router: Router, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a callback is none; the next is taken."""
    headers, body = platform.told(coupon())
    async with EVERY[name](router) as port, Connection(port) as connection:
        await connection.say(head("POST", NOTIFY, headers | _announced(len(body))), body[:100])
        await connection.close()
        await connection.say(head("POST", NOTIFY, headers | {"Transfer-Encoding": "chunked"}), b"64\r\n" + body[:50])
        await connection.close()
        assert acknowledged(await connection.post(NOTIFY, (headers, body)))
    assert 1 == router.counts.handled
    assert [] == [record.getMessage() for record in caplog.records if record.name == "aiohttp.server"]


@pytest.mark.parametrize("name", ["aiohttp", "starlette", "fastapi", "asgi", "quart"])
async def test_a_body_that_does_not_come(
    name: str, router: Router, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends half a body and no more is refused in time, and holds nothing up."""
    monkeypatch.setattr("wxcoupon.notify.adapters.taking.SECONDS", 0.5)
    headers, body = platform.told(coupon())
    async with EVERY[name](router) as port, Connection(port) as connection, Connection(port) as other:
        await connection.say(head("POST", NOTIFY, headers | _announced(len(body))), body[:100])
        assert acknowledged(await other.post(NOTIFY, (headers, body)))
        assert said(408, TOO_SLOW) == refused(await connection.hear())
    assert (2, 1, 1) == (router.counts.received, router.counts.handled, router.counts.forged)


@pytest.mark.parametrize("name", [name for name in EVERY if name != "asgi"])
async def test_what_others_have_read_is_there(
    name: str, router: Router, platform: Platform, came: list[Notification[pc.CouponSent]]
) -> None:
    """A middleware that reads the body takes nothing away."""
    async with EVERY[name](router, peek=True) as port:
        assert [True] == [acknowledged(answer) for answer in await posted(port, NOTIFY, platform.told(coupon()))]
    assert ["CODE-000001"] == codes(came)


@pytest.mark.parametrize(
    "serving", [*(pytest.param(EVERY[name], id=name) for name in EVERY if name != "asgi"), routed_asgi]
)
async def test_the_path_names_the_tenant(
    serving: Serving, ring: KeyRing, stranger: Platform, platform: Platform
) -> None:
    """What is sent to one tenant's address has to be that one's, and nobody else's."""
    came: list[Notification[pc.CouponSent]] = []
    router = Router(
        Tenant(APIV3_KEY, keys=ring, name="north"),
        Tenant(APIV3_KEY, keys=stranger.ring(), name="south"),
        clock=lambda: NOW,
    )
    router.on(pc.CouponSent)(_recording(came))
    north, south = platform.told(coupon(1)), stranger.told(coupon(2))
    answers: list[Answer] = []
    async with serving(router) as port:
        for path, callback in (
            ("/tenants/north", north),
            ("/tenants/south", north),
            ("/tenants/east", north),
            ("/tenants/south", south),
        ):
            answers += await posted(port, path, callback)
    assert [204, 401, 401, 204] == statuses(answers)
    assert [("north", "CODE-000001"), ("south", "CODE-000002")] == [
        (notification.tenant, notification.event.coupon_code) for notification in came
    ]
