"""What every ledger keeps to, whatever it is kept in."""

import asyncio
from itertools import starmap

import attrs
import pytest

from wxcoupon.bulk.ledger import Chunk, JobHeldError, Ledger, LedgerError, NewJob, Settlement, State, Tally

from .planning import DONE, ROWS, SPRING, chunk, done, places, planned


async def test_a_job_is_found_by_its_name(ledger: Ledger) -> None:
    """A job is there from the moment it is added, with what it was added with."""
    added = await ledger.add(SPRING)

    assert SPRING == NewJob(added.name, added.kind, added.target, added.source)
    assert (False, 0, 0) == (added.planned, added.rows, added.chunks)
    assert added == await ledger.find("spring")
    assert None is await ledger.find("autumn")


async def test_jobs_are_listed_by_age(ledger: Ledger) -> None:
    """The oldest job is the first."""
    added = [await ledger.add(attrs.evolve(SPRING, name=name)) for name in ("c", "a", "b")]

    assert added == await ledger.jobs()


async def test_planning(ledger: Ledger) -> None:
    """Chunks come back as they were planned, and the job knows how many there are."""
    job = await planned(ledger, 5)

    assert (True, 5 * ROWS, 5) == (job.planned, job.rows, job.chunks)
    assert job == await ledger.find("spring")
    assert [chunk(seq) for seq in range(5)] == await ledger.chunks(job.id)


async def test_a_job_that_was_never_planned_is_begun_anew(ledger: Ledger) -> None:
    """What a run that ended in its planning had found is gone, and its number with it."""
    first = await ledger.add(SPRING)
    await ledger.plan(first.id, [chunk(0)])

    second = await ledger.add(attrs.evolve(SPRING, target="{}"))

    assert (0, "{}") == (second.chunks, second.target)
    assert [] == await ledger.chunks(second.id)
    assert first.id != second.id
    with pytest.raises(LedgerError, match="no job"):
        await ledger.plan(first.id, [chunk(1)])


async def test_a_planned_job_is_not_replaced(ledger: Ledger) -> None:
    """A second job of the name is refused, and nothing happens to the first."""
    job = await planned(ledger, 1)

    with pytest.raises(LedgerError, match="'spring' already"):
        await ledger.add(SPRING)

    assert job == await ledger.find("spring")


async def test_nothing_is_planned_behind_the_end(ledger: Ledger) -> None:
    """A planned job takes no more chunks."""
    job = await planned(ledger, 1)

    with pytest.raises(LedgerError, match="planned already"):
        await ledger.plan(job.id, [chunk(1)])


async def test_a_chunk_is_planned_once(ledger: Ledger) -> None:
    """Chunks of which one is there already are refused, all of them."""
    job = await ledger.add(SPRING)
    await ledger.plan(job.id, [chunk(0), chunk(1)])

    with pytest.raises(LedgerError, match="already"):
        await ledger.plan(job.id, [chunk(2), chunk(1)])

    assert [0, 1] == places(await ledger.chunks(job.id))


async def test_chunks_have_no_gaps(ledger: Ledger) -> None:
    """A job of which a chunk is missing cannot be said to be planned."""
    job = await ledger.add(SPRING)
    await ledger.plan(job.id, [chunk(0), chunk(2)])

    with pytest.raises(LedgerError, match="has 2 chunks, of 3"):
        await ledger.planned(job.id, 3 * ROWS)


async def test_nothing_is_claimed_of_a_job_that_is_not_planned(ledger: Ledger) -> None:
    """Before all chunks are fixed, none is sent."""
    job = await ledger.add(SPRING)
    await ledger.plan(job.id, [chunk(0)])

    with pytest.raises(LedgerError, match="not planned"):
        await ledger.claim(job.id, 1)


async def test_claims_are_in_order_and_end(ledger: Ledger) -> None:
    """Each chunk is claimed once, in order, until there are none."""
    job = await planned(ledger, 5)

    claims = [await ledger.claim(job.id, 2) for _ in range(4)]

    assert [[0, 1], [2, 3], [4], []] == [places(claimed) for claimed in claims]
    assert attrs.evolve(chunk(3), state=State.TAKEN) == claims[1][1]


@pytest.mark.parametrize("most", [0, -1], ids=["none", "fewer than none"])
async def test_nothing_is_claimed_by_who_wants_nothing(ledger: Ledger, most: int) -> None:
    """A claim of nothing is empty, and changes nothing."""
    job = await planned(ledger, 1)

    assert [] == await ledger.claim(job.id, most)
    assert [0] == places(await ledger.claim(job.id, 1))


async def test_no_chunk_is_claimed_twice_at_once(ledger: Ledger) -> None:
    """Many who claim at the same time share the chunks out."""
    job = await planned(ledger, 40)

    claims = await asyncio.gather(*(ledger.claim(job.id, 3) for _ in range(16)))

    assert list(range(40)) == sorted(seq for claimed in claims for seq in places(claimed))


async def test_settling(ledger: Ledger) -> None:
    """What became of a chunk is remembered, and the tally adds it up."""
    job = await planned(ledger, 3)
    await ledger.claim(job.id, 2)
    tally = Tally(done=190, already=1, duplicate=2, failed=3, invalid=4)
    detail = '[["failed","码无效","3-5"]]'

    await asyncio.gather(
        ledger.settle(job.id, done(0)), ledger.settle(job.id, Settlement(1, State.SETTLED, tally, detail))
    )

    assert [
        attrs.evolve(chunk(0), state=State.SETTLED, tally=DONE),
        attrs.evolve(chunk(1), state=State.SETTLED, tally=tally, detail=detail),
        chunk(2),
    ] == await ledger.chunks(job.id)
    assert DONE + tally == await ledger.tally(job.id)


async def test_a_chunk_of_which_nothing_is_sent(ledger: Ledger) -> None:
    """It is settled from the beginning: counted, and never claimed."""
    job = await ledger.add(SPRING)
    bad = attrs.evolve(chunk(0), skipped="0-199", digest=b"", state=State.SETTLED, tally=Tally(invalid=ROWS))
    await ledger.plan(job.id, [bad, chunk(1)])
    await ledger.planned(job.id, 2 * ROWS)

    assert [1] == places(await ledger.claim(job.id, 9))
    assert Tally(invalid=ROWS) == await ledger.tally(job.id)
    assert bad == (await ledger.chunks(job.id))[0]


async def test_saying_the_same_twice(ledger: Ledger) -> None:
    """Who was cancelled while settling may settle again; who says something else is refused."""
    job = await planned(ledger, 1)
    await ledger.claim(job.id, 1)
    await ledger.settle(job.id, done(0))

    await ledger.settle(job.id, done(0))

    with pytest.raises(LedgerError, match="differently"):
        await ledger.settle(job.id, Settlement(0, State.SETTLED, Tally(failed=ROWS)))
    assert DONE == await ledger.tally(job.id)


@pytest.mark.parametrize(
    ("settlement", "why"),
    [
        pytest.param(done(1), "not taken", id="not taken"),
        pytest.param(done(9), "no chunk 9", id="not there"),
        pytest.param(Settlement(0, State.SETTLED, Tally(done=1)), "200 rows, and outcomes of 1", id="too few"),
        pytest.param(Settlement(0, State.OPEN, DONE), "as OPEN", id="not settled"),
    ],
)
async def test_what_cannot_be_settled(ledger: Ledger, settlement: Settlement, why: str) -> None:
    """It fails, and alone: what is settled in the same moment is settled."""
    job = await planned(ledger, 4)
    await ledger.claim(job.id, 1)
    others = await planned(ledger, 2, attrs.evolve(SPRING, name="other"))
    await ledger.claim(others.id, 2)

    first, bad, second = await asyncio.gather(
        ledger.settle(others.id, done(0)),
        ledger.settle(job.id, settlement),
        ledger.settle(others.id, done(1)),
        return_exceptions=True,
    )

    assert (None, None) == (first, second)
    assert isinstance(bad, LedgerError)
    assert why in str(bad)
    assert Tally() == await ledger.tally(job.id)
    assert DONE + DONE == await ledger.tally(others.id)


async def test_release(ledger: Ledger) -> None:
    """What was claimed and not sent is open again, in no more doubt than before, and claimed next."""
    job = await planned(ledger, 6)
    claimed = await ledger.claim(job.id, 4)
    await ledger.settle(job.id, done(0))

    await ledger.release(job.id, iter([*claimed[2:], claimed[0]]))

    assert [(2, False), (3, False), (4, False)] == [(each.seq, each.doubt) for each in await ledger.claim(job.id, 3)]
    assert DONE == await ledger.tally(job.id)


async def test_reopening(ledger: Ledger) -> None:
    """A new run gets what is not settled; what may have been sent is in doubt, and its outcome forgotten."""
    job = await planned(ledger, 5)
    await ledger.claim(job.id, 4)
    await ledger.settle(job.id, done(0))
    await ledger.settle(job.id, Settlement(1, State.REFUSED, Tally(failed=ROWS), "refused"))
    await ledger.settle(job.id, Settlement(2, State.UNKNOWN, Tally(unknown=ROWS), "unknown"))
    assert Tally(done=ROWS, failed=ROWS, unknown=ROWS) == await ledger.tally(job.id)

    assert 4 == await ledger.reopen(job.id)

    assert [
        attrs.evolve(chunk(0), state=State.SETTLED, tally=DONE),
        chunk(1),
        attrs.evolve(chunk(2), doubt=True),
        attrs.evolve(chunk(3), doubt=True),
        chunk(4),
    ] == await ledger.chunks(job.id)
    assert [False, True, True, False] == [each.doubt for each in await ledger.claim(job.id, 9)]


async def test_doubt_stays_until_a_refusal(ledger: Ledger) -> None:
    """A chunk that may have been sent once stays in doubt when it is released, and is not when it was refused."""
    job = await planned(ledger, 2)
    await ledger.claim(job.id, 2)
    await ledger.reopen(job.id)
    claimed = await ledger.claim(job.id, 2)
    await ledger.release(job.id, claimed[:1])
    await ledger.settle(job.id, Settlement(1, State.REFUSED, Tally(failed=ROWS)))

    assert 2 == await ledger.reopen(job.id)

    assert [True, False] == [each.doubt for each in await ledger.claim(job.id, 2)]


async def test_pages_of_chunks(ledger: Ledger) -> None:
    """Chunks are read page by page, each from behind the last."""
    job = await planned(ledger, 7)
    pages: list[list[int]] = []
    after = -1

    while page := await ledger.chunks(job.id, after=after, most=3):
        pages.append(places(page))
        after = page[-1].seq

    assert [[0, 1, 2], [3, 4, 5], [6]] == pages


async def test_troubled_chunks(ledger: Ledger) -> None:
    """Chunks with any other outcome than done are found among the others."""
    job = await planned(ledger, 8)
    await ledger.claim(job.id, 7)
    kinds = ("done", "already", "duplicate", "failed", "invalid", "unknown")
    tallies = [Tally(**{kind: ROWS}) for kind in kinds]
    await asyncio.gather(
        *(ledger.settle(job.id, each) for each in starmap(_settled, enumerate(tallies))),
    )

    assert [1, 2, 3] == places(await ledger.chunks(job.id, most=3, troubled=True))
    assert [4, 5] == places(await ledger.chunks(job.id, after=3, troubled=True))


def _settled(seq: int, tally: Tally) -> Settlement:
    return Settlement(seq, State.SETTLED, tally)


async def test_numbers_of_a_series(ledger: Ledger) -> None:
    """Each number is given once, from 1, and each series has its own."""
    numbers = await asyncio.gather(*(ledger.number("a") for _ in range(9)))

    assert list(range(1, 10)) == sorted(numbers)
    assert 1 == await ledger.number("b")
    assert 10 == await ledger.number("a")


async def test_removal(ledger: Ledger) -> None:
    """A removed job is gone with its chunks; the others are as they were, and removing nothing is nothing."""
    job = await planned(ledger, 3)
    other = await planned(ledger, 2, attrs.evolve(SPRING, name="other"))

    await ledger.remove("spring")
    await ledger.remove("spring")

    assert [other] == await ledger.jobs()
    assert [] == await ledger.chunks(job.id)
    assert 2 == len(await ledger.chunks(other.id))
    with pytest.raises(LedgerError, match="no job"):
        await ledger.claim(job.id, 1)
    with pytest.raises(LedgerError, match="no job"):
        await ledger.reopen(job.id)


@pytest.mark.parametrize("name", ["spring", "../春季/上新", "a" * 300, "", "nul\0", "x\ud800"], ids=ascii)
async def test_one_runner_a_job(ledger: Ledger, name: str) -> None:
    """A job is held once at a time, whatever its name; other jobs are not held with it."""
    async with ledger.hold(name):
        with pytest.raises(JobHeldError, match="by this process"):
            async with ledger.hold(name):
                pass
        async with ledger.hold("other"):
            pass
    async with ledger.hold(name):
        pass


async def test_text_that_utf8_cannot_hold(ledger: Ledger) -> None:
    """Half a character in what WeChat Pay said does not keep a chunk from being settled."""
    job = await planned(ledger, 1)
    await ledger.claim(job.id, 1)

    await ledger.settle(job.id, Settlement(0, State.SETTLED, DONE, "half \ud83d, 码 whole"))

    assert "half ?, 码 whole" == (await ledger.chunks(job.id))[0].detail


@pytest.mark.parametrize(
    "bad",
    [attrs.evolve(chunk(1), offset=2**64), attrs.evolve(chunk(1), skipped="\ud800")],
    ids=["too far", "no text"],
)
async def test_what_cannot_be_kept(ledger: Ledger, bad: Chunk) -> None:
    """It is refused, and the ledger is of use afterwards."""
    job = await ledger.add(SPRING)

    with pytest.raises(LedgerError, match="cannot keep"):
        await ledger.plan(job.id, [chunk(0), bad])

    assert [] == await ledger.chunks(job.id)
    await ledger.plan(job.id, [chunk(0)])


async def test_closing_finishes_what_was_asked_for(ledger: Ledger) -> None:
    """What was under way is carried out; afterwards nothing can be asked, and closing again is nothing."""
    tasks = [asyncio.ensure_future(ledger.number("a")) for _ in range(5)]
    await asyncio.sleep(0)

    await asyncio.gather(ledger.close(), ledger.close())

    assert [1, 2, 3, 4, 5] == [await task for task in tasks]
    await ledger.close()
    with pytest.raises(LedgerError, match="was closed"):
        await ledger.number("a")
