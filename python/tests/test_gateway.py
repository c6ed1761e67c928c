"""The blocking face."""

import contextlib
import os
import pickle
import signal
import socket
import sys
import threading
from datetime import timedelta

import pytest

import tollhouse
from tollhouse.testing import answer, fail, gateway, stream, unreachable

OPENAI = {"providers": {"openai": {"key": "sk-test"}}}
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def test_the_door_takes_a_dict_and_gives_the_answer():
    test = gateway([answer("hello")])
    response = test.handle("POST", "/openai/v1/chat/completions", {"authorization": "Bearer sk-mine"}, CHAT)
    assert response.status == 200
    assert response.ok
    assert response.json()["choices"][0]["message"]["content"] == "hello"
    assert response.headers["CONTENT-TYPE"] == "application/json"
    [call] = test.calls
    assert call["url"] == "https://api.openai.com/v1/chat/completions"
    assert call["json"] == CHAT
    assert call["headers"]["authorization"] == "Bearer sk-mine"
    assert call["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize("body", [b"plain", bytearray(b"plain"), memoryview(b"plain"), "plain"])
def test_bytes_and_text_pass_as_they_are(body):
    test = gateway([{"text": "ok"}])
    test.handle("POST", "/openai/v1/audio", [(b"content-type", b"text/plain"), ("authorization", "Bearer x")], body)
    assert test.calls[0]["body"] == "plain"
    assert test.calls[0]["headers"]["content-type"] == "text/plain"


def test_header_values_of_every_kind_are_written_as_the_gateway_reads_them():
    test = gateway([answer("a"), answer("b")], **OPENAI)
    headers = {"cf-aig-cache-ttl": 3600, "cf-aig-metadata": {"user": "123"}, "cf-aig-skip-cache": False}
    first = test.handle("POST", "/openai/v1/chat/completions", headers, CHAT)
    again = test.handle("POST", "/openai/v1/chat/completions", headers, CHAT)
    assert (first.headers["cf-aig-cache-status"], again.headers["cf-aig-cache-status"]) == ("MISS", "HIT")
    assert test.get_log(first.log_id)["metadata"] == {"user": "123"}


@pytest.mark.parametrize(("headers", "shown"), [({"a b": "c"}, "a b"), ({"a": "b\nc"}, "a"), ({"a": "\ud800"}, "a")])
def test_what_cannot_be_a_header_is_refused_by_name(headers, shown):
    with pytest.raises(tollhouse.InvalidRequestError, match=f'"{shown}"') as caught:
        gateway().handle("GET", "/openai/v1/models", headers)
    assert caught.value.field == "headers"


def test_headers_keep_duplicates():
    test = gateway([{"headers": {"x-one": "1"}}])
    response = test.handle("GET", "/openai/v1/models", {"authorization": "Bearer x"})
    raw = [*response.headers.raw, (b"x-one", b"2")]
    headers = tollhouse.Headers(raw)
    assert headers["X-One"] == "1, 2"
    assert headers.get_list("x-one") == ["1", "2"]
    assert "X-ONE" in headers
    assert headers.get("absent") is None


def test_run_tries_entries_in_order():
    test = gateway([fail(503), answer("second")], providers={"openai": {"key": "a"}, "groq": {"key": "b"}})
    entries = [
        {"provider": name, "endpoint": "chat/completions", "headers": {}, "query": CHAT} for name in ("groq", "openai")
    ]
    response = test.run(entries, gateway={"metadata": {"team": "x"}}, extra_headers={"cf-aig-event-id": "e1"})
    assert response.headers["cf-aig-step"] == "1"
    assert response.json()["choices"][0]["message"]["content"] == "second"
    log = test.get_log(response.log_id)
    assert (log["metadata"], log["event_id"]) == ({"team": "x"}, "e1")


def test_chat_is_its_text():
    test = gateway([answer("hello")], **OPENAI)
    reply = test.chat("openai/gpt-4o-mini", "hi", temperature=0, gateway={"cache_ttl": 60})
    assert str(reply) == reply.text == "hello"
    assert reply.message["role"] == "assistant"
    assert reply.response.headers["cf-aig-cache-status"] == "MISS"
    assert test.calls[0]["json"] == {"model": "gpt-4o-mini", "messages": CHAT["messages"], "temperature": 0}


def test_a_refused_chat_has_no_text_but_a_reason():
    reply = gateway([fail(401, "no such key")], **OPENAI).chat("openai/gpt-4o-mini", "hi")
    assert reply.response.status == 401
    with pytest.raises(tollhouse.StatusError, match="status 401: no such key") as caught:
        str(reply)
    assert (caught.value.status, caught.value.retryable, caught.value.kind) == (401, False, "status")
    assert caught.value.log_id == reply.response.log_id


def test_when_no_provider_answers_the_answer_says_why():
    response = gateway([unreachable()], **OPENAI).handle("POST", "/openai/v1/chat/completions", None, CHAT)
    assert response.status >= 500
    assert isinstance(response.failure, tollhouse.UpstreamConnectError)
    assert (response.failure.kind, response.failure.source, response.failure.retryable) == ("connect", "upstream", True)


def test_a_streamed_chat_comes_in_pieces():
    with gateway([stream("hel", "lo")], **OPENAI).chat("openai/gpt-4o-mini", "hi", stream=True) as pieces:
        assert list(pieces) == ["hel", "lo"]


def test_a_stream_that_breaks_raises():
    pieces = gateway([stream("hel", "lo", cut=True)], **OPENAI).chat("openai/gpt-4o-mini", "hi", stream=True)
    assert [next(pieces), next(pieces)] == ["hel", "lo"]
    with pytest.raises(tollhouse.StreamBrokenError):
        next(pieces)


def test_a_refused_stream_raises_at_the_first_piece():
    pieces = gateway([fail(429)], **OPENAI).chat("openai/gpt-4o-mini", "hi", stream=True)
    with pytest.raises(tollhouse.StatusError) as caught:
        next(pieces)
    assert caught.value.retryable


def test_events_of_a_stream():
    test = gateway([{"sse": [{"event": "ping", "data": "{}"}, {"a": 1}, "[DONE]"]}], **OPENAI)
    response = test.handle("POST", "/openai/v1/anything", None, {"stream": True})
    events = list(response.iter_events())
    assert [(event.event, event.data) for event in events] == [
        ("ping", "{}"),
        ("message", '{"a":1}'),
        ("message", "[DONE]"),
    ]
    assert events[1].json() == {"a": 1}


def test_letting_go_of_a_stream_cancels_the_call():
    test = gateway([{**stream("a", "b", "c"), "chunk_delay_ms": 10}], **OPENAI)
    response = test.handle("POST", "/openai/v1/chat/completions", None, {**CHAT, "stream": True})
    assert b'"a"' in next(response.iter_bytes())
    response.close()
    response.close()
    assert list(response.iter_bytes()) == []
    assert test.calls[0]["finished"] is False
    assert test.get_log(response.log_id)["cancelled"] is True


def test_logs_are_found_patched_and_printed():
    test = gateway([answer("a", tokens_in=1000, tokens_out=500)], **OPENAI)
    log_id = test.chat("openai/gpt-4o-mini", "hi").response.log_id
    test.patch_log(log_id, feedback=1, score=100, metadata={"user": "123"})
    test.patch_log(log_id, {"score": None})
    log = test.get_log(log_id)
    assert (log["feedback"], log["score"], log["metadata"]) == (1, None, {"user": "123"})
    page = test.logs(limit=1, metadata={"user": "123"})
    assert (len(page), page.total_count, page[0]["id"]) == (1, 1, log_id)
    title, _rule, row = str(page).splitlines()
    assert title.split() == ["time", "model", "status", "in", "out", "cost", "ms", "cache", "log"]
    assert row.split() == [
        "2026-01-01",
        "12:09:00",
        "openai/gpt-4o-mini",
        "200",
        "1000",
        "500",
        "$0.000450",
        "0",
        log_id,
    ]
    usage = test.usage(group_by="model")
    assert usage.total["requests"] == usage[0]["requests"] == 1
    assert str(usage).splitlines()[-1].split() == ["total", "1", "0", "0", "1000", "500", "$0.000450", "$0.000000"]
    with pytest.raises(tollhouse.LogNotFoundError):
        test.get_log("nobody")


def test_tokens_are_counted_offline():
    count = gateway().count_tokens("gpt-4o-mini", "hello world")
    assert (count, count.exact, count.encoding) == (2, True, "o200k_base")
    with pytest.raises(tollhouse.UnknownModelError):
        gateway().count_tokens("no-such-model", "hello")


def test_configuration_in_every_form(tmp_path, monkeypatch):
    (tmp_path / "tollhouse.toml").write_text('[cache]\nttl = "5m"\n')
    (tmp_path / "other.json").write_text('{"cache": {"ttl": "6m"}}')
    monkeypatch.chdir(tmp_path)
    assert tollhouse.Gateway().config()["cache"]["ttl"] == "5m"
    assert tollhouse.Gateway("other.json").config()["cache"]["ttl"] == "6m"
    assert tollhouse.Gateway(tmp_path / "other.json").config()["cache"]["ttl"] == "6m"
    assert tollhouse.Gateway({"cache": {"ttl": "7m"}}).config()["cache"]["ttl"] == "7m"
    assert tollhouse.Gateway(cache={"ttl": timedelta(minutes=8)}).config()["cache"]["ttl"] == "8m"
    assert tollhouse.Gateway({"id": "a"}, cache={"ttl": "9m"}).config()["id"] == "a"
    assert tollhouse.Gateway(logs={"path": tmp_path / "log.db"}).config()["logs"]["path"].endswith("log.db")
    assert tollhouse.Gateway(id="b").config()["cache"]["ttl"] is None
    with pytest.raises(tollhouse.InvalidRequestError, match=r"other\.json"):
        tollhouse.Gateway("other.json", cache={"ttl": "1m"})


def test_a_configuration_that_cannot_work_names_the_field():
    with pytest.raises(tollhouse.ConfigError, match=r"cache\.ttl.*1h") as caught:
        tollhouse.Gateway(cache={"ttl": "1 hour"})
    error = caught.value
    assert (error.kind, error.field, error.source, error.retryable) == ("config", "cache.ttl", "caller", False)
    assert error.field not in error.message
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.field) == (tollhouse.ConfigError, str(error), "cache.ttl")


def test_secrets_never_show():
    test = tollhouse.Gateway(providers={"openai": {"key": "sk-canary"}})
    assert "canary" not in repr(test) + str(test.config())


def test_a_closed_gateway_refuses():
    with gateway([answer("a")], **OPENAI) as test:
        test.flush()
    test.close()
    with pytest.raises(tollhouse.ClosedError):
        test.chat("openai/gpt-4o-mini", "hi")


def test_every_thread_drives_its_own_calls(upstream, providers):
    test = tollhouse.Gateway(providers=providers)
    texts = [None] * 8

    def ask(index):
        texts[index] = str(test.chat("openai/gpt-4o-mini", f"question {index}"))

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == [f"[openai gpt-4o-mini] You said: question {index}" for index in range(8)]
    assert len(upstream.ledger()) == 8


def test_a_stream_can_be_read_by_another_thread(providers):
    pieces = tollhouse.Gateway(providers=providers).chat("openai/gpt-4o-mini", "tell me", stream=True)
    read = [next(pieces)]
    thread = threading.Thread(target=lambda: read.extend(pieces))
    thread.start()
    thread.join()
    assert "".join(read) == "[openai gpt-4o-mini] You said: tell me"


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to oneself")
def test_ctrl_c_ends_a_call_that_waits(upstream, providers):
    upstream.script({"fail": "stall"})
    # A shell's background jobs ignore the signal, and Python leaves it so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press():
        upstream.ledger("?arrived=1")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        str(tollhouse.Gateway(providers=providers).chat("openai/gpt-4o-mini", "hi"))
    signal.signal(signal.SIGINT, before)
    thread.join()
    assert upstream.ledger("?settled=1")[0]["ending"] == "client_gone"


def test_a_connection_that_the_provider_closed_meanwhile_is_not_used():
    """Nobody drives a thread's runtime between two calls, so nobody sees the connection end."""
    server = Closing()
    test = tollhouse.Gateway(providers={"openai": {"key": "sk-test", "base_url": server.url}})
    for _ in range(2):
        assert test.handle("GET", "/openai/models").text == "ok"
        server.closed.wait()
        server.closed.clear()
    server.stop()


class Closing:
    """Keeps a connection alive for one answer and then closes it nevertheless."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                    self.closed.wait(0.1)  # the answer is read before the connection ends
                self.closed.set()

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def test_get_url_serves_the_gateway(providers):
    import json
    import urllib.request

    with tollhouse.Gateway(providers=providers) as test:
        url = test.get_url("openai")
        assert url.startswith("http://127.0.0.1:")
        request = urllib.request.Request(
            f"{url}/chat/completions", json.dumps(CHAT).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:
            assert json.load(response)["choices"][0]["message"]["content"] == "[openai gpt-4o-mini] You said: hi"
