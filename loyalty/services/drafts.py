"""Rules of a request that are stored nowhere: for simulations and replays."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from loyalty.domain.rules import ActiveRule, InvalidRule, parse_rule
from loyalty.errors import Invalid
from loyalty.services.custom_events import check_event_type
from loyalty.store.database import Connection
from schemas.admin.rules import NewRule

AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def draft_rules(conn: Connection, definitions: Sequence[NewRule]) -> list[ActiveRule]:
    """The definitions as rules, an earlier one the older. Raises Invalid with a pointer for everything wrong."""
    drafts, errors = parsed_drafts(definitions), list[tuple[str, str]]()
    for index, draft in enumerate(drafts):
        try:
            await check_event_type(conn, draft.definition)
        except Invalid as invalid:
            errors += [(f"/rules/{index}{pointer}", detail) for pointer, detail in invalid.errors]
    if errors:
        raise Invalid(errors)
    return drafts


def parsed_drafts(definitions: Sequence[NewRule]) -> list[ActiveRule]:
    """The same of definitions alone, whatever events there are. Raises Invalid."""
    errors: list[tuple[str, str]] = []
    drafts = []
    for index, definition in enumerate(definitions):
        try:
            parsed = parse_rule(definition.root)
            drafts.append(ActiveRule(UUID(int=index + 1), 1, AGES_AGO + timedelta(seconds=index), parsed))
        except InvalidRule as invalid:
            errors += [(f"/rules/{index}{pointer}", detail) for pointer, detail in invalid.errors]
    if errors:
        raise Invalid(errors)
    return drafts
