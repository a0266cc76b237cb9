"""The cache of platform certificates: kept sealed, proven again when it is read, and never in the way."""

import asyncio
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.core.certified import CALL, DAY, Clock, asked, calling, certificate, ring_of, sealed, signer
from wxcoupon import KeyRing
from wxcoupon.errors import NoCertificatesError
from wxcoupon.keys import RENEWAL
from wxcoupon.sandbox import Sandbox


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A file for certificates that is not there yet."""
    return tmp_path / "certificates"


def text(cache: Path) -> str:
    """What is in the file."""
    return cache.read_text("utf-8")


def put(cache: Path, content: bytes) -> None:
    """Write something else into it."""
    cache.write_bytes(content)


def mode(cache: Path) -> int:
    """Who may read and write it."""
    return stat.S_IMODE(cache.stat().st_mode)


def beside(directory: Path) -> list[Path]:
    """All files there are in a directory."""
    return list(directory.iterdir())


async def _once(sandbox: Sandbox, ring: KeyRing) -> None:
    async with calling(sandbox, ring) as client:
        await client.call(CALL)


async def test_cache(certified: Sandbox, cache: Path) -> None:
    """What was fetched is there for the next process, sealed, and readable for its owner alone."""
    await _once(certified, ring_of(certified, cache=cache))
    await _once(certified, ring_of(certified, cache=str(cache)))

    assert 1 == asked(certified)
    assert 0o600 == mode(cache)
    assert [cache] == beside(cache.parent)
    assert "CERTIFICATE---" not in text(cache)
    assert certified.apiv3_key not in text(cache)


async def test_an_old_cache(certified: Sandbox, cache: Path, clock: Clock) -> None:
    """A cache that is older than six hours counts, but is renewed; one with ended certificates does not count."""
    await _once(certified, ring_of(certified, cache=cache))
    before = text(cache)
    clock.now += RENEWAL
    await _once(certified, ring_of(certified, cache=cache))
    assert 2 == asked(certified)
    assert before != text(cache)

    clock.now += 6 * 365 * DAY
    ring = ring_of(certified, cache=cache)
    await _once(certified, ring)

    assert 3 == asked(certified)
    assert 1 == repr(ring).count(",")


def _with_other_body(saved: dict[str, Any]) -> Any:
    return saved | {"body": saved["body"].replace('"20', '"19')}


def _with_a_foreign_certificate(saved: dict[str, Any]) -> Any:
    data = json.loads(saved["body"])
    data["data"].append(sealed("k" * 32, certificate()[1], "AB"))
    return saved | {"body": json.dumps(data)}


SPOILT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another body": _with_other_body,
    "one certificate more": _with_a_foreign_certificate,
    "no body": lambda saved: {"headers": saved["headers"]},
    "no headers": lambda saved: {"body": saved["body"]},
    "a list": lambda saved: [saved],
    "numbers": lambda saved: saved | {"headers": dict.fromkeys(saved["headers"], 5)},
    "no time": lambda saved: saved | {"headers": saved["headers"] | {"Wechatpay-Timestamp": "now"}},
    "half a character": lambda saved: saved | {"body": "\ud800"},
    "later than now": lambda saved: saved | {"headers": saved["headers"] | {"Wechatpay-Timestamp": "99999999999"}},
}


@pytest.mark.parametrize("name", SPOILT)
async def test_a_cache_that_was_changed(certified: Sandbox, cache: Path, name: str) -> None:
    """A cache that is not proven counts for nothing, without a word, and is replaced."""
    await _once(certified, ring_of(certified, cache=cache))
    saved = json.loads(text(cache))
    put(cache, json.dumps(SPOILT[name](saved)).encode())

    await _once(certified, ring_of(certified, cache=cache))

    assert 2 == asked(certified)
    assert saved["headers"].keys() == json.loads(text(cache))["headers"].keys()
    await _once(certified, ring_of(certified, cache=cache))
    assert 2 == asked(certified)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{" * 5000, b"[" * 5000], ids=["empty", "bytes", "open", "deep"]
)
async def test_a_cache_that_is_none(certified: Sandbox, cache: Path, content: bytes) -> None:
    """A file that is no cache is replaced by one."""
    put(cache, content)

    await _once(certified, ring_of(certified, cache=cache))

    assert 1 == asked(certified)
    assert 0o600 == mode(cache)


@pytest.mark.parametrize("place", [".", "nowhere/certificates"], ids=["a directory", "in no directory"])
async def test_a_cache_that_cannot_be(certified: Sandbox, tmp_path: Path, place: str) -> None:
    """A cache that can be neither read nor written holds no call up."""
    await _once(certified, ring_of(certified, cache=tmp_path / place))

    assert 1 == asked(certified)
    assert [] == beside(tmp_path)


async def test_a_cache_that_is_a_pipe(certified: Sandbox, cache: Path) -> None:
    """From a pipe, which reading would wait for without end, nothing is read; a file takes its place."""
    os.mkfifo(cache)
    try:
        async with asyncio.timeout(20):
            await _once(certified, ring_of(certified, cache=cache))
    finally:
        os.close(os.open(cache, os.O_RDWR | os.O_NONBLOCK))  # if it is one still, whoever reads from it ends

    assert "CERTIFICATE" not in text(cache)
    assert 1 == asked(certified)


async def test_a_cache_of_another_key(certified: Sandbox, cache: Path) -> None:
    """A cache that does not open with this APIv3 key counts for nothing."""
    await _once(certified, ring_of(certified, cache=cache))
    certified.enrol(certified.merchant, apiv3_key="n" * 32)

    await _once(certified, ring_of(certified, apiv3_key="n" * 32, cache=cache))

    assert 2 == asked(certified)


async def test_a_missed_certificate_in_the_cache(certified: Sandbox, cache: Path) -> None:
    """What another process has fetched meanwhile is found in the cache when it is missed."""
    waiting = ring_of(certified, keys=certified.platform_keys, cache=cache)
    await _once(certified, ring_of(certified, cache=cache))
    async with calling(certified, waiting) as client:
        await client.learn({"Wechatpay-Serial": signer(certified)})

    assert waiting.find(signer(certified))
    assert 1 == asked(certified)


async def test_an_old_cache_when_nothing_can_be_fetched(certified: Sandbox, cache: Path, clock: Clock) -> None:
    """Old certificates that have not ended are used when new ones cannot be had; with none, nothing is sent."""
    await _once(certified, ring_of(certified, cache=cache))
    clock.now += RENEWAL
    certified.reply_next({"data": []})
    await _once(certified, ring_of(certified, cache=cache))

    certified.reply_next({"data": []})
    with pytest.raises(NoCertificatesError):
        await _once(certified, ring_of(certified))
