"""Laurel's own processes, each started as an operator would: `laurel <command>` with LAUREL_ variables."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Mapping

from stack.ports import LOOPBACK
from stack.service import Service, Step

LAUREL = (sys.executable, "-P", "-m", "cli")
HEALTH_PATH = "/health/ready"
HEALTH_TIMEOUT_SECONDS = 2.0
STOP_SECONDS = 15.0

# command: the variable of the port on which it says that it is ready
PROCESSES = {
    "relay": "LAUREL_RELAY_METRICS_PORT",
    "worker": "LAUREL_WORKER_HEALTH_PORT",
    "customer-api": "LAUREL_CUSTOMER_API_PORT",
    "admin-api": "LAUREL_ADMIN_API_PORT",
}
STEPS = (("migrate", "topics"), ("admin ensure",))
DEMO_STEPS = ("receipt shop",)
"""What only a demo has: the shop that signs receipts. No image runs it."""
STOP_ORDER = (
    frozenset({"customer-web", "admin-web"}),
    frozenset({"customer-api", "admin-api"}),
    frozenset({"worker"}),
    frozenset({"relay"}),
)


def steps(environment: Mapping[str, str]) -> tuple[tuple[Step, ...], ...]:
    """What must be done once before the processes can run: stages, as a plan has them."""
    return tuple(tuple(_step(command, environment) for command in stage) for stage in (*STEPS, DEMO_STEPS))


def _step(command: str, environment: Mapping[str, str]) -> Step:
    return Step(command.replace(" ", "-"), (*LAUREL, *command.split()), environment)


def services(environment: Mapping[str, str]) -> tuple[Service, ...]:
    """The processes; `environment` says their ports."""
    return tuple(_service(name, int(environment[port]), environment) for name, port in PROCESSES.items())


def _service(name: str, port: int, environment: Mapping[str, str]) -> Service:
    return Service(
        name=name,
        command=(*LAUREL, name),
        environment=environment,
        is_ready=lambda: answers(port),
        address=f"http://{LOOPBACK}:{port}",
        stop_seconds=STOP_SECONDS,
    )


def answers(port: int) -> bool:
    """Whether the process on this port says that it is ready."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=HEALTH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", HEALTH_PATH)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
