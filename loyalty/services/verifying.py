"""Proving the ledger from its first entry: every rule that the books must follow, checked on every row.

All checks read one snapshot, so the ledger may be in use meanwhile. All but the last are a query each; the last walks
along the chain of hashes (sealing.py), which finds what all the others cannot: rows that were changed to agree.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass

from loyalty.domain.chain import FIRST_HASH, next_hash
from loyalty.store import seals, verification
from loyalty.store.database import Connection
from loyalty.store.seals import Seal
from loyalty.store.verification import Finding, Findings

FINDINGS_SHOWN = 20
PROGRESS_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of the ledger, and the query that finds what breaks it."""

    name: str
    rule: str
    query: str | None
    of_state: bool = False
    """Whether it finds state that does not follow from the entries, rather than an entry that is wrong."""


CHECKS = (
    Check("entries", "Every entry has at least two postings that sum to zero.", "find_unbalanced_entries"),
    Check("accounts", "An entry touches no other member's accounts.", "find_foreign_postings"),
    Check("references", "What rows of the ledger refer to is there.", "find_dangling_rows"),
    Check("sequence", "A member's entries are numbered from 1 without holes, as booked.", "find_broken_sequences"),
    Check("balances", "Each entry left the balance that the entries add up to.", "find_broken_balances"),
    Check(
        "wallets", "Wallets are the sums of their postings, entries and awards.", "find_wrong_wallets", of_state=True
    ),
    Check("lots", "Points given are in lots of their own, or back in those they left.", "find_wrong_lots"),
    Check("remainders", "What is left of a lot is its points less the draws.", "find_wrong_remainders", of_state=True),
    Check("draws", "Points spent are drawn from the member's own, earlier lots.", "find_wrong_draws"),
    Check(
        "cover",
        "Open lots add up to what is available, pending ones to what is pending.",
        "find_uncovered_balances",
        of_state=True,
    ),
    Check("awards", "Awards and the entries that book them agree.", "find_wrong_awards"),
    Check("redemptions", "Redemptions and the entries that pay for them agree.", "find_wrong_redemptions"),
    Check("refunds", "Refunds and the entries that take points back for them agree.", "find_wrong_refunds"),
    Check("transfers", "Transfers and their two entries agree.", "find_wrong_transfers"),
    Check("chain", "Sealed entries are there, unchanged, with nothing put in between.", None),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that was made."""

    check: Check
    findings: Findings


def say_nothing(_: int) -> None:
    """For whoever does not want to know how far it is."""


async def verify_ledger(
    conn: Connection, *, anchor: Seal | None = None, on_entries: Callable[[int], None] = say_nothing
) -> AsyncIterator[Checked]:
    """Makes every check, one after the other. The caller's transaction must be of one snapshot (repeatable read).

    `anchor` is a seal that was noted down earlier, outside the database: the chain must still go through it.
    `on_entries` is told how many entries of the chain are done.
    """
    for check in CHECKS:
        if check.query is not None:
            yield Checked(check, await verification.find(conn, check.query, FINDINGS_SHOWN))
        else:
            yield Checked(check, await _walk_chain(conn, anchor, on_entries))


def first_bad_entry(done: Collection[Checked]) -> int | None:
    """The earliest entry that is wrong; when only state is wrong, the earliest one that this state belongs to."""
    return _earliest(c for c in done if not c.check.of_state) or _earliest(done)


def _earliest(done: Iterable[Checked]) -> int | None:
    found = (finding.entry_id for checked in done for finding in checked.findings.first)
    return min((entry_id for entry_id in found if entry_id is not None), default=None)


async def _walk_chain(conn: Connection, anchor: Seal | None, on_entries: Callable[[int], None]) -> Findings:
    walk = _Walk(anchor)
    head = await seals.last_seal(conn)
    sealed_to = head.entry_id if head else seals.BEFORE_ALL
    entries = 0
    async for entry_id, line, seal in seals.iter_sealed_lines(conn):
        walk.step(entry_id, line, seal, sealed=entry_id <= sealed_to)
        entries += 1
        if entries % PROGRESS_ENTRIES == 0:
            on_entries(entries)
    return walk.findings()


class _Walk:
    """Along the chain, one entry after the other. After a broken link it goes on from the hash that is stored."""

    def __init__(self, anchor: Seal | None) -> None:
        self._anchor = anchor
        self._anchor_met = anchor is None
        self._before = FIRST_HASH
        self._first: list[Finding] = []
        self._total = 0

    def step(self, entry_id: int, line: str | None, seal: bytes | None, *, sealed: bool) -> None:
        """The next entry, or what is left of it."""
        if line is None:
            self._found(entry_id, "sealed, but no longer there")
        elif seal is None and sealed:
            self._found(entry_id, "not sealed, though later entries are: put in or unsealed afterwards")
        elif seal is not None and next_hash(self._before, line) != seal:
            self._found(entry_id, "not what was sealed: it, or its seal, was changed")
        if self._anchor is not None and entry_id == self._anchor.entry_id:
            self._anchor_met = True
            if seal != self._anchor.hash:
                self._found(entry_id, f"sealed as {seal.hex() if seal else 'nothing'}, not as was noted down")
        self._before = seal or self._before

    def findings(self) -> Findings:
        """What was found on the whole way."""
        if self._anchor is not None and not self._anchor_met:
            self._found(self._anchor.entry_id, "the seal that was noted down is not there")
        return Findings(tuple(self._first), self._total)

    def _found(self, entry_id: int, detail: str) -> None:
        self._total += 1
        if len(self._first) < FINDINGS_SHOWN:
            self._first.append(Finding(entry_id, None, detail))
