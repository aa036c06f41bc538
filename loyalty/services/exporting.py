"""The whole ledger as lines of text, which tools/verify_ledger.py verifies: docs/proof.md has the format.

What is read is of one snapshot and comes in pages: memory stays bounded however long the journal is.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from loyalty.store import seals
from loyalty.store.database import Connection

HEADING = '{"laurel_ledger": 1}'
"""The format's name and version."""


@dataclass
class Exported:
    """What was exported so far: lines after the first. `head_entry_id` and `head_hash` are the end of the chain."""

    lines: int = 0
    entries: int = 0
    head_entry_id: int | None = None
    head_hash: str | None = None


async def export_ledger(conn: Connection, done: Exported) -> AsyncIterator[str]:
    """Lines without their line feeds; counts what was exported in `done`.

    The caller's transaction must be of one snapshot (repeatable read).
    """
    yield HEADING
    async for entry_id, line, seal in seals.iter_sealed_lines(conn):
        yield f'{{"hash": {_hex(seal)}, "entry": {line or "null"}}}'
        done.lines += 1
        done.entries += line is not None
        if seal is not None:
            done.head_entry_id, done.head_hash = entry_id, seal.hex()
    async for wallet in seals.iter_wallet_lines(conn):
        yield wallet
        done.lines += 1
    async for lot in seals.iter_lot_lines(conn):
        yield lot
        done.lines += 1
    yield f'{{"end": {done.lines}}}'


def _hex(seal: bytes | None) -> str:
    return f'"{seal.hex()}"' if seal is not None else "null"
