"""Secrets that must be read again, kept encrypted: whoever has the database alone has none of them.

JWE (RFC 7516) with a key of 256 bits derived from LAUREL_SIGNING_KEY by HKDF (RFC 5869) for this use alone.
"""

import hashlib
import hmac

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import SecretStr

from loyalty.errors import LaurelError

HEADER = {"alg": "dir", "enc": "A256GCM"}
USE = b"laurel webhook secrets"


class SecretUnreadable(LaurelError):
    """A stored secret cannot be decrypted: LAUREL_SIGNING_KEY is not the one under which it was stored. Rotate it."""

    code = "secret_unreadable"


class SecretBox:
    """Encrypts and decrypts."""

    def __init__(self, signing_key: SecretStr) -> None:
        extracted = hmac.digest(bytes(32), signing_key.get_secret_value().encode(), hashlib.sha256)
        self._key = OctKey.import_key(hmac.digest(extracted, USE + b"\x01", hashlib.sha256))

    def encrypt(self, secret: str) -> str:
        return jwe.encrypt_compact(HEADER, secret.encode(), self._key)

    def decrypt(self, stored: str) -> str:
        """Raises SecretUnreadable."""
        try:
            plain = jwe.decrypt_compact(stored, self._key).plaintext
        except (JoseError, ValueError) as error:
            raise SecretUnreadable from error
        return (plain or b"").decode()
