"""Users who may have coupons: WeChat Pay lists the coupons of a user, and of nobody else."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import attrs

from ..bulk import aside
from ..bulk.account import every_row, planned_job, source_of
from ..bulk.ledger import Ledger
from ..bulk.verdicts import Ending
from ..errors import ConfigurationError

_NOT_SENT: Final = frozenset({Ending.INVALID, Ending.DUPLICATE, Ending.FAILED})


@attrs.frozen
class Holder:
    """A user, by the pair that calls take.

    Attributes:
        openid: the user, under *appid*.
        appid: the appid of the openid.
    """

    openid: str = attrs.field(repr=False)
    appid: str


async def holders_of_job(ledger: Ledger, name: str) -> AsyncGenerator[Holder]:
    """The users that a job sent coupons or tokens to, or may have: jobs of pre-sends, and of other calls for users.

    Its source has to be there still, because a ledger keeps no users. Rows that were refused or never sent are left
    out. The same user may come more than once.

    Args:
        ledger: what has the job.
        name: the name of the job.

    Raises:
        ConfigurationError: there is no such job, it is not about users, or its source is not what it was.
        LedgerError: the ledger cannot be read.
    """
    record = await planned_job(ledger, name)
    target: Mapping[str, Any] = json.loads(record.target)
    source = await aside.aside(lambda _: source_of(record))
    try:
        async for row in every_row(ledger, record, source):
            if row.ending in _NOT_SENT:
                continue
            openid = row.cells.get("openid") or target.get("openid") or ("" if row.cells else row.text)
            appid = row.cells.get("appid") or target.get("appid")
            if not openid or not appid:
                raise ConfigurationError(
                    f"line {row.line} of job {name!r} names no openid or no appid, so it is not about users"
                )
            yield Holder(openid, appid)
    finally:
        source.close()
