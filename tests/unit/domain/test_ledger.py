"""Entries sum to zero by construction, and only whole transfers can be drafted."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger import Account, EntryDraft, EntryKind, adjust, earn, redeem

EVENT, MEMBER = UUID(int=1), UUID(int=2)
points = st.integers(1, 10**12)
drafts = st.one_of(
    st.builds(earn, st.just(EVENT), st.just(MEMBER), points, pending=st.booleans()),
    st.builds(redeem, st.just(EVENT), st.just(MEMBER), points, held=st.booleans()),
    st.builds(adjust, st.just(EVENT), st.just(MEMBER), points | points.map(int.__neg__), st.just("goodwill")),
)


@given(drafts)
def test_an_entry_sums_to_zero(draft: EntryDraft) -> None:
    assert sum(posting.points for posting in draft.postings) == 0
    assert len(draft.postings) >= 2
    assert all(posting.points for posting in draft.postings)


@given(drafts)
def test_exactly_members_accounts_name_the_member(draft: EntryDraft) -> None:
    for posting in draft.postings:
        assert posting.member_id == (MEMBER if posting.account.value.startswith("member.") else None)


@pytest.mark.parametrize(
    ("draft", "kind", "changes"),
    [
        (earn(EVENT, MEMBER, 5), "earn", {Account.MEMBER_AVAILABLE: 5, Account.PROGRAM_ISSUED: -5}),
        (earn(EVENT, MEMBER, 5, pending=True), "earn", {Account.MEMBER_PENDING: 5, Account.MEMBER_AVAILABLE: 0}),
        (redeem(EVENT, MEMBER, 5), "redeem", {Account.MEMBER_AVAILABLE: -5, Account.PROGRAM_REDEEMED: 5}),
        (redeem(EVENT, MEMBER, 5, held=True), "redeem", {Account.MEMBER_HELD: -5, Account.MEMBER_AVAILABLE: 0}),
        (adjust(EVENT, MEMBER, 5, "why"), "adjust", {Account.MEMBER_AVAILABLE: 5, Account.PROGRAM_ADJUSTED: -5}),
        (adjust(EVENT, MEMBER, -5, "why"), "adjust", {Account.MEMBER_AVAILABLE: -5, Account.PROGRAM_ADJUSTED: 5}),
    ],
)
def test_which_accounts_move(draft: EntryDraft, kind: str, changes: dict[Account, int]) -> None:
    assert draft.kind is EntryKind(kind)
    assert {account: draft.change_of(account) for account in changes} == changes


@pytest.mark.parametrize("nothing", [0, -1])
def test_only_points_that_are_there_are_earned_or_redeemed(nothing: int) -> None:
    with pytest.raises(ValueError, match="at least one point"):
        earn(EVENT, MEMBER, nothing)
    with pytest.raises(ValueError, match="at least one point"):
        redeem(EVENT, MEMBER, nothing)


def test_an_adjustment_moves_points_and_has_a_reason() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        adjust(EVENT, MEMBER, 0, "why")
    with pytest.raises(ValueError, match="reason"):
        adjust(EVENT, MEMBER, 5, "  ")
