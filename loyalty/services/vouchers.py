"""Voucher codes from a partner's list: a reward hands out each of them once."""

from uuid import UUID

from loyalty.clock import Clock
from loyalty.errors import Conflict
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import rewards_admin, settling
from loyalty.store.database import Connection
from schemas.admin.rewards import NewVouchers, Vouchers


class CodesGenerated(Conflict):
    """This reward's codes are made here: set its voucher_source to uploaded first."""

    code = "codes_generated"


async def upload_vouchers(
    conn: Connection, reward_id: UUID, command: NewVouchers, actor: Actor, clock: Clock
) -> Vouchers:
    """Adds the codes that the reward does not have yet. Raises NotFound, CodesGenerated."""
    at = clock()
    reward = await rewards_admin.lock_reward(conn, reward_id)
    if reward.voucher_source != "uploaded":
        raise CodesGenerated
    added = await settling.insert_vouchers(conn, reward_id, command.codes, at)
    codes, free = await settling.count_vouchers(conn, reward_id)
    vouchers = Vouchers(reward_id=reward_id, added=added, known=len(command.codes) - added, codes=codes, free=free)
    await record_change(conn, Change("reward.vouchers_uploaded", "reward", str(reward_id), None, vouchers), actor, at)
    return vouchers


async def view_vouchers(conn: Connection, reward_id: UUID) -> Vouchers:
    """How many codes there are; the codes themselves are shown to nobody but who gets them. Raises NotFound."""
    await rewards_admin.get_reward(conn, reward_id)
    codes, free = await settling.count_vouchers(conn, reward_id)
    return Vouchers(reward_id=reward_id, added=0, known=0, codes=codes, free=free)
