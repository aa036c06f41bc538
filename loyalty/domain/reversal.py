"""Where the points that a refund takes back come from.

First from the purchase's own points: those still pending, then those still available; what expired of them unspent is
with the program already. What is missing then was spent, and comes out of the member's other points, soonest expiry
first, as far as the policy goes.
"""

from dataclasses import dataclass
from enum import StrEnum


class RefundPolicy(StrEnum):
    """How far a refund goes: the purchase's pending points, what the member has, or all of them."""

    ONLY_PENDING = "only_pending"
    WITHIN_BALANCE = "within_balance"
    UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True)
class OwnPoints:
    """What has become of a purchase's points. `lapsed`: expired unspent, and not counted by an earlier refund."""

    pending: int = 0
    available: int = 0
    lapsed: int = 0


@dataclass(frozen=True, slots=True)
class Reversal:
    """The points that are taken back, by where they come from. `lapsed` need not be taken, `let_go` are not."""

    pending: int
    own: int
    other: int
    owed: int
    lapsed: int
    let_go: int

    @property
    def available(self) -> int:
        return self.own + self.other

    @property
    def reversed(self) -> int:
        return self.pending + self.available + self.owed


def plan_reversal(due: int, own: OwnPoints, available: int, policy: RefundPolicy) -> Reversal:
    """How `due` points are taken back from a member with so many `available`, the purchase's own among them."""
    pending = min(due, own.pending)
    missing = due - pending
    if policy is RefundPolicy.ONLY_PENDING:
        return Reversal(pending, 0, 0, 0, 0, missing)
    of_own = min(missing, own.available)
    lapsed = min(missing - of_own, own.lapsed)
    other = min(missing - of_own - lapsed, available - own.available)
    rest = missing - of_own - lapsed - other
    owed = rest if policy is RefundPolicy.UNLIMITED else 0
    return Reversal(pending, of_own, other, owed, lapsed, rest - owed)
