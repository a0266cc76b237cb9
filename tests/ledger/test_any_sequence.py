"""Any sequence of operations, beside a model of a few lines."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wxcoupon.bulk.ledger import Ledger, State
from wxcoupon.bulk.ledgers.memory_ledger import MemoryLedger
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger

from .model import Pair

_NAMES = st.sampled_from(["spring", "autumn"])
_SOME = st.integers(0, 5)
_SEEDS = st.integers(0, 1000)
_STEPS = st.one_of(
    st.tuples(st.just("add"), _NAMES),
    st.tuples(st.just("plan"), _NAMES, _SOME),
    st.tuples(st.just("planned"), _NAMES),
    st.tuples(st.just("reopen"), _NAMES),
    st.tuples(st.just("claim"), _NAMES, _SOME),
    st.tuples(st.just("release"), _NAMES, _SEEDS),
    st.tuples(st.just("settle"), _NAMES, _SEEDS, st.sampled_from([State.SETTLED, State.REFUSED, State.UNKNOWN])),
    st.tuples(st.just("number")),
    st.tuples(st.just("remove"), _NAMES),
    st.tuples(st.just("kill")),
)


async def _do(pair: Pair, steps: list[tuple[object, ...]], folder: Path | None) -> None:
    for number, (step, *args) in enumerate(steps):
        if step == "kill":
            if folder is not None:
                pair.ledger = await _killed(pair.ledger, folder / f"ledger{number}")
        elif step in {"add", "number"} or args[0] in pair.jobs:
            await getattr(pair, str(step))(*args)
        await pair.compare()


async def _killed(ledger: Ledger, path: Path) -> SqliteLedger:
    """The ledger as a process finds it after the one that had it was killed: the file and its log, not closed."""
    assert isinstance(ledger, SqliteLedger)
    for end in ("", "-wal"):
        shutil.copy(f"{ledger.path}{end}", f"{path}{end}")
    await ledger.close()
    return await SqliteLedger.open(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(_STEPS, max_size=30))
async def test_sqlite_does_what_the_model_does(steps: list[tuple[object, ...]]) -> None:
    """Whatever is done, and however often the process is killed, the ledger says what the model says."""
    with tempfile.TemporaryDirectory() as name:
        pair = Pair(await SqliteLedger.open(Path(name) / "ledger"))
        try:
            await _do(pair, steps, Path(name))
        finally:
            await pair.ledger.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(_STEPS, max_size=30))
async def test_memory_does_what_the_model_does(steps: list[tuple[object, ...]]) -> None:
    """Whatever is done, the ledger says what the model says."""
    async with MemoryLedger() as ledger:
        await _do(Pair(ledger), steps, None)
