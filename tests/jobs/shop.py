"""A stock of the sandbox, uploads into it, and what has to hold once they are over."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from wxcoupon import Client, Partner
from wxcoupon.bulk.account import every_row
from wxcoupon.bulk.engine import Run
from wxcoupon.bulk.ledger import Chunk, Ledger, State, Tally
from wxcoupon.bulk.ledgers.sqlite_ledger import SqliteLedger
from wxcoupon.bulk.outcomes import RowEnd, Settled
from wxcoupon.bulk.reading import open_source
from wxcoupon.bulk.upload import UploadTask, upload_codes
from wxcoupon.product_coupon import UploadedCouponCodes
from wxcoupon.sandbox import Sandbox

from ..sandbox.shapes import product_coupon

UPLOAD = "product_coupon.upload_coupon_codes"
JOB = "spring"

Call = Settled[UploadedCouponCodes]


class Few(UploadTask):
    """Uploads of at most three codes, so that a few lines are many calls."""

    size = 3
    most = 5


def codes(count: int) -> list[str]:
    """Distinct codes."""
    return [f"C{index:05}" for index in range(count)]


@attrs.frozen
class Shop:
    """A stock for uploaded codes, and a folder with a ledger.

    Attributes:
        sandbox: has the stock.
        client: of its partner; sends everything once.
        ids: the ids that name the stock.
        folder: where the ledger is.
    """

    sandbox: Sandbox
    client: Client[Partner]
    ids: dict[str, str]
    folder: Path

    @classmethod
    async def opened(
        cls, sandbox: Sandbox, client: Client[Partner], folder: Path, *, max_count: int = 10_000
    ) -> "Shop":
        """Create the stock."""
        made = await client.call(product_coupon(max_count=max_count))
        assert made.stock is not None
        return cls(
            sandbox, client, {"product_coupon_id": made.product_coupon_id, "stock_id": made.stock.stock_id}, folder
        )

    @property
    def path(self) -> Path:
        """Where the ledger is."""
        return self.folder / "ledger"

    @property
    def stored(self) -> list[str]:
        """The codes in the stock, in the order in which they came."""
        return list(self.sandbox.world.stocks[self.ids["stock_id"]].codes)

    @property
    def uploads(self) -> int:
        """How many uploads came."""
        calls: int = self.sandbox.state()["requests"].get(UPLOAD, 0)
        return calls

    @property
    def numbers(self) -> dict[str, set[str]]:
        """The request numbers under which each code came, of the last hundred calls."""
        found: dict[str, set[str]] = defaultdict(set)
        for arrival in self.sandbox.arrivals:
            for code in arrival.members.get("code_list", ()):
                found[code].add(arrival.members["out_request_no"])
        return found

    def file(self, lines: Sequence[str], name: str = "codes.txt") -> Path:
        """A file of these lines."""
        path = self.folder / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def run(self, given: Any, **options: Any) -> Run[UploadedCouponCodes]:
        """An upload that is remembered, or with ``ledger=None`` one that is not."""
        settings: dict[str, Any] = {"job": JOB, "ledger": self.path, **self.ids, **options}
        return upload_codes(settings.pop("client", self.client), given, **settings)

    def few(self, given: Any, ledger: Ledger | Path | None, **options: Any) -> Run[UploadedCouponCodes]:
        """An upload of small calls."""
        return Run(options.pop("client", self.client), Few(JOB, **self.ids), given, ledger=ledger, **options)

    async def account(self, given: Any, ledger: Ledger | None = None) -> list[RowEnd]:
        """Every row of the job by its ledger, and by the source it was given."""
        if ledger is None:
            async with SqliteLedger(self.path) as opened:
                return await self.account(given, opened)
        record = await ledger.find(JOB)
        assert record is not None
        source = await open_source(given)
        try:
            return [row async for row in every_row(ledger, record, source)]
        finally:
            source.close()

    async def chunks(self) -> list[Chunk]:
        """The chunks of the job, by its ledger."""
        async with SqliteLedger(self.path) as ledger:
            record = await ledger.find(JOB)
            return [] if record is None else await ledger.chunks(record.id)

    async def left_in_order(self) -> None:
        """Nobody holds the job, and no chunk of it is open in doubt or taken."""
        async with SqliteLedger(self.path) as ledger, ledger.hold(JOB):
            pass
        assert not [
            chunk for chunk in await self.chunks() if chunk.state is State.TAKEN or (not chunk.state and chunk.doubt)
        ]


async def through(run: Run[UploadedCouponCodes], act: Callable[[int], object] = lambda _: None) -> list[Call]:
    """Run a job to its end; *act* is called with the number of calls that ended so far."""
    ended: list[Call] = []
    async with run:
        async for call in run:
            ended.append(call)
            act(len(ended))
    return ended


def counts(run: Run[UploadedCouponCodes]) -> dict[str, int]:
    """The outcomes of a job that occurred."""
    return {name: number for name, number in attrs.asdict(run.progress.tally).items() if number}


def total(calls: Sequence[Call]) -> Tally:
    """The outcomes of calls."""
    return sum((call.chunk.tally for call in calls), Tally())


def answer(**lists: list[Any]) -> dict[str, Any]:
    """An answer that names codes."""
    return {
        "total_count": sum(map(len, lists.values())),
        **{f"{name}_code_list": named for name, named in lists.items()},
    }
