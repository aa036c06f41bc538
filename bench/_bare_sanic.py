"""What the HTTP bench compares with: bare Sanic handlers on asyncpg's pool, which check nothing.

python -m bench._bare_sanic PORT MEMBER MERCHANT
"""

from __future__ import annotations

import json
import os
import sys
from uuid import UUID

from sanic import Request, Sanic
from sanic.response import HTTPResponse, raw

from loyalty.clock import new_id, system_clock
from loyalty.store.database import open_pool

POOL_SIZE = 10

INSERT_TRANSACTION = """
insert into transaction (id, member_id, merchant_id, occurred_at, recorded_at, amount_minor, currency, items,
  content_hash) values ($1, $2, $3, $4, $4, 1234, 'GBP', '[]', '\\x00')"""
INSERT_EVENT = """
insert into outbox (event_id, topic, key, payload, source, occurred_at)
values ($1, 'transaction.recorded', $2, $3, '/laurel', $4)"""
SELECT_WALLET = "select available, pending, held, version from wallet where member_id = $1"


def main(port: int, member: UUID, merchant: UUID) -> None:
    """Serves until it is ended."""
    app: Sanic = Sanic("floor", configure_logging=False)  # type: ignore[type-arg]

    @app.before_server_start
    async def open_database(app: Sanic) -> None:  # type: ignore[type-arg]
        app.ctx.pool = await open_pool(os.environ["LAUREL_DATABASE_URL"], size=POOL_SIZE, name="floor")

    @app.post("/post")
    async def post(request: Request) -> HTTPResponse:
        transaction_id, at = new_id(), system_clock()
        async with request.app.ctx.pool.acquire() as conn, conn.transaction():
            await conn.execute(INSERT_TRANSACTION, transaction_id, member, merchant, at)
            await conn.execute(INSERT_EVENT, transaction_id, str(member), b'{"schema_version":1}', at)
        return raw(b'{"status":"recorded"}', 201, content_type="application/json")

    @app.get("/get")
    async def get(request: Request) -> HTTPResponse:
        async with request.app.ctx.pool.acquire() as conn:
            row = await conn.fetchrow(SELECT_WALLET, member)
        return raw(json.dumps(dict(row)).encode(), 200, content_type="application/json")

    app.run("127.0.0.1", port, single_process=True, motd=False, access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), UUID(sys.argv[2]), UUID(sys.argv[3]))
