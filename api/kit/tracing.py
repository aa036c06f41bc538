"""Names for a request: its id, and its place in a trace (W3C Trace Context, https://www.w3.org/TR/trace-context/)."""

import re
import secrets

REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,100}")
TRACEPARENT_PATTERN = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


def request_id_of(given: str | None) -> str:
    """The caller's own id when it is a plain one, else a new one."""
    if given is not None and REQUEST_ID_PATTERN.fullmatch(given):
        return given
    return f"req_{secrets.token_hex(12)}"


def continue_trace(given: str | None) -> str:
    """A traceparent for our part of the caller's trace, or of a new trace when none (or a wrong one) was given."""
    found = TRACEPARENT_PATTERN.fullmatch(given) if given else None
    trace_id, flags = (found[1], found[2]) if found else (secrets.token_hex(16), "00")
    return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"
