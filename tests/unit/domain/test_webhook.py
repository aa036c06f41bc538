"""Signatures as Standard Webhooks has them, the schedule, and which addresses may be called."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.webhook import RETRY_AFTER, check_url, may_be_called, networks, new_secret, retry_after, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_signature_is_that_of_the_published_libraries() -> None:
    assert sign([SECRET], MESSAGE, AT, BODY) == SIGNATURE
    both = sign([new_secret(bytes(32)), SECRET], MESSAGE, AT, BODY).split(" ")
    assert (len(both), both[1]) == (2, SIGNATURE)


@pytest.mark.parametrize("wrong", ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!"])
def test_what_is_no_secret_signs_nothing(wrong: str) -> None:
    with pytest.raises(ValueError):
        sign([wrong], MESSAGE, AT, BODY)


def test_attempts_go_on_for_three_days_with_growing_pauses() -> None:
    assert list(RETRY_AFTER) == sorted(RETRY_AFTER)
    assert timedelta(days=3) <= sum(RETRY_AFTER, timedelta()) < timedelta(days=4)
    assert retry_after(1) == timedelta(seconds=5)
    assert retry_after(len(RETRY_AFTER)) is not None
    assert retry_after(len(RETRY_AFTER) + 1) is None


PRIVATE = (
    *("127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1"),
    *("ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "2001::1"),
    "::127.0.0.1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_called(address: str) -> None:
    assert not may_be_called(ip_address(address), ())
    host = f"[{address}]" if ":" in address else address
    assert check_url(f"https://{host}/hook", ()) == "This address is not public"


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700:4700::1111", "::ffff:93.184.216.34"])
def test_public_addresses_are_called(address: str) -> None:
    assert may_be_called(ip_address(address), ())


@given(st.ip_addresses(network="10.0.0.0/8"))
def test_an_operator_allows_a_network_and_no_other(address: object) -> None:
    assert may_be_called(ip_address(str(address)), networks("10.0.0.0/8, fd00::/8"))
    assert not may_be_called(ip_address(str(address)), (ip_network("192.168.0.0/16"),))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com",
        "https://",
        "https://user:password@example.com/",
        "https://example.com/#there",
        "https://example.com:99999/",
        "https://[::1",
        "//example.com/hook",
        "https://127.0.0.1/",
    ],
)
def test_what_is_no_url_of_an_endpoint(url: str) -> None:
    assert check_url(url, ()) is not None


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "0", "0x7F000001", "０.０.０.０", "127.0.0.01", "a.1."]
)
def test_an_address_is_written_as_one(host: str) -> None:
    for allowed in ("", "127.0.0.0/8"):
        assert check_url(f"https://{host}/", networks(allowed)) == "Write the address with four decimal numbers"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "metadata.google.internal", "postgres"])
def test_a_name_that_nobody_has_is_for_an_operators_own_networks(host: str) -> None:
    assert check_url(f"https://{host}/", ()) == "This name is not public"
    assert check_url(f"https://{host}/", networks("10.0.0.0/8")) is None


def test_plain_http_is_for_networks_of_the_operators_own() -> None:
    assert check_url("http://127.0.0.1:9000/hook", networks("127.0.0.0/8")) is None
    assert check_url("http://93.184.216.34/hook", networks("127.0.0.0/8")) is not None
    assert check_url("https://example.com/hook?from=laurel", ()) is None
