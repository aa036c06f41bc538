"""Limits and budgets of rules get back what refunds take back, so that they count only what members keep.

Points that the refund policy lets a member keep stay counted: else who buys, spends, refunds and buys again would never
come to a limit. Points that had expired unspent are given back, since nobody keeps them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from loyalty.domain.award import UsageKey
from loyalty.domain.rules.definition import Limits
from loyalty.domain.rules.limits import Returned, counters, given_back, is_counted
from loyalty.services.rule_usage import RuleUsage
from loyalty.store import rules as store
from loyalty.store.database import Connection

RuleVersion = tuple[UUID, int]


class Explained(Protocol):
    """An award, of a purchase or of a custom event, with its receipt."""

    @property
    def member_id(self) -> UUID: ...

    @property
    def receipt(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Return:
    """Points of an award that a refund leaves the member without."""

    award: Explained
    returned: Returned

    def rules(self) -> Iterator[tuple[RuleVersion, int]]:
        """What each version of a rule gave of the award."""
        for rule in self.award.receipt["rules"]:
            if rule["points"]:
                yield (UUID(rule["rule_id"]), rule["version"]), rule["points"]


async def give_limits_back(conn: Connection, returns: Sequence[Return]) -> None:
    """Hold the wallets' locks; call it before the refunds are saved, whose place among the awards is this one."""
    versions = {version for one in returns for version, _ in one.rules()}
    limits = {v: found for v, found in (await store.read_limits(conn, versions)).items() if is_counted(found)}
    changes = [change for one in returns for change in _changes(one, limits)]
    if not changes:
        return
    usage = await RuleUsage.lock(conn, {(member_id, key) for member_id, key, _ in changes})
    for member_id, key, points in changes:
        usage.give_back(member_id, key, points)
    await usage.save(conn)


def _changes(one: Return, limits: dict[RuleVersion, Limits]) -> Iterator[tuple[UUID, UsageKey, int]]:
    day = datetime.fromisoformat(one.award.receipt["local_time"]).date()
    for version, points in one.rules():
        if version in limits and (back := given_back(points, one.returned)):
            for _, key, _ in counters(version[0], limits[version], day):
                yield one.award.member_id, key, back
