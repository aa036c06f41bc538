"""/merchants/{merchant_id}/signing-keys."""

from uuid import UUID

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Answer, Call, Download, NoBody
from loyalty.services import signing_keys as services
from loyalty.services.merchants import KeyRevoked
from loyalty.services.signing_keys import TooManySigningKeys
from loyalty.store import merchants, signing_keys
from loyalty.store.database import Connection
from schemas.admin.lists import ListQuery
from schemas.admin.signing_keys import MadeSigningKey, NewSigningKey, RotateSigningKey, SigningKey, SigningKeyPage

PATH = "/merchants/{merchant_id}/signing-keys"


async def list_signing_keys(call: Call[None, ListQuery]) -> Answer | Download:
    merchant_id = (await merchants.get_merchant(call.conn, call.path["merchant_id"])).merchant_id

    async def list_keys(conn: Connection, wanted: ListQuery, before: UUID | None, limit: int) -> list[SigningKey]:
        return await signing_keys.list_keys(conn, merchant_id, before, limit)

    return await answer_page(call, list_keys, f"signing-keys:{merchant_id}", lambda key: key.key_id)


async def add_signing_key(call: Call[NewSigningKey, None]) -> Answer:
    made = await services.add_key(
        call.conn, call.path["merchant_id"], call.body, actor_of(call), call.deps.clock, call.deps.new_id
    )
    return Answer(201, made)


async def rotate_signing_key(call: Call[RotateSigningKey, None]) -> Answer:
    path = call.path
    made = await services.rotate_key(
        call.conn,
        path["merchant_id"],
        path["key_id"],
        call.body,
        actor_of(call),
        call.deps.clock,
        call.deps.new_id,
    )
    return Answer(201, made)


async def revoke_signing_key(call: Call[None, None]) -> Answer:
    path = call.path
    revoked = await services.revoke_key(call.conn, path["merchant_id"], path["key_id"], actor_of(call), call.deps.clock)
    return Answer(200, revoked)


ROUTES = tagged(
    "Merchants",
    read(PATH, list_signing_keys, "List the keys that verify a merchant's receipts", SigningKeyPage, ListQuery),
    change(
        "POST",
        PATH,
        add_signing_key,
        "Take on or make a key with which a merchant signs receipts",
        ADMIN,
        NewSigningKey,
        {201: MadeSigningKey},
        TooManySigningKeys,
        body_optional=True,
    ),
    change(
        "POST",
        f"{PATH}/{{key_id}}/rotate",
        rotate_signing_key,
        "Replace a signing key by a new one",
        ADMIN,
        RotateSigningKey,
        {201: MadeSigningKey},
        KeyRevoked,
        body_optional=True,
    ),
    change(
        "POST",
        f"{PATH}/{{key_id}}/revoke",
        revoke_signing_key,
        "Revoke a signing key: its receipts are refused from now on",
        ADMIN,
        NoBody,
        {200: SigningKey},
    ),
)
