"""An API as a process: how it starts, refuses to start, serves from several processes, and stops."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import psutil

from tests.conftest import StartLaurel
from tests.support.apis import SIGNING_KEY, Client, client_of, free_port
from tests.support.processes import LaurelProcess

Eventually = Callable[..., Awaitable[object]]
KEY = SIGNING_KEY.get_secret_value()


async def test_a_port_that_is_taken_is_named(laurel_process: StartLaurel) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = laurel_process("customer-api", LAUREL_SIGNING_KEY=KEY, LAUREL_CUSTOMER_API_PORT=str(port))
        assert process.popen.wait(30) == 1
    assert f"Cannot serve on 127.0.0.1:{port}" in process.log_text()


def test_settings_that_are_missing_or_weak_are_named_and_not_shown(laurel_process: StartLaurel) -> None:
    process = laurel_process("customer-api", LAUREL_SIGNING_KEY="hunter2", LAUREL_API_WORKERS="0")
    assert process.popen.wait(30) == 2
    assert "LAUREL_SIGNING_KEY" in process.log_text()
    assert "LAUREL_API_WORKERS" in process.log_text()
    assert "hunter2" not in process.log_text()


async def test_running_requests_finish_though_it_is_asked_to_stop_again_and_again(
    laurel_process: StartLaurel, eventually: Eventually
) -> None:
    port = free_port()
    process = laurel_process("customer-api", LAUREL_SIGNING_KEY=KEY, LAUREL_CUSTOMER_API_PORT=str(port))
    await eventually(lambda: _are_ready(process, 1), timeout_seconds=60)
    async with client_of(f"http://127.0.0.1:{port}") as client:
        sign_in = {"email": "nobody@example.com", "password": "wrong horse"}
        asked = [asyncio.ensure_future(client.post("/api/customer/login", sign_in)) for _ in range(8)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        for _ in range(3):
            process.send(signal.SIGTERM)
        replies = await asyncio.gather(*asked)
    assert {reply.status for reply in replies} == {401}
    assert process.popen.wait(30) == 0
    assert "Traceback" not in process.log_text()


async def test_several_processes_share_a_port_and_stop_together(
    laurel_process: StartLaurel, eventually: Eventually
) -> None:
    port = free_port()
    process = laurel_process(
        "customer-api", LAUREL_SIGNING_KEY=KEY, LAUREL_CUSTOMER_API_PORT=str(port), LAUREL_API_WORKERS="2"
    )

    await eventually(lambda: _are_ready(process, 2), timeout_seconds=60)
    async with client_of(f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/health/ready")).status == 200
    process.send(signal.SIGTERM)
    assert process.stop() == 0
    assert "Traceback" not in process.log_text()


async def test_metrics_are_of_all_processes_whichever_answers(
    laurel_process: StartLaurel, eventually: Eventually
) -> None:
    port = free_port()
    process = laurel_process(
        "customer-api", LAUREL_SIGNING_KEY=KEY, LAUREL_CUSTOMER_API_PORT=str(port), LAUREL_API_WORKERS="2"
    )
    await eventually(lambda: _are_ready(process, 2), timeout_seconds=60)
    stack = contextlib.AsyncExitStack()
    clients = [
        await stack.enter_async_context(_held_by(port, child, eventually))
        for child in psutil.Process(process.pid).children()
    ]
    async with stack:
        for client in clients:
            assert (await client.get("/api/customer/points")).status == 401
        pages = [(await client.get("/metrics")).body for client in clients]
    for page in pages:
        assert _number(page, 'requests_total{api="customer",method="GET",route="get_points",status="401"}') == 2
        assert _number(page, 'request_seconds_count{api="customer",route="get_points"}') == 2
        assert _number(page, 'processes{api="customer"}') == 2


@contextlib.asynccontextmanager
async def _held_by(port: int, process: psutil.Process, eventually: Eventually) -> AsyncIterator[Client]:
    """A client whose one connection was taken by that process."""
    async with contextlib.AsyncExitStack() as tried:

        async def taken() -> Client | None:
            held = [each for each in process.net_connections("tcp") if each.status == psutil.CONN_ESTABLISHED]
            client = await tried.enter_async_context(client_of(f"http://127.0.0.1:{port}"))
            mine = [each for each in process.net_connections("tcp") if each.status == psutil.CONN_ESTABLISHED]
            return client if _to(mine, port) > _to(held, port) else None

        found = await eventually(taken, timeout_seconds=60)
        assert isinstance(found, Client)
        yield found


def _to(connections: Sequence[Any], port: int) -> int:
    return sum(each.laddr.port == port for each in connections)


def _number(page: str, metric: str) -> float:
    return next(float(line.split()[-1]) for line in page.splitlines() if line.startswith(f"laurel_http_{metric} "))


async def test_when_one_of_several_processes_dies_all_end(laurel_process: StartLaurel, eventually: Eventually) -> None:
    process = laurel_process(
        "customer-api", LAUREL_SIGNING_KEY=KEY, LAUREL_CUSTOMER_API_PORT=str(free_port()), LAUREL_API_WORKERS="2"
    )

    await eventually(lambda: _are_ready(process, 2), timeout_seconds=60)
    psutil.Process(process.pid).children()[0].kill()
    assert process.popen.wait(30) == 1


def _are_ready(process: LaurelProcess, workers: int) -> bool:
    if not process.running():
        raise RuntimeError(process.log_text())
    return process.log_text().count("api_ready") == workers
