"""What the gateway costs beside the clients that Python programs use.

Both are asked in turn, batch by batch, so that a busy machine slows both alike; the ratio of each round is what counts.
`bench.py UPSTREAM` takes the path of a release-built tollhouse-upstream, which it starts and ends. ROUNDS and CALLS are read
from the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx2
import openai
import tollhouse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

ROUNDS = int(os.environ.get("ROUNDS", "7"))
CALLS = int(os.environ.get("CALLS", "128"))
WARM_UP = 2
IN_FLIGHT = 64
STREAM_WORDS = 2_000
SHORT_STREAM_WORDS = 20

HEADERS = {"authorization": "Bearer sk-made-up", "content-type": "application/json"}
TARGET = "/openai/chat/completions"
TEXT = (
    "A toll house stands where a road is narrow, and whoever comes through is counted, asked to pay, and let on. Say in a few "
    "plain words what this has in common with a gateway between a program and the models that it calls: what does it see of "
    "each call, what may it refuse, what should it write down, and how can it do all of that without anybody noticing that "
    "the way has become longer? Leave out what you are not sure of."
)


def main() -> None:
    """Measures all cases and prints the table."""
    upstream = subprocess.Popen(
        [sys.argv[1], "--port", "0", "--with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        url = upstream.stdout.readline().split()[-1]
        rows = [*blocking(url), *asyncio.run(awaited(url)), imported()]
    finally:
        upstream.stdin.close()
        upstream.wait()
    report("Python", rows)


def blocking(url: str) -> Iterator[Row]:
    """Clients that block."""
    gateway = tollhouse.Gateway(providers={"openai": {"base_url": f"{url}/v1"}})
    cached = tollhouse.Gateway(cache={"ttl": "1h"}, providers={"openai": {"base_url": f"{url}/v1"}})
    client = httpx2.Client(timeout=60)
    chat_url = f"{url}/v1/chat/completions"

    def theirs(body: bytes) -> None:
        json.loads(client.post(chat_url, content=body, headers=HEADERS).raise_for_status().content)

    def ours(body: bytes) -> None:
        json.loads(gateway.handle("POST", TARGET, HEADERS, body).content)

    first, goal = Target(0.15, "× httpx2"), Target(0.06, "× httpx2")
    yield Row("call", *alternate(calls(theirs), calls(ours, gateway)), first, goal)

    plain = openai.OpenAI(api_key="sk-made-up", base_url=f"{url}/v1", max_retries=0)
    through = openai.OpenAI(api_key="sk-made-up", http_client=gateway.http_client(), max_retries=0)
    batches = [calls(lambda body, sdk=sdk: ask(sdk, body), gateway) for sdk in (plain, through)]
    yield Row("openai SDK, call", *alternate(*batches), Target(0.95, "× itself"), Target(0.75, "× itself"))

    def stream_theirs(body: bytes, arrived: Arrived = lambda: None) -> None:
        with client.stream("POST", chat_url, content=body, headers=HEADERS) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    arrived()
                    piece(line[6:])

    def stream_ours(body: bytes, arrived: Arrived = lambda: None) -> None:
        for event in gateway.handle("POST", TARGET, HEADERS, body).iter_events():
            arrived()
            piece(event.data)

    costs = alternate(events(stream_theirs), events(stream_ours, gateway))
    yield Row("streamed event", *costs, Target(0.5, "× httpx2"), Target(3, "µs CPU"))
    costs = alternate(first_chunk(stream_theirs), first_chunk(stream_ours))
    yield Row("first chunk of a stream", *costs, Target(200, "µs wall above"), Target(60, "µs wall above"))

    same = question(TEXT)
    cached.handle("POST", TARGET, HEADERS, same)
    hit = hits(lambda: cached.handle("POST", TARGET, HEADERS, same).content, cached)
    yield Row("cache hit", [], *alternate(hit), Target(20, "µs wall"), Target(4, "µs wall"))


async def awaited(url: str) -> list[Row]:
    """Clients to await, in the order of the table."""
    gateway = tollhouse.AsyncGateway(providers={"openai": {"base_url": f"{url}/v1"}})
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        chat_url = f"{url}/v1/chat/completions"

        async def theirs(body: bytes) -> None:
            async with session.post(chat_url, data=body, headers=HEADERS) as answer:
                json.loads(await answer.read())

        async def ours(body: bytes) -> None:
            json.loads(await (await gateway.handle("POST", TARGET, HEADERS, body)).aread())

        async def stream_theirs(body: bytes) -> None:
            async with session.post(chat_url, data=body, headers=HEADERS) as answer:
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        piece(line[6:])

        async def stream_ours(body: bytes) -> None:
            async for event in (await gateway.handle("POST", TARGET, HEADERS, body)).aiter_events():
                piece(event.data)

        async def compared(ask: Callable[[Any], Batch], theirs: Any, ours: Any) -> tuple[list[Cost], list[Cost]]:  # noqa: ANN401
            costs: tuple[list[Cost], list[Cost]] = ([], [])
            for number in range(ROUNDS + WARM_UP):
                for side, client in sorted(enumerate((theirs, ours)), reverse=number % 2 == 1):
                    cost = await ask(client, gateway if side else None)
                    if number >= WARM_UP:
                        costs[side].append(cost)
            return costs

        one = await compared(lambda client, settle: in_flight(client, settle, 1), theirs, ours)
        many = await compared(lambda client, settle: in_flight(client, settle, IN_FLIGHT), theirs, ours)
        streamed = await compared(streamed_events, stream_theirs, stream_ours)
    first, goal = Target(0.5, "× aiohttp"), Target(0.2, "× aiohttp")
    return [
        Row("async, call, 1 in flight", *one, first, goal),
        Row("async, call, 64 in flight", *many, first, goal),
        Row("async, streamed event", *streamed, Target(1.0, "× aiohttp"), Target(4, "µs CPU")),
    ]


def imported() -> Row:
    """What a new process pays for the import, beyond its own start."""

    def cpu_ms(statement: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3

    def cost(module: str) -> Cost:
        nothing = min(cpu_ms("pass") for _ in range(3))
        return Cost(cpu=max(0.0, min(cpu_ms(f"import {module}") for _ in range(3)) - nothing) * 1e3)

    costs = [(cost("openai"), cost("tollhouse")) for _ in range(3)]
    theirs, ours = (list(side) for side in zip(*costs, strict=True))
    return Row("import (raw: openai)", theirs, ours, Target(15_000, "µs CPU"), Target(5_000, "µs CPU"))


@dataclass
class Cost:
    """What one unit of work cost, in microseconds: CPU time of the process, of the caller's thread, and wall time."""

    cpu: float = 0.0
    caller: float = 0.0
    wall: float = 0.0


@dataclass
class Target:
    """At most this much, as a multiple of the raw client's CPU time or in microseconds."""

    most: float
    unit: str


@dataclass
class Row:
    """One case. Costs are those of the same rounds, in order; there may be nothing to compare with."""

    name: str
    raw: list[Cost]
    ours: list[Cost]
    first: Target
    goal: Target
    met: dict[str, bool] = field(default_factory=dict)

    def ratio(self, what: str) -> float:
        """The median of the rounds' own ratios."""
        pairs = zip(self.ours, self.raw, strict=False)
        ratios = [getattr(ours, what) / getattr(raw, what) for ours, raw in pairs if getattr(raw, what)]
        return statistics.median(ratios) if ratios else 0.0

    def measured(self, unit: str) -> float:
        """What a target of this unit is about."""
        if unit == "µs wall above":
            return statistics.median(ours.wall - raw.wall for ours, raw in zip(self.ours, self.raw, strict=True))
        return self.ratio("cpu") if unit.startswith("×") else median(self.ours, unit.removeprefix("µs ").lower())

    def verdict(self, name: str) -> str:
        """The target and whether it is met, which is also kept for the count below the table."""
        target: Target = getattr(self, name)
        self.met[name] = self.measured(target.unit) <= target.most
        return f"≤ {target.most:,g} {target.unit} {'met' if self.met[name] else 'NOT met'}"


if TYPE_CHECKING:
    Arrived = Callable[[], None]
    Batch = Callable[[], Cost] | Awaitable[Cost]


def alternate(*batches: Callable[[], Cost]) -> list[list[Cost]]:
    """Plays every batch once a round, each round beginning with another one."""
    costs: list[list[Cost]] = [[] for _ in batches]
    for number in range(ROUNDS + WARM_UP):
        for turn in range(len(batches)):
            at = (turn + number) % len(batches)
            cost = batches[at]()
            if number >= WARM_UP:
                costs[at].append(cost)
    return costs


class Clock:
    """Measures from its making to `cost`."""

    def __init__(self) -> None:
        self._began = time.process_time(), time.thread_time(), time.perf_counter()

    def cost(self, units: int) -> Cost:
        """What one of so many units cost."""
        now = time.process_time(), time.thread_time(), time.perf_counter()
        return Cost(*((after - before) * 1e6 / units for before, after in zip(self._began, now, strict=True)))


def calls(ask: Callable[[bytes], None], settle: tollhouse.Gateway | None = None) -> Callable[[], Cost]:
    """A batch of calls. What they leave to the log's thread is waited for, and so counted with them."""

    def batch() -> Cost:
        bodies = [question(TEXT) for _ in range(CALLS)]
        clock = Clock()
        for body in bodies:
            ask(body)
        if settle:
            settle.flush()
        return clock.cost(CALLS)

    return batch


def events(stream: Callable[[bytes], None], settle: tollhouse.Gateway | None = None) -> Callable[[], Cost]:
    """A long stream; the unit is an event."""

    def batch() -> Cost:
        body = question(" ".join(["word"] * STREAM_WORDS), stream=True)
        clock = Clock()
        stream(body)
        if settle:
            settle.flush()
        return clock.cost(STREAM_WORDS)

    return batch


def first_chunk(stream: Callable[..., None]) -> Callable[[], Cost]:
    """How long the first chunk takes: the median of some."""

    def batch() -> Cost:
        waited = []
        for _ in range(CALLS // 8):
            body, seen = question(" ".join(["word"] * SHORT_STREAM_WORDS), stream=True), []
            began = time.perf_counter()
            stream(body, lambda seen=seen: seen or seen.append(time.perf_counter()))
            waited.append((seen[0] - began) * 1e6)
        return Cost(wall=statistics.median(waited))

    return batch


def hits(ask: Callable[[], bytes], settle: tollhouse.Gateway) -> Callable[[], Cost]:
    """Answers from the cache: the median of their times on the wall, as a hit has nothing to wait for."""

    def batch() -> Cost:
        times, clock = [], Clock()
        for _ in range(CALLS * 10):
            began = time.perf_counter()
            ask()
            times.append((time.perf_counter() - began) * 1e6)
        settle.flush()
        cost = clock.cost(CALLS * 10)
        return Cost(cost.cpu, cost.caller, statistics.median(times))

    return batch


async def in_flight(ask: Callable[[bytes], Awaitable[None]], settle: tollhouse.AsyncGateway | None, count: int) -> Cost:
    """A batch of calls, so many at a time."""
    bodies = [question(TEXT) for _ in range(CALLS * 2)]

    async def worker(number: int) -> None:
        for body in bodies[number::count]:
            await ask(body)

    clock = Clock()
    await asyncio.gather(*map(worker, range(count)))
    if settle:
        await settle.flush()
    return clock.cost(len(bodies))


async def streamed_events(stream: Callable[[bytes], Awaitable[None]], settle: tollhouse.AsyncGateway | None) -> Cost:
    """A long stream; the unit is an event."""
    body = question(" ".join(["word"] * STREAM_WORDS), stream=True)
    clock = Clock()
    await stream(body)
    if settle:
        await settle.flush()
    return clock.cost(STREAM_WORDS)


def ask(sdk: openai.OpenAI, body: bytes) -> None:
    """A call of the SDK for the same question."""
    sdk.chat.completions.create(**json.loads(body))


def piece(data: str | bytes) -> str:
    """The text in an event, as every reader of a stream wants it."""
    if data.startswith(b"[DONE]" if isinstance(data, bytes) else "[DONE]"):
        return ""
    choices = json.loads(data)["choices"]
    return choices[0]["delta"].get("content") or "" if choices else ""


asked = 0


def question(text: str, *, stream: bool = False) -> bytes:
    """A body like no other before it, so that no cache knows it."""
    global asked  # noqa: PLW0603
    asked += 1
    messages = [{"role": "system", "content": "Answer in plain words."}, {"role": "user", "content": text}]
    body: dict[str, object] = {"model": "gpt-4o-mini", "messages": messages, "seed": asked}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(body).encode()


def median(costs: list[Cost], what: str) -> float:
    """The middle one; 0 if it was not measured."""
    return statistics.median(getattr(cost, what) for cost in costs) if costs else 0.0


def report(language: str, rows: list[Row]) -> None:
    """The table, in the form that all three benches share."""
    widths = (38, 10, 10, 9, 8, 11, 11, 8)
    titles = (language, "raw CPU", "ours CPU", "caller", "ratio", "raw wall", "ours wall", "ratio")
    print(line(titles, widths) + f"   {'first':<31}goal")
    for row in rows:
        micros = [median(side, what) for what in ("cpu", "wall") for side in (row.raw, row.ours)]
        raw_cpu, ours_cpu, raw_wall, ours_wall = (f"{value:,.1f}" if value else "–" for value in micros)
        caller = median(row.ours, "caller")
        ratios = [f"{value:.2f}×" if (value := row.ratio(what)) else "–" for what in ("cpu", "wall")]
        cells = (
            row.name,
            raw_cpu,
            ours_cpu,
            f"{caller:,.1f}" if caller else "–",
            ratios[0],
            raw_wall,
            ours_wall,
            ratios[1],
        )
        print(f"{line(cells, widths)}   {row.verdict('first'):<31}{row.verdict('goal')}")
    counts = [f"{name}: {sum(row.met[name] for row in rows)} of {len(rows)} met" for name in ("first", "goal")]
    print(f"{language}, {', '.join(counts)}")


def line(cells: tuple[str, ...], widths: tuple[int, ...]) -> str:
    """Cells in columns: the first to the left, numbers to the right."""
    return cells[0].ljust(widths[0]) + "".join(
        cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)
    )


if __name__ == "__main__":
    main()
