"""/webhooks and their deliveries. The worker delivers."""

from collections.abc import Sequence
from uuid import UUID

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Answer, Call, Download, NoBody
from loyalty.errors import Invalid
from loyalty.services import webhooks as services
from loyalty.services.secret_box import SecretBox
from loyalty.services.webhooks import DeliveryPending, TooManyWebhooks, WebhookInactive
from loyalty.store import webhooks as store
from loyalty.store.database import Connection
from schemas.admin.lists import ListQuery
from schemas.admin.webhooks import (
    Delivery,
    DeliveryFilter,
    DeliveryPage,
    DeliveryWithLog,
    IssuedWebhook,
    NewWebhook,
    RotateSecret,
    Webhook,
    WebhookPage,
    WebhookPatch,
)


async def list_webhooks(call: Call[None, ListQuery]) -> Answer | Download:
    return await answer_page(call, store.list_webhooks, "webhooks", lambda webhook: webhook.webhook_id)


async def create_webhook(call: Call[NewWebhook, None]) -> Answer:
    deps = call.deps
    box, allowed = SecretBox(deps.settings.signing_key), deps.settings.webhook_networks
    created = await services.create_webhook(call.conn, call.body, box, allowed, actor_of(call), deps.clock, deps.new_id)
    return Answer(201, created)


async def get_webhook(call: Call[None, None]) -> Answer:
    return Answer(200, await store.get(call.conn, call.path["webhook_id"]))


async def change_webhook(call: Call[WebhookPatch, None]) -> Answer:
    deps, webhook_id = call.deps, call.path["webhook_id"]
    changed = await services.change_webhook(
        call.conn, webhook_id, call.body, deps.settings.webhook_networks, actor_of(call), deps.clock
    )
    return Answer(200, changed)


async def delete_webhook(call: Call[None, None]) -> Answer:
    await services.delete_webhook(call.conn, call.path["webhook_id"], actor_of(call), call.deps.clock)
    return Answer(204)


async def rotate_webhook_secret(call: Call[RotateSecret, None]) -> Answer:
    box = SecretBox(call.deps.settings.signing_key)
    rotated = await services.rotate_secret(
        call.conn, call.path["webhook_id"], call.body, box, actor_of(call), call.deps.clock
    )
    return Answer(201, rotated)


async def ping_webhook(call: Call[None, None]) -> Answer:
    delivery = await services.ping(
        call.conn, call.path["webhook_id"], actor_of(call), call.deps.clock, call.deps.new_id
    )
    return Answer(202, delivery)


async def list_deliveries(call: Call[None, DeliveryFilter]) -> Answer | Download:
    webhook_id = (await store.get(call.conn, call.path["webhook_id"])).webhook_id

    async def list_rows(
        conn: Connection, wanted: DeliveryFilter, before: UUID | None, limit: int
    ) -> Sequence[Delivery]:
        return await store.list_deliveries(conn, webhook_id, wanted.status, before, limit)

    return await answer_page(call, list_rows, f"deliveries:{webhook_id}", lambda delivery: delivery.delivery_id)


async def get_delivery(call: Call[None, None]) -> Answer:
    return Answer(200, await store.get_delivery(call.conn, call.path["delivery_id"]))


async def redeliver(call: Call[None, None]) -> Answer:
    delivery = await services.redeliver(call.conn, call.path["delivery_id"], actor_of(call), call.deps.clock)
    return Answer(202, delivery)


ROUTES = tagged(
    "Webhooks",
    read("/webhooks", list_webhooks, "List webhooks", WebhookPage, ListQuery),
    change(
        "POST",
        "/webhooks",
        create_webhook,
        "Tell an endpoint of events from now on",
        ADMIN,
        NewWebhook,
        {201: IssuedWebhook},
        Invalid,
        TooManyWebhooks,
    ),
    read("/webhooks/{webhook_id}", get_webhook, "Get a webhook", Webhook),
    change(
        "PATCH",
        "/webhooks/{webhook_id}",
        change_webhook,
        "Change a webhook, stop it or take it up again",
        ADMIN,
        WebhookPatch,
        {200: Webhook},
    ),
    change(
        "DELETE",
        "/webhooks/{webhook_id}",
        delete_webhook,
        "Delete a webhook with the log of its deliveries",
        ADMIN,
        NoBody,
        {204: None},
    ),
    change(
        "POST",
        "/webhooks/{webhook_id}/rotate-secret",
        rotate_webhook_secret,
        "Replace a webhook's secret",
        ADMIN,
        RotateSecret,
        {201: IssuedWebhook},
        body_optional=True,
    ),
    change(
        "POST",
        "/webhooks/{webhook_id}/ping",
        ping_webhook,
        "Send a webhook a message that no event caused",
        ADMIN,
        NoBody,
        {202: DeliveryWithLog},
        WebhookInactive,
    ),
    read(
        "/webhooks/{webhook_id}/deliveries",
        list_deliveries,
        "List what a webhook was told",
        DeliveryPage,
        DeliveryFilter,
    ),
    read(
        "/webhook-deliveries/{delivery_id}",
        get_delivery,
        "Get a delivery with every attempt",
        DeliveryWithLog,
    ),
    change(
        "POST",
        "/webhook-deliveries/{delivery_id}/redeliver",
        redeliver,
        "Attempt a delivery again now",
        ADMIN,
        NoBody,
        {202: DeliveryWithLog},
        DeliveryPending,
        WebhookInactive,
    ),
)
