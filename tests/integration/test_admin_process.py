"""`laurel admin-api` as an operator starts it: first administrator, sign-in, a change, an orderly end, a clean log."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

import aiohttp

from tests.conftest import StartLaurel
from tests.support.apis import free_port

EMAIL, PASSWORD = "first@laurel.example", "planted-password-Zx81"

Eventually = Callable[..., Awaitable[object]]


async def test_a_fresh_installation_can_be_signed_in_to(laurel_process: StartLaurel, eventually: Eventually) -> None:
    signing_key, port = secrets.token_urlsafe(32), free_port()
    ensured = laurel_process("admin", "ensure", LAUREL_ADMIN_EMAIL=EMAIL, LAUREL_ADMIN_PASSWORD=PASSWORD)
    assert ensured.popen.wait(30) == 0, ensured.log_text()
    process = laurel_process("admin-api", LAUREL_SIGNING_KEY=signing_key, LAUREL_ADMIN_API_PORT=str(port))
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:

        async def ready() -> bool:
            assert process.running(), process.log_text()
            try:
                async with http.get("/health/ready") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(ready, timeout_seconds=30)
        async with http.post("/api/admin/login", json={"email": EMAIL, "password": PASSWORD}) as answer:
            session = await answer.json()
            assert answer.status == 200, session
        token = {"Authorization": f"Bearer {session['access_token']}"}
        async with http.post("/api/admin/merchants", json={"name": "Shop"}, headers=token) as answer:
            merchant_id = (await answer.json())["merchant_id"]
        keys = f"/api/admin/merchants/{merchant_id}/keys"
        async with http.post(keys, json={"scopes": ["transactions:write"]}, headers=token) as answer:
            key = (await answer.json())["secret"]
        async with http.get("/openapi.json") as answer:
            assert "/api/admin/members" in (await answer.json())["paths"]
            assert not {"Alt-Svc", "Server"} & set(answer.headers)  # other than in a test, Sanic rewrites itself
    assert process.stop() == 0
    planted = [PASSWORD, signing_key, session["access_token"], session["refresh_token"], key]
    assert [secret for secret in planted if secret in process.log_text() + ensured.log_text()] == []
