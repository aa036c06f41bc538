"""What counts towards members' tiers, how they stand, and how they moved. Hold the wallets' locks throughout."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from loyalty.domain.tiers import Standing
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries


class Amounts(NamedTuple):
    """What was earned and spent in a month."""

    points: int = 0
    spend_minor: int = 0

    def plus(self, points: int, spend_minor: int) -> "Amounts":
        return Amounts(self.points + points, self.spend_minor + spend_minor)


@dataclass(frozen=True, slots=True)
class TierChange:
    """A member moved from one tier to another; purchases of later wallet versions were made in it."""

    change_id: UUID
    member_id: UUID
    from_code: str
    to_code: str
    reason: Literal["qualified", "not_qualified"]
    wallet_version: int


@dataclass(frozen=True, slots=True)
class Recalculation:
    """How far the recalculation of all tiers is, and of which day and rules it is."""

    day: date
    ruleset_version: int
    after_id: UUID
    finished_at: datetime | None


async def read_months(conn: Connection, member_ids: Collection[UUID]) -> dict[UUID, dict[date, Amounts]]:
    months: defaultdict[UUID, dict[date, Amounts]] = defaultdict(dict)
    for row in await fetch_all(queries.list_qualifying_months(conn, member_ids=list(member_ids))):
        months[row["member_id"]][row["month"]] = Amounts(row["points"], row["spend_minor"])
    return months


async def read_graces(conn: Connection, member_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Until when, for those of the members who are in grace."""
    rows = await fetch_all(queries.list_standings(conn, member_ids=list(member_ids)))
    return {row["member_id"]: row["grace_until"] for row in rows}


async def add_qualifying(conn: Connection, added: Mapping[tuple[UUID, date], Amounts]) -> None:
    if added:
        await queries.add_qualifying(
            conn,
            member_ids=[member_id for member_id, _ in added],
            months=[month for _, month in added],
            points=[amounts.points for amounts in added.values()],
            spends_minor=[amounts.spend_minor for amounts in added.values()],
        )


async def save_standings(conn: Connection, standings: Mapping[UUID, Standing], at: datetime) -> None:
    if standings:
        await queries.save_standings(
            conn,
            at=at,
            member_ids=list(standings),
            codes=[standing.code for standing in standings.values()],
            graces_until=[standing.grace_until for standing in standings.values()],
        )


async def insert_changes(conn: Connection, changes: Sequence[TierChange], at: datetime) -> None:
    if changes:
        await queries.insert_tier_changes(
            conn,
            at=at,
            ids=[change.change_id for change in changes],
            member_ids=[change.member_id for change in changes],
            from_codes=[change.from_code for change in changes],
            to_codes=[change.to_code for change in changes],
            reasons=[change.reason for change in changes],
            wallet_versions=[change.wallet_version for change in changes],
        )


async def recount(conn: Connection, member_ids: Collection[UUID], time_zone: str) -> None:
    """Counts the members' months anew from their purchases."""
    await queries.recount_qualifying(conn, member_ids=list(member_ids), time_zone=time_zone)


async def list_members(conn: Connection, after_id: UUID, limit: int) -> list[UUID]:
    rows = queries.list_members_to_recalculate(conn, after_id=after_id, row_limit=limit)
    return [row["member_id"] async for row in rows]


async def get_recalculation(conn: Connection) -> Recalculation:
    return Recalculation(**await queries.tier_recalculation(conn))


async def save_recalculation(conn: Connection, progress: Recalculation) -> None:
    await queries.save_tier_recalculation(
        conn,
        day=progress.day,
        ruleset_version=progress.ruleset_version,
        after_id=progress.after_id,
        finished_at=progress.finished_at,
    )
