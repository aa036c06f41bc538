"""What is secret is in no log: neither what a process is given (tests.support.processes looks at the end of each), nor
what clients send, whatever becomes of it, with the logs at their most talkative."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from loyalty.clock import system_clock
from loyalty.services.merchants import issue_key
from schemas.admin.merchants import NewMerchantKey
from tests.conftest import StartLaurel
from tests.support import processes
from tests.support.admin_api import TESTER
from tests.support.apis import SIGNING_KEY, client_of, free_port
from tests.support.processes import LaurelProcess
from tests.support.rows import add_merchant, laurel_pool

Eventually = Callable[..., Awaitable[object]]
READY_SECONDS = 60


async def started(laurel_process: StartLaurel, eventually: Eventually, api: str) -> tuple[LaurelProcess, str]:
    port = free_port()
    process = laurel_process(
        f"{api}-api",
        **{
            f"LAUREL_{api.upper()}_API_PORT": str(port),
            "LAUREL_SIGNING_KEY": SIGNING_KEY.get_secret_value(),
            "LAUREL_LOG_LEVEL": "debug",
        },
    )
    await eventually(lambda: "api_ready" in process.log_text(), READY_SECONDS)
    return process, f"http://127.0.0.1:{port}"


async def test_no_log_has_what_members_send(laurel_process: StartLaurel, eventually: Eventually) -> None:
    process, url = await started(laurel_process, eventually, "customer")
    password, wrong = f"pass-{secrets.token_hex(8)}", f"wrong-{secrets.token_hex(8)}"
    email = f"{secrets.token_hex(6)}@example.com"
    async with client_of(url, "/api/customer") as client:
        await client.post("/register", {"email": email, "password": password, "name": "Ada"})
        session = (await client.post("/login", {"email": email, "password": password})).body
        await client.post("/login", {"email": email, "password": wrong})
        await client.post("/login", {"email": email, "password": {"not": wrong}})
        await client.post("/login", f'{{"email": "{email}", "password": "{wrong}'.encode())
        signed_in = client.signed_in(session["access_token"])
        assert (await signed_in.get("/points")).status == 200
        assert (await client.signed_in(session["access_token"] + "x").get("/points")).status == 401
        refreshed = (await client.post("/refresh", {"refresh_token": session["refresh_token"]})).body
        assert (await client.post("/refresh", {"refresh_token": session["refresh_token"]})).status == 401
    sent = [password, wrong, email, session["access_token"], session["refresh_token"], refreshed["refresh_token"]]
    processes.end(process)
    assert [secret for secret in sent if secret in process.log_text()] == []


async def test_no_log_has_what_merchants_send(
    laurel_process: StartLaurel, eventually: Eventually, database_url: str
) -> None:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn, conn.transaction():
        command = NewMerchantKey.model_validate({"scopes": ["transactions:write"]}, strict=False)
        key = await issue_key(conn, await add_merchant(conn), command, TESTER, system_clock)
    process, url = await started(laurel_process, eventually, "admin")
    async with client_of(url, "/api/admin") as client:
        assert (await client.signed_in(key.secret).post("/transactions", {})).status == 422
        assert (await client.signed_in(key.secret + "0").post("/transactions", {})).status == 401
    processes.end(process)
    assert key.secret.rpartition("_")[2] not in process.log_text()


def test_a_secret_in_a_log_would_be_found(tmp_path: Path) -> None:
    key = secrets.token_urlsafe(32)
    environment: dict[str, Any] = {"LAUREL_SIGNING_KEY": key}
    process = processes.start((key,), environment, tmp_path / "log", module="calendar")
    process.popen.wait(30)
    with pytest.raises(AssertionError, match="LAUREL_SIGNING_KEY"):
        processes.end(process)
