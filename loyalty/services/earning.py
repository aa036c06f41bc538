"""Awarding purchases: a batch of transaction.recorded events, in one transaction, in a fixed number of statements.

Invariants: an event has its effect once (inbox and award are checked first); the wallets are locked before anything is
computed from them, and the rules are read after that, so that they know every tier; points.earned goes to the outbox
last. An award of 0 points has an award row and no journal entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.award import Award
from loyalty.domain.ledger import earn
from loyalty.domain.money import to_minor
from loyalty.domain.purchase import Line, MemberFacts, Purchase
from loyalty.services.events import emit, outgoing_json
from loyalty.services.incoming import NOTHING_HANDLED, Handled, Incoming, first_of_each
from loyalty.services.posting import Book, Booking
from loyalty.services.rule_usage import RuleUsage
from loyalty.services.rules_on_trial import Trials
from loyalty.services.rulesets import RulesetInForce, Rulesets
from loyalty.services.tier_book import TierBook
from loyalty.store import inbox
from loyalty.store.awards import NewAward, insert_awards
from loyalty.store.database import Connection
from loyalty.store.ledger import Wallet
from outbox import NewEvent
from schemas.events import TransactionRecorded

CONSUMER = "earning"

Recorded = Incoming[TransactionRecorded]


@dataclass(frozen=True, slots=True)
class Awarded:
    """A purchase with its award and what that left in the wallet."""

    event: Recorded
    award: Award
    available_after: int
    wallet_version: int


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
    await insert_awards(
        conn, [_award_row(done, rules.version, entry_ids.get(done.event.event_id)) for done in awarded], at
    )
    await emit(conn, [*(_points_earned(done, ids(), at) for done in awarded), *moves])
    return Handled(len(fresh), frozenset(event.body.member_id for event in fresh))


async def _claim(conn: Connection, events: Sequence[Recorded]) -> list[Recorded]:
    claimed = await inbox.claim_transactions(conn, CONSUMER, {event.event_id for event in events})
    return first_of_each(events, claimed)


async def _evaluate(
    conn: Connection, events: Sequence[Recorded], rules: RulesetInForce, book: Book, tiers: TierBook, at: datetime
) -> list[Awarded]:
    purchases = [_purchase(event.body) for event in events]
    wanted = {
        (event.body.member_id, key)
        for event, purchase in zip(events, purchases, strict=True)
        for key in rules.ruleset.usage_keys(purchase)
    }
    usage, trials = await RuleUsage.lock(conn, wanted), Trials(rules.on_trial)
    awarded = []
    for event, purchase in zip(events, purchases, strict=True):
        wallet = book.wallets[event.body.member_id]
        facts, used = _facts(wallet, rules), usage.seen_by(wallet.member_id)
        award = rules.ruleset.evaluate(purchase, facts, used)
        trials.evaluate(purchase, facts, used)
        usage.count(wallet.member_id, award.usage_changes)
        awarded.append(_post(book, event, award, rules, at))
        tiers.count(wallet.member_id, purchase.occurred_at, award.points, purchase.amount_minor, at)
    await usage.save(conn)
    await trials.save(conn)
    return awarded


def _post(book: Book, event: Recorded, award: Award, rules: RulesetInForce, at: datetime) -> Awarded:
    wallet = book.wallets[event.body.member_id]
    wallet.transactions_awarded += 1
    if not award.points:
        return Awarded(event, award, wallet.available, book.touch(wallet.member_id))
    pending_until = _still_pending(award, at)
    draft = earn(event.event_id, wallet.member_id, award.points, pending=pending_until is not None, owed=wallet.owed)
    booking = Booking(
        draft,
        source_id=event.body.transaction_id,
        booked_at=at,
        expires_at=award.expires_at,
        traceparent=event.traceparent,
        pending_until=pending_until,
        rolls_months=rules.terms.rolls_months,
    )
    posted = book.post(booking)
    return Awarded(event, award, posted.available_after, posted.wallet_version)


def _still_pending(award: Award, at: datetime) -> datetime | None:
    """A purchase that is processed late may be past its pending period."""
    return award.pending_until if award.pending_until is not None and award.pending_until > at else None


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


def _award_row(awarded: Awarded, ruleset_version: int, entry_id: int | None) -> NewAward:
    recorded = awarded.event.body
    return NewAward(
        transaction_id=recorded.transaction_id,
        member_id=recorded.member_id,
        points=awarded.award.points,
        entry_id=entry_id,
        ruleset_version=ruleset_version,
        receipt=awarded.award.receipt.to_json(),
        wallet_version=awarded.wallet_version,
    )


def _points_earned(awarded: Awarded, event_id: UUID, at: datetime) -> NewEvent:
    recorded, award = awarded.event.body, awarded.award
    body = {
        "schema_version": 1,
        "member_id": recorded.member_id,
        "transaction_id": recorded.transaction_id,
        "points": award.points,
        "rules": [{"rule_id": s.rule_id, "version": s.version, "points": s.points} for s in award.shares],
        "available_after": awarded.available_after,
        "pending_until": _still_pending(award, at) if award.points else None,
        "expires_at": award.expires_at if award.points else None,
    }
    return outgoing_json(
        "points.earned", recorded.member_id, body, event_id=event_id, at=at, traceparent=awarded.event.traceparent
    )
