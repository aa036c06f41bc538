"""/pipeline and /dead-letters."""

from api.admin.calls import actor_of, answer_page
from api.admin.lag import read_lag
from api.kit.routes import Answer, Call
from loyalty.services.resolving import resolve_dead_letter
from loyalty.store import reports
from outbox import OutboxStatus, status
from schemas.admin.pipeline import DeadLetterFilter, OutboxFigures, OutboxLeader, Pipeline


async def get_pipeline(call: Call[None, None]) -> Answer:
    now, settings = call.deps.clock(), call.deps.settings
    return Answer(
        200,
        Pipeline(
            as_of=now,
            outbox=_outbox_figures(await status(call.conn)),
            consumers=await read_lag(call.deps.redis, settings.topic_prefix, settings.kafka_partitions, now),
            dead_letters=await reports.count_dead_letters(call.conn, now),
            pending_redemptions=await reports.pending_redemptions(call.conn),
        ),
    )


async def list_dead_letters(call: Call[None, DeadLetterFilter]) -> Answer:
    return await answer_page(call, reports.list_dead_letters, "dead-letters", lambda letter: letter.dead_letter_id)


async def requeue_dead_letter(call: Call[None, None]) -> Answer:
    letter_id = call.path["dead_letter_id"]
    return Answer(200, await resolve_dead_letter(call.conn, letter_id, "requeue", actor_of(call), call.deps.clock))


async def skip_dead_letter(call: Call[None, None]) -> Answer:
    letter_id = call.path["dead_letter_id"]
    return Answer(200, await resolve_dead_letter(call.conn, letter_id, "skip", actor_of(call), call.deps.clock))


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
