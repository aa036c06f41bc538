"""Webhooks as administrators keep them."""

import secrets
from datetime import timedelta
from uuid import UUID

import orjson

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.webhook import SECRET_BYTES, Network, check_url, new_secret
from loyalty.errors import Conflict, Invalid, having
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.merchants import RandomBytes
from loyalty.services.secret_box import SecretBox
from loyalty.store import webhooks
from loyalty.store.database import Connection
from schemas.admin.webhooks import DeliveryWithLog, IssuedWebhook, NewWebhook, RotateSecret, Webhook, WebhookPatch

WEBHOOKS_LIMIT = 50


class TooManyWebhooks(Conflict):
    """There are as many webhooks as there may be: delete one first."""

    code = "too_many_webhooks"
    members = having(limit=int)


class DeliveryPending(Conflict):
    """This delivery is being attempted already."""

    code = "delivery_pending"


class WebhookInactive(Conflict):
    """This webhook is not active: nothing is delivered to it."""

    code = "webhook_inactive"


async def create_webhook(
    conn: Connection,
    command: NewWebhook,
    box: SecretBox,
    allowed: tuple[Network, ...],
    actor: Actor,
    clock: Clock,
    make_id: IdSource = new_id,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedWebhook:
    """Raises TooManyWebhooks, and Invalid for a URL that must not be called."""
    _check_url(command.url, allowed)
    if await webhooks.count(conn) >= WEBHOOKS_LIMIT:
        raise TooManyWebhooks(limit=WEBHOOKS_LIMIT)
    webhook = Webhook(
        webhook_id=make_id(),
        url=command.url,
        description=command.description,
        event_types=command.event_types,
        active=True,
        disabled_reason=None,
        failing_since=None,
        created_at=clock(),
    )
    secret = new_secret(random_bytes(SECRET_BYTES))
    await webhooks.insert(conn, webhook, box.encrypt(secret))
    await record_change(conn, _change("webhook.created", None, webhook), actor, webhook.created_at)
    return IssuedWebhook(**webhook.model_dump(), secret=secret)


async def change_webhook(
    conn: Connection,
    webhook_id: UUID,
    command: WebhookPatch,
    allowed: tuple[Network, ...],
    actor: Actor,
    clock: Clock,
) -> Webhook:
    """Raises NotFound, and Invalid for a URL that must not be called."""
    before = await webhooks.lock(conn, webhook_id)
    given = command.given()
    if "url" in given:
        _check_url(given["url"], allowed)
    if given.get("active"):
        given |= {"disabled_reason": None, "failing_since": None}
    after = before.model_copy(update=given)
    if after != before:
        await webhooks.update(conn, after)
        await record_change(conn, _change("webhook.changed", before, after), actor, clock())
    return after


async def rotate_secret(
    conn: Connection,
    webhook_id: UUID,
    command: RotateSecret,
    box: SecretBox,
    actor: Actor,
    clock: Clock,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> IssuedWebhook:
    """A new secret; until the overlap ends, messages carry both signatures. Raises NotFound."""
    webhook, at = await webhooks.lock(conn, webhook_id), clock()
    secret = new_secret(random_bytes(SECRET_BYTES))
    until = at + timedelta(seconds=command.overlap_seconds)
    await webhooks.replace_secret(conn, webhook_id, box.encrypt(secret), until)
    await record_change(conn, _change("webhook.secret_rotated", webhook, webhook), actor, at)
    return IssuedWebhook(**webhook.model_dump(), secret=secret)


async def delete_webhook(conn: Connection, webhook_id: UUID, actor: Actor, clock: Clock) -> None:
    """With what it was told. Raises NotFound."""
    webhook = await webhooks.lock(conn, webhook_id)
    await webhooks.delete(conn, webhook_id)
    change = Change("webhook.deleted", "webhook", str(webhook_id), webhook, None)
    await record_change(conn, change, actor, clock())


async def ping(
    conn: Connection, webhook_id: UUID, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> DeliveryWithLog:
    """A message that no event caused, delivered as any other. Raises NotFound, WebhookInactive."""
    webhook, at, delivery_id = await webhooks.lock(conn, webhook_id), clock(), make_id()
    if not webhook.active:
        raise WebhookInactive
    await webhooks.insert_ping(conn, delivery_id, webhook_id, orjson.dumps({"webhook_id": str(webhook_id)}), at)
    await record_change(conn, _change("webhook.pinged", webhook, webhook), actor, at)
    return await webhooks.get_delivery(conn, delivery_id)


async def redeliver(conn: Connection, delivery_id: UUID, actor: Actor, clock: Clock) -> DeliveryWithLog:
    """Attempts a delivery again, whatever became of it. Raises NotFound, DeliveryPending, WebhookInactive."""
    delivery = await webhooks.get_delivery(conn, delivery_id)
    webhook, at = await webhooks.lock(conn, delivery.webhook_id), clock()
    if not webhook.active:
        raise WebhookInactive
    if delivery.status == "pending" and delivery.next_attempt_at is not None and delivery.next_attempt_at <= at:
        raise DeliveryPending
    await webhooks.redeliver(conn, delivery_id, at)
    change = Change("webhook_delivery.redelivered", "webhook_delivery", str(delivery_id), None, webhook)
    await record_change(conn, change, actor, at)
    return await webhooks.get_delivery(conn, delivery_id)


def _check_url(url: str, allowed: tuple[Network, ...]) -> None:
    if wrong := check_url(url, allowed):
        raise Invalid([("/url", wrong)])


def _change(action: str, before: Webhook | None, after: Webhook) -> Change:
    return Change(action, "webhook", str(after.webhook_id), before, after)
