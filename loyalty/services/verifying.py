"""Proving the ledger from its first entry: every rule that the books must follow, checked on every row.

All checks read one snapshot, so the ledger may be in use meanwhile.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from loyalty.store import verification
from loyalty.store.database import Connection
from loyalty.store.verification import Findings

FINDINGS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of the ledger, and the query that finds what breaks it."""

    name: str
    rule: str
    query: str


CHECKS = (
    Check("entries", "Every entry has at least two postings that sum to zero.", "find_unbalanced_entries"),
    Check("accounts", "An entry touches no other member's accounts.", "find_foreign_postings"),
    Check("sequence", "A member's entries are numbered from 1 without holes, as booked.", "find_broken_sequences"),
    Check("balances", "Each entry left the balance that the entries add up to.", "find_broken_balances"),
    Check("wallets", "Wallets are the sums of their postings, entries and awards.", "find_wrong_wallets"),
    Check("lots", "Points made available are in a lot of their own.", "find_wrong_lots"),
    Check("remainders", "What is left of a lot is its points less the draws.", "find_wrong_remainders"),
    Check("draws", "Points spent are drawn from the member's own, earlier lots.", "find_wrong_draws"),
    Check("cover", "Open lots add up to what is available.", "find_uncovered_balances"),
    Check("awards", "Awards and the entries that book them agree.", "find_wrong_awards"),
    Check("redemptions", "Redemptions and the entries that pay for them agree.", "find_wrong_redemptions"),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that was made."""

    check: Check
    findings: Findings


async def verify_ledger(conn: Connection) -> AsyncIterator[Checked]:
    """Makes every check, one after the other. The caller's transaction must be of one snapshot (repeatable read)."""
    for check in CHECKS:
        yield Checked(check, await verification.find(conn, check.query, FINDINGS_SHOWN))
