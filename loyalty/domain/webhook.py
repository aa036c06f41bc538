"""What a webhook is, apart from sending it: its signature, its schedule of attempts, the addresses it may go to.

Signatures and headers are those of Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over the id,
the time in seconds and the body, with dots between; several signatures while a secret is replaced.
"""

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SECRET_MARK = "whsec_"  # noqa: S105  # how a secret begins
SECRET_BYTES = 32

RETRY_AFTER: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long after each failed attempt the next one comes: three days in all, as Standard Webhooks advises."""
DISABLED_AFTER = timedelta(days=5)
"""An endpoint that has failed for so long, without a success between, is told nothing more."""

EMBEDDED_IPV4 = tuple(
    IPv6Network(text) for text in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""IPv6 networks whose addresses lead to an IPv4 address that they carry."""

NAMES_OF_NO_ONE = ("localhost", "local", "internal", "lan", "home", "corp")
"""Last labels that no name on the internet has."""
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


def new_secret(random: bytes) -> str:
    """A secret as its owner sees it."""
    return SECRET_MARK + base64.b64encode(random).decode()


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The webhook-signature header: one signature for each secret. Raises ValueError for what is no secret."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        f"v1,{base64.b64encode(hmac.digest(_key(one), signed, hashlib.sha256)).decode()}" for one in secrets
    )


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None when they were all that there are."""
    return RETRY_AFTER[attempts - 1] if attempts <= len(RETRY_AFTER) else None


def check_url(url: str, allowed: Sequence[Network]) -> str | None:
    """What is wrong with a URL as an endpoint's; None when nothing is. A name is looked up when it is called."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not a URL"
    if parts.scheme not in ("https", "http") or not host:
        return "Give an https URL"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "A URL of an endpoint has no user, password or fragment"
    try:
        literal = ip_address(host)
    except ValueError:
        return _wrong_with_name(host, allowed) or (None if parts.scheme == "https" else "Give an https URL")
    if not may_be_called(literal, allowed):
        return "This address is not public"
    return None if parts.scheme == "https" or is_allowed(literal, allowed) else "Give an https URL"


def _wrong_with_name(host: str, allowed: Sequence[Network]) -> str | None:
    """Resolvers take 2130706433, 0x7f.1 and 127.1 for 127.0.0.1: what ends in a number is meant as an address.

    (https://url.spec.whatwg.org/#ends-in-a-number-checker.)
    """
    labels = unicodedata.normalize("NFKC", host).lower().rstrip(".").split(".")
    if NUMBER.fullmatch(labels[-1]):
        return "Write the address with four decimal numbers"
    if not allowed and (labels[-1] in NAMES_OF_NO_ONE or len(labels) == 1):
        return "This name is not public"
    return None


def may_be_called(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the address is on the internet, or in a network that the operator allows.

    What is neither could be a service of our own that trusts whoever reaches it.
    """
    if is_allowed(address, allowed):
        return True
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return may_be_called(address.ipv4_mapped, allowed)
        if any(address in network for network in EMBEDDED_IPV4):
            return False
    return address.is_global and not address.is_multicast


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the operator allows the address."""
    return any(address in network for network in allowed if network.version == address.version)


def networks(text: str) -> tuple[Network, ...]:
    """Networks as a setting names them: CIDRs with commas between. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _key(secret: str) -> bytes:
    if not secret.startswith(SECRET_MARK):
        raise ValueError("a webhook's secret begins with whsec_")
    return base64.b64decode(secret.removeprefix(SECRET_MARK), validate=True)
