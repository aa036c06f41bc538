"""Replays: a draft set of rules over the purchases and custom events that were awarded, in the order of the awards.

The draft meets every member as the member was at each of them (the purchases before, the tier of that time, whatever
the draft's own points would have made of it), and limits that are unused when it begins. What was given is what the
awards say, so refunds and adjustments do not count. A rule is for purchases or for events, so its limits are used by
the one or the other: purchases are replayed first, then events.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.award import Award
from loyalty.domain.money import exponent_of
from loyalty.domain.program import ProgramSettings, Rounding
from loyalty.domain.purchase import MemberFacts
from loyalty.domain.rules import ActiveRule, compile_ruleset
from loyalty.domain.rules.history import History
from loyalty.domain.rules.ruleset import compile_event_rulesets
from loyalty.errors import NotFound
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.drafts import draft_rules
from loyalty.services.past_members import PastMembers
from loyalty.store import custom_events
from loyalty.store import history as store
from loyalty.store import program as programs
from loyalty.store.database import Connection, Record
from schemas.admin.program import Program
from schemas.admin.replays import (
    NewReplay,
    Replay,
    ReplayedMember,
    ReplayedRule,
    ReplayedTier,
    ReplayPoints,
    ReplayResult,
)
from schemas.admin.rules import NewRule, RuleDefinition

MEMBERS_SHOWN = 100


async def request_replay(
    conn: Connection, command: NewReplay, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Replay:
    """A replay that waits for its turn. Raises Invalid with a pointer for everything wrong with the rules."""
    drafts = await draft_rules(conn, command.rules)
    replay = Replay(
        replay_id=make_id(),
        rules=[RuleDefinition.model_validate(draft.definition.to_json()) for draft in drafts],
        from_time=command.from_time,
        to_time=command.to_time,
        status="queued",
        purchases_total=None,
        purchases_done=0,
        result=None,
        error=None,
        requested_by=actor.id,
        requested_at=clock(),
        started_at=None,
        finished_at=None,
    )
    await store.insert_replay(conn, replay)
    requested = Change("rule_replay.requested", "rule_replay", str(replay.replay_id), None, replay)
    await record_change(conn, requested, actor, replay.requested_at)
    return replay


async def get_replay(conn: Connection, replay_id: UUID) -> Replay:
    """Raises NotFound."""
    replay = await store.find_replay(conn, replay_id)
    if replay is None:
        raise NotFound("There is no such replay.")
    return replay


async def cancel_replay(conn: Connection, replay_id: UUID, actor: Actor, clock: Clock) -> Replay:
    """A replay that is over stays as it is. Raises NotFound."""
    before, at = await get_replay(conn, replay_id), clock()
    await store.cancel_replay(conn, replay_id, at)
    after = await get_replay(conn, replay_id)
    if after != before:
        await record_change(
            conn, Change("rule_replay.cancelled", "rule_replay", str(replay_id), before, after), actor, at
        )
    return after


@dataclass(slots=True)
class Replayed:
    """How far a replay is. `result` is there at the end."""

    total: int
    done: int = 0
    result: ReplayResult | None = None


@dataclass(slots=True)
class _Totals:
    """Points by what they are told by, as given and under the draft."""

    actual: Counter[object] = field(default_factory=Counter)
    draft: Counter[object] = field(default_factory=Counter)


async def replay_history(
    conn: Connection,
    definitions: Sequence[NewRule],
    from_time: datetime | None = None,
    to_time: datetime | None = None,
) -> AsyncIterator[Replayed]:
    """How far it is, page by page, and at last what was found. Give it a transaction that is repeatable.

    Raises Invalid for rules that are none.
    """
    drafts = await draft_rules(conn, definitions)
    program = await programs.get_program(conn)
    told = _Telling(await store.read_rulesets(conn), drafts, program)
    members = PastMembers(await store.read_tier_changes(conn))
    progress = Replayed(await store.count_awards(conn))
    async for rows in store.read_awards(conn, from_time, to_time):
        for row in rows:
            if isinstance(row, store.CountedRefund):
                told.give_back(row)
                continue
            told.tell(row, members)
            progress.done += 1
        yield progress
    async for rows in custom_events.read_awards(conn, from_time, to_time):
        for row in rows:
            if isinstance(row, store.CountedRefund):
                told.give_back(row)
            else:
                told.tell_event(row, members)
        yield progress
    progress.result = told.result()
    yield progress


class _Telling:
    """Adds up what was given and what the draft gives."""

    def __init__(self, rulesets: dict[int, store.RulesetOfOld], drafts: Sequence[ActiveRule], program: Program) -> None:
        self._rulesets = rulesets
        self._program = program
        settings = ProgramSettings(program.currency, program.time_zone, Rounding(program.rounding))
        self._draft, self._no_rules = compile_ruleset(drafts, settings), compile_ruleset([], settings)
        self._drafts_for_events = compile_event_rulesets(drafts, settings)
        self._draft_names = {draft.rule_id: draft.definition.name for draft in drafts}
        self._names = {rule.rule_id: rule.definition.name for old in rulesets.values() for rule in old.rules}
        self._past = History()
        self._rules, self._tiers, self._members = _Totals(), _Totals(), _Totals()
        self._tier_purchases, self._tier_events = Counter[str](), Counter[str]()
        self._purchases = self._changed = self._events = self._events_changed = 0

    def tell(self, row: Record, members: PastMembers) -> None:
        facts = members.next(row, self._rulesets.get(row["ruleset_version"]))
        if not row["is_wanted"]:
            return
        to_be_refunded = row["transaction_id"] if row["is_refunded"] else None
        drafted = self._past.award(self._draft, row["member_id"], store.purchase_of(row), facts, to_be_refunded)
        self._purchases += 1
        self._changed += drafted.points != row["points"]
        self._tier_purchases[facts.tier or ""] += 1
        self._add(row, facts, drafted)

    def tell_event(self, row: Record, members: PastMembers) -> None:
        if not row["is_wanted"]:
            return
        facts = members.at(row, self._rulesets.get(row["ruleset_version"]))
        draft = self._drafts_for_events.get(row["event_type"], self._no_rules)
        what = custom_events.happening_of(row, self._program.currency)
        to_be_refunded = row["transaction_id"] if row["is_refunded"] else None
        drafted = self._past.award(draft, row["member_id"], what, facts, to_be_refunded)
        self._events += 1
        self._events_changed += drafted.points != row["points"]
        self._tier_events[facts.tier or ""] += 1
        self._add(row, facts, drafted)

    def _add(self, row: Record, facts: MemberFacts, drafted: Award) -> None:
        member_id, actual = row["member_id"], row["points"]
        for totals, key in ((self._tiers, facts.tier or ""), (self._members, member_id)):
            totals.actual[key] += actual
            totals.draft[key] += drafted.points
        for rule_id, _, points in row["shares"] or ():
            self._rules.actual[self._names.get(UUID(rule_id), rule_id)] += points
        for share in drafted.shares:
            self._rules.draft[self._draft_names[share.rule_id]] += share.points

    def give_back(self, refund: store.CountedRefund) -> None:
        """Limits of the draft get back the part that the member was left without of what was given."""
        self._past.give_back(refund.transaction_id, refund.returned)

    def result(self) -> ReplayResult:
        changes = {m: self._members.draft[m] - self._members.actual[m] for m in self._members.actual}
        ordered = sorted(changes, key=lambda member: (-changes[member], str(member)))
        better = [member for member in ordered if changes[member] > 0]
        worse = [member for member in reversed(ordered) if changes[member] < 0]
        return ReplayResult(
            currency=self._program.currency,
            purchases=self._purchases,
            purchases_changed=self._changed,
            events=self._events,
            events_changed=self._events_changed,
            members=len(changes),
            members_better=len(better),
            members_worse=len(worse),
            points=ReplayPoints(**self._points(self._tiers.actual.total(), self._tiers.draft.total())),
            by_rule=sorted(
                (ReplayedRule(name=str(name), **self._of(self._rules, name)) for name in _keys(self._rules)),
                key=lambda rule: (-abs(rule.difference), rule.name),
            ),
            by_tier=[
                ReplayedTier(
                    tier_code=str(code),
                    purchases=self._tier_purchases[str(code)],
                    events=self._tier_events[str(code)],
                    **self._of(self._tiers, code),
                )
                for code in sorted(_keys(self._tiers), key=str)
            ],
            best_off=[self._member(member) for member in better[:MEMBERS_SHOWN]],
            worst_off=[self._member(member) for member in worse[:MEMBERS_SHOWN]],
        )

    def _member(self, member: object) -> ReplayedMember:
        return ReplayedMember(member_id=UUID(str(member)), **self._of(self._members, member))

    def _of(self, totals: _Totals, key: object) -> "dict[str, int | str]":
        return self._points(totals.actual[key], totals.draft[key])

    def _points(self, actual: int, draft: int) -> "dict[str, int | str]":
        unit = Decimal(1).scaleb(-exponent_of(self._program.currency))
        money = ((draft - actual) * self._program.point_value).quantize(unit, ROUND_HALF_EVEN)
        return {"actual": actual, "draft": draft, "difference": draft - actual, "difference_money": f"{money:f}"}


def _keys(totals: _Totals) -> set[object]:
    return totals.actual.keys() | totals.draft.keys()
