"""The rollforward: what members held, what moved it, what they hold; to the point, or not at all.

Every movement is read from the postings, by the kind of its entry and by account. What members' accounts gained must be
what the program's accounts gave, line by line, and what wallets say now must be what all postings add up to. A kind of
entry or an account that is not listed here is refused rather than put under some other line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from loyalty.domain.ledger import Account, EntryKind


class Line(StrEnum):
    """Why members' points change."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    RESTORED = "restored"
    EXPIRED = "expired"
    REVERSED = "reversed"
    ADJUSTED = "adjusted"
    TRANSFERRED = "transferred"


LINES: Mapping[tuple[str, str], Line] = {
    (EntryKind.EARN, Account.PROGRAM_ISSUED): Line.ISSUED,
    (EntryKind.REDEEM, Account.PROGRAM_REDEEMED): Line.REDEEMED,
    (EntryKind.RESTORE, Account.PROGRAM_REDEEMED): Line.RESTORED,
    (EntryKind.EXPIRE, Account.PROGRAM_EXPIRED): Line.EXPIRED,
    (EntryKind.REVERSE, Account.PROGRAM_REVERSED): Line.REVERSED,
    (EntryKind.ADJUST, Account.PROGRAM_ADJUSTED): Line.ADJUSTED,
    (EntryKind.TRANSFER, Account.PROGRAM_TRANSFERRED): Line.TRANSFERRED,
}
"""The line of each movement on an account of the program. Other entries move points between a member's accounts."""
MEMBER_ACCOUNTS = (Account.MEMBER_PENDING, Account.MEMBER_AVAILABLE, Account.MEMBER_HELD, Account.MEMBER_OWED)


@dataclass(frozen=True, slots=True)
class Movement:
    """What entries of one kind posted on one account: before the range, within it and after it. Signed."""

    kind: str
    account: str
    before: int
    within: int
    after: int


@dataclass(frozen=True, slots=True)
class Rollforward:
    """opening + the sum of `lines` = closing. By account: what members held at the end of the range, and now."""

    opening: int
    lines: Mapping[Line, int]
    closing: int
    now: Mapping[Account, int]


def roll_forward(movements: Sequence[Movement], wallets: Mapping[Account, int]) -> Rollforward | list[str]:
    """The rollforward, or what keeps it from reconciling. `wallets`: the wallets' own sums, what is owed negative."""
    wrong = [
        *_unknown(movements),
        *_unbalanced(movements),
        *_between_members(movements),
        *_other_than_wallets(movements, wallets),
    ]
    if wrong:
        return wrong
    members = [m for m in movements if m.account in MEMBER_ACCOUNTS]
    opening = sum(m.before for m in members)
    closing = opening + sum(m.within for m in members)
    lines = {line: -sum(m.within for m in movements if _line(m) is line) for line in Line}
    if opening + sum(lines.values()) != closing:
        return [f"{opening} points and the lines' {sum(lines.values())} are not {closing}"]
    return Rollforward(opening, lines, closing, wallets)


def _line(movement: Movement) -> Line | None:
    return LINES.get((movement.kind, movement.account))


def _unknown(movements: Iterable[Movement]) -> list[str]:
    return [
        f"entries of kind {m.kind} on account {m.account}: {m.before + m.within + m.after} points that have no line"
        for m in movements
        if _line(m) is None and m.account not in MEMBER_ACCOUNTS
    ]


def _unbalanced(movements: Sequence[Movement]) -> list[str]:
    found = []
    for kind in sorted({m.kind for m in movements}):
        of_kind = [m for m in movements if m.kind == kind]
        for when in ("before", "within", "after"):
            if total := sum(getattr(m, when) for m in of_kind):
                found.append(f"entries of kind {kind} {when} the range sum to {total}, not to 0")
    return found


def _between_members(movements: Iterable[Movement]) -> list[str]:
    sent = sum(m.before + m.within + m.after for m in movements if _line(m) is Line.TRANSFERRED)
    return [f"members were sent {-sent} points more than members gave"] if sent else []


def _other_than_wallets(movements: Sequence[Movement], wallets: Mapping[Account, int]) -> list[str]:
    found = []
    for account in MEMBER_ACCOUNTS:
        booked = sum(m.before + m.within + m.after for m in movements if m.account == account)
        if booked != wallets[account]:
            found.append(f"wallets hold {wallets[account]} on {account}, booked are {booked}")
    return found
