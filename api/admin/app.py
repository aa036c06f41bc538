"""The Admin API as a server."""

from pathlib import Path

from api.admin.access import authenticate
from api.admin.routes import ROUTES
from api.kit.app import build_app
from api.kit.deps import Deps
from api.kit.endpoint import App
from api.kit.routes import Api
from loyalty.settings import Settings

API = Api(
    name="admin",
    title="Laurel Admin API",
    description="For the people who run the program, and for merchants' own systems.",
    prefix="/api/admin",
    routes=ROUTES,
    authenticate=authenticate,
    assets=Path(__file__).parents[1] / "customer" / "assets",  # the console shows the pictures that members see
)


def create_app(settings: Settings, deps: Deps | None = None) -> App:
    """The server. Without ready `deps` it opens its own when it starts and closes them when it stops."""
    return build_app(API, settings, deps)
