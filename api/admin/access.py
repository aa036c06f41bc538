"""Who calls: administrators by their access token, merchants by their key.

A token only proves who the administrator is. Role and `active` are read from the database at every request, so that a
change of either holds at once and not when the token expires.
"""

from uuid import UUID

from api.kit.deps import Deps
from api.kit.routes import Principal, Role
from loyalty.errors import NotFound, Unauthenticated
from loyalty.services.merchants import KEY_MARK, sign_in_merchant
from loyalty.store.admins import get_admin
from loyalty.store.database import Connection


async def authenticate(token: str, deps: Deps) -> Principal:
    """The administrator or merchant that `token` proves. Raises Unauthenticated."""
    proven = None if token.startswith(KEY_MARK) else deps.tokens.check(token)
    async with deps.pool.acquire(timeout=deps.settings.database_wait_seconds) as conn:
        if proven is None:
            return await _merchant(conn, token, deps)
        return await _admin(conn, proven.id, proven.expires_at)


async def _merchant(conn: Connection, key: str, deps: Deps) -> Principal:
    merchant = await sign_in_merchant(conn, key, deps.clock)
    return Principal("merchant", merchant.merchant_id, scopes=merchant.scopes)


async def _admin(conn: Connection, admin_id: UUID, expires_at: float | None) -> Principal:
    try:
        admin = await get_admin(conn, admin_id)
    except NotFound:
        raise Unauthenticated from None
    if not admin.active:
        raise Unauthenticated("This administrator is not active.")
    return Principal("admin", admin.admin_id, Role[admin.role.upper()], expires_at=expires_at)
