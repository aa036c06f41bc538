"""What a replay came to: as a table for people, as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.journey.watching import percentile


@dataclass(frozen=True, slots=True)
class Login:
    """A member who can sign in. The password is derived from the program's signing key: the same at every replay."""

    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the answer of a POST until its points were pushed to the member."""

    p50_ms: float | None
    p99_ms: float | None
    samples: int
    unseen: int
    members_watched: int

    @classmethod
    def of(cls, milliseconds: list[float], unseen: int, members_watched: int) -> Latency:
        """`milliseconds` smallest first."""
        p50, p99 = (percentile(milliseconds, share) for share in (0.5, 0.99))
        return cls(_tenths(p50), _tenths(p99), len(milliseconds), unseen, members_watched)


@dataclass(frozen=True, slots=True)
class Redemptions:
    """Redemptions of this replay by outcome, and the rejected ones by reason."""

    completed: int = 0
    rejected: int = 0
    pending: int = 0
    already_asked: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """`recorded` purchases are new by this replay, `already_recorded` were there before.

    `seconds` is the sending alone, `settled_seconds` until the last award was booked.
    """

    baskets: int
    recorded: int
    already_recorded: int
    rejected: int
    rejections: Mapping[str, int]
    first_rejections: Mapping[str, Mapping[str, Any]]
    undecided: int
    dead_letters: int
    seconds: float
    settled_seconds: float
    baskets_per_second: float
    points_issued: int
    latency: Latency
    redemptions: Redemptions
    retries: Mapping[str, int]
    members: int
    merchants: int
    seed: int
    logins: tuple[Login, ...]

    @property
    def ok(self) -> bool:
        """Whether everything was sent, accepted and decided."""
        return not (self.rejected or self.undecided or self.dead_letters or self.redemptions.pending)

    def to_json(self) -> dict[str, Any]:
        """JSON types. Passwords are left out: files get around."""
        return {**asdict(self), "logins": [login.email for login in self.logins], "ok": self.ok}


def show(console: Console, summary: Summary) -> None:
    """Print the summary as a table."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _rows(summary):
        table.add_row(Text(name, "bold"), Text(value))
    console.print(table, highlight=False)


def _rows(summary: Summary) -> list[tuple[str, str]]:
    rows = [
        ("Purchases", _purchases(summary)),
        ("Speed", f"{summary.seconds:,.1f} s, {summary.baskets_per_second:,.0f} baskets/s"),
        ("Points issued", f"{summary.points_issued:,}"),
        ("Seen by the member", _latency(summary.latency)),
        ("Redemptions", _redemptions(summary.redemptions)),
        ("Members, merchants", f"{summary.members:,}, {summary.merchants:,}"),
    ]
    for code, problem in summary.first_rejections.items():
        rows.append((f"First {code}", _problem(problem)))
    if summary.retries:
        rows.append(("Asked again", _counts(summary.retries)))
    return rows + [("Member", f"{login.email}  {login.password}") for login in summary.logins]


def _purchases(summary: Summary) -> str:
    parts = [f"{summary.recorded:,} recorded"]
    if summary.already_recorded:
        parts.append(f"{summary.already_recorded:,} were there already: nothing was done for them")
    if summary.rejected:
        parts.append(f"{summary.rejected:,} refused ({_counts(summary.rejections)})")
    if summary.undecided:
        parts.append(f"{summary.undecided:,} not yet decided")
    if summary.dead_letters:
        parts.append(f"{summary.dead_letters:,} dead letters")
    return ", ".join(parts)


def _problem(problem: Mapping[str, Any]) -> str:
    where = [f"{error['pointer']}: {error['detail']}" for error in problem.get("errors") or []]
    return "; ".join([str(problem.get("detail", problem)), *where])


def _latency(latency: Latency) -> str:
    if latency.p50_ms is None:
        return "nothing to measure"
    sample = f"{latency.samples:,} purchases of {latency.members_watched} watched members"
    return f"p50 {latency.p50_ms:,.1f} ms, p99 {latency.p99_ms:,.1f} ms after the answer ({sample})"


def _redemptions(redemptions: Redemptions) -> str:
    text = f"{redemptions.completed:,} completed, {redemptions.rejected:,} rejected"
    if redemptions.reasons:
        text += f" ({_counts(redemptions.reasons)})"
    if redemptions.pending:
        text += f", {redemptions.pending:,} pending"
    if redemptions.already_asked:
        text += f"; {redemptions.already_asked:,} members had asked before"
    return text


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


def _tenths(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
