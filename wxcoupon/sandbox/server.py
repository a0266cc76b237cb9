"""The sandbox as users hold it: starting and stopping, its identities and keys, and the knobs of a test."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias

from aiohttp import web

from .. import crypto
from ..errors import ConfigurationError
from ..identity import Brand, Identity, Merchant, Partner
from . import cash_coupons, certificates, delivery_plans, files, merchant_coupons, user_coupons
from .callbacks import Callbacks, Odds, Outbox
from .callers import Callers, Keys
from .certificates import Mode
from .claims import claim
from .control import add_control_routes
from .gate import Gate
from .limits import Limits
from .records import Stock
from .refusals import Refusal
from .sendings import send_event
from .service import Arrival, Service
from .trouble import Failure, Signature, Trouble
from .world import World

RateLimits: TypeAlias = Literal["documented", "off"]

_NOT_STARTED: Final = "this sandbox has not started yet; use it as: async with Sandbox() as sandbox"
_PATIENCE: Final = 1.0
"""Seconds a request under way may take when the sandbox stops."""


class Sandbox:
    """A WeChat Pay on this machine, for tests and for trying things out.

    Use it as ``async with Sandbox() as sandbox``. Its state is in memory and ends with it.

    Args:
        host: the address to listen at.
        port: the port to listen at; 0 for a free one.
        rate_limits: ``"documented"`` answers 429 beyond the documented rates, ``"off"`` never.
        directory: where to write settings and keys for clients in other processes; None writes nothing.
        notify_url: where callbacks go of whoever sets no address; None for nowhere.
        clock: seconds since 1970; everything the sandbox times, it times by this.
        review_seconds: how long product coupons and stocks stay AUDITING.
        callback_schedule: seconds before each repetition of a callback that was not acknowledged, whatever it tells;
            None for the documented schedule of each.
        probe_callbacks: the part of callbacks, 0 to 1, that is first sent with a deliberately wrong signature, and
            then signed properly at its next repetition.
        duplicate_callbacks: the part of callbacks, 0 to 1, that is delivered twice, at the same time.
        seed: what decides which ones these are; None for others every time.
        keys: the secrets to use; None makes new ones.
        mode: what signs where the request's ``Wechatpay-Serial`` names nothing: ``"both"`` is a merchant in the middle
            of moving from platform certificates to the public key: without that header a certificate signs, and the
            public key signs callbacks; ``"certificate"`` is one before it, where a certificate signs both; and
            ``"public-key"`` one that never had certificates.

    Attributes:
        world: the state.
        base_url: where it listens, once started; the identities and keys are there from then on too.

    Raises:
        ConfigurationError: ``rate_limits`` or ``mode`` is none, or a part is not 0 to 1; on entering: the port is
            taken, or the files cannot be written.
    """

    def __init__(  # noqa: PLR0913 - settings of a server, all by keyword
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate_limits: RateLimits = "documented",
        directory: Path | None = None,
        notify_url: str | None = None,
        clock: Callable[[], float] = time.time,
        review_seconds: float = 0.0,
        callback_schedule: Sequence[float] | None = None,
        probe_callbacks: float = 0.0,
        duplicate_callbacks: float = 0.0,
        seed: int | None = None,
        keys: Keys | None = None,
        mode: Mode = "both",
    ) -> None:
        if rate_limits not in {"documented", "off"}:
            raise ConfigurationError(f"rate_limits is 'documented' or 'off', not {rate_limits!r}")
        self._host, self._port = host, port
        self._limits = Limits(clock) if rate_limits == "documented" else None
        self._directory = directory
        self._clock = clock
        self._schedule = callback_schedule
        self._odds = Odds(probe_callbacks, duplicate_callbacks, seed)
        self._keys = keys
        self._mode: Mode = certificates.checked(mode)
        self._signers: certificates.Signers | None = None
        self._runner: web.AppRunner | None = None
        self._callers: Callers | None = None
        self._trouble = Trouble()
        self.world = World(clock, review_seconds=review_seconds, notify_url=notify_url)
        self.base_url = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Make the keys, listen, and write the files.

        Raises:
            ConfigurationError: the port is taken, or the files cannot be written.
            TypeError: a declared endpoint has no handler.
        """
        if self._runner is not None:
            raise ConfigurationError("this sandbox is running already; make another one")
        self._keys = keys = self._keys or await Keys.generate_aside()
        self._callers = callers = Callers(keys)
        self._signers = signers = certificates.Signers(keys, callers, self._mode)
        self.world.room(certificates.SigningRoom).signers = signers
        self._callbacks = self.world.room(Outbox).callbacks = Callbacks(
            keys, signers, self._schedule, self._clock, self._odds
        )
        gate = Gate(callers, keys.platform_id, self._limits, self._clock)
        self._service = Service(self.world, gate, signers, self._trouble)
        app = self._service.application()
        add_control_routes(app, self)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_PATIENCE)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
            host = f"[{self._host}]" if ":" in self._host else self._host
            self.base_url = f"http://{host}:{self._runner.addresses[0][1]}"
            if self._directory is not None:
                files.write(self._directory, self.base_url, callers, keys)
        except OSError as error:
            await self.stop()
            raise _cannot_listen(self._host, self._port, error) from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop listening, and give up the callbacks that are still on their way."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            await self._callbacks.close()

    @property
    def merchant(self) -> Merchant:
        """A merchant, ready for a client."""
        return self._people.merchant

    @property
    def partner(self) -> Partner:
        """A partner that two brands have granted, acting for the first of them."""
        return self._people.partner

    @property
    def brand(self) -> Brand:
        """The brand the partner acts for, calling itself."""
        return self._people.brand

    @property
    def platform_keys(self) -> dict[str, crypto.PublicKey]:
        """WeChat Pay's public key by its id, ready for a client."""
        keys = self._secrets
        return {keys.platform_id: keys.platform.public_key()}

    @property
    def apiv3_key(self) -> str:
        """The key that callbacks are sealed with."""
        return self._secrets.apiv3_key

    @property
    def notify_url(self) -> str | None:
        """Where callbacks go of whoever sets no address; it may be changed, once a service listens."""
        return self.world.default_notify_url

    @notify_url.setter
    def notify_url(self, url: str | None) -> None:
        self.world.default_notify_url = url

    @property
    def mode(self) -> Mode:
        """What signs where the request names nothing; it may be changed, as a migration does."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = certificates.checked(mode)
        if self._signers is not None:
            self._signers.mode = mode

    async def rotate_certificate(self, days: float = 5 * 365, *, key: crypto.PrivateKey | None = None) -> str:
        """Make a new platform certificate that signs from now on; those before it stay listed until they end.

        Args:
            days: how long it is to last.
            key: the key it is for; None makes a new one.

        Returns:
            Its serial number.
        """
        if self._signers is None:
            raise ConfigurationError(_NOT_STARTED)
        self._signers.valid(self.world.now)  # so that there is one to follow
        if key is None:
            key = await asyncio.to_thread(crypto.new_private_key)
        return self._signers.add(key, self.world.now, days * 86400)

    @property
    def _secrets(self) -> Keys:
        if self._keys is None:
            raise ConfigurationError(_NOT_STARTED)
        return self._keys

    @property
    def _people(self) -> Callers:
        if self._callers is None:
            raise ConfigurationError(_NOT_STARTED)
        return self._callers

    def enrol(self, identity: Identity, brands: Iterable[str] = (), *, apiv3_key: str | None = None) -> None:
        """Let another identity call; a partner for these brands.

        Args:
            identity: who.
            brands: the brands that grant it.
            apiv3_key: 32 characters that platform certificates are sealed with for it; by default the sandbox's.
        """
        self._people.enrol(identity, brands, apiv3_key)

    def fail_next(
        self,
        status: int = 500,
        code: str = "SYSTEM_ERROR",
        times: int = 1,
        *,
        after_effect: bool = False,
        numeric: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Answer the next *times* requests that pass the gate with an error.

        Args:
            status: the HTTP status.
            code: the symbolic code.
            times: how many.
            after_effect: whether they are carried out before.
            numeric: the number at the end of the ``Request-ID``.
            retry_after: seconds of a ``Retry-After`` header.
        """
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        refusal = Refusal(status, code, "this failure was asked for", numeric=numeric, headers=headers)
        self._trouble.fail(Failure(refusal, after_effect), times)

    def drop_next(self, times: int = 1, *, after_effect: bool = False) -> None:
        """Close the connection of the next *times* requests that pass the gate, without an answer.

        Args:
            times: how many.
            after_effect: whether they are carried out before.
        """
        self._trouble.fail(Failure(None, after_effect), times)

    def answer_next(self, signature: Signature, times: int = 1) -> None:
        """Sign the next *times* answers wrongly: ``bad``, ``probe``, ``missing``, ``unknown-serial`` or ``old``."""
        self._trouble.missign(signature, times)

    def reply_next(self, *answers: dict[str, Any] | None) -> None:
        """Answer the next requests that pass the gate with *answers*, one each, whatever the sandbox's state is.

        Args:
            answers: the JSON of an answer; None for 204.
        """
        self._trouble.reply(answers)

    @property
    def arrivals(self) -> Sequence[Arrival]:
        """The last hundred requests that passed the gate, oldest first."""
        return tuple(self._service.arrivals)

    async def claim(self, token: str) -> dict[str, Any]:
        """Play the user who taps "receive" in the claim component.

        Args:
            token: what a pre-send answered.

        Returns:
            What the user got: of a product coupon what its callback says, of a merchant coupon ``stock_id``,
            ``coupon_code`` and ``send_request_no``. Claimed again, the same coupon, and no second callback.

        Raises:
            Refusal: there is no such token, it is older than five minutes, or the stock cannot send any more.
        """
        found = self.world.tokens.get(token)
        if found is None:
            raise Refusal(404, "NOT_FOUND", "there is no such token")
        if self.world.now > found.until:
            raise Refusal(400, "INVALID_REQUEST", "the token has expired: five minutes are over")
        if not isinstance(found.stock, Stock):
            got = merchant_coupons.claim(self.world, found, found.stock)
            return {
                "stock_id": got.stock_id,
                "coupon_code": got.coupon_code,
                "send_request_no": got.out_request_no,
            }
        return send_event(self.world, claim(self.world, found, found.stock))

    def delete(self, coupon_code: str, *, brand_id: str | None = None) -> None:
        """Play the user who deletes a product coupon from the card pack; nobody is told, and it is over for good.

        Args:
            coupon_code: its code.
            brand_id: whose coupon it is; the sandbox's own brand when None.

        Raises:
            Refusal: nobody has such a coupon, or it is not EFFECTIVE; of others nothing is documented.
        """
        user_coupons.delete(self.world, brand_id or self.brand.brand_id, coupon_code)

    def change_plan(self, plan_id: str, change: delivery_plans.Change, reason: str = "played by a test") -> None:
        """Play WeChat Pay, which rejects, pauses, resumes or terminates a delivery plan, and tells of it.

        Args:
            plan_id: the plan.
            change: ``pause``, ``reject``, ``resume`` or ``terminate``.
            reason: what the callback says.

        Raises:
            Refusal: there is no such plan.
        """
        delivery_plans.change(self.world, delivery_plans.named(self.world, plan_id), change, reason)

    def pay(self, coupon_id: str, *, mchid: str | None = None, total: int | None = None) -> str:
        """Play the user who pays with a cash coupon.

        Args:
            coupon_id: what its sending answered.
            mchid: who is paid; the first merchant where it can be used when None.
            total: the amount of the order in fen; the least that will do when None.

        Returns:
            The number of the payment.

        Raises:
            Refusal: there is no such coupon, or it cannot be used now, there, or for so little.
        """
        return cash_coupons.pay(self.world, coupon_id, mchid=mchid, total=total).transaction_id

    def refund(self, coupon_id: str) -> str:
        """Play the merchant that pays back all that was paid with a cash coupon, which stays used.

        Returns:
            The number of the refund.

        Raises:
            Refusal: nothing was paid with such a coupon, or it was paid back before.
        """
        return cash_coupons.refund(self.world, coupon_id).refund_id

    async def settled(self) -> None:
        """Wait until every callback so far has been acknowledged or given up."""
        await self._callbacks.settled()

    def state(self) -> dict[str, Any]:
        """What ``GET /_sandbox/state`` answers; :mod:`wxcoupon.sandbox.control` says what it means."""
        callbacks = self._callbacks
        return {
            **self.world.counted(),
            "requests": dict(self._service.requests),
            "refused": dict(self._service.refused),
            "callbacks": {
                "delivered": callbacks.delivered,
                "pending": callbacks.pending,
                "given_up": callbacks.given_up,
            },
        }


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"port {port} of {host} is in use; stop what listens there, or give another port (0 takes a free one)"
        )
    return ConfigurationError(f"the sandbox cannot listen at {host}:{port} ({error.strerror or error})")
