"""The Customer API as a table, and the server made of it."""

from __future__ import annotations

from pathlib import Path

from api.customer import access, account, friends, profile, purchases, push, rewards
from api.kit.app import build_app
from api.kit.deps import Deps
from api.kit.endpoint import App
from api.kit.routes import Api
from loyalty.settings import Settings

API = Api(
    name="customer",
    title="Laurel Customer API",
    description="Members earn points on purchases and redeem them for rewards. Every refusal is problem+json with a "
    "stable code; every POST that moves points takes an Idempotency-Key.",
    prefix="/api/customer",
    routes=(
        *access.ROUTES,
        *account.ROUTES,
        *profile.ROUTES,
        *friends.ROUTES,
        *purchases.ROUTES,
        *rewards.ROUTES,
        *push.ROUTES,
    ),
    authenticate=access.authenticate,
    changes=push.read_changes,
    assets=Path(__file__).parent / "assets",
)


def create_app(settings: Settings, deps: Deps | None = None) -> App:
    """The server. Without ready `deps` it opens its own when it starts and closes them when it stops."""
    return build_app(API, settings, deps)
