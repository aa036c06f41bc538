"""transaction.recorded is written by hand, thousands of times a second: byte by byte as its model would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from loyalty.services.recording import transaction_recorded
from loyalty.store.transactions import StoredTransaction
from schemas.events import MemberErased, TransactionItem, TransactionRecorded

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

times = st.integers(0, 2**53).map(lambda microseconds: EPOCH + timedelta(microseconds=microseconds))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
items = st.lists(
    st.fixed_dictionaries(
        {
            "sku": texts,
            "category": st.none() | texts,
            "quantity": st.integers(0, 10**6),
            "amount": st.just("1.00"),
        }
    ),
    max_size=3,
)


purchases = st.builds(
    StoredTransaction,
    transaction_id=st.uuids(),
    member_id=st.uuids(),
    merchant_id=st.uuids(),
    external_id=st.none() | texts,
    occurred_at=times,
    recorded_at=times,
    amount_minor=st.integers(0, 10**12),
    currency=st.just("GBP"),
    items=items,
    content_hash=st.just(b""),
    points_awarded=st.none(),
    refunded_minor=st.just(0),
)


@given(purchases)
def test_it_is_what_the_model_would_write(stored: StoredTransaction) -> None:
    event = transaction_recorded(stored, "00-trace")
    model = TransactionRecorded(
        member_id=stored.member_id,
        transaction_id=stored.transaction_id,
        merchant_id=stored.merchant_id,
        external_id=stored.external_id,
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
        amount=f"{stored.amount_minor // 100}.{stored.amount_minor % 100:02}",
        currency=stored.currency,
        items=tuple(TransactionItem(**line) for line in stored.items),
    )
    assert event.payload == model.model_dump_json().encode()
    assert (event.topic, event.key) == ("transaction.recorded", str(stored.member_id))
    assert (event.event_id, event.occurred_at, event.traceparent) == (
        stored.transaction_id,
        stored.recorded_at,
        "00-trace",
    )


@given(times)
def test_a_time_in_utc_ends_with_a_z(at: datetime) -> None:
    written = MemberErased(member_id=uuid4(), erased_at=at).model_dump_json()
    assert f'"erased_at":"{at.isoformat().removesuffix("+00:00")}Z"' in written
