"""Every refusal becomes RFC 9457 problem+json here, and here alone errors are mapped to HTTP statuses."""

from http import HTTPStatus
from typing import Any

import orjson
import structlog
from sanic import exceptions as sanic_errors

from api.kit import errors as kit
from api.kit.routes import Answer
from loyalty import errors as loyalty
from loyalty.store.database import is_database_away

log = structlog.get_logger("api")

CONTENT_TYPE = "application/problem+json"

STATUSES: dict[type[loyalty.LaurelError], HTTPStatus] = {
    loyalty.NotFound: HTTPStatus.NOT_FOUND,
    loyalty.Conflict: HTTPStatus.CONFLICT,
    loyalty.Forbidden: HTTPStatus.FORBIDDEN,
    loyalty.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    loyalty.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    kit.MalformedRequest: HTTPStatus.BAD_REQUEST,
    kit.RouteNotFound: HTTPStatus.NOT_FOUND,
    kit.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    kit.BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    kit.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    kit.RequestTimedOut: HTTPStatus.REQUEST_TIMEOUT,
    kit.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    kit.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

FROM_SANIC: tuple[tuple[type[BaseException], type[loyalty.LaurelError]], ...] = (
    (sanic_errors.MethodNotAllowed, kit.MethodNotAllowed),
    (sanic_errors.NotFound, kit.RouteNotFound),
    (sanic_errors.PayloadTooLarge, kit.BodyTooLarge),
    (sanic_errors.RequestTimeout, kit.RequestTimedOut),
    (sanic_errors.ServiceUnavailable, kit.Unavailable),
    (sanic_errors.BadRequest, kit.MalformedRequest),
    (sanic_errors.ExpectationFailed, kit.MalformedRequest),
    (sanic_errors.RequestCancelled, kit.Unavailable),
)


def status_of(kind: type[loyalty.LaurelError]) -> HTTPStatus:
    """The status that an error of this class is answered with; of a class that nothing is known of, 500."""
    return next((STATUSES[base] for base in kind.__mro__ if base in STATUSES), HTTPStatus.INTERNAL_SERVER_ERROR)


def answer_problem(error: BaseException, request_id: str) -> Answer:
    """The answer to a request that failed with `error`. Tells the client nothing that `error` does not mean to tell."""
    known = understood(error)
    status = status_of(type(known))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, sanic_errors.RequestCancelled):
        _report(error, status, request_id)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        known = loyalty.LaurelError("Something went wrong on our side. It has been recorded under this request id.")
    return Answer(status, orjson.dumps(document(known, status, request_id)), _headers(known), CONTENT_TYPE)


def understood(error: BaseException) -> loyalty.LaurelError:
    """The error as one of Laurel's own."""
    if isinstance(error, loyalty.LaurelError):
        return error
    if ours := next((ours for theirs, ours in FROM_SANIC if isinstance(error, theirs)), None):
        return ours()
    if is_database_away(error):
        return kit.Unavailable("The database does not answer right now. Nothing was lost; try again.")
    return loyalty.LaurelError()


def document(error: loyalty.LaurelError, status: HTTPStatus, request_id: str) -> dict[str, Any]:
    """The members of a problem, as schemas.common.Problem describes them."""
    members: dict[str, Any] = {
        "type": f"/docs#{error.code}",
        "title": status.phrase,
        "status": status.value,
        "detail": _detail(error),
        "code": error.code,
        "request_id": request_id,
    }
    if isinstance(error, loyalty.Invalid):
        where = getattr(error, "where", "body")
        members["errors"] = [{"in": where, "pointer": pointer, "detail": detail} for pointer, detail in error.errors]
    return error.data | members


def _detail(error: loyalty.LaurelError) -> str:
    if not isinstance(error, loyalty.Invalid) or error.code != loyalty.Invalid.code or not error.errors:
        return error.message
    [(pointer, detail), *more] = error.errors
    return f"{pointer}: {detail}" + (f" (and {len(more)} more)" if more else "")


def _headers(error: loyalty.LaurelError) -> dict[str, str]:
    match error:
        case kit.TooManyRequests():
            return {"Retry-After": str(error.retry_after_seconds), **error.headers}
        case kit.Unavailable():
            return {"Retry-After": str(error.retry_after_seconds)}
        case loyalty.Unauthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case _:
            return {}


def _report(error: BaseException, status: HTTPStatus, request_id: str) -> None:
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request_failed", request_id=request_id, exc_info=error)
    else:
        log.warning("request_refused", request_id=request_id, status=status.value, error=type(error).__name__)
