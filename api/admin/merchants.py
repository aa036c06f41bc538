"""/merchants and their keys."""

from uuid import UUID

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Answer, Call, Download, NoBody
from loyalty.services import merchants as services
from loyalty.services.merchants import KeyRevoked
from loyalty.store import merchants
from loyalty.store.conflicts import ExternalIdTaken
from loyalty.store.database import Connection
from schemas.admin.lists import ListQuery
from schemas.admin.merchants import (
    IssuedKey,
    Merchant,
    MerchantFilter,
    MerchantKey,
    MerchantKeyPage,
    MerchantPage,
    MerchantPatch,
    NewMerchant,
    NewMerchantKey,
    RotateKey,
)


async def list_merchants(call: Call[None, MerchantFilter]) -> Answer | Download:
    return await answer_page(call, merchants.list_merchants, "merchants", lambda merchant: merchant.merchant_id)


async def create_merchant(call: Call[NewMerchant, None]) -> Answer:
    created = await services.create_merchant(call.conn, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201, created)


async def get_merchant(call: Call[None, None]) -> Answer:
    return Answer(200, await merchants.get_merchant(call.conn, call.path["merchant_id"]))


async def change_merchant(call: Call[MerchantPatch, None]) -> Answer:
    merchant_id = call.path["merchant_id"]
    return Answer(
        200, await services.change_merchant(call.conn, merchant_id, call.body, actor_of(call), call.deps.clock)
    )


async def list_merchant_keys(call: Call[None, ListQuery]) -> Answer | Download:
    merchant_id = (await merchants.get_merchant(call.conn, call.path["merchant_id"])).merchant_id

    async def list_keys(conn: Connection, wanted: ListQuery, before: UUID | None, limit: int) -> list[MerchantKey]:
        return await merchants.list_keys(conn, merchant_id, before, limit)

    return await answer_page(call, list_keys, f"keys:{merchant_id}", lambda key: key.key_id)


async def issue_merchant_key(call: Call[NewMerchantKey, None]) -> Answer:
    issued = await services.issue_key(
        call.conn, call.path["merchant_id"], call.body, actor_of(call), call.deps.clock, call.deps.new_id
    )
    return Answer(201, issued)


async def rotate_merchant_key(call: Call[RotateKey, None]) -> Answer:
    issued = await services.rotate_key(
        call.conn,
        call.path["merchant_id"],
        call.path["key_id"],
        call.body,
        actor_of(call),
        call.deps.clock,
        call.deps.new_id,
    )
    return Answer(201, issued)


async def revoke_merchant_key(call: Call[None, None]) -> Answer:
    path = call.path
    revoked = await services.revoke_key(call.conn, path["merchant_id"], path["key_id"], actor_of(call), call.deps.clock)
    return Answer(200, revoked)


ROUTES = tagged(
    "Merchants",
    read("/merchants", list_merchants, "List merchants", MerchantPage, MerchantFilter),
    change(
        "POST",
        "/merchants",
        create_merchant,
        "Take on a merchant",
        ADMIN,
        NewMerchant,
        {201: Merchant},
        ExternalIdTaken,
    ),
    read("/merchants/{merchant_id}", get_merchant, "Get a merchant", Merchant),
    change(
        "PATCH",
        "/merchants/{merchant_id}",
        change_merchant,
        "Change a merchant",
        ADMIN,
        MerchantPatch,
        {200: Merchant},
        ExternalIdTaken,
    ),
    read(
        "/merchants/{merchant_id}/keys",
        list_merchant_keys,
        "List a merchant's keys",
        MerchantKeyPage,
        ListQuery,
    ),
    change(
        "POST",
        "/merchants/{merchant_id}/keys",
        issue_merchant_key,
        "Issue a key",
        ADMIN,
        NewMerchantKey,
        {201: IssuedKey},
    ),
    change(
        "POST",
        "/merchants/{merchant_id}/keys/{key_id}/rotate",
        rotate_merchant_key,
        "Replace a key",
        ADMIN,
        RotateKey,
        {201: IssuedKey},
        KeyRevoked,
        body_optional=True,
    ),
    change(
        "POST",
        "/merchants/{merchant_id}/keys/{key_id}/revoke",
        revoke_merchant_key,
        "Revoke a key",
        ADMIN,
        NoBody,
        {200: MerchantKey},
    ),
)
