"""Who brought whom, and on what terms."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.admin.fields import Command
from schemas.admin.lists import ListQuery
from schemas.common import Answered, Page, UtcTime
from schemas.customer import Amount

ReferralStatus = Literal["open", "completed", "over_limit", "lapsed", "revoked"]


class ReferralTerms(Command):
    """When a referral is completed, for both sides at once, and for how many friends a member is rewarded.

    It is when the friend has made so many purchases of at least that amount (in the program's currency, less refunds)
    in so many days after joining; `wait_days` after a purchase it counts, if it was not refunded until then.
    """

    purchases: Annotated[int, Field(ge=1, le=100)] = 1
    minimum_amount: Amount = "0"
    within_days: Annotated[int, Field(ge=1, le=365)] = 90
    wait_days: Annotated[int, Field(ge=0, le=90)] = 0
    limit_per_referrer: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="friends for whom a member is rewarded in a period; null: any number"
    )
    limit_period: Literal["day", "week", "month", "year", "ever"] = "ever"


class Referral(Answered):
    """A member who came by another's code. `transaction_id` is the purchase that completed it.

    `over_limit`: completed, but the referrer had been rewarded for as many friends as the terms allow. `revoked`: both
    were rewarded, and refunds then left less of the purchase than had been asked of it.
    """

    referred_id: UUID
    referrer_id: UUID
    status: ReferralStatus
    transaction_id: UUID | None
    referred_at: UtcTime
    settled_at: UtcTime | None
    revoked_at: UtcTime | None = None


class ReferralPage(Page[Referral]):
    """Referrals, those who joined last first."""


class ReferralFilter(ListQuery):
    """Which referrals."""

    referrer_id: UUID | None = Field(None, description="only friends of this member")
    referred_id: UUID | None = Field(None, description="only the one by which this member came")
    status: ReferralStatus | None = Field(None, description="only those of this status")
