"""The errors a service may raise. A class's docstring is its default message; its fields are the client's numbers.

`api/kit` maps each class to an HTTP status in one place; nothing here knows HTTP.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar


def having(**members: Any) -> Mapping[str, Any]:
    """Members of a problem with their types. None of them has to be there."""
    return MappingProxyType(members)


class LaurelError(Exception):
    """Something went wrong."""

    code = "internal_error"
    members: ClassVar[Mapping[str, Any]] = having()
    """What `data` may hold, by name, with its type: clients are told."""

    def __init__(self, message: str | None = None, **data: Any) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.data = data
        super().__init__(self.message)


class NotFound(LaurelError):
    """There is no such object, or it is not yours to see."""

    code = "not_found"


class Conflict(LaurelError):
    """The request contradicts what is stored."""

    code = "conflict"


class Forbidden(LaurelError):
    """You may not do this."""

    code = "forbidden"


class Unauthenticated(LaurelError):
    """Sign in first: the credentials are missing, wrong or expired."""

    code = "unauthenticated"


class Invalid(LaurelError):
    """The request is well-formed but not valid. `errors` lists (JSON pointer, what is wrong)."""

    code = "validation_failed"
    members = having(stock_remaining=int)

    def __init__(self, errors: list[tuple[str, str]], message: str | None = None, **data: Any) -> None:
        self.errors = errors
        super().__init__(message, **data)
