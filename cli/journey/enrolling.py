"""Households become members and stores merchants: those that are not there yet, through the services."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import SecretStr

from api.kit.passwords import Passwords
from cli.demo_program.seeding import SEEDER
from cli.journey.progress import Advance
from cli.journey.summary import Login
from loyalty.clock import system_clock
from loyalty.services.merchants import create_merchant
from loyalty.services.registering import RegisterMember, register_member
from loyalty.store.database import Pool, transaction
from loyalty.store.replaying import find_members, find_merchants
from schemas.admin.merchants import NewMerchant

MEMBERS_A_TRANSACTION = 50
TRANSACTIONS_AT_ONCE = 4
LOGINS = 3
POOL_WAIT_SECONDS = 60.0


async def enrol_households(
    pool: Pool, households: Sequence[int], hashes: Mapping[int, str], advance: Advance
) -> dict[int, UUID]:
    """Household to member id. Those not there yet are registered, with a login where there is a hash for it."""
    external_ids = {household: f"household-{household}" for household in households}
    async with pool.acquire() as conn:
        known = await find_members(conn, list(external_ids.values()))
    missing = [household for household, external_id in external_ids.items() if external_id not in known]
    turns = asyncio.Semaphore(TRANSACTIONS_AT_ONCE)

    async def enrol(some: Sequence[int]) -> None:
        async with turns, transaction(pool, wait_seconds=POOL_WAIT_SECONDS) as conn:
            for household in some:
                profile = await register_member(conn, _registration(household, hashes.get(household)), system_clock)
                known[external_ids[household]] = profile.member_id
                advance()

    async with asyncio.TaskGroup() as group:
        for first in range(0, len(missing), MEMBERS_A_TRANSACTION):
            group.create_task(enrol(missing[first : first + MEMBERS_A_TRANSACTION]))
    return {household: known[external_id] for household, external_id in external_ids.items()}


async def enrol_stores(pool: Pool, stores: Sequence[int]) -> dict[int, UUID]:
    """Store to merchant id; all that are missing are created, or none."""
    external_ids = {store: f"store-{store}" for store in stores}
    async with transaction(pool) as conn:
        known = await find_merchants(conn, list(external_ids.values()))
        for store, external_id in external_ids.items():
            if external_id not in known:
                command = NewMerchant(name=f"Store {store}", external_id=external_id)
                known[external_id] = (await create_merchant(conn, command, SEEDER, system_clock)).merchant_id
    return {store: known[external_id] for store, external_id in external_ids.items()}


def logins_of(households: Sequence[int], signing_key: SecretStr) -> dict[int, Login]:
    """The first LOGINS households' logins: the same at every replay of one program, and secret with its key."""
    return {household: Login(_email(household), _password(household, signing_key)) for household in households[:LOGINS]}


async def hash_passwords(logins: Mapping[int, Login]) -> dict[int, str]:
    passwords = Passwords()
    try:
        return {household: await passwords.hash(login.password) for household, login in logins.items()}
    finally:
        passwords.close()


def _registration(household: int, password_hash: str | None) -> RegisterMember:
    return RegisterMember(
        email=_email(household) if password_hash else None,
        name=f"Household {household}",
        password_hash=password_hash,
        external_id=f"household-{household}",
    )


def _email(household: int) -> str:
    return f"household-{household}@journey.example"


def _password(household: int, signing_key: SecretStr) -> str:
    digest = hmac.digest(signing_key.get_secret_value().encode(), f"replay login {household}".encode(), hashlib.sha256)
    text = base64.b32encode(digest[:10]).decode().lower()
    return "-".join(text[first : first + 4] for first in range(0, len(text), 4))
