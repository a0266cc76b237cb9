"""Sensitive members: sealed on the way out, opened on the way back, by declaration alone."""

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import attrs
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1

from wxcoupon import Client, KeyRing, Merchant, Pacer, crypto, sealing, wire
from wxcoupon import product_coupon as pc
from wxcoupon.checks import RequestWarning, faults
from wxcoupon.endpoint import REGISTRY, Endpoint, endpoint
from wxcoupon.errors import ConfigurationError, InvalidRequest, UnreadableAnswer
from wxcoupon.model import PRIVATE, SEALED, Model, Text, model
from wxcoupon.retry import RetryPolicy
from wxcoupon.sandbox import Keys

_PADDING = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - what WeChat Pay asks for
NAME, PHONES, NOTE = "张三丰", ["13800000000", "13900000000"], "plain-note"


@model
class Deputy(Model):
    """Somebody to call instead."""

    phones: list[Annotated[str, SEALED]]
    """The numbers."""


@model
class Contact(Model):
    """Somebody to call."""

    phones: list[Annotated[str, Text(1, 32), SEALED]]
    """The numbers."""
    note: str | None = None
    """What is not sensitive."""
    deputy: Deputy | None = None
    """Whom to call instead."""


@model
class Told(Model):
    """What is answered."""

    name: Annotated[str, SEALED] | None = None
    """The name."""
    contacts: list[Contact] | None = None
    """Whom to call."""


@endpoint("POST", "/v3/test/people/{number}", key="out_request_no")
class TellPerson(Endpoint[Told, Merchant]):
    """Tell who somebody is."""

    number: str
    """In the path."""
    out_request_no: str
    """Makes it repeatable."""
    real_name: Annotated[str, Text(1, 300), SEALED]
    """The name."""
    contact: Contact | None = None
    """Whom to call."""


@endpoint("GET", "/v3/test/people")
class FindPerson(Endpoint[None, Merchant]):
    """Look somebody up."""

    real_name: Annotated[str, SEALED, PRIVATE]
    """The name."""


for _name in (TellPerson.name, FindPerson.name):  # the registry is of WeChat Pay's own endpoints
    del REGISTRY[_name]

TELL = TellPerson(
    number="7",
    out_request_no="number-1",
    real_name=NAME,
    contact=Contact(phones=PHONES, note=NOTE, deputy=Deputy(phones=["110"], extra={"more": "as it is"})),
)


def telling(**changes: Any) -> TellPerson:
    """The same request, otherwise."""
    given: Any = TELL
    made: TellPerson = attrs.evolve(given, **changes)
    return made


def sealed(key: crypto.PublicKey, text: str) -> str:
    """What WeChat Pay sends in the place of a text."""
    return base64.b64encode(key.encrypt(text.encode(), _PADDING)).decode()


class Server:
    """A WeChat Pay that knows people.

    Attributes:
        base_url: where it listens.
        seen: the bodies that arrived, with the Wechatpay-Serial and the query that came with them.
        answers: what is answered next; None for 500.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.base_url = ""
        self.seen: list[tuple[bytes, str, dict[str, str]]] = []
        self.answers: list[dict[str, Any] | None] = []

    async def serve(self, request: web.Request) -> web.Response:
        """Believe the signature or fail, and answer."""
        body = await request.read()
        pairs = dict(re.findall(r'(\w+)="([^"]*)"', request.headers["Authorization"]))
        message = wire.request_message(request.method, request.raw_path, pairs["timestamp"], pairs["nonce_str"], body)
        assert crypto.verifies(self._keys.merchant.public_key(), message, pairs["signature"])
        self.seen.append((body, request.headers["Wechatpay-Serial"], dict(request.query)))
        answer = self.answers.pop(0)
        raw = json.dumps(answer).encode() if answer is not None else b"{}"
        keys = self._keys
        headers = wire.sign_answer(
            keys.platform, keys.platform_id, raw, timestamp=int(time.time()), nonce=wire.new_nonce()
        )
        return web.Response(status=500 if answer is None else 200, body=raw, headers=headers)

    def opened(self, text: str) -> str:
        """What was sealed for WeChat Pay."""
        return self._keys.platform.decrypt(base64.b64decode(text), _PADDING).decode()


@pytest.fixture
async def server(keys: Keys) -> AsyncIterator[Server]:
    """A server that answers what it is told to."""
    made = Server(keys)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def merchant(keys: Keys, **changes: Any) -> Merchant:
    """The merchant of these keys."""
    return Merchant(mchid="1900000001", serial_no="AB", **({"private_key": keys.merchant} | changes))


def client(server: Server, keys: Keys, identity: Merchant | None = None, **options: Any) -> Client[Merchant]:
    """A client of the merchant."""
    ring = options.pop("ring", {keys.platform_id: keys.platform.public_key()})
    return Client(identity or merchant(keys), ring, base_url=server.base_url, pacer=Pacer(), **options)


async def test_sensitive_members_are_sealed(server: Server, keys: Keys) -> None:
    """Each is sealed by itself for the key that is announced, at any depth; everything else is as it was."""
    server.answers = [{}]
    async with client(server, keys) as ours:
        await ours.call(TELL)

    ((body, serial, _),) = server.seen
    members = json.loads(body)
    contact = members["contact"]
    assert keys.platform_id == serial
    assert NAME == server.opened(members["real_name"])
    assert PHONES == [server.opened(phone) for phone in contact["phones"]]
    assert (NOTE, "as it is") == (contact["note"], contact["deputy"]["more"])
    assert "110" == server.opened(contact["deputy"]["phones"][0])
    assert "number-1" == members["out_request_no"]
    assert PHONES == TELL.contact.phones if TELL.contact else False  # the request itself is as it was


async def test_a_repetition_has_the_same_bytes(server: Server, keys: Keys) -> None:
    """A request is sealed once, whatever becomes of its attempts."""
    server.answers = [None, None, {}]
    async with client(server, keys, retry=RetryPolicy(base=0)) as ours:
        await ours.call(TELL)

    assert 3 == len(server.seen)
    assert 1 == len({body for body, _, _ in server.seen})


async def test_a_query_is_sealed_too(server: Server, keys: Keys) -> None:
    """A sensitive member of a GET is sealed in its query, with the signature over what is sent."""
    server.answers = [{}]
    async with client(server, keys) as ours:
        await ours.call(FindPerson(real_name=NAME))

    ((_, serial, query),) = server.seen
    assert NAME == server.opened(query["real_name"])
    assert keys.platform_id == serial


async def test_the_key_that_is_announced_seals(server: Server, keys: Keys) -> None:
    """Of several keys it is the announced one, a public key or the certificate that began last, never another."""
    now = datetime.now(UTC)
    old_key, new_key = keys.merchant, keys.partner
    old = crypto.self_signed(old_key, "Tenpay.com", now - timedelta(9), now + timedelta(9))
    new = crypto.self_signed(new_key, "Tenpay.com", now - timedelta(1), now + timedelta(9))
    mixed: dict[str, Any] = {keys.platform_id: keys.platform.public_key(), old[0]: old[1], new[0]: new[1]}
    server.answers = [{}, {}]

    for ring, serial, key in (
        (KeyRing(mixed), keys.platform_id, keys.platform),
        (KeyRing(mixed, announce="certificate"), new[0], new_key),
    ):
        async with client(server, keys, ring=ring) as ours:
            await ours.call(TELL)
        assert serial == server.seen[-1][1]
        assert NAME == key.decrypt(base64.b64decode(json.loads(server.seen[-1][0])["real_name"]), _PADDING).decode()


def told(key: crypto.PublicKey) -> dict[str, Any]:
    """An answer with sensitive members."""
    return {
        "name": sealed(key, NAME),
        "contacts": [{"phones": [sealed(key, phone) for phone in PHONES], "note": NOTE, "new": "kept"}],
    }


async def test_an_answer_is_opened_with_the_private_key(server: Server, keys: Keys) -> None:
    """What comes sealed for the merchant's certificate is text again; what else came is as it came."""
    server.answers = [told(keys.merchant.public_key()), {}, {"name": None}]
    async with client(server, keys) as ours:
        answer = await ours.call(TELL)
        nothing = await ours.call(TELL)
        null = await ours.call(TELL)

    assert NAME == answer.name
    assert answer.contacts == [Contact(phones=PHONES, note=NOTE, extra={"new": "kept"})]
    assert Told() == nothing
    assert null.name is None


class Kept:
    """A key that is kept elsewhere, and signs and opens there."""

    def __init__(self, key: crypto.PrivateKey) -> None:
        self._key = key

    async def sign(self, message: bytes) -> bytes:
        """Sign as asked."""
        return base64.b64decode(crypto.sign(self._key, message))

    async def decrypt(self, ciphertext: bytes) -> bytes:
        """Open as asked."""
        await asyncio.sleep(0)
        return self._key.decrypt(ciphertext, _PADDING)


class SignsOnly:
    """A key that is kept elsewhere, and only signs."""

    def __init__(self, key: crypto.PrivateKey) -> None:
        self._kept = Kept(key)

    async def sign(self, message: bytes) -> bytes:
        """Sign as asked."""
        return await self._kept.sign(message)


@pytest.mark.parametrize(
    "given",
    [
        lambda key: {"private_key": Kept(key)},
        lambda key: {"private_key": SignsOnly(key), "decryptor": Kept(key)},
        lambda key: {"private_key": key, "decryptor": Kept(key)},
    ],
    ids=["the signer", "another", "beside a key"],
)
async def test_an_answer_is_opened_elsewhere(server: Server, keys: Keys, given: Any) -> None:
    """A signer that opens too, or a decryptor of its own, opens what the key is not here to open."""
    server.answers = [told(keys.merchant.public_key())]
    async with client(server, keys, merchant(keys, **given(keys.merchant))) as ours:
        answer = await ours.call(TELL)

    assert NAME == answer.name


async def test_opening_in_an_executor(server: Server, keys: Keys) -> None:
    """What a private key does is done where the client was told to do it."""
    server.answers = [told(keys.merchant.public_key())]
    with ThreadPoolExecutor(1) as executor:
        async with client(server, keys, signing=executor) as ours:
            assert NAME == (await ours.call(TELL)).name


async def test_nobody_to_open_is_told_before_anything_is_sent(server: Server, keys: Keys) -> None:
    """A call whose answer could not be read is not made."""
    async with client(server, keys, merchant(keys, private_key=SignsOnly(keys.merchant))) as ours:
        with pytest.raises(ConfigurationError, match="SignsOnly opens none: give the Merchant a decryptor"):
            await ours.call(TELL)

    assert not server.seen


class Broken:
    """A decryptor that fails."""

    async def decrypt(self, ciphertext: bytes) -> bytes:
        """Fail."""
        raise PermissionError(ciphertext)


class Garbled:
    """A decryptor that gives what is no UTF-8."""

    async def decrypt(self, ciphertext: bytes) -> bytes:
        """Give something."""
        return b"\xff" + ciphertext[:1]


class Cancelled:
    """A decryptor of which something was cancelled."""

    async def decrypt(self, ciphertext: bytes) -> bytes:
        """Give up."""
        raise asyncio.CancelledError(ciphertext)


@pytest.mark.parametrize(
    ("name", "decryptor", "says"),
    [
        ("bm90aGluZw==", None, "cannot be opened with the private key of this Merchant; check that serial_no"),
        ("not base64!", None, "cannot be opened with the private key"),
        ("plain", Garbled(), "cannot be opened with the private key"),
        ("bm90aGluZw==", Garbled(), "cannot be opened with the private key"),
        ("bm90aGluZw==", Broken(), "the decryptor Broken failed with PermissionError"),
        ("bm90aGluZw==", Cancelled(), "the decryptor Cancelled failed with CancelledError"),
    ],
    ids=["another's", "no base64", "plain", "garbled", "broken", "cancelled"],
)
async def test_what_cannot_be_opened(server: Server, keys: Keys, name: str, decryptor: Any, says: str) -> None:
    """The error names the member and the call, says that it was answered, and has nothing of the text."""
    server.answers = [{"name": name}, {"name": name}]
    async with client(server, keys, merchant(keys, decryptor=decryptor)) as ours:
        with pytest.raises(UnreadableAnswer, match=rf"\$\.name of the answer .*{says}.*client\.send") as caught:
            await ours.call(TELL)
        raw = await ours.send(TELL)

    assert {"name": name} == raw.json()
    assert TELL.route.call == caught.value.call
    assert name not in str(caught.value)


class Brief(Executor):
    """An executor that is shut down after one piece of work."""

    taken = False

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Do the first."""
        if self.taken:
            raise RuntimeError("cannot schedule new futures after shutdown")
        self.taken = True
        done: Future[Any] = Future()
        done.set_result(work(*args, **named))
        return done


async def test_an_executor_that_takes_no_work_when_the_answer_came(server: Server, keys: Keys) -> None:
    """The call was made, so the error is none of those that say that nothing was sent."""
    server.answers = [{"name": sealed(keys.merchant.public_key(), NAME)}]
    async with client(server, keys, signing=Brief()) as ours:
        with pytest.raises(UnreadableAnswer, match=r"takes no work.*The call itself was answered") as caught:
            await ours.call(TELL)

    assert caught.value.outcome_unknown
    assert TELL.route.call == caught.value.call
    assert 1 == len(server.seen)


def test_nothing_sensitive_is_printed() -> None:
    """What is sealed is left out of every repr, as what is private is."""
    assert NAME not in repr(TELL)
    assert PHONES[0] not in repr(TELL)
    assert NOTE in repr(TELL)


LONG = telling(real_name="中" * 72)  # 216 bytes


def test_a_text_that_is_too_long_is_found_by_the_checks() -> None:
    """214 bytes of UTF-8 are the most; that they are fewer characters is no matter."""
    assert [] == faults(telling(real_name="中" * 71))
    (fault,) = faults(LONG)
    assert "$.real_name: has to be at most 214 bytes of UTF-8 to be sealed (it has 216)" == str(fault)
    (fault,) = faults(telling(real_name="中" * 301))
    assert "1 to 300 characters" in str(fault)


@pytest.mark.filterwarnings("ignore::wxcoupon.checks.RequestWarning")
@pytest.mark.parametrize("checks", ["on", "warn", "off"])
async def test_a_text_that_is_too_long_never_leaves(server: Server, keys: Keys, checks: Any) -> None:
    """Without checks too, for it cannot be sealed; and never unsealed."""
    async with client(server, keys, checks=checks) as ours:
        with pytest.raises(InvalidRequest, match=r"\$\.real_name: .*214 bytes"):
            await ours.call(LONG)

    assert not server.seen
    assert issubclass(RequestWarning, UserWarning)


def test_half_of_a_surrogate_pair_is_no_text(keys: Keys) -> None:
    """What has no UTF-8 is refused by its path."""
    broken = telling(contact=Contact(phones=["1", "\ud800"]))
    with pytest.raises(InvalidRequest, match=r"\$\.contact\.phones\[1\]: holds half of a surrogate pair"):
        sealing.seal(broken, keys.platform.public_key())


def test_values_of_other_types_do_not_leave_open(keys: Keys) -> None:
    """Without checks a request may hold anything, but nothing where something sensitive belongs."""
    odd: Any = telling(real_name=7, contact={"phones": PHONES})

    with pytest.raises(InvalidRequest) as caught:
        sealing.seal(odd, keys.platform.public_key())

    assert [("$.real_name", "text"), ("$.contact", "an object")] == [
        (fault.path, fault.problem.removeprefix("has to be ").partition(",")[0]) for fault in caught.value.faults
    ]


def test_without_a_key_nothing_is_written(keys: Keys) -> None:
    """Where no key is known, the request is refused, and not written unsealed."""
    fetching = KeyRing(apiv3_key="0" * 32)
    for ring in (None, fetching):
        with pytest.raises(ConfigurationError, match="the request has sensitive members") as caught:
            wire.encode(TELL, merchant(keys), ring)
        assert NAME not in str(caught.value)


def test_nothing_of_the_families_is_sealed() -> None:
    """The coupon families declare no sensitive member, so their calls cost nothing more."""
    assert sealing.is_sealed(TellPerson)
    assert sealing.is_sealed(Told)
    assert sealing.is_sealed(Contact)
    assert not sealing.is_sealed(pc.CreateProductCoupon)
    assert not sealing.is_sealed(type(None))


@pytest.mark.parametrize(
    ("phones", "path"), [([138], "phones[0]"), (["13800000000", b"1"], "phones[1]")], ids=["a number", "bytes"]
)
def test_what_is_no_text_does_not_leave_open(phones: list[Any], path: str) -> None:
    """What is marked as sensitive and cannot be sealed is refused, even where nothing else is checked."""
    request = TellPerson(number="1", out_request_no="n", real_name=NAME, contact=Contact(phones=phones))

    with pytest.raises(InvalidRequest, match=re.escape(f"$.contact.{path}: has to be text, because it is sealed")):
        sealing.seal(request, crypto.new_private_key().public_key())
