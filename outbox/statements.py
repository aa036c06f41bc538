"""The outbox's SQL: named statements from the .sql files beside this module.

Parameters are PostgreSQL's own ($1, $2 …), in the order that each statement's comment gives, and are called through
asyncpg directly: the relay reads thousands of rows a page, too many for a generator per row.
"""

import re
from pathlib import Path

import aiosql

FOLDER = Path(__file__).parent / "sql"
NAMED = re.compile(r"\{(\w+)\}")


def load(name: str) -> dict[str, str]:
    """The statements of `sql/<name>.sql` by their names; {read_page} in one stands for the statement of that name."""
    queries = aiosql.from_path(FOLDER / f"{name}.sql", "asyncpg", mandatory_parameters=False)
    found = {query: getattr(queries, query).sql for query in queries.available_queries if not query.endswith("_cursor")}
    return {query: NAMED.sub(lambda named: found[named[1]].rstrip(";"), sql) for query, sql in found.items()}
