"""Referrals: nobody is rewarded for more friends than the terms allow, and each referral is settled once."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.referral import DueReferral, Friends, settle

REFERRERS = [UUID(int=n) for n in range(1, 5)]
PURCHASE, MERCHANT = UUID(int=1_000), UUID(int=2_000)


def due(referred: int, referrer_id: UUID, bought: bool) -> DueReferral:
    if bought:
        return DueReferral(UUID(int=referred), referrer_id, PURCHASE, MERCHANT, 100, "GBP")
    return DueReferral(UUID(int=referred), referrer_id, None, None, None, "GBP")


batches = st.lists(st.tuples(st.sampled_from(REFERRERS), st.booleans()), max_size=30).map(
    lambda drawn: [due(100 + n, referrer_id, bought) for n, (referrer_id, bought) in enumerate(drawn)]
)
earlier = st.dictionaries(
    st.sampled_from(REFERRERS),
    st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda drawn: Friends(sum(drawn), drawn[0])),
)


@given(batches, earlier, st.none() | st.integers(1, 6))
def test_the_limit_holds_and_is_used_up(
    batch: list[DueReferral], brought: dict[UUID, Friends], limit: int | None
) -> None:
    settled = settle(batch, brought, limit)
    assert [one.referral for one in settled] == batch
    bought = Counter(one.referrer_id for one in batch if one.transaction_id is not None)
    completed = Counter(one.referral.referrer_id for one in settled if one.outcome == "completed")
    for referrer_id in REFERRERS:
        before = brought.get(referrer_id, Friends())
        left = bought[referrer_id] if limit is None else max(0, limit - before.in_period)
        assert completed[referrer_id] == min(bought[referrer_id], left)


@given(batches, earlier, st.none() | st.integers(1, 6))
def test_only_a_purchase_completes_and_only_time_lapses(
    batch: list[DueReferral], brought: dict[UUID, Friends], limit: int | None
) -> None:
    for one in settle(batch, brought, limit):
        assert (one.outcome == "lapsed") == (one.referral.transaction_id is None)


@given(batches, earlier, st.none() | st.integers(1, 6), st.integers(0, 30))
def test_two_steps_settle_as_one_does(
    batch: list[DueReferral], brought: dict[UUID, Friends], limit: int | None, cut: int
) -> None:
    first = settle(batch[:cut], brought, limit)
    then = dict(brought)
    for one in first:
        if one.outcome == "completed":
            before = then.get(one.referral.referrer_id, Friends())
            then[one.referral.referrer_id] = Friends(before.ever + 1, before.in_period + 1)
    assert first + settle(batch[cut:], then, limit) == settle(batch, brought, limit)


@given(batches, earlier)
def test_friends_are_counted_on(batch: list[DueReferral], brought: dict[UUID, Friends]) -> None:
    for referrer_id in REFERRERS:
        counted = [
            one.friends
            for one in settle(batch, brought, None)
            if one.referral.referrer_id == referrer_id and one.outcome == "completed"
        ]
        begun = brought.get(referrer_id, Friends()).ever
        assert counted == list(range(begun + 1, begun + 1 + len(counted)))
