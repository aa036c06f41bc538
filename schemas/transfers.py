"""Points that members give each other."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from schemas.common import Answered, Requested, UtcTime

Note = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class NewTransfer(Requested):
    """Points for another member. They keep the time at which they expire."""

    to_member_id: UUID
    points: Annotated[int, Field(ge=1, le=1_000_000_000_000)]
    note: Note | None = Field(None, description="what the other member reads")


class Transfer(Answered):
    """Points that a member gave another, and what the giver has left."""

    transfer_id: UUID
    from_member_id: UUID
    to_member_id: UUID
    points: int
    note: str | None
    available_after: int
    transferred_at: UtcTime
