"""Purchases from a file, some lines in one transaction.

Members' wallets are locked in the order of their ids, as everyone does who locks more than one, and a member's lines
stay in the order of the file. A line that is refused has changed nothing, so the others go on. What was recorded before
is known by the merchant's external id: the same file again does nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Invalid, LaurelError, NotFound
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.recording import RecordTransaction, record_transaction
from loyalty.store import replaying
from loyalty.store.database import Connection
from schemas.admin.imports import ImportedBatch, ImportedLine, ImportLine


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file by its number: a purchase, or why it is none, and what its receipt is called if it says so."""

    number: int
    purchase: ImportLine | LaurelError
    external_id: str | None


async def import_batch(
    conn: Connection, merchant_id: UUID, lines: Sequence[Line], actor: Actor, clock: Clock, ids: IdSource = new_id
) -> list[ImportedLine]:
    """What became of each line, in their order. Raises what the database raises: then none of them was recorded."""
    results = {line.number: refused(line, line.purchase) for line in lines if isinstance(line.purchase, LaurelError)}
    named = await _named(conn, lines, results)
    for member_id, line, purchase in sorted(named, key=lambda each: (each[0], each[1].number)):
        try:
            recorded = await record_transaction(conn, _command(member_id, merchant_id, purchase, actor), clock, ids)
        except LaurelError as error:
            results[line.number] = refused(line, error)
        else:
            results[line.number] = ImportedLine(
                line=line.number,
                status="recorded" if recorded.created else "already_recorded",
                external_id=purchase.external_id,
                transaction_id=recorded.transaction.transaction_id,
            )
    await _audit(conn, merchant_id, list(results.values()), actor, clock)
    return [results[number] for number in sorted(results)]


def refused(line: Line, error: LaurelError) -> ImportedLine:
    """Why a line was not recorded."""
    errors = [{"pointer": at, "detail": what} for at, what in error.errors] if isinstance(error, Invalid) else None
    return ImportedLine(
        line=line.number,
        status="refused",
        external_id=line.external_id,
        code=error.code,
        detail=error.message,
        errors=errors,
    )


async def _named(
    conn: Connection, lines: Sequence[Line], results: dict[int, ImportedLine]
) -> list[tuple[UUID, Line, ImportLine]]:
    """The lines that are purchases, with whose they are; of those of nobody, the results."""
    purchases = [(line, line.purchase) for line in lines if isinstance(line.purchase, ImportLine)]
    wanted = {purchase.member_external_id for _, purchase in purchases if purchase.member_external_id}
    known = await replaying.find_members(conn, wanted)
    named = []
    for line, purchase in purchases:
        member_id = purchase.member_id or known.get(purchase.member_external_id or "")
        if member_id is None:
            results[line.number] = refused(line, NotFound("There is no such member."))
        else:
            named.append((member_id, line, purchase))
    return named


def _command(member_id: UUID, merchant_id: UUID, purchase: ImportLine, actor: Actor) -> RecordTransaction:
    return RecordTransaction(
        member_id=member_id,
        merchant_id=merchant_id,
        amount=purchase.amount,
        currency=purchase.currency,
        external_id=purchase.external_id,
        occurred_at=purchase.occurred_at,
        items=purchase.items,
        traceparent=actor.traceparent,
    )


async def _audit(
    conn: Connection, merchant_id: UUID, results: Sequence[ImportedLine], actor: Actor, clock: Clock
) -> None:
    recorded = [result.line for result in results if result.status == "recorded"]
    if recorded:
        batch = ImportedBatch(
            merchant_id=merchant_id, first_line=min(recorded), last_line=max(recorded), recorded=len(recorded)
        )
        await record_change(
            conn, Change("transactions.imported", "merchant", str(merchant_id), None, batch), actor, clock()
        )
