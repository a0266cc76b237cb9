"""What a job does when its rows are not what they were, are not there, or never were in a file."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from wxcoupon import Client, ConfigurationError, NetworkError, Partner
from wxcoupon.bulk.account import planned_job, source_of
from wxcoupon.bulk.engine import Run
from wxcoupon.bulk.ledger import NewJob
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.pieces import SourceError
from wxcoupon.bulk.preparing import prepare
from wxcoupon.bulk.progress import Progress
from wxcoupon.bulk.reading import SourceChangedError, open_source
from wxcoupon.bulk.rows.presend_task import PreSendTask
from wxcoupon.bulk.rows.row_task import RowTask
from wxcoupon.bulk.spools import remove_job
from wxcoupon.bulk.upload import UploadTask
from wxcoupon.product_coupon import UseCoupon

from ..fault_proxy import Fault, FaultProxy
from .shop import JOB, Shop, codes, counts, through


def _spools(shop: Shop) -> list[Path]:
    return sorted((shop.folder / "ledger.d").glob("*"))


async def _interrupted(shop: Shop, given: Any, **options: Any) -> None:
    """A run of the job that ends after its first call."""
    async with shop.few(given, shop.path, concurrency=1, **options) as run:
        await anext(aiter(run))


@pytest.mark.parametrize("what", ["kind", "stock", "brand", "host", "rows", "column"])
async def test_another_job_of_the_same_name(shop: Shop, what: str) -> None:
    """Another kind, target, brand or source under the name of a job is refused with what differs, and sends nothing."""
    path = shop.folder / "codes.csv"
    path.write_text("code,other\nA,C\nB,D\n")
    options: dict[str, Any] = {"column": "code"}
    await through(shop.run(path, **options))
    elsewhere = Client(shop.client.identity, shop.client.keys)  # WeChat Pay's own
    others: dict[str, Callable[[], Run[Any]]] = {
        "kind": lambda: Run(shop.client, RowTask(UseCoupon, JOB), path, ledger=shop.path),
        "stock": lambda: shop.run(path, stock_id="7", **options),
        "brand": lambda: shop.run(path, client=shop.client.for_brand("120345"), **options),
        "host": lambda: shop.run(path, client=elsewhere, **options),
        "rows": lambda: shop.run(["A", "B", "E"]),
        "column": lambda: shop.run(path, column="other"),
    }
    words = {
        "kind": "another kind of job",
        "stock": "begun with another stock_id; give this one another name",
        "brand": "begun with another brand_id; give this one another name",
        "host": f"begun with the host 127.0.0.1, and this client calls {elsewhere.host}; go on with it there",
        "rows": "the rows that were given is not what job 'spring' was begun with",
        "column": "is not what job 'spring' was begun with",
    }
    is_source = what in {"rows", "column"}

    with pytest.raises(SourceChangedError if is_source else ConfigurationError, match=words[what]) as caught:
        await through(others[what]())

    assert is_source is isinstance(caught.value, SourceChangedError)
    assert 1 == shop.uploads
    assert [] == _spools(shop)


async def test_the_same_source_in_another_place(shop: Shop) -> None:
    """A file that was moved or renamed goes on as it was."""
    path = shop.file(codes(20))
    await _interrupted(shop, path)

    run = shop.few(path.rename(shop.folder / "renamed.txt"), shop.path)
    await through(run)

    assert {"done": 20} == counts(run)
    assert {1} == {len(numbers) for numbers in shop.numbers.values()}


async def test_changed_between_two_runs(shop: Shop) -> None:
    """A file that reads otherwise is refused and nothing is sent; put back, it goes on."""
    path = shop.file(codes(20))
    before = path.read_bytes()
    await _interrupted(shop, path)
    asked = shop.uploads
    path.write_bytes(before + b"D\n")

    with pytest.raises(SourceChangedError, match="finish that job with its rows as they were"):
        await through(shop.few(path, shop.path))

    assert asked == shop.uploads
    path.write_bytes(before)
    await through(run := shop.few(path, shop.path))
    assert {"done": 20} == counts(run)


async def test_changed_while_it_is_sent(shop: Shop) -> None:
    """What is overwritten behind what was read is not sent, and what was is what was planned; put back, it goes on."""
    path = shop.file(codes(300))
    before = path.read_bytes()

    def overwrite(count: int) -> None:
        if count == 1:
            with path.open("r+b") as file:
                file.seek(len(before) // 2)
                file.write(b"X" * 5)

    run = shop.few(path, shop.path, concurrency=2)
    with pytest.raises(
        SourceChangedError, match=r"no longer what job 'spring' was begun with: what is there from line \d"
    ):
        await through(run, overwrite)

    assert set(codes(151)) > set(shop.stored)
    await shop.left_in_order()
    path.write_bytes(before)
    await through(again := shop.few(path, shop.path))
    assert {"done": 300} == counts(again)
    assert codes(300) == sorted(shop.stored)
    assert {1} == {len(numbers) for numbers in shop.numbers.values()}


async def test_truncated_while_it_is_sent(shop: Shop) -> None:
    """A file that becomes shorter ends the job with that, and nothing is lost."""
    path = shop.file(codes(300))
    before = path.read_bytes()

    with pytest.raises(SourceChangedError, match="shorter than it was"):
        await through(shop.few(path, shop.path), lambda count: path.write_bytes(before[:700]) if count == 1 else None)

    await shop.left_in_order()
    path.write_bytes(before)
    await through(again := shop.few(path, shop.path))
    assert {"done": 300} == counts(again)
    assert codes(300) == sorted(shop.stored)


async def test_vanishing_while_it_is_sent(shop: Shop) -> None:
    """A file that is deleted is read to its end by the run that has it open; the next one asks for it."""
    path = shop.file(codes(60))
    before = path.read_bytes()

    await through(run := shop.few(path, shop.path), lambda count: path.unlink() if count == 1 else None)

    assert {"done": 60} == counts(run)
    with pytest.raises(ConfigurationError, match="there is no file"):
        await through(shop.few(path, shop.path))
    async with SqliteLedger(shop.path) as ledger:
        record = await planned_job(ledger, JOB)
        with pytest.raises(ConfigurationError, match="there is no file"):
            source_of(record)
        path.write_bytes(before)
        source_of(record).close()
        path.write_bytes(before + b"D\n")
        with pytest.raises(SourceChangedError, match="put the file back"):
            source_of(record)


async def test_a_source_that_cannot_be_read_any_more(shop: Shop) -> None:
    """A source whose file is closed under it ends the job, which goes on later."""
    path = shop.file(codes(300))

    run = shop.few(path, shop.path)
    with pytest.raises(SourceError, match="cannot be read any more"):
        await through(run, lambda count: run.source.close() if count == 1 else None)

    await through(again := shop.few(path, shop.path))
    assert {"done": 300} == counts(again)


async def test_an_open_source_stays_open(shop: Shop) -> None:
    """A source that was given open is the giver's to close."""
    source = await open_source(shop.file(codes(4)))
    await through(shop.few(source, shop.path))

    assert 4 == len(source.read(0, 28, 1))
    source.close()


async def _given(kind: str) -> Any:
    async def stream() -> AsyncIterator[str]:
        for code in codes(20):
            yield code

    return {"list": codes(20), "generator": (code for code in codes(20)), "async": stream()}[kind]


@pytest.mark.parametrize("kind", ["list", "generator", "async"])
async def test_rows_that_are_in_no_file(shop: Shop, kind: str) -> None:
    """They are kept beside the ledger for the next run and for the report, and go when the job is removed."""
    await _interrupted(shop, await _given(kind))
    (spool,) = _spools(shop)
    assert 0o600 == spool.stat().st_mode & 0o777

    run = shop.few(await _given(kind), shop.path)
    await through(run)

    assert {"done": 20} == counts(run)
    assert [spool] == _spools(shop)
    assert {1} == {len(numbers) for numbers in shop.numbers.values()}
    async with SqliteLedger(shop.path) as ledger:
        assert str(spool) == json.loads((await planned_job(ledger, JOB)).source)["path"]
        await remove_job(ledger, JOB)
        assert None is await ledger.find(JOB)
    assert [] == _spools(shop)


async def test_other_rows_leave_nothing_behind(shop: Shop) -> None:
    """Rows that are not those of the job are not kept, and those of the job are."""
    await _interrupted(shop, codes(20))
    kept = _spools(shop)

    with pytest.raises(SourceChangedError):
        await through(shop.few(codes(21), shop.path))

    assert kept == _spools(shop)


async def test_rows_that_two_jobs_have(shop: Shop) -> None:
    """One file of ours serves both, and stays until both are removed."""
    for job in ("spring", "summer"):
        await through(shop.run(codes(20), job=job))
    kept = _spools(shop)
    assert 1 == len(kept)

    async with SqliteLedger(shop.path) as ledger:
        await remove_job(ledger, "spring")
        assert kept == _spools(shop)
        await remove_job(ledger, "summer")
        await remove_job(ledger, "autumn")
    assert [] == _spools(shop)


async def test_removing_leaves_the_users_file(shop: Shop) -> None:
    """A file that the job was given is not ours to remove."""
    path = shop.file(codes(3))
    await through(shop.run(path))

    async with SqliteLedger(shop.path) as ledger:
        await remove_job(ledger, JOB)

    assert path.exists()


def _raising() -> Iterator[str]:
    yield "A1"
    raise ZeroDivisionError


async def _raising_async() -> AsyncIterator[str]:
    for code in _raising():
        yield code


@pytest.mark.parametrize("given", [_raising, _raising_async], ids=["generator", "async"])
async def test_rows_that_raise(shop: Shop, given: Any) -> None:
    """What the rows raise comes out of entering the job, of which nothing was begun or kept."""
    with pytest.raises(ZeroDivisionError):
        await through(shop.run(given()))

    assert 0 == shop.uploads
    assert [] == _spools(shop)
    assert [] == await shop.chunks()


@contextmanager
def _piped_in(lines: Sequence[str]) -> Generator[None]:
    """Lines on the standard input."""
    reading, writing = os.pipe()
    before = os.dup(0)
    os.dup2(reading, 0)
    os.write(writing, "".join(f"{line}\n" for line in lines).encode())
    os.close(writing)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)


async def test_the_standard_input(shop: Shop) -> None:
    """What is piped in is kept as rows are that are in no file, and goes on when the same is piped in again."""
    with _piped_in(codes(20)):
        await _interrupted(shop, "-")
    kept = _spools(shop)
    with _piped_in(codes(21)), pytest.raises(SourceChangedError, match="the standard input is not what job 'spring'"):
        await through(shop.few("-", shop.path))
    with _piped_in(codes(20)):
        await through(run := shop.few("-", shop.path))

    assert {"done": 20} == counts(run)
    assert 1 == len(kept)
    assert kept == _spools(shop)


async def test_a_job_whose_planning_did_not_end_may_have_other_rows(shop: Shop) -> None:
    """Until a job is planned nothing of it was sent, so it takes other rows, and forgets those from before."""
    async with SqliteLedger(shop.path) as ledger:
        old = shop.folder / "ledger.d" / "old.rows"
        assert ledger.folder is not None
        old.write_text("A\n")
        await ledger.add(NewJob(JOB, "upload", "{}", json.dumps({"path": str(old)})))

    run = shop.run(codes(3))
    await through(run)

    assert {"done": 3} == counts(run)
    assert not old.exists()


async def test_not_begun_is_said(shop: Shop) -> None:
    """A job that is not there, and one that was not planned, have no account, and the message says which jobs are."""
    async with SqliteLedger(shop.path) as ledger:
        with pytest.raises(ConfigurationError, match="no job 'spring' in this ledger; it has none"):
            await planned_job(ledger, JOB)
        await ledger.add(NewJob("summer", "upload", "{}", "{}"))
        with pytest.raises(ConfigurationError, match="no job 'spring' in this ledger; it has 'summer'"):
            await planned_job(ledger, JOB)
        with pytest.raises(ConfigurationError, match="sent nothing; run it again"):
            await planned_job(ledger, "summer")


async def test_a_lost_answer_and_a_changed_file(shop: Shop, proxy: FaultProxy, behind: Client[Partner]) -> None:
    """A job with a call in doubt refuses a changed file too: the doubt is about the rows as they were."""
    path = shop.file(codes(3))
    proxy.then(Fault.LOSE)
    with pytest.raises(NetworkError):
        await through(shop.few(path, shop.path, client=behind))
    path.write_text("other\n")

    with pytest.raises(SourceChangedError):
        await through(shop.few(path, shop.path))
    assert 1 == shop.uploads


async def test_rows_that_no_job_can_use(shop: Shop) -> None:
    """Rows that are refused as a whole are not kept, where they were not in a file."""
    task: Any = PreSendTask(JOB, product_coupon_id="1", stock_id="2", appid="wx1")

    with pytest.raises(ConfigurationError, match="openid"):
        await through(Run(shop.client, task, [{"name": "x"}], ledger=shop.path))

    assert [] == _spools(shop)


async def test_cancelled_before_it_is_a_job(shop: Shop) -> None:
    """However early whoever begins a job is cancelled: rows that were in no file are kept for a job, or not at all."""
    async with SqliteLedger(shop.path) as ledger:
        for ticks in range(1, 40):
            with closing(await open_source(codes(20), folder=ledger.folder)) as source:
                task = UploadTask(JOB, **shop.ids)
                beginning = asyncio.create_task(prepare(ledger, task, source, Progress(), shop.client))
                for _ in range(ticks):
                    await asyncio.sleep(0)
                beginning.cancel()
                await asyncio.gather(beginning, return_exceptions=True)
            assert len(await ledger.jobs()) == len(_spools(shop)), ticks
            await remove_job(ledger, JOB)


async def test_rows_that_were_left(shop: Shop) -> None:
    """Rows that a killed process kept for a job it did not begin are removed when another job begins, after a day."""
    async with SqliteLedger(shop.path) as ledger:
        assert ledger.folder is not None
        for given in (["OLD1"], ["YOUNG"]):
            (await open_source(given, folder=ledger.folder)).close()
            if given == ["OLD1"]:
                (old,) = ledger.folder.glob("*.rows")
                os.utime(old, (0, 0))
        await through(shop.run(["NEEDED"], ledger=ledger))
        (needed,) = {Path(json.loads(job.source)["path"]) for job in await ledger.jobs()}
        os.utime(needed, (0, 0))
        await through(shop.run(["MORE"], ledger=ledger, job="another"))

        left = {path.read_text().strip() for path in ledger.folder.glob("*.rows")}
    assert {"YOUNG", "NEEDED", "MORE"} == left
