"""What the campaigns against the outbox share: a stage, relays as processes, who leads, and the verdict in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from loyalty.store.inbox import claim_transactions
from outbox import status
from tests.chaos.outbox_history import Delivery, Verdict, judge
from tests.chaos.outbox_writers import Writers
from tests.support.campaigns import write_report
from tests.support.outbox import Record, Stage
from tests.support.processes import LaurelProcess
from tests.support.waiting import eventually

CATCH_UP_SECONDS = 120
BATCH_RECORDS = 500

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A campaign's end: the records in the topics, and what the checker says of them."""

    records: Sequence[Record]
    logged: Sequence[UUID]
    verdict: Verdict


async def outcome(stage: Stage, conn: asyncpg.Connection, writers: Writers) -> Outcome:
    """Wait until the relay says that it has published all there is; then compare with what is in the topics."""

    async def all_published() -> bool:
        backlog_rows = (await status(conn)).backlog_rows
        assert backlog_rows == 0, f"{backlog_rows} rows wait"
        return True

    await eventually(all_published, CATCH_UP_SECONDS)
    logged: list[UUID] = [row["event_id"] for row in await conn.fetch("select event_id from outbox")]
    records = await stage.records()
    return Outcome(records, logged, judge(writers.written, logged, map(delivery, records)))


def delivery(record: Record) -> Delivery:
    """A record as the checker sees it."""
    return Delivery(
        UUID(record.headers["ce_id"]),
        record.headers["ce_type"],
        record.key,
        record.value,
        record.partition,
        record.offset,
        record.produced_at,
    )


async def through_inbox(conn: asyncpg.Connection, records: Sequence[Record]) -> list[Record]:
    """The records that take effect with a consumer as Laurel's worker is one, in the order in which they do."""
    applied: list[Record] = []
    for start in range(0, len(records), BATCH_RECORDS):
        batch = records[start : start + BATCH_RECORDS]
        async with conn.transaction():
            new = await claim_transactions(conn, "chaos", [UUID(record.headers["ce_id"]) for record in batch])
        for record in batch:
            if (event_id := UUID(record.headers["ce_id"])) in new:
                new.discard(event_id)
                applied.append(record)
    return applied


def tell(name: str, seed: int, writers: Writers, found: Outcome, figures: Figures) -> None:
    """Print what came of a campaign; a whole one's report is kept."""
    counts = {"written": len(writers.written), **writers.fates(), "logged": len(found.logged)}
    write_report(name, {"seed": seed, **figures, **counts, "records": len(found.records), **found.verdict.counts()})


def log_ends(relays: Sequence[LaurelProcess], lines: int = 5) -> str:
    """The last lines of the relays' logs, for a failure's message."""
    return "\n".join(f"{relay.log.name}: {line}" for relay in relays for line in _last_lines(relay.log, lines))


def _last_lines(log: Path, lines: int) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-lines:]
