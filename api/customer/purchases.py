"""Purchases: claim one, list them, ask why one earned what it earned."""

from __future__ import annotations

from api.kit.idempotency import encoded
from api.kit.routes import MEMBER, Answer, AtOnce, Call, Database, Keep, Route
from loyalty.errors import Invalid, NotFound
from loyalty.services.member_views import show_transaction, show_transactions, view_receipt, view_transaction
from loyalty.services.receipts import RECEIPT_PROBLEMS, check_claim
from loyalty.services.recording import (
    ExternalIdReused,
    RecordTransaction,
    record_at_once,
    record_transaction,
    whole_purchase,
)
from loyalty.store import member_lists
from loyalty.store.database import Connection
from loyalty.store.idempotency import KeptAnswer
from loyalty.store.member_lists import PartAsked
from loyalty.store.members import MemberInactive
from loyalty.store.transactions import StoredTransaction, WholePurchase
from schemas.common import PageQuery
from schemas.customer import NewTransaction, Transaction, TransactionPage, TransactionReceipt


async def post_transaction(call: Call[NewTransaction, None]) -> Answer:
    await _check_claim(call, call.conn)
    recorded = await record_transaction(call.conn, _command(call), call.deps.clock, call.deps.new_id)
    return _answer(recorded.transaction, created=recorded.created)


async def prepare_transaction(call: Call[NewTransaction, None], keep: Keep) -> tuple[Answer, WholePurchase]:
    """Nearly every purchase is new, of an active member at an active merchant: then this is the answer to it."""
    if call.deps.settings.transaction_trust != "open":
        async with call.lent() as conn:
            await _check_claim(call, conn)
    answers: list[Answer] = []

    def kept(transaction: StoredTransaction) -> KeptAnswer:
        answers.append(_answer(transaction, created=True))
        return keep(answers[0])

    whole = whole_purchase(_command(call), kept, call.deps.clock, call.deps.new_id)
    return answers[0], whole


async def _check_claim(call: Call[NewTransaction, None], conn: Connection) -> None:
    await check_claim(conn, call.deps.settings.transaction_trust, call.principal.id, call.body, call.deps.clock)


def _command(call: Call[NewTransaction, None]) -> RecordTransaction:
    body = call.body
    return RecordTransaction(
        member_id=call.principal.id,
        merchant_id=body.merchant_id,
        amount=body.amount,
        currency=body.currency,
        external_id=body.external_id,
        occurred_at=body.occurred_at,
        items=body.items,
        traceparent=call.traceparent,
    )


def _answer(transaction: StoredTransaction, *, created: bool) -> Answer:
    shown = show_transaction(transaction)
    location = {"Location": f"/api/customer/transactions/{shown.transaction_id}"}
    return Answer(201 if created else 200, encoded(shown), location)


async def list_transactions(call: Call[None, PageQuery]) -> Answer:
    scope = f"customer.transactions:{call.principal.id}"
    before = call.deps.cursors.read_id(scope, call.query.cursor)
    asked = PartAsked(call.principal.id, before, call.query.limit + 1)
    rows = show_transactions(await call.deps.together.ask(member_lists.list_transactions, asked))
    page, cursor = call.deps.cursors.cut(scope, rows, call.query.limit, lambda row: row.transaction_id)
    return Answer(200, TransactionPage(data=list(page), next_cursor=cursor))


async def get_transaction(call: Call[None, None]) -> Answer:
    return Answer(200, await view_transaction(call.conn, call.principal.id, call.path["transaction_id"]))


async def get_receipt(call: Call[None, None]) -> Answer:
    return Answer(200, await view_receipt(call.conn, call.principal.id, call.path["transaction_id"]))


ROUTES = (
    Route(
        method="POST",
        path="/transaction",
        handler=post_transaction,
        summary="Record a purchase",
        description="The points follow: see `transaction.awarded` of /events, or ask for the transaction again. One "
        "external id of a merchant is recorded once: again with the same content the answer is 200 with the same "
        "transaction, with other content 409. An amount is at most 10^12 - 1 minor units of the currency.",
        tag="Purchases",
        access=MEMBER,
        body=NewTransaction,
        answers={201: Transaction, 200: Transaction},
        problems=(NotFound, Invalid, ExternalIdReused, *RECEIPT_PROBLEMS, MemberInactive),
        database=Database.WRITE,
        idempotent=True,
        at_once=AtOnce(prepare_transaction, record_at_once),
    ),
    Route(
        method="GET",
        path="/transactions",
        handler=list_transactions,
        summary="The member's purchases, the last recorded first",
        tag="Purchases",
        access=MEMBER,
        query=PageQuery,
        answers={200: TransactionPage},
        problems=(MemberInactive,),
        database=Database.NONE,
    ),
    Route(
        method="GET",
        path="/transactions/{transaction_id}",
        handler=get_transaction,
        summary="One purchase",
        tag="Purchases",
        access=MEMBER,
        answers={200: Transaction},
        problems=(MemberInactive,),
    ),
    Route(
        method="GET",
        path="/transactions/{transaction_id}/receipt",
        handler=get_receipt,
        summary="Why a purchase earned what it earned",
        tag="Purchases",
        access=MEMBER,
        answers={200: TransactionReceipt},
        problems=(MemberInactive,),
    ),
)
