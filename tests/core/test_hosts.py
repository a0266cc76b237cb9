"""Which host is asked first, with a clock of the test's own, and then over real HTTP with a host that is down."""

import logging
from typing import Any

import pytest

from tests.fault_proxy import Fault, FaultProxy
from wxcoupon import Client, Pacer, RetryPolicy
from wxcoupon import product_coupon as pc
from wxcoupon.errors import ApiError, NoAnswerError, ServerError, UnreachableError
from wxcoupon.hosts import Hosts
from wxcoupon.sandbox import Sandbox

MAIN, BACKUP = "https://main", "https://backup"
MAIN_FIRST, BACKUP_FIRST = (MAIN, BACKUP), (BACKUP, MAIN)


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        """The time now."""
        return self.now


def _hosts(time: Time, backup: str | None = BACKUP) -> Hosts:
    hosts = Hosts(MAIN, backup, clock=time.clock)
    hosts.order(repeatable=True)
    return hosts


def _note(hosts: Hosts, through: int, lost: int) -> None:
    for number in range(through + lost):
        hosts.note(MAIN, through=number < through)


@pytest.mark.parametrize(
    ("through", "lost", "first"),
    [(90, 10, MAIN), (89, 11, BACKUP), (0, 9, MAIN), (0, 10, BACKUP), (9, 1, MAIN), (8, 2, BACKUP), (0, 0, MAIN)],
    ids=["nine-tenths", "less", "too-few", "ten-lost", "nine-of-ten", "eight-of-ten", "nothing-known"],
)
def test_nine_tenths_have_to_get_through(through: int, lost: int, first: str) -> None:
    """The backup is asked first while less than nine tenths of ten calls or more got through to the main host."""
    time = Time()
    hosts = _hosts(time)
    _note(hosts, through, lost)
    time.now += 60

    assert first == hosts.order(repeatable=False)[0]
    assert {MAIN, BACKUP} == set(hosts.order(repeatable=False))


def test_only_the_last_hundred_count() -> None:
    """What is a hundred calls ago says nothing."""
    time = Time()
    hosts = _hosts(time)
    _note(hosts, 0, 100)
    for _ in range(100):
        hosts.note(MAIN, through=True)
    time.now += 60

    assert MAIN_FIRST == hosts.order(repeatable=False)


def test_only_the_last_ten_minutes_count() -> None:
    """What is ten minutes ago says nothing, so a host that nobody asks any more is asked again."""
    time = Time()
    hosts = _hosts(time)
    _note(hosts, 0, 50)
    time.now += 599
    before = hosts.order(repeatable=False)
    time.now += 60

    assert (BACKUP_FIRST, MAIN_FIRST) == (before, hosts.order(repeatable=False))


def test_a_judgement_holds_for_a_minute() -> None:
    """A few bad seconds do not move all calls to and fro."""
    time = Time()
    hosts = _hosts(time)
    _note(hosts, 0, 20)
    time.now += 59.9
    before = hosts.order(repeatable=False)
    time.now += 0.1

    assert (MAIN_FIRST, BACKUP_FIRST) == (before, hosts.order(repeatable=False))


def test_a_few_calls_see_whether_it_has_recovered() -> None:
    """Of the calls that may be repeated one in twenty begins with an ailing host, and of the others none."""
    time = Time()
    hosts = _hosts(time)
    _note(hosts, 0, 20)
    time.now += 60

    assert [MAIN] * 5 == [order[0] for _ in range(100) if (order := hosts.order(repeatable=True)) == MAIN_FIRST]
    assert {BACKUP_FIRST} == {hosts.order(repeatable=False) for _ in range(100)}


def test_it_recovers() -> None:
    """When enough of those few got through, calls begin with the main host again."""
    time = Time()
    hosts = _hosts(time)
    _note(hosts, 0, 1)
    _note(hosts, 5, 5)
    time.now += 60
    ailing = hosts.order(repeatable=False)
    _note(hosts, 90, 0)
    time.now += 60

    assert (BACKUP_FIRST, MAIN_FIRST) == (ailing, hosts.order(repeatable=False))


def test_the_backup_is_not_judged() -> None:
    """What becomes of calls to the backup says nothing of the main host."""
    time = Time()
    hosts = _hosts(time)
    for _ in range(50):
        hosts.note(BACKUP, through=False)
    time.now += 60

    assert MAIN_FIRST == hosts.order(repeatable=True)


def test_a_single_host_keeps_no_account() -> None:
    """With one host there is nothing to decide, and nothing is kept."""
    time = Time()
    hosts = _hosts(time, backup=None)
    _note(hosts, 0, 50)
    time.now += 60

    assert (MAIN,) == hosts.order(repeatable=True)
    assert not hosts._results


def _get() -> pc.GetNotifyConfig:
    return pc.GetNotifyConfig()


def _client(sandbox: Sandbox, base_url: str, **options: Any) -> Client[Any]:
    given: dict[str, Any] = {"retry": RetryPolicy(base=0.0), "pacer": Pacer()} | options
    return Client(sandbox.partner, sandbox.platform_keys, base_url=base_url, **given)


async def test_a_lost_answer_is_asked_for_on_the_other_host(sandbox: Sandbox) -> None:
    """After a connection fault a call that may be repeated goes to the other host, and back after one there."""
    async with FaultProxy(sandbox.base_url) as main, FaultProxy(sandbox.base_url) as backup:
        main.then(Fault.LOSE)
        backup.then(Fault.RESET)
        async with _client(sandbox, main.base_url, backup_url=backup.base_url) as client:
            with pytest.raises(ApiError):  # there is no address yet
                await client.call(_get())

    assert (2, 1) == (len(main.seen), len(backup.seen))
    assert 3 == len({passage.authorization["nonce_str"] for passage in [*main.seen, *backup.seen]})


async def test_what_may_not_be_repeated_stays_where_it_was_sent(sandbox: Sandbox) -> None:
    """A lost answer to a call that may not be repeated is final, also where there is another host."""
    async with FaultProxy(sandbox.base_url) as main, FaultProxy(sandbox.base_url) as backup:
        main.then(Fault.LOSE)
        async with _client(sandbox, main.base_url, backup_url=backup.base_url) as client:
            with pytest.raises(NoAnswerError):
                await client.request("POST", "/v3/marketing/busifavor/coupons/send", json={})
            main.refuse()
            with pytest.raises(ApiError):  # nothing was done, so anything may go to the other host
                await client.request("POST", "/v3/marketing/busifavor/coupons/send", json={})

    assert (1, 1) == (len(main.seen), len(backup.seen))


@pytest.mark.parametrize("status", [500, 429, 409, 404], ids=str)
async def test_what_wechat_pay_answers_never_moves_a_call(sandbox: Sandbox, status: int) -> None:
    """An answer, whatever it says, comes from a host that is well: no other is asked, and it is not held against it."""
    time = Time()

    async def sleep(_: float) -> None:
        pass

    pacer = Pacer(clock=time.clock, sleep=sleep)
    async with (
        FaultProxy(sandbox.base_url) as main,
        FaultProxy(sandbox.base_url) as backup,
        _client(sandbox, main.base_url, backup_url=backup.base_url, timer=time.clock, pacer=pacer) as client,
    ):
        for _ in range(12):
            time.now += 100  # a 429 bars everybody for a while
            sandbox.fail_next(status=status, code="SOMETHING", times=1)
            with pytest.raises(ApiError):
                await client.with_options(retry=RetryPolicy(attempts=1)).call(_get())

    assert (12, 0) == (len(main.seen), len(backup.seen))


async def test_while_the_main_host_is_down_calls_begin_with_the_backup(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """After a minute of faults calls do not try the main host any more, but for one in twenty; then it recovers."""
    caplog.set_level(logging.INFO)
    time = Time()
    faults: list[int] = []

    async def twenty(client: Client[Any]) -> None:
        caplog.clear()
        for _ in range(20):
            with pytest.raises(ApiError):
                await client.call(_get())
        faults.append(sum("UnreachableError" in record.getMessage() for record in caplog.records))
        time.now += 60

    async with FaultProxy(sandbox.base_url) as main, FaultProxy(sandbox.base_url) as backup:
        main.refuse()
        async with _client(sandbox, main.base_url, backup_url=backup.base_url, timer=time.clock) as client:
            await twenty(client)
            await twenty(client)
            main.listen()
            time.now += 600
            await twenty(client)

    assert [20, 1, 0] == faults
    assert (20, 40) == (len(main.seen), len(backup.seen))


async def test_both_hosts_down(sandbox: Sandbox) -> None:
    """When nobody listens anywhere, nothing was done."""
    async with FaultProxy(sandbox.base_url) as main, FaultProxy(sandbox.base_url) as backup:
        main.refuse()
        backup.refuse()
        async with _client(sandbox, main.base_url, backup_url=backup.base_url) as client:
            with pytest.raises(UnreachableError) as caught:
                await client.call(_get())

    assert not caught.value.outcome_unknown
    assert not isinstance(caught.value, ServerError)


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        (None, "api.mch.weixin.qq.com"),
        ("https://api2.mch.weixin.qq.com/", "api.mch.weixin.qq.com"),
        ("https://API2.mch.weixin.qq.com:443", "api.mch.weixin.qq.com"),
        ("http://127.0.0.1:8787", "127.0.0.1"),
        ("https://pay.example.com:8443/", "pay.example.com"),
    ],
    ids=["usual", "backup", "backup in full", "sandbox", "own"],
)
def test_the_name_of_the_host(sandbox: Sandbox, base_url: str | None, name: str) -> None:
    """A client says which host its calls go to, without a port, and one name for both of WeChat Pay's."""
    options: dict[str, Any] = {} if base_url is None else {"base_url": base_url}

    assert name == Client(sandbox.partner, sandbox.platform_keys, **options).host
