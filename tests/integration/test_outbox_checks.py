"""What keeps a relay from its work is found before it starts, and a topic that was repartitioned stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from outbox import RepartitionedError, Topics
from outbox.checks import run_checks
from outbox.findings import Finding
from outbox.repartitioning import Repartitioned, accept_partition_counts
from tests.support.outbox import Stage, staged


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix, 2) as found:
        yield found


async def findings(stage: Stage, **changes: object) -> dict[str, Finding]:
    """By name, the worst of each."""
    order = {"ok": 0, "warning": 1, "failed": 2}
    found = sorted(await run_checks(stage.settings(**changes)), key=lambda finding: order[finding.outcome])
    return {finding.name: finding for finding in found}


async def test_all_is_well_where_all_is_there(stage: Stage) -> None:
    found = await findings(stage)
    assert {finding.outcome for finding in found.values()} <= {"ok", "warning"}
    assert {"PostgreSQL", "tables", "partitions of the log", "Kafka", "topics", "rights in Kafka"} <= set(found)
    assert (found["copies"].outcome, "one broker alone" in found["copies"].detail) == ("warning", True)


async def test_what_is_away_is_a_finding(stage: Stage) -> None:
    found = await findings(
        stage, dsn="postgresql://nobody@127.0.0.1:1/none", kafka={"bootstrap.servers": "127.0.0.1:1"}
    )
    assert (found["PostgreSQL"].outcome, found["Kafka"].outcome) == ("failed", "failed")
    assert "LAUREL_KAFKA_BOOTSTRAP" in str(found["Kafka"].remedy)


async def test_a_database_without_an_outbox_is_told_from_one_without_rights(
    stage: Stage, conn: asyncpg.Connection, empty_database_url: str
) -> None:
    missing = (await findings(stage, dsn=empty_database_url))["tables"]
    assert "outbox_checkpoint" in missing.detail
    assert "laurel migrate" in str(missing.remedy)


async def test_missing_topics_are_named_with_the_command_that_makes_them(stage: Stage) -> None:
    both = replace(stage, topics=Topics.of(["orders", "refunds"], 2, stage.topics.prefix))
    found = (await findings(both))["topics"]
    assert found.detail == f"not to be seen: {stage.topics.prefix}refunds"
    assert "laurel topics" in str(found.remedy)


async def test_a_topic_that_takes_less_than_an_event_may_have_is_found(stage: Stage) -> None:
    stage.limit_topic("orders", 100_000)
    found = (await findings(stage))["sizes"]
    assert (found.outcome, "max.message.bytes=916384" in str(found.remedy)) == ("failed", True)


async def test_a_checkpoint_of_another_history_is_found(stage: Stage, conn: asyncpg.Connection) -> None:
    await conn.execute("insert into outbox_checkpoint (since, system_identifier) values ('3:3:', 1)")
    assert (await findings(stage))["checkpoint"].remedy == "`laurel outbox rebase`"


async def test_events_in_the_default_partition_are_found(stage: Stage, conn: asyncpg.Connection) -> None:
    await conn.execute("alter table outbox alter id restart with 160000005")
    await stage.append(conn, stage.event())
    assert (await findings(stage))["partitions of the log"].outcome == "warning"


def repartition(stage: Stage, count: int) -> Stage:
    """Give the topic more partitions, and say so in the settings, as an operator would."""
    admin = AdminClient(stage.kafka)
    for future in admin.create_partitions([NewPartitions(stage.topics.kafka_names["orders"], count)]).values():
        future.result(10)
    return replace(stage, topics=Topics.of(["orders"], count, stage.topics.prefix))


async def test_a_relay_refuses_a_repartitioned_topic_until_it_is_accepted(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    await stage.append(conn, *(stage.event(f"k{n}") for n in range(10)))
    async with stage.relaying():
        await stage.published_rows(conn, 10)
    more = repartition(stage, 4)
    await more.append(conn, *(more.event(f"k{n}") for n in range(10)))
    with pytest.raises(RepartitionedError, match=r"had 2 partitions and has 4 now.*no lag.*--accept-repartition"):
        async with more.relaying() as relay:
            await asyncio.wait_for(relay, 20)
    assert (await findings(more))["partitions"].outcome == "failed"
    name = more.topics.kafka_names["orders"]
    assert await accept_partition_counts(conn, more.topics) == [Repartitioned(name, 2, 4)]
    for _ in range(2):
        async with more.relaying():
            await more.published_rows(conn, 20)
    assert sorted(record.outbox_id for record in await more.records(20)) == list(range(1, 21))
