"""/reports and /audit-log."""

from api.admin.calls import answer_page
from api.kit.routes import Answer, Call
from loyalty.services.reporting import report_overview
from loyalty.store import audit
from schemas.admin.access import AuditFilter
from schemas.admin.reports import DateRange


async def get_overview(call: Call[None, DateRange]) -> Answer:
    async with call.transaction() as conn:
        return Answer(200, await report_overview(conn, call.query, call.deps.clock))


async def list_audit_log(call: Call[None, AuditFilter]) -> Answer:
    return await answer_page(call, audit.list_entries, "audit", lambda entry: entry.audit_id)
