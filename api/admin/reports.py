"""/reports and /audit-log."""

from collections.abc import Awaitable, Callable

from pydantic import BaseModel

from api.admin.calls import answer_page
from api.admin.table import read, tagged
from api.kit.routes import Answer, Call, Database, Download, Handler, NoQuery, Route
from loyalty.clock import Clock
from loyalty.services.financial_reports import (
    ReportDoesNotReconcile,
    report_cohorts,
    report_expiry,
    report_liability,
    report_rates,
    report_rollforward,
)
from loyalty.services.reporting import report_overview
from loyalty.store import audit
from loyalty.store.database import Connection
from schemas.admin.access import AuditFilter, AuditPage
from schemas.admin.financial_reports import Cohorts, ExpiryCalendar, Liability, Rates, RollforwardReport
from schemas.admin.reports import DateRange, Overview

OverDays = Callable[[Connection, DateRange, Clock], Awaitable[BaseModel]]
AsOfNow = Callable[[Connection, Clock], Awaitable[BaseModel]]


def named(handler: Handler, report: Callable[..., object]) -> Handler:
    """Routes are known by the names of their handlers."""
    handler.__name__ = f"get_{report.__name__}"
    return handler


def over_days(report: OverDays) -> Handler:
    async def handler(call: Call[None, DateRange]) -> Answer:
        async with call.transaction() as conn:
            return Answer(200, await report(conn, call.query, call.deps.clock))

    return named(handler, report)


def as_of_now(report: AsOfNow) -> Handler:
    async def handler(call: Call[None, None]) -> Answer:
        async with call.transaction() as conn:
            return Answer(200, await report(conn, call.deps.clock))

    return named(handler, report)


def report_over_days(name: str, report: OverDays, summary: str, model: type[BaseModel]) -> Route:
    """A financial report over a range of days."""
    path, handler = f"/reports/{name}", over_days(report)
    return read(path, handler, summary, model, DateRange, ReportDoesNotReconcile, database=Database.NONE)


def report_as_of_now(name: str, report: AsOfNow, summary: str, model: type[BaseModel]) -> Route:
    """A financial report on what is now."""
    path, handler = f"/reports/{name}", as_of_now(report)
    return read(path, handler, summary, model, NoQuery, ReportDoesNotReconcile, database=Database.NONE)


async def list_audit_log(call: Call[None, AuditFilter]) -> Answer | Download:
    return await answer_page(call, audit.list_entries, "audit", lambda entry: entry.audit_id)


ROUTES = (
    *tagged(
        "Reports",
        read(
            "/reports/overview",
            over_days(report_overview),
            "The program over a range of days",
            Overview,
            DateRange,
            database=Database.NONE,
        ),
        report_as_of_now("liability", report_liability, "What the program owes its members", Liability),
        report_over_days(
            "rollforward", report_rollforward, "What moved members' points, exactly or not at all", RollforwardReport
        ),
        report_as_of_now("expiry", report_expiry, "When members' points expire", ExpiryCalendar),
        report_over_days("rates", report_rates, "Redemption rate and breakage", Rates),
        report_as_of_now("cohorts", report_cohorts, "Points by the month in which members joined", Cohorts),
    ),
    *tagged(
        "Administration",
        read("/audit-log", list_audit_log, "Who changed what", AuditPage, AuditFilter),
    ),
)
