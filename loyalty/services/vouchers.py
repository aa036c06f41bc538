"""Voucher codes from a partner's list: a reward hands out each of them once, in the order of the lists and their lines.

A code's row names the upload and the line that brought it. So a batch of lines that is carried out again, because its
answer was lost, is known for what it is, and a code that occurs twice is told from one that the reward had before,
however long the list.
"""

from collections.abc import Mapping
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Conflict, Invalid, LaurelError
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import rewards_admin, settling
from loyalty.store.database import Connection
from loyalty.store.settling import VoucherPlace, VoucherUpload
from schemas.admin.rewards import NewVouchers, Reward, UploadedVoucher, VoucherBatch, VoucherLine, Vouchers

NOWHERE = VoucherPlace(None, None)

Lines = Mapping[int, VoucherLine | LaurelError]
"""Lines of a list by their numbers: a code, or why it is none."""


class CodesGenerated(Conflict):
    """This reward's codes are made here: set its voucher_source to uploaded first."""

    code = "codes_generated"


async def upload_vouchers(
    conn: Connection, reward_id: UUID, command: NewVouchers, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Vouchers:
    """Adds the codes that the reward does not have yet. Raises NotFound, CodesGenerated."""
    upload = VoucherUpload(make_id(), reward_id, clock())
    _check(await rewards_admin.lock_reward(conn, reward_id))
    added = await settling.insert_vouchers(conn, upload, dict(enumerate(command.codes, start=1)))
    codes, free = await settling.count_vouchers(conn, reward_id)
    vouchers = Vouchers(reward_id=reward_id, added=added, known=len(command.codes) - added, codes=codes, free=free)
    await _record(conn, upload, vouchers, actor)
    return vouchers


async def begin_upload(conn: Connection, reward_id: UUID, clock: Clock, make_id: IdSource = new_id) -> VoucherUpload:
    """A list that will come in lines. Raises NotFound, CodesGenerated."""
    _check(await rewards_admin.get_reward(conn, reward_id))
    return VoucherUpload(make_id(), reward_id, clock())


async def upload_lines(conn: Connection, upload: VoucherUpload, lines: Lines, actor: Actor) -> list[UploadedVoucher]:
    """Adds the codes of some lines that the reward does not have yet; what became of each line, in their order.

    Raises NotFound, CodesGenerated; then none was added.
    """
    codes = {number: line.code for number, line in lines.items() if isinstance(line, VoucherLine)}
    _check(await rewards_admin.lock_reward(conn, upload.reward_id))
    added = await settling.insert_vouchers(conn, upload, codes)
    places = await settling.voucher_places(conn, upload.reward_id, codes.values())
    if added:
        batch = VoucherBatch(upload_id=upload.upload_id, first_line=min(lines), last_line=max(lines), added=added)
        await _record(conn, upload, batch, actor)
    return [_became(upload, number, line, places) for number, line in sorted(lines.items())]


async def view_vouchers(conn: Connection, reward_id: UUID) -> Vouchers:
    """How many codes there are; the codes themselves are shown to nobody but who gets them. Raises NotFound."""
    await rewards_admin.get_reward(conn, reward_id)
    codes, free = await settling.count_vouchers(conn, reward_id)
    return Vouchers(reward_id=reward_id, added=0, known=0, codes=codes, free=free)


def _check(reward: Reward) -> None:
    if reward.voucher_source != "uploaded":
        raise CodesGenerated


def _became(
    upload: VoucherUpload, number: int, line: VoucherLine | LaurelError, places: Mapping[str, VoucherPlace]
) -> UploadedVoucher:
    if isinstance(line, LaurelError):
        return _refused(number, line)
    place = places.get(line.code, NOWHERE)
    if place.upload_id != upload.upload_id:
        return UploadedVoucher(line=number, status="known", voucher_code=line.code)
    if place.line != number:
        return UploadedVoucher(line=number, status="repeated", voucher_code=line.code, first_line=place.line)
    return UploadedVoucher(line=number, status="added")


def _refused(number: int, error: LaurelError) -> UploadedVoucher:
    errors = [{"pointer": at, "detail": what} for at, what in error.errors] if isinstance(error, Invalid) else None
    return UploadedVoucher(line=number, status="refused", code=error.code, detail=error.message, errors=errors)


async def _record(conn: Connection, upload: VoucherUpload, what: Vouchers | VoucherBatch, actor: Actor) -> None:
    change = Change("reward.vouchers_uploaded", "reward", str(upload.reward_id), None, what)
    await record_change(conn, change, actor, upload.at)
