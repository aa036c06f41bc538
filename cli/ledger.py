"""`laurel ledger …`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from typing import Annotated, Any

import typer
from rich.console import Console

from loyalty.services.verifying import CHECKS, Checked, verify_ledger
from loyalty.store.database import DATABASE_AWAY, open_pool
from loyalty.store.verification import LedgerSize, count_ledger

STATEMENT_SECONDS = 6 * 3600.0

ledger = typer.Typer(no_args_is_help=True, help="Verify the ledger.")


@ledger.callback()
def _ledger() -> None:
    """Verify the ledger."""


@ledger.command()
def verify(
    database_url: Annotated[str, typer.Option(envvar="LAUREL_DATABASE_URL", help="The database to verify.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prove the ledger from its first entry. Exits with 1 when anything is wrong, and names the first bad entry."""
    begun = time.monotonic()
    try:
        size, done = asyncio.run(_verify(database_url, Console(stderr=True, quiet=as_json)))
    except DATABASE_AWAY as error:
        typer.echo(f"laurel ledger verify: {error!r}", err=True)
        raise typer.Exit(2) from error
    seconds = time.monotonic() - begun
    typer.echo(json.dumps(_as_json(size, done, seconds)) if as_json else _as_text(size, done, seconds))
    if any(checked.findings.total for checked in done):
        raise typer.Exit(1)


async def _verify(database_url: str, console: Console) -> tuple[LedgerSize, list[Checked]]:
    pool = await open_pool(
        database_url, size=1, name="laurel ledger verify", statement_timeout_seconds=STATEMENT_SECONDS
    )
    async with pool, pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        size = await count_ledger(conn)
        console.print(f"{size.entries:,} entries of {size.members:,} members")
        done: list[Checked] = []
        async for checked in verify_ledger(conn):
            done.append(checked)
            wrong = f"[red]{checked.findings.total} findings" if checked.findings.total else "[green]holds"
            console.print(f"{len(done):>2}/{len(CHECKS)} {checked.check.rule} {wrong}")
    return size, done


def _as_json(size: LedgerSize, done: list[Checked], seconds: float) -> dict[str, Any]:
    return {
        "ok": not any(checked.findings.total for checked in done),
        **dataclasses.asdict(size),
        "seconds": round(seconds, 3),
        "checks": [_check_as_json(checked) for checked in done],
    }


def _check_as_json(checked: Checked) -> dict[str, Any]:
    return {
        "check": checked.check.name,
        "rule": checked.check.rule,
        "findings": checked.findings.total,
        "first": [
            {
                "entry_id": finding.entry_id,
                "member_id": finding.member_id and str(finding.member_id),
                "detail": finding.detail,
            }
            for finding in checked.findings.first
        ],
    }


def _as_text(size: LedgerSize, done: list[Checked], seconds: float) -> str:
    wrong = [checked for checked in done if checked.findings.total]
    if not wrong:
        return (
            f"The ledger holds: {size.entries:,} entries, {size.postings:,} postings, {size.members:,} members, "
            f"{size.available_points:,} points available; {len(done)} rules checked in {seconds:.1f} s."
        )
    return "\n".join(line for checked in wrong for line in _lines(checked))


def _lines(checked: Checked) -> list[str]:
    lines = [f"{checked.check.rule} Broken {checked.findings.total} times:"]
    for finding in checked.findings.first:
        place = f"entry {finding.entry_id}" if finding.entry_id is not None else "no entry"
        lines.append(f"  {place}, member {finding.member_id}: {finding.detail}")
    return lines
