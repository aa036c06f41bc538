"""Settings: read once in the entry point from LAUREL_… variables (or .laurel/env), then passed down."""

import re
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, PostgresDsn, RedisDsn, SecretStr, TypeAdapter, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from loyalty.domain.webhook import Network, networks
from loyalty.setting_files import SettingFiles

ForwardedHeader: TypeAlias = Literal["x-forwarded-for", "forwarded"]
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")

_SETTINGS_FILE = TypeAdapter(dict[str, str])


class Settings(BaseSettings):
    """All of Laurel's settings. Secrets are SecretStr: printing the settings shows none of them."""

    model_config = SettingsConfigDict(env_prefix="LAUREL_", frozen=True, extra="ignore")

    database_url: PostgresDsn = Field(description="PostgreSQL, the truth")
    redis_url: RedisDsn = Field(description="Valkey or Redis: cache, rate limits, bell")
    kafka_bootstrap: str = Field("127.0.0.1:9092", description="host:port[,host:port]")
    kafka_settings: dict[str, str] = Field(default_factory=dict, description="any librdkafka setting, as JSON")
    kafka_settings_file: Path | None = Field(None, description="a JSON file with more of them: for secrets; it wins")
    kafka_partitions: int = Field(8, ge=1, le=1000, description="partitions of each topic made by `laurel topics`")
    topic_prefix: str = Field("", max_length=100, description="put before every topic name; for shared brokers")

    signing_key: SecretStr = Field(min_length=32, description="256 bits or more, base64url: signs access tokens")
    access_token_seconds: int = Field(900, ge=30, le=86_400)
    refresh_token_seconds: int = Field(30 * 86_400, ge=60)
    transaction_trust: Literal["open", "receipt"] = Field("receipt", description="who may claim a purchase")

    customer_api_host: str = "127.0.0.1"
    customer_api_port: int = Field(8101, ge=1, le=65_535)
    admin_api_host: str = "127.0.0.1"
    admin_api_port: int = Field(8102, ge=1, le=65_535)
    api_workers: int = Field(1, ge=1, le=64, description="processes an API runs")
    api_connections_limit: int = Field(15_000, ge=10, description="connections that each process of an API keeps open")
    rate_limit_per_minute: int = Field(600, ge=1, description="requests a caller may make in a minute")
    login_limit_per_minute: int = Field(10, ge=1, description="logins per account and per address in a minute")
    body_limit_bytes: int = Field(1_000_000, ge=1_000)
    request_timeout_seconds: float = Field(15.0, gt=0, description="how long a request may take to arrive")
    response_timeout_seconds: float = Field(30.0, gt=0, description="how long an answer may take")

    stop_delay_seconds: float = Field(
        0.0, ge=0, le=300, description="how long an API that is asked to stop says so and goes on, before it refuses"
    )
    trusted_proxies: str = Field(
        "", description="proxies whose word on where a request comes from is taken: CIDRs with commas between"
    )
    forwarded_header: ForwardedHeader = Field("x-forwarded-for", description="the header in which they give it")
    cors_origins: str = Field("", description="origins whose pages may ask the APIs, with commas between")

    database_pool_size: int = Field(10, ge=1, le=1000, description="connections a process may open")
    database_wait_seconds: float = Field(3.0, gt=0, description="how long a request waits for a connection")
    statement_timeout_seconds: float = Field(10.0, gt=0)

    worker_id: str | None = Field(
        None,
        pattern=r"^[a-zA-Z0-9_.-]{1,80}$",
        description="a worker's lasting name in its Kafka group, its own alone; by default its host and health port",
    )
    worker_batch_events: int = Field(500, ge=1, le=500)
    worker_lanes: int = Field(2, ge=1, le=16, description="batches of one flow that are in hand at a time")
    worker_stock_consumer: bool = Field(False, description="use Faust's own consumer instead of the fast one")
    worker_health_port: int = Field(8103, ge=0, le=65_535)
    worker_housekeeping_every_seconds: float = Field(10.0, gt=0, description="how often the journal is sealed")
    worker_inbox_days: int = Field(45, ge=1, description="how long events that were handled are remembered by name")
    worker_reconcile_every_seconds: float = Field(60.0, gt=0, description="how often the reconciler looks")
    worker_reconcile_after_seconds: float = Field(
        600.0, gt=0, description="what was not processed for so long is told of again"
    )
    worker_timed_every_seconds: float = Field(1.0, gt=0, description="how often points are released and expired")
    worker_webhooks_every_seconds: float = Field(1.0, gt=0, description="how often webhooks are looked after")
    webhook_allowed_networks: str = Field(
        "", description="networks that webhooks may go to though they are not public: CIDRs with commas between"
    )
    dead_letters_per_hour: int = Field(100, ge=1, description="more than these stop the worker")
    relay_metrics_port: int = Field(8104, ge=0, le=65_535)

    admin_email: str | None = Field(None, description="first administrator, made by `laurel admin ensure` when absent")
    admin_password: SecretStr | None = None

    log_format: Literal["console", "json"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @cached_property
    def kafka_client(self) -> dict[str, str]:
        """The librdkafka settings: of the variable, over them those of the file. Raises OSError or ValueError."""
        file = self.kafka_settings_file
        return {**self.kafka_settings, **({} if file is None else _SETTINGS_FILE.validate_json(file.read_bytes()))}

    @field_validator("webhook_allowed_networks", "trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        networks(value)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        if wrong := [origin for origin in _listed(value) if not ORIGIN.fullmatch(origin)]:
            raise ValueError(f"{wrong[0]} is not an origin such as https://shop.example")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given, then the environment, then files that it names, then the env file."""
        return init_settings, env_settings, SettingFiles(settings_cls), dotenv_settings

    @cached_property
    def proxy_networks(self) -> tuple[Network, ...]:
        """The proxies whose word on where a request comes from is taken."""
        return networks(self.trusted_proxies)

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may ask the APIs."""
        return _listed(self.cors_origins)

    @cached_property
    def webhook_networks(self) -> tuple[Network, ...]:
        """The networks that webhooks may go to though they are not public."""
        return networks(self.webhook_allowed_networks)

    @cached_property
    def database_dsn(self) -> str:
        return str(self.database_url)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def load_settings(env_file: Path | None = None) -> Settings:
    """Settings from the environment, completed from `env_file` where a variable is not set.

    Raises pydantic.ValidationError naming each variable that is missing or wrong.
    """
    return Settings(_env_file=env_file)
