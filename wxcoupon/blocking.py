"""Every call from a script without an event loop: a thin facade over a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, overload

from typing_extensions import TypeVar

from . import paging
from .bulk import Done, Failed
from .bulk.places import Place, Places
from .chain import Chain, compose
from .download import Downloadable
from .endpoint import Endpoint, Listing
from .errors import ClientStateError, ConfigurationError, WxCouponError
from .identity import Brand, Merchant, Partner
from .keys import KeyRing
from .retry import RetryPolicy
from .wire import Answer, Answered, WireRequest

if TYPE_CHECKING:  # a client brings aiohttp with it; whoever is given one here has it already
    from .checks import Checks
    from .client import Client
    from .settings import Settings

R = TypeVar("R")
Item = TypeVar("Item")
Who = TypeVar("Who", bound=Merchant | Partner | Brand, default=Any)


class _Thread:
    """A loop in a thread of its own, and the client that belongs to it."""

    def __init__(self, client: Client[Any]) -> None:
        self._client = client
        self._closed = False
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wxcoupon", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, R]) -> Future[R]:
        """Begin *work* in the loop.

        Raises:
            ClientStateError: it is closed.
        """
        with self._lock:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        raise ClientStateError("this client, or the one it was made from, is closed; make a new one")

    def close(self) -> None:
        """Close the client and end the thread. Calls under way in other threads are given up."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()  # where names are looked up


class Blocking(Generic[Who]):
    """A client whose calls return when they are done. Made by :func:`blocking`; may be used from several threads."""

    def __init__(self, client: Client[Who]) -> None:
        self._client = client
        self._thread = _Thread(client)
        self._owns_thread = True

    def __repr__(self) -> str:
        return f"Blocking({self._client!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        task = self._thread.submit(work)
        try:
            return task.result()
        except CancelledError:
            raise _closed() from None
        except BaseException:
            task.cancel()  # Ctrl-C ends the call too; a call that has failed is past cancelling
            raise

    def close(self) -> None:
        """Close the client and end its thread. Calls under way in other threads are given up.

        What :meth:`for_brand` and :meth:`with_options` made ends with it; closing one of those closes nothing.
        """
        if self._owns_thread:
            self._thread.close()

    def for_brand(self: Blocking[Partner], brand_id: str) -> Blocking[Partner]:
        """The same partner, session, thread and quota, acting for another brand."""
        other = copy.copy(self)
        other._client = self._client.for_brand(brand_id)  # noqa: SLF001 - a copy of this very client
        other._owns_thread = False  # noqa: SLF001
        return other

    def with_options(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        checks: Checks | None = None,
    ) -> Self:
        """The same client and thread, whose calls are made otherwise; see :meth:`Client.with_options`."""
        other = copy.copy(self)
        other._client = self._client.with_options(  # noqa: SLF001 - a copy of this very client
            timeout=timeout, deadline=deadline, retry=retry, headers=headers, checks=checks
        )
        other._owns_thread = False  # noqa: SLF001
        return other

    def call(self, request: Endpoint[R, Who]) -> R:
        """Make a typed call; see :meth:`Client.call`."""
        return self._run(self._client.call(request))

    def call_with_answer(self, request: Endpoint[R, Who]) -> Answered[R]:
        """Make a typed call, and keep the answer it was read from; see :meth:`Client.call_with_answer`."""
        return self._run(self._client.call_with_answer(request))

    def pages(self, request: Listing[R, Item, Who]) -> Iterator[Item]:
        """Go through everything a listing has, page after page; see :meth:`Client.pages`."""
        walk = paging.Walk(request)
        while walk.request is not None:
            yield from walk.arrive(self.call(walk.request))

    @overload
    def download(self, flow: Downloadable, to: None = None) -> bytes: ...
    @overload
    def download(self, flow: Downloadable, to: str | Path) -> Path: ...
    def download(self, flow: Downloadable, to: str | Path | None = None) -> bytes | Path:
        """Fetch the file that an answer announces with a link and a hash; see :meth:`Client.download`."""
        if to is None:
            return self._run(self._client.download(flow))
        return self._run(self._client.download(flow, to))

    @property
    def keys(self) -> KeyRing:
        """The keys answers are verified with; see :attr:`Client.keys`."""
        return self._client.keys

    def learn(self, headers: Mapping[str, str]) -> None:
        """Fetch the platform certificate that a callback is signed with; see :meth:`Client.learn`."""
        self._run(self._client.learn(headers))

    def send(self, request: Endpoint[Any, Who]) -> Answer:
        """Make a typed call and return its answer as it came; see :meth:`Client.send`."""
        return self._run(self._client.send(request))

    def request(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None, **holes: Any
    ) -> Any:
        """Make an untyped call; see :meth:`Client.request`."""
        return self._untyped(compose(method.upper(), path, json=json, params=params, holes=holes))

    def _untyped(self, request: WireRequest) -> Any:
        return self._run(self._client.deliver(request))

    def __getitem__(self, path: str) -> Chain:
        """Begin an untyped call at a URI template; see :class:`Client`."""
        return Chain(self._untyped, "")[path]

    @property
    def v3(self) -> Chain:
        """Begin an untyped call at ``/v3``."""
        return self["v3"]

    @property
    def brand(self) -> Chain:
        """Begin an untyped call at ``/brand``."""
        return self["brand"]

    def bulk(self, requests: Iterable[Endpoint[R, Who]], *, concurrency: int = 8) -> Iterator[Done[R] | Failed[R]]:
        """Make every call of *requests*, at most *concurrency* at once; outcomes in the order in which calls end.

        A call that pauses before it is repeated is not counted. Requests are taken in the calling thread, so what
        makes them may itself make calls, or hold a database cursor.
        Ending the iteration early gives up the calls under way.

        Raises:
            ConfigurationError: *concurrency* is not at least 1.
        """
        if concurrency < 1:
            raise ConfigurationError(f"concurrency is at least 1, not {concurrency}")
        source = iter(requests)
        places = Places(concurrency)
        under_way: dict[Future[Done[R] | Failed[R]], Endpoint[R, Who]] = {}
        bug: Exception | None = None
        more = True
        try:
            while more or under_way:
                lent = places.lent()
                if more and len(under_way) < concurrency + min(places.resting, concurrency):
                    try:
                        request = next(source, None)
                    except Exception as error:  # noqa: BLE001 - raised below, after the outcomes of the calls under way
                        request, bug = None, error
                    if request is None:
                        more = False
                    else:
                        under_way[self._thread.submit(self._outcome(request, Place(places)))] = request
                room = more and len(under_way) < concurrency + min(places.resting, concurrency)
                awaited: set[Future[Any]] = {*under_way, lent} if more else {*under_way}
                ended, _ = wait(awaited, timeout=0 if room else None, return_when=FIRST_COMPLETED)
                for future in ended - {lent}:
                    yield self._ended(future, under_way.pop(future))
            if bug is not None:
                raise bug
        finally:
            for call in under_way:
                call.cancel()

    def _ended(self, future: Future[Done[R] | Failed[R]], request: Endpoint[R, Who]) -> Done[R] | Failed[R]:
        try:
            return future.result()
        except CancelledError:
            return Failed(request, _closed())

    async def _outcome(self, request: Endpoint[R, Who], place: Place) -> Done[R] | Failed[R]:
        async with place:
            try:
                came = await self._client.resting(place.rest).call_with_answer(request)
                return Done(request, came.result, came.answer)
            except WxCouponError as error:
                return Failed(request, error)


def _closed() -> ClientStateError:
    error = ClientStateError("this client was closed while the call was under way")
    error.outcome_unknown = True
    return error


@overload
def blocking(client: Client[Who]) -> Blocking[Who]: ...
@overload
def blocking(client: Settings) -> Blocking[Any]: ...
def blocking(client: Client[Any] | Settings) -> Blocking[Any]:
    """Make a facade over *client* for code without an event loop.

    Args:
        client: a client that was not used yet, or the settings to make one from.

    Returns:
        A context manager with :meth:`~Blocking.call`, the untyped styles and :meth:`~Blocking.bulk`.

    Raises:
        ClientStateError: the client was used in an event loop already.
    """
    from .client import Client

    if not isinstance(client, Client):
        return Blocking(client.client())
    if client._delivery.used:  # noqa: SLF001 - the facade is the client's other half
        raise ClientStateError("this client was used in an event loop already; give blocking(…) one of its own")
    return Blocking(client)
