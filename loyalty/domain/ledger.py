"""Journal entries before they are booked.

The invariant: the postings of an entry sum to zero. An entry is made only of transfers from one account to another, so
there is no way to write one that does not. Points a member holds are positive on the member's accounts; the program's
accounts hold the other side.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Account(StrEnum):
    """A member's accounts carry the member's id, the program's do not."""

    MEMBER_PENDING = "member.pending"
    MEMBER_AVAILABLE = "member.available"
    MEMBER_HELD = "member.held"
    PROGRAM_ISSUED = "program.issued"
    PROGRAM_REDEEMED = "program.redeemed"
    PROGRAM_EXPIRED = "program.expired"
    PROGRAM_REVERSED = "program.reversed"
    PROGRAM_ADJUSTED = "program.adjusted"

    @property
    def of_member(self) -> bool:
        return self.value.startswith("member.")


class EntryKind(StrEnum):
    EARN = "earn"
    REDEEM = "redeem"
    ADJUST = "adjust"


@dataclass(frozen=True, slots=True)
class Posting:
    """`points` is signed; member_id is set exactly for a member's account."""

    account: Account
    member_id: UUID | None
    points: int


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry for one member, caused by one event (which is what makes it exactly once)."""

    kind: EntryKind
    event_id: UUID
    member_id: UUID
    postings: tuple[Posting, ...]
    reason: str | None = None

    def change_of(self, account: Account) -> int:
        """By how many points this entry changes `account`."""
        return sum(posting.points for posting in self.postings if posting.account is account)


def earn(event_id: UUID, member_id: UUID, points: int, *, pending: bool = False) -> EntryDraft:
    """Points issued to a member, at once available or pending. Raises ValueError unless points > 0."""
    into = Account.MEMBER_PENDING if pending else Account.MEMBER_AVAILABLE
    postings = _transfer(member_id, Account.PROGRAM_ISSUED, into, points)
    return EntryDraft(EntryKind.EARN, event_id, member_id, postings)


def redeem(event_id: UUID, member_id: UUID, points: int, *, held: bool = False) -> EntryDraft:
    """Points paid for a reward, from what is available or was held for it. Raises ValueError unless points > 0."""
    out_of = Account.MEMBER_HELD if held else Account.MEMBER_AVAILABLE
    postings = _transfer(member_id, out_of, Account.PROGRAM_REDEEMED, points)
    return EntryDraft(EntryKind.REDEEM, event_id, member_id, postings)


def adjust(event_id: UUID, member_id: UUID, points: int, reason: str) -> EntryDraft:
    """Points given (+) or taken (-) by an operator, who says why. Raises ValueError for 0 points or no reason."""
    if not reason.strip():
        raise ValueError("an adjustment needs a reason")
    if points > 0:
        postings = _transfer(member_id, Account.PROGRAM_ADJUSTED, Account.MEMBER_AVAILABLE, points)
    else:
        postings = _transfer(member_id, Account.MEMBER_AVAILABLE, Account.PROGRAM_ADJUSTED, -points)
    return EntryDraft(EntryKind.ADJUST, event_id, member_id, postings, reason)


def _transfer(member_id: UUID, source: Account, target: Account, points: int) -> tuple[Posting, Posting]:
    if points <= 0:
        raise ValueError(f"an entry moves at least one point, not {points}")
    return (
        Posting(source, member_id if source.of_member else None, -points),
        Posting(target, member_id if target.of_member else None, points),
    )
