"""Whom a request comes from: a header counts as far as trusted proxies wrote it, and no further."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic import Request
from sanic.compat import Header

from api.kit.addresses import ClientAddresses, limited_as
from loyalty.domain.webhook import networks
from loyalty.settings import ForwardedHeader

PROXY, INNER, CLIENT = "10.0.0.1", "10.0.0.2", "203.0.113.7"
TRUSTED = "10.0.0.0/24, 2001:db8:1::/48"


def address(peer: str, *values: str, trusted: str = TRUSTED, header: ForwardedHeader = "x-forwarded-for") -> str:
    headers = Header([(header, value) for value in values])
    request: Any = SimpleNamespace(ip=peer, headers=headers)
    return ClientAddresses(networks(trusted), header).of(cast("Request", request))


@pytest.mark.parametrize(
    ("peer", "values", "found"),
    [
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"1.2.3.4, {CLIENT}"], CLIENT),
        (PROXY, [f"1.2.3.4, {CLIENT}, {INNER}"], CLIENT),
        (PROXY, ["1.2.3.4", CLIENT], CLIENT),
        (PROXY, [f"{CLIENT}:4711"], CLIENT),
        (PROXY, ["[2001:db8::9]:4711"], "2001:db8::9"),
        (PROXY, ["2001:0db8:0::9"], "2001:db8::9"),
        (PROXY, [f"::ffff:{CLIENT}"], CLIENT),
        ("2001:db8:1::1", [CLIENT], CLIENT),
        (f"::ffff:{PROXY}", [CLIENT], CLIENT),
        (PROXY, [INNER], INNER),
        (PROXY, [], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, [f"{CLIENT}, unknown"], PROXY),
        (PROXY, [f"{CLIENT}, nonsense, {INNER}"], INNER),
        (CLIENT, ["1.2.3.4"], CLIENT),
    ],
)
def test_the_client_is_the_last_that_no_trusted_proxy_is(peer: str, values: list[str], found: str) -> None:
    assert address(peer, *values) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"for={CLIENT};proto=https;by={PROXY}", CLIENT),
        (f'for="{CLIENT}:4711"', CLIENT),
        ('proto=https; For="[2001:db8::9]:4711"', "2001:db8::9"),
        (f"for=1.2.3.4, for={CLIENT}, for={INNER}", CLIENT),
        ("for=_hidden", PROXY),
        ("proto=https", PROXY),
    ],
)
def test_the_header_of_rfc_7239_is_read_when_it_is_the_one(value: str, found: str) -> None:
    assert address(PROXY, value, header="forwarded") == found


@given(st.lists(st.text(max_size=60), max_size=30))
def test_without_trusted_proxies_no_header_counts(values: list[str]) -> None:
    assert address(CLIENT, *values, trusted="") == CLIENT


@given(st.lists(st.text(max_size=60), max_size=30))
def test_whatever_a_client_writes_before_it_the_proxys_word_holds(values: list[str]) -> None:
    assert address(PROXY, *values, CLIENT) == CLIENT


@given(st.lists(st.text(max_size=60), max_size=30))
def test_any_header_gives_an_address(values: list[str]) -> None:
    headers: tuple[ForwardedHeader, ...] = ("x-forwarded-for", "forwarded")
    for header in headers:
        assert address(PROXY, *values, header=header)


def test_limits_count_the_network_of_an_ipv6_client() -> None:
    assert limited_as("2001:db8:1:2:3:4:5:6") == limited_as("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert limited_as("2001:db8:1:3::1") != limited_as("2001:db8:1:2::1")
    assert limited_as(CLIENT) == CLIENT
    assert limited_as("unix") == "unix"
