"""Journal entries before they are booked.

The invariant: the postings of an entry sum to zero. An entry is made only of transfers from one account to another, so
there is no way to write one that does not. Points a member holds are positive on the member's accounts; the program's
accounts hold the other side.

What a member owes (points that a refund took back after they were spent) is negative on an account of its own. Points
that would become available pay it first: while a member owes, nothing is available.
"""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Account(StrEnum):
    """A member's accounts carry the member's id, the program's do not."""

    MEMBER_PENDING = "member.pending"
    MEMBER_AVAILABLE = "member.available"
    MEMBER_HELD = "member.held"
    MEMBER_OWED = "member.owed"
    PROGRAM_ISSUED = "program.issued"
    PROGRAM_REDEEMED = "program.redeemed"
    PROGRAM_EXPIRED = "program.expired"
    PROGRAM_REVERSED = "program.reversed"
    PROGRAM_ADJUSTED = "program.adjusted"
    PROGRAM_TRANSFERRED = "program.transferred"

    @property
    def of_member(self) -> bool:
        return self.startswith("member.")


class EntryKind(StrEnum):
    EARN = "earn"
    RELEASE = "release"
    EXPIRE = "expire"
    REVERSE = "reverse"
    HOLD = "hold"
    UNHOLD = "unhold"
    REDEEM = "redeem"
    RESTORE = "restore"
    TRANSFER = "transfer"
    ADJUST = "adjust"


class Posting(NamedTuple):
    """`points` is signed; member_id is set exactly for a member's account."""

    account: Account
    member_id: UUID | None
    points: int


class EntryDraft(NamedTuple):
    """An entry for one member, caused by one event (which is what makes it exactly once)."""

    kind: EntryKind
    event_id: UUID
    member_id: UUID
    postings: tuple[Posting, ...]
    reason: str | None = None

    @property
    def points(self) -> int:
        """How many points this entry moves from some accounts to others."""
        return sum(posting.points for posting in self.postings if posting.points > 0)

    def change_of(self, account: Account) -> int:
        """By how many points this entry changes `account`."""
        change = 0
        for of, _, points in self.postings:
            if of is account:
                change += points
        return change


def earn(event_id: UUID, member_id: UUID, points: int, *, pending: bool = False, owed: int = 0) -> EntryDraft:
    """Points issued to a member, at once available or pending. Raises ValueError unless points > 0."""
    if pending:
        postings = _transfer(member_id, Account.PROGRAM_ISSUED, Account.MEMBER_PENDING, points)
    else:
        postings = _make_available(member_id, Account.PROGRAM_ISSUED, points, owed)
    return EntryDraft(EntryKind.EARN, event_id, member_id, postings)


def release(event_id: UUID, member_id: UUID, points: int, *, owed: int = 0) -> EntryDraft:
    """Pending points become available. Raises ValueError unless points > 0."""
    postings = _make_available(member_id, Account.MEMBER_PENDING, points, owed)
    return EntryDraft(EntryKind.RELEASE, event_id, member_id, postings)


def expire(event_id: UUID, member_id: UUID, points: int) -> EntryDraft:
    """Available points that nobody spent in time. Raises ValueError unless points > 0."""
    postings = _transfer(member_id, Account.MEMBER_AVAILABLE, Account.PROGRAM_EXPIRED, points)
    return EntryDraft(EntryKind.EXPIRE, event_id, member_id, postings)


def reverse(event_id: UUID, member_id: UUID, *, pending: int = 0, available: int = 0, owed: int = 0) -> EntryDraft:
    """Points of a refunded purchase, taken from where they are; `owed` of them were spent and are owed from now on.

    Raises ValueError unless there are points, none of them negative.
    """
    taken = {Account.MEMBER_PENDING: pending, Account.MEMBER_AVAILABLE: available, Account.MEMBER_OWED: owed}
    if min(taken.values()) < 0:
        raise ValueError(f"a reversal takes points, it does not give any: {taken}")
    _check_points(sum(taken.values()))
    postings = [Posting(account, member_id, -points) for account, points in taken.items() if points]
    postings.append(Posting(Account.PROGRAM_REVERSED, None, sum(taken.values())))
    return EntryDraft(EntryKind.REVERSE, event_id, member_id, tuple(postings))


def hold(event_id: UUID, member_id: UUID, points: int) -> EntryDraft:
    """Points set aside for a redemption that is not decided yet. Raises ValueError unless points > 0."""
    postings = _transfer(member_id, Account.MEMBER_AVAILABLE, Account.MEMBER_HELD, points)
    return EntryDraft(EntryKind.HOLD, event_id, member_id, postings)


def unhold(event_id: UUID, member_id: UUID, points: int, *, owed: int = 0) -> EntryDraft:
    """Points that were held for a redemption that came to nothing. Raises ValueError unless points > 0."""
    postings = _make_available(member_id, Account.MEMBER_HELD, points, owed)
    return EntryDraft(EntryKind.UNHOLD, event_id, member_id, postings)


def redeem(event_id: UUID, member_id: UUID, points: int, *, held: bool = False) -> EntryDraft:
    """Points paid for a reward, from what is available or was held for it. Raises ValueError unless points > 0."""
    out_of = Account.MEMBER_HELD if held else Account.MEMBER_AVAILABLE
    postings = _transfer(member_id, out_of, Account.PROGRAM_REDEEMED, points)
    return EntryDraft(EntryKind.REDEEM, event_id, member_id, postings)


def restore(event_id: UUID, member_id: UUID, points: int, *, owed: int = 0, reason: str | None = None) -> EntryDraft:
    """Points given back for a redemption that was cancelled. Raises ValueError unless points > 0."""
    postings = _make_available(member_id, Account.PROGRAM_REDEEMED, points, owed)
    return EntryDraft(EntryKind.RESTORE, event_id, member_id, postings, reason)


def send(event_id: UUID, member_id: UUID, points: int, reason: str | None = None) -> EntryDraft:
    """Points that a member gives to another. Raises ValueError unless points > 0."""
    postings = _transfer(member_id, Account.MEMBER_AVAILABLE, Account.PROGRAM_TRANSFERRED, points)
    return EntryDraft(EntryKind.TRANSFER, event_id, member_id, postings, reason)


def receive(event_id: UUID, member_id: UUID, points: int, reason: str | None = None, *, owed: int = 0) -> EntryDraft:
    """Points that another member gave. Raises ValueError unless points > 0."""
    postings = _make_available(member_id, Account.PROGRAM_TRANSFERRED, points, owed)
    return EntryDraft(EntryKind.TRANSFER, event_id, member_id, postings, reason)


def adjust(event_id: UUID, member_id: UUID, points: int, reason: str, *, owed: int = 0) -> EntryDraft:
    """Points given (+) or taken (-) by an operator, who says why. Raises ValueError for 0 points or no reason."""
    if not reason.strip():
        raise ValueError("an adjustment needs a reason")
    if points > 0:
        postings = _make_available(member_id, Account.PROGRAM_ADJUSTED, points, owed)
    else:
        postings = _transfer(member_id, Account.MEMBER_AVAILABLE, Account.PROGRAM_ADJUSTED, -points)
    return EntryDraft(EntryKind.ADJUST, event_id, member_id, postings, reason)


def _make_available(member_id: UUID, source: Account, points: int, owed: int) -> tuple[Posting, ...]:
    """What the member owes is paid first."""
    _check_points(points)
    paid = min(points, owed)
    parts = ((Account.MEMBER_OWED, paid), (Account.MEMBER_AVAILABLE, points - paid))
    taken = Posting(source, member_id if source.of_member else None, -points)
    return (taken, *(Posting(account, member_id, part) for account, part in parts if part))


def _transfer(member_id: UUID, source: Account, target: Account, points: int) -> tuple[Posting, ...]:
    _check_points(points)
    return (
        Posting(source, member_id if source.of_member else None, -points),
        Posting(target, member_id if target.of_member else None, points),
    )


def _check_points(points: int) -> None:
    if points <= 0:
        raise ValueError(f"an entry moves at least one point, not {points}")
