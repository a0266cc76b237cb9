"""A job whose ledger is found as it was at any moment: after every answer, and after every write and inside each."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.fault_proxy import Answered, FaultProxy
from wxcoupon import Client, Pacer, Partner
from wxcoupon.bulk import upload_codes
from wxcoupon.bulk.ledger import Chunk, State
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.ledgers.sqlite_schema import opened
from wxcoupon.bulk.ledgers.sqlite_tables import Tables
from wxcoupon.sandbox import Keys, Sandbox

from .lines import Lines, write
from .proof import every_line_once, told, whole
from .servers import new_stock, sandbox_that_forgets

_JOB = "spring"
_CODES = 2_400
"""Twelve calls."""
_CONCURRENCY = 3
_HEAD = 32
"""Bytes of the log before its first frame."""
_FRAME = 24 + 4096


@attrs.frozen
class Image:
    """What a crash leaves.

    Attributes:
        main: the file of the ledger.
        log: its log.
        held: the codes that the server has by then.
    """

    main: bytes = attrs.field(repr=False)
    log: bytes = attrs.field(repr=False)
    held: list[str] = attrs.field(repr=False)


@attrs.define
class Scene:
    """A job, its server, and what is known of it since it was run once.

    Attributes:
        calls: the codes of each call by its number.
    """

    folder: Path
    sandbox: Sandbox
    ids: dict[str, Any]
    lines: Lines
    calls: dict[str, list[str]] = attrs.field(factory=dict[str, list[str]])
    runs: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    @property
    def held(self) -> list[str]:
        """The codes that the server has."""
        return list(self.sandbox.world.stocks[self.ids["stock_id"]].codes)

    def client(self, base_url: str) -> Client[Partner]:
        """A client that is held to no rate."""
        pacer = Pacer({"product_coupon.upload_coupon_codes": None})
        return Client(self.sandbox.partner, self.sandbox.platform_keys, base_url=base_url, pacer=pacer)

    def go_back(self, codes: list[str]) -> None:
        """Let the server have these codes and no others."""
        world = self.sandbox.world
        stock = world.stocks[self.ids["stock_id"]]
        world.codes[stock.owner.brand_id].clear()
        stock.codes.clear()
        stock.free.clear()
        world.add_codes(stock, codes)

    async def first_run(self) -> tuple[list[Image], Image]:
        """Run the job; what a crash would leave after each answer and each outcome, and the ledger at its end."""
        path = self.folder / "first"
        log = Path(f"{path}-wal")
        images: list[Image] = []

        def look(_: Answered | None = None) -> None:
            images.append(Image(path.read_bytes(), log.read_bytes(), self.held))

        async with FaultProxy(self.sandbox.base_url) as proxy, SqliteLedger(path) as ledger:
            proxy.then(*[look] * (_CODES // 200))
            async with (
                self.client(proxy.base_url) as client,
                upload_codes(
                    client, self.lines.path, **self.ids, job=_JOB, ledger=ledger, concurrency=_CONCURRENCY
                ) as run,
            ):
                look()
                async for _ in run:
                    look()
            look()
        for arrival in self.sandbox.arrivals:
            if arrival.name == "product_coupon.upload_coupon_codes":
                self.calls[arrival.members["out_request_no"]] = arrival.members["code_list"]
        return images, images[-1]

    def found(self, image: Image) -> list[Chunk]:
        """The chunks that a ledger says it has, if its job is planned."""
        path = self._put(image)
        connection = opened(path, 5.0)
        try:
            tables = Tables(connection)
            record = tables.find(_JOB)
            return [] if record is None or not record.planned else tables.chunks(record.id, -1, 1000, troubled=False)
        finally:
            connection.close()

    def codes_of(self, chunk: Chunk) -> list[str]:
        """What is sent for a chunk; nothing where all its lines repeat others."""
        if not chunk.digest:
            return []
        [codes] = [codes for number, codes in self.calls.items() if number.endswith(chunk.digest.hex())]
        return codes

    def _put(self, image: Image) -> Path:
        folder = self.folder / f"crash-{next(self.runs)}"
        folder.mkdir()
        path = folder / "ledger"
        path.write_bytes(image.main)
        Path(f"{path}-wal").write_bytes(image.log)
        return path

    async def resume(self, image: Image) -> None:
        """Run the job again on what a crash left: its result has to be exact."""
        settled = {code for chunk in self.found(image) if chunk.state is State.SETTLED for code in self.codes_of(chunk)}
        path = self._put(image)
        self.go_back(image.held)
        before = self.sandbox.state()["requests"]["product_coupon.upload_coupon_codes"]
        async with (
            self.client(self.sandbox.base_url) as client,
            upload_codes(client, self.lines.path, **self.ids, job=_JOB, ledger=path) as run,
        ):
            async for _ in run:
                pass
        after = self.sandbox.state()["requests"]["product_coupon.upload_coupon_codes"]
        arrived = [arrival.members for arrival in self.sandbox.arrivals][len(self.sandbox.arrivals) - after + before :]
        assert all(self.calls[came["out_request_no"]] == came["code_list"] for came in arrived)
        assert _CODES // 200 - len(settled) // 200 == after - before
        assert len(self.lines.codes) == len(self.held)
        assert set(self.lines.codes) == set(self.held)
        tally, rows = await told(path, _JOB)
        marked = every_line_once([(row.line, row.text, row.ending, row.reason) for row in rows], tally, self.lines)
        assert set(image.held) - settled == marked
        whole(path)
        shutil.rmtree(path.parent)


@pytest.fixture
async def scene(tmp_path: Path, keys: Keys) -> AsyncIterator[Scene]:
    """A job on a server that finds the codes of a repeated upload there."""
    lines = write(tmp_path / "codes.txt", _CODES, seed=5)
    async with sandbox_that_forgets(keys) as sandbox:
        ids = await new_stock(sandbox, "UPLOAD", _CODES)
        yield Scene(tmp_path, sandbox, ids, lines)


async def test_after_every_answer(scene: Scene) -> None:
    """After every answer and every outcome, the job goes on to the exact result; whatever was sent was taken before."""
    images, _ = await scene.first_run()
    assert 2 * _CODES // 200 < len(images)
    for image in images:
        taken = {
            code
            for chunk in scene.found(image)
            if chunk.state in {State.TAKEN, State.SETTLED}
            for code in scene.codes_of(chunk)
        }
        assert set(image.held) <= taken
        await scene.resume(image)


def _cuts(log: bytes) -> Iterator[int]:
    """Every boundary between writes, and a place inside each."""
    inside = itertools.cycle([12, 24, 24 + 2048, _FRAME - 1])
    yield from (0, _HEAD - 1)
    for begin in range(_HEAD, len(log), _FRAME):
        yield from (begin, begin + next(inside))
    yield len(log)


@pytest.mark.slow
async def test_after_every_write(scene: Scene) -> None:
    """Wherever the ledger's log ends, and whichever of the calls that were taken were made, the result is exact."""
    _, last = await scene.first_run()
    chance = random.Random(6)  # noqa: S311 - the same every time
    seen: set[State | None] = set()
    for cut in _cuts(last.log):
        image = Image(last.main, last.log[:cut], [])
        chunks = scene.found(image)
        seen.update([chunk.state for chunk in chunks] or [None])
        for chunk in chunks:
            is_made = chunk.state is State.SETTLED or (chunk.state is State.TAKEN and chance.random() < 0.5)
            if is_made:
                image.held.extend(scene.codes_of(chunk))
        await scene.resume(image)
    assert {None, State.OPEN, State.TAKEN, State.SETTLED} == seen
