"""What must be true of a system when everything has been decided, asked of its database and of Kafka from outside."""

from __future__ import annotations

from loyalty.store.database import Connection, Pool
from schemas.events import EVENTS
from tests.support.deliveries import Findings, examine, read_topics
from tests.support.system import System
from tests.support.waiting import eventually


async def points_by_household(conn: Connection) -> dict[int, int]:
    """What the ledger's earnings of every household sum to, for households that bought something."""
    rows = await conn.fetch(
        """select m.external_id, coalesce(sum(e.points), 0)::bigint as points
        from member m join transaction t on t.member_id = m.id
        left join (
          select j.source_id, sum(p.points) as points from journal_entry j join posting p on p.entry_id = j.id
          where j.kind = 'earn' and p.account = 'member.available' group by 1
        ) e on e.source_id = t.id
        where m.external_id like 'household-%' group by 1"""
    )
    return {int(row["external_id"].removeprefix("household-")): row["points"] for row in rows}


async def ledger_faults(conn: Connection) -> dict[str, int]:
    """How often each thing is so that never may be: all 0 in a sound ledger."""
    row = await conn.fetchrow(
        """select
        (select count(*) from (select entry_id from posting group by 1 having sum(points) <> 0 or count(*) < 2) x)
          as entries_not_zero,
        (select count(*) from journal_entry e where not exists (select from posting where entry_id = e.id))
          as entries_without_postings,
        (select count(*) - count(distinct event_id) from journal_entry) as events_applied_twice,
        (select count(*) - count(distinct (kind, source_id)) from journal_entry) as sources_booked_twice,
        (select count(*) from transaction t where not exists (select from award where transaction_id = t.id))
          as purchases_without_award,
        (select count(*) from award a left join journal_entry e on e.id = a.entry_id
          left join posting p on p.entry_id = e.id and p.account = 'member.available'
          where coalesce(p.points, 0) <> a.points) as awards_not_booked,
        (select count(*) from redemption where status = 'pending') as redemptions_undecided,
        (select count(*) from redemption r left join journal_entry j on j.kind = 'redeem' and j.source_id = r.id
          where (r.status = 'completed') <> (j.id is not null)) as redemptions_not_booked,
        (select count(*) from wallet w left join (select member_id, sum(points) as points from posting
          where account = 'member.available' group by 1) p using (member_id)
          where w.available <> coalesce(p.points, 0)) as wallets_wrong,
        (select count(*) from (select member_id from journal_entry group by 1
          having max(seq) <> count(*) or min(seq) <> 1) x) as members_with_holes"""
    )
    assert row is not None
    return dict(row)


async def kafka_findings(system: System, conn: Connection) -> Findings:
    """The topics, read from their first record, against the outbox. What no relay wrote is left out."""
    written = {row["id"]: (row["topic"], row["key"]) for row in await conn.fetch("select id, topic, key from outbox")}
    bootstrap = system.environment["LAUREL_KAFKA_BOOTSTRAP"]
    deliveries = read_topics(bootstrap, system.topic_prefix, list(EVENTS))
    return examine((one for one in deliveries if one.sequence is not None), written)


async def published(system: System, pool: Pool, timeout_seconds: float) -> Findings:
    """What is in Kafka when everything of the outbox is."""

    async def when_all_is_there() -> Findings | None:
        async with pool.acquire() as conn:
            findings = await kafka_findings(system, conn)
        return None if findings.lost else findings

    found = await eventually(when_all_is_there, timeout_seconds)
    assert found is not None
    return found
