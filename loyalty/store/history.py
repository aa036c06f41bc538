"""The stored history as replays read it: awards in order, the rules as they were, and the replays themselves."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.domain.money import to_minor
from loyalty.domain.program import ProgramSettings, Rounding
from loyalty.domain.purchase import Line, Purchase
from loyalty.domain.rules import ActiveRule, Ruleset, active_rule, compile_ruleset
from loyalty.domain.rules.limits import Returned
from loyalty.domain.rules.ruleset import compile_event_rulesets
from loyalty.store.database import Connection, Pool, Record, connection
from loyalty.store.queries import fetch_all, queries
from schemas.admin.replays import Replay

PAGE_ROWS = 2_000
TierChanges = Mapping[UUID, list[tuple[int, str, str]]]
"""By member, in order: the wallet's version at the change, the tier before and the tier after."""


@dataclass(frozen=True, slots=True)
class RulesetOfOld:
    """What decided what a purchase earned at one version, and the tiers' multipliers of that time."""

    rules: Sequence[ActiveRule]
    ruleset: Ruleset
    multipliers: Mapping[str, Decimal]
    by_event_type: Mapping[str, Ruleset]
    no_rules: Ruleset
    currency: str

    def for_events(self, event_type: str) -> Ruleset:
        """The rules for custom events of this type."""
        return self.by_event_type.get(event_type, self.no_rules)


@dataclass(frozen=True, slots=True)
class CountedRefund:
    """A refund, at the place among the awards where limits got back what it took."""

    transaction_id: UUID
    returned: Returned


@dataclass(frozen=True, slots=True)
class ReplayClaim:
    """A replay to run now. `rules` are definitions; an attempt is counted before it is made."""

    replay_id: UUID
    rules: list[dict[str, Any]]
    from_time: datetime | None
    to_time: datetime | None
    attempts: int


async def read_awards(
    conn: Connection, from_time: datetime | None = None, to_time: datetime | None = None
) -> AsyncIterator[list[Record | CountedRefund]]:
    """Pages of awards, in order, with the refunds between them. Read them in one transaction that is repeatable."""
    after_seq = 0
    while rows := await fetch_all(
        queries.awarded_history(conn, after_seq=after_seq, from_time=from_time, to_time=to_time, row_limit=PAGE_ROWS)
    ):
        upto_seq = rows[-1]["seq"]
        refunds = await fetch_all(queries.counted_refunds(conn, after_seq=after_seq, upto_seq=upto_seq))
        yield with_refunds(rows, refunds)
        after_seq = upto_seq


def with_refunds(rows: list[Record], refunds: list[Record]) -> list[Record | CountedRefund]:
    """Awards with the refunds at their places among them."""
    if not refunds:
        return list(rows)
    in_order = sorted([*rows, *refunds], key=lambda row: row["seq"])
    return [_counted_refund(row) if "returned" in row else row for row in in_order]


def _counted_refund(row: Record) -> CountedRefund:
    before = row["returned_before"] or 0
    return CountedRefund(row["transaction_id"], Returned(before, before + row["returned"], row["awarded"]))


async def count_awards(conn: Connection) -> int:
    found: int = await queries.count_awarded_history(conn)
    return found


def purchase_of(row: Record) -> Purchase:
    """The purchase of a row of `read_awards` that is wanted."""
    currency = row["currency"]
    return Purchase(
        row["merchant_id"],
        row["occurred_at"],
        row["amount_minor"],
        currency,
        tuple([Line(to_minor(item["amount"], currency), item["sku"], item["category"]) for item in row["items"]]),
    )


async def read_tier_changes(conn: Connection) -> TierChanges:
    changes: defaultdict[UUID, list[tuple[int, str, str]]] = defaultdict(list)
    async for row in queries.list_tier_changes(conn):
        changes[row["member_id"]].append((row["wallet_version"], row["from_code"], row["to_code"]))
    return changes


async def read_rulesets(conn: Connection) -> dict[int, RulesetOfOld]:
    """The rules in force at every version that is on record. Raises InvalidRule for one that cannot be read."""
    rules = {
        (row["rule_id"], row["version"]): active_rule(**row)
        for row in await fetch_all(queries.list_all_rule_versions(conn))
    }
    return {row["version"]: _ruleset(row, rules) for row in await fetch_all(queries.list_rulesets(conn))}


def _ruleset(row: Record, rules: Mapping[tuple[UUID, int], ActiveRule]) -> RulesetOfOld:
    program = row["program"]
    settings = ProgramSettings(program["currency"], program["time_zone"], Rounding(program["rounding"]))
    in_force = [rules[UUID(one["rule_id"]), one["version"]] for one in row["rules"]]
    multipliers = {tier["code"]: Decimal(str(tier["multiplier"])) for tier in row["tiers"]}
    return RulesetOfOld(
        in_force,
        compile_ruleset(in_force, settings),
        multipliers,
        compile_event_rulesets(in_force, settings),
        compile_ruleset([], settings),
        settings.currency,
    )


async def insert_replay(conn: Connection, replay: Replay) -> None:
    """A replay that waits for its turn."""
    await queries.insert_replay(
        conn,
        replay_id=replay.replay_id,
        rules=[rule.model_dump(mode="json", by_alias=True) for rule in replay.rules],
        from_time=replay.from_time,
        to_time=replay.to_time,
        requested_by=replay.requested_by,
        requested_at=replay.requested_at,
    )


async def find_replay(conn: Connection, replay_id: UUID) -> Replay | None:
    row = await queries.replay_by_id(conn, replay_id=replay_id)
    return row and Replay.model_validate(dict(row))


async def list_replays(conn: Connection, before: UUID | None, limit: int) -> list[Replay]:
    """The newest first, without what they found."""
    return [Replay.model_validate(dict(row)) async for row in queries.list_replays(conn, before_id=before, limit=limit)]


async def cancel_replay(conn: Connection, replay_id: UUID, at: datetime) -> None:
    await queries.cancel_replay(conn, replay_id=replay_id, at=at)


async def any_replay_waits_in(pool: Pool) -> bool:
    """Whether a replay waits, or was broken off."""
    async with connection(pool) as conn:
        return bool(await queries.count_waiting_replays(conn))


async def lead_replays(conn: Connection) -> bool:
    """Whether this session is the one that runs replays, until it ends."""
    leads: bool = await queries.lead_replays(conn)
    return leads


async def claim_replay(conn: Connection, at: datetime) -> ReplayClaim | None:
    """The next replay to run, begun anew. Hold `lead_replays`."""
    row = await queries.claim_replay(conn, at=at)
    return row and ReplayClaim(**row)


async def save_progress(conn: Connection, replay_id: UUID, done: int, total: int) -> bool:
    """False when the replay is not wanted any more."""
    kept = await queries.save_replay_progress(conn, replay_id=replay_id, purchases_done=done, purchases_total=total)
    return bool(kept)


async def finish_replay(
    conn: Connection,
    replay_id: UUID,
    at: datetime,
    *,
    done: int,
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """A replay is completed, or failed when there is an error."""
    await queries.finish_replay(
        conn,
        replay_id=replay_id,
        status="failed" if error else "completed",
        result=result,
        error=error,
        at=at,
        purchases_done=done,
    )
