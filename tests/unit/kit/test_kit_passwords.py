"""Passwords are checked with the same work whoever asks, and a flood of them does not pile up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from api.kit.errors import Unavailable
from api.kit.passwords import ARGON2ID, Passwords


class CountingHasher(PasswordHasher):
    """Remembers the parameters of each hash that a password was checked against."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
        self.checked: list[object] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.checked.append(extract_parameters(str(hash)))
        return super().verify(hash, password)


@asynccontextmanager
async def opened(make: Callable[[], Passwords]) -> AsyncIterator[Passwords]:
    passwords = make()
    try:
        yield passwords
    finally:
        passwords.close()


async def test_a_password_is_right_or_wrong() -> None:
    async with opened(Passwords) as passwords:
        stored = await passwords.hash("correct horse")
        assert stored.startswith("$argon2id$")
        assert await passwords.check(stored, "correct horse")
        assert not await passwords.check(stored, "wrong horse")
        assert not await passwords.check("not a hash", "correct horse")
        assert not await passwords.check(None, "correct horse")


async def test_no_account_costs_the_work_of_an_account() -> None:
    hasher = CountingHasher()
    async with opened(lambda: Passwords(hasher)) as passwords:
        stored = await passwords.hash("correct horse")
        await passwords.check(stored, "wrong horse")
        await passwords.check(None, "wrong horse")
    assert len(hasher.checked) == 2
    assert hasher.checked[0] == hasher.checked[1]


async def test_too_many_at_once_are_told_to_come_back() -> None:
    async with opened(lambda: Passwords(ARGON2ID, at_once=1, waiting_limit=3)) as passwords:
        checks = [passwords.check(None, "wrong horse") for _ in range(10)]
        results = await asyncio.gather(*checks, return_exceptions=True)
    assert sum(isinstance(result, Unavailable) for result in results) == 7
    assert results.count(False) == 3


def test_the_parameters_are_no_less_than_recommended() -> None:
    assert (ARGON2ID.memory_cost, ARGON2ID.time_cost, ARGON2ID.type) >= (19_456, 2, Type.ID)


@pytest.mark.parametrize("password", ["", "x" * 200, "пароль 🔑", "a\x01b"])
async def test_any_text_can_be_a_password(password: str) -> None:
    async with opened(lambda: Passwords(CountingHasher())) as passwords:
        assert await passwords.check(await passwords.hash(password), password)
