"""A server that costs nearly nothing: every request gets one answer, signed beforehand.

What is measured against it is the client. The answer is what an upload of 200 codes gets, its signature is real and
is renewed before it is too old, and nothing that arrives is looked at beyond its length. For jobs that believe only an
answer that names their codes there is ``naming``: the answers to the uploads of a file are written and signed before
the job begins, when :func:`prepare` is told of the file; any other upload is answered with its codes too, signed on the
spot.

Run as ``python -m benchmarks.answering`` it prints one line of JSON and serves until its stdin is closed, so it ends
with the process that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import itertools
import json
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from wxcoupon import crypto, wire

from .measure import pin
from .payload import CODES, answer_body

KEY_ID: Final = "PUB_KEY_ID_0110000001"
_FIRST_CODE: Final = re.compile(rb'"code_list":\s*\["([^"]*)"')
_CODE_LIST: Final = re.compile(rb'"code_list":\s*(\[[^\]]*\])')
_RENEWED: Final = 60
"""Seconds one signature is used; answers older than 300 are refused by every client."""


@attrs.frozen
class Server:
    """A running server.

    Attributes:
        base_url: where it answers.
        public_key: PEM of the key its answers verify with, whose id is :data:`KEY_ID`.
        certificate: path of the TLS certificate to trust, None over plain HTTP.
    """

    base_url: str
    public_key: str
    certificate: str | None


class Answers:
    """The bytes of the answer, with a signature that is young enough."""

    def __init__(self, key: crypto.PrivateKey, *, naming: bool) -> None:
        self._key = key
        self._body = answer_body()
        self._made = 0.0
        self._prepared: dict[bytes, bytes] = {}
        self.naming = naming
        self.head_and_body = b""
        self.renew()

    def renew(self) -> None:
        """Sign again, if the signature is a minute old."""
        now = time.time()
        if now - self._made < _RENEWED:
            return
        self._made = now
        self.head_and_body = self._signed(self._body, now)

    def _signed(self, body: bytes, now: float) -> bytes:
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Request-ID": "08F78BB1C006105A18FEE0A5DC02200C28D1830B-0",
            **wire.sign_answer(self._key, KEY_ID, body, timestamp=int(now), nonce=wire.new_nonce()),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body

    def prepare(self, file: Path) -> None:
        """Answer the uploads of a file's codes, 200 at a time."""
        self._prepared.clear()
        with file.open() as lines:
            codes = map(str.strip, lines)
            while chunk := list(itertools.islice(codes, CODES)):
                listed = json.dumps(chunk, separators=(",", ":")).encode()
                self._prepared[chunk[0].encode()] = self._stored(len(chunk), listed)

    def to(self, request: bytearray) -> bytes:
        """The answer to an upload: that its codes are stored."""
        if not self.naming:
            return self.head_and_body
        if (first := _FIRST_CODE.search(request)) is None:
            self.prepare(Path(request.decode()))
            return self.head_and_body
        if (prepared := self._prepared.get(first[1])) is not None:
            return prepared
        codes = _CODE_LIST.search(request)
        assert codes
        return self._stored(codes[1].count(b",") + 1, codes[1])

    def _stored(self, number: int, listed: bytes) -> bytes:
        return self._signed(b'{"total_count":%d,"success_code_list":%s}' % (number, listed), time.time())


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as the clients measured here speak it: every request has a length."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._buffer = bytearray()
        self._body = bytearray()  # as far as it has come, where somebody looks at it
        self._missing = -1  # bytes of the body still to come; -1 while the head is
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a whole request is there."""
        if self._missing < 0:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            _, _, length = head.partition(b"\r\ncontent-length:")
            self._missing = int(length.partition(b"\r\n")[0] or 0) - (len(self._buffer) - end - 4)
            if self._answers.naming:
                self._body += self._buffer[end + 4 :]
            self._buffer.clear()
        else:
            self._missing -= len(data)
            if self._answers.naming:
                self._body += data
        if self._missing <= 0:
            self._missing = -1
            assert self._transport is not None
            self._transport.write(self._answers.to(self._body))
            self._body.clear()


def _certificate(directory: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that is good for this run, and its key."""
    key = crypto.new_private_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    certificate, private = directory / "certificate.pem", directory / "certificate-key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(crypto.private_pem(key))
    return certificate, private


async def _serve(certificate: Path | None, private: Path | None, *, naming: bool) -> None:
    loop = asyncio.get_running_loop()
    key = crypto.new_private_key()
    answers = Answers(key, naming=naming)
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, private)
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0, ssl=context, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    ready = Server(
        base_url=f"{'https' if context else 'http'}://127.0.0.1:{port}",
        public_key=crypto.public_pem(key).decode(),
        certificate=str(certificate) if certificate else None,
    )
    print(json.dumps(attrs.asdict(ready)), flush=True)
    parent_gone = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), parent_gone.set)
    while not parent_gone.is_set():
        answers.renew()
        try:
            await asyncio.wait_for(parent_gone.wait(), timeout=_RENEWED / 2)
        except TimeoutError:
            continue


@contextmanager
def answering(*, tls: bool = False, naming: bool = False) -> Generator[Server]:
    """Run the server in a process of its own while the block lasts.

    Args:
        tls: over https.
        naming: answers name the codes of their requests.
    """
    options = [*(["--tls"] if tls else []), *(["--naming"] if naming else [])]
    command = [sys.executable, "-m", "benchmarks.answering", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the answering server did not start; its message is above")
            yield Server(**json.loads(line))
        finally:
            process.stdin.close()


def prepare(base_url: str, file: Path) -> None:
    """Have a server that names codes write and sign its answers to the uploads of a file before they come."""
    with urllib.request.urlopen(base_url, data=str(file).encode()) as answer:  # noqa: S310 - our own server
        answer.read()


def main() -> None:
    """Serve until stdin is closed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answering", description=__doc__)
    parser.add_argument("--tls", action="store_true", help="serve https with a self-signed certificate")
    parser.add_argument("--naming", action="store_true", help="name the codes of each request in its answer")
    arguments = parser.parse_args()
    pin(1)
    with tempfile.TemporaryDirectory(prefix="wxcoupon-bench-") as directory:
        certificate, private = _certificate(Path(directory)) if arguments.tls else (None, None)
        asyncio.run(_serve(certificate, private, naming=arguments.naming))


if __name__ == "__main__":
    main()
