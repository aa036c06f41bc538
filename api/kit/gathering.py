"""Does together what several requests ask for at the same moment.

What is asked for while little is under way is done at once. What is asked for while as much is under way as may be
waits, then is done together: the busier the process, the more goes into one round trip, and nobody waits for others.
Work begins after it was asked for, so a read shows whatever its caller may have been told before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from loyalty.store.database import Connection, Pool, connection

Item = TypeVar("Item")
Result = TypeVar("Result")


ITEMS_LIMIT = 64
FLIGHTS_LIMIT = 3


class Gathering(Generic[Item, Result]):
    """`do` is given at most `items_limit` items and returns a result for each, in their order; what it raises all get.

    At most `flights_limit` of its calls run at a time. Of one event loop.
    """

    def __init__(
        self,
        do: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        items_limit: int,
        flights_limit: int,
    ) -> None:
        self._do = do
        self._items_limit = items_limit
        self._free_flights = flights_limit
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._flights: set[asyncio.Task[None]] = set()
        self._called = False

    def ask(self, item: Item) -> asyncio.Future[Result]:
        """The result, to be awaited. An item whose future is cancelled before its turn is not done."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if self._free_flights and not self._called:
            self._called = True
            loop.call_soon(self._depart)
        return future

    def _depart(self) -> None:
        self._called = False
        while self._free_flights and (taken := self._take()):
            self._free_flights -= 1
            flight = asyncio.create_task(self._fly(taken), name="gathered")
            self._flights.add(flight)
            flight.add_done_callback(self._land)

    def _take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        taken: list[tuple[Item, asyncio.Future[Result]]] = []
        while self._waiting and len(taken) < self._items_limit:
            waiting = self._waiting.popleft()
            if not waiting[1].done():
                taken.append(waiting)
        return taken

    def _land(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self._free_flights += 1
        self._depart()

    async def _fly(self, taken: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._do([item for item, _ in taken])
        except BaseException as error:
            for _, future in taken:
                if not future.done():
                    _fail(future, error)
            if not isinstance(error, Exception):
                raise
        else:
            for (_, future), result in zip(taken, results, strict=True):
                if not future.done():
                    future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if isinstance(error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(error)


DoTogether = Callable[[Connection, Sequence[Item]], Awaitable[Sequence[Result]]]


class Together:
    """Statements for several requests at once, each on a connection of the pool."""

    def __init__(self, pool: Pool, wait_seconds: float) -> None:
        self._pool = pool
        self._wait_seconds = wait_seconds
        self._gatherings: dict[DoTogether[Any, Any], Gathering[Any, Any]] = {}

    def ask(self, do: DoTogether[Item, Result], item: Item) -> asyncio.Future[Result]:
        """What `do` gives for the item, done together with what others ask of it at the same moment."""
        gathering: Gathering[Item, Result] | None = self._gatherings.get(do)
        if gathering is None:
            gathering = self._gatherings[do] = self._gathering(do)
        return gathering.ask(item)

    def _gathering(self, do: DoTogether[Item, Result]) -> Gathering[Item, Result]:
        async def connected(items: Sequence[Item]) -> Sequence[Result]:
            async with connection(self._pool, wait_seconds=self._wait_seconds) as conn:
                return await do(conn, items)

        return Gathering(connected, items_limit=ITEMS_LIMIT, flights_limit=FLIGHTS_LIMIT)
