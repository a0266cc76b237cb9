"""Where the work of a private key is done: in the event loop, one piece a turn or at once, or in an executor.

A signature takes a fraction of a millisecond, and to hand one alone to a thread and back costs a fifth of that again.
But many calls that are ready in one turn of the loop would sign one after the other, and everything else in the process
would wait for all of them. So the gate lets one through in each turn; who else runs in the loop waits for one signature
at the most.

A process that does nothing but calls has nobody to be considerate of. There the gate only costs: with it a call goes
through a turn by itself, without it calls do so many at once, which caches like better.

An executor is handed what is ready together, so that the loop writes and reads on one core while another signs.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, Literal, Protocol, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from . import crypto, sealing
from .errors import ClientStateError, ConfigurationError, SigningError, UnreadableAnswer
from .executor_desk import Aside
from .identity import Identity
from .model import Model
from .remote_key import Decryptor, Signer

T = TypeVar("T")
M = TypeVar("M", bound=Model)

_SIZES: Final = frozenset({256, 384, 512})
"""Bytes of a signature with a key of 2048, 3072 or 4096 bits."""
_PICKLING: Final = frozenset({"ProcessPoolExecutor", "InterpreterPoolExecutor"})
"""Executors, by name so that importing this loads none, that copy what they work with; a private key is not copied."""
_ANSWERED: Final = "The call itself was answered: client.send gives the answer as it came"

Signing: TypeAlias = Literal["inline", "eager"] | Executor
"""``"inline"`` or ``"eager"`` for the event loop itself, or the executor of threads that does the work of private keys.

With ``"inline"`` there is one signature in a turn of the loop. ``"eager"`` makes them as soon as they are asked for, at
a tenth less CPU, and the loop stands still for as many as are asked for at once: for a process that does nothing but
calls, as a bulk job does. A ``ThreadPoolExecutor`` of one or two threads takes that work off the loop: where a second
core is free many calls are done sooner, at up to a tenth more CPU than with ``"eager"``; one call alone is not.
"""


class Desk(Protocol):
    """Where a piece of RSA work is done."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Do *work* when its turn comes."""
        ...


class Gate:
    """Lets one piece of work through in each turn of an event loop, in the order in which they asked.

    It does not hold its loop, or no loop that ever had a gate would be let go.
    """

    def __init__(self) -> None:
        self._queue: deque[asyncio.Future[None]] = deque()
        self._taken = False
        self._passing = False

    async def turn(self) -> None:
        """Wait for a turn. Whoever is cancelled meanwhile leaves the queue, and delays nobody."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next)
            return
        waiter: asyncio.Future[None] = loop.create_future()
        self._queue.append(waiter)
        await waiter

    def _next(self) -> None:
        if self._passing:  # who was let through works in this very turn; what its work sets off has the next
            self._passing = False
            asyncio.get_running_loop().call_soon(self._next)
            return
        while self._queue:
            waiter = self._queue.popleft()
            if not waiter.done():  # cancelled, if it is
                waiter.set_result(None)
                self._passing = True
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False


_GATES: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Gate]] = WeakKeyDictionary()
_LOCK: Final = threading.Lock()


def gate() -> Gate:
    """The gate of the running event loop, one for all clients in it."""
    loop = asyncio.get_running_loop()
    with _LOCK:  # loops of other threads come and go
        if (found := _GATES.get(loop)) is None:
            found = _GATES[loop] = Gate()
        return found


class Inline:
    """In the event loop, one piece of work a turn."""

    def __init__(self) -> None:
        self._gate: Gate | None = None

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Do *work* when the gate lets it through."""
        if self._gate is None:
            self._gate = gate()  # a client has one event loop, so it has one gate
        await self._gate.turn()
        return work(*args)


class Eager:
    """In the event loop, every piece of work as soon as it is asked for."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Do *work*."""
        return work(*args)


def _cancelled() -> bool:
    """Whether it is the task itself that is cancelled, and not something that it awaits."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def desk(signing: Signing) -> Desk:
    """The desk that a client was told to use.

    Raises:
        ConfigurationError: it is neither ``"inline"`` nor ``"eager"`` nor an executor of threads.
    """
    if isinstance(signing, Executor):
        if not _PICKLING.isdisjoint(kind.__name__ for kind in type(signing).__mro__):
            raise ConfigurationError(
                f"signing: a {type(signing).__name__} cannot work with a private key, which does not leave this "
                "process or interpreter; give a ThreadPoolExecutor, or keep the key in a signer"
            )
        return Aside(signing)
    if signing == "eager":
        return Eager()
    if signing != "inline":
        raise ConfigurationError(
            f"signing is 'inline', 'eager' or an executor of concurrent.futures, not {type(signing).__name__}"
        )
    return Inline()


async def sign(desk: Desk, identity: Identity, message: bytes) -> str:
    """Sign a request as *identity*.

    Returns:
        The signature in base64.

    Raises:
        SigningError: the signer of the identity failed.
        ConfigurationError: what it gave is no signature.
    """
    signer = identity.signer
    if signer is None:
        return await desk.run(crypto.sign, identity.private_key, message)
    return base64.b64encode(await _asked(signer, message)).decode("ascii")


async def _asked(signer: Signer, message: bytes) -> bytes:
    kind = type(signer).__name__
    try:
        signature = await signer.sign(message)
    except (Exception, asyncio.CancelledError) as error:  # whatever a KMS raises
        if isinstance(error, asyncio.CancelledError) and _cancelled():
            raise
        raise SigningError(f"the signer {kind} failed with {type(error).__name__}") from error
    size = len(signature) if isinstance(signature, (bytes, bytearray)) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if size not in _SIZES or _written(signature):
        given = type(signature).__name__ if size is None else f"{size} bytes"
        raise ConfigurationError(
            f"the signer {kind} gave {given}; it has to give the raw signature as bytes, 256 of them for a key of "
            "2048 bits, and neither text nor base64 nor hexadecimal"
        )
    return bytes(signature)


def _written(signature: bytes) -> bool:
    """Whether it is base64 or hexadecimal, which may be as long as the signature of a longer key is."""
    return crypto.from_base64(signature.decode("latin-1")) is not None


async def unseal(desk: Desk, identity: Identity, answer: M) -> M:
    """Open the sensitive members of an answer as *identity*.

    Raises:
        UnreadableAnswer: one was not sealed for this identity, its decryptor failed, or the executor takes no work.
    """
    return sealing.replaced(
        answer, iter([await _text(desk, identity, path, sealed) for path, sealed in sealing.members(answer)])
    )


async def _text(desk: Desk, identity: Identity, path: str, sealed: str) -> str:
    opener, ciphertext = identity.opener, crypto.from_base64(sealed)
    opened: bytes | None = None
    if ciphertext is not None and opener is None:
        try:
            opened = await desk.run(crypto.open_oaep, identity.private_key, ciphertext)
        except ClientStateError as error:  # which would say that nothing was sent
            raise UnreadableAnswer(f"{path} of the answer cannot be opened: {error}. {_ANSWERED}") from error
    elif ciphertext is not None and opener is not None:
        opened = await _opened(opener, path, ciphertext)
    try:
        if opened is not None:
            return opened.decode()
    except UnicodeDecodeError:
        pass
    raise UnreadableAnswer(
        f"{path} of the answer cannot be opened with the private key of this {type(identity).__name__}; check that "
        f"serial_no and private_key belong together. {_ANSWERED}"
    )


async def _opened(opener: Decryptor, path: str, ciphertext: bytes) -> bytes | None:
    kind = type(opener).__name__
    try:
        opened = await opener.decrypt(ciphertext)
    except (Exception, asyncio.CancelledError) as error:  # whatever a KMS raises
        if isinstance(error, asyncio.CancelledError) and _cancelled():
            raise
        raise UnreadableAnswer(
            f"{path} of the answer cannot be opened: the decryptor {kind} failed with {type(error).__name__}. "
            f"{_ANSWERED}"
        ) from error
    return bytes(opened) if isinstance(opened, (bytes, bytearray)) else None  # pyright: ignore[reportUnnecessaryIsInstance]
