"""Starting, stopping and looking into a sandbox."""

import asyncio
import gc
import stat
import warnings
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from wxcoupon import Client, ConfigurationError, Partner, crypto
from wxcoupon import product_coupon as pc
from wxcoupon.endpoint import registry
from wxcoupon.sandbox import Keys, Sandbox, handlers

from .shapes import APPID, product_coupon


def test_every_declared_endpoint_has_a_handler() -> None:
    """Each endpoint has a handler, each handler an endpoint."""
    assert set(registry()) == set(handlers.handlers(registry()))
    assert set(registry()) == set(handlers.HANDLERS)


async def test_a_missing_handler_is_loud(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox does not start while it cannot answer a declared endpoint."""
    handlers.handlers(registry())
    monkeypatch.delitem(handlers.HANDLERS, "product_coupon.get_stock")

    with pytest.raises(TypeError, match=r"product_coupon\.get_stock"):
        await Sandbox(keys=keys).start()


def test_a_handler_is_registered_once() -> None:
    """Two handlers of one name are an error."""
    handlers.handlers(registry())

    with pytest.raises(TypeError, match="two handlers"):
        handlers.handles("product_coupon.get_stock")(lambda _world, _asked: None)


async def test_an_occupied_port_is_said(sandbox: Sandbox, keys: Keys) -> None:
    """A port that is in use is one clear sentence, and nothing stays open."""
    port = int(sandbox.base_url.rpartition(":")[2])

    with pytest.raises(ConfigurationError, match=f"port {port} of 127.0.0.1 is in use; stop"):
        await Sandbox(port=port, keys=keys).start()


async def test_an_address_that_is_not_ours_is_said(keys: Keys) -> None:
    """A host nobody can listen at is one clear sentence too."""
    with pytest.raises(ConfigurationError, match=r"cannot listen at 192\.0\.2\.1"):
        await Sandbox(host="192.0.2.1", keys=keys).start()


def test_arguments_are_checked() -> None:
    """Unknown rate limits are refused; identities and keys are there once the sandbox has started."""
    with pytest.raises(ConfigurationError, match="rate_limits"):
        Sandbox(rate_limits="none")  # type: ignore[arg-type]
    for name in ("partner", "platform_keys"):
        with pytest.raises(ConfigurationError, match="not started"):
            getattr(Sandbox(), name)


async def test_keys_are_made_anew() -> None:
    """Without given keys each sandbox makes its own, and its clients work with them."""
    async with (
        Sandbox() as one,
        Sandbox() as other,
        Client(one.partner, one.platform_keys, base_url=one.base_url) as client,
    ):
        assert set(one.platform_keys) != set(other.platform_keys)
        assert one.apiv3_key != other.apiv3_key
        assert (await client.call(product_coupon())).product_coupon_id


async def test_a_stopped_sandbox_leaves_nothing_behind(keys: Keys) -> None:
    """After the block no task is left and nothing is left open."""
    before = asyncio.all_tasks()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with (
            Sandbox(keys=keys) as sandbox,
            Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url) as client,
        ):
            await client.call(product_coupon())
        gc.collect()
    assert before == asyncio.all_tasks()


def _read(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


async def test_settings_and_keys_are_written(keys: Keys, tmp_path: Path) -> None:
    """Each identity has its settings, one KEY=VALUE a line, with absolute paths of keys only their owner may read."""
    directory = tmp_path / "new" / "sandbox"
    async with Sandbox(keys=keys, directory=directory) as sandbox:
        common = {
            "WXCOUPON_BASE_URL": sandbox.base_url,
            "WXCOUPON_PLATFORM_KEY_ID": keys.platform_id,
            "WXCOUPON_PLATFORM_KEY_FILE": str(directory / "platform_key.pem"),
            "WXCOUPON_APIV3_KEY": keys.apiv3_key,
        }
        own: dict[str, dict[str, str]] = {
            "merchant": {"WXCOUPON_MCHID": sandbox.merchant.mchid},
            "partner": {"WXCOUPON_MCHID": sandbox.partner.mchid, "WXCOUPON_BRAND_ID": "120344"},
            "brand": {"WXCOUPON_BRAND_ID": "120344"},
        }
        serials = {
            "merchant": keys.merchant_serial,
            "partner": keys.partner_serial,
            "brand": keys.brand_serial,
        }
        for kind, settings in own.items():
            pem = directory / f"{kind}_key.pem"
            expected = settings | {
                "WXCOUPON_IDENTITY": kind,
                "WXCOUPON_SERIAL_NO": serials[kind],
                "WXCOUPON_PRIVATE_KEY_FILE": str(pem),
            }
            assert common | expected == _read(directory / f"{kind}.env")
            assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in (pem, directory / f"{kind}.env")}

        written = _read(directory / "partner.env")
        identity = Partner(
            mchid=written["WXCOUPON_MCHID"],
            brand_id=written["WXCOUPON_BRAND_ID"],
            serial_no=written["WXCOUPON_SERIAL_NO"],
            private_key=crypto.load_private_key(Path(written["WXCOUPON_PRIVATE_KEY_FILE"])),
        )
        platform_keys = {written["WXCOUPON_PLATFORM_KEY_ID"]: Path(written["WXCOUPON_PLATFORM_KEY_FILE"])}
        async with Client(identity, platform_keys, base_url=written["WXCOUPON_BASE_URL"]) as client:
            assert (await client.call(product_coupon())).product_coupon_id


async def test_files_are_written_again(keys: Keys, tmp_path: Path) -> None:
    """A second sandbox in the same directory replaces the settings; a directory that cannot be is said."""
    for _ in range(2):
        async with Sandbox(keys=keys, directory=tmp_path) as sandbox:
            assert sandbox.base_url == _read(tmp_path / "brand.env")["WXCOUPON_BASE_URL"]
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="another directory"):
        await Sandbox(keys=keys, directory=tmp_path / "file").start()


async def test_a_sandbox_can_be_looked_into(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The control routes count everything, list a stock's codes, and claim a token."""
    made = await partner.call(product_coupon())
    assert made.stock is not None
    names: dict[str, Any] = {"product_coupon_id": made.product_coupon_id, "stock_id": made.stock.stock_id}
    await partner.call(pc.UploadCouponCodes(out_request_no="upload_1", code_list=["a", "b"], **names))
    token = (await partner.call(pc.PreSendCoupon(openid="o-1", appid=APPID, send_request_no="send_1", **names))).token
    async with aiohttp.ClientSession(sandbox.base_url) as session:
        async with session.get(f"/_sandbox/stocks/{made.stock.stock_id}/codes") as answer:
            assert ["a", "b"] == await answer.json()
        async with session.get("/_sandbox/stocks/1/codes") as answer:
            assert 404 == answer.status
        async with session.post("/_sandbox/claim", json={"token": token}) as answer:
            assert await answer.json() == await sandbox.claim(token)
        wrongs: list[Any] = [{"token": "x"}, {}, []]
        for wrong in wrongs:
            async with session.post("/_sandbox/claim", json=wrong) as answer:
                assert answer.status in {400, 404}
                assert {"code", "message"} == set(await answer.json())
        async with session.get("/_sandbox/state") as answer:
            state = await answer.json()

    stock = {
        **names,
        "coupon_code_mode": "UPLOAD",
        "state": "SENDING",
        "max_count": 1000,
        "total_count": 2,
        "available_count": 1,
        "sent_count": 1,
    }
    assert (1, [stock], 1, {"CONFIRMING": 1}, {}) == tuple(
        state[name] for name in ("product_coupons", "stocks", "tokens", "coupons", "refused")
    )
    assert {
        "product_coupon.create_product_coupon": 1,
        "product_coupon.pre_send_coupon": 1,
        "product_coupon.upload_coupon_codes": 1,
    } == state["requests"]
    assert sandbox.state() == state


def test_secrets_are_not_shown(keys: Keys) -> None:
    """No repr shows a key."""
    assert keys.apiv3_key not in repr(keys)
    assert "PrivateKey" not in repr(keys)
