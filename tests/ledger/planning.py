"""Jobs and chunks to put into ledgers."""

from collections.abc import Sequence
from hashlib import blake2b

from wxcoupon.bulk.ledger import Chunk, JobRecord, Ledger, NewJob, Settlement, State, Tally

SPRING = NewJob("spring", "upload", '{"stock_id":"1"}', '{"name":"codes.txt","size":6600}')
ROWS = 200
DONE = Tally(done=ROWS)


def chunk(seq: int) -> Chunk:
    """The chunk of that place, of a source of lines of 33 bytes."""
    digest = blake2b(b"%d" % seq, digest_size=16).digest()
    return Chunk(seq, seq * ROWS * 33, ROWS * 33, 1 + seq * ROWS, ROWS, "7" if seq % 2 else "", digest)


async def planned(ledger: Ledger, count: int, job: NewJob = SPRING) -> JobRecord:
    """A job of so many chunks, ready to be sent."""
    added = await ledger.add(job)
    await ledger.plan(added.id, [chunk(seq) for seq in range(count)])
    return await ledger.planned(added.id, count * ROWS)


def done(seq: int) -> Settlement:
    """Every row was done."""
    return Settlement(seq, State.SETTLED, DONE)


def places(chunks: Sequence[Chunk]) -> list[int]:
    """Which ones they are."""
    return [each.seq for each in chunks]
