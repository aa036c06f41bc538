"""Referrals: a member joins by another's code, and when the friend buys, both are rewarded, once.

What a side is given is said by earning rules for the events referral.referrer and referral.referred, which Laurel alone
records. A referral is settled under the locks of both wallets, in the transaction that records the two events, so it
has its events once or not at all, and neither side has them without the other.
"""

import hashlib
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.money import InvalidAmount, from_minor, to_minor
from loyalty.domain.referral import DueReferral, Settled, settle
from loyalty.errors import Invalid
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.services.tending import NOTHING_TENDED, Tended
from loyalty.store import custom_events
from loyalty.store import referrals as store
from loyalty.store.custom_events import StoredEvent
from loyalty.store.database import Connection
from loyalty.store.ledger import lock_wallets
from outbox import NewEvent
from schemas.admin.referrals import ReferralTerms
from schemas.events import EventRecorded

REFERRER = "referral.referrer"
REFERRED = "referral.referred"
STEP_REFERRALS = 100


async def refer(conn: Connection, referred_id: UUID, code: str, at: datetime) -> None:
    """Notes whose code a new member came by. Raises Invalid for a code that is no active member's, or their own."""
    referrer_id = await store.find_referrer(conn, code.strip().upper())
    if referrer_id is None or referrer_id == referred_id:
        raise Invalid([("/referral_code", "This is not the code of another member")])
    await store.insert(conn, referred_id, referrer_id, at)


async def replace_terms(conn: Connection, command: ReferralTerms, actor: Actor, clock: Clock) -> ReferralTerms:
    """Stores the terms as a whole; open referrals are settled by them from now on. Raises Invalid."""
    stored = await store.lock_terms(conn)
    try:
        minimum_minor = to_minor(command.minimum_amount, stored.currency)
    except InvalidAmount as error:
        raise Invalid([("/minimum_amount", error.message)]) from error
    after = command.model_copy(update={"minimum_amount": from_minor(minimum_minor, stored.currency)})
    if after != stored.terms:
        await store.save_terms(conn, after, minimum_minor)
        change = Change("referral_terms.replaced", "program", "program", stored.terms, after)
        await record_change(conn, change, actor, clock())
    return after


async def settle_referrals(
    conn: Connection, clock: Clock, limit: int = STEP_REFERRALS, ids: IdSource = new_id
) -> Tended:
    """Settles at most `limit` referrals: completed, over the limit, or lapsed."""
    at = clock()
    candidates = await store.list_due(conn, at, limit)
    if not candidates:
        return NOTHING_TENDED
    await lock_wallets(conn, {member for one in candidates for member in (one.referred_id, one.referrer_id)})
    due = await store.list_due(conn, at, limit, [one.referred_id for one in candidates])
    brought = await store.count_completed(conn, {one.referrer_id for one in due}, at)
    terms = (await store.get_terms(conn)).terms
    settled = settle(due, brought, terms.limit_per_referrer)
    sides = {one.referral.referred_id: _both_sides(one, at, ids) for one in settled if one.outcome == "completed"}
    told = [event for both in sides.values() for event in both]
    for event in told:
        await custom_events.insert(conn, event)
    event_ids = {referred_id: (own.event_id, other.event_id) for referred_id, (own, other) in sides.items()}
    await store.save_settled(conn, settled, event_ids, at)
    await emit(conn, [_recorded(event) for event in told])
    return Tended(more=len(candidates) == limit)


def _both_sides(one: Settled, at: datetime, ids: IdSource) -> tuple[StoredEvent, StoredEvent]:
    """Neither event names the other member: a receipt tells nobody who their friends are."""
    referral = one.referral
    assert referral.amount_minor is not None, "a completed referral has its purchase"
    amount = float(from_minor(referral.amount_minor, referral.currency))
    return (
        _event(referral, referral.referred_id, REFERRED, {"amount": amount}, at, ids()),
        _event(referral, referral.referrer_id, REFERRER, {"amount": amount, "friends": one.friends}, at, ids()),
    )


def _event(
    referral: DueReferral, member_id: UUID, event_type: str, fields: dict[str, float], at: datetime, event_id: UUID
) -> StoredEvent:
    assert referral.merchant_id is not None, "a completed referral has its purchase"
    return StoredEvent(
        event_id=event_id,
        member_id=member_id,
        merchant_id=referral.merchant_id,
        event_type=event_type,
        external_id=None,
        occurred_at=at,
        recorded_at=at,
        fields=fields,
        content_hash=hashlib.sha256(f"{event_type} {referral.referred_id}".encode()).digest(),
    )


def _recorded(event: StoredEvent) -> NewEvent:
    body = EventRecorded(
        member_id=event.member_id,
        event_id=event.event_id,
        merchant_id=event.merchant_id,
        event_type=event.event_type,
        external_id=None,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        fields=dict(event.fields),
    )
    return outgoing(body, event_id=event.event_id, occurred_at=event.recorded_at)
