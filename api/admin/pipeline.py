"""/pipeline, /dead-letters and /parked-keys."""

from api.admin.calls import actor_of, answer_page
from api.admin.lag import read_lag
from api.admin.table import change, read, tagged
from api.kit.deps import Deps
from api.kit.routes import ADMIN, Answer, Call, Download, NoBody
from loyalty.errors import NotFound
from loyalty.services import resolving
from loyalty.services.dead_letters import DeadLetterResolved, NotRequeueable
from loyalty.store import reports, transactions_admin
from loyalty.store.database import Connection
from outbox import OutboxStatus, status
from schemas.admin.pipeline import (
    DeadLetter,
    DeadLetterFilter,
    DeadLetterPage,
    OutboxFigures,
    OutboxLeader,
    ParkedKeyName,
    ParkedKeyRequest,
    ParkedKeys,
    Pipeline,
)


async def read_pipeline(conn: Connection, deps: Deps) -> Pipeline:
    """How the pipeline is now."""
    now, settings = deps.clock(), deps.settings
    return Pipeline(
        as_of=now,
        outbox=_outbox_figures(await status(conn)),
        consumers=await read_lag(deps.redis, settings.topic_prefix, settings.kafka_partitions, now),
        dead_letters=await reports.count_dead_letters(conn, now),
        unawarded_transactions=await transactions_admin.count_unawarded(conn),
        pending_redemptions=await reports.pending_redemptions(conn),
    )


async def get_pipeline(call: Call[None, None]) -> Answer:
    return Answer(200, await read_pipeline(call.conn, call.deps))


async def list_dead_letters(call: Call[None, DeadLetterFilter]) -> Answer | Download:
    return await answer_page(call, reports.list_dead_letters, "dead-letters", lambda letter: letter.dead_letter_id)


async def requeue_dead_letter(call: Call[None, None]) -> Answer:
    letter_id = call.path["dead_letter_id"]
    return Answer(
        200, await resolving.resolve_dead_letter(call.conn, letter_id, "requeue", actor_of(call), call.deps.clock)
    )


async def skip_dead_letter(call: Call[None, None]) -> Answer:
    letter_id = call.path["dead_letter_id"]
    return Answer(
        200, await resolving.resolve_dead_letter(call.conn, letter_id, "skip", actor_of(call), call.deps.clock)
    )


async def list_parked_keys(call: Call[None, None]) -> Answer:
    return Answer(200, await resolving.list_parked_keys(call.conn))


async def requeue_parked_key(call: Call[ParkedKeyName, None]) -> Answer:
    asked = await resolving.resolve_parked_key(call.conn, call.body, "requeue", actor_of(call), call.deps.clock)
    return Answer(202, asked)


async def skip_parked_key(call: Call[ParkedKeyName, None]) -> Answer:
    asked = await resolving.resolve_parked_key(call.conn, call.body, "skip", actor_of(call), call.deps.clock)
    return Answer(202, asked)


def _outbox_figures(found: OutboxStatus) -> OutboxFigures:
    leader = found.leader and OutboxLeader(application=found.leader.application, since=found.leader.since)
    return OutboxFigures(
        backlog_rows=found.backlog_rows,
        oldest_unpublished_age_seconds=found.oldest_unpublished_age_seconds,
        rows_per_second=found.rows_per_second,
        leader=leader,
        checkpoint_at=found.checkpoint_at,
        parked_keys=found.parked_keys,
        parked_rows=found.parked_rows,
    )


ROUTES = tagged(
    "Pipeline",
    read("/pipeline", get_pipeline, "Where events are on their way", Pipeline),
    read(
        "/dead-letters",
        list_dead_letters,
        "List events that could not be handled",
        DeadLetterPage,
        DeadLetterFilter,
    ),
    change(
        "POST",
        "/dead-letters/{dead_letter_id}/requeue",
        requeue_dead_letter,
        "Send an event again",
        ADMIN,
        NoBody,
        {200: DeadLetter},
        DeadLetterResolved,
        NotRequeueable,
    ),
    change(
        "POST",
        "/dead-letters/{dead_letter_id}/skip",
        skip_dead_letter,
        "Leave an event for good",
        ADMIN,
        NoBody,
        {200: DeadLetter},
        DeadLetterResolved,
    ),
    read("/parked-keys", list_parked_keys, "List keys whose events Kafka refuses", ParkedKeys),
    change(
        "POST",
        "/parked-keys/requeue",
        requeue_parked_key,
        "Publish a key's events again",
        ADMIN,
        ParkedKeyName,
        {202: ParkedKeyRequest},
        NotFound,
    ),
    change(
        "POST",
        "/parked-keys/skip",
        skip_parked_key,
        "Leave a key's next event unpublished",
        ADMIN,
        ParkedKeyName,
        {202: ParkedKeyRequest},
        NotFound,
    ),
)
