"""A worker with a bug, run as a process: its loop fails on an event that should be set aside."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from agents.flows import earning_flow
from agents.processing import Flow
from agents.records import Record
from agents.worker import run_worker
from loyalty.clock import system_clock
from loyalty.services.incoming import Handled
from loyalty.settings import load_settings
from loyalty.store.database import Connection

BAD_VALUE = b'{"bad": true}'


def main() -> None:
    """Awards purchases until it meets BAD_VALUE."""
    sound = earning_flow(system_clock)

    async def award(conn: Connection, records: Sequence[Record]) -> Handled:
        if any(record.value == BAD_VALUE for record in records):
            raise ValueError("bad")
        return await sound.effect(conn, records)

    def id_of(record: Record) -> UUID:
        raise ZeroDivisionError("a bug where no error is expected")

    run_worker(load_settings(), with_web=False, flows=[Flow(sound.consumer, sound.topic, award, id_of)])


if __name__ == "__main__":
    main()
