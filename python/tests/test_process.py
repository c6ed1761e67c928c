"""Life and death of processes: imports, forks, exits. Each case is a process of its own."""

import json
import subprocess
import sys

import pytest

PRELUDE = """
import asyncio, gc, json, os, sys, threading, time
import tollhouse
from tollhouse.testing import answer, gateway

CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}

def threads():
    return len(os.listdir("/proc/self/task"))
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
forks = pytest.mark.skipif(sys.platform == "win32", reason="no fork")


def run(code, *arguments, timeout=20):
    """Runs `code` in a new interpreter. It must end well, say nothing on stderr, and print the JSON that this gives."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PRELUDE + code, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return json.loads(done.stdout or "null")


@linux
def test_importing_and_opening_start_nothing():
    assert run(
        """
descriptors = len(os.listdir("/proc/self/fd"))
test = tollhouse.Gateway(logs={"path": "never-made.db"})
again = tollhouse.AsyncGateway()
print(json.dumps([threads(), len(os.listdir("/proc/self/fd")) - descriptors, os.path.exists("never-made.db")]))
"""
    ) == [1, 0, False]


@linux
def test_a_blocking_call_needs_no_thread_of_ours(providers):
    before, after = run(
        """
test = tollhouse.Gateway(json.loads(sys.argv[1]))
before = threads()
test.chat("openai/gpt-4o-mini", "hi").text
print(json.dumps([before, threads()]))
""",
        json.dumps({"providers": providers, "logs": {"enabled": False}}),
    )
    assert (before, after) == (1, 1)


@forks
def test_a_forked_child_calls(providers, upstream):
    assert run(
        """
test = tollhouse.Gateway(providers=json.loads(sys.argv[1]))
twin = tollhouse.AsyncGateway(providers=json.loads(sys.argv[1]))
ask = lambda: str(test.chat("openai/gpt-4o-mini", "hi"))
ask_twin = lambda: str(asyncio.run(twin.chat("openai/gpt-4o-mini", "hi")))
ask(), ask_twin()
stream = test.chat("openai/gpt-4o-mini", "a b c d", stream=True)
first = next(stream)
child = os.fork()
if child == 0:
    ask(), ask_twin()
    try:
        next(stream)
        os._exit(2)
    except tollhouse.ClosedError:
        pass
    del test, twin, stream
    gc.collect()
    os._exit(0)
_, status = os.waitpid(child, 0)
rest = list(stream)
print(json.dumps([status, bool(rest), ask() == ask_twin()]))
""",
        json.dumps(providers),
    ) == [0, True, True]
    assert len(upstream.ledger("?settled=1")) == 7


@forks
def test_many_forks_in_a_row(providers):
    assert run(
        """
test = tollhouse.Gateway(providers=json.loads(sys.argv[1]))
twin = tollhouse.AsyncGateway(providers=json.loads(sys.argv[1]))
stop = threading.Event()
def keep_calling():
    while not stop.is_set():
        test.chat("openai/gpt-4o-mini", "hi").text
        asyncio.run(twin.chat("openai/gpt-4o-mini", "hi"))
busy = [threading.Thread(target=keep_calling) for _ in range(2)]
for thread in busy: thread.start()
statuses = set()
for _ in range(8):
    child = os.fork()
    if child == 0:
        test.chat("openai/gpt-4o-mini", "hi").text
        asyncio.run(twin.chat("openai/gpt-4o-mini", "hi"))
        os._exit(0)
    statuses.add(os.waitpid(child, 0)[1])
stop.set()
for thread in busy: thread.join()
print(json.dumps(list(statuses)))
""",
        json.dumps(providers),
    ) == [0]


@forks
def test_a_child_and_its_parent_log_into_one_file(tmp_path):
    assert run(
        """
test = gateway([answer(str(n)) for n in range(9)], logs={"path": sys.argv[1]}, providers={"openai": {"key": "k"}})
test.chat("openai/gpt-4o-mini", "before")
child = os.fork()
test.chat("openai/gpt-4o-mini", "after")
if child == 0:
    test.close()
    os._exit(0)
_, status = os.waitpid(child, 0)
print(json.dumps([status, test.logs().total_count]))
""",
        str(tmp_path / "log.db"),
    ) == [0, 3]


@pytest.mark.parametrize("face", ["Gateway", "AsyncGateway"])
def test_an_idle_gateway_lets_the_process_end(providers, face):
    code = """
test = getattr(tollhouse, sys.argv[2])(providers=json.loads(sys.argv[1]))
reply = test.chat("openai/gpt-4o-mini", "hi")
if asyncio.iscoroutine(reply): reply = asyncio.run(reply)
print(json.dumps(str(reply)))
"""
    assert run(code, json.dumps(providers), face).endswith("hi")


@pytest.mark.parametrize("step", [{"fail": "stall"}, {"delay_ms": 10_000}])
def test_exit_with_calls_in_flight_is_clean(upstream, providers, step):
    upstream.script(*[step] * 4)
    code = """
test = tollhouse.Gateway(providers=json.loads(sys.argv[1]))
twin = tollhouse.AsyncGateway(providers=json.loads(sys.argv[1]))
def call(): str(test.chat("openai/gpt-4o-mini", "hi"))
def call_twin(): asyncio.run(twin.chat("openai/gpt-4o-mini", "hi"))
for target in (call, call, call_twin, call_twin):
    threading.Thread(target=target, daemon=True).start()
import urllib.request
urllib.request.urlopen(sys.argv[2] + "/__ledger?arrived=4")
print(json.dumps("ended"))
"""
    assert run(code, json.dumps(providers), upstream.url) == "ended"


def test_what_was_logged_is_on_disk_when_the_process_ends(tmp_path):
    path = str(tmp_path / "log.db")
    code = """
for n in range(50):
    test = gateway([answer("a")], logs={"path": sys.argv[1]}, providers={"openai": {"key": "k"}})
    test.chat("openai/gpt-4o-mini", "hi")
"""
    run(code, path)
    assert run('print(json.dumps(tollhouse.Gateway(logs={"path": sys.argv[1]}).logs().total_count))', path) == 50


def test_two_gateways_never_meet():
    assert run(
        """
limits = {"requests": {"limit": 1, "per": "1h"}}
shared = {"providers": {"openai": {"key": "k"}}, "cache": {"ttl": "1h"}, "limits": limits}
one, two = gateway([answer("one")], shared), gateway([answer("two")], shared)
texts = [str(each.chat("openai/gpt-4o-mini", "hi")) for each in (one, two)]
print(json.dumps([texts, one.logs().total_count, two.logs().total_count, len(one.calls), len(two.calls)]))
"""
    ) == [["one", "two"], 1, 1, 1, 1]
