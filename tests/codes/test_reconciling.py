"""A ledger's uploads beside what WeChat Pay counts."""

from pathlib import Path

import pytest

from wxcoupon import Client, Partner
from wxcoupon.bulk.codes.reconciling import Reconciliation, reconcile
from wxcoupon.errors import ConfigurationError
from wxcoupon.sandbox import Sandbox

from .shop import Shop


@pytest.fixture
async def shop(sandbox: Sandbox, partner: Client[Partner], tmp_path: Path) -> Shop:
    """A stock with nothing in it."""
    return await Shop.opened(sandbox, partner, tmp_path)


async def compare(shop: Shop) -> Reconciliation:
    """Compare the accounts."""
    async with shop.ledger() as ledger:
        return await reconcile(shop.client, ledger, **shop.ids)


async def test_uploads_of_all_jobs_add_up(shop: Shop) -> None:
    """What several jobs uploaded is what the stock holds; codes that users have are counted."""
    await shop.upload("a1", "a2", "a1", "no code", job="one")
    await shop.upload("b1", "b2", "b3", job="two")
    await shop.claim(2)
    found = await compare(shop)
    assert (("one", "two"), 5, 5, 3, 2, 0) == (
        found.jobs,
        found.uploaded,
        found.total,
        found.available,
        found.used,
        found.difference,
    )
    assert (True, ()) == (found.adds_up, found.findings)


async def test_jobs_into_other_stocks_do_not_count(shop: Shop) -> None:
    """The same ledger may have filled another stock."""
    other = await Shop.opened(shop.sandbox, shop.client, shop.folder)
    await other.upload("a1", "a2", job="other")
    found = await compare(shop)
    assert ((), 0, 0, True) == (found.jobs, found.uploaded, found.total, found.adds_up)


async def test_more_codes_than_uploaded_are_said(shop: Shop) -> None:
    """Codes that came past the ledger do not add up."""
    await shop.upload("a1")
    await shop.upload_past_the_ledger("b1", "b2")
    found = await compare(shop)
    assert (False, 2) == (found.adds_up, found.difference)
    assert ("WeChat Pay holds 2 codes more: put there by other means, or by another ledger",) == found.findings


async def test_fewer_codes_than_uploaded_are_said(shop: Shop) -> None:
    """A count that is behind does not add up, and may be late."""
    await shop.upload("a1", "a2")
    shop.sandbox.reply_next(await shop.stock(total_count=1))
    found = await compare(shop)
    assert (False, -1) == (found.adds_up, found.difference)
    assert found.findings[0].startswith("WeChat Pay holds 1 code fewer than this ledger uploaded; its counts may be")


async def test_codes_that_were_there_may_be_of_this_stock_or_not(shop: Shop) -> None:
    """Either way the count adds up, and the ledger's doubt is said."""
    await shop.upload_past_the_ledger("b1", "b2")
    await shop.upload("a1", "b1", "b2")
    found = await compare(shop)
    assert (1, 2, 3, True) == (found.uploaded, found.already, found.total, found.adds_up)
    assert (
        "WeChat Pay had 2 codes before they were sent, in this stock or in another one of the brand",
    ) == found.findings


async def test_a_stock_without_uploaded_codes_is_refused(shop: Shop) -> None:
    """There is nothing to count where WeChat Pay makes the codes."""
    other = await Shop.opened(shop.sandbox, shop.client, shop.folder, mode="WECHATPAY")
    with pytest.raises(ConfigurationError, match="its coupon_code_mode is WECHATPAY"):
        await compare(other)
