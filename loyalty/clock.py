"""Time and identity are passed in: a service given the same clock, ids and command does the same thing."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils

Clock = Callable[[], datetime]
"""Returns the present as an aware datetime in UTC."""

IdSource = Callable[[], UUID]
"""Returns a new UUIDv7: ids made later sort later."""


def system_clock() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """A UUIDv7 of the standard library's type, which asyncpg and pydantic take."""
    return UUID(int=uuid_utils.uuid7().int)


def first_id_at(moment: datetime) -> UUID:
    """The lowest UUIDv7 of this millisecond: ids made earlier sort before it, ids made later after it (RFC 9562).

    Of a moment before 1970 the lowest that there is.
    """
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)
