"""A stock that is kept above a mark: whatever happens, no lack is filled twice and no code is lost."""

import asyncio
import json
import stat
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import attrs
import pytest

from wxcoupon import ApiError, Client, Pacer, Partner, RetryPolicy
from wxcoupon import product_coupon as pc
from wxcoupon.bulk.codes.generating import Shape, is_intact
from wxcoupon.bulk.codes.watching import Sign, WatchEvent, watch_codes
from wxcoupon.bulk.ledger import JobHeldError, LedgerError, Tally
from wxcoupon.bulk.ledgers.memory_ledger import MemoryLedger
from wxcoupon.bulk.pieces import SourceChangedError
from wxcoupon.endpoint import registry
from wxcoupon.errors import ConfigurationError
from wxcoupon.sandbox import Keys, Sandbox

from .shop import Shop, signs

CHECKED, TOPPED_UP, WARNING, ENDED = Sign.CHECKED, Sign.TOPPED_UP, Sign.WARNING, Sign.ENDED


@pytest.fixture
async def shop(sandbox: Sandbox, partner: Client[Partner], tmp_path: Path) -> Shop:
    """A stock with nothing in it, and a client that repeats no call."""
    return await Shop.opened(sandbox, partner.with_options(retry=RetryPolicy(attempts=1)), tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of fifty codes."""
    path = tmp_path / "codes.txt"
    path.write_text("".join(f"code{number:02}\n" for number in range(50)))
    return path


def rows(*numbers: range) -> list[str]:
    """The codes of that file in these places."""
    return [f"code{number:02}" for part in numbers for number in part]


def files(shop: Shop) -> list[Path]:
    """The files of the top-ups."""
    return sorted((shop.folder / "ledger.d").glob("watch-*.txt"))


async def test_generated_codes_fill_a_stock_below_its_mark(shop: Shop) -> None:
    """A stock is filled when fewer codes than the mark are left, and not before."""
    assert [(CHECKED, 0), (TOPPED_UP, 20)] == signs(await shop.watch())
    await shop.claim(15)
    assert [(CHECKED, 5)] == signs(await shop.watch())
    await shop.claim(1)
    assert [(CHECKED, 4), (TOPPED_UP, 20)] == signs(await shop.watch())
    assert 36 == len(set(shop.codes))


async def test_a_top_up_is_a_job_with_its_codes_in_a_private_file(shop: Shop) -> None:
    """What was generated is kept beside the ledger, for its owner alone, and counted in the job."""
    shape = Shape(22, "TEA-", check_digit=True)
    events = await shop.watch(shape=shape, name="tea")
    (path,) = files(shop)
    assert ("tea #1", Tally(done=20)) == (events[-1].job, events[-1].tally)
    assert ["code", *shop.codes] == path.read_text().splitlines()
    assert all(is_intact(code, prefix="TEA-") for code in shop.codes)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


async def test_rows_of_a_file_are_taken_in_order_by_one_watch_after_another(shop: Shop, source: Path) -> None:
    """Each top-up begins behind the one before, though every watch is a new one; at the end of the file it ends."""
    assert [(CHECKED, 0), (TOPPED_UP, 20)] == signs(await shop.watch(source=source))
    await shop.claim(18)
    assert [(CHECKED, 2), (TOPPED_UP, 20)] == signs(await shop.watch(source=source))
    assert rows(range(38)) == shop.codes
    await shop.claim(18)
    assert [(CHECKED, 2), (WARNING, 2), (TOPPED_UP, 14)] == signs(await shop.watch(source=source))
    assert rows(range(50)) == shop.codes
    await shop.claim(10)
    events = await shop.watch(source=source, once=False)
    assert ([(CHECKED, 4), (ENDED, 4)], "the source has no more codes, and the stock lacks 16") == (
        signs(events),
        events[-1].words,
    )


async def test_codes_may_be_written_behind_those_of_the_file(shop: Shop, source: Path) -> None:
    """A file that has grown is taken up where it was left."""
    await shop.watch(source=source, fill=50)
    with source.open("a") as file:
        file.write("code50\ncode51\n")
    await shop.claim(46)
    assert [(CHECKED, 4), (TOPPED_UP, 6)] == signs(await shop.watch(source=source, fill=6))
    assert rows(range(52)) == shop.codes


async def test_a_file_that_begins_otherwise_is_refused(shop: Shop, source: Path) -> None:
    """Where a row that was taken reads otherwise, nobody knows which of the others were."""
    await shop.watch(source=source)
    with source.open("r+") as file:
        file.write("other0")
    await shop.claim(18)
    with pytest.raises(SourceChangedError, match=r"does not begin any more with what job '.*codes\.txt #1' took"):
        await shop.watch(source=source)
    assert (20, 1) == (len(shop.codes), shop.uploads)


async def test_a_top_up_that_is_gone_from_the_ledger_is_missed(shop: Shop, source: Path) -> None:
    """Without it nobody can say where to go on in the file."""
    await shop.watch(source=source, fill=5, name="w")
    await shop.claim(1)
    await shop.watch(source=source, fill=5, name="w")
    async with shop.ledger() as ledger:
        await ledger.remove("w #1")
    with pytest.raises(LedgerError, match="top-up #1 before job 'w #2' is gone"):
        await shop.watch(source=source, name="w")


async def test_rows_that_are_no_codes_are_counted_and_left_out(shop: Shop) -> None:
    """Illegal rows, headings in the middle and blank lines move nothing that follows."""
    source = shop.folder / "codes.csv"
    source.write_text('code,x\na1,1\n\n"a 2",1\ncode,1\n"a\n3",1\na4,1\na5,1\n')
    first = await shop.watch(source=source, column="code", below=2, fill=4)
    assert [(CHECKED, 0), (TOPPED_UP, 2)] == signs(first)
    assert Tally(done=2, invalid=2) == first[-1].tally
    await shop.claim(1)
    assert (TOPPED_UP, 3) == signs(await shop.watch(source=source, column="code", below=2, fill=4))[1 + 1]
    assert ["a1", "code", "a4", "a5"] == shop.codes
    assert ["code", "a1", "(line 4 is no code)", "code", "(line 6 is no code)"] == files(shop)[0].read_text().split(
        "\n"
    )[:5]


async def test_counts_that_lag_behind_do_not_fill_a_stock_twice(shop: Shop) -> None:
    """What was uploaded is available until it is counted, also for a watch that is begun anew."""
    await shop.upload_past_the_ledger("past1", "past2")
    late = await shop.stock()
    assert [(CHECKED, 2), (TOPPED_UP, 20)] == signs(await shop.watch())
    for _ in range(2):
        shop.sandbox.reply_next(late)
        events = await shop.watch()
        assert ([(CHECKED, 20)], "20 codes available, 18 of them just uploaded and not counted yet") == (
            signs(events),
            events[0].words,
        )
    shop.sandbox.reply_next(await shop.stock(total_count=12, available_count=7))
    assert [(CHECKED, 15)] == signs(await shop.watch())
    await shop.claim(18)
    assert [(CHECKED, 2), (TOPPED_UP, 20)] == signs(await shop.watch())


async def test_an_upload_before_the_watch_is_awaited_as_well(shop: Shop, source: Path) -> None:
    """Whatever job of the ledger filled the stock, and whatever the watch was called then, its codes are to come."""
    late = await shop.stock()
    await shop.upload(*(f"hand{number}" for number in range(7)))
    shop.sandbox.reply_next(late)
    assert [(CHECKED, 7)] == signs(await shop.watch())
    await shop.claim(3)
    late = await shop.stock()
    assert [(CHECKED, 4), (TOPPED_UP, 20)] == signs(await shop.watch())
    shop.sandbox.reply_next(late)
    assert [(CHECKED, 20)] == signs(await shop.watch(source=source))


async def test_a_warning_is_said_once(shop: Shop) -> None:
    """As long as the same is wrong, nothing more is said; when it is wrong again, it is."""
    turns = [lambda: shop.sandbox.fail_next(503), lambda: None, lambda: shop.sandbox.fail_next(503)]

    async def sleep(_: float) -> None:
        if not turns:
            shop.sandbox.fail_next(403)
            return
        turns.pop(0)()

    shop.sandbox.fail_next(503)
    said: list[Sign] = []
    async with shop.ledger() as ledger:
        with pytest.raises(ApiError, match="403"):
            await _collect(said, shop.events(ledger, below=1, fill=2, sleep=sleep))
    assert [WARNING, CHECKED, TOPPED_UP, WARNING] == said


async def _collect(said: list[Sign], events: AsyncIterator[WatchEvent]) -> None:
    async for event in events:
        said.append(event.sign)  # noqa: PERF401 - they are kept when it raises


async def test_a_count_that_never_comes_is_believed_in_the_end(shop: Shop) -> None:
    """After fifteen minutes WeChat Pay is taken at its word, and that is said."""
    late = await shop.stock()
    now = [time.time()]  # the ledger stamps its jobs with the real time

    def clock() -> float:
        return now[0]

    await shop.watch(clock=clock)
    now[0] += 890
    shop.sandbox.reply_next(late)
    assert [(CHECKED, 20)] == signs(await shop.watch(clock=clock))
    now[0] += 100
    shop.sandbox.reply_next(late)
    events = await shop.watch(clock=clock)
    assert [WARNING, CHECKED, TOPPED_UP] == [event.sign for event in events]
    assert "WeChat Pay counts 0 codes, 20 fewer than were uploaded" in events[0].words


async def test_a_stock_never_gets_more_than_its_max_count(
    sandbox: Sandbox, partner: Client[Partner], tmp_path: Path
) -> None:
    """What has no room is not sent; the watch says so once, and goes on because a budget can be raised."""
    shop = await Shop.opened(sandbox, partner, tmp_path, max_count=30)
    await shop.watch(fill=25)
    await shop.claim(24)
    turns = 0

    async def sleep(_: float) -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            await shop.claim(3)

    async with shop.ledger() as ledger, aclosing(shop.events(ledger, below=5, fill=25, sleep=sleep)) as watch:
        events = [await anext(watch) for _ in range(6)]
    assert [(CHECKED, 1), (WARNING, 1), (TOPPED_UP, 6), (CHECKED, 3), (WARNING, 3), (CHECKED, 3)] == signs(events)
    assert events[1].words.startswith("the stock has room for 5 codes more, and lacks 24: its max_count is 30; raise")
    assert (30, 30) == (len(shop.codes), events[-1].total)


async def test_a_deactivated_stock_ends_the_watch(shop: Shop) -> None:
    """No waiting brings it back."""
    await shop.client.call(pc.DeactivateStock(**shop.ids, out_request_no="deactivate_1", deactivate_reason="the end"))
    events = await shop.watch(once=False)
    assert ([(ENDED, None)], 0) == (signs(events), shop.uploads)
    assert "the stock is DEACTIVATED, and takes no more codes" == events[0].words


async def test_a_stock_is_waited_for_and_ends_the_watch_when_it_has_expired(
    keys: Keys, unpaced: Pacer, tmp_path: Path
) -> None:
    """Under review it takes no codes yet; as soon as it does it gets them; past its end it takes none for good."""
    now = [time.time()]
    pauses = [6.0, 6.0, 60 * 86400.0]

    def clock() -> float:
        return now[0]

    async def sleep(_: float) -> None:
        now[0] += pauses.pop(0)

    async with (
        Sandbox(rate_limits="off", keys=keys, review_seconds=10, clock=clock) as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, clock=clock) as client,
    ):
        shop = await Shop.opened(sandbox, client, tmp_path)
        async with shop.ledger() as ledger:
            said = [event async for event in shop.events(ledger, below=1, fill=2, sleep=sleep, clock=clock)]
    assert [
        "the stock is AUDITING, and takes no codes yet",
        "0 codes available",
        "2 codes uploaded",
        "the stock is STOPPED, and takes no more codes",
    ] == [event.words for event in said]


async def test_a_stock_that_takes_no_codes_is_refused(shop: Shop) -> None:
    """A watch of a stock whose codes WeChat Pay makes is a mistake."""
    other = await Shop.opened(shop.sandbox, shop.client, shop.folder, mode="WECHATPAY")
    with pytest.raises(ConfigurationError, match="its coupon_code_mode is WECHATPAY, not UPLOAD"):
        await other.watch()


async def test_what_waiting_mends_is_waited_for(shop: Shop) -> None:
    """A stock that cannot be looked at, and an upload that fails, are tried again; the top-up keeps its codes."""
    shop.sandbox.fail_next(503)
    events = await shop.watch()
    assert [WARNING] == [event.sign for event in events]
    assert events[0].words.startswith("the stock could not be looked at, and is asked for again: ")

    async with shop.ledger() as ledger, aclosing(shop.events(ledger, below=5, fill=20, name="w")) as watch:
        assert CHECKED is (await anext(watch)).sign
        shop.sandbox.fail_next(503, after_effect=True)
        event = await anext(watch)
    assert (WARNING, 20) == (event.sign, len(shop.codes))
    assert event.words.startswith("job 'w #1' could not be finished, and is run again: ")

    events = await shop.watch(name="w")
    assert [(TOPPED_UP, None), (CHECKED, 20)] == signs(events)
    assert (20, Tally(done=20), 1) == (len(shop.codes), events[0].tally, len(files(shop)))


async def test_what_waiting_does_not_mend_ends_the_watch(shop: Shop) -> None:
    """A refusal for good is raised as it came."""
    shop.sandbox.fail_next(403, "NO_AUTH")
    with pytest.raises(ApiError, match="403 NO_AUTH"):
        await shop.watch(once=False)


async def test_a_file_is_not_used_up_by_refusals(shop: Shop, source: Path) -> None:
    """Where every code of a top-up is refused, no more of the file are taken."""
    stock = await shop.stock()
    codes = [{"coupon_code": code, "code": "NOT_ENOUGH", "message": "full"} for code in rows(range(20))]
    shop.sandbox.reply_next(stock, {"total_count": 20, "failed_code_list": codes})
    events = await shop.watch(source=source, once=False, name="w")
    assert ([CHECKED, TOPPED_UP, ENDED], Tally(failed=20)) == ([event.sign for event in events], events[-1].tally)
    assert "WeChat Pay refused every code of job 'w #1'; see its report" in events[-1].words


async def test_a_top_up_that_was_cancelled_is_finished_with_its_codes(shop: Shop) -> None:
    """A watch that ends in the middle of an upload leaves a job that the next one finishes before all else."""
    waits = asyncio.Event()

    async def never(_: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    pacer = Pacer(dict.fromkeys(registry()) | {"product_coupon.upload_coupon_codes": "1/s"}, sleep=never)
    sandbox = shop.sandbox
    async with Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=pacer) as client:
        watching = asyncio.create_task(attrs.evolve(shop, client=client).watch(below=900, fill=1000))
        await waits.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert 200 == len(shop.codes)
    events = await shop.watch(below=900, fill=1000)
    (path,) = files(shop)
    assert ([(TOPPED_UP, None), (CHECKED, 1000)], Tally(done=1000)) == (signs(events), events[0].tally)
    assert path.read_text().split()[1:] == shop.codes


async def test_codes_of_a_top_up_that_never_began_are_made_anew(shop: Shop, source: Path) -> None:
    """A file without a planned job was never sent, so it does not move the place in the source."""
    folder = shop.folder / "ledger.d"
    await shop.watch(source=source, name="w", fill=5)
    (first,) = files(shop)
    (folder / first.name.replace("-1-0", "-2-77")).write_text("code\ncode05\n")
    await shop.claim(1)
    await shop.watch(source=source, name="w", fill=10)
    assert rows(range(11)) == shop.codes
    assert ["code", *rows(range(5, 11))] == files(shop)[1].read_text().split()


async def test_two_watches_of_one_stock_are_one_too_many(shop: Shop, source: Path) -> None:
    """They would fill the same lack twice, whatever their names and sources."""
    async with shop.ledger() as ledger, aclosing(shop.events(ledger, below=1, fill=2)) as events:
        await anext(events)
        with pytest.raises(JobHeldError):
            await shop.watch(source=source)


async def test_a_ledger_in_memory_is_refused(shop: Shop) -> None:
    """What is generated would be gone with the process."""
    with pytest.raises(ConfigurationError, match="needs a ledger that outlives it"):
        await anext(watch_codes(shop.client, MemoryLedger(), **shop.ids, below=1, fill=2))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"below": 10, "fill": 9}, "at least its mark"),
        ({"below": 0}, "at least its mark"),
        ({"every": 0}, "above 0, not 0"),
        ({"source": "-"}, "standard input"),
        ({"source": "nowhere.txt"}, "no file nowhere.txt"),
        ({"shape": Shape(10)}, "give a length of at least 13"),
    ],
    ids=["fill", "below", "every", "stdin", "nowhere", "shape"],
)
async def test_a_watch_that_cannot_be_is_refused(shop: Shop, options: dict[str, object], words: str) -> None:
    """Nothing is asked for before the watch makes sense."""
    before = len(shop.sandbox.arrivals)
    with pytest.raises(ConfigurationError, match=words):
        await shop.watch(**options)  # type: ignore[arg-type]
    assert before == len(shop.sandbox.arrivals)


async def test_job_targets_are_those_of_any_upload(shop: Shop) -> None:
    """A top-up can be inspected and reported like every other upload."""
    await shop.watch(name="w")
    async with shop.ledger() as ledger:
        (job,) = await ledger.jobs()
    assert ("w #1", "upload", 20) == (job.name, job.kind, job.rows)
    assert shop.ids.items() <= json.loads(job.target).items()
