"""The stage of the campaigns against the outbox: a database and all of Laurel's topics, each with a few partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from schemas.events import EVENTS
from tests.support.outbox import Stage, StartRelay, relay_starter, staged
from tests.support.processes import LaurelProcess

PARTITIONS = 3


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, list(EVENTS), topic_prefix, PARTITIONS) as found:
        yield found


@pytest.fixture
def start_relay(laurel_process: Callable[..., LaurelProcess], stage: Stage) -> StartRelay:
    return relay_starter(laurel_process, stage.topics)
