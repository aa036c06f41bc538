"""The worker's hold on Faust: what it replaces is what it knows, and what it is called is what is imported."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import faust
import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.transport.consumer import Consumer

import agents
from agents.app import create_app, group_of, name_of
from agents.fast_consumer import FastConsumer, FastTransport, UnknownFaust, use_fast_consumer
from agents.metrics import WorkerMetrics
from agents.watching import PENDING_ERROR
from loyalty.settings import Settings


def settings(**changes: object) -> Settings:
    required = {
        "database_url": "postgresql://x@127.0.0.1/x",
        "redis_url": "redis://127.0.0.1",
        "signing_key": "x" * 43,
        "topic_prefix": "shop.",
    }
    return Settings.model_validate(required | changes)


def app(folder: Path, **changes: object) -> faust.App:
    def no_processor(_: object) -> None:
        raise AssertionError

    return create_app(settings(**changes), [], no_processor, WorkerMetrics(), folder)  # type: ignore[arg-type]


def test_the_agents_are_ours() -> None:
    assert Path(agents.__file__ or "").is_relative_to(Path(__file__).parents[2])


async def test_the_fast_consumer_knows_the_method_it_replaces(tmp_path: Path) -> None:
    made = app(tmp_path)
    assert isinstance(made.transport, FastTransport)
    assert made.transport.Consumer is FastConsumer


async def test_another_faust_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = app(tmp_path, worker_stock_consumer=True)

    async def drained_otherwise(self: object, fetcher: object) -> None:
        return None

    monkeypatch.setattr(Consumer, "_drain_messages", drained_otherwise)
    with pytest.raises(UnknownFaust, match="LAUREL_WORKER_STOCK_CONSUMER"):
        use_fast_consumer(made)


async def test_stock_faust_is_kept_behind_a_setting(tmp_path: Path) -> None:
    assert not isinstance(app(tmp_path, worker_stock_consumer=True).transport, FastTransport)


async def test_workers_of_one_installation_share_a_group_and_differ_in_id(tmp_path: Path) -> None:
    made = app(tmp_path, worker_id="pod-7")
    assert made.conf.id == group_of(settings()) == "shop.laurel-worker"
    assert made.conf.consumer_group_instance_id == "pod-7"
    assert "pod-7" in str(made.conf.canonical_url)
    assert made.conf.stream_wait_empty is False


def test_workers_of_one_host_have_names_of_their_own() -> None:
    assert name_of(settings(worker_health_port=8103)) == name_of(settings(worker_health_port=8103))
    assert name_of(settings(worker_health_port=8103)) != name_of(settings(worker_health_port=8104))
    assert str(os.getpid()) in name_of(settings(worker_health_port=0))
    assert name_of(settings(worker_id="pod-7", worker_health_port=0)) == "pod-7"


def test_a_coordinator_keeps_an_error_that_nobody_takes_where_the_watch_looks() -> None:
    assert f"self.{PENDING_ERROR} = exc" in inspect.getsource(GroupCoordinator._push_error_to_user)
