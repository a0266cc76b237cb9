"""A call a row, killed at any moment and begun again: every user has one coupon, sent under one number."""

import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fault_proxy import Fault
from wxcoupon import product_coupon as pc
from wxcoupon.bulk.rows.presend_task import PreSendTask
from wxcoupon.bulk.rows.row_task import RowOutcome, RowTask
from wxcoupon.bulk.verdicts import Ending
from wxcoupon.sandbox import Keys, Sandbox

from .kills import A_CLAIM, forked, sending_moments, until_it_ends
from .proof import calls_by_number, told, whole
from .servers import for_users, place

_KILLS = 10
_USERS = 300


async def _as_sent(_: Sandbox, row: RowOutcome) -> str:
    return str(row.answer["coupon_code"])


async def _claimed(sandbox: Sandbox, row: RowOutcome) -> str:
    return str((await sandbox.claim(row.answer["token"]))["coupon_code"])


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "got"), [("send", _as_sent), ("pre_send", _claimed)], ids=["coupons sent", "tokens"])
async def test_ten_kills(
    tmp_path: Path, keys: Keys, kind: str, got: Callable[[Sandbox, RowOutcome], Awaitable[str]]
) -> None:
    """Killed ten times, with answers lost, the job ends with one coupon for every user, and every row told once."""
    users = [f"o-{number:04d}" for number in range(_USERS)]
    (tmp_path / "users.txt").write_text("\r\n\n".join([*users, users[7], users[0]]))
    ledger = tmp_path / "ledger"
    at = sending_moments(_KILLS, random.Random(3), calls=_USERS, a_claim=A_CLAIM)  # noqa: S311 - the same every time
    async with place(tmp_path, keys, mode="WECHATPAY", room=10 * _USERS, lost=0.02, seed=3) as where:
        ids = for_users(where.ids)
        work = {
            "kind": kind,
            "job": "spring",
            "source": str(tmp_path / "users.txt"),
            "ledger": str(ledger),
            "ids": ids,
            "environ": where.environ,
        }
        async with forked(where.marks, work) as job:
            assert 0 == await until_it_ends(job, where.marks, at)

        task: RowTask[Any] = (
            PreSendTask("spring", **ids) if kind == "pre_send" else RowTask(pc.SendCoupon, "spring", defaults=ids)
        )
        tally, ends = await told(ledger, "spring")
        rows = [task.outcome(row) for row in ends]
        assert (_USERS, 2, _USERS + 2) == (tally.done, tally.duplicate, tally.total)
        assert [Ending.DONE] * _USERS + [Ending.DUPLICATE] * 2 == [row.outcome for row in rows]
        assert [1 + 2 * number for number in range(_USERS + 2)] == [row.line for row in rows]
        assert [*users, users[7], users[0]] == [row.members["openid"] for row in rows]
        whole(ledger)

        assert _USERS == len(calls_by_number(where.proxy.seen, "send_request_no"))
        came = {(json.loads(each.body)["send_request_no"], each.target.split("/")[-2]) for each in where.proxy.seen}
        assert {(row.request_no, row.members["openid"]) for row in rows} == came
        assert where.proxy.counts[Fault.LOSE] > 0

        codes = [await got(where.sandbox, row) for row in rows[:_USERS]]
        world = where.sandbox.world
        there = {coupon.coupon_code: coupon for coupon in world.coupons.values()}
        assert _USERS == len(there)
        assert users == [world.openid(there[code].user, ids["appid"]) for code in codes]
