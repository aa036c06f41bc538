"""/reports and /audit-log."""

from api.admin.calls import answer_page
from api.admin.table import read, tagged
from api.kit.routes import Answer, Call, Database
from loyalty.services.reporting import report_overview
from loyalty.store import audit
from schemas.admin.access import AuditFilter, AuditPage
from schemas.admin.reports import DateRange, Overview


async def get_overview(call: Call[None, DateRange]) -> Answer:
    async with call.transaction() as conn:
        return Answer(200, await report_overview(conn, call.query, call.deps.clock))


async def list_audit_log(call: Call[None, AuditFilter]) -> Answer:
    return await answer_page(call, audit.list_entries, "audit", lambda entry: entry.audit_id)


ROUTES = (
    *tagged(
        "Reports",
        read(
            "/reports/overview",
            get_overview,
            "The program over a range of days",
            Overview,
            DateRange,
            database=Database.NONE,
        ),
    ),
    *tagged(
        "Administration",
        read("/audit-log", list_audit_log, "Who changed what", AuditPage, AuditFilter),
    ),
)
