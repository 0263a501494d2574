"""The Prometheus backend against a second real server: VictoriaMetrics, with the same requests.

The tests are those of the first server; this module gives them the second one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_system import PrometheusSystem
from test_prometheus import (
    CLUSTER_END,
    backend,
    cluster,
    cluster_history,
    test_a_cluster_shows_what_runs_where_and_who_calls_whom,
    test_a_clusters_exporters_meet_in_one_scheme_of_names,
    test_a_narrow_question_gets_the_samples_of_a_wide_one,
    test_a_pool_is_as_full_as_it_was_at_that_moment,
    test_a_time_without_samples_is_an_empty_answer_that_covers_nothing,
    test_an_alert_is_known_with_its_start_and_resource,
    test_an_answer_survives_the_store_byte_for_byte,
    test_average_rate_and_errors_are_those_of_the_requests,
    test_dependencies_are_those_that_callers_counted,
    test_hostile_labels_come_out_harmless_and_without_secrets,
    test_nothing_after_the_end_of_the_window_is_read,
    test_quantiles_lie_in_the_bucket_of_the_true_quantile,
    test_the_jump_is_seen_within_a_rate_window,
    test_the_server_understands_every_expression,
    test_what_lies_before_the_first_sample_is_not_covered,
)
from victoria_system import import_text, jumping_victoria, victoria_server

from primitives.backends.prometheus.backend import PrometheusBackend

__all__ = [
    "CLUSTER_END",
    "backend",
    "cluster",
    "test_a_cluster_shows_what_runs_where_and_who_calls_whom",
    "test_a_clusters_exporters_meet_in_one_scheme_of_names",
    "test_a_narrow_question_gets_the_samples_of_a_wide_one",
    "test_a_pool_is_as_full_as_it_was_at_that_moment",
    "test_a_time_without_samples_is_an_empty_answer_that_covers_nothing",
    "test_an_alert_is_known_with_its_start_and_resource",
    "test_an_answer_survives_the_store_byte_for_byte",
    "test_average_rate_and_errors_are_those_of_the_requests",
    "test_dependencies_are_those_that_callers_counted",
    "test_hostile_labels_come_out_harmless_and_without_secrets",
    "test_nothing_after_the_end_of_the_window_is_read",
    "test_quantiles_lie_in_the_bucket_of_the_true_quantile",
    "test_the_jump_is_seen_within_a_rate_window",
    "test_the_server_understands_every_expression",
    "test_what_lies_before_the_first_sample_is_not_covered",
]

pytestmark = pytest.mark.parts("victoria-metrics")


@pytest.fixture(scope="module")
def jumping_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSystem]:
    """Not a Prometheus: the tests ask this one instead."""
    with jumping_victoria(tmp_path_factory.mktemp("victoria")) as system:
        yield system


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("victoria-cluster")
    with victoria_server(folder) as (url, _):
        import_text(url, cluster_history().removesuffix("# EOF\n"))
        yield url


async def test_the_check_says_that_it_can_be_reached(backend: PrometheusBackend) -> None:
    status = await backend.check()
    assert status.status == "reachable"
    assert "known metric families" in status.detail
