"""``wxcoupon codes status --reconcile``: a ledger's uploads beside what WeChat Pay says their stocks hold."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import attrs

from ..bulk.codes.reconciling import Reconciliation, reconcile, uploads_into
from ..bulk.ledger import JobRecord, Ledger
from ..client import Client
from ..errors import ApiError, ConfigurationError, RateLimited, ServerError
from .options import Connection
from .text import number_of, say
from .words import UPLOAD, words_of


@attrs.frozen
class Compared:
    """A stock by both accounts."""

    found: Reconciliation

    @property
    def adds_up(self) -> bool:
        """Whether they agree."""
        return self.found.adds_up

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        return {**attrs.asdict(self.found), "used": self.found.used, "difference": self.found.difference}

    def lines(self) -> list[str]:
        """It in words."""
        one = self.found
        verdict = "adds up" if one.adds_up else "does NOT add up"
        return [
            f"stock {one.stock_id}: {verdict}",
            f"  WeChat Pay has {number_of(one.total, 'code')}, {one.available:,} of them available, {one.used:,} used",
            f"  this ledger uploaded {one.uploaded:,}, in {number_of(len(one.jobs), 'job')}",
            *(f"  {finding}" for finding in one.findings),
        ]


@attrs.frozen
class NotCompared:
    """A stock of which WeChat Pay does not say what it holds.

    Attributes:
        product_coupon_id: the product coupon.
        stock_id: its stock.
        jobs: names of the ledger's upload jobs into it.
        uploaded: codes that they stored there.
        reason: what WeChat Pay says instead.
    """

    product_coupon_id: str
    stock_id: str
    jobs: tuple[str, ...]
    uploaded: int
    reason: str

    @property
    def adds_up(self) -> bool:
        """Nobody knows, so it does not."""
        return False

    def document(self) -> dict[str, Any]:
        """It as JSON: the members of the others, with null for what is not known."""
        unknown = dict.fromkeys(
            name for name in (*(one.name for one in attrs.fields(Reconciliation)), "used", "difference")
        )
        known = attrs.asdict(self)
        return unknown | {"findings": [known.pop("reason")]} | known | {"adds_up": False}

    def lines(self) -> list[str]:
        """It in words."""
        return [
            f"stock {self.stock_id}: could NOT be compared",
            f"  {self.reason}",
            f"  this ledger uploaded {self.uploaded:,}, in {number_of(len(self.jobs), 'job')}",
        ]


Comparison: TypeAlias = Compared | NotCompared


async def compare(ledger: Ledger, records: list[JobRecord], connection: Connection) -> list[Comparison]:
    """Compare the stocks of all uploads; one that WeChat Pay refuses to tell of does not keep it from the others.

    Raises:
        WxCouponError: WeChat Pay cannot be asked for any stock, or the ledger cannot be read.
    """
    targets = [json.loads(record.target) for record in records if words_of(record.kind) is UPLOAD]
    stocks = dict.fromkeys((target["product_coupon_id"], target["stock_id"]) for target in targets)
    if not stocks:
        say("there is no upload whose stock could be compared")
        return []
    async with connection.client() as client:
        return [await _one(client, ledger, *stock) for stock in stocks]


async def _one(client: Client[Any], ledger: Ledger, product_coupon_id: str, stock_id: str) -> Comparison:
    try:
        return Compared(await reconcile(client, ledger, product_coupon_id=product_coupon_id, stock_id=stock_id))
    except ApiError as error:
        if isinstance(error, (RateLimited, ServerError)) or error.status == 401:
            raise
        reason = f"WeChat Pay does not tell of it: {error.without_cure()}"
    except ConfigurationError as error:
        reason = str(error)
    jobs = await uploads_into(ledger, product_coupon_id, stock_id)
    uploaded = sum([(await ledger.tally(job.id)).done for job in jobs])
    return NotCompared(product_coupon_id, stock_id, tuple(job.name for job in jobs), uploaded, reason)
