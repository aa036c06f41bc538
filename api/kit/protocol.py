"""Sanic's HTTP protocol with three holes mended: requests that trickle in for ever, URLs that cannot be parsed, and
connections without end.

Sanic forgives a slow request whenever a byte of it arrives, so that a byte every few seconds holds a connection for
good. Here a request has its time from its first byte to its last. The bodies that a route reads as they arrive are
the exception: they may be of any length, and end when nothing comes for a while.

Of the connections that are more than a process is to have, a few are taken, so that whoever looks after the process is
still answered; all that others are told there is that it is full, and then the connection ends. The rest are closed.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, ClassVar

from sanic.exceptions import BadRequest, RequestTimeout
from sanic.http import Http, Stage
from sanic.server.protocols.http_protocol import HttpProtocol

EXCESS_LIMIT = 50


class _Http(Http):
    def create_empty_request(self) -> None:
        """For the answer to what could not be read. A URL that no request can have is left out of it."""
        try:
            super().create_empty_request()
        except BadRequest:
            self.url = None
            super().create_empty_request()


class TimedProtocol(HttpProtocol):
    """Gives a request `request_timeout` seconds to arrive."""

    HTTP_CLASS = _Http

    __slots__ = ("_began", "is_excess")
    ended: ClassVar[int] = 0
    """Connections of this process that have ended."""

    def __init__(self, **given: Any) -> None:
        self._began = perf_counter()
        self.is_excess = False
        super().__init__(**given)

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        excess = len(self.connections) - self.app.config.CONNECTIONS_LIMIT
        self.is_excess = excess > 0
        if excess > EXCESS_LIMIT:
            self.abort()  # type: ignore[no-untyped-call]

    def connection_lost(self, exc: Exception | None) -> None:
        TimedProtocol.ended += 1
        super().connection_lost(exc)  # type: ignore[no-untyped-call]

    def data_received(self, data: bytes) -> None:
        if self.http is None or self.http.stage is Stage.IDLE:
            self._began = perf_counter()
        super().data_received(data)

    def check_timeouts(self) -> None:
        """Called by a timer, again and again."""
        if self._task and self._is_arriving() and perf_counter() - self._began > self.request_timeout:
            self._http.exception = RequestTimeout("Request Timeout")
            self._task.cancel()
        else:
            HttpProtocol.check_timeouts(self)  # type: ignore[no-untyped-call]

    def _is_arriving(self) -> bool:
        http = self._http
        if http.stage is Stage.HANDLER and http.request_body:
            route = http.request.route
            return route is None or not route.extra.stream
        return http.stage is Stage.REQUEST
