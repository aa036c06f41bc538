"""Attempts to sign in, limited for each address and each account.

An account is named as the database folds it when it looks for it: whatever it takes for the same account is counted as
one, in whatever letters it was written.
"""

from __future__ import annotations

import hashlib
from typing import Any

from api.kit.addresses import limited_as
from api.kit.routes import Call

ACCOUNT_CHARACTERS = 32


async def count_address(call: Call[Any, Any]) -> None:
    """Before anything is looked up. Raises TooManyRequests."""
    await _count(call, f"address:{limited_as(call.address)}")


async def count_account(call: Call[Any, Any], account: str) -> None:
    """Before a password is checked, also of an account that there is not. Raises TooManyRequests."""
    await _count(call, f"account:{hashlib.sha256(account.encode()).hexdigest()[:ACCOUNT_CHARACTERS]}")


async def _count(call: Call[Any, Any], whose: str) -> None:
    deps = call.deps
    await deps.limiter.spend(deps.login_policy, f"{deps.tokens.audience}:{whose}")
