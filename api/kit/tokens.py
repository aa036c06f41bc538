"""Access tokens: JWTs signed with HS256 and nothing else (RFC 7519, RFC 8725), for one audience each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import SecretStr

from api.kit.routes import Principal, Role
from loyalty.errors import Unauthenticated

Audience = Literal["customer", "admin"]

ISSUER = "laurel"
ALGORITHM = "HS256"
CACHED_TOKENS = 10_000
TOKEN_CHARACTERS_LIMIT = 2_000


def mint_access_token(
    signing_key: SecretStr,
    subject: UUID,
    audience: Audience,
    *,
    seconds: int,
    role: Role | None = None,
    now: Callable[[], float] = time.time,
) -> str:
    """An access token for `subject`, valid for `seconds`. Administrators' tokens carry their role."""
    issued_at = int(now())
    claims: dict[str, object] = {
        "iss": ISSUER,
        "aud": audience,
        "sub": str(subject),
        "iat": issued_at,
        "exp": issued_at + seconds,
    }
    if role is not None:
        claims["role"] = role.name.lower()
    return jwt.encode({"alg": ALGORITHM}, claims, _key(signing_key), algorithms=[ALGORITHM])


class AccessTokens:
    """Checks the access tokens of one audience. A token found good is remembered until it expires."""

    def __init__(self, signing_key: SecretStr, audience: Audience, *, now: Callable[[], float] = time.time) -> None:
        self._key = _key(signing_key)
        self._now = now
        self.audience = audience
        self._good: OrderedDict[str, Principal] = OrderedDict()
        self._registry = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def check(self, token: str) -> Principal:
        """The principal that `token` proves. Raises Unauthenticated when it is not ours, not for here, or expired."""
        principal = self._good.get(token)
        if principal is None:
            principal = self._good[token] = self._decode(token)
            if len(self._good) > CACHED_TOKENS:
                self._good.popitem(last=False)
        if principal.expires_at is not None and principal.expires_at <= self._now():
            self._good.pop(token, None)
            raise Unauthenticated("The access token has expired.")
        return principal

    def _decode(self, token: str) -> Principal:
        if len(token) > TOKEN_CHARACTERS_LIMIT:
            raise Unauthenticated
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            self._registry.validate(claims)
            kind: Literal["member", "admin"] = "member" if self.audience == "customer" else "admin"
            role = Role[claims["role"].upper()] if kind == "admin" else None
            return Principal(kind, UUID(claims["sub"]), role, expires_at=claims["exp"])
        except (JoseError, ValueError, KeyError, AttributeError) as error:
            raise Unauthenticated("The access token is not valid.") from error


def _key(signing_key: SecretStr) -> OctKey:
    return OctKey.import_key(signing_key.get_secret_value())
