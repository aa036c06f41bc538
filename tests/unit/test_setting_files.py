"""Secrets that are mounted as files: read, refused when they cannot be, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from loyalty.settings import Settings

KEY = "k" * 43
OTHERS = {"LAUREL_DATABASE_URL": "postgresql://a@b/c", "LAUREL_REDIS_URL": "redis://b/0", "LAUREL_SIGNING_KEY": KEY}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*OTHERS, "LAUREL_ADMIN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def given(environment: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        environment.setenv(name, value)
    return Settings()


def without(name: str) -> dict[str, str]:
    return {each: value for each, value in OTHERS.items() if each != name}


@pytest.mark.parametrize("text", [KEY, f"{KEY}\n", f"  {KEY}\r\n"])
def test_a_secret_is_what_its_file_holds(environment: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    settings = given(environment, **without("LAUREL_SIGNING_KEY"), LAUREL_SIGNING_KEY_FILE=str(tmp_path / "key"))
    assert settings.signing_key.get_secret_value() == KEY
    assert KEY not in repr(settings)


def test_any_setting_can_be_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://user:hunter2@db.example/laurel\n")
    (tmp_path / "workers").write_text("3\n")
    settings = given(
        environment,
        **without("LAUREL_DATABASE_URL"),
        LAUREL_DATABASE_URL_FILE=str(tmp_path / "url"),
        LAUREL_API_WORKERS_FILE=str(tmp_path / "workers"),
    )
    assert (settings.database_dsn, settings.api_workers) == ("postgresql://user:hunter2@db.example/laurel", 3)


def test_kafkas_settings_file_is_what_it_was(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kafka").write_text('{"sasl.password": "hunter2"}')
    settings = given(environment, **OTHERS, LAUREL_KAFKA_SETTINGS_FILE=str(tmp_path / "kafka"))
    assert settings.kafka_settings == {}
    assert settings.kafka_client == {"sasl.password": "hunter2"}


@pytest.mark.parametrize("content", [None, b"\xff", b"x" * 70_000, b"short"])
def test_a_file_that_will_not_do_is_named_and_not_shown(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(ValidationError) as refused:
        given(environment, **without("LAUREL_SIGNING_KEY"), LAUREL_SIGNING_KEY_FILE=str(tmp_path / "key"))
    [error] = refused.value.errors(include_input=False)
    assert error["loc"] == ("signing_key",)
    assert "short" not in error["msg"].replace(str(tmp_path), "")
    assert "xxx" not in str(error)


def test_a_setting_given_twice_is_refused(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    with pytest.raises(ValidationError, match="which one holds"):
        given(environment, **OTHERS, LAUREL_SIGNING_KEY_FILE=str(tmp_path / "key"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trusted_proxies", "10.0.0.0/33"),
        ("trusted_proxies", "proxy.example"),
        ("cors_origins", "*"),
        ("cors_origins", "https://shop.example/"),
        ("cors_origins", "shop.example"),
        ("cors_origins", "null"),
        ("forwarded_header", "x-real-ip"),
    ],
)
def test_what_is_no_network_and_no_origin_is_refused(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        given(environment, **OTHERS, **{f"LAUREL_{name.upper()}": value})
    assert refused.value.errors()[0]["loc"] == (name,)
