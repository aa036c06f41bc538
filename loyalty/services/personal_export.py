"""All that is held of a member as one JSON document, written as it is read."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import orjson

from loyalty.store import exports
from loyalty.store.database import Connection


async def export_member(conn: Connection, member_id: UUID, at: datetime) -> AsyncIterator[bytes]:
    """Parts of the document. Raises NotFound before the first. The caller's transaction must be of one snapshot."""
    member = await exports.get_member(conn, member_id)
    yield b'{"exported_at":' + _json(at) + b',"member":' + _json(member)
    for name in exports.SECTIONS:
        yield b',"%s":[' % name.encode()
        comma = b""
        async for rows in exports.iter_section(conn, name, member_id):
            yield comma + _json(rows)[1:-1]
            comma = b","
        yield b"]"
    yield b"}"


def _json(value: object) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)
