"""Sanic's HTTP protocol with two holes mended: requests that trickle in for ever, and URLs that cannot be parsed.

Sanic forgives a slow request whenever a byte of it arrives, so that a byte every few seconds holds a connection for
good. Here a request has its time from its first byte to its last. The bodies that a route reads as they arrive are
the exception: they may be of any length, and end when nothing comes for a while.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from sanic.exceptions import BadRequest, RequestTimeout
from sanic.http import Http, Stage
from sanic.server.protocols.http_protocol import HttpProtocol


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

    __slots__ = ("_began",)

    def __init__(self, **given: Any) -> None:
        self._began = perf_counter()
        super().__init__(**given)

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
