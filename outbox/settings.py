"""What a relay needs to know. Every limit is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outbox.events import Topics

KafkaConfig = Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """Settings of one relay process.

    `kafka` goes to librdkafka as it is (bootstrap.servers, security, compression …), except for the few settings that
    the relay's guarantees rest on. `schema` is the PostgreSQL schema of the outbox's tables: another outbox in the
    same database lives in another schema, with a leader of its own. The DSN must not lead through a pooler: leadership
    belongs to the session.
    """

    dsn: str = field(repr=False)
    kafka: KafkaConfig = field(repr=False)
    topics: Topics
    schema: str = "public"
    application_name: str = "laurel-relay"

    page_rows: int = 2_000
    page_bytes: int = 4 * 1024 * 1024
    pages_in_flight: int = 3
    """So many full pages may wait for Kafka's answer, or more smaller ones."""
    shortest_pause_seconds: float = 0.001
    longest_pause_seconds: float = 0.1
    trusted_pause_seconds: float = 1.0
    """The longest pause while pokes announce what is written: see outbox.rhythm."""

    leadership_seconds: float = 6.0
    """PostgreSQL ends the leadership of a process that has been silent for so long."""
    standby_pause_seconds: float = 0.2
    checkpoint_seconds: float = 0.5
    checkpoint_rows: int = 20_000
    drain_seconds: float = 5.0
    longest_outage_pause_seconds: float = 3.0

    partition_rows: int = 10_000_000
    partitions_ahead: int = 8
    retention_days: float = 30.0
    """Published events stay readable for so long at least; 0 keeps them for ever."""
    parked_keys_per_hour: int = 100
    """Were more keys to be parked, the relay stops: then something is wrong with more than a record."""

    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    """0 takes a free port; None serves nothing."""

    @property
    def lease_seconds(self) -> float:
        """How long after a statement the leader may hand records to librdkafka."""
        return self.leadership_seconds * 0.5

    @property
    def delivery_seconds(self) -> float:
        """How long Kafka may take for a page. Less than librdkafka's own timeout: see outbox.publisher."""
        return self.leadership_seconds * 0.33

    @property
    def message_timeout_seconds(self) -> float:
        """After this librdkafka drops a record. Together with the lease shorter than the leadership."""
        return self.leadership_seconds * 0.4
