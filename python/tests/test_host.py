"""The program's own embedder: in threads and loops of its own, and nothing that it does fails a call."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
from typing import Any

import pytest

import tollhouse

QUESTIONS = ["How do I reset my password?", "how can i reset my password"]


def config(upstream: Any, **semantic: Any) -> dict[str, Any]:
    return {
        "providers": {"openai": {"base_url": upstream.url, "key": "sk-test"}},
        "cache": {"ttl": "1h", "semantic": {"mode": "serve", **semantic}},
    }


def vector(_text: str) -> list[float]:
    return [0.6, 0.8]


async def later(_text: str) -> tuple[float, float]:
    await asyncio.sleep(0)
    return (0.6, 0.8)


def promised(text: str) -> Any:
    return later(text)


def ask(gateway: tollhouse.Gateway) -> list[str]:
    return [gateway.chat("openai/m", question).response.headers["cf-aig-cache-status"] for question in QUESTIONS]


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tollhouse-host"]


@pytest.mark.parametrize("embedder", [vector, later, promised, lambda _: (part for part in (0.6, 0.8))])
def test_it_may_be_sync_or_async(upstream: Any, embedder: Any) -> None:
    gateway = tollhouse.Gateway(config(upstream), embedder=embedder)
    assert ask(gateway) == ["MISS", "HIT"]
    assert gateway.cache_stats()["semantic"]["failures"] == 0


async def test_awaited_calls_ask_it_too(upstream: Any, anyio_backend: str) -> None:
    assert anyio_backend
    gateway = tollhouse.AsyncGateway(config(upstream), embedder=later)
    statuses = [(await gateway.chat("openai/m", question)).response.headers for question in QUESTIONS]
    assert [headers["cf-aig-cache-status"] for headers in statuses] == ["MISS", "HIT"]


@pytest.mark.parametrize(
    ("embedder", "why"),
    [
        (lambda _: 1 / 0, "ZeroDivisionError"),
        (lambda _: "no vector", "ValueError"),
        (lambda _: None, "TypeError"),
        (lambda _: [float("nan")], "no number"),
        (lambda _: [], "no number"),
    ],
)
def test_what_goes_wrong_in_it_costs_a_near_hit_alone(
    upstream: Any, caplog: pytest.LogCaptureFixture, embedder: Any, why: str
) -> None:
    gateway = tollhouse.Gateway(config(upstream), embedder=embedder)
    with caplog.at_level(logging.WARNING, "tollhouse"):
        answers = [gateway.chat("openai/m", question).response for question in QUESTIONS]
    assert [answer.headers["cf-aig-cache-status"] for answer in answers] == ["MISS", "MISS"]
    [note] = gateway.get_log(answers[0].log_id)["trail"]["notes"]
    assert "could not be embedded" in note
    assert why in note
    assert gateway.cache_stats()["semantic"]["failures"] == 2


def test_who_takes_too_long_is_cancelled(upstream: Any) -> None:
    cancelled = threading.Event()

    async def never(_text: str) -> list[float]:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return []

    gateway = tollhouse.Gateway(config(upstream, timeout="50ms"), embedder=never)
    assert gateway.chat("openai/m", QUESTIONS[0]).response.status == 200
    assert cancelled.wait(10)


def test_calls_from_many_threads_ask_it_at_once(upstream: Any) -> None:
    at_once = threading.Barrier(4, timeout=10)

    def embedder(_text: str) -> list[float]:
        at_once.wait()
        return [1.0]

    gateway = tollhouse.Gateway(config(upstream, timeout="20s"), embedder=embedder)
    callers = [threading.Thread(target=gateway.chat, args=("openai/m", f"question {n}")) for n in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert gateway.cache_stats()["semantic"]["failures"] == 0


def test_its_thread_begins_with_the_first_question_and_ends_with_the_gateway(upstream: Any) -> None:
    # Those of other gateways may be about to end.
    others = set(threads())
    gateway = tollhouse.Gateway(config(upstream), embedder=vector)
    assert not set(threads()) - others
    gateway.chat("openai/m", QUESTIONS[0])
    [own] = set(threads()) - others
    gateway.close()
    del gateway
    gc.collect()
    own.join(timeout=10)
    assert not own.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are Unix's")
def test_a_forked_child_has_a_thread_of_its_own(upstream: Any) -> None:
    gateway = tollhouse.Gateway(config(upstream, timeout="20s"), embedder=vector)
    assert ask(gateway) == ["MISS", "HIT"]
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if ask(gateway) == ["MISS", "HIT"] else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert ask(gateway) == ["HIT", "HIT"]


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(tollhouse.InvalidRequestError) as refused:
        tollhouse.Gateway({"cache": {"semantic": {}}}, embedder=[1.0])  # type: ignore[arg-type]
    assert refused.value.field == "embedder"
