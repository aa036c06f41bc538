"""What the financial reports read: sums over the whole journal and over all wallets, in one snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass

from loyalty.domain.ledger import Account
from loyalty.domain.rollforward import LINES, Line, Movement
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from loyalty.store.reports import Span


@dataclass(frozen=True, slots=True)
class ExpiringPoints:
    """Points that expire in a month, YYYY-MM; None: never."""

    month: str | None
    pending: bool
    points: int


@dataclass(frozen=True, slots=True)
class CohortMembers:
    """Members who joined in a month, YYYY-MM, and the points that they hold."""

    month: str
    members: int
    earning: int
    redeeming: int
    points: int


async def movements(conn: Connection, span: Span) -> list[Movement]:
    """By kind of entry and account, from the first entry on."""
    rows = queries.movements(conn, starts_at=span.starts_at, ends_at=span.ends_at)
    return [Movement(**row) for row in await fetch_all(rows)]


async def wallet_totals(conn: Connection) -> tuple[dict[Account, int], int]:
    """What wallets say, what is owed negative; and the number of members."""
    row = await queries.wallet_totals(conn)
    held = {
        Account.MEMBER_PENDING: row["pending"],
        Account.MEMBER_AVAILABLE: row["available"],
        Account.MEMBER_HELD: row["held"],
        Account.MEMBER_OWED: -row["owed"],
    }
    return held, row["members"]


async def points_by_expiry(conn: Connection, time_zone: str) -> list[ExpiringPoints]:
    return [ExpiringPoints(**row) for row in await fetch_all(queries.points_by_expiry(conn, time_zone=time_zone))]


async def members_by_cohort(conn: Connection, time_zone: str) -> list[CohortMembers]:
    """The earliest first."""
    return [CohortMembers(**row) for row in await fetch_all(queries.members_by_cohort(conn, time_zone=time_zone))]


async def lines_by_cohort(conn: Connection, time_zone: str) -> Mapping[tuple[str, Line], int]:
    """By how much each line changed the points of the members who joined in a month."""
    rows = await fetch_all(queries.movements_by_cohort(conn, time_zone=time_zone))
    found: dict[tuple[str, Line], int] = {}
    for row in rows:
        line = LINES.get((row["kind"], row["account"]))
        if line is not None:
            found[row["month"], line] = found.get((row["month"], line), 0) - row["points"]
    return found
