"""/transactions: read by administrators, recorded by merchants' keys."""

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import Access, Answer, Call, Download, Role
from loyalty.domain.refund import RefundExceedsPurchase
from loyalty.errors import NotFound
from loyalty.services import refunding
from loyalty.services.merchant_sales import record_sale
from loyalty.services.recording import ExternalIdReused
from loyalty.store import transactions_admin as transactions
from loyalty.store.members import MemberInactive
from schemas.admin.refunds import NewRefund, Refund, Refunds
from schemas.admin.transactions import (
    NewTransaction,
    Transaction,
    TransactionFilter,
    TransactionPage,
    TransactionWithReceipt,
)


async def list_transactions(call: Call[None, TransactionFilter]) -> Answer | Download:
    return await answer_page(call, transactions.list_transactions, "transactions", lambda row: row.transaction_id)


async def get_transaction(call: Call[None, None]) -> Answer:
    return Answer(200, await transactions.get_transaction(call.conn, call.path["transaction_id"]))


async def record_transaction(call: Call[NewTransaction, None]) -> Answer:
    sale = await record_sale(call.conn, call.principal.id, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201 if sale.created else 200, Transaction(**sale.transaction.model_dump(include=_SHOWN)))


async def record_refund(call: Call[NewRefund, None]) -> Answer:
    transaction_id = call.path["transaction_id"]
    done = await refunding.record_refund(
        call.conn, transaction_id, call.body, actor_of(call), call.deps.clock, call.deps.new_id
    )
    return Answer(201 if done.created else 200, done.refund)


async def list_refunds(call: Call[None, None]) -> Answer:
    return Answer(200, Refunds(data=await refunding.view_refunds(call.conn, call.path["transaction_id"])))


_SHOWN = set(Transaction.model_fields)


SELLER = Access(scope="transactions:write")
REFUNDER = Access(least_role=Role.OPERATOR, scope="refunds:write")

ROUTES = tagged(
    "Transactions",
    read("/transactions", list_transactions, "Find transactions", TransactionPage, TransactionFilter),
    change(
        "POST",
        "/transactions",
        record_transaction,
        "Record a purchase with a merchant's key",
        SELLER,
        NewTransaction,
        {201: Transaction, 200: Transaction},
        ExternalIdReused,
        MemberInactive,
        idempotent=True,
    ),
    read(
        "/transactions/{transaction_id}",
        get_transaction,
        "Get a transaction and its receipt",
        TransactionWithReceipt,
    ),
    change(
        "POST",
        "/transactions/{transaction_id}/refunds",
        record_refund,
        "Refund a purchase, whole or in part",
        REFUNDER,
        NewRefund,
        {201: Refund, 200: Refund},
        NotFound,
        RefundExceedsPurchase,
        ExternalIdReused,
        idempotent=True,
    ),
    read("/transactions/{transaction_id}/refunds", list_refunds, "List a purchase's refunds", Refunds),
)
