"""Jobs are planned in one pass, and over again where rows repeat; nothing of the first plan is left then."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from wxcoupon.bulk import planning
from wxcoupon.bulk.drafting import Draft
from wxcoupon.bulk.ledger import Ledger, NewJob
from wxcoupon.bulk.ledgers.memory_ledger import MemoryLedger
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.pieces import Piece, SourceChangedError
from wxcoupon.bulk.preparing import prepare
from wxcoupon.bulk.progress import Progress
from wxcoupon.bulk.reading import open_source

from .shop import JOB, Few, Shop, codes, counts, through


async def _opened(kind: str, folder: Path) -> Ledger:
    return MemoryLedger() if kind == "memory" else await SqliteLedger.open(folder / "ledger")


@pytest.mark.parametrize("repeated", [0, 3, 11_000], ids=["none", "few", "many"])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_the_ledger_has_the_chunks_of_two_passes(shop: Shop, kind: str, repeated: int) -> None:
    """Whatever repeats, the ledger has the chunks that are cut when it is known what does, under one job."""
    lines = codes(11_000)
    task = Few(JOB, **shop.ids)
    source = await open_source(shop.file([*lines[:6000], "bad code", *lines[6000:], *lines[:repeated]]))
    ledger: Any = await _opened(kind, shop.folder)
    progress = Progress()
    try:
        surveyed = planning.survey(source, task)
        expected = [chunk for some in planning.chunks(source, task, surveyed) for chunk in some]

        record = await prepare(ledger, task, source, progress, shop.client)

        assert (True, 11_001 + repeated, len(expected)) == (record.planned, record.rows, record.chunks)
        assert expected == await ledger.chunks(record.id, most=100_000)
        assert [record] == await ledger.jobs()
        assert 11_001 + repeated == progress.read
    finally:
        await ledger.close()
        source.close()


async def test_rows_that_are_kept_stay(shop: Shop) -> None:
    """Rows that are in no file stay beside the ledger when they are planned over again, and their job is accounted."""
    await through(run := shop.few([*codes(20), *codes(2)], shop.path))

    assert {"done": 20, "duplicate": 2} == counts(run)
    (kept,) = (shop.folder / "ledger.d").glob("*.rows")
    assert 22 == len(kept.read_text().splitlines())
    assert codes(20) == sorted(shop.stored)


async def test_a_draft_that_did_not_end(shop: Shop) -> None:
    """What a process that was killed had drafted is forgotten, and the job planned anew."""
    path = shop.file([*codes(30), *codes(1)])
    source = await open_source(path)
    async with SqliteLedger(shop.path) as ledger:
        record = await ledger.add(NewJob(JOB, "upload", "{}", '{"path": null}'))
        with Draft(source, Few(JOB, **shop.ids), source.about()) as draft:
            await ledger.plan(record.id, draft.more())
    source.close()

    await through(run := shop.few(path, shop.path))

    assert {"done": 30, "duplicate": 1} == counts(run)
    assert codes(30) == sorted(shop.stored)


@attrs.frozen
class Changing:
    """A source whose file grows when all of it was read for the first time."""

    source: Any
    path: Path

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def pieces(self) -> Iterator[Piece]:
        """The rows."""
        yield from self.source.pieces()
        with self.path.open("a") as file:
            file.write("X\n")


@pytest.mark.parametrize("repeated", [0, 1], ids=["drafted", "again"])
async def test_changed_while_planned(shop: Shop, repeated: int) -> None:
    """A source that changes while it is planned is refused with nothing sent, and the next run plans it anew."""
    path = shop.file([*codes(30), *codes(repeated)])
    changing: Any = Changing(await open_source(path), path)

    with pytest.raises(SourceChangedError, match="has changed while"):
        await through(shop.few(changing, shop.path))

    changing.close()
    assert 0 == shop.uploads
    async with SqliteLedger(shop.path) as ledger:
        assert [False] == [job.planned for job in await ledger.jobs()]
    await through(run := shop.few(path, shop.path))
    assert 31 == counts(run)["done"]
