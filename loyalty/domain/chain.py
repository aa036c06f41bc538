"""The hash chain over the journal: each entry's hash covers its text and, through the hash before, all earlier ones.

hash(n) = SHA-256(hash(n - 1) || text of entry n as UTF-8), in the order of the entries' ids; before the first entry the
hash is 32 zero bytes. docs/proof.md states the text byte by byte.
"""

from hashlib import sha256

FIRST_HASH = bytes(32)


def next_hash(before: bytes, line: str) -> bytes:
    """The hash of the entry with this text that follows the entry with the hash `before`."""
    return sha256(before + line.encode()).digest()
