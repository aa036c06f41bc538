"""/login, /refresh and /logout."""

from datetime import timedelta
from typing import Any

from api.admin.table import change, tagged
from api.kit.deps import Deps
from api.kit.guessing import count_account, count_address
from api.kit.routes import PUBLIC, Answer, Call, Database, Role
from api.kit.tokens import mint_access_token
from loyalty.services.admin_sessions import AdminSession, carry_on_admin_session, open_admin_session
from loyalty.services.auditing import Actor
from loyalty.services.signing_in import InvalidCredentials, InvalidRefreshToken, Refused, close_session
from loyalty.store import admins
from schemas.admin.access import Login, RefreshRequest, Session


async def login(call: Call[Login, None]) -> Answer:
    secret = await _check_password(call)
    actor = Actor("admin", str(secret.admin_id), call.request_id, call.address, call.traceparent)
    async with call.transaction() as conn:
        session = await open_admin_session(
            conn, secret.admin_id, _session_valid(call), actor, call.deps.clock, call.deps.new_id
        )
    return Answer(200, _shown(session, call.deps))


async def refresh(call: Call[RefreshRequest, None]) -> Answer:
    token = call.body.refresh_token.get_secret_value()
    async with call.transaction() as conn:
        carried = await carry_on_admin_session(conn, token, _session_valid(call), call.deps.clock)
    if isinstance(carried, Refused):
        raise InvalidRefreshToken
    return Answer(200, _shown(carried, call.deps))


async def logout(call: Call[RefreshRequest, None]) -> Answer:
    await close_session(call.conn, "admin", call.body.refresh_token.get_secret_value(), call.deps.clock)
    return Answer(204)


async def _check_password(call: Call[Login, None]) -> admins.AdminSecret:
    """Takes as long, and answers the same, whether or not there is such an administrator. Raises InvalidCredentials."""
    await count_address(call)
    async with call.lent() as conn:
        account, secret = await admins.find_secret(conn, call.body.email)
    await count_account(call, account)
    right = await call.deps.passwords.check(
        None if secret is None else secret.password_hash, call.body.password.get_secret_value()
    )
    if secret is None or not right:
        raise InvalidCredentials
    return secret


def _session_valid(call: Call[Any, Any]) -> timedelta:
    return timedelta(seconds=call.deps.settings.refresh_token_seconds)


def _shown(session: AdminSession, deps: Deps) -> Session:
    seconds = deps.settings.access_token_seconds
    admin = session.admin
    token = mint_access_token(
        deps.settings.signing_key, admin.admin_id, "admin", seconds=seconds, role=Role[admin.role.upper()]
    )
    return Session(access_token=token, expires_in=seconds, refresh_token=session.refresh_token, admin=admin)


ROUTES = tagged(
    "Sessions",
    change(
        "POST",
        "/login",
        login,
        "Sign in",
        PUBLIC,
        Login,
        {200: Session},
        InvalidCredentials,
        database=Database.NONE,
    ),
    change(
        "POST",
        "/refresh",
        refresh,
        "Carry a session on",
        PUBLIC,
        RefreshRequest,
        {200: Session},
        InvalidRefreshToken,
        database=Database.NONE,
    ),
    change("POST", "/logout", logout, "End a session", PUBLIC, RefreshRequest, {204: None}),
)
