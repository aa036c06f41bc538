"""A Kafka that asks who you are and what you may: with passwords, over TLS as well, and with access control lists.

Whoever comes by its plain listener is its administrator; that is how tests set it up.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stack.home import Home
from stack.kafka import Kafka
from stack.ports import LOOPBACK
from tests.support.waiting import eventually_sync

PASSWORD = "a-password-9Qx"
MECHANISM = "SCRAM-SHA-512"
START_SECONDS = 60

SECURED = """
listeners=PLAINTEXT://{host}:{port},PASSWORDS://{host}:{sasl},TLS://{host}:{tls},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port},PASSWORDS://{host}:{sasl},TLS://{host}:{tls}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PASSWORDS:SASL_PLAINTEXT,TLS:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.passwords.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.tls.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.certificate.chain={certificate}
ssl.keystore.key={key}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""


@dataclass(frozen=True, slots=True)
class SecuredKafka:
    """Its addresses, and the file with the certificate to believe."""

    plain: str
    passwords: str
    tls: str
    certificate: Path

    def over_passwords(self, user: str, password: str = PASSWORD) -> dict[str, str]:
        """librdkafka's settings for a user, over SASL_PLAINTEXT."""
        return {
            "bootstrap.servers": self.passwords,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": MECHANISM,
            "sasl.username": user,
            "sasl.password": password,
        }

    def over_tls(self, user: str) -> dict[str, str]:
        """The same over SASL_SSL."""
        tls = {"security.protocol": "SASL_SSL", "ssl.ca.location": str(self.certificate)}
        return {**self.over_passwords(user), "bootstrap.servers": self.tls, **tls}

    def allow(self, user: str, topics: Iterable[str], *operations: AclOperation) -> None:
        """Make the user, and let it do so much with the topics."""
        admin = AdminClient({"bootstrap.servers": self.plain})
        login = UserScramCredentialUpsertion(
            user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD.encode()
        )
        for future in admin.alter_user_scram_credentials([login]).values():
            future.result(10)
        rules = [
            AclBinding(
                ResourceType.TOPIC,
                topic,
                ResourcePatternType.LITERAL,
                f"User:{user}",
                "*",
                operation,
                AclPermissionType.ALLOW,
            )
            for topic in topics
            for operation in operations
        ]
        for future in admin.create_acls(rules).values() if rules else ():
            future.result(10)


@dataclass(frozen=True, slots=True)
class _Broker(Kafka):
    extra: str

    def _settings(self) -> str:
        return Kafka._settings(self) + self.extra


@contextmanager
def secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """It lives as long as the context."""
    home = Home.at(folder)
    home.create()
    port, controller, sasl, tls = _free_ports(4)
    certificate, key = _certificate()
    file = folder / "ca.pem"
    file.write_text(certificate)
    ports = {"host": LOOPBACK, "port": port, "sasl": sasl, "tls": tls, "controller": controller}
    extra = SECURED.format(**ports, certificate=_line(certificate), key=_line(key))
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    broker = _Broker(home, port, controller, lambda done, total: None, environment, extra)
    broker.prepare()
    with (folder / "kafka.log").open("wb") as log:
        command = broker.java("kafka.Kafka", str(broker.settings))
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        eventually_sync(lambda: _ready(broker, process, folder / "kafka.log"), START_SECONDS)
        yield SecuredKafka(f"{LOOPBACK}:{port}", f"{LOOPBACK}:{sasl}", f"{LOOPBACK}:{tls}", file)
    finally:
        process.kill()
        process.wait()


def _ready(broker: Kafka, process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(log.read_text())
    return broker.is_ready()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_sockets:
        probes = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _certificate() -> tuple[str, str]:
    """A certificate that signs itself, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "laurel test")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK)), x509.DNSName("localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain_key = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem).decode(), plain_key.decode()


def _line(text: str) -> str:
    return text.strip().replace("\n", "\\n")
