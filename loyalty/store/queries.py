"""The named queries of loyalty/sql, loaded once. `await queries.find_member(conn, id=…)`.

The name's suffix in the .sql file says what comes back (aiosql): none rows, `^` one row or None, `$` one value,
`!` the command tag, `<!` the RETURNING row.
"""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiosql
from aiosql.adapters.asyncpg import AsyncPGAdapter

SQL_FOLDER = Path(__file__).parents[1] / "sql"


class ConnectionAdapter(AsyncPGAdapter):
    """aiosql's asyncpg adapter for a connection in hand: it never looks for a pool."""

    def _ordered(self, query_name: str, parameters: Mapping[str, Any]) -> list[Any]:
        return [parameters[name] for name in self.var_sorted[query_name]]

    async def select(
        self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any], record_class: Any = None
    ) -> AsyncIterator[Any]:
        for row in await conn.fetch(sql, *self._ordered(query_name, parameters)):
            yield row

    async def select_one(
        self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any], record_class: Any = None
    ) -> Any:
        return await conn.fetchrow(sql, *self._ordered(query_name, parameters))

    async def select_value(self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any]) -> Any:
        return await conn.fetchval(sql, *self._ordered(query_name, parameters))

    async def insert_returning(self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any]) -> Any:
        return await conn.fetchrow(sql, *self._ordered(query_name, parameters))

    async def insert_update_delete(self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any]) -> str:
        tag: str = await conn.execute(sql, *self._ordered(query_name, parameters))
        return tag


aiosql.register_adapter("laurel", ConnectionAdapter)  # type: ignore[arg-type]
queries: Any = aiosql.from_path(SQL_FOLDER, "laurel", kwargs_only=True, mandatory_parameters=False)
"""Every query of loyalty/sql/*.sql as an attribute, whichever file it is in."""


async def fetch_all(rows: AsyncIterator[Any]) -> list[Any]:
    """The rows of a SELECT query as a list: `await fetch_all(queries.list_members(conn, …))`."""
    return [row async for row in rows]
