"""Pages of other origins: none may ask, unless they are listed (https://fetch.spec.whatwg.org/#http-cors-protocol).

Cookies are never asked for: a page has to hold an access token of its own.
"""

from __future__ import annotations

from collections.abc import Collection

from sanic import Request
from sanic.response import BaseHTTPResponse

from api.kit.routes import AllowedMethods, Answer

TAKEN_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, traceparent"
SHOWN_HEADERS = "Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
PREFLIGHT_SECONDS = 600


class CrossOrigin:
    """Says to browsers which pages may ask what."""

    def __init__(self, origins: Collection[str], allowed: AllowedMethods) -> None:
        self._origins = frozenset(origins)
        self._allowed = allowed

    def preflight(self, request: Request) -> Answer | None:
        """The answer to a browser that asks whether it may ask; None for any other request."""
        if request.method != "OPTIONS" or not self._is_listed(request):
            return None
        if "access-control-request-method" not in request.headers:
            return None
        headers = {
            "Access-Control-Allow-Methods": self._allowed.at(request.path),
            "Access-Control-Allow-Headers": TAKEN_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        return Answer(204, None, headers)

    async def mark(self, request: Request, response: BaseHTTPResponse) -> None:
        """Lets a listed page read the answer. A listener for every response."""
        response.headers["Vary"] = "Origin"
        if self._is_listed(request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["origin"]
            response.headers["Access-Control-Expose-Headers"] = SHOWN_HEADERS

    def _is_listed(self, request: Request) -> bool:
        return request.headers.get("origin") in self._origins
