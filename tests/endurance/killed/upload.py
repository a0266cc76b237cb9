"""An upload that is killed again and again, on a way that loses answers.

``python -m tests.endurance.killed.upload`` is the full size.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import tempfile
from pathlib import Path
from time import perf_counter

import attrs

from tests.fault_proxy import Fault
from wxcoupon.sandbox import Keys

from .kills import BEGUN, Moment, forked, moments, until_it_ends
from .lines import write
from .proof import calls_by_number, each_code_once, every_line_once, told, whole
from .servers import place

JOB = "spring"
_CODES_A_CALL = 200
_PIECE = 1 << 17
"""Bytes of a source that are read at once."""


@attrs.frozen
class Proven:
    """What a job was that came to its exact result.

    Attributes:
        rows: lines of its file that were not blank.
        codes: of them, codes that were uploaded.
        moments: where it was killed.
        calls: calls that it needed.
        requests: requests that were made for them.
        lost: answers that were lost.
        marked: codes that a repeated call found there.
        seconds: how long it took, from the first run to the end of the last.
    """

    rows: int
    codes: int
    moments: list[Moment] = attrs.field(repr=False)
    calls: int
    requests: int
    lost: int
    marked: int
    seconds: float


async def upload(
    folder: Path,
    keys: Keys,
    *,
    codes: int,
    kills: int,
    lost: float = 0.02,
    seed: int = 1,
    forgets: bool = True,
    within: float | None = None,
) -> Proven:
    """Upload so many codes, killed so often; whatever is not exactly as it has to be is an AssertionError.

    Args:
        folder: where files may be made.
        keys: of the sandbox.
        codes: distinct legal codes; the file has invalid, repeated and blank lines besides.
        kills: how often the job is killed.
        lost: which part of the answers is lost, after the server has acted.
        seed: the same seed makes the same file, kills at the same moments, and loses the same answers.
        forgets: whether the server answers what is asked again by what it finds, and not as it did the first time.
        within: seconds after whose beginning a run is killed at the latest, at any time; None for places in the job.
    """
    chance = random.Random(seed)  # noqa: S311 - the same moments every time
    lines = await asyncio.to_thread(write, folder / "codes.txt", codes, seed)
    ledger = folder / "ledger"
    if within is None:
        pieces = lines.path.stat().st_size // _PIECE
        at = moments(kills, chance, pieces=pieces, calls=math.ceil(len(lines.codes) / _CODES_A_CALL))
    else:
        at = [Moment(BEGUN, 1, chance.uniform(0, within)) for _ in range(kills)]
    async with place(folder, keys, mode="UPLOAD", room=codes, lost=lost, seed=seed, forgets=forgets) as where:
        work = {
            "kind": "upload",
            "job": JOB,
            "source": str(lines.path),
            "ledger": str(ledger),
            "ids": where.ids,
            "environ": where.environ,
        }
        began = perf_counter()
        async with forked(where.marks, work) as job:
            assert 0 == await until_it_ends(job, where.marks, at)
        seconds = perf_counter() - began
        assert len(where.codes) == len(lines.codes)
        assert set(where.codes) == set(lines.codes)
        calls = calls_by_number(where.proxy.seen)
        again = each_code_once(calls, lines.codes)
        tally, rows = await told(ledger, JOB)
        marked = every_line_once([(row.line, row.text, row.ending, row.reason) for row in rows], tally, lines)
        assert (again if forgets else set()) == marked
        whole(ledger)
        lost_answers = where.proxy.counts[Fault.LOSE]
        requests = len(where.proxy.seen)
    return Proven(len(rows), len(lines.codes), at, len(calls), requests, lost_answers, len(marked), seconds)


def main() -> None:
    """Prove the full size, and print what it took."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.killed.upload", description=__doc__)
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--lost", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--remembers", action="store_true", help="repeated calls are answered as they were before")
    parser.add_argument("--within", type=float, metavar="SECONDS", help="kill at any time, this long after at most")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        proven = asyncio.run(
            upload(
                Path(folder),
                Keys.generate(),
                codes=given.codes,
                kills=given.kills,
                lost=given.lost,
                seed=given.seed,
                forgets=not given.remembers,
                within=given.within,
            )
        )
    for moment in proven.moments:
        print(moment)  # noqa: T201 - what this program is for
    print(proven)  # noqa: T201


if __name__ == "__main__":
    main()
