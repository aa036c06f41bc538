"""The friends whom a member brought, as the member sees them: how many and how it stands, never who."""

from typing import Literal

from pydantic import Field

from schemas.common import Answered, Page, UtcTime


class Friend(Answered):
    """Somebody who joined with the member's code.

    `over_limit`: bought, but the member had been rewarded for as many friends as the program allows.
    """

    status: Literal["open", "completed", "over_limit", "lapsed"]
    joined_at: UtcTime
    settled_at: UtcTime | None


class FriendTerms(Answered):
    """What a friend has to do for both to be rewarded: so many purchases of at least that amount in so many days."""

    purchases: int
    minimum_amount: str = Field(description="a decimal string, in the program's currency", examples=["10.00"])
    currency: str
    within_days: int


class FriendPage(Page[Friend]):
    """Friends, those who joined last first, with the code that brings more."""

    code: str | None = Field(description="the member's own, for `referral_code` of POST /register")
    completed: int = Field(description="friends who have bought, of all pages")
    terms: FriendTerms
