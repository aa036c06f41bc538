"""What a step of timed work gives: the work itself is in releasing, expiring and the like.

A step does a bounded number of things in the caller's transaction, and nothing twice: what it looks for is what it
changes, so work that was interrupted is found again by the next step.
"""

from dataclasses import dataclass
from uuid import UUID

STEP_ROWS = 500


@dataclass(frozen=True, slots=True)
class Tended:
    """Whose wallets changed, and whether there may be more to do now."""

    changed_members: frozenset[UUID] = frozenset()
    more: bool = False


NOTHING_TENDED = Tended()
