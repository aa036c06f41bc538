"""What tests do with the ledger as a whole."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from loyalty.clock import system_clock
from loyalty.services.earning import award_transactions
from loyalty.services.exporting import Exported, export_ledger
from loyalty.services.redeeming import decide_redemptions
from loyalty.services.rulesets import Rulesets
from loyalty.services.sealing import look_ahead, seal_entries
from loyalty.store.database import Connection
from loyalty.store.seals import Seal
from tests.support.rows import (
    BASE_RULE,
    add_member,
    add_merchant,
    add_redemption,
    add_reward,
    add_rule,
    add_transaction,
    give_points,
    recorded,
    redeemed,
)
from tests.support.waiting import eventually

SCRIPT = Path(__file__).parents[2] / "tools" / "verify_ledger.py"


async def fill_ledger(conn: Connection) -> None:
    """Ten entries of two members in which everything has happened: earned, adjusted, redeemed, rejected."""
    await add_rule(conn, BASE_RULE)
    merchant_id, reward_id = await add_merchant(conn), await add_reward(conn, 15)
    for _ in range(2):
        member_id = await add_member(conn)
        purchases = [recorded(member_id, await add_transaction(conn, member_id, merchant_id)) for _ in range(3)]
        wishes = [
            redeemed(member_id, await add_redemption(conn, member_id, reward_id, 15), reward_id, 15) for _ in "12"
        ]
        async with conn.transaction():
            await award_transactions(conn, purchases, system_clock, Rulesets())
            await award_transactions(
                conn,
                [recorded(member_id, await add_transaction(conn, member_id, merchant_id), "0.50")],
                system_clock,
                Rulesets(),
            )
            await decide_redemptions(conn, wishes[:1], system_clock)
        await give_points(conn, member_id, -12)
        async with conn.transaction():
            await decide_redemptions(conn, wishes[1:], system_clock)


async def seal_all(conn: Connection, batch_entries: int = 1_000) -> Seal | None:
    """Seals every entry that is there. Other tests' transactions on the same server are waited for."""
    horizon = await look_ahead(conn)

    async def sealed() -> Seal | None:
        assert horizon is not None
        while True:
            async with conn.transaction():
                done = await seal_entries(conn, horizon, batch_entries)
            if not done.more:
                return done.head if done.head and done.head.entry_id >= horizon.entry_id else None

    return await eventually(sealed, timeout_seconds=60) if horizon else None


async def export(conn: Connection) -> list[str]:
    """The exported file's lines."""
    if conn.is_in_transaction():
        return [line async for line in export_ledger(conn, Exported())]
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return [line async for line in export_ledger(conn, Exported())]


@cache
def verifier() -> Any:
    """tools/verify_ledger.py, as a module."""
    spec = importlib.util.spec_from_file_location("verify_ledger", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verdict(content: Sequence[str] | bytes, noted: str = "") -> str:
    """What the script says of a file with this content."""
    try:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content if isinstance(content, bytes) else "".join(f"{line}\n" for line in content).encode())
            file.flush()
            verifier().Ledger(noted).verify(file.name)
    except SystemExit as stop:
        return str(stop)
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError) as error:
        return repr(error)
    return "holds"


VANDALISM = {
    "a posting changed": ("update posting set points = points + 1 where entry_id = 3 and n = 2", 3),
    "an entry deleted": (
        "delete from journal_entry where id = 7; delete from posting where entry_id = 7; "
        "delete from lot where entry_id = 7; delete from award where entry_id = 7",
        7,
    ),
    "an entry booked twice": (
        "insert into journal_entry overriding system value "
        "select 11, gen_random_uuid(), kind, member_id, 6, source_id, booked_at, available_after "
        "from journal_entry where id = 8; "
        "insert into posting select 11, n, account, member_id, points from posting where entry_id = 8",
        11,
    ),
    "a lot's remainder changed": ("update lot set remaining = points where entry_id = 6", 6),
    "a draw deleted": ("delete from lot_draw where entry_id = 9", 9),
    "a wallet changed": ("update wallet set available = available + 1 where member_id = "
        "(select member_id from journal_entry where id = 2)", 3),
    "a seal changed": ("update journal_seal set hash = sha256('x') where entry_id = 4", 4),
    "an award without its entry": ("update award set entry_id = null where entry_id = 2", 2),
    "a redemption without its entry": ("update redemption set entry_id = null where entry_id = 4", 4),
    "a balance misstated": ("update journal_entry set available_after = 0 where id in (8, 10)", 8),
    "a hole in a member's sequence": ("update journal_entry set seq = 9 where id = 5", 5),
    "an entry put in between": (
        "insert into journal_entry overriding system value "
        "select -1, gen_random_uuid(), kind, member_id, 6, source_id, booked_at, available_after "
        "from journal_entry where id = 10",
        -1,
    ),
    "a seal removed": ("delete from journal_seal where entry_id = 6", 6),
    "changes that agree with each other": (
        "update posting set points = points * 2 where entry_id = 3; "
        "update lot set points = 20, remaining = remaining + 10 where entry_id = 3; "
        "update award set points = 20 where entry_id = 3; "
        "update journal_entry set available_after = available_after + 10 where id between 3 and 5; "
        "update wallet set available = available + 10, lifetime_earned = lifetime_earned + 10 "
        "where member_id = (select member_id from journal_entry where id = 3)",
        3,
    ),
    "a reason rewritten": ("update journal_entry set reason = 'as agreed' where id = 10", 10),
}  # fmt: skip
"""What someone with a superuser's rights may do to what fill_ledger made, and the first bad entry then."""
