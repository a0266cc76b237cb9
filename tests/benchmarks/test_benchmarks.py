"""The benchmarks run and report what they promise; how fast anything is, is not looked at here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wxcoupon.endpoint import FAMILIES

ROOT = Path(__file__).parents[2]
HIDE = "import sys; sys.modules.update(wechatpayv3=None, httpx=None, aiolimiter=None)"
CONCURRENCIES = ["1", "8", "32"]
PEERS = ["wechatpayv3_async", "wechatpayv3_threads"]


def run(name: str, *, before: str = "pass") -> dict[str, Any]:
    """Run a benchmark in a process of its own, and read what it prints."""
    start = f"{before}; import runpy, sys; sys.argv[1:] = ['--quick', '--json']; "
    start += f"runpy.run_module('benchmarks.{name}', run_name='__main__')"
    environ = {name: text for name, text in os.environ.items() if name != "SSL_CERT_FILE"}  # a peer reads what is there
    command = [sys.executable, "-c", start]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def assert_measured(value: object) -> None:
    """A number that something was really measured with."""
    assert isinstance(value, float | int)
    assert value > 0


@pytest.mark.slow
def test_the_client_benchmark_reports_every_part_and_every_limit() -> None:
    """bench_client prints one JSON object with the cost of a call beside its parts, and how near each limit is."""
    report = run("bench_client")
    assert list(report["concurrency"]) == CONCURRENCIES
    for concurrency, result in report["concurrency"].items():
        assert set(result["cpu_us"]) == {"sign", "verify", "bare_aiohttp", "typed", "sum"}
        for value in result["cpu_us"].values():
            assert_measured(value)
        assert_measured(result["calls_per_second"]["typed"])
        assert_measured(report[f"of_sum_cpu_c{concurrency}_limit"])
        for peer in PEERS:
            there = peer not in report["missing"]
            assert (report[f"vs_{peer}_c{concurrency}"] is not None) is there
            assert (peer in result["calls_per_second"]) is there
    assert_measured(report["of_p99_c32_limit"])
    assert report["payload"]["codes"] == 200


@pytest.mark.slow
def test_the_client_benchmark_says_that_a_peer_is_not_installed() -> None:
    """Without the peer, its ratios are null, the report says what to install, and our own numbers are there."""
    report = run("bench_client", before=HIDE)
    for peer in PEERS:
        assert "pip install" in report["missing"][peer]
        assert all(report[f"vs_{peer}_c{concurrency}"] is None for concurrency in CONCURRENCIES)
    assert report["of_speed_wechatpayv3_async_c8_limit"] is None
    assert_measured(report["concurrency"]["8"]["cpu_us"]["typed"])


@pytest.mark.slow
def test_the_bulk_benchmark_uploads_to_the_sandbox_and_to_the_bound() -> None:
    """bench_bulk prints one JSON object with codes per second at both servers, and the sandbox holds every code."""
    report = run("bench_bulk")
    effort, per_request = report["effort"], report["codes_per_request"]
    uploads = sum(effort["rounds"] * effort["uploads"] + int(first) for first in CONCURRENCIES)
    assert report["codes_held_by_sandbox"] == uploads * per_request
    for concurrency in CONCURRENCIES:
        for server in ("sandbox", "presigned"):
            for value in report["concurrency"][concurrency][server].values():
                assert_measured(value)
        assert_measured(report[f"of_presigned_limit_c{concurrency}"])
    assert_measured(report["memory"]["before_mb"])
    for concurrency in ("8", "32"):
        for ways in report["jobs"][concurrency].values():
            assert_measured(ways["durable_of_forgetful_cpu"])
            for way in ("durable", "forgetful", "least"):
                assert_measured(ways[way]["codes_per_second"])
        assert_measured(report[f"of_job_speed_limit_c{concurrency}"])
        assert_measured(report[f"of_threads_speed_limit_c{concurrency}"])
        assert_measured(report[f"durable_of_least_c{concurrency}"])
        assert_measured(report[f"of_durable_cost_limit_c{concurrency}"])


@pytest.mark.slow
def test_the_memory_benchmark_runs_two_jobs() -> None:
    """bench_memory prints one JSON object with the peaks of two jobs, of which every row was reported."""
    report = run("bench_memory")
    assert [2_000, 20_000] == [job["codes"] for job in report["jobs"]]
    for job in report["jobs"]:
        for value in job.values():
            assert_measured(value)
    assert_measured(report["of_memory_limit"])


@pytest.mark.slow
def test_the_distinctness_benchmark_compares_with_a_set() -> None:
    """bench_distinct prints one JSON object with time and memory of the pass beside a set's."""
    report = run("bench_distinct")
    for name in ("of_time_limit", "of_memory_limit", "vs_set"):
        assert_measured(report[name])


@pytest.mark.slow
def test_the_loop_benchmark_reports_every_way_of_signing() -> None:
    """bench_loop prints one JSON object with the delay of the loop and the CPU of a call, and how near the limit is."""
    report = run("bench_loop")
    assert list(report["concurrency"]) == ["1", "8", "32", "64"]
    for result in report["concurrency"].values():
        for what in ("delay_p50", "cpu_us", "calls_per_second", "cpu_vs_ungated"):
            assert set(result[what]) == {"ungated", "gated", "executor"}
            for value in result[what].values():
                assert_measured(value)
        assert_measured(result["delay_p99"]["gated"]["median"])
        assert_measured(result["signature_us"])
    assert_measured(report["of_loop_delay_limit"])


def test_the_import_benchmark_reports_the_window_the_client_and_every_family() -> None:
    """bench_import prints one JSON object with every import beside aiohttp's."""
    report = run("bench_import")
    assert {"aiohttp", "wxcoupon", "client", *FAMILIES, "everything"} == set(report["vs_aiohttp"])
    for value in (*report["milliseconds"].values(), *report["vs_aiohttp"].values(), report["of_import_limit"]):
        assert_measured(value)


SERVERS = ["sliding_20", "fixed_20", "sliding_500", "fixed_500"]


@pytest.mark.slow
def test_the_pace_benchmark_counts_at_every_server() -> None:
    """bench_pace prints one JSON object with what each server counted: every call, accepted or refused."""
    report = run("bench_pace")
    peers = {"wxcoupon"} | ({"aiolimiter"} - set(report["missing"]))
    assert list(report["servers"]) == SERVERS
    for place in report["servers"].values():
        assert set(place) == peers
        for counted in place.values():
            assert_measured(counted["share"])
            assert counted["accepted"] + counted["refused"] >= counted["most_in_a_second"] > 0
    assert_measured(report["of_pace_limit"])
    assert report["too_many"] == 0
    assert (report["vs_aiolimiter_too_many"] is None) is ("aiolimiter" in report["missing"])


@pytest.mark.slow
def test_the_pace_benchmark_says_that_a_peer_is_not_installed() -> None:
    """Without the peer, its count is null, the report says what to install, and our own numbers are there."""
    report = run("bench_pace", before=HIDE)
    assert "pip install" in report["missing"]["aiolimiter"]
    assert report["vs_aiolimiter_too_many"] is None
    for place in report["servers"].values():
        assert_measured(place["wxcoupon"]["share"])


def test_the_callback_benchmark_reports_its_limits() -> None:
    """bench_notify prints one JSON object with the cost of a callback beside its bare parts."""
    report = run("bench_notify")
    assert set(report["cpu_us"]) == {"bare", "receive", "route", "router"}
    for limit in ("of_cost_limit", "of_whole_limit"):
        assert_measured(report[limit])
