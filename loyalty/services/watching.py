"""What changed for members since a version of theirs, as it is pushed to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel

from loyalty.store import changes as store
from loyalty.store.changes import MemberChange
from loyalty.store.database import Connection
from schemas.customer import PointsChanged, RedemptionCompleted, TransactionAwarded

CHANGES_LIMIT = 100
NOTHING_BUT_THE_STATE = 2**62

STATE = "points.changed"
MODELS: dict[str, type[BaseModel]] = {
    STATE: PointsChanged,
    "transaction.awarded": TransactionAwarded,
    "redemption.completed": RedemptionCompleted,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A change of one member, in the order of versions; the state comes last and stands for all before it."""

    member_id: UUID
    version: int
    event: str
    body: BaseModel

    @property
    def is_state(self) -> bool:
        return self.event == STATE


async def changes_since(
    conn: Connection, versions: Mapping[UUID, int | None], limit: int = CHANGES_LIMIT
) -> tuple[list[Seen], frozenset[UUID]]:
    """What changed since each member's version (None: the state only), and who has more than `limit` changes.

    Of a member who has more, the first are given and not the state: ask again from the last of them.
    """
    seen = {member: NOTHING_BUT_THE_STATE if version is None else version for member, version in versions.items()}
    by_member: dict[UUID, list[MemberChange]] = {}
    for change in await store.list_since(conn, seen, limit):
        by_member.setdefault(change.member_id, []).append(change)
    cut_short = frozenset(member for member, found in by_member.items() if _is_cut_short(found, limit))
    shown = [
        _seen(change) for member, found in by_member.items() for change in _shown(found, limit, member in cut_short)
    ]
    return shown, cut_short


def _is_cut_short(found: Sequence[MemberChange], limit: int) -> bool:
    return max(_count(found, event) for event in MODELS) >= limit


def _shown(found: Sequence[MemberChange], limit: int, cut_short: bool) -> list[MemberChange]:
    """In order. Cut short, only up to where both kinds of changes are known to be complete."""
    ordered = sorted(found, key=lambda change: (change.version, change.event == STATE))
    if not cut_short:
        return ordered
    changes = [change for change in ordered if change.event != STATE]
    ends = [_last(changes, event) for event in MODELS if _count(changes, event) >= limit]
    return [change for change in changes if change.version <= min(ends)]


def _count(found: Sequence[MemberChange], event: str) -> int:
    return sum(change.event == event for change in found)


def _last(found: Sequence[MemberChange], event: str) -> int:
    return max(change.version for change in found if change.event == event)


def _seen(change: MemberChange) -> Seen:
    return Seen(change.member_id, change.version, change.event, MODELS[change.event].model_validate(change.data))
