"""`laurel topics`, `laurel outbox status` and a `laurel relay` that cannot start, as an operator meets them."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient

from outbox import Topics
from outbox.topics import ensure_topics, partition_counts
from schemas.events import EVENTS
from tests.support.outbox import Stage
from tests.support.processes import LaurelProcess
from tests.support.waiting import eventually

StartLaurel = Callable[..., LaurelProcess]
RunLaurel = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def laurel(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[RunLaurel]:
    own = {
        "PATH": "",
        "LAUREL_DATABASE_URL": database_url,
        "LAUREL_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "LAUREL_TOPIC_PREFIX": topic_prefix,
        "LAUREL_KAFKA_PARTITIONS": "2",
    }

    def run(*arguments: str, environment: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "cli", *arguments]
        return subprocess.run(command, env={**own, **environment}, capture_output=True, text=True, timeout=60)

    yield run
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    for future in admin.delete_topics(list(Topics.of(EVENTS, 2, topic_prefix).kafka_names.values())).values():
        future.exception(10)


@pytest.fixture
def topics(laurel: RunLaurel, kafka_bootstrap: str, topic_prefix: str) -> Topics:
    """Laurel's topics, made without the command, and removed by `laurel`."""
    found = Topics.of(EVENTS, 2, topic_prefix)
    ensure_topics({"bootstrap.servers": kafka_bootstrap}, found)
    return found


@pytest.fixture
def start_laurel(laurel_process: StartLaurel, topic_prefix: str) -> StartLaurel:
    own = {"LAUREL_TOPIC_PREFIX": topic_prefix, "LAUREL_KAFKA_PARTITIONS": "2", "LAUREL_RELAY_METRICS_PORT": "0"}

    def start(*arguments: str) -> LaurelProcess:
        return laurel_process(*arguments, **own)

    return start


def test_topics_are_made_once_with_their_partitions(laurel: RunLaurel, kafka_bootstrap: str, topic_prefix: str) -> None:
    first = laurel("topics")
    assert first.returncode == 0, first.stderr
    assert f"created {topic_prefix}transaction.recorded" in first.stdout
    assert json.loads(laurel("topics", "--json").stdout) == {"created": [], "already": len(EVENTS)}
    found = partition_counts(AdminClient({"bootstrap.servers": kafka_bootstrap}), 10)
    assert {found[topic_prefix + name] for name in EVENTS} == {2}


def test_topics_with_other_partitions_are_an_error_that_says_why(laurel: RunLaurel) -> None:
    assert laurel("topics").returncode == 0
    refused = laurel("topics", environment={"LAUREL_KAFKA_PARTITIONS": "3"})
    assert refused.returncode == 1
    assert "has 2 partitions instead of 3" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_kafka_settings_that_are_no_json_are_named(laurel: RunLaurel) -> None:
    refused = laurel("topics", environment={"LAUREL_KAFKA_SETTINGS": "[]"})
    assert refused.returncode == 2
    assert "LAUREL_KAFKA_SETTINGS" in refused.stderr


async def test_status_is_told_to_people_and_to_programs(laurel: RunLaurel, conn: asyncpg.Connection) -> None:
    told = laurel("outbox", "status")
    assert told.returncode == 0, told.stderr
    assert "leader      none" in told.stdout
    found = json.loads(laurel("outbox", "status", "--json").stdout)
    assert (found["backlog_rows"], found["leader"], found["checkpoint_at"]) == (0, None, None)


async def test_parked_keys_are_listed_and_asked_for(laurel: RunLaurel, conn: asyncpg.Connection) -> None:
    assert laurel("outbox", "parked").stdout == "none\n"
    assert laurel("outbox", "skip", "orders", "k").returncode == 1
    await conn.execute(
        """insert into outbox_parked
        (outbox_id, event_id, topic, key, payload, source, occurred_at, created_at, error, attempts)
        values (7, gen_random_uuid(), 'orders', 'k', '', '/', now(), now(), 'MSG_SIZE_TOO_LARGE', 1)"""
    )
    assert laurel("outbox", "parked").stdout == "orders k: 1 events from 7 on, MSG_SIZE_TOO_LARGE\n"
    planned = json.loads(laurel("outbox", "requeue", "orders", "k", "--dry-run", "--json").stdout)
    assert (planned["dry_run"], planned["outbox_id"]) == (True, 7)
    assert (await audited(conn)) == []
    asked = laurel("outbox", "requeue", "orders", "k", "--json")
    told = json.loads(asked.stdout)
    assert (told["requested"], told["dry_run"], told["outbox_id"], told["waiting_rows"]) == ("requeue", False, 7, 1)
    (listed,) = json.loads(laurel("outbox", "parked", "--json").stdout)
    assert (listed["outbox_id"], listed["requested"]) == (7, "requeue")
    (line,) = await audited(conn)
    assert (line["action"], line["subject_id"]) == ("parked_key.requeue_requested", "orders/k")
    assert line["actor_id"].endswith(f"@{socket.gethostname()}")
    assert json.loads(line["before"])["error"] == "MSG_SIZE_TOO_LARGE"
    assert json.loads(asked.stderr)["actor"] == line["actor_id"]


async def audited(conn: asyncpg.Connection) -> list[asyncpg.Record]:
    return list(await conn.fetch("select * from audit_log order by id"))


def test_a_database_that_is_away_is_said_in_a_line(laurel: RunLaurel) -> None:
    refused = laurel("outbox", "status", environment={"LAUREL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"})
    assert refused.returncode == 1
    assert refused.stderr.startswith("laurel outbox status: ")
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("given", ["not json", '"text"'])
def test_a_relay_refuses_settings_that_are_no_object(laurel: RunLaurel, given: str) -> None:
    refused = laurel("relay", environment={"LAUREL_KAFKA_SETTINGS": given})
    assert refused.returncode == 2
    assert "LAUREL_KAFKA_SETTINGS is not a JSON object" in refused.stderr


async def test_a_relay_on_a_foreign_checkpoint_ends_with_the_way_out(
    laurel: RunLaurel, laurel_process: Callable[..., LaurelProcess], conn: asyncpg.Connection, topic_prefix: str
) -> None:
    assert laurel("topics").returncode == 0
    await conn.execute("insert into outbox_checkpoint (since, system_identifier) values ('3:3:', 1)")
    ended = laurel("relay", environment={"LAUREL_RELAY_METRICS_PORT": "0"})
    assert ended.returncode == 1
    assert "laurel outbox rebase" in ended.stderr


async def test_stored_events_are_shown_published_again_and_forgotten(
    laurel: RunLaurel, conn: asyncpg.Connection, database_url: str, kafka_bootstrap: str, topics: Topics
) -> None:
    stage = Stage(database_url, kafka_bootstrap, topics)
    await stage.pass_over(conn, *(stage.event(f"k{n}", topic="points.earned") for n in range(3)))
    await stage.append(conn, stage.event("k3", topic="points.earned"))

    shown = laurel("outbox", "tail", "--topic", "points.earned", "--json").stdout.splitlines()
    assert [json.loads(line)["state"] for line in shown] == ["published"] * 3 + ["waiting"]

    assert laurel("outbox", "replay").returncode == 2, "what to replay must be said"
    planned = json.loads(laurel("outbox", "replay", "--key", "k1", "--dry-run", "--json").stdout)
    assert (planned["rows"], await audited(conn)) == (1, [])
    assert json.loads(laurel("outbox", "replay", "--key", "k1", "--json").stdout)["rows"] == 1
    assert [line["action"] for line in await audited(conn)] == ["outbox.replay_started", "outbox.replay_ended"]

    await conn.execute("delete from outbox where key = 'k3'")
    await conn.execute("update outbox set created_at = created_at - interval '2 days'")
    command = ("outbox", "retention", "--retention-days", "1", "--json")
    (planned,) = json.loads(laurel(*command, "--dry-run").stdout)["emptied"]
    assert (planned["name"], await conn.fetchval("select count(*) from outbox")) == ("outbox_from_0", 3)
    assert [partition["name"] for partition in json.loads(laurel(*command).stdout)["emptied"]] == ["outbox_from_0"]
    assert await conn.fetchval("select count(*) from outbox") == 0
    forgotten = (await audited(conn))[-1]
    assert forgotten["action"] == "outbox.events_forgotten"
    assert json.loads(forgotten["before"])["partitions"][0]["last_id"] == 3


async def test_a_rebase_asks_first_and_is_audited(laurel: RunLaurel, conn: asyncpg.Connection, topics: Topics) -> None:
    refused = laurel("outbox", "rebase")
    assert refused.returncode == 1
    assert "0 events in doubt" in refused.stderr
    assert await audited(conn) == []
    assert json.loads(laurel("outbox", "rebase", "--yes", "--json").stdout)["dry_run"] is False
    assert [line["action"] for line in await audited(conn)] == ["outbox.rebased"]


async def test_a_check_fails_until_nothing_is_missing(laurel: RunLaurel, conn: asyncpg.Connection) -> None:
    missing = laurel("outbox", "check", "--json")
    assert missing.returncode == 1
    (finding,) = [one for one in json.loads(missing.stdout)["findings"] if one["outcome"] == "failed"]
    assert (finding["name"], "laurel topics" in finding["remedy"]) == ("topics", True)
    assert laurel("topics").returncode == 0
    well = laurel("relay", "--check")
    assert (well.returncode, "failed" in well.stdout) == (0, False)


async def test_an_accepted_repartition_is_audited_and_published_on(
    laurel: RunLaurel, start_laurel: StartLaurel, conn: asyncpg.Connection, topics: Topics
) -> None:
    name = topics.kafka_names["points.earned"]
    await conn.execute("insert into outbox_topic (topic, partitions) values ($1, 5)", name)
    refused = laurel("relay", environment={"LAUREL_RELAY_METRICS_PORT": "0"})
    assert (refused.returncode, "--accept-repartition" in refused.stderr) == (1, True)
    accepting = start_laurel("relay", "--accept-repartition")
    await eventually(lambda: "already_published_rows" in accepting.log_text(), 30)
    (line,) = await audited(conn)
    assert (line["action"], line["subject_id"]) == ("outbox.repartition_accepted", name)
    assert (json.loads(line["before"]), json.loads(line["after"])) == ({"partitions": 5}, {"partitions": 2})


async def test_a_replay_that_is_interrupted_says_how_far_it_came(
    start_laurel: StartLaurel, conn: asyncpg.Connection, database_url: str, kafka_bootstrap: str, topics: Topics
) -> None:
    stage = Stage(database_url, kafka_bootstrap, topics)
    await stage.pass_over(conn, *(stage.event("k", topic="points.earned") for _ in range(100)))
    replaying = start_laurel("outbox", "replay", "--all", "--rate", "5")

    async def begun() -> bool:
        return bool(await conn.fetchval("select replayed_rows > 0 from outbox_replay"))

    await eventually(begun, 30)
    replaying.send(signal.SIGINT)
    assert await asyncio.to_thread(replaying.popen.wait, 15) != 0
    ended = (await audited(conn))[-1]
    assert ended["action"] == "outbox.replay_ended"
    reached = json.loads(ended["after"])
    assert 0 < reached["rows"] < 100
    assert f"go on with --from {reached['last_id'] + 1}" in replaying.log_text()
    assert await conn.fetchval("select ended_at is null from outbox_replay")
