"""/transactions: read by administrators, recorded by merchants' keys."""

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import Access, Answer, Call
from loyalty.services.merchant_sales import record_sale
from loyalty.services.recording import ExternalIdReused
from loyalty.store import transactions_admin as transactions
from loyalty.store.members import MemberInactive
from schemas.admin.transactions import (
    NewTransaction,
    Transaction,
    TransactionFilter,
    TransactionPage,
    TransactionWithReceipt,
)


async def list_transactions(call: Call[None, TransactionFilter]) -> Answer:
    return await answer_page(call, transactions.list_transactions, "transactions", lambda row: row.transaction_id)


async def get_transaction(call: Call[None, None]) -> Answer:
    return Answer(200, await transactions.get_transaction(call.conn, call.path["transaction_id"]))


async def record_transaction(call: Call[NewTransaction, None]) -> Answer:
    sale = await record_sale(call.conn, call.principal.id, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201 if sale.created else 200, Transaction(**sale.transaction.model_dump(include=_SHOWN)))


_SHOWN = set(Transaction.model_fields)


SELLER = Access(scope="transactions:write")

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
)
