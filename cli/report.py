"""`laurel report …`: the Admin API's financial reports, for scripts, sheets and people. Reads one snapshot."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.table import Table

from loyalty.clock import system_clock
from loyalty.errors import LaurelError
from loyalty.services.financial_reports import (
    ReportDoesNotReconcile,
    report_cohorts,
    report_expiry,
    report_liability,
    report_rates,
    report_rollforward,
)
from loyalty.store.database import DATABASE_FAILED, Connection, open_pool
from schemas.admin.reports import DateRange

STATEMENT_SECONDS = 3600.0
FAILED: tuple[type[BaseException], ...] = (LaurelError, *DATABASE_FAILED)

M = TypeVar("M", bound=BaseModel)

DatabaseUrl = Annotated[str, typer.Option(envvar="LAUREL_DATABASE_URL", help="The database, or a replica of it.")]
FromDay = Annotated[str | None, typer.Option("--from", help="The first day, such as 2026-03-01; 30 days by default.")]
ToDay = Annotated[str | None, typer.Option("--to", help="The last day; today by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, as the Admin API answers.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV with a heading.")]

report = typer.Typer(no_args_is_help=True, help="Reports that reconcile to the ledger, to the last point.")


@report.callback()
def _report() -> None:
    """Reports that reconcile to the ledger, to the last point. Exits with 1 when the books do not add up."""


@report.command()
def liability(database_url: DatabaseUrl, as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """What the program owes its members now, in points and money, and less the breakage observed."""
    _print(_made(database_url, partial(report_liability, clock=system_clock)), None, as_json=as_json, as_csv=as_csv)


@report.command()
def rollforward(
    database_url: DatabaseUrl,
    from_day: FromDay = None,
    to_day: ToDay = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """What moved members' points over a range of days: opening, each line, closing; exactly or not at all."""
    wanted = _range(from_day, to_day)
    made = _made(database_url, partial(report_rollforward, wanted=wanted, clock=system_clock))
    _print(made, "lines", as_json=as_json, as_csv=as_csv)


@report.command()
def expiry(database_url: DatabaseUrl, as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """When members' points expire, by month."""
    _print(_made(database_url, partial(report_expiry, clock=system_clock)), "months", as_json=as_json, as_csv=as_csv)


@report.command()
def rates(
    database_url: DatabaseUrl,
    from_day: FromDay = None,
    to_day: ToDay = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Redemption rate and breakage over a range of days."""
    wanted = _range(from_day, to_day)
    made = _made(database_url, partial(report_rates, wanted=wanted, clock=system_clock))
    _print(made, None, as_json=as_json, as_csv=as_csv)


@report.command()
def cohorts(database_url: DatabaseUrl, as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """What became of the points of members who joined in the same month."""
    _print(_made(database_url, partial(report_cohorts, clock=system_clock)), "cohorts", as_json=as_json, as_csv=as_csv)


def _range(from_day: str | None, to_day: str | None) -> DateRange:
    given = {name: day for name, day in (("from", from_day), ("to", to_day)) if day is not None}
    try:
        return DateRange.model_validate(given)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(detail["msg"] for detail in error.errors())) from error


def _made(database_url: str, make: Callable[[Connection], Awaitable[M]]) -> M:
    async def run() -> M:
        pool = await open_pool(database_url, size=1, name="laurel report", statement_timeout_seconds=STATEMENT_SECONDS)
        async with pool, pool.acquire() as conn, conn.transaction():
            return await make(conn)

    try:
        return asyncio.run(run())
    except ReportDoesNotReconcile as error:
        typer.echo("\n".join([error.message, *error.data["findings"]]), err=True)
        raise typer.Exit(1) from error
    except FAILED as error:
        typer.echo(f"laurel report: {error}", err=True)
        raise typer.Exit(2) from error


def _print(made: BaseModel, rows_in: str | None, *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        typer.echo(made.model_dump_json(by_alias=True))
        return
    told = made.model_dump(mode="json", by_alias=True)
    rows = told.pop(rows_in) if rows_in else [{"figure": name, "value": value} for name, value in told.items()]
    if as_csv:
        _print_csv(rows)
        return
    console = Console()
    if rows_in:
        console.print(" · ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items()))
    console.print(_table(rows))


def _print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        writer = csv.DictWriter(sys.stdout, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(*(name.replace("_", " ") for name in (rows[0] if rows else ())), box=None)
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()))
    return table
