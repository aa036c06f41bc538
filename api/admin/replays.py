"""/earning-rules/replays: draft rules over the stored history, run by a process of the worker's."""

from api.admin.calls import actor_of, cut_page
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Answer, Call, NoBody
from loyalty.services import replaying_history as services
from loyalty.store import history
from schemas.admin.replays import NewReplay, Replay, ReplayPage
from schemas.common import PageQuery


async def list_replays(call: Call[None, PageQuery]) -> Answer:
    before = call.deps.cursors.read_id("replays", call.query.cursor)
    rows = await history.list_replays(call.conn, before, call.query.limit + 1)
    return cut_page(call, rows, "replays", lambda row: row.replay_id)


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
    read("/earning-rules/replays", list_replays, "List replays", ReplayPage, PageQuery),
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
