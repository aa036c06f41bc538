#!/usr/bin/env python3
"""Verifies a file of `laurel ledger export` from its first entry: sums, balances, lots and the chain of hashes.

    python3 verify_ledger.py FILE [ENTRY:HASH]

It shares nothing with Laurel and needs nothing but Python 3.11: read it, then trust it. docs/proof.md has the format.
ENTRY:HASH is an end of the chain that was noted down earlier: the chain must still go through it.
Exit status: 0 when the ledger holds; else 1, and the first bad entry is named.
"""

import json
import sys
from collections import Counter
from hashlib import sha256
from typing import Any

AVAILABLE, PENDING = "member.available", "member.pending"


def demand(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise SystemExit(f"{where}: {what}")


class Ledger:
    def __init__(self, noted: str) -> None:
        self.noted = noted
        self.points: Counter[tuple[str, str]] = Counter()  # of a member, on an account
        self.entries: Counter[str] = Counter()  # of a member
        self.lots: dict[int, list[Any]] = {}  # whose it is, what is left
        self.last, self.hash, self.sealed, self.lines, self.ended = 0, bytes(32), True, 0, False

    def chain(self, line: bytes, number: int, seal: str | None) -> None:
        where = f"entry {number}"
        self.hash = sha256(self.hash + line.split(b', "entry": ', 1)[1][:-2]).digest()
        demand(seal is None or self.sealed, where, "an entry before it was put in, or lost its seal")
        demand(seal in (None, self.hash.hex()), where, "it is not what was sealed")
        if self.noted.startswith(f"{number}:"):
            demand(self.noted == f"{number}:{seal}", where, "its hash is not the one that was noted down")
            self.noted = ""
        demand(number > self.last, where, "out of order, or there twice")
        self.last, self.sealed = number, seal is not None

    def entry(self, line: bytes, record: dict[str, Any]) -> None:
        entry = record["entry"]
        demand(entry is not None, f"after entry {self.last}", "a sealed entry is missing")
        self.chain(line, entry["entry"], record["hash"])
        where, member, in_lots = f"entry {entry['entry']}", entry["member"], 0
        demand(len(entry["postings"]) > 1, where, "it has fewer than two postings")
        demand(sum(points for _, _, points in entry["postings"]) == 0, where, "its postings do not sum to zero")
        for account, holder, points in entry["postings"]:
            demand(holder == (member if account[:7] == "member." else None), where, "posted to another member")
            self.points[holder, account] += points
            in_lots += points if account in (AVAILABLE, PENDING) else 0
        self.entries[member] += 1
        demand(entry["seq"] == self.entries[member], where, f"seq {entry['seq']}: another is missing before it")
        demand(entry["available_after"] == self.points[member, AVAILABLE], where, "available_after is not the sum")
        for lot, points in entry["draws"]:
            owner, left = self.lots.get(lot, (None, 0))
            demand(owner == member and left >= points, where, f"lot {lot} does not hold {points} for the member")
            self.lots[lot][1] -= points
        self.lots |= {lot: [member, points] for lot, points in entry["lots"]}
        moved = sum(points for _, points in entry["lots"]) - sum(points for _, points in entry["draws"])
        demand(in_lots == moved, where, f"{in_lots} points became available or pending, its lots say {moved}")

    def wallet(self, _: bytes, record: dict[str, Any]) -> None:
        member = record["wallet"]
        booked = [self.points.pop((member, f"member.{name}"), 0) for name in ("pending", "available", "held")]
        booked.append(-self.points.pop((member, "member.owed"), 0))
        booked.append(self.entries.pop(member, 0))
        stored = [record[name] for name in ("pending", "available", "held", "owed", "entries")]
        demand(stored == booked, f"wallet of member {member}", f"holds {stored}, booked are {booked}")

    def lot(self, _: bytes, record: dict[str, Any]) -> None:
        stored, booked = [record["member"], record["remaining"]], self.lots.pop(record["lot"], None)
        demand(stored == booked, f"lot {record['lot']}", f"has {stored}, booked are {booked}")

    def end(self, _: bytes, record: dict[str, Any]) -> None:
        demand(record["end"] == self.lines, "end", f"the file has {self.lines} lines, not {record['end']}")
        demand(not self.noted, "chain", "the entry whose hash was noted down is not there")
        demand(not self.entries, "wallets", f"missing of members {list(self.entries)[:3]}")
        open_lots = [lot for lot, (_, left) in self.lots.items() if left]
        demand(not open_lots, "lots", f"missing {open_lots[:3]}")
        self.ended = True

    def verify(self, path: str) -> None:
        with open(path, "rb") as file:
            demand(next(file, b"") == b'{"laurel_ledger": 1}\n', "line 1", "this is no export of a ledger")
            for line in file:
                record = json.loads(line)
                next(getattr(self, kind) for kind in ("entry", "wallet", "lot", "end") if kind in record)(line, record)
                self.lines += 1
        demand(self.ended, "end", "the file is cut short")
        print(f"The ledger holds: {self.lines} lines, chain {self.last}:{self.hash.hex()}")


if __name__ == "__main__":
    Ledger(sys.argv[2] if len(sys.argv) > 2 else "").verify(sys.argv[1])
