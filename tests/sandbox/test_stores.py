"""Stores on the sandbox: making, finding, changing, closing and deleting them, and who receives their money."""

from typing import Any

import pytest

from wxcoupon import ApiError, Brand, Client, Pacer, Partner
from wxcoupon.convert import from_wire
from wxcoupon.errors import NotAllowedError
from wxcoupon.sandbox import Keys, Sandbox
from wxcoupon.sandbox.stores import Stores
from wxcoupon.store import (
    BindStoreRecipient,
    BrandStore,
    CloseBrandStore,
    CreateBrandStore,
    DeleteBrandStore,
    GetBrandStore,
    ListBrandStores,
    RecipientState,
    ResumeBrandStore,
    StoreAuditState,
    StoreBasics,
    StoreBusiness,
    StoreState,
    UnbindStoreRecipient,
    UpdateBrandStore,
)

START = 1_780_000_000.0
ADDRESS = {"address_code": "440106", "address_detail": "天河路208号"}


def _store(reference: str | None = None, **parts: Any) -> CreateBrandStore:
    basics = {"store_basics": {"store_reference_id": reference}} if reference else {}
    return from_wire(CreateBrandStore, {"store_address": ADDRESS} | basics | parts)


async def _made(client: Client[Partner], reference: str | None = None) -> str:
    made = await client.call(_store(reference))
    assert made.store_id is not None
    return made.store_id


async def _refused(client: Client[Any], request: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        await client.call(request)
    assert caught.value.verified
    return caught.value.status, caught.value.code


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        """The time."""
        return self.now


def _client(sandbox: Sandbox, clock: Clock, pacer: Pacer) -> Client[Partner]:
    return Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=pacer, clock=clock)


async def test_a_store_from_its_making_to_its_end(partner: Client[Partner]) -> None:
    """A store is open once its review is over, closes, opens again, and is gone once it is deleted."""
    made = await partner.call(_store("GZ-1", store_business={"service_phone": "020-81234567"}))
    assert made.store_id is not None
    got = await partner.call(GetBrandStore(store_id=made.store_id))

    assert made == got
    assert ("120344", StoreState.OPEN, StoreAuditState.SUCCESS) == (got.brand_id, got.store_state, got.audit_state)
    assert ("GZ-1", None) == (got.store_basics and got.store_basics.store_reference_id, got.store_recipient)

    closed = await partner.call(CloseBrandStore(store_id=made.store_id))
    assert ("120344", made.store_id, StoreState.CLOSED) == (closed.brand_id, closed.store_id, closed.store_state)
    assert (400, "INVALID_REQUEST") == await _refused(partner, CloseBrandStore(store_id=made.store_id))
    assert StoreState.OPEN == (await partner.call(ResumeBrandStore(store_id=made.store_id))).store_state
    assert (400, "INVALID_REQUEST") == await _refused(partner, ResumeBrandStore(store_id=made.store_id))

    await partner.call(DeleteBrandStore(store_id=made.store_id))
    for request in (GetBrandStore, UpdateBrandStore, DeleteBrandStore, CloseBrandStore):
        assert (404, "NOT_FOUND") == await _refused(partner, request(store_id=made.store_id))


async def test_a_brand_makes_and_changes_its_own(partner: Client[Partner], brand: Client[Brand]) -> None:
    """A store is its brand's, whoever made it; answers to the brand do not say which brand that is."""
    made: BrandStore = await brand.call(_store("GZ-1"))
    assert made.store_id is not None
    changed: BrandStore = await brand.call(
        UpdateBrandStore(store_id=made.store_id, store_business=StoreBusiness(service_phone="020-81234567"))
    )

    assert (None, None) == (made.brand_id, changed.brand_id)
    assert (changed.store_id, changed.store_business) == (made.store_id, StoreBusiness(service_phone="020-81234567"))
    assert "120344" == (await partner.call(GetBrandStore(store_id=made.store_id))).brand_id
    with pytest.raises(NotAllowedError, match="it takes a Partner"):
        await brand.call(GetBrandStore(store_id=made.store_id))  # type: ignore[arg-type]


async def test_a_store_of_another_brand(partner: Client[Partner]) -> None:
    """One brand's store is not there for another, and its reference is not taken there."""
    made = await _made(partner, "GZ-1")
    other = partner.for_brand("120345")

    assert (404, "NOT_FOUND") == await _refused(other, GetBrandStore(store_id=made))
    assert made != await _made(other, "GZ-1")
    listed = await other.call(ListBrandStores())
    assert ("120345", 1) == (listed.brand_id, listed.total_count)


async def test_a_store_is_made_once(partner: Client[Partner]) -> None:
    """A creation repeated after an unknown outcome is refused; the list has the store by its reference."""
    made = await _made(partner, "GZ-1")
    assert (400, "ALREADY_EXISTS") == await _refused(partner, _store("GZ-1"))
    nameless = await _made(partner)
    assert (400, "ALREADY_EXISTS") == await _refused(partner, _store())
    elsewhere = ADDRESS | {"address_detail": "天河路210号"}
    assert (await partner.call(_store(store_address=elsewhere))).store_id not in {made, nameless}

    stores = [store async for store in partner.pages(ListBrandStores())]
    assert [made] == [s.store_id for s in stores if s.store_basics and s.store_basics.store_reference_id == "GZ-1"]


async def test_pages_of_stores(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Going through pages row by row finds each store once, and a filter those of one state."""
    made = [await _made(partner, f"GZ-{number}") for number in range(25)]
    for store_id in made[:3]:
        await partner.call(CloseBrandStore(store_id=store_id))

    first = await partner.call(ListBrandStores())
    assert first.data is not None
    assert (20, 0, 20, 25) == (len(first.data), first.offset, first.limit, first.total_count)
    assert made == [store.store_id async for store in partner.pages(ListBrandStores())]
    assert made[5:] == [store.store_id async for store in partner.pages(ListBrandStores(offset=5, limit=7))]
    assert made[:3] == [s.store_id async for s in partner.pages(ListBrandStores(store_state="CLOSED", limit=2))]
    assert [] == [store async for store in partner.pages(ListBrandStores(store_state="CREATING"))]
    assert 1 + 2 + 3 + 2 + 1 == sandbox.state()["requests"]["store.list_brand_stores"]


async def test_reviews_take_their_time(keys: Keys, unpaced: Pacer) -> None:
    """A new store is CREATING and takes no changes; later changes wait for their review, but for three members."""
    clock = Clock()
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=clock, review_seconds=60) as sandbox,
        _client(sandbox, clock, unpaced) as partner,
    ):
        made = await partner.call(_store("GZ-1"))
        assert made.store_id is not None
        update = UpdateBrandStore(
            store_id=made.store_id,
            store_basics=StoreBasics(store_reference_id="GZ-2", branch_name="新店"),
            store_business=StoreBusiness(service_phone="020-81234567", business_hours="周一 09:00-20:00"),
        )
        assert (StoreState.CREATING, StoreAuditState.PROCESSING) == (made.store_state, made.audit_state)
        assert (400, "PARAM_ERROR") == await _refused(partner, update)
        assert (400, "INVALID_REQUEST") == await _refused(partner, CloseBrandStore(store_id=made.store_id))

        clock.now += 61
        changed = await partner.call(update)
        assert (StoreState.OPEN, StoreAuditState.PROCESSING) == (changed.store_state, changed.audit_state)
        assert StoreBasics(store_reference_id="GZ-2") == changed.store_basics
        assert update.store_business == changed.store_business

        further = UpdateBrandStore(store_id=made.store_id, store_address=_store().store_address)
        assert StoreAuditState.PROCESSING == (await partner.call(further)).audit_state
        clock.now += 61
        reviewed = await partner.call(GetBrandStore(store_id=made.store_id))
        assert (StoreAuditState.SUCCESS, update.store_basics) == (reviewed.audit_state, reviewed.store_basics)


async def test_reviews_that_fail(keys: Keys, unpaced: Pacer) -> None:
    """A change that is rejected is not made, and the store says why; a rejected creation never opens."""
    clock = Clock()
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=clock, review_seconds=60) as sandbox,
        _client(sandbox, clock, unpaced) as partner,
    ):
        one, other = await _made(partner, "GZ-1"), await _made(partner, "GZ-2")
        room = sandbox.world.room(Stores)
        room.reject(other, "地址不符")
        clock.now += 61
        await partner.call(UpdateBrandStore(store_id=one, store_basics=StoreBasics(branch_name="新店")))
        room.reject(one, "名称不符")
        clock.now += 61

        changed = await partner.call(GetBrandStore(store_id=one))
        assert (StoreState.OPEN, StoreAuditState.REJECTED) == (changed.store_state, changed.audit_state)
        assert ("名称不符", StoreBasics(store_reference_id="GZ-1")) == (
            changed.review_reject_reason,
            changed.store_basics,
        )
        rejected = await partner.call(GetBrandStore(store_id=other))
        assert (StoreState.CREATING, StoreAuditState.REJECTED) == (rejected.store_state, rejected.audit_state)


async def test_a_reference_belongs_to_one_store(partner: Client[Partner]) -> None:
    """A store may keep its own reference, and may not take another's."""
    one = await _made(partner, "GZ-1")
    await _made(partner, "GZ-2")
    keep = UpdateBrandStore(store_id=one, store_basics=StoreBasics(store_reference_id="GZ-1"))
    take = UpdateBrandStore(store_id=one, store_basics=StoreBasics(store_reference_id="GZ-2"))

    assert one == (await partner.call(keep)).store_id
    assert (400, "PARAM_ERROR") == await _refused(partner, take)


def _bind(store_id: str, mchid: str) -> BindStoreRecipient:
    return BindStoreRecipient(store_id=store_id, mchid=mchid, company_name="广州晨光餐饮有限公司")


async def test_three_merchants_receive_the_money(partner: Client[Partner]) -> None:
    """A store has three receiving merchants at most; one that is taken away makes room for another."""
    store_id = await _made(partner)
    for mchid in ("1900004321", "1900004322", "1900004323", "1900004321"):
        bound = await partner.call(_bind(store_id, mchid))
        assert ("120344", store_id, mchid) == (bound.brand_id, bound.store_id, bound.mchid)
        assert RecipientState.CONFIRMED == bound.recipient_state
    assert (400, "INVALID_REQUEST") == await _refused(partner, _bind(store_id, "1900004324"))

    unbind = UnbindStoreRecipient(store_id=store_id, mchid="1900004322")
    assert (await partner.call(unbind)).failed_reason is None
    assert (await partner.call(unbind)).failed_reason is not None
    await partner.call(_bind(store_id, "1900004324"))
    store = await partner.call(GetBrandStore(store_id=store_id))
    assert ["1900004321", "1900004323", "1900004324"] == [one.mchid for one in store.store_recipient or []]


async def test_an_administrator_has_to_agree(keys: Keys, unpaced: Pacer) -> None:
    """Until its administrator agrees a merchant is CONFIRMING and cannot be taken away; refused, it is asked again."""
    clock = Clock()
    async with (
        Sandbox(rate_limits="off", keys=keys, clock=clock, review_seconds=60) as sandbox,
        _client(sandbox, clock, unpaced) as partner,
    ):
        store_id = await _made(partner)
        bind = _bind(store_id, "1900004321")
        unbind = UnbindStoreRecipient(store_id=store_id, mchid="1900004321")
        assert RecipientState.CONFIRMING == (await partner.call(bind)).recipient_state
        assert "CONFIRMING" in str((await partner.call(unbind)).failed_reason)

        sandbox.world.room(Stores).refuse(store_id, "1900004321")
        store = await partner.call(GetBrandStore(store_id=store_id))
        assert [RecipientState.ADMIN_REJECTED] == [one.recipient_state for one in store.store_recipient or []]

        assert RecipientState.CONFIRMING == (await partner.call(bind)).recipient_state
        clock.now += 61
        assert RecipientState.CONFIRMED == (await partner.call(bind)).recipient_state
        assert (await partner.call(unbind)).failed_reason is None
