"""Ports: those the user fixed are taken or named, others are found, and two stacks do not meet."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.errors import PortTakenError
from stack.home import Home
from stack.ports import LOOPBACK, PREFERRED, reserved

FIXED = "LAUREL_CUSTOMER_API_PORT"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.at(tmp_path)
    made.create()
    return made


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def test_every_port_is_chosen_once(home: Home) -> None:
    with reserved(home, {}) as ports:
        assert set(ports) == set(PREFERRED)
        assert len(set(ports.values())) == len(PREFERRED)


def test_a_fixed_port_that_is_taken_is_named_with_its_owner(home: Home, listener: socket.socket) -> None:
    taken = port_of(listener)
    expected = rf"port {taken} \({FIXED}\) is taken by .*process \d+"
    with pytest.raises(PortTakenError, match=expected), reserved(home, {FIXED: str(taken)}):
        pass


@pytest.mark.parametrize("value", ["eighty", "-1", "0", "65536", "80.5"])
def test_a_fixed_port_must_be_one(home: Home, value: str) -> None:
    with pytest.raises(PortTakenError, match=f"{FIXED}={value} is not a port"), reserved(home, {FIXED: value}):
        pass


def test_the_ports_of_the_last_time_come_back(home: Home) -> None:
    with reserved(home, {}) as first:
        pass
    with reserved(home, {}) as second:
        assert second == first


def test_a_port_that_was_taken_meanwhile_is_replaced(home: Home, listener: socket.socket) -> None:
    home.write_variables(home.ports_file, {FIXED: str(port_of(listener))})
    with reserved(home, {}) as ports:
        assert ports[FIXED] != port_of(listener)


def test_two_stacks_that_start_together_choose_apart(home: Home, tmp_path: Path) -> None:
    other = Home.at(tmp_path / "other")
    other.create()
    with reserved(home, {}) as mine, reserved(other, {}) as theirs:
        assert not set(mine.values()) & set(theirs.values())
        with pytest.raises(PortTakenError), reserved(other, {FIXED: str(mine[FIXED])}):
            pass


def test_connections_that_are_still_closing_do_not_keep_a_port(home: Home) -> None:
    server = socket.create_server((LOOPBACK, 0))
    port = port_of(server)
    client = socket.create_connection((LOOPBACK, port))
    accepted, _ = server.accept()
    accepted.close()
    client.close()
    server.close()
    with reserved(home, {FIXED: str(port)}) as ports:
        assert ports[FIXED] == port
