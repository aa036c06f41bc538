"""What the rig that compares relays needs to run ours; bench/peers.env has the settings.

python -m bench.peers schema     writes our tables as one SQL file, and prints its path
python -m bench.peers relay …    the relay as it is, for a topic whose name the rig chooses
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from outbox import RelaySettings, Topics
from outbox.process import relay
from outbox.schema import steps

TYPE = "points.earned"
PARTITIONS = 8


class OneTopic(Topics):
    """The events of one type, in a topic of any name."""

    @classmethod
    def named(cls, kafka_name: str) -> OneTopic:
        topics = cls.of([TYPE], PARTITIONS)
        object.__setattr__(topics, "_names", {TYPE: kafka_name})
        return topics  # type: ignore[return-value]


def main() -> None:
    """Does what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("schema")
    run = commands.add_parser("relay")
    for option in ("dsn", "bootstrap", "topic"):
        run.add_argument(f"--{option}", required=True)
    options = parser.parse_args()
    if options.command == "schema":
        print(write_schema())
    else:
        relay(settings(options.dsn, options.bootstrap, options.topic))


def settings(dsn: str, bootstrap: str, topic: str) -> RelaySettings:
    """The relay's defaults; only the topic's name is the rig's."""
    kafka = {"bootstrap.servers": bootstrap}
    return RelaySettings(dsn=dsn, kafka=kafka, topics=OneTopic.named(topic), metrics_port=0)


def write_schema() -> Path:
    """The outbox's tables in one file."""
    path = Path(tempfile.gettempdir()) / "laurel-outbox-schema.sql"
    path.write_text("\n".join(step.sql for step in steps()))
    return path


if __name__ == "__main__":
    main()
