"""What only HTTP can get wrong. The errors of services are in loyalty.errors; `problems` maps both to statuses."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from loyalty.errors import Conflict, Invalid, LaurelError, having

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class MalformedRequest(LaurelError):
    """The body is not JSON as it should be."""

    code = "malformed_request"


class RouteNotFound(LaurelError):
    """There is nothing at this path."""

    code = "route_not_found"


class MethodNotAllowed(LaurelError):
    """This path does not take this method."""

    code = "method_not_allowed"


class BodyTooLarge(LaurelError):
    """The request is larger than this API takes."""

    code = "body_too_large"


class UnsupportedMediaType(LaurelError):
    """Send the body as application/json."""

    code = "unsupported_media_type"


class RequestTimedOut(LaurelError):
    """The request did not arrive in time."""

    code = "request_timed_out"


class InvalidQuery(Invalid):
    """The query is not valid."""

    where: ClassVar[Literal["query"]] = "query"


class InvalidHeader(Invalid):
    """A header is not valid."""

    where: ClassVar[Literal["header"]] = "header"


class IdempotencyKeyMissing(InvalidHeader):
    """Send an Idempotency-Key of 1 to 255 printable ASCII characters: this request moves points or money."""

    code = "idempotency_key_missing"


class IdempotencyKeyReused(Conflict):
    """This Idempotency-Key was used before with another body. Use a new key for a new request."""

    code = "idempotency_key_reused"


class TooManyRequests(LaurelError):
    """Too many requests. Try again after the time given."""

    code = "rate_limited"
    members = having(retry_after_seconds=int, policy=str, limit=int)

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_seconds: int,
        headers: Mapping[str, str] = NO_HEADERS,
        **data: object,
    ) -> None:
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers
        super().__init__(message, retry_after_seconds=retry_after_seconds, **data)


class Unavailable(LaurelError):
    """This cannot be done right now. Nothing was lost; try again after the time given."""

    code = "unavailable"
    members = having(retry_after_seconds=int)

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 1, **data: object) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, retry_after_seconds=retry_after_seconds, **data)
