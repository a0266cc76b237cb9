"""The fixtures, in a project of somebody else's."""

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
import pytest

pytest_plugins = ["wxcoupon.testing.pytest_plugin"]

@pytest.fixture
def wxcoupon_sandbox_options():
    return {"callback_schedule": (0.0, 0.0), "probe_callbacks": 1.0, "seed": 1}

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""

TESTS = """
import asyncio

import pytest
from aiohttp import web

from wxcoupon import busifavor, notify

MARK
async def test_a_service(wxcoupon_sandbox, wxcoupon_merchant, wxcoupon_partner, wxcoupon_brand, wxcoupon_callbacks):
    router, came = notify.Router(wxcoupon_callbacks.tenant()), asyncio.Queue()

    @router.on(busifavor.CouponSent)
    async def record(notification):
        await came.put(notification.event.coupon_code)

    async def take(request):
        reply = await router.handle(request.headers, await request.read())
        return web.Response(status=reply.status, body=reply.body or None, headers=reply.headers)

    app = web.Application()
    app.router.add_post("/notify", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wxcoupon_sandbox.notify_url = f"http://127.0.0.1:{runner.addresses[0][1]}/notify"
    sent = await wxcoupon_merchant.call(
        busifavor.SendCoupon(out_request_no="send_1", openid="o-1", appid="wx1234567890abcdef", stock_id="100089")
    )
    assert sent.result.coupon_code == await came.get()
    await wxcoupon_sandbox.settled()
    forged = await router.handle(*wxcoupon_callbacks(busifavor.CouponSent, variant="forged"))
    assert (1, 1, 401) == (router.counts.handled, router.counts.probes, forged.status)
    assert {"merchant", "partner", "brand"} == {
        client.identity.kind for client in (wxcoupon_merchant, wxcoupon_partner, wxcoupon_brand)
    }
    await runner.cleanup()

def test_callbacks_alone(wxcoupon_callbacks, wxcoupon_keys):
    assert wxcoupon_keys.platform_id == wxcoupon_callbacks.key_id
"""


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        pytest.param("", ["-o", "asyncio_mode=auto"], id="asyncio-auto"),
        pytest.param("@pytest.mark.asyncio", ["-o", "asyncio_mode=strict"], id="asyncio-strict"),
        pytest.param(
            "@pytest.mark.anyio",
            ["-p", "no:asyncio", "-W", "ignore::pytest.PytestConfigWarning"],
            id="anyio",
        ),
    ],
)
def test_the_fixtures(pytester: pytest.Pytester, mark: str, words: list[str]) -> None:
    """A user's tests get a running sandbox, its clients and callbacks with its keys, whichever plugin runs them."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS.replace("MARK", mark))

    result = pytester.runpytest_subprocess(
        "-W",
        "error",
        "-W",
        "ignore::pytest.PytestUnknownMarkWarning",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
        *words,
    )

    result.assert_outcomes(passed=2)
