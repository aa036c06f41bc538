"""Replays: a draft set of earning rules over the stored history, and what it would have changed."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from schemas.admin.fields import Command
from schemas.admin.rules import NewRule, RuleDefinition
from schemas.common import Answered, CurrencyCode, DecimalString, Page, UtcTime
from schemas.customer import RequestedTime

RULES_LIMIT = 200


class NewReplay(Command):
    """Which rules over which purchases and custom events. Times are those at which they were made; limits begin unused
    at `from`."""

    rules: Annotated[list[NewRule], Field(min_length=1, max_length=RULES_LIMIT)]
    from_time: RequestedTime | None = Field(None, alias="from", description="included; from the first when left out")
    to_time: RequestedTime | None = Field(None, alias="to", description="excluded; to the last when left out")

    @model_validator(mode="after")
    def _in_order(self) -> "NewReplay":
        if self.from_time is not None and self.to_time is not None and self.from_time >= self.to_time:
            raise ValueError("to must be after from")
        return self


class ReplayPoints(Answered):
    """Points as they were given, as the draft would have given them, and what the difference is worth."""

    actual: int
    draft: int
    difference: int
    difference_money: DecimalString


class ReplayedRule(ReplayPoints):
    """A rule by its name. One that is not in the draft has 0 there, one that never gave points 0 as given."""

    name: str


class ReplayedTier(ReplayPoints):
    """The purchases and events of members who were in this tier then."""

    tier_code: str
    purchases: int
    events: int = 0


class ReplayedMember(ReplayPoints):
    """A member for whom the draft changes much."""

    member_id: UUID


class ReplayResult(Answered):
    """What the draft would have changed. Money is points at the program's present value of a point."""

    currency: CurrencyCode
    purchases: int
    purchases_changed: int
    events: int = Field(0, description="custom events, referrals among them")
    events_changed: int = 0
    tiers: Literal["of_then"] = Field(
        "of_then",
        description="of_then: every member is met in the tier that they were in at the time; that the draft's points "
        "might have led to other tiers is not followed",
    )
    limits: Literal["unused_at_start"] = Field(
        "unused_at_start",
        description="unused_at_start: limits and budgets begin unused at `from`, and count what the draft gives",
    )
    members: int
    members_better: int
    members_worse: int
    points: ReplayPoints
    by_rule: list[ReplayedRule] = Field(description="the largest difference first")
    by_tier: list[ReplayedTier]
    best_off: list[ReplayedMember] = Field(description="the 100 members who would have had the most more")
    worst_off: list[ReplayedMember] = Field(description="the 100 members who would have had the most less")


class Replay(Answered):
    """A replay. It is `queued` until its turn comes; `result` is null in lists and until it is completed."""

    replay_id: UUID
    rules: list[RuleDefinition]
    from_time: UtcTime | None = Field(serialization_alias="from")
    to_time: UtcTime | None = Field(serialization_alias="to")
    status: Literal["queued", "running", "completed", "cancelled", "failed"]
    purchases_total: int | None
    purchases_done: int
    result: ReplayResult | None
    error: str | None
    requested_by: str
    requested_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None


class ReplayPage(Page[Replay]):
    """Replays, the newest first."""
