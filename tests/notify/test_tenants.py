"""Many merchants, partners and brands on one address: whose a callback is."""

from collections.abc import Mapping
from typing import Any

import pytest

from wxcoupon import ConfigurationError, crypto
from wxcoupon.errors import NetworkError, UntrustedAnswer
from wxcoupon.keys import KeyRing
from wxcoupon.notify import Event, Notification, Router, Tenant, UnservedBrand, receive_with
from wxcoupon.sandbox import Keys

from .callbacks import APIV3_KEY, NOW, Platform, coupon

OTHER_KEY = "y" * 32


@pytest.fixture
def other(keys: Keys) -> Platform:
    """Who signs for another merchant."""
    return Platform(keys.brand, "PUB_KEY_ID_0200000002")


def _router(*tenants: Tenant) -> tuple[Router, list[str]]:
    router, came = Router(*tenants, clock=lambda: NOW), list[str]()

    @router.on(Event)
    async def record(notification: Notification[Event]) -> None:
        came.append(notification.tenant)

    return router, came


@pytest.mark.parametrize(
    ("sent_to", "whose", "status"),
    [(None, "tea", 204), (None, "nuts", 204), ("tea", "tea", 204), ("tea", "nuts", 401), ("cake", "tea", 401)],
)
async def test_by_path_or_by_serial(
    platform: Platform, other: Platform, sent_to: str | None, whose: str, status: int
) -> None:
    """The tenant in the path is the only one that may prove it; without one, the serial says whose it is."""
    router, came = _router(
        Tenant(APIV3_KEY, keys=platform.ring(), name="tea"), Tenant(OTHER_KEY, keys=other.ring(), name="nuts")
    )
    told = {"tea": platform.told(coupon()), "nuts": other.told(coupon(), key=OTHER_KEY)}[whose]
    reply = await router.handle(*told, tenant=sent_to)

    assert (status, [whose] if status == 204 else []) == (reply.status, came)
    assert (status == 401) == router.counts.forged
    assert {"tea", "nuts"} == set(router.tenants)


@pytest.mark.parametrize(
    ("brand_id", "key", "sent_to", "whose"),
    [
        ("1", APIV3_KEY, None, "tea"),
        ("2", APIV3_KEY, None, "nuts"),
        ("3", OTHER_KEY, None, "cake"),
        ("4", APIV3_KEY, None, "any"),
        (None, APIV3_KEY, None, None),
        ("3", APIV3_KEY, None, "any"),
        ("2", APIV3_KEY, "nuts", "nuts"),
        ("2", APIV3_KEY, "tea", None),
        ("2", APIV3_KEY, "any", "any"),
    ],
)
async def test_by_brand(
    platform: Platform, brand_id: str | None, key: str, sent_to: str | None, whose: str | None
) -> None:
    """Of tenants with one key of WeChat Pay's, the brand inside says whose it is, and no tenant gets another's."""
    ring = platform.ring()
    router, came = _router(
        Tenant(APIV3_KEY, keys=ring, name="tea", brand_ids=["1"]),
        Tenant(APIV3_KEY, keys=ring, name="nuts", brand_ids=["2", "20"]),
        Tenant([OTHER_KEY, "z" * 32], keys=platform.ring(), name="cake", brand_ids=["3"]),
        Tenant(APIV3_KEY, keys=ring, name="any"),
    )
    reply = await router.handle(*platform.told(coupon(brand_id=brand_id), key=key), tenant=sent_to)

    assert ([whose] if whose else [], 204 if whose else 401) == (came, reply.status)
    assert (0, 0 if whose else 1) == (router.counts.forged, router.counts.unserved)


@pytest.mark.parametrize(
    ("tenants", "brand_id", "says"),
    [
        ([("tea", ["1"])], "2", "names brand '2', which is none of brand_ids of the tenant 'tea'"),
        ([("tea", ["1"])], 1, "names brand 1, which is none of brand_ids of the tenant 'tea'"),
        ([("tea", ["1"])], ["1"], "names no brand_id, which is none of brand_ids of the tenant 'tea'"),
        ([("tea", ["1"]), ("nuts", ["2"])], "3", "names brand '3', which is in brand_ids of no tenant"),
        ([("tea", ["1"]), ("nuts", ["2"])], 2, "names brand 2, which is in brand_ids of no tenant"),
        ([("tea", ["1"]), ("nuts", ["1"])], "1", "which the tenants 'tea' and 'nuts' take both"),
    ],
    ids=["another", "number", "list", "none of two", "number of two", "both"],
)
async def test_a_brand_that_was_forgotten(
    platform: Platform,
    caplog: pytest.LogCaptureFixture,
    tenants: list[tuple[str, list[str]]],
    brand_id: Any,
    says: str,
) -> None:
    """What is proven and for nobody here is no forgery but a wrong setting, so it is said loudly, and handled never."""
    ring, errors = platform.ring(), list[BaseException]()
    router = Router(
        *(Tenant(APIV3_KEY, keys=ring, name=name, brand_ids=brands) for name, brands in tenants),
        clock=lambda: NOW,
        on_error=lambda error, _: errors.append(error),
    )
    router.on(Event)(lambda _: errors.append(AssertionError()))
    reply = await router.handle(*platform.told(coupon(brand_id=brand_id), number="EV-1"))

    assert (401, 0, 1) == (reply.status, router.counts.forged, router.counts.unserved)
    assert [UnservedBrand] == [type(error) for error in errors]
    assert [("ERROR", True)] == [
        (record.levelname, says in record.getMessage())
        for record in caplog.records
        if record.name.startswith("wxcoupon")
    ]
    assert "'EV-1'" in caplog.text
    assert "o-user" not in caplog.text


async def test_nobodys_key_opens_it(platform: Platform, stranger: Platform) -> None:
    """Proven for several, and none can open it: it is a key that is wrong, and not forged. A forged one is forged."""
    ring = platform.ring()
    router, came = _router(Tenant(APIV3_KEY, keys=ring, name="a"), Tenant(OTHER_KEY, keys=ring, name="b"))

    assert 500 == (await router.handle(*platform.told(coupon(), key="z" * 32))).status
    assert 401 == (await router.handle(*stranger.told(coupon()))).status
    assert 401 == (await router.handle(*Platform(stranger.key, "PUB_KEY_ID_9").told(coupon()))).status
    assert (1, 2, []) == (router.counts.unreadable, router.counts.forged, came)


async def test_tenants_do_not_share_what_was_handled(platform: Platform, other: Platform) -> None:
    """The same coupon code of two tenants is two coupons."""
    router, came = _router(
        Tenant(APIV3_KEY, keys=platform.ring(), name="tea"), Tenant(APIV3_KEY, keys=other.ring(), name="nuts")
    )
    for callback in (platform.told(coupon()), other.told(coupon()), platform.told(coupon())):
        assert 204 == (await router.handle(*callback)).status

    assert ["tea", "nuts"] == came


class _Learner:
    """A client that fetches a certificate when it is asked to, or fails."""

    def __init__(self, pem: bytes, serial: str, *, fails: bool) -> None:
        self.keys = KeyRing(apiv3_key=APIV3_KEY)
        self._pem, self._serial, self._fails = pem, serial, fails
        self.asked: list[Mapping[str, str]] = []

    async def learn(self, headers: Mapping[str, str]) -> None:
        """Fetch."""
        self.asked.append(headers)
        if self._fails:
            raise NetworkError("no connection")
        self.keys.adopt(KeyRing({self._serial: self._pem})._certificates.values(), NOW)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_missing_certificate_is_fetched(keys: Keys, fails: bool) -> None:  # noqa: FBT001
    """A certificate that signs a callback and is not there is fetched by the tenant's client, once."""
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    serial, pem = crypto.self_signed(keys.brand, "platform", now - timedelta(days=1), now + timedelta(days=9))
    learner = _Learner(pem, serial, fails=fails)
    router, came = _router(Tenant(APIV3_KEY, client=learner))
    callback = Platform(keys.brand, serial).told(coupon())
    replies = [await router.handle(*callback) for _ in range(2)]

    assert ([401, 401] if fails else [204, 204]) == [reply.status for reply in replies]
    assert (2 if fails else 1) == len(learner.asked)
    assert ([] if fails else [""]) == came


@pytest.mark.parametrize(
    "without",
    [
        {"Wechatpay-Signature": None},
        {"Wechatpay-Timestamp": None},
        {"Wechatpay-Nonce": None},
        {"Wechatpay-Timestamp": str(int(NOW) - 300)},
        {"Wechatpay-Timestamp": "now"},
        {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"},
    ],
    ids=["unsigned", "undated", "no nonce", "stale", "no number", "algorithm"],
)
async def test_nothing_is_fetched_for_what_is_refused_anyway(keys: Keys, without: dict[str, str | None]) -> None:
    """A request that no key could prove makes no calls, by a router and by itself."""
    learners = [_Learner(b"", "5157F09E", fails=True) for _ in range(3)]
    router, came = _router(*(Tenant(APIV3_KEY, client=each, name=str(number)) for number, each in enumerate(learners)))
    headers, body = Platform(keys.brand, "5157F09E").told(coupon())
    wrong = {name: value for name, value in (headers | without).items() if value is not None}

    assert 401 == (await router.handle(wrong, body)).status
    with pytest.raises(UntrustedAnswer):
        await receive_with(learners[0], wrong, body, apiv3_key=APIV3_KEY, clock=lambda: NOW)
    assert ([[], [], []], []) == ([each.asked for each in learners], came)


async def test_a_header_that_is_no_text_is_logged_safely(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    """Bytes that are no UTF-8, and what a terminal would obey, are written as what they are."""
    router, _ = _router(Tenant(APIV3_KEY, keys=platform.ring()))
    caplog.set_level("INFO", "wxcoupon")
    headers, body = platform.told(coupon())

    for kind in ("\udcff\udcfe", "\x1b[2J\n"):
        assert 401 == (await router.handle(headers | {"Wechatpay-Signature-Type": kind}, body)).status
    assert all(record.getMessage().isprintable() for record in caplog.records)
    assert ["'\\udcff\\udcfe'", "'\\x1b[2J\\n'"] == [
        record.getMessage().partition("signed with ")[2].partition(";")[0] for record in caplog.records
    ]


@pytest.mark.parametrize(
    ("tenants", "says"),
    [
        (lambda _: [], "a tenant at least"),
        (lambda ring: [Tenant(APIV3_KEY, keys=ring), Tenant(OTHER_KEY, keys=ring)], "same name"),
        (lambda ring: [Tenant("short", keys=ring)], "32 bytes"),
        (lambda _: [Tenant(APIV3_KEY)], "keys, or a client"),
        (lambda ring: [Tenant(APIV3_KEY, keys=ring, brand_ids="120344")], "brand_ids"),
    ],
    ids=["none", "twins", "short", "no keys", "text"],
)
def test_tenants_that_cannot_be(ring: KeyRing, tenants: Any, says: str) -> None:
    """What cannot be a tenant is refused with what it lacks, and no repr shows a key."""
    with pytest.raises(ConfigurationError, match=says):
        Router(*tenants(ring))
    assert APIV3_KEY not in repr(Tenant(APIV3_KEY, keys=ring, name="tea"))
