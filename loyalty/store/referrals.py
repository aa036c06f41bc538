"""Referrals and their terms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.domain.money import from_minor
from loyalty.domain.referral import DueReferral, Friends, Settled
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from schemas.admin.referrals import Referral, ReferralFilter, ReferralTerms


@dataclass(frozen=True, slots=True)
class StoredTerms:
    """The terms with the currency that their amount is in."""

    terms: ReferralTerms
    currency: str


@dataclass(frozen=True, slots=True)
class BrokenReferral:
    """A completed referral to take back, with the events by which both sides were rewarded."""

    referred_id: UUID
    referrer_id: UUID
    referred_event_id: UUID
    referrer_event_id: UUID

    @property
    def event_ids(self) -> tuple[UUID, UUID]:
        return self.referred_event_id, self.referrer_event_id


async def find_referrer(conn: Connection, code: str) -> UUID | None:
    """The active member whose code this is."""
    found: UUID | None = await queries.find_referrer(conn, code=code)
    return found


async def insert(conn: Connection, referred_id: UUID, referrer_id: UUID, at: datetime) -> None:
    await queries.insert_referral(conn, referred_id=referred_id, referrer_id=referrer_id, referred_at=at)


async def get_terms(conn: Connection) -> StoredTerms:
    return _terms(await queries.referral_terms(conn))


async def lock_terms(conn: Connection) -> StoredTerms:
    return _terms(await queries.lock_referral_terms(conn))


async def save_terms(conn: Connection, terms: ReferralTerms, minimum_amount_minor: int) -> None:
    given = terms.model_dump(exclude={"minimum_amount"})
    await queries.save_referral_terms(conn, minimum_amount_minor=minimum_amount_minor, **given)


async def list_due(
    conn: Connection, at: datetime, limit: int, referred_ids: Collection[UUID] | None = None
) -> list[DueReferral]:
    """Referrals to settle, oldest first; only these when ids are given. What is told holds under the wallets' locks."""
    wanted = None if referred_ids is None else list(referred_ids)
    rows = await fetch_all(queries.list_due_referrals(conn, at=at, row_limit=limit, referred_ids=wanted))
    return [DueReferral(**row) for row in rows]


async def count_completed(conn: Connection, referrer_ids: Collection[UUID], at: datetime) -> dict[UUID, Friends]:
    """Those who brought nobody are left out. Hold the wallets' locks."""
    rows = await fetch_all(queries.count_completed_referrals(conn, referrer_ids=list(referrer_ids), at=at))
    return {row["referrer_id"]: Friends(row["ever"], row["in_period"]) for row in rows}


async def save_settled(
    conn: Connection, settled: Sequence[Settled], events: Mapping[UUID, tuple[UUID, UUID]], at: datetime
) -> None:
    """Stores what became of the referrals, completed ones with the events of the two sides: of the one who was referred
    and of the one who referred, by the former's id. Hold the wallets' locks."""
    none = (None, None)
    await queries.settle_referrals(
        conn,
        settled_at=at,
        referred_ids=[one.referral.referred_id for one in settled],
        statuses=[one.outcome for one in settled],
        transaction_ids=[one.referral.transaction_id for one in settled],
        referred_event_ids=[events.get(one.referral.referred_id, none)[0] for one in settled],
        referrer_event_ids=[events.get(one.referral.referred_id, none)[1] for one in settled],
    )


async def list_broken(
    conn: Connection, limit: int, referred_ids: Collection[UUID] | None = None
) -> list[BrokenReferral]:
    """Referrals to take back; only these when ids are given. What is told holds under the wallets' locks."""
    wanted = None if referred_ids is None else list(referred_ids)
    rows = await fetch_all(queries.list_broken_referrals(conn, row_limit=limit, referred_ids=wanted))
    return [BrokenReferral(**row) for row in rows]


async def save_revoked(conn: Connection, referred_ids: Collection[UUID], at: datetime) -> None:
    await queries.revoke_referrals(conn, referred_ids=list(referred_ids), at=at)


async def list_referrals(conn: Connection, wanted: ReferralFilter, before: UUID | None, limit: int) -> list[Referral]:
    rows = queries.list_referrals(
        conn,
        referrer_id=wanted.referrer_id,
        referred_id=wanted.referred_id,
        status=wanted.status,
        before_id=before,
        limit=limit,
    )
    return [Referral.model_validate(dict(row)) async for row in rows]


def _terms(row: Any) -> StoredTerms:
    amount = from_minor(row["minimum_amount_minor"], row["currency"])
    known = {name: row[name] for name in ReferralTerms.model_fields if name != "minimum_amount"}
    return StoredTerms(ReferralTerms(**known, minimum_amount=amount), row["currency"])
