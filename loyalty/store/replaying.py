"""What an operator's bulk tools ask of the database: who is there already, and how far the pipeline has come."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import queries


@dataclass(frozen=True, slots=True)
class PipelineCounts:
    """Everything recorded, and what has been decided of it so far."""

    transactions: int
    awards: int
    points_issued: int
    redemptions_pending: int
    dead_letters: int

    @property
    def undecided(self) -> int:
        """Purchases without an award and redemptions without an answer."""
        return self.transactions - self.awards + self.redemptions_pending


async def find_members(conn: Connection, external_ids: Collection[str]) -> dict[str, UUID]:
    """External id to member id, for those that exist."""
    rows = queries.members_by_external_id(conn, external_ids=list(external_ids))
    return {row["external_id"]: row["member_id"] async for row in rows}


async def find_merchants(conn: Connection, external_ids: Collection[str]) -> dict[str, UUID]:
    """External id to merchant id, for those that exist."""
    rows = queries.merchants_by_external_id(conn, external_ids=list(external_ids))
    return {row["external_id"]: row["merchant_id"] async for row in rows}


async def count_pipeline(conn: Connection) -> PipelineCounts:
    return PipelineCounts(**dict(await queries.pipeline_counts(conn)))


async def program_names(conn: Connection) -> set[str]:
    """The names of all rules and rewards, of whatever version and status."""
    return {row["name"] async for row in queries.program_names(conn)}
