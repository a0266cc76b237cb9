"""Advice: what is said about a request that nothing is wrong with, to whom, and how often."""

import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from wxcoupon import Client, InvalidRequest, Pacer, Partner, blocking, bulk
from wxcoupon import product_coupon as pc
from wxcoupon.checks import Checks, Findings, RequestAdvice, RequestWarning, advice, enforce, examine, faults
from wxcoupon.convert import from_wire
from wxcoupon.errors import Fault
from wxcoupon.model import Items, Model, Whole, model
from wxcoupon.sandbox import Sandbox

from ..families.kinds import changed
from ..sandbox.shapes import product_coupon

AMOUNT = "product_coupon.create_product_coupon: $.single_usage_info.normal_coupon.discount_amount: "


def generous(number: str = "create_1") -> pc.CreateProductCoupon:
    """A product coupon that takes more off than has to be paid, which guides advise against."""
    return changed(product_coupon(number), {"single_usage_info.normal_coupon.threshold": 1})


@model
class Leaf(Model):
    """A part with advice of its own."""

    size: Annotated[int, Whole(1, 9)]

    def advise(self) -> Iterator[tuple[str, str]]:
        """Small is better."""
        if self.size > 5:
            yield "size", "is better at most 5"


@model
class Tree(Model):
    """Parts in an order, and advice about all of them."""

    leaves: Annotated[list[Leaf], Items(0, 3)]
    best: Leaf | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        """A tree has leaves."""
        if not self.leaves:
            yield "", "has to have leaves"

    def advise(self) -> Iterator[tuple[str, str]]:
        """Two are enough."""
        if len(self.leaves) > 2:
            yield "leaves", "is better shorter"
            yield "", "is better smaller"


def _tree(*sizes: Any, best: Any = None) -> Tree:
    members: dict[str, Any] = {"leaves": [{"size": size} for size in sizes]}
    return from_wire(Tree, members if best is None else members | {"best": {"size": best}})


@pytest.mark.parametrize(
    ("tree", "paths"),
    [
        (_tree(1, 5), []),
        (_tree(1, 6), ["$.leaves[1].size"]),
        (_tree(7, 6, best=8), ["$.leaves[0].size", "$.leaves[1].size", "$.best.size"]),
        (_tree(1, 1, 1), ["$.leaves", "$"]),
        (_tree(6, 1, 1), ["$.leaves[0].size", "$.leaves", "$"]),
    ],
)
def test_it_comes_from_the_whole_tree(tree: Tree, paths: list[str]) -> None:
    """Advice has the path of what it is about, parts before the whole, and is no fault."""
    assert paths == [said.path for said in advice(tree)]
    assert [] == faults(tree)


@pytest.mark.parametrize(
    ("tree", "wrong", "advised"),
    [
        (_tree("6", 6, 1), ["$.leaves[0].size"], ["$.leaves[1].size"]),  # the tree is not of its types either
        (_tree(10, 1), ["$.leaves[0].size"], ["$.leaves[0].size"]),
        (_tree(best=6), ["$"], ["$.best.size"]),
        (_tree(6, None), ["$.leaves[1].size"], ["$.leaves[0].size"]),
    ],
)
def test_it_is_asked_of_sound_values(tree: Tree, wrong: list[str], advised: list[str]) -> None:
    """A value that is not of its types is not asked for advice; one with other faults is."""
    found = examine(tree)

    assert wrong == [fault.path for fault in found.faults]
    assert advised == [said.path for said in found.advice]


def test_nothing_found() -> None:
    """A request with nothing to say about has two empty lists, not shared with any other."""
    examine(_tree(9)).advice.append(Fault("$", "is another's"))

    assert Findings(faults=[], advice=[]) == examine(_tree(1))


@model
class Counted(pc.SetNotifyConfig):
    """A request that says how often it is looked at."""

    looks: list[str]

    def check(self) -> Iterator[tuple[str, str]]:
        """Count."""
        self.looks.append("check")
        yield from ()

    def advise(self) -> Iterator[tuple[str, str]]:
        """Count."""
        self.looks.append("advise")
        yield from ()


@pytest.mark.parametrize(("checks", "looks"), [("on", ["check", "advise"]), ("warn", ["check", "advise"]), ("off", [])])
def test_a_request_is_gone_through_once(checks: Checks, looks: list[str]) -> None:
    """Faults and advice are found in one go."""
    request = Counted(notify_url="https://tea.example.com/wechat", looks=[])

    enforce(request, checks)

    assert looks == request.looks


@pytest.fixture
async def warner(sandbox: Sandbox, unpaced: Pacer) -> AsyncIterator[Client[Partner]]:
    """A client whose checks only warn."""
    async with Client(
        sandbox.partner, sandbox.platform_keys, checks="warn", base_url=sandbox.base_url, pacer=unpaced
    ) as client:
        yield client


async def test_it_is_a_warning_at_the_line_of_the_call(partner: Client[Partner], warner: Client[Partner]) -> None:
    """However the call is made, the warning points here, says what it is about, and the request is sent."""
    request = generous()
    for client in (partner, warner):
        for send in (client.call, client.send):
            with pytest.warns(RequestAdvice) as caught:
                await send(request)

            assert [__file__] == [warning.filename for warning in caught]
            assert str(caught[0].message).startswith(AMOUNT)


async def test_a_fault_that_only_warns_points_at_the_call_too(warner: Client[Partner]) -> None:
    """What is wrong comes first, then what is advised, each under its own class."""
    request = generous("create 1")

    with pytest.warns() as caught, pytest.raises(Exception, match="out_request_no"):
        await warner.call(request)

    assert [(RequestWarning, __file__), (RequestAdvice, __file__)] == [(one.category, one.filename) for one in caught]


async def test_a_refused_request_gets_no_advice(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """Advice is for what is sent."""
    with warnings.catch_warnings(record=True) as caught, pytest.raises(InvalidRequest):
        await partner.call(generous("create 1"))

    assert [] == caught
    assert [] == list(sandbox.arrivals)


async def test_a_client_without_checks_gives_none(sandbox: Sandbox, unpaced: Pacer) -> None:
    """With checks off, nothing is looked at, and nothing said."""
    async with Client(
        sandbox.partner, sandbox.platform_keys, checks="off", base_url=sandbox.base_url, pacer=unpaced
    ) as client:
        with warnings.catch_warnings(record=True) as caught:
            await client.call(generous())

    assert [] == caught


async def test_jobs_say_it_once_a_request(partner: Client[Partner]) -> None:
    """Of many calls, each is warned about once."""
    requests = [generous(f"create_{index}") for index in range(3)]

    with pytest.warns(RequestAdvice) as caught:
        async with bulk(partner, requests) as outcomes:
            made = [outcome.request async for outcome in outcomes]

    assert (3, 3) == (len(made), len(caught))


def test_blocking_says_it_once(sandbox_in_thread: Sandbox, unpaced: Pacer) -> None:
    """A call without an event loop, and each of a job, is warned about once as well."""
    settings: dict[str, Any] = {"base_url": sandbox_in_thread.base_url, "pacer": unpaced}
    requests = [generous(f"create_{index}") for index in range(3)]
    with blocking(Client(sandbox_in_thread.partner, sandbox_in_thread.platform_keys, **settings)) as client:
        with pytest.warns(RequestAdvice) as one:
            client.call(requests[0])
        with pytest.warns(RequestAdvice) as many:
            outcomes = list(client.bulk(requests))

    assert (3, 3) == (len(outcomes), len(many))
    assert [AMOUNT] == [str(warning.message)[: len(AMOUNT)] for warning in one]
