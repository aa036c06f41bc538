"""/earning-rules/replays: draft rules over the stored history, run by a process of the worker's."""

from uuid import UUID

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Answer, Call, Download, NoBody
from loyalty.services import replaying_history as services
from loyalty.store import history
from loyalty.store.database import Connection
from schemas.admin.lists import ListQuery
from schemas.admin.replays import NewReplay, Replay, ReplayPage


async def list_replays(call: Call[None, ListQuery]) -> Answer | Download:
    async def list_rows(conn: Connection, wanted: ListQuery, before: UUID | None, limit: int) -> list[Replay]:
        return await history.list_replays(conn, before, limit)

    return await answer_page(call, list_rows, "replays", lambda row: row.replay_id)


async def get_replay(call: Call[None, None]) -> Answer:
    return Answer(200, await services.get_replay(call.conn, call.path["replay_id"]))


async def request_replay(call: Call[NewReplay, None]) -> Answer:
    replay = await services.request_replay(call.conn, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(202, replay, {"Location": f"/api/admin/earning-rules/replays/{replay.replay_id}"})


async def cancel_replay(call: Call[None, None]) -> Answer:
    replay_id = call.path["replay_id"]
    return Answer(200, await services.cancel_replay(call.conn, replay_id, actor_of(call), call.deps.clock))


ROUTES = tagged(
    "Replays",
    read("/earning-rules/replays", list_replays, "List replays", ReplayPage, ListQuery),
    change(
        "POST",
        "/earning-rules/replays",
        request_replay,
        "What would draft rules have given over the stored history",
        ADMIN,
        NewReplay,
        {202: Replay},
    ),
    read("/earning-rules/replays/{replay_id}", get_replay, "Get a replay with what it found", Replay),
    change(
        "POST",
        "/earning-rules/replays/{replay_id}/cancel",
        cancel_replay,
        "Give a replay up",
        ADMIN,
        NoBody,
        {200: Replay},
    ),
)
