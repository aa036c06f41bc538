"""`laurel rules …`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from loyalty.clock import system_clock
from loyalty.domain.rules import InvalidRule, parse_rule
from loyalty.errors import Invalid
from loyalty.services.replaying_history import Replayed, replay_history
from loyalty.services.verifying_rules import RulesVerified, verify_rules
from loyalty.store.database import DATABASE_AWAY, Connection, open_pool
from schemas.admin.replays import ReplayResult
from schemas.admin.rules import NewRule

STATEMENT_SECONDS = 600.0

DatabaseUrl = Annotated[str, typer.Option(envvar="LAUREL_DATABASE_URL", help="The database.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
RulesFile = Annotated[Path, typer.Argument(help="A JSON file: a rule or a list of rules; - reads standard input.")]

rules = typer.Typer(no_args_is_help=True, help="Check, replay and verify earning rules.")


@rules.callback()
def _rules() -> None:
    """Check, replay and verify earning rules."""


@rules.command()
def lint(file: RulesFile, as_json: AsJson = False) -> None:
    """Read rules as the API would. Exits with 1 and names everything that is wrong with any of them."""
    problems = [
        problem for place, definition in enumerate(_definitions(file)) for problem in _problems(place, definition)
    ]
    if as_json:
        told = [{"pointer": pointer, "detail": detail} for pointer, detail in problems]
        typer.echo(json.dumps({"ok": not problems, "errors": told}))
    else:
        for pointer, detail in problems:
            typer.echo(f"{pointer}: {detail}")
    if problems:
        raise typer.Exit(1)


@rules.command()
def verify(database_url: DatabaseUrl, as_json: AsJson = False) -> None:
    """Reckon every award once more by the rules of its time. Exits with 1 when any differs, and names the first."""
    begun = time.monotonic()
    found = _run("verify", _verify(database_url, Console(stderr=True, quiet=as_json)))
    seconds = time.monotonic() - begun
    typer.echo(json.dumps(_verified_json(found, seconds), default=str) if as_json else _verified_text(found, seconds))
    if not found.holds:
        raise typer.Exit(1)


@rules.command()
def replay(file: RulesFile, database_url: DatabaseUrl, as_json: AsJson = False) -> None:
    """What these rules would have given over the stored history. Nothing is changed."""
    definitions = [NewRule.model_validate(definition) for definition in _definitions(file)]
    result = _run("replay", _replay(database_url, definitions, Console(stderr=True, quiet=as_json)))
    typer.echo(result.model_dump_json() if as_json else _replayed_text(result))


@rules.command()
def run_replays(database_url: DatabaseUrl) -> None:
    """Run the replays that wait for their turn, then end. The worker starts this by itself."""
    from agents.replays import run_waiting_replays

    async def run() -> int:
        pool = await open_pool(database_url, size=2, name="laurel replays", statement_timeout_seconds=STATEMENT_SECONDS)
        async with pool:
            return await run_waiting_replays(pool, system_clock)

    _run("run-replays", run())


def _run(command: str, work: Any) -> Any:
    try:
        return asyncio.run(work)
    except DATABASE_AWAY as error:
        typer.echo(f"laurel rules {command}: {error!r}", err=True)
        raise typer.Exit(2) from error
    except Invalid as invalid:
        for pointer, detail in invalid.errors:
            typer.echo(f"{pointer}: {detail}", err=True)
        raise typer.Exit(2) from invalid


async def _verify(database_url: str, console: Console) -> RulesVerified:
    found = RulesVerified()

    async def work(conn: Connection) -> None:
        nonlocal found
        with console.status("") as status:
            async for found in verify_rules(conn):
                status.update(f"{found.awards:,} awards, {found.differences:,} differ")

    await _reading(database_url, "laurel rules verify", work)
    return found


async def _replay(database_url: str, definitions: list[NewRule], console: Console) -> ReplayResult:
    replayed = Replayed(0)

    async def work(conn: Connection) -> None:
        nonlocal replayed
        with console.status("") as status:
            async for replayed in replay_history(conn, definitions):
                status.update(f"{replayed.done:,} of {replayed.total:,} purchases")

    await _reading(database_url, "laurel rules replay", work)
    assert replayed.result is not None, "a replay that ends has a result"
    return replayed.result


async def _reading(database_url: str, name: str, work: Any) -> None:
    pool = await open_pool(database_url, size=1, name=name, statement_timeout_seconds=STATEMENT_SECONDS)
    async with pool, pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        await work(conn)


def _definitions(file: Path) -> list[Any]:
    try:
        found = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text())
    except (OSError, ValueError) as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(2) from error
    return found if isinstance(found, list) else [found]


def _problems(place: int, definition: Any) -> list[tuple[str, str]]:
    try:
        parse_rule(definition)
    except InvalidRule as invalid:
        return [(f"/{place}{pointer}", detail) for pointer, detail in invalid.errors]
    return []


def _verified_json(found: RulesVerified, seconds: float) -> dict[str, Any]:
    return {"ok": found.holds, "seconds": round(seconds, 3), **dataclasses.asdict(found)}


def _verified_text(found: RulesVerified, seconds: float) -> str:
    if found.holds:
        apart = f"; {found.unverifiable:,} by rules that are not on record" if found.unverifiable else ""
        return (
            f"The rules explain the ledger: {found.awards:,} awards, {found.points:,} points, 0 differences{apart}; "
            f"{seconds:.1f} s."
        )
    lines = [f"{found.differences:,} of {found.awards:,} awards are not what the rules of their time give:"]
    lines += [
        f"  transaction {one.transaction_id}, rules {one.ruleset_version}, member {one.member_id}: {one.detail}"
        for one in found.first
    ]
    return "\n".join(lines)


def _replayed_text(result: ReplayResult) -> str:
    total = result.points
    lines = [
        f"{result.purchases:,} purchases and {result.events:,} events of {result.members:,} members: "
        f"{total.actual:,} points given, {total.draft:,} "
        f"under the draft ({total.difference:+,} points, {total.difference_money} {result.currency}).",
        f"{result.members_better:,} members better off, {result.members_worse:,} worse; "
        f"{result.purchases_changed:,} purchases and {result.events_changed:,} events changed. "
        "Members are met in the tiers of then.",
    ]
    lines += [f"  {rule.name}: {rule.actual:,} → {rule.draft:,} ({rule.difference:+,})" for rule in result.by_rule]
    lines += [f"  tier {tier.tier_code}: {tier.actual:,} → {tier.draft:,}" for tier in result.by_tier]
    return "\n".join(lines)
