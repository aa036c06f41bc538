"""Cursors: where a list goes on. Signed, so that one made up, changed or taken from another list is refused."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from pydantic import SecretStr

from api.kit.errors import InvalidQuery

Row = TypeVar("Row")

MAC_BYTES = 12


class Cursors:
    """Writes and reads cursors. `scope` names the list and whose it is, so that a cursor is good for it alone."""

    def __init__(self, signing_key: SecretStr) -> None:
        self._key = hashlib.sha256(b"laurel cursors\0" + signing_key.get_secret_value().encode()).digest()

    def write(self, scope: str, position: str) -> str:
        """The cursor of what comes after `position`."""
        return urlsafe_b64encode(self._mac(scope, position.encode()) + position.encode()).decode().rstrip("=")

    def read(self, scope: str, cursor: str | None) -> str | None:
        """The position in a cursor of this scope; None without a cursor. Raises InvalidQuery."""
        if cursor is None:
            return None
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            mac, position = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if hmac.compare_digest(mac, self._mac(scope, position)) and self.write(scope, position.decode()) == cursor:
                return position.decode()
        except ValueError:
            pass
        raise InvalidQuery([("/cursor", "This is not a cursor of this list")])

    def read_id(self, scope: str, cursor: str | None) -> UUID | None:
        """The position in a cursor of a list that is ordered by id. Raises InvalidQuery."""
        position = self.read(scope, cursor)
        return UUID(position) if position is not None else None

    def cut(
        self, scope: str, rows: Sequence[Row], limit: int, position_of: Callable[[Row], object]
    ) -> tuple[Sequence[Row], str | None]:
        """Cuts `limit + 1` rows that were asked for to one page: the rows, and the cursor of the next page if any."""
        if len(rows) <= limit:
            return rows, None
        page = rows[:limit]
        return page, self.write(scope, str(position_of(page[-1])))

    def _mac(self, scope: str, position: bytes) -> bytes:
        return hmac.digest(self._key, scope.encode() + b"\0" + position, "sha256")[:MAC_BYTES]
