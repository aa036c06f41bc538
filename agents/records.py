"""Records of Kafka as the loop hands them on, and the events that are in them.

An event's identity is in its body: a transaction or redemption is told of by one event only. What cannot be read gets
an identity from its place in Kafka, which no event of ours can have.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError

from loyalty.services.awarding_events import Happened
from loyalty.services.earning import Recorded
from loyalty.services.incoming import Incoming
from loyalty.services.redeeming import Redeemed
from loyalty.services.reversing import Refunded
from schemas.events import Event, EventRecorded, RewardRedeemed, TransactionRecorded, TransactionRefunded

E = TypeVar("E", bound=Event)

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Record(NamedTuple):
    """A record as it was read. `topic` is the plain name, without the prefix of a shared broker."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]


class Undecodable(Exception):
    """This record is not an event of its topic's schema."""


def recorded_of(record: Record) -> Recorded:
    """The purchase in a record of transaction.recorded. Raises Undecodable."""
    body = _body(record, TransactionRecorded)
    return _incoming(record, body, body.transaction_id)


def redeemed_of(record: Record) -> Redeemed:
    """The request in a record of reward.redeemed. Raises Undecodable."""
    body = _body(record, RewardRedeemed)
    return _incoming(record, body, body.redemption_id)


def refunded_of(record: Record) -> Refunded:
    """The refund in a record of transaction.refunded. Raises Undecodable."""
    body = _body(record, TransactionRefunded)
    return _incoming(record, body, body.refund_id)


def happened_of(record: Record) -> Happened:
    """What a member did, in a record of event.recorded. Raises Undecodable."""
    body = _body(record, EventRecorded)
    return _incoming(record, body, body.event_id)


def id_by_place(record: Record) -> UUID:
    """The identity of a record that cannot be read."""
    return uuid5(NAMESPACE_URL, f"laurel:{record.topic}/{record.partition}/{record.offset}")


def _body(record: Record, model: type[E]) -> E:
    if record.value is None:
        raise Undecodable("the record has no value")
    try:
        return model.model_validate_json(record.value)
    except ValidationError as error:
        raise Undecodable(str(error)) from error


def _incoming(record: Record, body: E, event_id: UUID) -> Incoming[E]:
    declared = record.headers.get("ce_id")
    if declared is not None and declared != str(event_id).encode():
        raise Undecodable(f"ce_id {declared!r} is not the id of what the event tells of, {event_id}")
    return Incoming(event_id, body, _traceparent(record.headers.get("traceparent")))


def _traceparent(header: bytes | None) -> str | None:
    return header.decode() if header is not None and _TRACEPARENT.fullmatch(header) else None
