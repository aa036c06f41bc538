"""Dead letters: an event that can never be handled is set aside, so that those behind it go on.

Parking claims the event in the inbox, so that it is set aside once and its redelivery does nothing. Requeueing releases
the claim and appends the same event again: it is then handled after everything its member did meanwhile
(docs/decisions/0401-what-waits-behind-a-dead-letter.md).
"""

import contextlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from loyalty.clock import Clock, IdSource, first_id_at, new_id
from loyalty.errors import Conflict, LaurelError, NotFound
from loyalty.services import awarding_events, earning, redeeming
from loyalty.services.events import emit
from loyalty.services.giving_up import give_up_redemption
from loyalty.store import dead_letters, inbox
from loyalty.store.database import Connection
from loyalty.store.dead_letters import DeadLetter, NewDeadLetter
from loyalty.store.ledger import lock_wallets
from loyalty.store.reconciliation import CUSTOM_EVENTS, PURCHASES, Trail
from outbox import InvalidEventError, NewEvent

ERROR_CHARACTERS = 2_000
LIMIT_WINDOW = timedelta(hours=1)
SKIPPED = "The request could not be processed."
"""What the member reads of a redemption whose event an operator skipped."""
RECONCILED: Mapping[str, Trail[Any]] = {earning.CONSUMER: PURCHASES, awarding_events.CONSUMER: CUSTOM_EVENTS}
"""What the reconciler must look at again when it was set aside and is requeued."""


class TooManyDeadLetters(LaurelError):
    """Too many events could not be handled within an hour. The worker stops: this looks like a bad release."""

    code = "too_many_dead_letters"


class DeadLetterResolved(Conflict):
    """This dead letter was resolved before."""

    code = "dead_letter_resolved"


class NotRequeueable(Conflict):
    """This record is not an event that could be sent again: it can only be skipped."""

    code = "not_requeueable"


async def park(
    conn: Connection, letter: NewDeadLetter, clock: Clock, *, limit_per_hour: int, ids: IdSource = new_id
) -> bool:
    """Sets the event aside, unless it was handled before; whether it did.

    Raises TooManyDeadLetters, and sets nothing aside, when `limit_per_hour` unresolved ones came within the last hour.
    """
    at = clock()
    if not await inbox.claim(conn, letter.consumer, letter.event_id):
        return False
    parked = await dead_letters.count_open_since(conn, first_id_at(at - LIMIT_WINDOW))
    if parked >= limit_per_hour:
        raise TooManyDeadLetters(parked=parked, limit_per_hour=limit_per_hour)
    await dead_letters.insert(conn, ids(), letter, at)
    return True


async def requeue(conn: Connection, letter_id: UUID, clock: Clock) -> None:
    """Sends the event again under its own id. Raises NotFound, DeadLetterResolved, NotRequeueable."""
    letter = await _open_letter(conn, letter_id)
    event = _event_again(letter, clock)
    await _lock_member(conn, event.key)
    await inbox.forget(conn, letter.consumer, letter.event_id)
    if trail := RECONCILED.get(letter.consumer):
        await trail.reopen_from(conn, letter.event_id)
    await dead_letters.resolve(conn, letter_id, "requeued", clock())
    try:
        await emit(conn, [event])
    except InvalidEventError as error:
        raise NotRequeueable from error


async def skip(conn: Connection, letter_id: UUID, clock: Clock) -> None:
    """Leaves the event unhandled for good; a redemption that waits for it is cancelled, what was held goes back.

    Raises NotFound, DeadLetterResolved.
    """
    letter = await _open_letter(conn, letter_id)
    await dead_letters.resolve(conn, letter_id, "skipped", clock())
    if letter.consumer == redeeming.CONSUMER:
        await give_up_redemption(conn, letter.event_id, SKIPPED, clock)


async def _open_letter(conn: Connection, letter_id: UUID) -> DeadLetter:
    letter = await dead_letters.lock(conn, letter_id)
    if letter is None:
        raise NotFound("There is no such dead letter.")
    if letter.resolved_at is not None:
        raise DeadLetterResolved
    return letter


async def _lock_member(conn: Connection, key: str) -> None:
    """As everyone does who appends an event of a member; an event may be here because there is no such member."""
    with contextlib.suppress(NotFound, ValueError):
        await lock_wallets(conn, {UUID(key)})


def _event_again(letter: DeadLetter, clock: Clock) -> NewEvent:
    if letter.payload is None or letter.key is None:
        raise NotRequeueable
    try:
        key = letter.key.decode()
    except UnicodeDecodeError as error:
        raise NotRequeueable from error
    return NewEvent(
        topic=letter.topic,
        key=key,
        payload=letter.payload,
        event_id=letter.event_id,
        occurred_at=clock(),
        traceparent=letter.headers.get("traceparent"),
    )
