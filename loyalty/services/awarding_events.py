"""Awarding custom events: a batch of event.recorded, in one transaction, in a fixed number of statements.

The invariants are those of purchases (see earning): an event has its effect once, nothing is computed before the
wallets are locked, and event.awarded goes to the outbox last. Points of events do not count towards tiers.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules.conditions import happening
from loyalty.services.events import emit, outgoing
from loyalty.services.incoming import NOTHING_HANDLED, Handled, Incoming, first_of_each
from loyalty.services.posting import Book
from loyalty.services.posting_awards import Awarded, post_award
from loyalty.services.rule_usage import RuleUsage
from loyalty.services.rules_on_trial import Trials
from loyalty.services.rulesets import RulesetInForce, Rulesets
from loyalty.store import custom_events as store
from loyalty.store.database import Connection
from outbox import NewEvent
from schemas.events import EventAwarded, EventRecorded, RuleShare

CONSUMER = "events"
TOPIC = "event.recorded"

Happened = Incoming[EventRecorded]


async def award_events(
    conn: Connection, events: Sequence[Happened], clock: Clock, rulesets: Rulesets, ids: IdSource = new_id
) -> Handled:
    """Awards the events that were not awarded before, in the order given.

    Raises NotFound for an unknown member, and asyncpg's errors; then the transaction must be rolled back.
    """
    claimed = await store.claim(conn, CONSUMER, {event.event_id for event in events})
    fresh = first_of_each(events, claimed)
    if not fresh:
        return NOTHING_HANDLED
    at = clock()
    book = await Book.open(conn, {event.body.member_id for event in fresh})
    rules = await rulesets.current(conn)
    awarded = await _evaluate(conn, fresh, rules, book, at)
    entry_ids = await book.close(conn, at)
    rows = [done.row(rules.version, entry_ids.get(done.event.event_id)) for done in awarded]
    await store.insert_awards(conn, rows, at)
    await emit(conn, [_event_awarded(done, ids(), at) for done in awarded])
    return Handled(len(fresh), frozenset(event.body.member_id for event in fresh))


async def _evaluate(
    conn: Connection, events: Sequence[Happened], rules: RulesetInForce, book: Book, at: datetime
) -> list[Awarded[EventRecorded]]:
    happened = [(event, purchase_of(event.body, rules.currency)) for event in events]
    wanted = {
        (event.body.member_id, key)
        for event, what in happened
        for key in rules.for_events(event.body.event_type).usage_keys(what)
    }
    usage = await RuleUsage.lock(conn, wanted)
    trials = await Trials.open(conn, rules.on_trial, [(event.body.member_id, what) for event, what in happened])
    awarded = []
    for event, what in happened:
        wallet = book.wallets[event.body.member_id]
        multiplier = rules.tiers.multiplier(wallet.tier_code)
        facts = MemberFacts(wallet.joined_at, 0, wallet.tier_code, multiplier, wallet.birth_date)
        ruleset = rules.for_events(event.body.event_type)
        used = usage.seen_by(wallet.member_id)
        award = ruleset.evaluate(what, facts, used)
        trials.evaluate(wallet.member_id, what, facts, used)
        usage.count(wallet.member_id, award.usage_changes)
        awarded.append(post_award(book, wallet, event, event.body.event_id, award, rules, at))
    await usage.save(conn)
    await trials.save(conn)
    return awarded


def purchase_of(event: EventRecorded, currency: str) -> Purchase:
    """The event as the rules look at it: nothing was bought."""
    return happening(event.merchant_id, event.occurred_at, currency, event.event_type, event.fields)


def _event_awarded(done: Awarded[EventRecorded], event_id: UUID, at: datetime) -> NewEvent:
    award = done.award
    told = EventAwarded(
        member_id=done.event.body.member_id,
        event_id=done.event.body.event_id,
        event_type=done.event.body.event_type,
        points=award.points,
        rules=tuple(RuleShare(rule_id=s.rule_id, version=s.version, points=s.points) for s in award.shares),
        available_after=done.available_after,
        pending_until=done.pending_until,
        expires_at=award.expires_at if award.points else None,
    )
    return outgoing(told, event_id=event_id, occurred_at=at, traceparent=done.event.traceparent)
