"""Generated credentials: made once for a folder, then kept."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields

from stack.home import Home

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """Each is 256 bits of the system's randomness in base64url: fit for URLs and settings without quoting."""

    postgres_password: str
    database_password: str
    redis_password: str
    signing_key: str
    admin_password: str
    web_session_key: str

    def __repr__(self) -> str:
        return "Credentials(…)"


def load_or_make(home: Home) -> Credentials:
    """The folder's credentials; those that are missing are made and kept first."""
    names = [field.name for field in fields(Credentials)]
    kept = home.read_variables(home.secrets_file)
    found = Credentials(**{name: kept.get(name) or secrets.token_urlsafe(SECRET_BYTES) for name in names})
    home.write_variables(home.secrets_file, asdict(found))
    return found
