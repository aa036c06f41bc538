"""`laurel ledger …`: prove it, seal it, take it away."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from loyalty.services.exporting import Exported, export_ledger
from loyalty.services.sealing import look_ahead, seal_entries
from loyalty.services.verifying import CHECKS, Checked, first_bad_entry, verify_ledger
from loyalty.store.database import DATABASE_AWAY, Connection, open_pool
from loyalty.store.seals import Seal
from loyalty.store.verification import LedgerSize, count_ledger

STATEMENT_SECONDS = 6 * 3600.0
SETTLING_SECONDS = 0.1
PROGRESS_LINES = 100_000

T = TypeVar("T")

DatabaseUrl = Annotated[str, typer.Option(envvar="LAUREL_DATABASE_URL", help="The database.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

ledger = typer.Typer(no_args_is_help=True, help="Verify, seal and export the ledger.")


@ledger.callback()
def _ledger() -> None:
    """Verify, seal and export the ledger."""


@ledger.command()
def verify(
    database_url: DatabaseUrl,
    noted: Annotated[
        str | None, typer.Option(help="ENTRY:HASH noted down earlier: the chain must still go through it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove the ledger from its first entry. Exits with 1 when anything is wrong, and names the first bad entry."""
    begun = time.monotonic()
    size, done = _run("verify", _verify(database_url, _seal(noted), Console(stderr=True, quiet=as_json)))
    seconds = time.monotonic() - begun
    typer.echo(json.dumps(_as_json(size, done, seconds)) if as_json else _as_text(size, done, seconds))
    if any(checked.findings.total for checked in done):
        raise typer.Exit(1)


@ledger.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; an existing file is replaced once all is there.")],
    database_url: DatabaseUrl,
    as_json: AsJson = False,
) -> None:
    """Write the whole ledger to one file, which tools/verify_ledger.py verifies anywhere, without Laurel."""
    done = _run("export", _export(database_url, file, Console(stderr=True, quiet=as_json)))
    head = f"{done.head_entry_id}:{done.head_hash}" if done.head_hash else None
    if as_json:
        typer.echo(json.dumps({"file": str(file), "entries": done.entries, "lines": done.lines, "chain": head}))
    else:
        typer.echo(f"{done.entries:,} entries in {file}. The chain ends with {head}: note it down elsewhere.")


@ledger.command()
def seal(database_url: DatabaseUrl, as_json: AsJson = False) -> None:
    """Seal now what the worker would seal within the minute. Waits for the transactions that are open."""
    entries, head = _run("seal", _seal_all(database_url))
    chain = f"{head.entry_id}:{head.hash.hex()}" if head else None
    typer.echo(json.dumps({"entries": entries, "chain": chain}) if as_json else f"{entries:,} entries sealed: {chain}")


def _run(command: str, work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except DATABASE_AWAY as error:
        typer.echo(f"laurel ledger {command}: {error!r}", err=True)
        raise typer.Exit(2) from error


def _seal(noted: str | None) -> Seal | None:
    if noted is None:
        return None
    entry, _, digest = noted.partition(":")
    try:
        return Seal(int(entry), bytes.fromhex(digest))
    except ValueError as error:
        raise typer.BadParameter(f"{noted!r} is not ENTRY:HASH") from error


@asynccontextmanager
async def _connected(database_url: str, command: str) -> AsyncIterator[Connection]:
    pool = await open_pool(
        database_url, size=1, name=f"laurel ledger {command}", statement_timeout_seconds=STATEMENT_SECONDS
    )
    async with pool, pool.acquire() as conn:
        yield conn


async def _verify(database_url: str, anchor: Seal | None, console: Console) -> tuple[LedgerSize, list[Checked]]:
    def say_entries(entries: int) -> None:
        console.print(f"      {entries:,} entries of the chain")

    async with _connected(database_url, "verify") as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        size = await count_ledger(conn)
        console.print(f"{size.entries:,} entries of {size.members:,} members")
        done: list[Checked] = []
        async for checked in verify_ledger(conn, anchor=anchor, on_entries=say_entries):
            done.append(checked)
            wrong = f"[red]{checked.findings.total} findings" if checked.findings.total else "[green]holds"
            console.print(f"{len(done):>2}/{len(CHECKS)} {checked.check.rule} {wrong}")
    return size, done


async def _export(database_url: str, file: Path, console: Console) -> Exported:
    done, draft = Exported(), file.with_name(f"{file.name}.part")
    async with _connected(database_url, "export") as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        with draft.open("w", encoding="utf-8", newline="\n") as out:
            async for line in export_ledger(conn, done):
                out.write(f"{line}\n")
                if done.lines % PROGRESS_LINES == PROGRESS_LINES - 1:
                    console.print(f"{done.lines + 1:,} lines")
    draft.replace(file)
    return done


async def _seal_all(database_url: str) -> tuple[int, Seal | None]:
    entries = 0
    async with _connected(database_url, "seal") as conn:
        horizon = await look_ahead(conn)
        while horizon is not None:
            async with conn.transaction():
                sealed = await seal_entries(conn, horizon)
            entries += sealed.entries
            if sealed.head is not None and sealed.head.entry_id >= horizon.entry_id:
                return entries, sealed.head
            if not sealed.more:
                await asyncio.sleep(SETTLING_SECONDS)
    return entries, None


def _as_json(size: LedgerSize, done: list[Checked], seconds: float) -> dict[str, Any]:
    return {
        "ok": not any(checked.findings.total for checked in done),
        "first_bad_entry": first_bad_entry(done),
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
    lines = [f"The ledger does not hold. The first bad entry is {first_bad_entry(done)}."]
    return "\n".join(lines + [line for checked in wrong for line in _lines(checked)])


def _lines(checked: Checked) -> list[str]:
    lines = [f"{checked.check.rule} Broken {checked.findings.total} times:"]
    for finding in checked.findings.first:
        place = f"entry {finding.entry_id}" if finding.entry_id is not None else "no entry"
        lines.append(f"  {place}, member {finding.member_id}: {finding.detail}")
    return lines
