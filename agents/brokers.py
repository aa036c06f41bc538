"""How the worker reaches Kafka: the librdkafka settings it shares with the relay, in Faust's and aiokafka's terms."""

import asyncio
import ssl
from collections.abc import Collection
from typing import Any

import faust
import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from loyalty.settings import Settings

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0

PREFIXES = ("security.", "sasl.", "ssl.", "enable.ssl.", "enable.sasl.")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
TAKEN = frozenset(
    {
        "security.protocol",
        "sasl.mechanism",
        "sasl.mechanisms",
        "sasl.username",
        "sasl.password",
        "ssl.ca.location",
        "ssl.ca.pem",
        "ssl.certificate.location",
        "ssl.key.location",
        "ssl.key.password",
        "ssl.endpoint.identification.algorithm",
        "enable.ssl.certificate.verification",
    }
)
"""The settings of security that the worker can translate: its client is aiokafka, which is not librdkafka."""

log = structlog.get_logger()


class UnsupportedKafkaSetting(ValueError):
    """The worker cannot connect with these LAUREL_KAFKA_SETTINGS."""


def broker_urls(settings: Settings) -> list[str]:
    """The brokers as Faust takes them."""
    return [f"kafka://{address.strip()}" for address in settings.kafka_bootstrap.split(",")]


def credentials_of(settings: Settings) -> Any:
    """What Faust needs to sign in, None for a plain connection. Raises UnsupportedKafkaSetting."""
    kafka = _understood(settings.kafka_client)
    match kafka.get("security.protocol", "plaintext").lower():
        case "plaintext":
            return None
        case "ssl":
            return faust.SSLCredentials(context=_tls(kafka))
        case "sasl_plaintext":
            return _sasl(kafka, None)
        case "sasl_ssl":
            return _sasl(kafka, _tls(kafka))
        case other:
            raise UnsupportedKafkaSetting(f"security.protocol {other!r}")


def _understood(kafka: dict[str, str]) -> dict[str, str]:
    """Settings of security are taken or refused, never passed over; the others are librdkafka's own affair."""
    security = {name for name in kafka if name.startswith(PREFIXES)}
    strange = sorted(security - TAKEN)
    if strange or _mechanism(kafka) not in MECHANISMS:
        raise UnsupportedKafkaSetting(
            f"the worker cannot sign in with {', '.join(strange) or 'this sasl.mechanism'}: it takes "
            f"{', '.join(sorted(TAKEN))}, and the mechanisms {', '.join(MECHANISMS)}"
        )
    return kafka


async def wait_for_topics(settings: Settings, topics: Collection[str]) -> None:
    """Returns when Kafka answers and the topics exist: Faust would ignore a missing one for good."""
    pause_seconds = FIRST_PAUSE_SECONDS
    while missing := await _missing(settings, topics):
        log.warning("waiting for Kafka", missing=missing, pause_seconds=pause_seconds)
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)


async def _missing(settings: Settings, topics: Collection[str]) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap, **_admin_security(settings))
    try:
        await admin.start()
        return sorted(set(topics) - set(await admin.list_topics()))
    except (KafkaError, OSError) as error:
        return [f"brokers at {settings.kafka_bootstrap} ({error!r})"]
    finally:
        await admin.close()


def _admin_security(settings: Settings) -> dict[str, Any]:
    kafka = _understood(settings.kafka_client)
    protocol = kafka.get("security.protocol", "plaintext").upper()
    security: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        security["ssl_context"] = _tls(kafka)
    if protocol.startswith("SASL"):
        security["sasl_mechanism"] = _mechanism(kafka)
        security["sasl_plain_username"] = kafka.get("sasl.username")
        security["sasl_plain_password"] = kafka.get("sasl.password")
    return security


def _tls(kafka: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=kafka.get("ssl.ca.location"), cadata=kafka.get("ssl.ca.pem"))
    context.check_hostname = kafka.get("ssl.endpoint.identification.algorithm", "https") != "none"
    if kafka.get("enable.ssl.certificate.verification", "true") == "false":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate := kafka.get("ssl.certificate.location"):
        context.load_cert_chain(certificate, kafka.get("ssl.key.location"), kafka.get("ssl.key.password"))
    return context


def _mechanism(kafka: dict[str, str]) -> str:
    return kafka.get("sasl.mechanism", kafka.get("sasl.mechanisms", "PLAIN")).upper()


def _sasl(kafka: dict[str, str], context: ssl.SSLContext | None) -> Any:
    return faust.SASLCredentials(
        mechanism=_mechanism(kafka),
        username=kafka.get("sasl.username"),
        password=kafka.get("sasl.password"),
        ssl_context=context,
    )
