"""A name of an endpoint that leads elsewhere each time it is asked: what was judged is what is connected to."""

from __future__ import annotations

import socket

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from agents.webhook_client import NotPublic, open_session, send
from loyalty.clock import new_id, system_clock
from loyalty.domain.webhook import networks, new_secret
from loyalty.store.webhooks import DueDelivery
from tests.support.receiver import receiving

ALLOWED, NOT_ALLOWED = "127.0.0.1", "127.0.0.2"


class Names(AbstractResolver):
    """Leads to the given addresses, the next ones at each question."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0)
            for one in self.answers.pop(0)
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_is_asked_once_and_judged_each_time() -> None:
    names = Names([ALLOWED], [NOT_ALLOWED], [ALLOWED, NOT_ALLOWED], [ALLOWED])
    async with receiving() as receiver, open_session(networks(f"{ALLOWED}/32"), names) as session:
        url = URL(receiver.url).with_host("hooks.example")
        async with session.post(url, data=b"{}"):
            assert (len(receiver.got), len(names.answers)) == (1, 3)
        for left in (2, 1):
            with pytest.raises(aiohttp.ClientConnectorError) as refused:
                await session.post(url, data=b"{}")
            assert isinstance(refused.value.os_error, NotPublic)
            assert (len(receiver.got), len(names.answers)) == (1, left)
        async with session.post(url, data=b"{}"):
            assert len(receiver.got) == 2


async def test_the_log_says_that_a_name_leads_where_nothing_is_called() -> None:
    due = DueDelivery(
        delivery_id=new_id(),
        webhook_id=new_id(),
        url="https://hooks.example/",
        secret="",
        previous_secret=None,
        event_type="points.earned",
        payload=b"{}",
        occurred_at=system_clock(),
        attempts=0,
        due_at=system_clock(),
    )
    async with open_session((), Names([NOT_ALLOWED])) as session:
        made = await send(session, due, [new_secret(bytes(32))], (), system_clock)
    assert (made.status, made.error) == (None, "hooks.example leads to an address that is not public")
