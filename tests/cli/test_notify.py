"""``wxcoupon notify``: taking, sending and opening callbacks."""

import json
import shlex
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from wxcoupon import Client, Pacer, busifavor
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.testing import Callback, Callbacks, callback

from .conftest import Cli, Local

SEND = "PRODUCT_COUPON_SP.SEND"
PLATFORM = ("WXCOUPON_PLATFORM_KEY_ID", "WXCOUPON_PLATFORM_KEY_FILE")


class Listening:
    """A ``notify listen`` in a process of its own.

    Attributes:
        url: where callbacks go.
        out, err: what it wrote, once it has ended.
        status: how it ended.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.out = self.err = ""
        self.status: int | None = None

    @property
    def came(self) -> list[Any]:
        """The callbacks it printed."""
        return [json.loads(line) for line in self.out.splitlines()]


@contextmanager
def listening(cli: Cli, *words: str, end: signal.Signals = signal.SIGTERM) -> Iterator[Listening]:
    """Let a service listen until the block is left, and read then what it wrote."""
    with cli.start("notify", "listen", *words) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert process.pid == ready["pid"]
        service = Listening(ready["url"])
        try:
            yield service
        finally:
            process.send_signal(end)
            service.out, service.err = process.communicate(timeout=30)
            service.status = process.returncode


def _post(url: str, made: Callback) -> int:
    request = urllib.request.Request(url, made.body, made.headers, method="POST")  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        status: int = answer.status
        return status


@pytest.fixture
def throwaway(bare: Cli, tmp_path: Path) -> Callbacks:
    """What makes callbacks that the settings of the command line believe, which have no identity."""
    made = Callbacks()
    made.save(tmp_path / "keys")
    words = shlex.split((tmp_path / "keys" / "callbacks.env").read_text())
    bare.environ.update(dict(word.split("=", 1) for word in words))
    return made


@pytest.mark.usefixtures("throwaway")
def test_every_variant_gets_its_answer(bare: Cli) -> None:
    """What was sent genuine is acknowledged and printed, each delivery of it; the rest is refused and said to be."""
    with listening(bare, "--path", "/notify", "--json") as service:
        kept = [bare("notify", "send", SEND, "--url", service.url, "--id", "n-1") for _ in range(2)]
        unknown = bare("notify", "send", "NEW.THING", "--url", service.url, "--data", '{"a": 1}', "--json")
        wrong = {
            variant: bare("notify", "send", SEND, "--url", service.url, "--variant", variant)
            for variant in ("forged", "stale", "probe", "unopenable")
        }
        lost = bare("notify", "send", SEND, "--url", f"{service.url}/other")

    assert [(0, "204\n")] * 2 == [(ended.status, ended.out) for ended in kept]
    assert {"status": 204, "body": "", "right": True, "event_type": "NEW.THING", "variant": "genuine"} == (
        unknown.document
    )
    assert {"forged": 401, "stale": 401, "probe": 401, "unopenable": 500} == {
        variant: int(ended.out.split()[0]) for variant, ended in wrong.items()
    }
    assert {0} == {ended.status for ended in wrong.values()}
    assert (1, "404\n", True) == (lost.status, lost.out, "has to be answered with 200 or 204" in lost.err)
    assert [("n-1", SEND), ("n-1", SEND)] == [(each["id"], each["event_type"]) for each in service.came[:2]]
    assert {"a": 1} == service.came[2]["resource"]
    assert [
        ("BadSignature", 401),
        ("ClockSkew", 401),
        ("ProbeSignature", 401),
        ("CannotOpen", 500),
        ("WrongPath", 404),
    ] == [(line["refused"]["type"], line["refused"]["status"]) for line in map(json.loads, service.err.splitlines())]
    assert (0, 3) == (service.status, len(service.came))


@pytest.mark.parametrize(("end", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_end(bare: Cli, throwaway: Callbacks, end: signal.Signals, status: int) -> None:
    """It stops quietly, and what is refused is one line of words on stderr."""
    with listening(bare, end=end) as service:
        assert 204 == _post(service.url, throwaway(SEND, openid="o-1", coupon_code="券"))
        ended = bare("notify", "send", SEND, "--url", service.url, "--variant", "unsigned")

    assert (status, "o-1", "券") == (
        service.status,
        service.came[0]["resource"]["openid"],
        service.came[0]["resource"]["coupon_code"],
    )
    assert (0, True) == (ended.status, service.err.startswith("refused with 401: MissingSignature: "))
    assert "Traceback" not in service.err


async def test_the_sandbox_is_believed(keys: Keys, bare: Cli, tmp_path: Path, unpaced: Pacer) -> None:
    """A service with a partner's settings and no public key learns the certificate that a real callback needs."""
    async with Sandbox(rate_limits="off", keys=keys, mode="certificate", directory=tmp_path / "there") as sandbox:
        local = Local(sandbox.base_url, tmp_path / "there")
        bare.environ = {name: value for name, value in local.settings().items() if name not in PLATFORM}
        with listening(bare) as service:
            sandbox.notify_url = service.url
            async with Client(
                sandbox.merchant, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced
            ) as client:
                sent = await client.call(
                    busifavor.SendCoupon(
                        out_request_no="send_1", openid="o-1", appid="wx1234567890abcdef", stock_id="100089"
                    )
                )
            await sandbox.settled()

    assert [("COUPON.SEND", sent.result.coupon_code)] == [
        (each["event_type"], each["resource"]["coupon_code"]) for each in service.came
    ]


def test_a_sandbox_probes(bare: Cli, tmp_path: Path) -> None:
    """The sandbox sends as many probes as it is told to, and no more than all."""
    came: SimpleQueue[str] = SimpleQueue()

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Refuse a callback, as a probe has to be."""
            came.put(self.headers["Wechatpay-Signature"])
            self.send_error(401)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        words = ("--notify-url", f"http://127.0.0.1:{server.server_port}/notify", "--probe-callbacks", "1.0")
        with bare.start("sandbox", "--dir", "there", *words) as sandbox:
            assert sandbox.stdout is not None
            local = Local(json.loads(sandbox.stdout.readline())["base_url"], tmp_path / "there")
            bare.environ = local.settings("merchant")
            sending = {"out_request_no": "send_1", "openid": "o-1", "appid": "wx1234567890", "stock_id": "100089"}
            assert 0 == bare("call", "busifavor.send_coupon", "--data", json.dumps(sending)).status
            signature = came.get(timeout=30)
            sandbox.terminate()
        server.shutdown()
    bare.environ = {}
    ended = bare("sandbox", "--probe-callbacks", "2")

    assert "WECHATPAY/SIGNTEST/" == signature[:19]
    assert (2, True) == (ended.status, "from 0 for none to 1 for all" in ended.err)


@pytest.mark.parametrize("named", [False, True], ids=["by-settings", "by-directory"])
def test_a_sandbox_has_the_keys(cli: Cli, local: Local, named: bool) -> None:  # noqa: FBT001 - a case
    """What listens with the settings of a sandbox believes what is sent with them, or with its directory."""
    with listening(cli) as service:
        settings = dict(cli.environ)
        if named:
            cli.environ.clear()
        words = ["--dir", local.folder] if named else []
        ended = cli("notify", "send", "COUPON.USE", "--url", service.url, "--data", '{"coupon_id": "7"}', *words)
        cli.environ.update(settings)

    assert (0, "204\n", "") == (ended.status, ended.out, ended.err)
    assert ["7"] == [each["resource"]["coupon_id"] for each in service.came]


def test_keys_are_made_once(bare: Cli, tmp_path: Path) -> None:
    """Without settings throwaway keys are made, kept, and used again; they are said to be where they are."""
    url = "http://127.0.0.1:9/never"
    first, second = (bare("notify", "send", SEND, "--url", url) for _ in range(2))

    assert (5, 5) == (first.status, second.status)
    assert "made throwaway keys in wxcoupon-callbacks" in first.err
    assert "made" not in second.err
    assert "is it running?" in second.err
    assert (tmp_path / "wxcoupon-callbacks" / "callbacks.env").exists()


def test_what_cannot_be_sent(bare: Cli, throwaway: Callbacks, tmp_path: Path) -> None:
    """Whatever is wrong on this side is refused before anything is sent, with what to do."""
    del throwaway
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    sending: tuple[Any, ...] = ("notify", "send", SEND, "--url", "http://127.0.0.1:9/never")
    for words, said in (
        (("notify", "send", SEND, "--url", "ftp://x"), "begins with http:// or https://"),
        ((*sending, "--data", "[]"), "one JSON object"),
        (("notify", "send", "COUPON.SENT", *sending[3:]), "is no event that is known here"),
        ((*sending, "--variant", "wrong"), "genuine"),
        ((*sending, "--dir", "full"), "has no callbacks.env"),
    ):
        ended = bare(*words)
        assert (2, True) == (ended.status, said in ended.err), ended.err
    (tmp_path / "keys" / "platform_private_key.pem").write_bytes((tmp_path / "keys" / "platform_key.pem").read_bytes())
    assert 2 == bare(*sending).status
    (tmp_path / "keys" / "platform_private_key.pem").unlink()
    assert "a real one has WeChat Pay alone" in bare(*sending).err
    bare.environ = {"WXCOUPON_APIV3_KEY": "k" * 32}
    ended = bare(*sending)
    assert (2, True) == (ended.status, "nobody but WeChat Pay can sign" in ended.err)


def test_another_private_key(bare: Cli, throwaway: Callbacks, tmp_path: Path, keys: Keys) -> None:
    """A private key that does not belong to the public one of the settings signs nothing."""
    del throwaway
    Callbacks.of(keys).save(tmp_path / "other")
    (tmp_path / "other" / "platform_private_key.pem").replace(tmp_path / "keys" / "platform_private_key.pem")
    ended = bare("notify", "send", SEND, "--url", "http://127.0.0.1:9/never")

    assert (2, True) == (ended.status, "is not the private half of" in ended.err)


def test_where_it_cannot_listen(bare: Cli, throwaway: Callbacks) -> None:
    """A port, a path or an address that is none, or is taken, is refused; so are settings that open nothing."""
    del throwaway
    with listening(bare) as service:
        port = service.url.split(":")[2].strip("/")
        for words, said in (
            (("--port", "70000"), "is no port"),
            (("--path", "x"), "is no path"),
            (("--port", port), "give another --host or --port"),
        ):
            ended = bare("notify", "listen", *words)
            assert (2, True) == (ended.status, said in ended.err), ended.err
    del bare.environ["WXCOUPON_APIV3_KEY"]
    assert "missing settings: WXCOUPON_APIV3_KEY" in bare("notify", "listen").err
    bare.environ = {"WXCOUPON_APIV3_KEY": "k" * 32}
    assert "missing settings: WXCOUPON_IDENTITY" in bare("notify", "listen").err


def test_nobody_reads(bare: Cli, throwaway: Callbacks) -> None:
    """It ends when what it prints is read by nobody any more, and has not acknowledged what was not printed."""
    with bare.start("notify", "listen") as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        process.stdout.close()
        with pytest.raises(urllib.error.HTTPError, match="500"):
            _post(url, throwaway(SEND))
        process.wait(timeout=30)
        assert process.stderr is not None
        said = process.stderr.read()

    assert (130, True, False) == (process.returncode, "nobody reads the output" in said, "Traceback" in said)


@pytest.mark.parametrize("kind", ["lines", "json"])
def test_a_stored_callback_is_opened(bare: Cli, throwaway: Callbacks, tmp_path: Path, kind: str) -> None:
    """A stored body is opened; with its headers it is proven too, however old it is."""
    made = throwaway(SEND, at=time.time() - 86400, notification_id="n-1", coupon_code="A-1")
    (tmp_path / "body.json").write_bytes(made.body)
    headers = {name.lower(): value for name, value in made.headers.items()}
    (tmp_path / "headers").write_text(
        json.dumps(headers)
        if kind == "json"
        else "POST /notify HTTP/1.1\n" + "".join(f"{name}: {value}\n" for name, value in headers.items())
    )
    opened = bare("notify", "decrypt", "body.json", "--json")
    proven = bare("notify", "decrypt", "body.json", "--headers", "headers")

    assert (0, 0) == (opened.status, proven.status)
    assert opened.document == proven.document
    assert ("n-1", SEND, "A-1") == (
        opened.document["id"],
        opened.document["event_type"],
        opened.document["resource"]["coupon_code"],
    )
    assert (True, True) == ("not proven" in opened.err, "proven: WeChat Pay signed it" in proven.err)


def test_the_standard_input_is_opened(bare: Cli, throwaway: Callbacks) -> None:
    """A body may be piped in."""
    ended = bare.process("notify", "decrypt", "-", stdin=throwaway(SEND, coupon_code="A-1").body.decode())

    assert (0, "A-1") == (ended.status, ended.document["resource"]["coupon_code"])


def test_what_cannot_be_opened(bare: Cli, throwaway: Callbacks, tmp_path: Path) -> None:
    """What is not proven, does not open or is no callback ends with 4, and what is not there with 2."""
    good, forged = throwaway(SEND), throwaway(SEND, variant="forged")
    (tmp_path / "body").write_bytes(good.body)
    (tmp_path / "unopenable").write_bytes(callback(SEND, variant="unopenable").body)
    (tmp_path / "words").write_text("words")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfd")
    (tmp_path / "forged").write_text(json.dumps(forged.headers))
    (tmp_path / "undated").write_text(json.dumps(good.headers | {"Wechatpay-Timestamp": "noon"}))
    for words, status, said in (
        (("body", "--headers", "forged"), 4, "signature"),
        (("body", "--headers", "undated"), 4, "Wechatpay-Timestamp"),
        (("body", "--headers", "words"), 4, "Wechatpay-"),
        (("unopenable",), 4, "does not open"),
        (("words",), 4, "not the JSON"),
        (("missing",), 2, "cannot be read"),
        (("body", "--headers", "missing"), 2, "cannot be read"),
        (("body", "--headers", "binary"), 2, "neither JSON nor lines"),
    ):
        ended = bare("notify", "decrypt", *words)
        assert (status, True) == (ended.status, said in ended.err), (words, ended.err)
