"""Proof that the rules explain the ledger: every award reckoned once more from the first, by the rules of its time.

Nothing that the worker remembered is used: the purchase as it was recorded, the rules, settings and tiers of the
version that the award names, the purchases before it, and counters that start at zero. What comes out must be what the
award, its receipt and the journal say, to the point and for each version of a rule.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from loyalty.domain.award import Award
from loyalty.domain.rules.history import History
from loyalty.services.past_members import PastMembers
from loyalty.store import custom_events
from loyalty.store import history as store
from loyalty.store.database import Connection, Record
from loyalty.store.history import CountedRefund, RulesetOfOld

DIFFERENCES_KEPT = 20

Shares = dict[tuple[UUID, int], int]


@dataclass(frozen=True, slots=True)
class Difference:
    """An award that the rules do not explain; of a custom event, transaction_id is the event's."""

    transaction_id: UUID
    member_id: UUID
    ruleset_version: int
    detail: str


@dataclass(slots=True)
class RulesVerified:
    """What was found so far. `unverifiable`: awarded by rules that are not on record, before there was a record."""

    awards: int = 0
    points: int = 0
    differences: int = 0
    unverifiable: int = 0
    first: list[Difference] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.differences

    def note(self, row: Record, details: Sequence[str]) -> None:
        if not details:
            return
        self.differences += 1
        if len(self.first) < DIFFERENCES_KEPT:
            found = Difference(row["transaction_id"], row["member_id"], row["ruleset_version"], "; ".join(details))
            self.first.append(found)


async def verify_rules(conn: Connection) -> AsyncIterator[RulesVerified]:
    """What was found, growing page by page. Give it a transaction that is repeatable."""
    rulesets = await store.read_rulesets(conn)
    members = PastMembers(await store.read_tier_changes(conn))
    past, found = History(), RulesVerified()
    async for rows in store.read_awards(conn):
        for row in rows:
            if isinstance(row, CountedRefund):
                past.give_back(row.transaction_id, row.returned)
                continue
            _check(row, rulesets.get(row["ruleset_version"]), members, past, found)
        yield found
    async for rows in custom_events.read_awards(conn):
        for row in rows:
            if isinstance(row, CountedRefund):
                past.give_back(row.transaction_id, row.returned)
                continue
            _check_event(row, rulesets.get(row["ruleset_version"]), members, past, found)
        yield found
    if not found.awards:
        yield found


def _check(row: Record, rules: RulesetOfOld | None, members: PastMembers, past: History, found: RulesVerified) -> None:
    facts = members.next(row, rules)
    found.awards += 1
    found.points += row["points"]
    if rules is None or (row["status"] == "erased" and rules.ruleset.asks_for_birthdays):
        found.unverifiable += 1
        return
    to_be_refunded = row["transaction_id"] if row["is_refunded"] else None
    reckoned = past.award(rules.ruleset, row["member_id"], store.purchase_of(row), facts, to_be_refunded)
    found.note(row, _differences(row, reckoned))


def _check_event(
    row: Record, rules: RulesetOfOld | None, members: PastMembers, past: History, found: RulesVerified
) -> None:
    found.awards += 1
    found.points += row["points"]
    ruleset = None if rules is None else rules.for_events(row["event_type"])
    if rules is None or ruleset is None or (row["status"] == "erased" and ruleset.asks_for_birthdays):
        found.unverifiable += 1
        return
    what = custom_events.happening_of(row, rules.currency)
    to_be_refunded = row["transaction_id"] if row["is_refunded"] else None
    found.note(
        row, _differences(row, past.award(ruleset, row["member_id"], what, members.at(row, rules), to_be_refunded))
    )


def _differences(row: Record, reckoned: Award) -> list[str]:
    details = []
    if reckoned.points != row["points"]:
        details.append(f"the rules give {reckoned.points} points, the award {row['points']}")
    shares = {(share.rule_id, share.version): share.points for share in reckoned.shares}
    if shares != (told := _told(row)):
        details.append(f"the rules share {_text(shares)}, the receipt {_text(told)}")
    if row["points"] != (booked := row["booked"] or 0):
        details.append(f"the journal has {booked} points, the award {row['points']}")
    return details


def _told(row: Record) -> Shares:
    return {(UUID(rule_id), version): points for rule_id, version, points in row["shares"] or ()}


def _text(shares: Shares) -> str:
    return (
        ", ".join(f"{points} to {rule_id} v{version}" for (rule_id, version), points in sorted(shares.items())) or "0"
    )
