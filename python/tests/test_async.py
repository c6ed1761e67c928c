"""The awaiting face, under asyncio and under trio."""

import asyncio
import contextlib
import gc
import threading

import anyio
import pytest

import tollhouse
from tollhouse.testing import answer, async_gateway, fail, stream

OPENAI = {"providers": {"openai": {"key": "sk-test"}}}
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.anyio
async def test_every_call_is_awaited():
    test = async_gateway([answer("a"), fail(503), answer("b"), stream("c", "d")], **OPENAI)
    response = await test.handle("POST", "/openai/v1/chat/completions", None, CHAT)
    assert response.json()["choices"][0]["message"]["content"] == "a"
    entries = [{"provider": "openai", "endpoint": "chat/completions", "headers": {}, "query": CHAT}] * 2
    assert (await test.run(entries)).headers["cf-aig-step"] == "1"
    pieces = await test.chat("openai/gpt-4o-mini", "hi", stream=True)
    assert [piece async for piece in pieces] == ["c", "d"]
    await test.patch_log(response.log_id, feedback=1)
    assert (await test.get_log(response.log_id))["feedback"] == 1
    assert await test.log_payload(response.log_id, "response") == response.content
    assert (await test.logs()).total_count == 3
    assert (await test.usage()).total["requests"] == 3
    assert await test.delete_logs(status_code=200) == 3
    await test.flush()
    await test.close()
    with pytest.raises(tollhouse.ClosedError):
        await test.chat("openai/gpt-4o-mini", "hi")


@pytest.mark.anyio
async def test_a_call_that_waits_is_brought_by_the_background_thread(upstream, providers):
    async with tollhouse.AsyncGateway(providers=providers) as test:
        reply = await test.chat("openai/slow-100ms", "hello")
        assert str(reply) == "[openai slow-100ms] You said: hello"
        assert reply.response.headers["cf-aig-step"] == "0"
    assert upstream.ledger()[0]["ending"] == "complete"


@pytest.mark.anyio
async def test_many_calls_at_once_each_get_their_own(providers):
    test = tollhouse.AsyncGateway(providers=providers)
    texts = {}

    async def ask(index):
        texts[index] = str(await test.chat("openai/gpt-4o-mini", f"question {index}"))

    async with anyio.create_task_group() as group:
        for index in range(100):
            group.start_soon(ask, index)
    assert texts == {index: f"[openai gpt-4o-mini] You said: question {index}" for index in range(100)}


@pytest.mark.anyio
async def test_cancelling_a_call_drops_it(upstream, providers):
    upstream.script({"fail": "stall"})
    test = tollhouse.AsyncGateway(providers=providers)
    async with anyio.create_task_group() as group:
        group.start_soon(test.handle, "POST", "/openai/v1/chat/completions", None, CHAT)
        await anyio.to_thread.run_sync(upstream.ledger, "?arrived=1")
        group.cancel_scope.cancel()
    calls = await anyio.to_thread.run_sync(upstream.ledger, "?settled=1")
    assert [call["ending"] for call in calls] == ["client_gone"]


@pytest.mark.anyio
async def test_waiting_for_a_chunk_can_be_given_up_and_taken_up_again(upstream, providers):
    upstream.script({"chunk_delay_ms": 60})
    test = tollhouse.AsyncGateway(providers=providers)
    response = await test.handle("POST", "/openai/v1/chat/completions", None, {**CHAT, "stream": True})
    body, chunks = response._answer.body, []
    while True:
        with anyio.move_on_after(0.02):
            batch = await body.next_async()
            if batch is None:
                break
            chunks += batch
    assert b"".join(chunks).endswith(b"data: [DONE]\n\n")
    assert b"said" in b"".join(chunks)


@pytest.mark.anyio
async def test_letting_go_of_a_stream_tells_the_provider(upstream, providers):
    upstream.script({"fail": "stall"})
    test = tollhouse.AsyncGateway(providers=providers)
    async with await test.chat("openai/gpt-4o-mini", "hi there", stream=True) as pieces:
        await anext(pieces)
    assert (await anyio.to_thread.run_sync(upstream.ledger, "?settled=1"))[0]["ending"] == "client_gone"


@pytest.mark.anyio
async def test_a_broken_stream_raises(upstream, providers):
    upstream.script({"fail": "truncate"})
    pieces = await tollhouse.AsyncGateway(providers=providers).chat("openai/gpt-4o-mini", "hi", stream=True)
    with pytest.raises(tollhouse.StreamBrokenError):
        async for _ in pieces:
            pass


@pytest.mark.anyio
async def test_a_refused_stream_raises_at_the_first_piece():
    pieces = await async_gateway([fail(429, "slow down")], **OPENAI).chat("openai/gpt-4o-mini", "hi", stream=True)
    with pytest.raises(tollhouse.StatusError, match="slow down"):
        await anext(pieces)


def test_one_gateway_serves_loop_after_loop(providers):
    test = tollhouse.AsyncGateway(providers=providers)
    for index in range(3):
        reply = asyncio.run(test.chat("openai/gpt-4o-mini", f"loop {index}"))
        assert str(reply).endswith(f"loop {index}")


def test_loops_in_several_threads(providers):
    test = tollhouse.AsyncGateway(providers=providers)
    texts = []
    threads = [
        threading.Thread(target=lambda: texts.append(str(asyncio.run(test.chat("openai/gpt-4o-mini", "x")))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["[openai gpt-4o-mini] You said: x"] * 4


def test_a_loop_that_cannot_watch_sockets_is_called(providers):
    class Proactor(asyncio.SelectorEventLoop):
        """As Windows has it."""

        def add_reader(self, fd, callback, *args):
            raise NotImplementedError

    test = tollhouse.AsyncGateway(providers=providers)
    loop = Proactor()
    assert str(loop.run_until_complete(test.chat("openai/gpt-4o-mini", "x"))).endswith("x")
    loop.close()


@pytest.mark.parametrize("watches", [True, False])
def test_a_loop_may_be_closed_with_calls_under_way(upstream, providers, watches, capfd):
    upstream.script({"delay_ms": 50})
    test = tollhouse.AsyncGateway(providers=providers)
    loop = asyncio.new_event_loop()
    if not watches:
        loop.add_reader = None
    task = loop.create_task(test.chat("openai/gpt-4o-mini", "x"))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    upstream.ledger("?arrived=1&settled=1")
    task._log_destroy_pending = False
    del task
    gc.collect()
    assert capfd.readouterr().err == ""


def test_what_is_never_awaited_is_dropped(upstream, providers):
    async def main():
        call = tollhouse.AsyncGateway(providers=providers)._twin.handle("GET", "/openai/models")
        del call

    upstream.script({"fail": "stall"})
    asyncio.run(main())
    assert all(call["ending"] == "client_gone" for call in upstream.ledger("?settled=1"))


def test_outside_of_a_loop_it_says_so(providers):
    coroutine = tollhouse.AsyncGateway(providers=providers).chat("openai/slow-500ms", "x")
    with pytest.raises(RuntimeError, match="no running event loop"):
        coroutine.send(None)


@pytest.mark.anyio
async def test_a_streamed_answer_of_a_blocking_call_cannot_be_awaited(providers):
    response = tollhouse.Gateway(providers=providers).handle(
        "POST", "/openai/v1/chat/completions", None, {**CHAT, "stream": True}
    )
    with contextlib.closing(response), pytest.raises(tollhouse.InvalidRequestError, match="AsyncGateway"):
        await response.aread()
