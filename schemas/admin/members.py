"""Members as an operator sees them: who they are, what they hold, and the ledger that explains it."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, EmailStr, Field, model_validator

from schemas.admin.fields import POINTS_LIMIT, Code, Command, ExternalId, Reason, ShortText, omitted
from schemas.admin.lists import ListQuery
from schemas.common import Answered, Page, Requested, UtcTime
from schemas.customer import BirthDate, RequestedTime
from schemas.patterns import described

ID_LIST = described(
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}){0,99}$",
    "1 to 100 member ids with commas between them and no spaces",
)
MemberStatus = Literal["active", "suspended", "erased"]


class MemberPoints(Answered):
    """A member's balances, in points."""

    available: int
    pending: int
    held: int
    owed: int = Field(description="taken back by refunds after it was spent: points that come in pay it first")
    lifetime_earned: int
    lifetime_redeemed: int


class Member(Answered):
    """A member and what they hold."""

    member_id: UUID
    external_id: str | None
    email: str | None
    name: str | None
    status: MemberStatus
    tier_code: str
    created_at: UtcTime
    birth_date: date | None = None
    erased_at: UtcTime | None = None
    points: MemberPoints


class MemberPage(Page[Member]):
    """Members, the newest first."""


class NewMember(Command):
    """At least one of external_id and email identifies the member."""

    external_id: ExternalId | None = None
    email: EmailStr | None = None
    name: ShortText | None = None
    birth_date: BirthDate | None = Field(None, description="for treats on a birthday")

    @model_validator(mode="after")
    def _identified(self) -> "NewMember":
        if self.external_id is None and self.email is None:
            raise ValueError("give an external_id, an email or both")
        return self


class MemberPatch(Command):
    """Fields left out stay as they are. A suspended member neither signs in nor earns nor redeems."""

    external_id: ExternalId | None = Field(default_factory=omitted)
    email: EmailStr | None = Field(default_factory=omitted)
    name: ShortText | None = Field(default_factory=omitted)
    birth_date: BirthDate | None = Field(default_factory=omitted)
    status: Literal["active", "suspended"] = Field(default_factory=omitted)


ErasureReason = Literal["member_asked", "inactive", "duplicate", "fraud", "other"]
"""Not words of the operator's: they might say who the member was."""


class NewErasure(Command):
    """Why a member is erased."""

    reason: ErasureReason


class Erasure(Answered):
    """A member was erased: what identified them is gone, their ledger stays under an id that names nobody."""

    member_id: UUID
    reason: ErasureReason
    erased_at: UtcTime
    points_forfeited: int = Field(description="what was available; 0 for a member who had been erased before")


class MemberFilter(ListQuery):
    """`search` matches how words of the name, the email or the external id begin, and the whole member_id.

    What it finds comes in that order, each by the alphabet; without it the newest member is first.
    """

    cursor: str | None = Field(None, min_length=1, max_length=1_500, description="`next_cursor` of the page before")
    search: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="how words of a name, an email (in any case) or an external id begin, or a whole member_id"
    )
    ids: Annotated[str, Field(pattern=ID_LIST)] | None = Field(
        None, description="only these: member ids with commas between them, at most 100; `search` is not looked at"
    )
    status: MemberStatus | None = Field(None, description="only members of this status")
    tier_code: Code | None = Field(None, description="only members in this tier")


class Posting(Answered):
    """What an entry adds to (+) or takes from (-) an account."""

    account: str = Field(examples=["member.available"])
    points: int


class LedgerEntry(Answered):
    """A journal entry. `points` is what it changed of the member's points in all; its postings sum to zero."""

    entry_id: int
    seq: int = Field(description="counts the member's entries from 1, without holes")
    kind: str = Field(examples=["earn"])
    points: int
    available_after: int
    source_id: UUID = Field(description="the transaction, redemption or adjustment that it books")
    event_id: UUID
    reason: str | None
    booked_at: UtcTime
    traceparent: str | None
    postings: list[Posting]


class LedgerPage(Page[LedgerEntry]):
    """A member's journal entries, the last booked first."""


class BalanceQuery(Requested):
    """Which moment."""

    model_config = ConfigDict(strict=False)

    at: RequestedTime = Field(description="an RFC 3339 time: entries booked then count")


class BalanceAt(Answered):
    """What a member had at a moment, by the entries that were booked until then."""

    member_id: UUID
    at: UtcTime
    available: int
    pending: int
    held: int
    owed: int
    entries: int


class NewAdjustment(Command):
    """Points given (+) or taken (-) by hand. No more can be taken than is available."""

    points: Annotated[int, Field(ge=-POINTS_LIMIT, le=POINTS_LIMIT, description="not 0")]
    reason: Reason

    @model_validator(mode="after")
    def _moves_points(self) -> "NewAdjustment":
        if self.points == 0:
            raise ValueError("an adjustment of 0 points changes nothing")
        return self


class Adjustment(Answered):
    """Points given or taken by hand, and the balance they left."""

    adjustment_id: UUID
    member_id: UUID
    points: int
    reason: str
    available_after: int
    adjusted_at: UtcTime
