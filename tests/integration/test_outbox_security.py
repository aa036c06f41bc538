"""Relay and worker on a Kafka that asks for passwords, over TLS, with access control lists; secrets stay secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from confluent_kafka.admin._acl import AclOperation

from agents.brokers import UnsupportedKafkaSetting, credentials_of, wait_for_topics
from loyalty.settings import Settings
from outbox import Topics
from outbox.checks import run_checks
from outbox.findings import Finding
from outbox.topics import ensure_topics
from schemas.events import EVENTS
from tests.support.outbox import Stage, staged
from tests.support.processes import LaurelProcess
from tests.support.secured_kafka import PASSWORD, SecuredKafka, secured_kafka
from tests.support.waiting import eventually

RIGHTS = (AclOperation.WRITE, AclOperation.READ, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("secured")) as running:
        yield running


@pytest.fixture
def stage(database_url: str, kafka: SecuredKafka, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka.plain, ["orders"], topic_prefix, 2) as found:
        yield found


@pytest.mark.parametrize("way", ["over_passwords", "over_tls"])
async def test_a_relay_signs_in_and_publishes(
    stage: Stage, kafka: SecuredKafka, conn: asyncpg.Connection, way: str
) -> None:
    kafka.allow("relay", stage.topics.kafka_names.values(), *RIGHTS)
    signed_in = getattr(kafka, way)("relay")
    async with stage.relaying(kafka=signed_in):
        await stage.append(conn, *(stage.event() for _ in range(5)))
        await stage.published_rows(conn, 5)
    findings = await run_checks(stage.settings(kafka=signed_in))
    assert [finding for finding in findings if finding.outcome == "failed"] == []


async def found(stage: Stage, name: str, outcome: str = "failed", **changes: object) -> Finding:
    findings = [finding for finding in await run_checks(stage.settings(**changes)) if finding.name == name]
    (one,) = [finding for finding in findings if finding.outcome == outcome]
    return one


async def test_a_check_names_what_is_missing_and_how_to_mend_it(stage: Stage, kafka: SecuredKafka) -> None:
    names = list(stage.topics.kafka_names.values())
    kafka.allow("reader", names, AclOperation.READ)
    kafka.allow("stranger", [])
    rights = await found(stage, "rights in Kafka", kafka=kafka.over_passwords("reader"))
    assert rights.detail == f"missing: Write on topic {names[0]}"
    unseen = await found(stage, "topics", kafka=kafka.over_passwords("stranger"))
    assert names[0] in unseen.detail
    assert "laurel topics" in str(unseen.remedy)
    assert "Describe" in str(unseen.remedy)
    settings = await found(stage, "settings of the topics", "warning", kafka=kafka.over_passwords("reader"))
    assert "DescribeConfigs" in str(settings.remedy)


async def test_a_check_tells_a_wrong_password_from_a_certificate_that_is_not_believed(
    stage: Stage, kafka: SecuredKafka
) -> None:
    wrong, strange = await asyncio.gather(
        found(stage, "Kafka", kafka=kafka.over_passwords("relay", "wrong")),
        found(stage, "Kafka", kafka={**kafka.over_tls("relay"), "ssl.ca.location": ""}),
    )
    assert "sasl.password" in str(wrong.remedy)
    assert "ssl.ca.location" in str(strange.remedy)
    assert PASSWORD not in wrong.detail + strange.detail


async def test_secrets_in_a_file_are_neither_in_the_arguments_nor_in_the_log(
    kafka: SecuredKafka,
    topic_prefix: str,
    tmp_path: Path,
    laurel_process: Callable[..., LaurelProcess],
    conn: asyncpg.Connection,
) -> None:
    topics = Topics.of(EVENTS, 1, topic_prefix)
    ensure_topics({"bootstrap.servers": kafka.plain}, topics)
    kafka.allow("relay", topics.kafka_names.values(), *RIGHTS)
    file = tmp_path / "kafka.json"
    file.write_text(json.dumps(kafka.over_tls("relay")))
    relay = laurel_process(
        "relay",
        LAUREL_KAFKA_BOOTSTRAP=kafka.tls,
        LAUREL_KAFKA_SETTINGS_FILE=str(file),
        LAUREL_KAFKA_PARTITIONS="1",
        LAUREL_TOPIC_PREFIX=topic_prefix,
        LAUREL_RELAY_METRICS_PORT="0",
        LAUREL_LOG_LEVEL="debug",
    )
    await eventually(lambda: "already_published_rows" in relay.log_text(), 30)
    assert PASSWORD not in arguments_of(relay) + relay.log_text()


def arguments_of(process: LaurelProcess) -> str:
    """What anybody on the machine can see."""
    return Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()


def worker_settings(kafka: dict[str, str]) -> Settings:
    """What the worker is told, with these settings of librdkafka."""
    variables = {
        "database_url": "postgresql://nobody@127.0.0.1/none",
        "redis_url": "redis://127.0.0.1",
        "signing_key": "x" * 32,
        "kafka_bootstrap": kafka["bootstrap.servers"],
        "kafka_settings": {name: value for name, value in kafka.items() if name != "bootstrap.servers"},
    }
    return Settings.model_validate(variables)


@pytest.mark.parametrize("way", ["over_passwords", "over_tls"])
async def test_a_worker_signs_in_with_the_same_settings(stage: Stage, kafka: SecuredKafka, way: str) -> None:
    names = list(stage.topics.kafka_names.values())
    kafka.allow("worker", names, AclOperation.READ, AclOperation.DESCRIBE)
    settings = worker_settings(getattr(kafka, way)("worker"))
    await asyncio.wait_for(wait_for_topics(settings, names), 20)
    assert credentials_of(settings).username == "worker"


@pytest.mark.parametrize(
    "given",
    [{"sasl.kerberos.service.name": "kafka"}, {"ssl.keystore.location": "x"}, {"sasl.mechanism": "OAUTHBEARER"}],
)
def test_a_worker_refuses_what_it_cannot_translate(given: dict[str, str]) -> None:
    with pytest.raises(UnsupportedKafkaSetting, match="the worker cannot sign in with"):
        credentials_of(worker_settings({"bootstrap.servers": "127.0.0.1:1", **given}))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LAUREL_KAFKA_SETTINGS", '{"ssl.keystore.location": "x"}'),
        ("LAUREL_KAFKA_SETTINGS_FILE", "/nowhere/kafka.json"),
    ],
)
async def test_a_worker_that_cannot_sign_in_says_so_in_a_line(
    laurel_process: Callable[..., LaurelProcess], variable: str, value: str
) -> None:
    worker = laurel_process("worker", LAUREL_SIGNING_KEY="x" * 32, **{variable: value})
    assert await asyncio.to_thread(worker.popen.wait, 30) == 2
    assert worker.log_text().startswith("laurel worker: ")
    assert worker.log_text().count("\n") == 1


def test_a_workers_settings_file_wins(tmp_path: Path) -> None:
    file = tmp_path / "kafka.json"
    file.write_text('{"sasl.password": "from the file"}')
    given = worker_settings({"bootstrap.servers": "127.0.0.1:1", "sasl.password": "from the variable"})
    settings = given.model_copy(update={"kafka_settings_file": file})
    assert settings.kafka_client == {"sasl.password": "from the file"}
