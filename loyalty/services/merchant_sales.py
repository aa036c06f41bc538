"""Purchases that a merchant's own systems send: recorded as every purchase is, for a member the merchant names."""

from dataclasses import dataclass
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Invalid, NotFound
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.recording import RecordTransaction, record_transaction
from loyalty.store import members_admin, transactions_admin
from loyalty.store.database import Connection
from schemas.admin.transactions import NewTransaction, Transaction


@dataclass(frozen=True, slots=True)
class Sale:
    """The purchase, and whether it was recorded now or had been before."""

    transaction: Transaction
    created: bool


async def record_sale(
    conn: Connection,
    merchant_id: UUID,
    command: NewTransaction,
    actor: Actor,
    clock: Clock,
    make_id: IdSource = new_id,
) -> Sale:
    """Raises what record_transaction raises; a member that there is not is Invalid, with a pointer."""
    member_id = await member_id_of(conn, command.member_id, command.member_external_id)
    purchase = RecordTransaction(
        member_id=member_id,
        merchant_id=merchant_id,
        amount=command.amount,
        currency=command.currency,
        external_id=command.external_id,
        occurred_at=command.occurred_at,
        items=command.items,
        traceparent=actor.traceparent,
    )
    recorded = await record_transaction(conn, purchase, clock, make_id)
    transaction = await transactions_admin.get_transaction(conn, recorded.transaction.transaction_id)
    if recorded.created:
        change = Change("transaction.recorded", "transaction", str(transaction.transaction_id), None, transaction)
        await record_change(conn, change, actor, transaction.recorded_at)
    return Sale(transaction, recorded.created)


async def member_id_of(conn: Connection, member_id: UUID | None, external_id: str | None) -> UUID:
    """The member that one of the two names. Raises Invalid, with a pointer, when there is none."""
    if external_id is not None:
        found = await members_admin.find_member_id(conn, external_id)
        if found is None:
            raise Invalid([("/member_external_id", "There is no such member")])
        return found
    assert member_id is not None, "the contract asks for one of the two"
    try:
        return (await members_admin.get_member(conn, member_id)).member_id
    except NotFound:
        raise Invalid([("/member_id", "There is no such member")]) from None
