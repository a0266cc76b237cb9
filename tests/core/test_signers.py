"""Private keys: from whatever they are kept in, and kept elsewhere; and where their work is done."""

import asyncio
import base64
import gc
import hashlib
import re
import shlex
import shutil
import subprocess
import textwrap
import threading
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    pkcs12,
)

from wxcoupon import Brand, Client, Decryptor, Merchant, Pacer, Partner, Signer, busifavor, crypto, remote_key
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ClientStateError, ConfigurationError, ServerError, SigningError
from wxcoupon.retry import NEVER, RetryPolicy
from wxcoupon.sandbox import Sandbox
from wxcoupon.signing import Gate, Inline, desk

KEY = crypto.new_private_key()
WORD = "a-pass-word"
AT_ONCE = RetryPolicy(base=0)
SET = pc.SetNotifyConfig(notify_url="https://example.com/notify")


def encrypted(form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    """The key, as PEM that asks for the password."""
    return KEY.private_bytes(Encoding.PEM, form, BestAvailableEncryption(WORD.encode()))


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS#8", "traditional"])
def test_an_encrypted_key_from_every_source(tmp_path: Path, form: PrivateFormat) -> None:
    """An encrypted PEM is opened with its password, from a path, text or bytes."""
    path, pem = tmp_path / "key.pem", encrypted(form)
    path.write_bytes(pem)

    loaded = [crypto.pem(source, password=WORD) for source in (path, str(path), pem, pem.decode())]
    loaded += [crypto.pem(pem, password=WORD.encode()), crypto.pem(crypto.private_pem(KEY))]

    assert {KEY.private_numbers()} == {key.private_numbers() for key in loaded}


@pytest.mark.parametrize(
    ("pem", "password", "says"),
    [
        (encrypted(), None, r"encrypted; load it with crypto.pem"),
        (encrypted(), "another", "the password does not open"),
        (encrypted(PrivateFormat.TraditionalOpenSSL), "another", "the password does not open"),
        (crypto.private_pem(KEY), WORD, "is not encrypted; leave the password out"),
        (b"nonsense", WORD, "holds no PEM private key"),
    ],
    ids=["no password", "wrong", "wrong, traditional", "one too many", "no PEM"],
)
def test_an_encrypted_key_that_cannot_be_opened(pem: bytes, password: str | None, says: str) -> None:
    """It is said what is wrong, and the password is not repeated."""
    with pytest.raises(ConfigurationError, match=says) as caught:
        crypto.pem(pem, password=password)

    assert password is None or password not in str(caught.value)


def certified(key: Any = KEY, *, certificate: bool = True, legacy: bool = False) -> tuple[str, bytes]:
    """A serial number and a PKCS#12, as WeChat Pay's platform makes them."""
    now = datetime.now(UTC)
    serial, pem = crypto.self_signed(KEY, "1900000001", now, now + timedelta(days=1))
    way: Any = BestAvailableEncryption(b"1900000001")
    if legacy:
        way = (
            PrivateFormat.PKCS12.encryption_builder()
            .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
            .hmac_hash(SHA1())  # noqa: S303 - as old files have it
            .build(b"1900000001")
        )
    held = x509.load_pem_x509_certificate(pem) if certificate else None
    return serial, pkcs12.serialize_key_and_certificates(b"Tenpay Certificate", key, held, None, way)


@pytest.mark.parametrize("legacy", [False, True], ids=["new", "old"])
def test_a_pkcs12_gives_the_key_and_the_serial_number(tmp_path: Path, *, legacy: bool) -> None:
    """The file that the platform makes holds both, and is read from a path or from bytes."""
    serial, data = certified(legacy=legacy)
    path = tmp_path / "apiclient_cert.p12"
    path.write_bytes(data)

    found = [crypto.pkcs12(source, "1900000001") for source in (path, str(path), data)]

    assert {serial} == {one.serial_no for one in found}
    assert {KEY.private_numbers()} == {one.private_key.private_numbers() for one in found}
    assert "private_key" not in repr(found[0])


@pytest.mark.parametrize(
    ("serial", "written"),
    [(0xA1B2, "A1B2"), (0xA1B, "0A1B"), (5, "05"), (0x80, "80"), (0xA << 152, f"0A{'00' * 19}"[:40])],
    ids=["whole", "half", "one digit", "first bit", "twenty bytes"],
)
def test_the_serial_number_has_whole_bytes(serial: int, written: str) -> None:
    """A serial number is written as the platform and openssl write it, with the zero that it begins with."""
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "1900000001")])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), serial, now, now + timedelta(days=1))
    held = builder.sign(KEY, SHA256())
    data = pkcs12.serialize_key_and_certificates(None, KEY, held, None, BestAvailableEncryption(b"1900000001"))

    assert written == crypto.pkcs12(data, "1900000001").serial_no


def test_a_pkcs12_of_openssl(tmp_path: Path) -> None:
    """What the tool openssl writes, with the ciphers of old, is read too."""
    made = _of_openssl(tmp_path)
    if made is None:
        pytest.skip("this machine's openssl writes no such file")

    assert KEY.private_numbers() == crypto.pkcs12(made, "1900000001").private_key.private_numbers()


def _of_openssl(home: Path) -> Path | None:
    (home / "key.pem").write_bytes(crypto.private_pem(KEY))
    request = "openssl req -x509 -key key.pem -subj /CN=1900000001 -out cert.pem"
    export = "openssl pkcs12 -export -legacy -inkey key.pem -in cert.pem -passout pass:1900000001 -out old.p12"
    for command in (request, export):
        try:
            done = subprocess.run(command.split(), cwd=home, capture_output=True, check=False)
        except FileNotFoundError:
            return None
        if done.returncode:
            return None
    return home / "old.p12"


def test_a_pkcs12_without_a_certificate() -> None:
    """The key can be had all the same, and who asks for the serial number is told where it is."""
    found = crypto.pkcs12(certified(certificate=False)[1], "1900000001")

    assert found.certificate_serial is None
    with pytest.raises(ConfigurationError, match="give serial_no"):
        _ = found.serial_no


@pytest.mark.parametrize(
    ("source", "password", "says"),
    [
        (certified()[1], "another", "the password does not open it"),
        (certified()[1], None, "the password does not open it"),
        (b"nonsense", "x", "is no PKCS#12"),
        ("nowhere.p12", "x", "there is no file nowhere.p12"),
        (".", "x", "cannot be read"),
        ("a\0b", "x", "cannot be read"),
        (certified(ec.generate_private_key(ec.SECP256R1()), certificate=False)[1], "1900000001", "no RSA private key"),
    ],
    ids=["wrong", "none", "nonsense", "nowhere", "a directory", "no path", "elliptic"],
)
def test_a_pkcs12_that_cannot_be_opened(source: Any, password: str | None, says: str) -> None:
    """It is said what is wrong."""
    with pytest.raises(ConfigurationError, match=says):
        crypto.pkcs12(source, password)


class Kms:
    """A service that keeps a key: it is sent a digest, and gives a signature after a while."""

    def __init__(self, key: crypto.PrivateKey) -> None:
        self._key = key
        self.asked = 0

    async def sign(self, key_id: str, digest: bytes, *, algorithm: str) -> bytes:
        """Sign a digest."""
        assert ("alias/wechat-pay", "RSASSA_PKCS1_V1_5_SHA_256") == (key_id, algorithm)
        self.asked += 1
        await asyncio.sleep(0)
        return self._key.sign(digest, PKCS1v15(), Prehashed(SHA256()))


def documented(kms: Kms) -> dict[str, Any]:
    """What the example in the docstring of the protocols makes."""
    example = textwrap.dedent((remote_key.__doc__ or "").partition("::\n")[2].partition("\nWhatever")[0])
    names: dict[str, Any] = {"Kms": Kms, "Partner": Partner, "hashlib": hashlib, "kms": kms}
    exec(compile(example, "docstring", "exec"), names)  # noqa: S102 - that it runs is what is tested
    return names


async def test_the_documented_signer(sandbox: Sandbox, unpaced: Pacer) -> None:
    """The example runs as it stands, with a service that keeps the key of the certificate."""
    kms = Kms(sandbox.partner.private_key)
    partner = documented(kms)["partner"]
    sandbox.enrol(attrs.evolve(partner, private_key=sandbox.partner.private_key), ["120344"])

    async with Client(partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
        await client.call(SET)

    assert 1 == kms.asked


@pytest.mark.parametrize("kind", ["merchant", "partner", "brand"])
async def test_a_key_that_is_kept_elsewhere(sandbox: Sandbox, unpaced: Pacer, kind: str) -> None:
    """Every identity signs with a signer, and WeChat Pay sees no difference."""
    held = getattr(sandbox, kind)
    kms = Kms(held.private_key)
    identity = attrs.evolve(held, private_key=documented(kms)["KmsKey"](kms, "alias/wechat-pay"))

    async with Client(identity, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client:
        if kind == "merchant":
            await client.call(busifavor.SetCallback(notify_url="https://example.com/notify"))
        else:
            await client.call(SET)

    assert 1 == kms.asked
    assert isinstance(identity.signer, Signer)
    assert held.signer is None
    assert "Kms" not in repr(identity)
    with pytest.raises(ConfigurationError, match="is kept elsewhere; KmsKey signs with it"):
        _ = identity.private_key


async def _refused(_: bytes) -> bytes:
    raise PermissionError("token-of-the-kms")


async def _timed_out(_: bytes) -> bytes:
    raise TimeoutError


async def _cancelled(_: bytes) -> bytes:
    raise asyncio.CancelledError


async def _text(_: bytes) -> Any:
    return "c2lnbmF0dXJl"


async def _short(_: bytes) -> bytes:
    return b"\0" * 64


async def _base64(message: bytes) -> bytes:
    return crypto.sign(KEY, message).encode()


async def _hexadecimal(message: bytes) -> bytes:
    return base64.b64decode(crypto.sign(KEY, message)).hex().encode()


async def _base64_of_a_longer_key(_: bytes) -> bytes:
    return base64.b64encode(bytes(range(256)) + bytes(128))


def signer(sign: Callable[[bytes], Awaitable[Any]]) -> Signer:
    """A signer that does this."""

    class Made:
        async def sign(self, message: bytes) -> bytes:
            done: bytes = await sign(message)
            return done

    return Made()


@pytest.mark.parametrize(
    ("sign", "kind", "says"),
    [
        (_refused, SigningError, "the signer Made failed with PermissionError"),
        (_timed_out, SigningError, "the signer Made failed with TimeoutError"),
        (_cancelled, SigningError, "the signer Made failed with CancelledError"),
        (_text, ConfigurationError, "the signer Made gave str; it has to give the raw signature as bytes"),
        (_short, ConfigurationError, "the signer Made gave 64 bytes"),
        (_base64, ConfigurationError, "gave 344 bytes; it has to give the raw signature as bytes.*nor base64"),
        (_hexadecimal, ConfigurationError, "gave 512 bytes; it has to give the raw signature.*nor hexadecimal"),
        (_base64_of_a_longer_key, ConfigurationError, "gave 512 bytes; it has to give the raw signature as bytes"),
    ],
    ids=["refuses", "times out", "is cancelled itself", "text", "another signature", "base64", "hex", "longer base64"],
)
async def test_a_signer_that_fails(
    sandbox: Sandbox, sign: Callable[[bytes], Awaitable[Any]], kind: type[Exception], says: str
) -> None:
    """Whatever it does, it is one error that nothing was sent, with the signer's own as its cause."""
    asked = 0

    async def counted(message: bytes) -> Any:
        nonlocal asked
        asked += 1
        return await sign(message)

    identity = attrs.evolve(sandbox.partner, private_key=signer(counted))
    client = Client(identity, sandbox.platform_keys, base_url=sandbox.base_url, pacer=Pacer(), retry=AT_ONCE)
    async with client:
        with pytest.raises(kind, match=says) as caught:
            await client.call(SET)

    error: Any = caught.value
    assert asked == (4 if error.retryable else 1)
    assert not sandbox.arrivals
    assert not error.outcome_unknown
    assert error.same_request_no is True
    assert "token-of-the-kms" not in str(error)
    assert SET.route.call == error.call
    assert (type(error.__cause__) is PermissionError) is (sign is _refused)


async def test_a_signer_that_is_asked_again(sandbox: Sandbox) -> None:
    """Failures of a KMS do not end a call: nothing left, so it is signed again."""
    asked = 0

    async def recovers(message: bytes) -> bytes:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise ConnectionError
        return base64.b64decode(crypto.sign(sandbox.partner.private_key, message))

    identity = attrs.evolve(sandbox.partner, private_key=signer(recovers))
    client = Client(identity, sandbox.platform_keys, base_url=sandbox.base_url, pacer=Pacer(), retry=AT_ONCE)
    async with client:
        await client.call(SET)

    assert (3, 1) == (asked, len(sandbox.arrivals))


async def test_a_signer_that_fails_after_a_sending(sandbox: Sandbox) -> None:
    """What is known of the call is what became of the attempt that was sent."""
    asked = 0

    async def fails_later(message: bytes) -> bytes:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise ConnectionError
        return base64.b64decode(crypto.sign(sandbox.partner.private_key, message))

    sandbox.fail_next(503)
    identity = attrs.evolve(sandbox.partner, private_key=signer(fails_later))
    client = Client(identity, sandbox.platform_keys, base_url=sandbox.base_url, pacer=Pacer(), retry=AT_ONCE)
    async with client:
        with pytest.raises(ServerError) as caught:
            await client.call(SET)

    assert caught.value.outcome_unknown
    assert (4, 1) == (asked, len(sandbox.arrivals))


async def test_a_signer_that_takes_too_long(sandbox: Sandbox) -> None:
    """The timeout of the call holds for it too, and nothing was sent, so the outcome is known."""

    async def never(_: bytes) -> bytes:
        await asyncio.Event().wait()
        return b""

    identity = attrs.evolve(sandbox.partner, private_key=signer(never))
    settings: dict[str, Any] = {"base_url": sandbox.base_url, "pacer": Pacer(), "retry": NEVER}
    async with Client(identity, sandbox.platform_keys, timeout=0.05, **settings) as client:
        with pytest.raises(SigningError, match=r"no signature within 0\.05 s,") as caught:
            await client.call(SET)
        with pytest.raises(SigningError, match=r"no signature within 0\.0\d? s,"):
            await client.with_options(deadline=0.049).call(SET)

    assert not caught.value.outcome_unknown
    assert not sandbox.arrivals


async def test_a_call_that_is_cancelled_while_it_is_signed(sandbox: Sandbox) -> None:
    """The signer is cancelled with it."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def waits(_: bytes) -> bytes:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    identity = attrs.evolve(sandbox.partner, private_key=signer(waits))
    async with Client(identity, sandbox.platform_keys, base_url=sandbox.base_url, pacer=Pacer()) as client:
        call = asyncio.create_task(client.call(SET))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    assert ended.is_set()


class NotAsync:
    """What looks like a signer."""

    def sign(self, message: bytes) -> bytes:
        """Sign at once."""
        return message

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Open at once."""
        return ciphertext


def test_a_pkcs12_as_a_private_key() -> None:
    """What the file of the platform holds is taken as it is."""
    serial, data = certified()
    found = crypto.pkcs12(data, "1900000001")

    merchant = Merchant(mchid="1900000001", serial_no=serial, private_key=found)

    assert found.private_key is merchant.private_key


@pytest.mark.parametrize("source", [object(), None, 5, {}], ids=["object", "none", "number", "dict"])
def test_what_is_no_key_at_all(source: Any) -> None:
    """It is said what a private key may be."""
    with pytest.raises(ConfigurationError, match=f"private_key: a {type(source).__name__} is none; give a path, PEM"):
        Merchant(mchid="1", serial_no="AB", private_key=source)


def _ran(said: str, home: Path, *more: str) -> bytes:
    """Run the command that an error names, and read what it makes."""
    command = re.search("openssl [^;(]*? -out plain.pem", said)
    assert command is not None
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    subprocess.run([*shlex.split(command[0]), *more], cwd=home, check=True, capture_output=True)
    return (home / "plain.pem").read_bytes()


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS#8", "traditional"])
def test_the_command_that_makes_plain_pem(tmp_path: Path, form: PrivateFormat) -> None:
    """Of an encrypted key where plain PEM is taken, the error names the command that makes it, and that works."""
    path = tmp_path / "my key.pem"
    path.write_bytes(encrypted(form))
    with pytest.raises(ConfigurationError, match=r"is encrypted; load it with crypto\.pem") as caught:
        Merchant(mchid="1", serial_no="AB", private_key=path)
    plain = _ran(str(caught.value), tmp_path, "-passin", f"pass:{WORD}")

    assert KEY.private_numbers() == crypto.load_private_key(plain).private_numbers()
    with pytest.raises(ConfigurationError, match=r"-in key\.pem -out"):
        Merchant(mchid="1", serial_no="AB", private_key=encrypted(form).decode())


def test_the_command_that_takes_a_key_out_of_pkcs12(tmp_path: Path) -> None:
    """A PKCS#12 where PEM is taken is recognised, and the error names the command, and that works."""
    path = tmp_path / "my cert.p12"
    path.write_bytes(certified()[1])
    with pytest.raises(ConfigurationError, match=r"is PKCS#12; load it with crypto\.pkcs12") as caught:
        Merchant(mchid="1", serial_no="AB", private_key=str(path))
    plain = _ran(str(caught.value), tmp_path, "-passin", "pass:1900000001")

    assert KEY.private_numbers() == crypto.load_private_key(plain).private_numbers()
    with pytest.raises(ConfigurationError, match=r"-in apiclient_cert\.p12 -nodes"):
        Merchant(mchid="1", serial_no="AB", private_key=certified()[1])


@pytest.mark.parametrize("source", [NotAsync(), ec.generate_private_key(ec.SECP256R1())], ids=["not async", "elliptic"])
def test_what_is_no_signer(source: Any) -> None:
    """What has a method of that name, and does not give it to be awaited, is refused in words."""
    with pytest.raises(ConfigurationError, match="neither an RSA key nor a signer"):
        Merchant(mchid="1", serial_no="AB", private_key=source)


def test_what_is_no_decryptor() -> None:
    """A decryptor is awaited too."""
    decryptor: Any = NotAsync()
    assert isinstance(decryptor, Decryptor)
    with pytest.raises(ConfigurationError, match="decryptor of a Brand has a method: async def decrypt"):
        Brand(brand_id="1", serial_no="AB", private_key=KEY, decryptor=decryptor)


async def test_signing_in_an_executor(sandbox: Sandbox, unpaced: Pacer) -> None:
    """An executor signs, and is left running when the client is closed."""
    with ThreadPoolExecutor(2) as executor:
        async with Client(
            sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, signing=executor
        ) as client:
            await asyncio.gather(*(client.call(SET) for _ in range(8)))
        assert 1 == executor.submit(lambda: 1).result()

    assert 8 == len(sandbox.arrivals)


async def test_an_executor_that_is_shut_down(sandbox: Sandbox) -> None:
    """Its owner is told; nothing was sent."""
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    client = Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=Pacer(), signing=executor)
    async with client:
        with pytest.raises(ClientStateError, match="takes no work"):
            await client.call(SET)

    assert not sandbox.arrivals


async def test_an_executor_that_is_shut_down_meanwhile(sandbox: Sandbox) -> None:
    """A signature that was given up is not a call that was given up by its caller."""
    busy = threading.Event()
    executor = ThreadPoolExecutor(1)
    executor.submit(busy.wait)
    client = Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=Pacer(), signing=executor)
    async with client:
        call = asyncio.create_task(client.call(SET))
        while executor._work_queue.empty():  # noqa: ASYNC110 - a thread's queue has no event
            await asyncio.sleep(0)
        executor.shutdown(wait=False, cancel_futures=True)
        busy.set()
        with pytest.raises(ClientStateError, match="takes no work"):
            await call
    executor.shutdown()


@pytest.mark.parametrize("signing", ["outline", None, 2], ids=repr)
def test_a_way_of_signing_that_is_none(signing: Any) -> None:
    """It is one of two words or an executor."""
    partner = Partner(mchid="1", serial_no="AB", private_key=KEY)
    with pytest.raises(ConfigurationError, match="signing is 'inline', 'eager' or an executor"):
        Client(partner, {"PUB_KEY_ID_01": KEY.public_key()}, signing=signing)


def test_processes_do_not_sign() -> None:
    """A private key does not leave the process, and that is said before any call."""
    partner = Partner(mchid="1", serial_no="AB", private_key=KEY)
    with (
        ProcessPoolExecutor(1) as executor,
        pytest.raises(ConfigurationError, match=r"signing: a ProcessPoolExecutor cannot .* give a ThreadPoolExecutor"),
    ):
        Client(partner, {"PUB_KEY_ID_01": KEY.public_key()}, signing=executor)


async def _turns(gate: Gate, count: int) -> list[tuple[int, int]]:
    """Let so many ask at once; who passed in which turn of the loop."""
    passed: list[tuple[int, int]] = []
    turn = 0
    loop = asyncio.get_running_loop()

    def tick() -> None:
        nonlocal turn
        turn += 1
        if len(passed) < count:
            loop.call_soon(tick)

    async def ask(number: int) -> None:
        await gate.turn()
        passed.append((turn, number))

    loop.call_soon(tick)
    await asyncio.gather(*(ask(number) for number in range(count)))
    return passed


async def test_one_a_turn_in_their_order() -> None:
    """However many ask, one passes in each turn of the loop, first come first served."""
    passed = await _turns(Gate(), 20)

    assert list(range(20)) == [number for _, number in passed]
    assert 20 == len({turn for turn, _ in passed})


async def test_who_comes_while_the_last_one_passes_waits() -> None:
    """The gate is not open again in the turn in which the last of the queue works."""
    gate = Gate()
    turns: list[int] = []
    turn = 0

    async def ask() -> None:
        await gate.turn()
        turns.append(turn)

    tasks: list[asyncio.Task[None]] = []
    for turn in range(12):
        if turn < 6:
            tasks.append(asyncio.create_task(ask()))
        await asyncio.sleep(0)
    while not all(task.done() for task in tasks):
        turn += 1
        await asyncio.sleep(0)

    assert 6 == len(turns) == len(set(turns))


async def test_who_gives_up_waiting_delays_nobody() -> None:
    """One that is cancelled in the queue, or right when its turn comes, leaves no hole that stops the others."""
    gate = Gate()
    passed: list[int] = []

    async def ask(number: int) -> None:
        await gate.turn()
        passed.append(number)

    tasks = [asyncio.create_task(ask(number)) for number in range(6)]
    await asyncio.sleep(0)
    for number in (1, 2, 4):
        tasks[number].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)

    assert [0, 3, 5] == passed
    assert [1, 2, 4] == [number for number, result in enumerate(done) if isinstance(result, asyncio.CancelledError)]
    await asyncio.wait_for(gate.turn(), 1)


@pytest.mark.parametrize(("signing", "most"), [("inline", 1), ("eager", 6)])
async def test_signatures_in_one_turn(signing: Literal["inline", "eager"], most: int) -> None:
    """Of many that are asked for at once, one is made in a turn of the loop, or all of them."""
    desk_, turn, made = desk(signing), 0, list[int]()

    async def ask() -> None:
        await desk_.run(lambda: made.append(turn))

    tasks = [asyncio.create_task(ask()) for _ in range(6)]
    while not all(task.done() for task in tasks):
        turn += 1
        await asyncio.sleep(0)

    assert most == max(made.count(turn) for turn in made)


async def test_an_eager_client(sandbox: Sandbox, unpaced: Pacer) -> None:
    """Its requests are signed and its answers proven like any others."""
    async with Client(
        sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, signing="eager"
    ) as client:
        answers = await asyncio.gather(*(client.call(SET) for _ in range(6)))

    assert 6 == len(answers)


def test_a_gate_holds_no_loop() -> None:
    """A process that makes one event loop after the other keeps none of them."""

    async def work() -> weakref.ref[asyncio.AbstractEventLoop]:
        desk = Inline()
        await asyncio.gather(*(desk.run(int) for _ in range(3)))
        return weakref.ref(asyncio.get_running_loop())

    loops = [asyncio.run(work()) for _ in range(3)]
    gc.collect()

    assert [None] * 3 == [loop() for loop in loops]


async def test_all_clients_of_a_loop_share_its_gate() -> None:
    """Two desks in one loop take turns, and another loop has a gate of its own."""
    first, second = Inline(), Inline()
    await asyncio.gather(first.run(int), second.run(int))

    assert first._gate is second._gate

    def elsewhere() -> Gate | None:
        there = Inline()
        asyncio.run(there.run(int))
        return there._gate

    assert await asyncio.to_thread(elsewhere) is not first._gate
