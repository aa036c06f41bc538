"""Referrals: what becomes of those that are due.

The invariant: in one period no member is rewarded for more friends than the terms allow, whatever the order and the
number of referrals that are due at once, and each referral is settled once, for both sides or for neither.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Outcome = Literal["completed", "over_limit", "lapsed"]


@dataclass(frozen=True, slots=True)
class DueReferral:
    """A referral to settle: with the purchase that completes it, or, without one, out of time."""

    referred_id: UUID
    referrer_id: UUID
    transaction_id: UUID | None
    merchant_id: UUID | None
    amount_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Friends:
    """How many friends of a member have completed their referrals."""

    ever: int = 0
    in_period: int = 0


NO_FRIENDS = Friends()


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a referral; `friends` is how many the referrer has brought by then, with this one if completed."""

    referral: DueReferral
    outcome: Outcome
    friends: int


def settle(
    due: Iterable[DueReferral], brought: Mapping[UUID, Friends], limit_per_referrer: int | None
) -> list[Settled]:
    """Settles the referrals in the order given. A limit of None allows any number."""
    counts, settled = dict(brought), []
    for referral in due:
        before = counts.get(referral.referrer_id, NO_FRIENDS)
        outcome = _outcome(referral, before, limit_per_referrer)
        if outcome == "completed":
            counts[referral.referrer_id] = Friends(before.ever + 1, before.in_period + 1)
        settled.append(Settled(referral, outcome, counts.get(referral.referrer_id, NO_FRIENDS).ever))
    return settled


def _outcome(referral: DueReferral, before: Friends, limit_per_referrer: int | None) -> Outcome:
    if referral.transaction_id is None:
        return "lapsed"
    if limit_per_referrer is not None and before.in_period >= limit_per_referrer:
        return "over_limit"
    return "completed"
