"""Awarding purchases: a batch of transaction.recorded events, in one transaction, in a fixed number of statements.

Invariants: an event has its effect once (inbox and award are checked first); the wallets are locked before anything is
computed from them, and the rules are read after that, so that they know every tier; points.earned goes to the outbox
last. An award of 0 points has an award row and no journal entry.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.money import to_minor
from loyalty.domain.purchase import Line, MemberFacts, Purchase
from loyalty.services.events import emit, outgoing_json
from loyalty.services.incoming import NOTHING_HANDLED, Handled, Incoming, first_of_each
from loyalty.services.posting import Book
from loyalty.services.posting_awards import Awarded, post_award
from loyalty.services.rule_usage import RuleUsage
from loyalty.services.rules_on_trial import Trials
from loyalty.services.rulesets import RulesetInForce, Rulesets
from loyalty.services.tier_book import TierBook
from loyalty.store import inbox
from loyalty.store.awards import insert_awards
from loyalty.store.database import Connection
from loyalty.store.ledger import Wallet
from outbox import NewEvent
from schemas.events import TransactionRecorded

CONSUMER = "earning"

Recorded = Incoming[TransactionRecorded]


async def award_transactions(
    conn: Connection, events: Sequence[Recorded], clock: Clock, rulesets: Rulesets, ids: IdSource = new_id
) -> Handled:
    """Awards the purchases that were not awarded before, in the order given.

    Raises NotFound for an unknown member, InvalidAmount, UnknownCurrency or ValueError for an event that makes no
    sense, and asyncpg's errors; then the transaction must be rolled back.
    """
    fresh = await _claim(conn, events)
    if not fresh:
        return NOTHING_HANDLED
    at = clock()
    book = await Book.open(conn, {event.body.member_id for event in fresh})
    rules = await rulesets.current(conn)
    tiers = await TierBook.open(conn, rules.tiers, book)
    awarded = await _evaluate(conn, fresh, rules, book, tiers, at)
    moves = await tiers.save(conn, at, ids)
    entry_ids = await book.close(conn, at)
    await insert_awards(conn, [done.row(rules.version, entry_ids.get(done.event.event_id)) for done in awarded], at)
    await emit(conn, [*(_points_earned(done, ids(), at) for done in awarded), *moves])
    return Handled(len(fresh), frozenset(event.body.member_id for event in fresh))


async def _claim(conn: Connection, events: Sequence[Recorded]) -> list[Recorded]:
    claimed = await inbox.claim_transactions(conn, CONSUMER, {event.event_id for event in events})
    return first_of_each(events, claimed)


async def _evaluate(
    conn: Connection, events: Sequence[Recorded], rules: RulesetInForce, book: Book, tiers: TierBook, at: datetime
) -> list[Awarded[TransactionRecorded]]:
    purchases = [_purchase(event.body) for event in events]
    wanted = {
        (event.body.member_id, key)
        for event, purchase in zip(events, purchases, strict=True)
        for key in rules.ruleset.usage_keys(purchase)
    }
    usage = await RuleUsage.lock(conn, wanted)
    members = [event.body.member_id for event in events]
    trials = await Trials.open(conn, rules.on_trial, zip(members, purchases, strict=True))
    awarded = []
    for event, purchase in zip(events, purchases, strict=True):
        wallet = book.wallets[event.body.member_id]
        facts, used = _facts(wallet, rules), usage.seen_by(wallet.member_id)
        award = rules.ruleset.evaluate(purchase, facts, used)
        trials.evaluate(wallet.member_id, purchase, facts, used)
        usage.count(wallet.member_id, award.usage_changes)
        wallet.transactions_awarded += 1
        awarded.append(post_award(book, wallet, event, event.body.transaction_id, award, rules, at))
        tiers.count(wallet.member_id, purchase.occurred_at, award.points, purchase.amount_minor, at)
    await usage.save(conn)
    await trials.save(conn)
    return awarded


def _purchase(recorded: TransactionRecorded) -> Purchase:
    currency = recorded.currency
    return Purchase(
        merchant_id=recorded.merchant_id,
        occurred_at=recorded.occurred_at,
        amount_minor=to_minor(recorded.amount, currency),
        currency=currency,
        lines=tuple(Line(to_minor(item.amount, currency), item.sku, item.category) for item in recorded.items),
    )


def _facts(wallet: Wallet, rules: RulesetInForce) -> MemberFacts:
    """The multiplier is that of the rules' own version: what an award names must explain it."""
    return MemberFacts(
        joined_at=wallet.joined_at,
        purchases_before=wallet.transactions_awarded,
        tier=wallet.tier_code,
        tier_multiplier=rules.tiers.multiplier(wallet.tier_code),
        birth_date=wallet.birth_date,
    )


def _points_earned(awarded: Awarded[TransactionRecorded], event_id: UUID, at: datetime) -> NewEvent:
    recorded, award = awarded.event.body, awarded.award
    body = {
        "schema_version": 1,
        "member_id": recorded.member_id,
        "transaction_id": recorded.transaction_id,
        "points": award.points,
        "rules": [{"rule_id": s.rule_id, "version": s.version, "points": s.points} for s in award.shares],
        "available_after": awarded.available_after,
        "pending_until": awarded.pending_until,
        "expires_at": award.expires_at if award.points else None,
    }
    return outgoing_json(
        "points.earned", recorded.member_id, body, event_id=event_id, at=at, traceparent=awarded.event.traceparent
    )
