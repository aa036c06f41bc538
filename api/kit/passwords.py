"""Passwords: argon2id, off the event loop, a few at a time.

Checking takes the same work whether or not there is such an account: without one, a hash of nobody's is checked.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import Type

from api.kit.errors import Unavailable

T = TypeVar("T")

ARGON2ID = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
"""19 MiB and two passes: the OWASP password storage cheat sheet's setting."""

AT_ONCE = 2
WAITING_LIMIT = 64


class Passwords:
    """Hashes and checks passwords. Raises Unavailable when too many wait: a flood of logins must not pile up."""

    def __init__(
        self, hasher: PasswordHasher = ARGON2ID, *, at_once: int = AT_ONCE, waiting_limit: int = WAITING_LIMIT
    ) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(at_once, "argon2")
        self._waiting_limit = waiting_limit
        self._waiting = 0
        self._nobodys_hash = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        """The hash to store, with its salt and parameters in it."""
        return await self._off_the_loop(partial(self._hasher.hash, password))

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. None (no such account, or none with a password) takes as long and is False."""
        right = await self._off_the_loop(partial(self._verify, password_hash or self._nobodys_hash, password))
        return right and password_hash is not None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False

    async def _off_the_loop(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._waiting_limit:
            raise Unavailable("Too many sign-ins at once.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
