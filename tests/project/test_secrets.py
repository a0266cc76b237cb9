"""What nobody may read in a log, a repr or a traceback: looked for, each by itself.

Secrets are the lines of every private key, the APIv3 key, signatures and the headers that hold them, openids, codes,
tokens and telephone numbers.
"""

from __future__ import annotations

import asyncio
import csv
import functools
import gc
import json
import logging
import re
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.conftest import new_upload_coupon
from tests.fault_proxy import Fault, FaultProxy
from wxcoupon import (
    Blocking,
    Brand,
    Client,
    Failed,
    KeyRing,
    Merchant,
    Pacer,
    Partner,
    RetryPolicy,
    WxCouponError,
    bulk,
    busifavor,
    crypto,
    store,
)
from wxcoupon import product_coupon as pc
from wxcoupon.cli import demo as demonstration
from wxcoupon.convert import from_wire
from wxcoupon.endpoint import AnyEndpoint, registry
from wxcoupon.notify.receive import Notification
from wxcoupon.notify.receive import read as read_event
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.wire import Answer, WireRequest

SAMPLES = Path(__file__).parents[1] / "families" / "samples"
OPENID = "o-Very-Secret-Openid"
CODE = "VERYSECRETCODE0001"
TOKEN = "very-secret-token"
PHONE = "13800138000"
PERSONAL = (OPENID, CODE, TOKEN, PHONE)
_SIGNED = re.compile(r"WECHATPAY2?-(?:BRAND-)?SHA256-RSA2048 \w|signature=|nonce_str=|BEGIN (?:RSA )?PRIVATE KEY")


def of_keys(keys: Keys) -> set[str]:
    """Everything of the keys of a sandbox that is secret, in the shapes it could be printed in."""
    found = {keys.apiv3_key, repr(keys.apiv3_key.encode())[2:-1]}
    for key in (keys.merchant, keys.partner, keys.brand, keys.platform):
        lines = crypto.private_pem(key).decode().splitlines()
        found |= {line for line in lines if "-----" not in line and len(line) > 20}
        numbers = key.private_numbers()
        for number in (numbers.d, numbers.p, numbers.q):
            found |= {str(number), f"{number:x}", f"{number:X}"}
    return found


def told(text: str, secrets: Iterable[str]) -> list[str]:
    """The secrets in a text; a signature or a key by its look too."""
    return [secret for secret in secrets if secret in text] + _SIGNED.findall(text)


def written(records: Iterable[logging.LogRecord]) -> str:
    """Everything that was logged, with what any formatter could make of it."""
    formatter = logging.Formatter("%(name)s %(message)s")
    return "\n".join(f"{formatter.format(record)} {record.args!r} {record.__dict__!r}" for record in records)


def shown(error: BaseException) -> str:
    """An error in every way that it is usually shown, with what it came from."""
    parts = ["".join(traceback.format_exception(error))]
    while error is not None:
        parts += [str(error), repr(error), repr(error.args)]
        following = error.__cause__ or error.__context__
        if following is None:
            break
        error = following
    return "\n".join(parts)


async def test_the_logs_of_the_demo(
    keys: Keys, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    """A whole campaign, logged at DEBUG by everybody, tells no secret of it; nor does what is shown meanwhile."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(demonstration, "Sandbox", functools.partial(Sandbox, keys=keys))

    assert 0 == await demonstration.demo(codes=250, dir=tmp_path)

    codes = (tmp_path / "codes.txt").read_text("utf-8").split()
    with (tmp_path / "tokens.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    personal = {*codes, *(row["token"] for row in rows), *(row["openid"] for row in rows)}
    output = capsys.readouterr()
    assert 255 == len(codes) + len(rows)
    assert any(record.name == "wxcoupon" for record in caplog.records)
    assert [] == told(written(caplog.records), of_keys(keys) | personal)
    assert [] == told(output.out + output.err, of_keys(keys) | personal)


def _asked(place: tuple[str, str]) -> Iterator[AnyEndpoint]:
    """Calls that carry every kind of secret: in the path, in the query, in the body; some of them break rules."""
    yield busifavor.SendCoupon(
        stock_id="100088", openid=OPENID, appid="wx1", out_request_no="number-1", coupon_code=CODE
    )
    yield busifavor.GetUserCoupon(openid=OPENID, coupon_code=CODE, appid="wx1")
    yield busifavor.ListUserCoupons(openid=OPENID, appid="wx1", sender_merchant="1900000109")
    yield pc.GetUserCoupon(openid=OPENID, coupon_code=CODE, product_coupon_id=place[0], stock_id=place[1], appid="wx1")
    yield pc.UploadCouponCodes(
        product_coupon_id=place[0], stock_id=place[1], out_request_no="upload-1", code_list=[CODE, f"{CODE}-2"]
    )
    yield pc.UploadCouponCodes(
        product_coupon_id=place[0], stock_id=place[1], out_request_no="upload-2", code_list=[f"{CODE} {PHONE}", CODE]
    )
    yield pc.PreSendCoupon(
        product_coupon_id=place[0],
        stock_id=place[1],
        openid=OPENID * 10,
        appid="wx1",
        send_request_no="number-2",
        coupon_code=CODE * 10,
    )
    yield store.CreateBrandStore(
        store_basics=store.StoreBasics(store_reference_id="S-1", branch_name="店"),
        store_address=store.StoreAddress(address_code="440106", address_detail="天河路208号"),
        store_business=store.StoreBusiness(service_phone=PHONE, business_hours="周一至周日 09:00-20:00"),
    )


_ENDINGS = (
    "fine",
    "refused",
    "signature",
    "unsigned",
    "server",
    "many",
    "rest",
    *(fault.value for fault in Fault if fault is not Fault.PASS),
)


def _trouble(sandbox: Sandbox, proxy: FaultProxy, ending: str) -> None:
    if ending == "refused":
        sandbox.fail_next(400, "PARAM_ERROR")
    elif ending == "signature":
        sandbox.answer_next("bad")
    elif ending == "unsigned":
        sandbox.fail_next(403, "NO_AUTH")
        proxy.then(lambda answer: answer.headers.clear())
    elif ending == "server":
        sandbox.fail_next(500)
    elif ending == "many":
        sandbox.fail_next(429, "FREQUENCY_LIMITED")
    elif ending == "rest":
        sandbox.reply_next({"openid": [OPENID], "coupon_code": {"a": CODE}, "token": TOKEN})
    elif ending not in {"fine", "refuse"}:
        proxy.then(Fault(ending))


async def _stock(sandbox: Sandbox, pacer: Pacer) -> tuple[str, str]:
    options: dict[str, Any] = {"base_url": sandbox.base_url, "pacer": pacer}
    async with Client(sandbox.partner, sandbox.platform_keys, **options) as client:
        created = await client.call(new_upload_coupon("create-secret"))
    assert created.stock is not None
    return created.product_coupon_id, created.stock.stock_id


@pytest.mark.parametrize("ending", _ENDINGS)
@pytest.mark.parametrize("checks", ["on", "off"])
async def test_the_logs_and_errors_of_calls(
    keys: Keys, unpaced: Pacer, caplog: pytest.LogCaptureFixture, ending: str, checks: Any
) -> None:
    """However a call ends, neither what is logged nor the error with all its causes tells what the call was about."""
    caplog.set_level(logging.DEBUG)
    secrets = of_keys(keys) | set(PERSONAL)
    async with (
        Sandbox(rate_limits="off", keys=keys) as sandbox,
        FaultProxy(sandbox.base_url, latest=0.01) as proxy,
        Client(
            sandbox.partner,
            sandbox.platform_keys,
            base_url=proxy.base_url,
            pacer=unpaced,
            checks=checks,
            timeout=0.1 if ending == "hang" else 10,
            retry=RetryPolicy(attempts=1),
        ) as client,
    ):
        place = await _stock(sandbox, unpaced)
        for request in _asked(place):
            if ending == "refuse":
                proxy.refuse()
            _trouble(sandbox, proxy, ending)
            try:
                answer: Any = await client.call(request)
            except WxCouponError as error:
                assert [] == told(shown(error), secrets)  # noqa: PT017 - some calls succeed
            else:
                assert [] == told(repr(answer), secrets)

    assert [] == told(written(caplog.records), secrets)


async def test_another_key_and_another_clock(keys: Keys, unpaced: Pacer, caplog: pytest.LogCaptureFixture) -> None:
    """A 401 explains itself without a signature or a key in it, whatever the answer repeats of the request."""
    caplog.set_level(logging.DEBUG)
    stranger = crypto.new_private_key()
    secrets = of_keys(keys) | set(PERSONAL) | {*crypto.private_pem(stranger).decode().splitlines()[1:-1]}
    async with Sandbox(rate_limits="off", keys=keys) as sandbox:
        partner = Partner(
            mchid=sandbox.partner.mchid, brand_id="120344", serial_no=keys.partner_serial, private_key=stranger
        )
        options: dict[str, Any] = {"base_url": sandbox.base_url, "pacer": unpaced}
        async with (
            Client(partner, sandbox.platform_keys, **options) as wrong,
            Client(sandbox.partner, sandbox.platform_keys, clock=lambda: 1.0, **options) as late,
        ):
            for client in (wrong, late):
                for request in _asked(("1", "2")):
                    with pytest.raises(WxCouponError) as caught:
                        await client.call(request)
                    assert [] == told(shown(caught.value), secrets)

    assert [] == told(written(caplog.records), secrets)


_NAMES = ("openid", "unionid", "token", "coupon_code", "card_code", "coupon_id")
_LISTS = {"code_list", "coupon_code_list", "success_code_list", "already_exist_code_list", "duplicate_code_list"}
SECRET = "very-secret"
_LISTS |= {"success_codes", "exist_codes", "duplicate_codes"}


def _marked(members: Any, *, name: str = "") -> Any:
    """A sample with secrets of our own in the place of what is personal, by the names it goes under."""
    if isinstance(members, dict):
        return {key: _marked(value, name=key) for key, value in members.items()}
    if isinstance(members, list):
        return [SECRET if name in _LISTS and isinstance(value, str) else _marked(value) for value in members]
    if isinstance(members, str) and (name in _NAMES or name.endswith("phone")):
        return SECRET
    return members


def _sampled(path: Path) -> type[AnyEndpoint] | None:
    return registry().get(".".join(path.stem.split(".")[:2]))


PATHS = [path for path in sorted(SAMPLES.glob("*.json")) if _sampled(path) is not None]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_reprs_of_requests_and_answers(path: Path) -> None:
    """No request and no answer shows openids, codes, tokens and telephone numbers."""
    kind = _sampled(path)
    assert kind is not None
    sample = _marked(json.loads(path.read_text("utf-8")))
    values: list[Any] = [from_wire(kind, sample["request"])]
    if sample.get("answer") is not None and kind.returns is not None:
        values.append(from_wire(kind.returns, sample["answer"]))

    for value in values:
        assert [] == told(repr(value), [SECRET])


def _everything(keys: Keys, client: Client[Any], sandbox: Sandbox) -> Iterator[object]:
    """One of every public object that holds a secret or might."""
    request = busifavor.SendCoupon(
        stock_id="1", openid=OPENID, appid="wx1", out_request_no="number-1", coupon_code=CODE
    )
    yield from (keys, client, sandbox, client.v3, client["v3/users/{openid}"], client._delivery, client._sign)
    for kind, number in ((Merchant, {"mchid": "1"}), (Partner, {"mchid": "1"}), (Brand, {"brand_id": "1"})):
        yield kind(serial_no="AB", private_key=crypto.private_pem(keys.merchant), **number)  # type: ignore[arg-type]
    yield KeyRing(sandbox.platform_keys)
    yield request
    yield from (busifavor.SentCoupon(coupon_code=CODE), Failed(request, WxCouponError("why")))
    told = {"openid": OPENID, "coupon_code": CODE, "phone_number": PHONE}
    for event_type in ("PRODUCT_COUPON_SP.SEND", "COUPON.SEND", "NOBODY.KNOWS"):
        yield Notification("1", event_type, "t", read_event(event_type, told), told)
    yield WireRequest("GET", f"/v3/{OPENID}", f'{{"a":"{CODE}"}}'.encode(), "GET /v3/{openid}", {"Authorization": "x"})
    yield Answer(200, {"Authorization": TOKEN}, CODE.encode())
    yield busifavor.PreSendToken(token=TOKEN)
    yield from sandbox.world.stocks.values()
    yield from sandbox.world.coupons.values()
    yield from sandbox.world.tokens.values()
    yield from sandbox.world.merchant_coupons.values()
    yield from sandbox.arrivals


async def test_the_reprs_of_everything_else(keys: Keys, merchant: Client[Merchant], sandbox: Sandbox) -> None:
    """Whatever is looked at in a debugger shows no secret of its own accord."""
    await merchant.call(
        busifavor.SendCoupon(stock_id="100088", openid=OPENID, appid="wx1", out_request_no="number-1", coupon_code=CODE)
    )
    secrets = of_keys(keys) | set(PERSONAL)
    for thing in _everything(keys, merchant, sandbox):
        assert [] == told(f"{thing!r} {thing!s}", secrets), type(thing)


async def test_the_outcomes_of_a_bulk_job(sandbox: Sandbox, merchant: Client[Merchant]) -> None:
    """What a job says of its calls, done or failed, names no user and no code."""
    sandbox.fail_next(400, "PARAM_ERROR")
    requests = [
        busifavor.SendCoupon(
            stock_id="100088",
            openid=OPENID,
            appid="wx1",
            out_request_no=f"number-{number}",
            coupon_code=f"{CODE}{number}",
        )
        for number in range(3)
    ]
    async with bulk(merchant, requests) as outcomes:
        said = [repr(outcome) async for outcome in outcomes]

    assert 3 == len(said)
    assert [] == told(" ".join(said), PERSONAL)


def test_a_blocking_client_shows_no_more(keys: Keys) -> None:
    """The client for scripts shows what the other one shows."""
    client = Client(
        Merchant(mchid="1", serial_no="AB", private_key=keys.merchant),
        {keys.platform_id: keys.platform.public_key()},
    )
    with Blocking(client) as waiting:
        assert [] == told(repr(waiting), of_keys(keys))


async def test_a_task_that_is_still_waiting(keys: Keys, unpaced: Pacer, caplog: pytest.LogCaptureFixture) -> None:
    """What asyncio says in its debug mode of a slow or an abandoned call holds no secret either."""
    caplog.set_level(logging.DEBUG)
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
    try:
        async with (
            Sandbox(rate_limits="off", keys=keys) as sandbox,
            FaultProxy(sandbox.base_url) as proxy,
            Client(sandbox.partner, sandbox.platform_keys, base_url=proxy.base_url, pacer=unpaced) as client,
        ):
            proxy.then(Fault.HANG)
            request, *_ = _asked(("1", "2"))
            task = asyncio.create_task(client.call(request))
            while not proxy.seen:  # noqa: ASYNC110 - the proxy tells nobody
                await asyncio.sleep(0.001)
            said = repr(task)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            said += shown(caught.value)
    finally:
        loop.set_debug(False)
    gc.collect()

    assert [] == told(said + written(caplog.records), of_keys(keys) | set(PERSONAL))
