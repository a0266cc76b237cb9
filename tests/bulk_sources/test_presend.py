from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wxcoupon import ApiError, Client, Partner
from wxcoupon.bulk import request_no_for
from wxcoupon.bulk.presend import PreSend, TokenOutcome, pre_send
from wxcoupon.bulk.sources import Row
from wxcoupon.errors import ClientStateError, NotAllowedError
from wxcoupon.sandbox import Sandbox

from ..sandbox.shapes import APPID, product_coupon

_ENDPOINT = "product_coupon.pre_send_coupon"


async def _ids(client: Client[Partner]) -> dict[str, Any]:
    created = await client.call(product_coupon(mode="WECHATPAY"))
    assert created.stock is not None
    return {"product_coupon_id": created.product_coupon_id, "stock_id": created.stock.stock_id, "appid": APPID}


async def _rows(*rows: str | Mapping[str, str]) -> AsyncIterator[Row]:
    for line, row in enumerate(rows, 1):
        yield Row(line, row) if isinstance(row, str) else Row(line, "", row)


async def _all(job: PreSend) -> dict[int, TokenOutcome]:
    async with job:
        return {outcome.line: outcome async for outcome in job}


async def test_a_token_for_every_user(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Every user gets a token that can be claimed, good for five minutes, under a derived number."""
    ids = await _ids(partner)
    job = pre_send(partner, _rows("o-1", "o-2"), job="spring", **ids)

    outcomes = await _all(job)

    assert {"done": 2, "failed": 0, "invalid": 0} == job.counts
    for number in (1, 2):
        row = outcomes[number]
        assert request_no_for("spring", ids["product_coupon_id"], ids["stock_id"], f"o-{number}") == row.send_request_no
        assert row.token is not None
        assert row.send_request_no == (await sandbox.claim(row.token))["send_request_no"]
        assert row.expires_at is not None
        assert timedelta(hours=8) == row.expires_at.utcoffset()
        assert row.expires_at - datetime.now(UTC) <= timedelta(minutes=5)


async def test_what_a_row_says_wins(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A row's own number, ids and attachment are sent, and the job's ids where it has none."""
    ids = await _ids(partner)
    row = {"openid": "o-1", "send_request_no": "mine_0001", "attach": "table 7", "stock_id": ids.pop("stock_id")}

    outcomes = await _all(pre_send(partner, _rows(row), job="spring", stock_id="7", **ids))

    assert "mine_0001" == outcomes[1].send_request_no
    assert outcomes[1].token is not None
    assert "table 7" == (await sandbox.claim(outcomes[1].token))["attach"]


async def test_rows_that_cannot_be_sent(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A row that breaks a documented rule, or could not be read, is invalid, says why, and is not sent."""
    ids = await _ids(partner)

    async def rows() -> AsyncIterator[Row]:
        yield Row(1, "", {"openid": ""})
        yield Row(2, "", {"openid": "o-1", "attach": "x" * 151})
        yield Row(3, "", problem="no csv")
        yield Row(4, "o-2")

    job = pre_send(partner, rows(), job="spring", **ids)
    outcomes = await _all(job)

    assert {"done": 1, "failed": 0, "invalid": 3} == job.counts
    assert ["$.openid", "$.attach", "no csv"] == [outcomes[line].error[:8].strip(":") for line in (1, 2, 3)]
    assert 1 == sandbox.state()["requests"][_ENDPOINT]


async def test_a_refused_row_fails_alone(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A refusal fails its row, and the others go on."""
    ids = await _ids(partner)
    rows = _rows({"openid": "o-1", "stock_id": "7"}, {"openid": "o-2"})

    job = pre_send(partner, rows, job="spring", **ids)
    outcomes = await _all(job)

    assert {"done": 1, "failed": 1, "invalid": 0} == job.counts
    assert "404" in outcomes[1].error
    assert 2 == sandbox.state()["requests"][_ENDPOINT]


async def test_a_signature_that_is_not_accepted_stops_the_job(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """After a 401 no further row is sent, but those under way, because none could end better."""
    ids = await _ids(partner)
    sandbox.fail_next(401, "SIGN_ERROR")
    job = pre_send(partner, _rows(*(f"o-{number}" for number in range(50))), job="spring", concurrency=1, **ids)

    with pytest.raises(ApiError) as caught:
        await _all(job)

    assert 401 == caught.value.status
    assert job.rows == sandbox.state()["requests"][_ENDPOINT] < 5


async def test_refused_from_the_start(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """A stock that is not there is asked once, because every row has it from the job."""
    ids = await _ids(partner) | {"stock_id": "7"}
    job = pre_send(partner, _rows(*(f"o-{number}" for number in range(50))), job="spring", **ids)

    with pytest.raises(ApiError) as caught:
        await _all(job)

    assert (404, 1, 1) == (caught.value.status, job.rows, sandbox.state()["requests"][_ENDPOINT])
    assert not job.whole


async def test_leaving_early(partner: Client[Partner]) -> None:
    """Left early, a job still has an outcome for every row that was read."""
    ids = await _ids(partner)
    read: list[int] = []

    async def rows() -> AsyncIterator[Row]:
        for line in range(1, 1001):
            read.append(line)
            yield Row(line, f"o-{line}")

    async with pre_send(partner, rows(), job="spring", **ids) as job:
        told = [await anext(aiter(job))]

    outcomes = [*told, *job.rest]
    assert read == sorted(outcome.line for outcome in outcomes)
    assert len(read) == job.rows < 1000
    assert {outcome.error for outcome in outcomes} <= {"", "interrupted before an answer came; run the same job again"}


async def test_a_merchant_may_not(sandbox: Sandbox) -> None:
    """An identity that may not pre-send product coupons is told so before anything is sent."""
    client: Client = Client(sandbox.merchant, sandbox.platform_keys, base_url=sandbox.base_url)
    async with client:
        job = PreSend(
            client,
            _rows("o-1"),
            job="spring",
            defaults={"product_coupon_id": "1", "stock_id": "2", "appid": APPID},
            concurrency=1,
        )
        with pytest.raises(NotAllowedError):
            await _all(job)
    assert {} == sandbox.state()["requests"]


async def test_a_job_has_to_be_entered(partner: Client[Partner]) -> None:
    """A job that was not entered says how to."""
    with pytest.raises(ClientStateError, match="async with"):
        async for _ in pre_send(partner, _rows("o-1"), job="spring"):
            pass
