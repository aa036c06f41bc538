"""Access tokens prove one caller to one API, for a time, by one algorithm."""

from __future__ import annotations

import base64
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import SecretStr

from api.kit.routes import Role
from api.kit.tokens import AccessTokens, mint_access_token
from loyalty.errors import Unauthenticated

KEY = SecretStr("k" * 43)
OTHER_KEY = SecretStr("o" * 43)
SUBJECT = UUID("019a0000-0000-7000-8000-000000000001")


def _encode(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _signed(claims: dict[str, object], algorithm: str = "HS256", key: SecretStr = KEY) -> str:
    secret = OctKey.import_key(key.get_secret_value())
    return jwt.encode({"alg": algorithm}, claims, secret, algorithms=[algorithm])


CLAIMS: dict[str, object] = {"iss": "laurel", "aud": "customer", "sub": str(SUBJECT), "exp": 4_000_000_000}


def test_a_token_proves_its_subject() -> None:
    principal = AccessTokens(KEY, "customer").check(mint_access_token(KEY, SUBJECT, "customer", seconds=60))
    assert (principal.kind, principal.id, principal.role) == ("member", SUBJECT, None)


def test_an_administrators_token_proves_the_role() -> None:
    token = mint_access_token(KEY, SUBJECT, "admin", seconds=60, role=Role.OPERATOR)
    principal = AccessTokens(KEY, "admin").check(token)
    assert (principal.kind, principal.role) == ("admin", Role.OPERATOR)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "a.b.c",
        "x" * 3_000,
        "é.é.é",
        mint_access_token(OTHER_KEY, SUBJECT, "customer", seconds=60),
        mint_access_token(KEY, SUBJECT, "admin", seconds=60, role=Role.ADMIN),
        mint_access_token(KEY, SUBJECT, "customer", seconds=-1),
        _signed(CLAIMS, "HS512"),
        _signed(CLAIMS | {"aud": ["admin"]}),
        _signed(CLAIMS | {"iss": "another"}),
        _signed(CLAIMS | {"sub": "ada"}),
        _signed(CLAIMS | {"exp": None}),
        _signed({name: value for name, value in CLAIMS.items() if name != "exp"}),
        _signed({name: value for name, value in CLAIMS.items() if name != "sub"}),
        f"{_encode({'alg': 'none'})}.{_encode(CLAIMS)}.",
        f"{_encode({'alg': 'HS256'})}.{_encode(CLAIMS)}.",
    ],
)
def test_what_proves_nothing_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        AccessTokens(KEY, "customer").check(token)


def test_an_administrators_token_without_a_role_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        AccessTokens(KEY, "admin").check(mint_access_token(KEY, SUBJECT, "admin", seconds=60))


@given(st.data())
def test_a_token_that_was_changed_anywhere_is_refused(data: st.DataObject) -> None:
    token = mint_access_token(KEY, SUBJECT, "customer", seconds=60)
    at = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.sampled_from("ABCXYZabcxyz0189-_."))
    changed = token[:at] + other + token[at + 1 :]
    if changed != token:
        with pytest.raises(Unauthenticated):
            AccessTokens(KEY, "customer").check(changed)


def test_a_token_that_was_good_expires_all_the_same() -> None:
    moment = [1_000_000.0]
    tokens = AccessTokens(KEY, "customer", now=lambda: moment[0])
    token = mint_access_token(KEY, SUBJECT, "customer", seconds=60, now=lambda: moment[0])
    assert tokens.check(token) is tokens.check(token)
    moment[0] += 60
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            tokens.check(token)
