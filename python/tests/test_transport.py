"""One transport under httpx and httpx2, blocking and async."""

import gc
import subprocess
import sys
from contextlib import aclosing

import anyio
import pytest
from conftest import LIBRARIES

import tollhouse
from tollhouse.testing import answer, gateway

OPENAI = {"providers": {"openai": {"key": "sk-test"}}}
URL = "https://api.openai.com/v1/chat/completions"
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def test_a_call_goes_through_the_gateway(library):
    test = gateway([answer("hello")], **OPENAI, cache={"ttl": "1h"})
    with library.Client(transport=test.transport()) as client:
        first, second = (client.post(URL, json=CHAT, headers={"authorization": "Bearer sk-mine"}) for _ in range(2))
    assert first.json()["choices"][0]["message"]["content"] == "hello"
    assert isinstance(first, library.Response)
    assert first.http_version == "HTTP/1.1"
    assert first.request.url == URL
    facts = [response.extensions["tollhouse"] for response in (first, second)]
    assert [fact["cache_status"] for fact in facts] == ["MISS", "HIT"]
    assert facts[0]["step"] == 0
    assert facts[0]["log_id"] == first.headers["cf-aig-log-id"]
    [call] = test.calls
    assert call["url"] == URL
    assert call["headers"]["authorization"] == "Bearer sk-mine"
    test.transport().close()
    assert client.is_closed
    assert test.health() is not None


@pytest.mark.anyio
async def test_an_async_call_goes_through_the_gateway(library):
    test = gateway([answer("hello")], **OPENAI)
    async with library.AsyncClient(transport=test.transport()) as client:
        response = await client.post(URL, json=CHAT)
    assert response.json()["choices"][0]["message"]["content"] == "hello"


@pytest.mark.anyio
async def test_one_transport_object_serves_all_clients(library):
    transport = gateway([answer("a"), answer("b")], **OPENAI).transport()
    async with library.AsyncClient(transport=transport) as client:
        assert (await client.post(URL, json=CHAT)).status_code == 200
    with library.Client(transport=transport) as client:
        assert client.post(URL, json=CHAT).status_code == 200


def test_chunks_come_one_by_one(library, upstream, providers):
    upstream.script({"chunk_delay_ms": 20})
    test = tollhouse.Gateway(providers=providers)
    url = f"{providers['openai']['base_url']}/chat/completions"
    with (
        library.Client(transport=test.transport()) as client,
        client.stream("POST", url, json={**CHAT, "stream": True}) as response,
    ):
        chunks = list(response.iter_raw())
    assert len(chunks) > 2
    assert chunks[-1].endswith(b"data: [DONE]\n\n")


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpx's own generators, under trio
async def test_an_async_stream_can_be_left_early(library, upstream, providers):
    upstream.script({"fail": "stall"})
    test = tollhouse.Gateway(providers=providers)
    url = f"{providers['openai']['base_url']}/chat/completions"
    async with library.AsyncClient(transport=test.transport()) as client:
        async with (
            client.stream("POST", url, json={**CHAT, "stream": True}) as response,
            aclosing(response.aiter_raw()) as chunks,
        ):
            await anext(chunks)
        await response.aclose()
    calls = await anyio.to_thread.run_sync(upstream.ledger, "?settled=1")
    assert [call["ending"] for call in calls] == ["client_gone"]


@pytest.mark.parametrize("how", ["close", "garbage"])
def test_a_stream_can_be_left_early(library, upstream, providers, how):
    upstream.script({"fail": "stall"})
    test = tollhouse.Gateway(providers=providers)
    client = library.Client(transport=test.transport())
    url = f"{providers['openai']['base_url']}/chat/completions"
    response = client.send(client.build_request("POST", url, json={**CHAT, "stream": True}), stream=True)
    next(response.iter_raw())
    if how == "close":
        response.close()
        response.close()
    del response
    gc.collect()
    assert [call["ending"] for call in upstream.ledger("?settled=1")] == ["client_gone"]


FAILURES = [
    ({"fail": "connect"}, "ConnectError"),
    ({"fail": "reset"}, "ReadError"),
    ({"sse": ["{}"], "fail": "cut"}, "RemoteProtocolError"),
    ({"json": {}, "delay_ms": 2000}, "ReadTimeout"),
    ({"sse": ["{}", "[DONE]"], "chunk_delay_ms": 2000}, "ReadTimeout"),
]


@pytest.mark.parametrize(("step", "name"), FAILURES)
def test_failures_are_the_library_s_own_exceptions(library, step, name):
    test = gateway([step], **OPENAI)
    expected = getattr(library, name)
    with library.Client(transport=test.transport(), timeout=1.0) as client, pytest.raises(expected) as caught:
        client.post(URL, json={**CHAT, "stream": "sse" in step})
    assert type(caught.value) is expected
    assert caught.value.request.url == URL
    assert isinstance(caught.value.__cause__, tollhouse.Error)


@pytest.mark.anyio
@pytest.mark.parametrize(("step", "name"), FAILURES)
async def test_async_failures_are_the_library_s_own_exceptions(library, step, name):
    test = gateway([step], **OPENAI)
    async with library.AsyncClient(transport=test.transport(), timeout=1.0) as client:
        with pytest.raises(getattr(library, name)):
            await client.post(URL, json={**CHAT, "stream": "sse" in step})


def test_a_connection_that_takes_too_long(library):
    # An address that answers nobody: TEST-NET-1 of RFC 5737.
    test = tollhouse.Gateway(providers={"openai": {"key": "k", "base_url": "http://192.0.2.1:9"}})
    timeout = library.Timeout(5.0, connect=0.05)
    with (
        library.Client(transport=test.transport(), timeout=timeout) as client,
        pytest.raises((library.ConnectTimeout, library.ConnectError)),
    ):
        client.get("http://192.0.2.1:9/models")


def test_without_timeouts_a_call_waits(library):
    test = gateway([{"json": {"late": True}, "delay_ms": 3_600_000}], **OPENAI)
    with library.Client(transport=test.transport(), timeout=None) as client:
        assert client.post(URL, json=CHAT).json() == {"late": True}


def test_misuse_is_not_dressed_up(library):
    test = gateway()
    test.close()
    with library.Client(transport=test.transport()) as client, pytest.raises(tollhouse.ClosedError):
        client.post(URL, json=CHAT)


def test_bodies_of_every_kind(library):
    test = gateway([{"text": "1"}, {"text": "2"}, {"text": "3"}], **OPENAI)
    with library.Client(transport=test.transport()) as client:
        client.post(URL, content=(piece for piece in (b"a", b"b")))
        client.post(URL, files={"file": ("a.txt", b"content")}, data={"purpose": "batch"})
        client.get(URL)
    generated, multipart, empty = test.calls
    assert generated["body"] == "ab"
    assert "transfer-encoding" not in generated["headers"]
    assert multipart["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert 'filename="a.txt"' in multipart["body"]
    assert "batch" in multipart["body"]
    assert (empty["method"], empty["body"]) == ("GET", "")


@pytest.mark.anyio
async def test_async_bodies_of_every_kind(library):
    async def pieces():
        yield b"a"
        yield b"b"

    test = gateway([{"text": "1"}, {"text": "2"}], **OPENAI)
    async with library.AsyncClient(transport=test.transport()) as client:
        await client.post(URL, content=pieces())
        await client.post(URL, files={"file": ("a.txt", b"content")})
    generated, multipart = test.calls
    assert generated["body"] == "ab"
    assert 'filename="a.txt"' in multipart["body"]


def test_packed_answers_are_unpacked_once(library, upstream, providers):
    upstream.script({"gzip": True})
    test = tollhouse.Gateway(providers=providers)
    with library.Client(transport=test.transport()) as client:
        response = client.post(f"{providers['openai']['base_url']}/chat/completions", json=CHAT)
    assert response.json()["choices"][0]["message"]["content"] == "[openai gpt-4o-mini] You said: hi"


def test_clients_are_made_as_sdks_make_theirs(library):
    test = gateway([answer("a")], **OPENAI)
    client = getattr(test, f"{library.__name__}_client")(headers={"x-mine": "1"})
    assert isinstance(client, library.Client)
    assert client.timeout == library.Timeout(600.0, connect=5.0)
    assert client.follow_redirects
    client.post(URL, json=CHAT)
    assert test.calls[0]["headers"]["x-mine"] == "1"
    assert isinstance(getattr(test, f"async_{library.__name__}_client")(), library.AsyncClient)
    preferred = "httpx2" if "httpx2" in LIBRARIES else "httpx"
    assert type(test.http_client()).__module__.split(".")[0] == preferred
    assert type(test.async_http_client(timeout=1)).__module__.split(".")[0] == preferred


def test_a_missing_library_is_named():
    missing = {"httpx", "httpx2"} - set(LIBRARIES)
    for name in missing:
        with pytest.raises(ModuleNotFoundError, match=f"pip install {name}"):
            getattr(gateway(), f"{name}_client")()


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match="httpx2"):
        gateway().transport().handle_request(object())


@pytest.mark.skipif("httpx2" not in LIBRARIES, reason="httpx2 offers it")
def test_httpx2_may_stand_in_for_httpx():
    code = """
import httpx2; httpx2.alias_httpx()
import httpx, tollhouse.testing as testing
test = testing.gateway([testing.answer("hello")] * 2, providers={"openai": {"key": "k"}})
reply = httpx.Client(transport=test.transport()).post("https://api.openai.com/v1/chat/completions", json={})
print(type(reply).__module__, reply.status_code, test.httpx_client().get("https://api.openai.com/v1/models").status_code)
"""
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.split() == ["httpx2", "200", "200"]


def test_no_library_is_imported_before_it_is_used():
    late = ("httpx", "httpx2", "asyncio", "trio", "typing", "json")
    code = f"import sys, tollhouse; tollhouse.Gateway().transport(); print([m for m in {late} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"
