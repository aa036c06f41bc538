"""The rollforward adds up, or says why not: for any books, sound or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger import Account, EntryKind
from loyalty.domain.rollforward import LINES, MEMBER_ACCOUNTS, Line, Movement, Rollforward, roll_forward

POINTS = st.integers(-(10**9), 10**9)
POSTED = st.tuples(st.sampled_from(sorted(LINES)), st.sampled_from(MEMBER_ACCOUNTS), POINTS, POINTS, POINTS)


def books(posted: Sequence[tuple[tuple[str, str], Account, int, int, int]]) -> list[Movement]:
    """Both sides of each movement; members are sent what members gave."""
    found = []
    for (kind, account), member_account, before, within, after in posted:
        if LINES[kind, account] is Line.TRANSFERRED:
            after = -before - within
        found += [
            Movement(kind, account, -before, -within, -after),
            Movement(kind, member_account, before, within, after),
        ]
    return found


def wallets_of(movements: Sequence[Movement]) -> dict[Account, int]:
    return {
        account: sum(m.before + m.within + m.after for m in movements if m.account == account)
        for account in MEMBER_ACCOUNTS
    }


@given(st.lists(POSTED, max_size=12))
def test_sound_books_roll_forward_to_the_point(
    posted: list[tuple[tuple[str, str], Account, int, int, int]],
) -> None:
    movements = books(posted)
    rolled = roll_forward(movements, wallets_of(movements))
    assert isinstance(rolled, Rollforward), rolled
    assert rolled.opening + sum(rolled.lines.values()) == rolled.closing
    members = [m for m in movements if m.account in MEMBER_ACCOUNTS]
    assert rolled.opening == sum(m.before for m in members)
    assert rolled.closing == sum(m.before + m.within for m in members)


SOUND = books([(("earn", "program.issued"), Account.MEMBER_AVAILABLE, 100, 50, 0)])


@pytest.mark.parametrize(
    ("movements", "wallets", "says"),
    [
        (
            [replace(SOUND[0], within=-49), SOUND[1]],
            wallets_of(SOUND),
            "entries of kind earn within the range sum to 1",
        ),
        (SOUND, wallets_of(SOUND) | {Account.MEMBER_AVAILABLE: 151}, "wallets hold 151 on member.available"),
        ([replace(m, kind="gift") for m in SOUND], wallets_of(SOUND), "entries of kind gift on account program.issued"),
        (
            [replace(SOUND[0], account="program.given"), SOUND[1]],
            wallets_of(SOUND),
            "entries of kind earn on account program.given",
        ),
        (
            [*SOUND, *(Movement("transfer", a, 0, p, 0) for a, p in (("program.transferred", -5), ("member.held", 5)))],
            wallets_of(SOUND) | {Account.MEMBER_HELD: 5},
            "members were sent 5 points more than members gave",
        ),
    ],
)
def test_books_that_do_not_add_up_are_refused(
    movements: list[Movement], wallets: dict[Account, int], says: str
) -> None:
    refused = roll_forward(movements, wallets)
    assert isinstance(refused, list)
    assert any(finding.startswith(says) for finding in refused), refused


def test_every_kind_of_entry_has_a_line_or_stays_within_a_member() -> None:
    within = {EntryKind.RELEASE, EntryKind.HOLD, EntryKind.UNHOLD}
    assert {kind for kind, _ in LINES} | within == set(EntryKind)
