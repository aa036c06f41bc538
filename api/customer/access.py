"""Joining, signing in, staying signed in, signing out.

A sign-in is limited per account and per address, takes the same time and gives the same answer whether or not there is
such an account.
"""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never
from uuid import UUID

from api.kit.deps import Deps
from api.kit.guessing import count_account, count_address
from api.kit.routes import PUBLIC, Answer, Call, Database, Principal, Route
from api.kit.tokens import mint_access_token
from loyalty.services.registering import RegisterMember, register_member
from loyalty.services.signing_in import (
    Carried,
    InvalidCredentials,
    InvalidRefreshToken,
    Refused,
    carry_on_session,
    close_session,
    open_session,
)
from loyalty.store import members
from loyalty.store.conflicts import EmailTaken
from loyalty.store.members import MemberInactive, MemberLogin
from schemas.customer import Login, Profile, RefreshRequest, Registration, Session


async def authenticate(token: str, deps: Deps) -> Principal:
    """Members come with access tokens."""
    return deps.tokens.check(token)


async def register(call: Call[Registration, None]) -> Answer:
    deps = call.deps
    command = RegisterMember(
        email=call.body.email,
        name=call.body.name,
        birth_date=call.body.birth_date,
        referral_code=call.body.referral_code,
        password_hash=await deps.passwords.hash(call.body.password.get_secret_value()),
        traceparent=call.traceparent,
    )
    async with call.transaction() as conn:
        profile = await register_member(conn, command, deps.clock, deps.new_id)
    deps.poke.poke()
    return Answer(201, profile, {"Location": "/api/customer/profile"})


async def login(call: Call[Login, None]) -> Answer:
    await count_address(call)
    async with call.lent() as conn:
        account, found = await members.find_login(conn, call.body.email)
    await count_account(call, account)
    password_hash = found.password_hash if found else None
    if not await call.deps.passwords.check(password_hash, call.body.password.get_secret_value()):
        raise InvalidCredentials
    assert found is not None, "nobody has the right password of no account"
    _check_may_sign_in(found)
    async with call.transaction() as conn:
        token = await open_session(conn, "member", found.member_id, _validity(call.deps), call.deps.clock)
    return Answer(200, _session(call.deps, found.member_id, token))


async def refresh(call: Call[RefreshRequest, None]) -> Answer:
    deps = call.deps
    async with call.transaction() as conn:
        token = call.body.refresh_token.get_secret_value()
        outcome = await carry_on_session(conn, "member", token, _validity(deps), deps.clock)
        if isinstance(outcome, Carried):
            await members.require_active(conn, outcome.subject_id)
    match outcome:
        case Carried(member_id, next_token):
            return Answer(200, _session(deps, member_id, next_token))
        case Refused():
            raise InvalidRefreshToken
    assert_never(outcome)


async def logout(call: Call[RefreshRequest, None]) -> Answer:
    await close_session(call.conn, "member", call.body.refresh_token.get_secret_value(), call.deps.clock)
    return Answer(204)


def _check_may_sign_in(found: MemberLogin) -> None:
    if found.status != "active":
        raise MemberInactive(member_status=found.status)


def _validity(deps: Deps) -> timedelta:
    return timedelta(seconds=deps.settings.refresh_token_seconds)


def _session(deps: Deps, member_id: UUID, refresh_token: str) -> Session:
    seconds = deps.settings.access_token_seconds
    return Session(
        member_id=member_id,
        access_token=mint_access_token(deps.settings.signing_key, member_id, "customer", seconds=seconds),
        expires_in=seconds,
        refresh_token=refresh_token,
    )


ROUTES = (
    Route(
        method="POST",
        path="/register",
        handler=register,
        summary="Join the program",
        tag="Access",
        access=PUBLIC,
        body=Registration,
        answers={201: Profile},
        problems=(EmailTaken,),
        database=Database.NONE,
    ),
    Route(
        method="POST",
        path="/login",
        handler=login,
        summary="Sign in",
        description="Does not tell whether an account exists. Limited per account and per address.",
        tag="Access",
        access=PUBLIC,
        body=Login,
        answers={200: Session},
        problems=(InvalidCredentials, MemberInactive),
        database=Database.NONE,
    ),
    Route(
        method="POST",
        path="/refresh",
        handler=refresh,
        summary="Take a refresh token for the next session",
        description="A refresh token is good once. Used again, it ends the whole session it belongs to.",
        tag="Access",
        access=PUBLIC,
        body=RefreshRequest,
        answers={200: Session},
        problems=(InvalidRefreshToken, MemberInactive),
        database=Database.NONE,
    ),
    Route(
        method="POST",
        path="/logout",
        handler=logout,
        summary="End the session of a refresh token",
        description="Access tokens given before stay valid until they expire.",
        tag="Access",
        access=PUBLIC,
        body=RefreshRequest,
        answers={204: None},
        database=Database.WRITE,
    ),
)
