"""/transactions: read by administrators, recorded by merchants' keys."""

from api.admin.calls import actor_of, answer_page
from api.kit.routes import Answer, Call
from loyalty.services.merchant_sales import record_sale
from loyalty.store import transactions_admin as transactions
from schemas.admin.transactions import NewTransaction, Transaction, TransactionFilter


async def list_transactions(call: Call[None, TransactionFilter]) -> Answer:
    return await answer_page(call, transactions.list_transactions, "transactions", lambda row: row.transaction_id)


async def get_transaction(call: Call[None, None]) -> Answer:
    return Answer(200, await transactions.get_transaction(call.conn, call.path["transaction_id"]))


async def record_transaction(call: Call[NewTransaction, None]) -> Answer:
    sale = await record_sale(call.conn, call.principal.id, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201 if sale.created else 200, Transaction(**sale.transaction.model_dump(include=_SHOWN)))


_SHOWN = set(Transaction.model_fields)
