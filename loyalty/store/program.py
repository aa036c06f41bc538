"""The program's row and its tiers."""

from collections.abc import Collection, Sequence

from loyalty.store.database import Connection
from loyalty.store.queries import queries
from schemas.admin.points_policy import PointsPolicy
from schemas.admin.program import Program, Tier, TierQualification, Tiers


async def get_program(conn: Connection) -> Program:
    return Program.model_validate(dict(await queries.program_settings(conn)))


async def lock_program(conn: Connection) -> Program:
    """The program, held until the transaction ends against everyone else who would change what a purchase earns."""
    return Program.model_validate(dict(await queries.lock_program(conn)))


async def raise_ruleset_version(conn: Connection) -> int:
    """What a purchase earns has changed: the new version, by which workers know it. Hold `lock_program`."""
    version: int = await queries.raise_ruleset_version(conn)
    return version


async def update_program(conn: Connection, program: Program) -> None:
    """Stores the program's settings; ruleset_version is left alone."""
    await queries.update_program(
        conn,
        name=program.name,
        currency=program.currency,
        time_zone=program.time_zone,
        rounding=program.rounding,
        point_value=program.point_value,
    )


async def get_points_policy(conn: Connection) -> PointsPolicy:
    return PointsPolicy.model_validate(await queries.points_policy(conn))


async def save_points_policy(conn: Connection, policy: PointsPolicy) -> None:
    """Stores the policy. Hold `lock_program`."""
    await queries.save_points_policy(conn, points=policy.model_dump(mode="json"))


async def any_transaction(conn: Connection) -> bool:
    """Whether a purchase was ever recorded."""
    found: bool = await queries.any_transaction(conn)
    return found


async def list_tiers(conn: Connection) -> list[Tier]:
    """The ladder, lowest rank first."""
    return [Tier.model_validate(dict(row)) async for row in queries.list_tiers(conn)]


async def get_tiers(conn: Connection) -> Tiers:
    """The ladder, and how members move on it."""
    return (await get_tiers_and_zone(conn))[0]


async def get_tiers_and_zone(conn: Connection) -> tuple[Tiers, str]:
    """The same with the program's time zone, whose months count."""
    row = await queries.tier_rules(conn)
    return Tiers.model_validate({"tiers": row["tiers"], "qualification": row["tier_policy"] or None}), row["time_zone"]


async def save_tier_qualification(conn: Connection, qualification: TierQualification | None) -> None:
    """Hold `lock_program`."""
    written = {} if qualification is None else qualification.model_dump(mode="json")
    await queries.save_tier_qualification(conn, tier_policy=written)


async def tiers_in_use(conn: Connection, codes: Collection[str]) -> list[str]:
    """Those of `codes` that a member is in or a reward asks for."""
    return [row["code"] async for row in queries.tiers_in_use(conn, codes=list(codes))]


async def replace_tiers(conn: Connection, gone: Collection[str], tiers: Sequence[Tier]) -> None:
    """Takes the tiers `gone` off the ladder and stores `tiers` as they are. Hold `lock_program`."""
    await queries.park_tier_ranks(conn)
    await queries.delete_tiers(conn, codes=list(gone))
    await queries.upsert_tiers(conn, tiers=[tier.model_dump(mode="json") for tier in tiers])
