"""Platform certificates over the wire: fetched, proven, renewed, cached, and gone over to a public key and back."""

import asyncio
import base64
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs
import pytest

from tests.core.certified import (
    CALL,
    DAY,
    KEY,
    LIST,
    SOON,
    Clock,
    asked,
    calling,
    certificate,
    ring_of,
    sealed,
    signer,
    until,
)
from tests.sandbox_thread import running
from wxcoupon import Client, KeyRing, Merchant, Pacer, blocking, busifavor, crypto, product_coupon
from wxcoupon.errors import (
    ApiError,
    BadSignature,
    ClientStateError,
    ClockSkew,
    ConfigurationError,
    MissingSignature,
    NetworkError,
    NoCertificatesError,
    ServerError,
    UnknownSerial,
    UnreadableAnswer,
    UntrustedAnswer,
    WxCouponError,
)
from wxcoupon.keys import FAILED, RENEWAL, VAIN
from wxcoupon.notify import receive
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.wire import new_nonce, sign_answer


async def test_bootstrap(certified: Sandbox) -> None:
    """With the APIv3 key alone, certificates are there before the first call leaves, and it announces the newest."""
    ring = ring_of(certified)
    assert ring.announced is None

    async with calling(certified, ring) as client:
        answer = await client.send(CALL)

    assert ring.announced == answer.headers["Wechatpay-Serial"]
    assert [LIST, "busifavor.set_callback"] == list(certified.state()["requests"])
    assert f"KeyRing({ring.announced}, fetches certificates)" == repr(ring)


async def test_serials_compare_without_case(certified: Sandbox) -> None:
    """A serial number is hexadecimal: neither case nor leading zeros make another one of it."""
    ring = ring_of(certified)
    async with calling(certified, ring) as client:
        await client.call(CALL)
    serial = ring.announced or ""

    assert ring.find(serial) is ring.find(serial.lower()) is ring.find(f"00{serial}")


async def test_concurrent_first_calls_share_one_fetch(certified: Sandbox) -> None:
    """Many first calls of several clients of one ring wait for one fetch."""
    ring = ring_of(certified)
    async with calling(certified, ring) as one, calling(certified, ring) as other:
        await asyncio.gather(*(client.call(CALL) for client in (one, other) for _ in range(30)))

    assert 1 == asked(certified)


def _foreign(sandbox: Sandbox) -> dict[str, Any]:
    serial, pem = certificate()
    return sealed(sandbox.apiv3_key, pem, serial)


def _callback(sandbox: Sandbox) -> dict[str, Any]:
    serial, pem = certificate()
    return sealed(sandbox.apiv3_key, b'{"attach":"' + pem.replace(b"\n", b"") + b'"}', serial)


def _another_number(sandbox: Sandbox) -> dict[str, Any]:
    _, pem = certificate()
    return sealed(sandbox.apiv3_key, pem, signer(sandbox))


def _same_number(sandbox: Sandbox) -> dict[str, Any]:
    serial = signer(sandbox)
    return sealed(sandbox.apiv3_key, certificate(int(serial, 16))[1], serial)


TAMPERED: dict[str, tuple[Callable[[Sandbox], Any], type[WxCouponError], str]] = {
    "a certificate of somebody else": (_foreign, UnknownSerial, "the key ring has"),
    "not the one it is said to be": (_another_number, UnreadableAnswer, "what is listed as the platform certificate"),
    "somebody else's of that number": (_same_number, BadSignature, "is not .*'s over this answer"),
    "sealed with another key": (
        lambda sandbox: _foreign(sandbox) | {"encrypt_certificate": sealed("x" * 32, b"", "A")["encrypt_certificate"]},
        UnreadableAnswer,
        r"does not open with this apiv3_key \(WXCOUPON_APIV3_KEY\)",
    ),
    "no certificate inside": (
        lambda sandbox: sealed(sandbox.apiv3_key, b"-----BEGIN CERTIFICATE-----", "AB"),
        UnreadableAnswer,
        "holds no PEM certificate",
    ),
    "a callback with a certificate inside": (_callback, UnreadableAnswer, "is no PEM certificate"),
    "another algorithm": (
        lambda sandbox: _foreign(sandbox) | {"encrypt_certificate": {"algorithm": "AEAD_SM4_128_GCM"}},
        UnreadableAnswer,
        "no platform certificate of RSA",
    ),
    "no object": (lambda _: 5, UnreadableAnswer, "did not come as it is documented"),
    "no number": (
        lambda sandbox: _foreign(sandbox) | {"serial_no": "xyz"},
        UnreadableAnswer,
        "'xyz' is no serial number",
    ),
    "a number on two lines": (
        lambda sandbox: _foreign(sandbox) | {"serial_no": "AB\n"},
        UnreadableAnswer,
        r"'AB\\n' is no serial number",
    ),
    "a number that is no text": (
        lambda sandbox: _foreign(sandbox) | {"serial_no": 5},
        UnreadableAnswer,
        "5 did not come as it is documented",
    ),
    "nothing in it": (lambda _: {}, UnreadableAnswer, "did not come as it is documented"),
}


@pytest.mark.parametrize("name", TAMPERED)
async def test_tampered_bootstrap(certified: Sandbox, name: str) -> None:
    """A list that is not proven is refused, says why, and nothing else was sent."""
    make, kind, says = TAMPERED[name]
    certified.reply_next({"data": [make(certified)]})
    ring = ring_of(certified)

    async with calling(certified, ring) as client:
        with pytest.raises(NoCertificatesError, match=says) as caught:
            await client.call(CALL)

    assert isinstance(caught.value.reason, kind)
    assert "POST /v3/marketing/busifavor/callbacks: nothing was sent" in str(caught.value)
    assert certified.apiv3_key not in str(caught.value)
    assert caught.value.same_request_no
    assert not caught.value.outcome_unknown
    assert ([LIST], None) == (list(certified.state()["requests"]), ring.announced)


@pytest.mark.parametrize("data", [[], None, {}, 5, "x"], ids=["empty", "none", "an object", "a number", "text"])
async def test_a_list_that_is_none(certified: Sandbox, data: Any) -> None:
    """A list without certificates, or no list at all, is said to be that."""
    certified.reply_next({"data": data})

    async with calling(certified, ring_of(certified)) as client:
        with pytest.raises(
            NoCertificatesError, match=r"no platform certificate of RSA|did not come as it is documented"
        ):
            await client.call(CALL)


@pytest.mark.parametrize(
    ("signature", "kind"),
    [("bad", BadSignature), ("missing", MissingSignature), ("old", ClockSkew), ("unknown-serial", UnknownSerial)],
)
async def test_a_first_list_that_is_signed_wrongly(
    certified: Sandbox, signature: Any, kind: type[UntrustedAnswer]
) -> None:
    """That all certificates open does not make up for a signature."""
    certified.answer_next(signature)

    async with calling(certified, ring_of(certified)) as client:
        with pytest.raises(NoCertificatesError) as caught:
            await client.call(CALL)

    assert isinstance(caught.value.reason, kind)


async def test_a_probe_of_the_first_list(certified: Sandbox) -> None:
    """A probe on the list is refused, and the list is asked for again."""
    certified.answer_next("probe")

    async with calling(certified, ring_of(certified), retry=None) as client:
        await client.call(CALL)

    assert 2 == asked(certified)


async def test_wrong_apiv3_key(certified: Sandbox) -> None:
    """With another APIv3 key nothing opens, and the message says which setting to look at and not its value."""
    async with calling(certified, ring_of(certified, apiv3_key="k" * 32)) as client:
        with pytest.raises(NoCertificatesError, match="WXCOUPON_APIV3_KEY") as caught:
            await client.call(CALL)

    assert "kkkk" not in str(caught.value)


async def test_a_failed_bootstrap_is_not_repeated_at_once(certified: Sandbox, clock: Clock) -> None:
    """For five seconds calls end with the same error and nothing is sent; then it is tried again."""
    certified.fail_next(403, "NO_AUTH")
    async with calling(certified, ring_of(certified)) as client:
        for _ in range(3):
            with pytest.raises(NoCertificatesError, match="NO_AUTH"):
                await client.call(CALL)
        assert 1 == asked(certified)

        clock.now += FAILED
        await client.call(CALL)

    assert 2 == asked(certified)


async def test_a_merchant_without_certificates(certified: Sandbox) -> None:
    """Who has a public key only is told so, and how it is given."""
    certified.mode = "public-key"

    async with calling(certified, ring_of(certified)) as client:
        with pytest.raises(NoCertificatesError, match=r"RESOURCE_NOT_EXISTS.*WXCOUPON_PLATFORM_KEY_ID") as caught:
            await client.call(CALL)

    assert isinstance(caught.value.reason, ApiError)


async def test_unreachable_bootstrap(certified: Sandbox) -> None:
    """No connection for the certificates is no connection: nothing was done, and it may be tried again."""
    async with calling(certified, ring_of(certified), base_url="http://127.0.0.1:9") as client:
        with pytest.raises(NoCertificatesError) as caught:
            await client.call(CALL)

    assert isinstance(caught.value.reason, NetworkError)
    assert caught.value.retryable


async def test_a_deadline_holds_for_certificates(certified: Sandbox) -> None:
    """A call with a deadline waits no longer than that for certificates; others may go on waiting."""
    ring = ring_of(certified)
    async with silent() as (address, released), calling(certified, ring, base_url=address) as client:
        with pytest.raises(NoCertificatesError, match="deadline"):
            await client.with_options(deadline=0.05).call(CALL)
        released.set()


async def test_a_deadline_is_for_certificates_and_the_call_together(certified: Sandbox) -> None:
    """What certificates took is not left for the attempts of the call."""
    now = 0.0
    merchant_key = certified.merchant.private_key

    class Slow:
        async def sign(self, message: bytes) -> bytes:
            nonlocal now
            now += 40
            if now == 80:  # the call itself
                certified.fail_next(times=9)
            return base64.b64decode(crypto.sign(merchant_key, message))

    merchant = attrs.evolve(certified.merchant, private_key=Slow())
    given: dict[str, Any] = {"base_url": certified.base_url, "pacer": Pacer({LIST: None}), "timer": lambda: now}
    async with Client(merchant, ring_of(certified), clock=lambda: certified.world.now, **given) as client:
        with pytest.raises(ServerError):
            await client.with_options(deadline=50).call(CALL)

    assert {LIST: 1, CALL.name: 1} == certified.state()["requests"]


@asynccontextmanager
async def silent() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A server that says nothing until it is let, and then hangs up."""
    released = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        await released.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", released
        released.set()


async def test_rotation_while_calls_are_in_flight(certified: Sandbox) -> None:
    """A new certificate begins to sign among 1,000 calls: none fails, and it is fetched once."""
    ring = ring_of(certified)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session,
        calling(certified, ring, session=session) as client,
    ):
        before = (await client.send(CALL)).headers["Wechatpay-Serial"]
        calls = [asyncio.create_task(client.send(CALL)) for _ in range(1000)]
        await asyncio.wait(calls[:200])
        after = await certified.rotate_certificate(key=KEY)
        serials = [answer.headers["Wechatpay-Serial"] for answer in await asyncio.gather(*calls)]

    assert {before, after} == set(serials)
    assert serials.count(after) > 500
    assert 2 == asked(certified)
    assert ring.announced == after
    assert ring.find(before) is not ring.find(after)


@pytest.mark.slow
async def test_a_thousand_merchants(keys: Keys) -> None:
    """1,000 merchants, each with its own ring and APIv3 key, in one process: one fetch each, and one for a rotation."""
    async with (
        Sandbox(rate_limits="off", keys=keys, mode="certificate") as sandbox,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session,
    ):
        clients: list[Client[Merchant]] = []
        for number in range(1000):
            merchant = Merchant(f"1{number:09}", "AB", keys.merchant)
            apiv3_key = f"{number:032}"
            sandbox.enrol(merchant, apiv3_key=apiv3_key)
            clients.append(
                Client(merchant, KeyRing(apiv3_key=apiv3_key), base_url=sandbox.base_url, session=session, timeout=60.0)
            )
        await asyncio.gather(*(client.call(CALL) for client in clients for _ in range(2)))
        assert 1000 == asked(sandbox)
        assert len(clients[0].keys.announced or "") > 30

        serial = await sandbox.rotate_certificate()
        await asyncio.gather(*(client.call(CALL) for client in clients))

        assert 2000 == asked(sandbox)
        assert {serial} == {client.keys.announced for client in clients}
        with pytest.raises(NoCertificatesError, match="does not open"):
            await Client(
                clients[0].identity, KeyRing(apiv3_key="1" * 32), base_url=sandbox.base_url, session=session
            ).call(CALL)


async def test_a_storm_of_misses_is_one_fetch(certified: Sandbox, clock: Clock) -> None:
    """However many answers name a certificate that nobody has, it is looked for once in 60 seconds."""
    ring = ring_of(certified)
    async with calling(certified, ring) as client:
        await client.call(CALL)
        stranger = certificate()[0]
        await asyncio.gather(*(client.learn({"wechatpay-serial": stranger}) for _ in range(100)))
        assert 2 == asked(certified)
        for _ in range(5):
            await client.learn({"WECHATPAY-SERIAL": certificate()[0]})
        assert 2 == asked(certified)
        with pytest.raises(UnknownSerial, match="WeChat Pay lists no such certificate"):
            ring.find(stranger)

        clock.now += VAIN
        await client.learn({"Wechatpay-Serial": stranger})

    assert 3 == asked(certified)


async def test_a_rotation_after_a_vain_miss(certified: Sandbox, clock: Clock) -> None:
    """A serial that was asked for in vain bars the next one for a minute, and no longer."""
    async with calling(certified, ring_of(certified)) as client:
        await client.call(CALL)
        await client.learn({"Wechatpay-Serial": "AB"})
        await certified.rotate_certificate()

        with pytest.raises(UnknownSerial):
            await client.call(CALL)
        clock.now += VAIN
        await client.call(CALL)

    assert 3 == asked(certified)


async def test_two_rotations_in_a_row(certified: Sandbox) -> None:
    """A miss that was answered bars nothing."""
    async with calling(certified, ring_of(certified)) as client:
        for _ in range(3):
            await client.call(CALL)
            await certified.rotate_certificate()
        await client.call(CALL)

    assert 4 == asked(certified)


async def test_an_error_signed_with_a_new_certificate(certified: Sandbox) -> None:
    """An error that is signed with a certificate not known yet is verified like any other."""
    async with calling(certified, ring_of(certified)) as client:
        await client.call(CALL)
        await certified.rotate_certificate()
        certified.fail_next(400, "INVALID_REQUEST")
        with pytest.raises(ApiError) as caught:
            await client.call(CALL)

    assert caught.value.verified


async def test_a_miss_whose_fetch_fails(certified: Sandbox, clock: Clock) -> None:
    """When the new certificate cannot be had, the answer is not believed, the error says why, and soon it is."""
    async with calling(certified, ring_of(certified)) as client:
        await client.call(CALL)
        await certified.rotate_certificate()
        certified.reply_next({"mchid": "1", "notify_url": "https://example.com"}, {"data": []})
        with pytest.raises(UnknownSerial, match=r"asking for certificates failed \(GET /v3/certificates: ") as caught:
            await client.call(CALL)
        assert caught.value.outcome_unknown
        assert caught.value.request_id

        clock.now += FAILED
        await client.call(CALL)


async def test_renewal_by_age(certified: Sandbox, clock: Clock) -> None:
    """Certificates older than six hours are asked for again beside a call, which does not wait for that."""
    ring = ring_of(certified)
    async with calling(certified, ring) as client:
        await client.call(CALL)
        clock.now += RENEWAL - 1
        await client.call(CALL)
        assert 1 == asked(certified)
        clock.now += 1
        await asyncio.gather(*(client.call(CALL) for _ in range(20)))
        await until(lambda: not ring.due)

    assert 2 == asked(certified)


async def test_a_renewal_that_fails(certified: Sandbox, clock: Clock) -> None:
    """A renewal that fails harms no call whose answer verifies, and is tried again later."""
    ring = ring_of(certified)
    async with calling(certified, ring) as client:
        await client.call(CALL)
        clock.now += RENEWAL
        async with silent() as (address, released), calling(certified, ring, base_url=address) as other:
            renewing = asyncio.create_task(other.call(CALL))
            await until(lambda: ring.flight is not None)
            await asyncio.gather(*(client.call(CALL) for _ in range(5)))
            released.set()
            with pytest.raises(NetworkError):
                await renewing
            await until(lambda: ring.failure is not None)
        await client.call(CALL)
        assert 1 == asked(certified)

        clock.now += FAILED
        await client.call(CALL)
        await until(lambda: not ring.due)

    assert 2 == asked(certified)


async def test_no_task_is_left(certified: Sandbox, clock: Clock) -> None:
    """A renewal under way ends with the client that began it."""
    ring = ring_of(certified)
    async with calling(certified, ring) as client:
        await client.call(CALL)
    clock.now += RENEWAL
    async with silent() as (address, _):
        async with calling(certified, ring, base_url=address) as client:
            waiting = asyncio.create_task(client.call(CALL))
            await until(lambda: ring.flight is not None)
            waiting.cancel()
            await asyncio.wait([waiting])
        assert ring.flight is None
    assert [] == [task for task in asyncio.all_tasks() if "_bring" in repr(task)]


async def test_expiry(certified: Sandbox, clock: Clock) -> None:
    """A certificate that has ended is not used, whatever signs with it, and is forgotten with the next list."""
    ring = ring_of(certified)
    async with calling(certified, ring) as client:
        await client.call(CALL)
        first = ring.announced or ""
        await certified.rotate_certificate(days=10)
        await client.call(CALL)
        second = ring.announced or ""
        clock.now += 10 * DAY
        assert ring.announced == first
        with pytest.raises(UnknownSerial, match="that certificate has ended"):
            ring.find(second)
        clock.now += 5 * 365 * DAY
        assert ring.announced is None
        await client.call(CALL)

    assert ring.announced not in {None, first, second}
    assert 1 == repr(ring).count(",")


async def test_migration_to_the_public_key(certified: Sandbox, keys: Keys) -> None:
    """With both kinds held, each answer and callback is verified with the kind it names; nothing is downloaded."""
    both = ring_of(certified, keys=certified.platform_keys)
    async with calling(certified, both) as client:
        answer = await client.send(CALL)
        assert keys.platform_id == answer.headers["Wechatpay-Serial"] == both.announced

        headers, body = callback(certified)
        assert not headers["Wechatpay-Serial"].startswith("PUB_KEY_ID_")
        with pytest.raises(UnknownSerial):
            receive(headers, body, keys=both, apiv3_key=certified.apiv3_key, now=certified.world.now)
        await client.learn(headers)
        for mode in ("certificate", "both"):
            certified.mode = mode
            headers, body = callback(certified)
            told = receive(headers, body, keys=client.keys, apiv3_key=certified.apiv3_key, now=certified.world.now)
            assert {"a": 1} == told.resource

    assert 1 == asked(certified)


def callback(sandbox: Sandbox) -> tuple[dict[str, str], bytes]:
    """A callback as the sandbox would sign it now."""
    assert sandbox._signers is not None
    signer = sandbox._signers.of_callbacks(sandbox.world.now)
    resource = {
        "nonce": "61f9c719728a",
        "associated_data": "",
        "ciphertext": crypto.seal_gcm(sandbox.apiv3_key.encode(), "61f9c719728a", "", b'{"a":1}'),
    }
    body = json.dumps({"id": "1", "event_type": "X", "create_time": SOON, "resource": resource}).encode()
    return sign_answer(signer.key, signer.serial, body, timestamp=int(sandbox.world.now), nonce=new_nonce()), body


async def test_the_downloader_has_stopped(certified: Sandbox, clock: Clock) -> None:
    """A ring that announces its public key never asks for certificates because of their age, or for a public key."""
    certified.mode = "both"
    ring = ring_of(certified, keys=certified.platform_keys)
    async with calling(certified, ring) as client:
        for _ in range(3):
            await client.call(CALL)
            clock.now += RENEWAL
        await client.learn({"Wechatpay-Serial": "PUB_KEY_ID_0999"})
        await client.learn({})

    assert 0 == asked(certified)
    with pytest.raises(UnknownSerial, match="download that public key"):
        ring.find("PUB_KEY_ID_0999")


async def test_migration_back_to_certificates(certified: Sandbox) -> None:
    """With both kinds held, certificates may be announced again; the public key stays known."""
    certified.mode = "both"
    ring = ring_of(certified, keys=certified.platform_keys, announce="certificate")
    async with calling(certified, ring) as client:
        answer = await client.send(CALL)
        assert ring.announced == answer.headers["Wechatpay-Serial"]
        assert signer(certified) == ring.announced
        headers, body = callback(certified)
        assert headers["Wechatpay-Serial"].startswith("PUB_KEY_ID_")
        receive(headers, body, keys=ring, apiv3_key=certified.apiv3_key, now=certified.world.now)

    assert 1 == asked(certified)


def test_a_public_key_that_is_not_there(certified: Sandbox) -> None:
    """Once callbacks have gone over to the public key, a ring without it says which one is wanted."""
    certified.mode = "both"
    headers, body = callback(certified)

    with pytest.raises(UnknownSerial, match="download that public key from the merchant platform"):
        receive(headers, body, keys=ring_of(certified), apiv3_key=certified.apiv3_key, now=certified.world.now)


def test_what_is_announced() -> None:
    """What is announced is what was asked for; else the first public key; else the newest certificate, if any."""
    serial, pem = certificate()
    public = crypto.public_pem(KEY)

    assert "PUB_KEY_ID_1" == KeyRing({serial: pem, "PUB_KEY_ID_1": public, "PUB_KEY_ID_2": public}).announced
    assert (
        "PUB_KEY_ID_2" == KeyRing({"PUB_KEY_ID_1": public, "PUB_KEY_ID_2": public}, announce="PUB_KEY_ID_2").announced
    )
    assert serial == KeyRing({serial: pem}, clock=lambda: 1_795_000_000.0).announced
    assert "AB" == KeyRing({"PUB_KEY_ID_1": public}, announce="AB").announced
    assert KeyRing(apiv3_key="k" * 32).announced is None
    with pytest.raises(ConfigurationError, match="announce: 'PUB_KEY_ID_3' is none of the public keys"):
        KeyRing({"PUB_KEY_ID_1": public}, announce="PUB_KEY_ID_3")


async def test_a_brand_needs_a_public_key(certified: Sandbox) -> None:
    """A brand announces its public key, whatever the ring announces otherwise, and is refused without one."""
    with pytest.raises(ConfigurationError, match="a brand has no platform certificates"):
        Client(certified.brand, ring_of(certified), base_url=certified.base_url)

    ring = ring_of(certified, keys=certified.platform_keys, announce="certificate")
    now = certified.world
    async with Client(certified.brand, ring, base_url=certified.base_url, clock=lambda: now.now) as brand:
        await brand.call(product_coupon.SetNotifyConfig(notify_url="https://example.com/told"))
    assert 0 == asked(certified)


async def test_a_waiter_that_is_cancelled(certified: Sandbox) -> None:
    """Cancelling one call, even the one that began to fetch, leaves the fetch to the others."""
    async with calling(certified, ring_of(certified)) as client:
        calls = [asyncio.create_task(client.call(CALL)) for _ in range(10)]
        await asyncio.sleep(0)
        for call in calls[:5]:
            call.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)

    assert [asyncio.CancelledError] * 5 == [type(one) for one in ended[:5]]
    assert all(isinstance(one, busifavor.ChangedCallback) for one in ended[5:])
    assert 1 == asked(certified)


async def test_a_client_that_is_closed_while_it_fetches(certified: Sandbox) -> None:
    """Others who waited for its fetch begin one of their own; its own calls say that it is closed."""
    ring = ring_of(certified)
    async with silent() as (address, _), calling(certified, ring) as other:
        async with calling(certified, ring, base_url=address) as closing:
            own = asyncio.create_task(closing.call(CALL))
            await until(lambda: ring.flight is not None)
            theirs = asyncio.create_task(other.call(CALL))
            await asyncio.sleep(0.01)
        with pytest.raises(ClientStateError, match="closed"):
            await own
        await theirs
        with pytest.raises(ClientStateError, match="closed"):
            await closing.call(CALL)

    assert 1 == asked(certified)


def test_one_ring_in_several_event_loops(keys: Keys) -> None:
    """Clients in several threads share a ring and its fetches; each goes on whatever becomes of the others."""
    with running(Sandbox(rate_limits="off", keys=keys, mode="certificate")) as sandbox:
        ring = KeyRing(apiv3_key=sandbox.apiv3_key)
        together = threading.Barrier(8)

        async def work() -> None:
            async with Client(sandbox.merchant, ring, base_url=sandbox.base_url) as client:
                together.wait()
                await asyncio.gather(*(client.call(CALL) for _ in range(10)))

        with ThreadPoolExecutor(8) as threads:
            for done in [threads.submit(lambda: asyncio.run(work())) for _ in range(8)]:
                done.result(timeout=60)

        assert 1 == asked(sandbox)


def test_a_fetch_in_a_loop_that_stands_still(keys: Keys) -> None:
    """A script that runs its loop only for its calls may leave a fetch behind; clients elsewhere begin one anew."""
    with (
        running(Sandbox(rate_limits="off", keys=keys, mode="certificate")) as sandbox,
        socket.create_server(("127.0.0.1", 0)) as mute,
        ThreadPoolExecutor(1) as thread,
    ):
        ring, stands = KeyRing(apiv3_key=sandbox.apiv3_key), asyncio.new_event_loop()
        waits = threading.Event()

        async def work() -> None:
            async with Client(sandbox.merchant, ring, base_url=sandbox.base_url) as client, asyncio.timeout(30):
                call = asyncio.create_task(client.call(CALL))
                await asyncio.sleep(0)
                waits.set()
                await call

        async def begin() -> tuple[Client[Merchant], asyncio.Task[Any]]:
            client = Client(sandbox.merchant, ring, base_url=f"http://127.0.0.1:{mute.getsockname()[1]}")
            call = asyncio.create_task(client.call(CALL))
            await until(lambda: ring.flight is not None)
            return client, call

        async def end() -> None:
            call.cancel()
            await client.close()
            await asyncio.gather(call, return_exceptions=True)

        client, call = stands.run_until_complete(begin())
        waiter = thread.submit(lambda: asyncio.run(work()))
        stands.run_until_complete(until(waits.is_set))
        waiter.result(timeout=60)
        stands.run_until_complete(end())
        stands.close()

        assert 1 == asked(sandbox)


def test_blocking_clients_learn_too(keys: Keys) -> None:
    """Without an event loop, the certificate of a callback is fetched just so, and shared with whoever has the ring."""
    with running(Sandbox(rate_limits="off", keys=keys, mode="certificate")) as sandbox:
        ring = KeyRing(sandbox.platform_keys, apiv3_key=sandbox.apiv3_key)
        with blocking(Client(sandbox.merchant, ring, base_url=sandbox.base_url)) as client:
            headers, body = callback(sandbox)
            client.learn(headers)
            told = receive(headers, body, keys=client.keys, apiv3_key=sandbox.apiv3_key, now=sandbox.world.now)

    assert {"a": 1} == told.resource
    assert client.keys is ring
