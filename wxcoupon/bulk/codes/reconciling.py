"""What a ledger says it put into a stock, beside what WeChat Pay says the stock holds.

Rule 1: a code of which the ledger knows the outcome is counted as what it is. One that WeChat Pay had already may be of
        this stock or of another one, and one with an unknown outcome may be there or not: they widen what is expected.
Rule 2: WeChat Pay counts late at times, and other programs and other ledgers fill stocks too. What does not add up is
        said with its number, and judged by people.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import attrs

from ...client import Client
from ...errors import ConfigurationError
from ...identity import Brand, Partner
from ...product_coupon import GetStock
from ..ledger import JobRecord, Ledger, Tally
from ..upload import UploadTask

_NAMED: Final = 5
"""Jobs that a finding names."""


@attrs.frozen
class Reconciliation:
    """A stock's codes by two accounts.

    Attributes:
        product_coupon_id: the product coupon.
        stock_id: its stock.
        jobs: names of the ledger's upload jobs into that stock, the oldest first.
        uploaded: codes that they stored there.
        already: codes that WeChat Pay had before, in this stock or in another one of the brand.
        unknown: codes that were sent, with an outcome nobody knows.
        pending: rows that have no outcome yet; those under way may be there.
        total: codes WeChat Pay says were put into the stock.
        available: those of them that nobody has yet.
        adds_up: whether *total* can be what the ledger says.
        findings: what is to be known of the difference, in sentences; empty when there is none.
    """

    product_coupon_id: str
    stock_id: str
    jobs: tuple[str, ...]
    uploaded: int
    already: int
    unknown: int
    pending: int
    total: int
    available: int
    adds_up: bool
    findings: tuple[str, ...]

    @property
    def used(self) -> int:
        """Codes that users have, by WeChat Pay's account."""
        return self.total - self.available

    @property
    def difference(self) -> int:
        """Codes that WeChat Pay holds beyond those the ledger uploaded; below 0 when it holds fewer."""
        return self.total - self.uploaded


async def reconcile(
    client: Client[Partner] | Client[Brand], ledger: Ledger, *, product_coupon_id: str, stock_id: str
) -> Reconciliation:
    """Compare what a ledger's jobs put into a stock with the ``coupon_code_count_info`` of the stock.

    Args:
        client: asks for the stock.
        ledger: has the jobs.
        product_coupon_id: the product coupon.
        stock_id: its stock.

    Returns:
        Both accounts, and what does not add up.

    Raises:
        ConfigurationError: the stock has no uploaded codes, by its ``coupon_code_mode``.
        WxCouponError: the stock could not be asked for, or the ledger not be read.
    """
    # The ledger is read first: what is uploaded in between makes WeChat Pay's number larger, not smaller.
    jobs = await uploads_into(ledger, product_coupon_id, stock_id)
    tallies = [await ledger.tally(job.id) for job in jobs]
    rows = sum(job.rows for job in jobs if job.planned)
    stock = await client.call(GetStock(product_coupon_id=product_coupon_id, stock_id=stock_id))
    if stock.coupon_code_count_info is None:
        raise ConfigurationError(
            f"stock {stock_id} has no uploaded codes to count: its coupon_code_mode is {stock.coupon_code_mode}"
        )
    sums = sum(tallies, Tally())
    total, pending = stock.coupon_code_count_info.total_count, rows - sums.total
    return Reconciliation(
        product_coupon_id,
        stock_id,
        tuple(job.name for job in jobs),
        sums.done,
        sums.already,
        sums.unknown,
        pending,
        total,
        stock.coupon_code_count_info.available_count,
        sums.done <= total <= sums.done + sums.already + sums.unknown + pending,
        tuple(
            _findings(
                sums, pending, total, unknown_in=_with(jobs, tallies, _unknown), open_in=_with(jobs, tallies, _left)
            )
        ),
    )


async def uploads_into(ledger: Ledger, product_coupon_id: str, stock_id: str) -> list[JobRecord]:
    """A ledger's upload jobs into a stock, the oldest first."""
    return [job for job in await ledger.jobs() if _is_into(job, product_coupon_id, stock_id)]


def _is_into(job: JobRecord, product_coupon_id: str, stock_id: str) -> bool:
    if job.kind != UploadTask.kind:
        return False
    target: Any = json.loads(job.target)
    return [target.get("product_coupon_id"), target.get("stock_id")] == [product_coupon_id, stock_id]


def _unknown(_: JobRecord, tally: Tally) -> int:
    return tally.unknown


def _left(job: JobRecord, tally: Tally) -> int:
    return job.rows - tally.total if job.planned else 0


def _with(jobs: list[JobRecord], tallies: list[Tally], count: Callable[[JobRecord, Tally], int]) -> str:
    """The jobs of which there are such rows, in words."""
    names = [repr(job.name) for job, tally in zip(jobs, tallies, strict=True) if count(job, tally)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"job{'' if len(names) == 1 else 's'} {', '.join(names[:_NAMED])}{more}"


def _findings(sums: Tally, pending: int, total: int, *, unknown_in: str, open_in: str) -> list[str]:
    """What is to be said, the worst first."""
    found: list[str] = []
    beyond = total - sums.done
    open_ones = sums.already + sums.unknown + pending
    if beyond < 0:
        found.append(
            f"WeChat Pay holds {codes_in_words(-beyond)} fewer than this ledger uploaded; its counts may be minutes "
            "late: ask again, and if it stays so, ask WeChat Pay"
        )
    elif beyond > open_ones:
        more = f"at least {codes_in_words(beyond - open_ones)}" if open_ones else codes_in_words(beyond)
        found.append(f"WeChat Pay holds {more} more: put there by other means, or by another ledger")
    if sums.unknown:
        found.append(
            f"{codes_in_words(sums.unknown)} sent with an outcome nobody knows; run {unknown_in} again to learn it"
        )
    if sums.already:
        found.append(
            f"WeChat Pay had {codes_in_words(sums.already)} before they were sent, in this stock or in "
            "another one of the brand"
        )
    if pending:
        found.append(f"{pending:,} {'row has' if pending == 1 else 'rows have'} no outcome yet; run {open_in} again")
    return found


def codes_in_words(count: int) -> str:
    """A number of codes: ``1 code``, ``2,000 codes``."""
    return f"{count:,} code{'' if count == 1 else 's'}"
