"""Callbacks for tests: of any event, genuine and wrong."""

import inspect
import subprocess
import sys
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest

from wxcoupon import busifavor, cash_coupon, errors, event, notify
from wxcoupon import product_coupon as pc
from wxcoupon.convert import from_wire, to_wire
from wxcoupon.errors import ConfigurationError
from wxcoupon.model import Fen, Model, Text, Time, Whole, fields, is_required, model
from wxcoupon.sandbox import Keys
from wxcoupon.testing import Callback, Callbacks, callback, sample

SPELLINGS = sorted(event.registry())


def _received(made: Callback, callbacks: Callbacks) -> notify.Notification[Any]:
    return notify.receive(made.headers, made.body, keys=callbacks.keys, apiv3_key=callbacks.apiv3_key, now=time.time())


@pytest.fixture
def callbacks() -> Callbacks:
    """What makes callbacks, with throwaway keys."""
    return Callbacks()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_event(callbacks: Callbacks, spelling: str) -> None:
    """Every declared event is made by its type, and comes as its class with all it requires."""
    received = _received(callbacks(spelling), callbacks)

    cls = event.registry()[spelling]
    required = {field.name for field in fields(cls) if is_required(field)}
    assert (spelling, cls) == (received.event_type, type(received.event))
    assert set() == {name for name in required if getattr(received.event, name) is None}
    assert "_SP." not in spelling or "brand_id" in received.resource or not fields(cls)
    assert received.resource == to_wire(received.event)
    assert {} == received.event.extra or "brand_id" not in {field.name for field in fields(cls)}


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_every_sample_is_an_occurrence_of_its_own(callbacks: Callbacks, spelling: str) -> None:
    """Two samples are two occurrences, and what tells them apart came with each."""
    came: list[object] = []
    router = notify.Router(callbacks.tenant())
    router.on(event.Event)(came.append)
    async with router:
        statuses = [(await router.handle(*callbacks(spelling))).status for _ in range(2)]

    assert ([204, 204], 2) == (statuses, len(came))


@pytest.mark.parametrize(
    ("variant", "error", "status"),
    [
        ("forged", errors.BadSignature, 401),
        ("tampered", errors.BadSignature, 401),
        ("stale", errors.ClockSkew, 401),
        ("probe", errors.ProbeSignature, 401),
        ("unknown-serial", errors.UnknownSerial, 401),
        ("unsigned", errors.MissingSignature, 401),
        ("unopenable", notify.CannotOpen, 500),
    ],
)
async def test_wrong_ones(callbacks: Callbacks, variant: Any, error: type[errors.WxCouponError], status: int) -> None:
    """Each variant but the genuine one is refused for what is wrong with it, and handled by nobody."""
    made = callbacks(pc.CouponSent, variant=variant)
    with pytest.raises(error) as caught:
        _received(made, callbacks)
    router = notify.Router(callbacks.tenant())
    came: list[object] = []
    router.on(event.Event)(came.append)
    async with router:
        answered = (await router.handle(*made)).status

    assert (error, status, []) == (type(caught.value), answered, came)


async def test_duplicates(callbacks: Callbacks) -> None:
    """Delivered again, with the same id or another, an occurrence is acknowledged and handled once."""
    came: list[str] = []
    router = notify.Router(callbacks.tenant())

    @router.on(pc.CouponSent)
    async def record(notification: notify.Notification[pc.CouponSent]) -> None:
        came.append(notification.event.coupon_code)

    first = callbacks("PRODUCT_COUPON.SEND", coupon_code="A-1")
    same, other = callbacks.again(first), callbacks.again(first, new_id=True)
    async with router:
        statuses = [(await router.handle(*made)).status for made in (first, same, other)]

    assert ([204, 204, 204], ["A-1"]) == (statuses, came)
    assert (first.body, 3) == (same.body, len({made.headers["Wechatpay-Signature"] for made in (first, same, other)}))
    assert _received(first, callbacks).id != _received(other, callbacks).id


def test_members_of_ones_own(callbacks: Callbacks) -> None:
    """Members take the place of the sample's, and None leaves one out; number, time and spelling can be given."""
    at = time.time() - 60
    made = callbacks(
        pc.CouponSent,
        notification_id="n-1",
        at=at,
        spelling="PRODUCT_COUPON.SEND",
        openid="o-1",
        unionid=None,
        attach="x",
    )
    received = _received(made, callbacks)

    assert ("n-1", "PRODUCT_COUPON.SEND", str(int(at))) == (
        received.id,
        received.event_type,
        made.headers["Wechatpay-Timestamp"],
    )
    assert ("o-1", None, "x") == (received.event.openid, received.event.unionid, received.event.attach)


def test_an_event_itself(callbacks: Callbacks) -> None:
    """An instance is told as it is, also one of a type that nobody knows; of such a type all it tells is given."""
    used = from_wire(cash_coupon.CouponUsed, sample("COUPON.USE"))
    unknown = event.UnknownEvent(event_type="NEW.THING", data={"a": 1})

    assert used == _received(callbacks(used), callbacks).event
    assert unknown == _received(callbacks(unknown), callbacks).event
    assert unknown == _received(callbacks("NEW.THING", a=1), callbacks).event


def test_keys_of_one_process(callbacks: Callbacks) -> None:
    """What one maker makes another proves, without keys being passed about."""
    assert busifavor.CouponSent is type(_received(callback("COUPON.SEND"), callbacks).event)


def test_a_certificate_signs(callbacks: Callbacks, tmp_path: Path) -> None:
    """Callbacks of a merchant with platform certificates are proven by the certificate, and by no public key."""
    certified = Callbacks(certificate=True)
    made = certified("COUPON.SEND")

    assert certified.key_id == made.headers["Wechatpay-Serial"]
    assert busifavor.CouponSent is type(_received(made, certified).event)
    with pytest.raises(errors.UnknownSerial):
        _received(made, callbacks)
    with pytest.raises(ConfigurationError, match="settings name a public key"):
        certified.save(tmp_path)


def test_keys_of_a_sandbox(keys: Keys, tmp_path: Path) -> None:
    """Callbacks with the keys of a sandbox are made from them, kept in a directory, and made from that."""
    made = Callbacks.of(keys)
    made.save(tmp_path / "there")
    loaded = Callbacks.load(tmp_path / "there")

    assert "COUPON.SEND" == _received(loaded("COUPON.SEND"), made).event_type
    assert {"callbacks.env", "platform_key.pem", "platform_private_key.pem"} == {
        path.name for path in (tmp_path / "there").iterdir()
    }
    assert 0o600 == (tmp_path / "there" / "platform_private_key.pem").stat().st_mode & 0o777
    assert keys.apiv3_key not in repr(made)


@pytest.mark.parametrize("content", [None, "WXCOUPON_APIV3_KEY='x", "WXCOUPON_APIV3_KEY=x", "words"])
def test_a_directory_without_keys(tmp_path: Path, content: str | None) -> None:
    """A directory that no sandbox wrote is refused with what to name instead."""
    if content is not None:
        (tmp_path / "callbacks.env").write_text(content)
    with pytest.raises(ConfigurationError, match=r"name .* directory"):
        Callbacks.load(tmp_path)


class Kind(StrEnum):
    """An open enum."""

    FIRST = "FIRST"


@model
class Part(Model):
    """A part with what tells occurrences apart."""

    number: Annotated[str, Text(1, 8)] | None = None
    size: Annotated[int, Whole(200, 300)]
    other: str | None = None


def test_an_event_that_is_declared_anew(callbacks: Callbacks, monkeypatch: pytest.MonkeyPatch) -> None:
    """A declaration is all that a new event needs, whatever the types of its members."""
    monkeypatch.setattr(event, "REGISTRY", {**event.registry()})

    @event.event("NEWS_SP.CAME", key=("part.number",))
    class NewsCame(event.Event):
        brand_id: str
        part: Part | None = None
        parts: list[Part]
        words: list[Annotated[str, Text(1, 40)]]
        kind: Kind | str
        count: Fen
        few: Annotated[int, Whole(1, 3)]
        share: float
        switched: bool
        anything: Mapping[str, Any]
        image_url: str
        begins: Time
        end_time: Time

    made = _received(callbacks(NewsCame), callbacks)

    told = made.event
    assert (NewsCame, Kind.FIRST, 100, 3, 1.0, False, {}) == (
        type(told),
        told.kind,
        told.count,
        told.few,
        told.share,
        told.switched,
        told.anything,
    )
    assert (8, 200, None, None) == (len(told.part.number), told.part.size, told.part.other, told.parts[0].number)
    assert [(1, True, 30)] == [
        (len(told.words), told.image_url.startswith("https://"), (told.end_time - told.begins).days)
    ]


def test_what_cannot_be_made(callbacks: Callbacks, tmp_path: Path) -> None:
    """A variant, a class, a type or a key that is none is refused with what there is."""
    (tmp_path / "file").write_text("")
    for match, make in (
        ("variant is one of genuine, forged", lambda: callbacks(pc.CouponSent, variant="wrong")),  # type: ignore[arg-type]
        ("Event is no declared event", lambda: callbacks(event.Event)),
        ("no event 'COUPON.SENT'; known are .*COUPON.SEND", lambda: sample("COUPON.SENT")),
        ("32 bytes; it has 5", lambda: Callbacks(apiv3_key="short")),
        ("cannot be written to", lambda: callbacks.save(tmp_path / "file" / "there")),
    ):
        with pytest.raises(ConfigurationError, match=match):
            make()


def test_no_member_is_called_like_an_option() -> None:
    """Members of events can be given by their names, because no option has the name of one."""
    options = {name for name in inspect.signature(Callbacks.__call__).parameters if name not in {"self", "members"}}
    assert set() == options & {field.name for cls in event.registry().values() for field in fields(cls)}


def test_pytest_is_no_dependency() -> None:
    """Making callbacks imports no pytest."""
    words = "import sys, wxcoupon.testing; print([name for name in sys.modules if 'pytest' in name])"
    assert "[]" == subprocess.check_output([sys.executable, "-c", words], text=True).strip()
