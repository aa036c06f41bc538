"""The worker's flows: which topic is handled by which service."""

from collections.abc import Sequence

from agents.processing import Flow
from agents.records import Record, happened_of, recorded_of, redeemed_of, refunded_of
from loyalty.clock import Clock
from loyalty.services import awarding_events, earning, redeeming, reversing
from loyalty.services.incoming import Handled
from loyalty.services.rulesets import Rulesets
from loyalty.store.database import Connection


def earning_flow(clock: Clock) -> Flow:
    """transaction.recorded: purchases become points."""
    rulesets = Rulesets()

    async def award(conn: Connection, records: Sequence[Record]) -> Handled:
        events = [recorded_of(record) for record in records]
        return await earning.award_transactions(conn, events, clock, rulesets)

    return Flow(earning.CONSUMER, "transaction.recorded", award, lambda record: recorded_of(record).event_id)


def redeeming_flow(clock: Clock) -> Flow:
    """reward.redeemed: redemptions are decided."""

    async def decide(conn: Connection, records: Sequence[Record]) -> Handled:
        events = [redeemed_of(record) for record in records]
        return await redeeming.decide_redemptions(conn, events, clock)

    return Flow(redeeming.CONSUMER, "reward.redeemed", decide, lambda record: redeemed_of(record).event_id)


def refunding_flow(clock: Clock) -> Flow:
    """transaction.refunded: points of refunded purchases are taken back."""

    async def reverse(conn: Connection, records: Sequence[Record]) -> Handled:
        events = [refunded_of(record) for record in records]
        return await reversing.reverse_refunds(conn, events, clock)

    return Flow(reversing.CONSUMER, reversing.TOPIC, reverse, lambda record: refunded_of(record).event_id)


def events_flow(clock: Clock) -> Flow:
    """event.recorded: what members do that is no purchase becomes points."""
    rulesets = Rulesets()

    async def award(conn: Connection, records: Sequence[Record]) -> Handled:
        events = [happened_of(record) for record in records]
        return await awarding_events.award_events(conn, events, clock, rulesets)

    return Flow(awarding_events.CONSUMER, awarding_events.TOPIC, award, lambda record: happened_of(record).event_id)
