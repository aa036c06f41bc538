"""Metrics: every status has its place, boards add up, and the page is what Prometheus reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from api.admin.app import API as ADMIN_API
from api.customer.app import API as CUSTOMER_API
from api.kit.metrics import GAUGES, NUMBER_BYTES, STATUSES, STREAMS, Boards, Metrics
from api.kit.openapi import document

ROUTES = [("GET", "get_points"), ("POST", "post_transaction")]


def _samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics.page().decode())
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "api")): sample.value
        for family in families
        for sample in family.samples
    }


def test_two_processes_are_one_page() -> None:
    boards = Boards(2)
    one, other = Metrics("customer", ROUTES), Metrics("customer", ROUTES)
    one.share(boards, 0)
    other.share(boards, 1)
    one.observe("get_points", 200, 2**-11)
    other.observe("get_points", 200, 0.375)
    other.observe("get_points", 503, 99)
    other.watch(STREAMS, lambda: 7)
    one.watch(STREAMS, lambda: 5)
    other.note()
    page = _samples(one)
    assert page == _samples(other)
    assert page["laurel_http_requests_total", "GET", "get_points", "200"] == 2
    assert page["laurel_http_requests_total", "GET", "get_points", "503"] == 1
    assert page["laurel_http_request_seconds_count", "get_points"] == 3
    assert page["laurel_http_request_seconds_bucket", "0.001", "get_points"] == 1
    assert page["laurel_http_request_seconds_bucket", "0.5", "get_points"] == 2
    assert page["laurel_http_request_seconds_bucket", "+Inf", "get_points"] == 3
    assert page["laurel_http_request_seconds_sum", "get_points"] == 99.375 + 2**-11
    assert page["laurel_http_event_streams",] == 12
    assert page["laurel_http_processes",] == 2
    assert not any("post_transaction" in sample for sample in page)


def test_a_time_on_a_bound_is_below_it() -> None:
    metrics = Metrics("customer", ROUTES)
    metrics.observe("get_points", 200, 0.0025)
    page = _samples(metrics)
    assert page["laurel_http_request_seconds_bucket", "0.001", "get_points"] == 0
    assert page["laurel_http_request_seconds_bucket", "0.0025", "get_points"] == 1


def test_every_status_that_an_api_answers_has_its_place() -> None:
    for api in (ADMIN_API, CUSTOMER_API):
        operations = [operation for item in document(api)["paths"].values() for operation in item.values()]
        assert {int(status) for operation in operations for status in operation["responses"]} <= set(STATUSES)


def test_the_largest_api_fits_on_a_board() -> None:
    for api in (ADMIN_API, CUSTOMER_API):
        metrics = Metrics(api.name, [(route.method, route.name) for route in api.routes])
        assert (metrics._length + GAUGES) * NUMBER_BYTES * 4 < Boards.BYTES_EACH
        for route in api.routes:
            metrics.observe(route.name, 200, 0.1)
        assert sum(name[0] == "laurel_http_request_seconds_count" for name in _samples(metrics)) == len(api.routes)


def test_a_status_that_nobody_foresaw_is_counted() -> None:
    metrics = Metrics("customer", ROUTES)
    metrics.count("get_points", 418)
    assert _samples(metrics)["laurel_http_requests_total", "GET", "get_points", "0"] == 1
